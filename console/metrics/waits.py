"""Waits as a mergeable sketch: exact while they are few, then DDSketch.

Percentiles are of the nearest rank. Up to EXACT waits are kept as they are. More of them are counted by the
DDSketch of Masson, Rim and Lee (VLDB 2019; the library is Datadog's): buckets whose bounds grow by a constant
factor, with nothing collapsed, so that a percentile is at most ERROR away from the exact one, of its value
(waits under 10 ms count as none). What is kept depends on the waits alone, not on their order or on how they
were parted and merged: live, refolded and stored figures agree to the digit. That rules out the sketches that
draw lots to compact (KLL, REQ) and those that depend on the order (t-digest); of DDSketch it takes the
mapping and the store, for the sketch around them also adds the waits up as floats, which depends on the
order, and its quantile is not of the nearest rank. Waits go up to years; the buckets that can exist are some
hundreds.
"""

import math
from array import array
from collections.abc import Collection

import msgspec
from ddsketch.mapping import LogarithmicMapping
from ddsketch.store import DenseStore

EXACT = 1000
"""So many waits are kept as they are: up to twice as many take less memory than the buckets would."""

ERROR = 0.01
"""Beyond them, a percentile is within this share of the exact one."""

_MAPPING = LogarithmicMapping(ERROR)
_LEAST_US = 10_000

_SHORT, _LONG = "I", "q"
"""What waits are kept in: of 32 bits, enough for 71 minutes, until one does not fit."""


class WaitRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """Waits on the wire and in store: `few` in microseconds, ascending; else `many`, bucket to count."""

    few: tuple[int, ...] = ()
    many: dict[int, int] = {}


class Waits:
    """Waits, of which percentiles will be asked: `few`, or else `many`, by bucket."""

    __slots__ = ("few", "many")

    def __init__(self, waits_us: Collection[int] = ()) -> None:
        """With these to begin with, in microseconds."""
        self.few = array(_SHORT)
        self.many: DenseStore | None = None
        self._take(waits_us)

    def __len__(self) -> int:
        """How many waits."""
        return len(self.few) if self.many is None else int(self.many.count)

    def __eq__(self, other: object) -> bool:
        """Whether all percentiles are and will stay the same."""
        return isinstance(other, Waits) and self.record() == other.record()

    def add(self, wait_us: int) -> None:
        """One more."""
        if self.many is not None:
            self.many.add(_bucket(wait_us))
            return
        try:
            self.few.append(wait_us)
        except OverflowError:
            self._widen().append(wait_us)
        if len(self.few) > EXACT:
            self._spill()

    def merge(self, other: "Waits") -> None:
        """All of another's too."""
        if other.many is not None:
            self._spill().merge(other.many)
        elif self.many is None:
            self._take(other.few)
        else:
            for wait_us in other.few:
                self.many.add(_bucket(wait_us))

    def percentile(self, share: float) -> float | None:
        """In seconds, of the nearest rank: the least wait that `share` (0 to 1) do not exceed; None: none."""
        total = len(self)
        if not total:
            return None
        rank = min(max(math.ceil(total * share), 1), total)
        if self.many is None:
            return sorted(self.few)[rank - 1] / 1e6
        return _middle(self.many.key_at_rank(rank - 1)) / 1e6

    def record(self) -> WaitRecord:
        """As it is stored."""
        if self.many is None:
            return WaitRecord(few=tuple(sorted(self.few)))
        first = self.many.offset
        return WaitRecord(many={first + at: int(count) for at, count in enumerate(self.many.bins) if count})

    def _spill(self) -> DenseStore:
        """Count by bucket from now on."""
        if self.many is None:
            self.many = DenseStore()
            for wait_us in self.few:
                self.many.add(_bucket(wait_us))
            self.few = array(_SHORT)
        return self.many

    def _take(self, waits_us: Collection[int]) -> None:
        known = self.few
        try:
            known += array(known.typecode, waits_us)
        except OverflowError:
            self._widen().extend(list(waits_us))
        if len(self.few) > EXACT:
            self._spill()

    def _widen(self) -> "array[int]":
        self.few = array(_LONG, self.few)
        return self.few


def waits_of(record: WaitRecord) -> Waits:
    """Waits that were stored."""
    waits = Waits(record.few)
    if record.many:
        waits.many = DenseStore()
        for bucket in sorted(record.many):
            waits.many.add(bucket, record.many[bucket])
    return waits


def _bucket(wait_us: int) -> int:
    return _MAPPING.key(wait_us / _LEAST_US) if wait_us > _LEAST_US else 0


def _middle(bucket: int) -> float:
    return _LEAST_US * _MAPPING.value(bucket) if bucket else 0.0
