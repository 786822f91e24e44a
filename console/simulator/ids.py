"""Ids of a simulated centre: UUIDv7 by form, counted, so that the same seed gives the same ids."""

from datetime import datetime
from uuid import UUID, SafeUUID

from console.clock import uuid7

_COUNTER_BITS = 62


class Id(UUID):
    """A UUID that is itself alone: each is made once and handed on, so identity tells them apart.

    A run looks ids up by the hundred a call; UUID's own hash and comparison, written in Python, would take a
    fifth of its time.
    """

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__


class Ids:
    """Ids in rising order: the run's first millisecond, its seed, and a counter."""

    def __init__(self, start: datetime, seed: int) -> None:
        """All ids carry the time `start`; 12 bits of `seed` tell runs apart."""
        first = uuid7(int(start.timestamp() * 1000), (seed & 0xFFF).to_bytes(2, "big") + bytes(8))
        self._next = first.int >> _COUNTER_BITS << _COUNTER_BITS

    def make(self) -> UUID:
        """The next id, without the checks of UUID's constructor: nothing can be wrong with it."""
        self._next += 1
        made = _new(Id)
        _set(made, "int", self._next)
        _set(made, "is_safe", _UNKNOWN)
        return made


_new = object.__new__
_set = object.__setattr__
_UNKNOWN = SafeUUID.unknown
