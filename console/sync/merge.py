"""The board as this desk keeps it: a snapshot and the deltas after it. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from console.domain.errors import CallboardError
from console.domain.figures import ABANDONED_KEPT, SAMPLES_KEPT, AbandonedCaller, Delta, Snapshot

_R = TypeVar("_R")


class Gap(CallboardError):
    """A delta follows a state that we do not have: the whole board is needed again."""


def merge(snapshot: Snapshot, delta: Delta) -> Snapshot:
    """The board after a delta. Rows that the delta does not name stay the same objects.

    A delta older than the snapshot changes nothing, one applied twice neither. Raises Gap when the delta
    follows a newer state than this one.
    """
    if delta.since is not None and delta.since > snapshot.sequence:
        raise Gap(f"the board stands at {snapshot.sequence}, the delta follows {delta.since}")
    if (delta.sequence, delta.at) < (snapshot.sequence, snapshot.at):
        return snapshot
    return msgspec.structs.replace(
        snapshot,
        sequence=delta.sequence,
        at=delta.at,
        queues=_rows(snapshot.queues, delta.queues, lambda row: row.queue.key, delta.removed_queues),
        agents=_rows(snapshot.agents, delta.agents, lambda row: row.agent, delta.removed_agents),
        total=delta.total if delta.total is not None else snapshot.total,
        abandoned=_abandoned(snapshot, delta),
        intervals=_rows(snapshot.intervals, delta.intervals, lambda row: (row.start, row.queue)),
        samples=_rows(snapshot.samples, delta.samples, lambda row: row.at)[-SAMPLES_KEPT:],
        last_event_at=delta.last_event_at or snapshot.last_event_at,
    )


def _abandoned(snapshot: Snapshot, delta: Delta) -> tuple[AbandonedCaller, ...]:
    if not delta.abandoned and not delta.new_day:
        return snapshot.abandoned
    before = (row for row in snapshot.abandoned if row.queue not in delta.new_day)
    all_ = _rows(before, delta.abandoned, lambda row: (row.at, row.interaction, row.queue))
    excess = {queue: n - ABANDONED_KEPT for queue, n in Counter(row.queue for row in all_).items()}
    if max(excess.values(), default=0) <= 0:
        return all_
    kept = []
    for row in all_:  # the oldest first: each queue's excess goes
        excess[row.queue] -= 1
        if excess[row.queue] < 0:
            kept.append(row)
    return tuple(kept)


def _rows(
    have: Iterable[_R], new: Iterable[_R], key: Callable[[_R], Any], removed: Iterable[str] = ()
) -> tuple[_R, ...]:
    """The rows by key, in the order of their keys, the new ones in place of the old."""
    found = {key(row): row for row in have}
    for gone in removed:
        found.pop(gone, None)
    for row in new:
        found[key(row)] = row
    return tuple(found[name] for name in sorted(found))
