"""Time and identity: the only module that asks the machine for either."""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID


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


def uuid7(milliseconds: int, random: bytes) -> UUID:
    """A UUIDv7 (RFC 9562 section 5.7) of a Unix time in milliseconds and 10 random bytes."""
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


class SystemClock:
    """The machine's clock. Ids are monotonic within a process: the sub-millisecond fraction leads the
    random part.
    """

    def now(self) -> datetime:
        """The time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        return time.monotonic()

    def new_id(self) -> UUID:
        """A fresh UUIDv7; its 12 bits after the version are the fraction of the millisecond (RFC 9562
        method 3).
        """
        nanoseconds = time.time_ns()
        milliseconds, rest = divmod(nanoseconds, 1_000_000)
        fraction = (rest << 12) // 1_000_000
        return uuid7(milliseconds, fraction.to_bytes(2, "big") + os.urandom(8))


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
