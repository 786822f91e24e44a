"""Where facts are counted first: what the calls of one kind in one queue counted in the minute under way.

Most facts of a call count alike in its queue, in all queues together, and in its channel and skills. They are
written once, into the cell of the queue and the kind, and each cell is added to the three tracks when another
minute begins, or when somebody reads one of them.
"""

from typing import Protocol

from console.metrics.tally import Tally


class _Place(Protocol):
    def at(self, minute: int) -> Tally: ...


class Cell:
    """What is counted in several tracks at once. `tally` is open for the minute under way only."""

    __slots__ = ("open", "places", "tally")

    def __init__(self, places: tuple[_Place, ...]) -> None:
        """Nothing counted."""
        self.places = places
        self.tally = Tally()
        self.open = False


class Inflow:
    """The cells that something was written to, all of one minute, until they are drained."""

    __slots__ = ("cells", "minute")

    def __init__(self) -> None:
        """Nothing to drain."""
        self.cells: list[Cell] = []
        self.minute = 0

    def open(self, cell: Cell, minute: int) -> None:
        """The cell will be written to. Those of another minute are to be drained before."""
        cell.open = True
        self.minute = minute
        self.cells.append(cell)

    def drain(self) -> None:
        """Bring all that was written to its tracks."""
        cells, self.cells = self.cells, []
        for cell in cells:
            tally, cell.open = cell.tally, False
            for place in cell.places:
                place.at(self.minute).merge(tally)
            tally.clear()
