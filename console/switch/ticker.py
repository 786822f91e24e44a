"""One clock for all sound that the switch makes itself.

Every 20 ms, without drift, for all listeners at once.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

PERIOD_S = 0.02
_MOST_LATE = 10
"""Ticks that are made up for at once after the loop was busy; what is later than that is skipped."""


class Ticker:
    """Calls every subscriber once per period, on a schedule of absolute times; idle while there is none."""

    def __init__(self, metrics: Counter[str]) -> None:
        self._metrics = metrics
        self._calls: dict[int, Callable[[], None]] = {}
        self._made = 0
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def subscribe(self, call: Callable[[], None]) -> Callable[[], None]:
        """Call every 20 ms from now on; returns what undoes it."""
        self._made += 1
        key = self._made
        self._calls[key] = call
        if self._handle is None:
            loop = asyncio.get_running_loop()
            self._due = loop.time() + PERIOD_S
            self._handle = loop.call_at(self._due, self._tick)

        def unsubscribe() -> None:
            self._calls.pop(key, None)

        return unsubscribe

    def stop(self) -> None:
        """Call nobody any more."""
        self._calls.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self) -> None:
        self._handle = None
        if not self._calls:
            return
        loop = asyncio.get_running_loop()
        late = int((loop.time() - self._due) / PERIOD_S)
        if late > _MOST_LATE:
            self._metrics["ticks_skipped"] += late - _MOST_LATE
            self._due += (late - _MOST_LATE) * PERIOD_S
            late = _MOST_LATE
        for _ in range(late + 1):
            for call in tuple(self._calls.values()):
                call()
            self._due += PERIOD_S
        self._handle = loop.call_at(self._due, self._tick)
