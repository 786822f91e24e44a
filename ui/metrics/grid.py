"""Where the tiles stand: large cards, small cards or rows, on as few pages as possible. Pure geometry."""

from enum import Enum

import msgspec


class Kind(Enum):
    """How much room a queue has."""

    LARGE = "large"
    SMALL = "small"
    ROW = "row"


# Least width and height at scale 1, and the height at which more room is of no use.
LARGE_LEAST = (258.0, 206.0)
SMALL_LEAST = (196.0, 122.0)
_LEAST = {Kind.LARGE: LARGE_LEAST, Kind.SMALL: SMALL_LEAST, Kind.ROW: (400.0, 23.0)}
_MOST = {Kind.LARGE: 264.0, Kind.SMALL: 156.0, Kind.ROW: 30.0}
_GAP = {Kind.LARGE: 10.0, Kind.SMALL: 8.0, Kind.ROW: 0.0}
ROW_HEAD = 24.0
COLUMN_GAP = 14.0  # between columns of rows


class Place(msgspec.Struct, frozen=True):
    """A tile's rectangle."""

    x: float
    y: float
    width: float
    height: float


class Grid(msgspec.Struct, frozen=True):
    """Tiles of one kind in columns and rows; `height` is what they use. `tall` is one tile's."""

    kind: Kind
    columns: int
    rows: int
    width: float
    tall: float
    height: float
    gap: float
    across: float
    head: float

    @property
    def room(self) -> int:
        """How many tiles one page holds."""
        return self.columns * self.rows

    def pages(self, tiles: int) -> int:
        """How many pages so many tiles need; at least one."""
        return max(1, -(-tiles // self.room))

    def place(self, number: int) -> Place:
        """Where the tile of a number on its page stands. Cards go row by row, rows column by column."""
        if self.kind is Kind.ROW:
            column, row = divmod(number, self.rows)
        else:
            row, column = divmod(number, self.columns)
        return Place(
            column * (self.width + self.across),
            self.head + row * (self.tall + self.gap),
            self.width,
            self.tall,
        )


def _grid(kind: Kind, tiles: int, width: float, height: float, scale: float) -> Grid:
    """The grid of one kind that holds as many of the tiles as it can."""
    least_wide, least_tall = (value * scale for value in _LEAST[kind])
    gap = _GAP[kind] * scale
    across = COLUMN_GAP * scale if kind is Kind.ROW else gap
    head = ROW_HEAD * scale if kind is Kind.ROW else 0.0
    columns_most = max(1, int((width + across) // (least_wide + across)))
    rows_most = max(1, int((height - head + gap) // (least_tall + gap)))
    # As few rows as hold all, then as few columns as those rows need, so that no card is left alone on a row.
    rows = min(rows_most, max(1, -(-tiles // columns_most)))
    columns = min(columns_most, max(1, -(-tiles // rows)))
    wide = (width - across * (columns - 1)) / columns
    tall = min(_MOST[kind] * scale, (height - head - gap * (rows - 1)) / rows)
    used = head + rows * tall + gap * (rows - 1)
    return Grid(kind, columns, rows, wide, tall, used, gap, across, head)


def arrange(tiles: int, width: float, height: float, scale: float) -> Grid:
    """The grid for so many tiles: the largest kind that shows all at once, else rows on pages."""
    grid = _grid(Kind.LARGE, tiles, width, height, scale)
    for kind in (Kind.SMALL, Kind.ROW):
        if grid.room >= tiles:
            break
        grid = _grid(kind, tiles, width, height, scale)
    return grid
