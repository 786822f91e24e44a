"""Ids of a simulated centre: UUIDv7 by form, counted, so that the same seed gives the same ids."""

from datetime import datetime
from uuid import UUID, SafeUUID

from console.clock import uuid7

_COUNTER_BITS = 62


class Ids:
    """Ids in rising order: the run's first millisecond, its seed, and a counter.

    UUID's own constructor checks what cannot be wrong here and would take a sixth of a run's time.
    """

    def __init__(self, start: datetime, seed: int) -> None:
        """All ids carry the time `start`; 12 bits of `seed` tell runs apart."""
        first = uuid7(int(start.timestamp() * 1000), (seed & 0xFFF).to_bytes(2, "big") + bytes(8))
        self._next = first.int >> _COUNTER_BITS << _COUNTER_BITS

    def make(self) -> UUID:
        """The next id."""
        self._next += 1
        made = _new(UUID)
        _set(made, "int", self._next)
        _set(made, "is_safe", _UNKNOWN)
        return made


_new = object.__new__
_set = object.__setattr__
_UNKNOWN = SafeUUID.unknown
