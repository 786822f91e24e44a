"""What the centre shows this desk: the board, the agent's own state, its clock.

Frames in, values and calls out.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from console.clock import Clock
from console.domain.figures import Delta, Snapshot
from console.sync.merge import Gap, merge
from console.wire import (
    AgentView,
    BoardDelta,
    BoardSnapshot,
    CentreFrame,
    Heartbeat,
    PhoneAccess,
    Welcome,
)

_log = logging.getLogger(__name__)
_V = TypeVar("_V")

_CLOCK_STEP_S = 2.0


class Listeners(Generic[_V]):
    """Who wants to hear of a value. One that fails harms neither the others nor the teller."""

    def __init__(self) -> None:
        """Nobody listens."""
        self._handlers: list[Callable[[_V], None]] = []

    def add(self, handler: Callable[[_V], None]) -> Callable[[], None]:
        """Call `handler` with every value from now on; returns what undoes it."""
        self._handlers.append(handler)

        def undo() -> None:
            if handler in self._handlers:
                self._handlers.remove(handler)

        return undo

    def tell(self, value: _V) -> None:
        """Call everybody soon, each in a step of the loop of its own, where a fault is reported."""
        loop = asyncio.get_running_loop()
        for handler in self._handlers:
            loop.call_soon(self._call, handler, value)

    def _call(self, handler: Callable[[_V], None], value: _V) -> None:
        if handler in self._handlers:
            handler(value)


class CentreView:
    """The newest of everything that the centre has shown."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is known yet."""
        self._clock = clock
        self._heard_at: float | None = None
        self.wants_board = False
        self.boards: Listeners[Snapshot] = Listeners()
        self.agents: Listeners[AgentView] = Listeners()
        self.phones: Listeners[PhoneAccess] = Listeners()
        self.welcome: Welcome | None = None
        self.board: Snapshot | None = None
        self.agent: AgentView | None = None
        self.clock_offset = timedelta(0)

    def forget(self) -> None:
        """Nobody is signed in any more."""
        self.welcome = self.board = self.agent = self._heard_at = None

    @property
    def board_age(self) -> float | None:
        """Seconds since the centre last vouched for the board; None without one."""
        if self.board is None or self._heard_at is None:
            return None
        return self._clock.monotonic() - self._heard_at

    @property
    def sequence(self) -> int:
        """The newest sequence that was seen."""
        return max(
            self.board.sequence if self.board is not None else 0,
            self.agent.sequence if self.agent is not None else 0,
        )

    def welcomed(self, frame: Welcome, round_trip_s: float) -> None:
        """A connection has begun: compare the clocks; a board of another ledger is none of this centre's."""
        self.clock_offset = frame.now - self._clock.now() + timedelta(seconds=round_trip_s / 2)
        self.welcome = frame
        if self.board is not None and frame.sequence < self.board.sequence:
            self.board = None
        self._vouched()

    def take(self, frame: CentreFrame) -> bool:
        """Take a frame in; False when something was missed and the board has to be fetched anew."""
        if isinstance(frame, BoardDelta):
            return self._merge(frame.delta)
        if isinstance(frame, BoardSnapshot):
            self._show(frame.snapshot)
        elif isinstance(frame, AgentView):
            self.agent = frame
            self.agents.tell(frame)
        elif isinstance(frame, PhoneAccess):
            self.phones.tell(frame)
        elif isinstance(frame, Heartbeat):
            self._compare_clocks(frame)
        self._vouched()
        return True

    def _merge(self, delta: Delta) -> bool:
        if not self.wants_board:
            return True
        if self.board is None:
            return False
        try:
            merged = merge(self.board, delta)
        except Gap as gap:
            _log.info("the board is fetched anew: %s", gap)
            self.board = None
            return False
        self._vouched()
        if merged is not self.board:
            self._show(merged)
        return True

    def _show(self, board: Snapshot) -> None:
        if self.wants_board:
            self.board = board
            self.boards.tell(board)

    def _vouched(self) -> None:
        self._heard_at = self._clock.monotonic()

    def _compare_clocks(self, frame: Heartbeat) -> None:
        """A heartbeat shows a clock that was set, or a machine that slept; its own way adds some
        milliseconds.
        """
        offset = frame.now - self._clock.now()
        if abs((offset - self.clock_offset).total_seconds()) > _CLOCK_STEP_S:
            self.clock_offset = offset
