"""The tiles of all queues, worked out anew only where something changed."""

from collections.abc import Iterable
from datetime import datetime

from console.domain.figures import QueueFigures, Snapshot, Window
from ui.metrics.presenter import StripView, TileView, strip, tile
from ui.metrics.spans import SPANS, TODAY, Windows, by_span, seen
from ui.metrics.tongue import Tongue


class Tiles:
    """What the tiles say, by the queues' keys. `minutes` is the span they are of."""

    def __init__(self, tongue: Tongue) -> None:
        """No queues."""
        self._tongue = tongue
        self._rows: dict[str, tuple[QueueFigures, Window | None, TileView]] = {}
        self._windows: Windows = {}
        self._told: tuple[Window, ...] = ()
        self.minutes = TODAY

    def __len__(self) -> int:
        """How many queues there are."""
        return len(self._rows)

    @property
    def views(self) -> list[TileView]:
        """What they say, in the board's order."""
        return [view for _, _, view in self._rows.values()]

    def choose(self, minutes: int) -> None:
        """Another span; `take` or `tick` works it out."""
        if minutes in SPANS and minutes != self.minutes:
            self.minutes = minutes
            self._rows = {key: (row, None, view) for key, (row, _, view) in self._rows.items()}

    def forget(self) -> None:
        """There are no figures any more."""
        self._rows, self._windows, self._told = {}, {}, ()

    def take(self, board: Snapshot, now: datetime, *, anew: bool = False) -> None:
        """New figures: rows that are the same objects as before cost nothing."""
        if board.windows is not self._told:
            self._told, self._windows = board.windows, by_span(board.windows)
        rows: dict[str, tuple[QueueFigures, Window | None, TileView]] = {}
        for row in board.queues:
            window = self._windows.get((row.queue.key, self.minutes))
            known = self._rows.get(row.queue.key)
            same = known is not None and known[0] is row and known[1] is window and not anew
            rows[row.queue.key] = known if known and same else (row, window, self._tile(row, window, now))
        self._rows = rows

    def tick(self, now: datetime) -> None:
        """Waits grow; nothing else on a tile moves with the clock."""
        for key, (row, window, _) in self._rows.items():
            if row.waiting_since:
                self._rows[key] = (row, window, self._tile(row, window, now))

    def strip(self, board: Snapshot | None, now: datetime) -> StripView:
        """All queues together."""
        window = self._windows.get(("", self.minutes))
        return strip(board, self.views, now, self._tongue, (self.minutes, window))

    def _tile(self, row: QueueFigures, window: Window | None, now: datetime) -> TileView:
        return tile(seen(row, self.minutes, window), now, self._tongue)


def names_of(rows: Iterable[QueueFigures]) -> dict[str, str]:
    """The queues' names by key."""
    return {row.queue.key: row.queue.shown for row in rows}
