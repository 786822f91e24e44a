"""Where the figures that somebody asks for come from: the keeper's increments, and the live board."""

from collections.abc import Sequence
from datetime import datetime

from console.centre.memory import Keeper
from console.clock import Clock
from console.metrics.board import Board
from console.metrics.increments import Dimension, Increment
from console.metrics.reading import Reading


class Figures:
    """The figures of one centre, to be read."""

    def __init__(self, keeper: Keeper, board: Board, clock: Clock) -> None:
        """Of what the keeper stores, and of the board as it stands."""
        self._keeper = keeper
        self._board = board
        self._clock = clock

    async def increments(
        self, dimension: Dimension, between: tuple[datetime, datetime], keys: Sequence[str] | None
    ) -> list[Increment]:
        """All that was counted in the quarter hours that begin in `between`. Raises StoreError."""
        return await self._keeper.increments(dimension, between, keys)

    def keys(self, dimension: Dimension) -> list[str]:
        """What the live board has figures of."""
        return self._board.keys(dimension)

    def reading(self, dimension: Dimension, key: str, minutes: int | None) -> Reading:
        """The last minutes (15, 30, 60), or with None today and now."""
        return self._board.reading(dimension, key, minutes)
