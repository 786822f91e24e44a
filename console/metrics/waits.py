"""Waits as a mergeable sketch: exact while they are few, then counted by buckets of equal relative width.

Percentiles are of the nearest rank. Up to EXACT waits are kept as they are. More of them are counted in
buckets whose bounds grow by a constant factor (the relative-error sketch of Masson, Rim and Lee, VLDB 2019,
with nothing collapsed), so that a percentile is at most ERROR away from the exact one, of its value (waits
under 10 ms count as none). What is kept depends on the waits alone, not on their order or on how they were
parted and merged: live, refolded and stored figures agree to the digit. That rules out the sketches that
draw lots to compact (KLL, REQ) and those that depend on the order (t-digest). Waits go up to years; the
buckets that can exist are some hundreds.
"""

import math
from array import array
from collections.abc import Iterable

import msgspec

EXACT = 500
"""So many waits are kept as they are."""

ERROR = 0.01
"""Beyond them, a percentile is within this share of the exact one."""

_FACTOR = (1 + ERROR) / (1 - ERROR)
_LOG = math.log(_FACTOR)
_LEAST_US = 10_000


class WaitRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """Waits on the wire and in store: `few` in microseconds, ascending; else `many`, bucket to count."""

    few: tuple[int, ...] = ()
    many: dict[int, int] = {}


class Waits:
    """Waits, of which percentiles will be asked."""

    __slots__ = ("few", "many")

    def __init__(self, waits_us: Iterable[int] = ()) -> None:
        """With these to begin with, in microseconds."""
        self.few = array("q")
        self.many: dict[int, int] = {}
        for wait_us in waits_us:
            self.add(wait_us)

    def __len__(self) -> int:
        """How many waits."""
        return sum(self.many.values()) if self.many else len(self.few)

    def __eq__(self, other: object) -> bool:
        """Whether all percentiles are and will stay the same."""
        return isinstance(other, Waits) and self.record() == other.record()

    def add(self, wait_us: int) -> None:
        """One more."""
        if self.many:
            bucket = _bucket(wait_us)
            self.many[bucket] = self.many.get(bucket, 0) + 1
            return
        self.few.append(wait_us)
        if len(self.few) > EXACT:
            self._spill()

    def merge(self, other: "Waits") -> None:
        """All of another's too."""
        if not other.many:
            for wait_us in other.few:
                self.add(wait_us)
            return
        if not self.many:
            self._spill()
        many = self.many
        for bucket, count in other.many.items():
            many[bucket] = many.get(bucket, 0) + count

    def percentile(self, share: float) -> float | None:
        """In seconds, of the nearest rank: the least wait that `share` (0 to 1) do not exceed; None: none."""
        total = len(self)
        if not total:
            return None
        rank = min(max(math.ceil(total * share), 1), total)
        if not self.many:
            return sorted(self.few)[rank - 1] / 1e6
        for bucket in sorted(self.many):
            rank -= self.many[bucket]
            if rank <= 0:
                return _middle(bucket) / 1e6
        raise AssertionError("a rank lies in one of the buckets")

    def record(self) -> WaitRecord:
        """As it is stored."""
        return WaitRecord(tuple(sorted(self.few)), dict(sorted(self.many.items())))

    def _spill(self) -> None:
        for wait_us in self.few:
            bucket = _bucket(wait_us)
            self.many[bucket] = self.many.get(bucket, 0) + 1
        self.few = array("q")


def waits_of(record: WaitRecord) -> Waits:
    """Waits that were stored."""
    waits = Waits()
    waits.few.extend(record.few)
    waits.many.update(record.many)
    return waits


def _bucket(wait_us: int) -> int:
    return math.ceil(math.log(wait_us / _LEAST_US) / _LOG) if wait_us > _LEAST_US else 0


def _middle(bucket: int) -> float:
    return _LEAST_US * 2 * _FACTOR**bucket / (_FACTOR + 1) if bucket else 0.0
