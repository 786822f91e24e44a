"""A telephone system's own counters of a queue beside ours, with what makes them differ."""

from datetime import datetime

import msgspec


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """One counter: `theirs` and `ours` (None: nothing to divide), in `unit` (calls, seconds, percent). `why`
    says how theirs is counted, and so why they may differ.
    """

    key: str
    name: str
    unit: str
    theirs: float
    ours: float | None
    why: str


class QueueCounters(msgspec.Struct, frozen=True, kw_only=True):
    """A queue's. Theirs count since Asterisk started or was told to forget, ours since `since`: the quarter
    hour in which it started.
    """

    queue: str
    name: str
    since: datetime
    counters: tuple[Beside, ...]
