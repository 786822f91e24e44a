"""Time and identity: the only module that asks the machine for either."""

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_SLOWER = 20
"""While a step back is absorbed, one part in so many is left out: 5 %."""


class Clock(Protocol):
    """Where the program gets its time and its ids from."""

    def now(self) -> datetime:
        """The time, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...

    def new_id(self) -> UUID:
        """A fresh UUIDv7."""
        ...

    def not_before(self, moment: datetime) -> timedelta:
        """Go on from `moment`, the newest that a run before has noted; returns how far it lay ahead."""
        ...


def uuid7(milliseconds: int, random: bytes) -> UUID:
    """A UUIDv7 (RFC 9562 section 5.7) of a Unix time in milliseconds and 10 random bytes."""
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


class SystemClock:
    """The machine's clock, made steady: `now` never runs backwards, whoever sets the machine's time.

    A step forward (also waking from sleep) is followed at once. A step back is not: the time goes on from
    where it was, 5 % slower than it passes, until the machine's clock has caught up; one of a minute is gone
    after twenty. So moments keep their order, and a duration measured meanwhile is at most 5 % too short.
    Ids are of the same time: monotonic within a process, the sub-millisecond fraction leads the random part.
    """

    def __init__(
        self, wall_ns: Callable[[], int] = time.time_ns, passed_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """`wall_ns` is the machine's Unix time, `passed_ns` never goes back; both in nanoseconds."""
        self._wall_ns = wall_ns
        self._passed_ns = passed_ns
        self._lock = threading.Lock()
        self._passed_before = passed_ns()
        self._shown = wall_ns()

    def now(self) -> datetime:
        """The time, aware, UTC."""
        return _EPOCH + timedelta(microseconds=self._steady_ns() // 1000)

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        return self._passed_ns() / 1e9

    def new_id(self) -> UUID:
        """A fresh UUIDv7; its 12 bits after the version are the fraction of the millisecond (RFC 9562
        method 3).
        """
        milliseconds, rest = divmod(self._steady_ns(), 1_000_000)
        fraction = (rest << 12) // 1_000_000
        return uuid7(milliseconds, fraction.to_bytes(2, "big") + os.urandom(8))

    def not_before(self, moment: datetime) -> timedelta:
        """Go on from `moment`, the newest that a run before this one has noted, as after a step back.

        Returns how far the machine's clock is behind it (0 for not at all). Beyond a day it is not followed:
        that moment is the mistake, not the machine's clock.
        """
        behind = moment - self.now()
        if timedelta(0) < behind <= _DAY:
            with self._lock:
                self._shown = max(self._shown, (moment - _EPOCH) // timedelta(microseconds=1) * 1000)
        return max(behind, timedelta(0))

    def _steady_ns(self) -> int:
        with self._lock:
            passed = self._passed_ns()
            since = passed - self._passed_before
            self._passed_before = passed
            self._shown = max(self._wall_ns(), self._shown + since - since // _SLOWER)
            return self._shown


class StoppedClock:
    """A clock that stands until it is moved; ids count up. For tests, replays and simulations."""

    def __init__(self, start: datetime) -> None:
        """Start at an aware time."""
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0
        self._made = 0

    def now(self) -> datetime:
        """The time it stands at."""
        return self._now

    def monotonic(self) -> float:
        """Seconds it has been moved forward."""
        return self._elapsed

    def new_id(self) -> UUID:
        """The next id: the time it stands at and a counter."""
        self._made += 1
        return uuid7(int(self._now.timestamp() * 1000), self._made.to_bytes(10, "big"))

    def move(self, seconds: float) -> None:
        """Move forward."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds

    def move_to(self, when: datetime) -> None:
        """Move forward to a time; a time in the past leaves it where it stands."""
        self.move(max(0.0, (when - self._now).total_seconds()))

    def not_before(self, moment: datetime) -> timedelta:
        """It stands where it was put; how far it lies behind `moment`."""
        return max(moment - self._now, timedelta(0))
