"""The board as this desk keeps it: a snapshot and the deltas after it. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from console.domain.errors import CallboardError
from console.domain.figures import (
    ABANDONED_KEPT,
    SAMPLES_KEPT,
    AbandonedCaller,
    Delta,
    Interval,
    Snapshot,
    Window,
)

_R = TypeVar("_R")
_Q = TypeVar("_Q", AbandonedCaller, Interval, Window)


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
    over = {*delta.new_day, *delta.removed_queues}
    return msgspec.structs.replace(
        snapshot,
        sequence=delta.sequence,
        at=delta.at,
        queues=_rows(snapshot.queues, delta.queues, lambda row: row.queue.key, delta.removed_queues),
        agents=_rows(snapshot.agents, delta.agents, lambda row: row.agent, delta.removed_agents),
        total=delta.total if delta.total is not None else snapshot.total,
        abandoned=_newest(
            _rows(_without(snapshot.abandoned, over), delta.abandoned, lambda row: (row.at, row.interaction))
        ),
        intervals=_rows(
            _without(snapshot.intervals, over), delta.intervals, lambda row: (row.start, row.queue)
        ),
        samples=_rows(snapshot.samples, delta.samples, lambda row: row.at)[-SAMPLES_KEPT:],
        last_event_at=delta.last_event_at or snapshot.last_event_at,
        notices=delta.notices if delta.notices is not None else snapshot.notices,
        theirs=delta.theirs if delta.theirs is not None else snapshot.theirs,
        windows=_rows(
            _without(snapshot.windows, set(delta.removed_queues)),
            delta.windows,
            lambda row: (row.queue, row.minutes),
        ),
    )


def _without(rows: tuple[_Q, ...], over: set[str]) -> tuple[_Q, ...]:
    """The rows without those of queues that began a day or are no more."""
    return tuple(row for row in rows if row.queue not in over) if over else rows


def _newest(abandoned: tuple[AbandonedCaller, ...]) -> tuple[AbandonedCaller, ...]:
    """The abandoned callers with at most ABANDONED_KEPT of each queue."""
    if len(abandoned) <= ABANDONED_KEPT:
        return abandoned
    excess = {queue: n - ABANDONED_KEPT for queue, n in Counter(row.queue for row in abandoned).items()}
    kept = []
    for row in abandoned:  # the oldest first: each queue's excess goes
        excess[row.queue] -= 1
        if excess[row.queue] < 0:
            kept.append(row)
    return tuple(kept)


def _rows(
    have: tuple[_R, ...], new: tuple[_R, ...], key: Callable[[_R], Any], removed: tuple[str, ...] = ()
) -> tuple[_R, ...]:
    """The rows, which stand in the order of their keys, with the new ones put in or in place of the old."""
    if not new and not removed:
        return have
    rows = [row for row in have if key(row) not in removed] if removed else list(have)
    for row in new:
        wanted = key(row)
        place = bisect_left(rows, wanted, key=key)
        if place < len(rows) and key(rows[place]) == wanted:
            rows[place] = row
        else:
            rows.insert(place, row)
    return tuple(rows)
