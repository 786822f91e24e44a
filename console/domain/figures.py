"""What the wallboard shows: values that metrics folds and the wire carries.

Everything that moves with the clock alone (longest wait, time in state) is given as the time it began, so
that a figure changes only when a fact does; the reader subtracts. Durations in seconds, shares from 0 to 1;
None is "-": there is nothing to divide.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from console.domain.agent import AgentState
from console.domain.queue import Queue, ServiceLevelFormula

ABANDONED_KEPT = 500
"""Abandoned callers that a board holds for each queue: the newest of today, by time, then by interaction."""

SAMPLES_KEPT = 900
"""Samples that a board holds: the newest, half an hour at one every two seconds."""


class ServiceLevel(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service level with what it was made of: `value` = `numerator` / `denominator`, or None."""

    formula: ServiceLevelFormula
    value: float | None
    numerator: int
    denominator: int
    threshold_s: float


class Counts(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The inputs of all figures over one window: offered Q, answered A, in time At, abandoned B, Bt, short S;
    sums in seconds.

    `level_met` of `level_of` is the service level by the formula and threshold in force at each fact.
    `out_...` are the flow-outs by reason, `refused_...` arrivals that the queue never took. Callbacks count
    in `callbacks_...` and `callback_s` (their talk, hold and wrap-up) only, calls that agents make in
    `outbound...`. `contacts` are those that an agent took, callbacks and outbound calls too. `estimate...`
    compare the wait that a caller was told with the wait that the answered had. `callers_repeated` of
    `callers_known` came again within the days of a repeat; `contacts_repeated` of `contacts_known` were
    answered and came again. `in_..._s` is what agents spent in each state, `pauses` the paused seconds by
    reason.
    """

    offered: int = 0
    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0
    abandoned_in_time: int = 0
    short_abandoned: int = 0
    flowed_out: int = 0
    requeued: int = 0
    transferred_in: int = 0
    transferred_out: int = 0
    wait_answered_s: float = 0.0
    wait_max_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_up_s: float = 0.0
    level_met: int = 0
    level_of: int = 0
    out_timeout: int = 0
    out_overflow: int = 0
    out_closed: int = 0
    out_full: int = 0
    out_no_agents: int = 0
    out_callback: int = 0
    out_voicemail: int = 0
    out_moved: int = 0
    out_ended: int = 0
    refused: int = 0
    refused_closed: int = 0
    refused_full: int = 0
    refused_no_agents: int = 0
    callbacks_asked: int = 0
    callbacks_done: int = 0
    callbacks_failed: int = 0
    callbacks_not_reached: int = 0
    callbacks_refused: int = 0
    callback_s: float = 0.0
    outbound: int = 0
    outbound_reached: int = 0
    outbound_s: float = 0.0
    voicemails: int = 0
    contacts: int = 0
    offers: int = 0
    rona: int = 0
    declined: int = 0
    estimates: int = 0
    estimates_near: int = 0
    estimate_error_s: float = 0.0
    estimate_abs_error_s: float = 0.0
    callers_known: int = 0
    callers_repeated: int = 0
    contacts_known: int = 0
    contacts_repeated: int = 0
    waiting_max: int = 0
    wait_abandoned_s: float = 0.0
    wait_max_answered_s: float = 0.0
    wait_max_abandoned_s: float = 0.0
    in_ready_s: float = 0.0
    in_offered_s: float = 0.0
    in_on_contact_s: float = 0.0
    in_hold_s: float = 0.0
    in_wrap_up_s: float = 0.0
    in_paused_s: float = 0.0
    in_not_responding_s: float = 0.0
    pauses: dict[str, float] = {}

    def __hash__(self) -> int:
        """Hashable in spite of the dictionary: the API's description looks defaults up in a set."""
        return hash((self.offered, self.answered, self.abandoned, self.wait_answered_s, self.talk_s))


class QueueFigures(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One queue's row: now, and today since midnight in the queue's time zone.

    `waiting_since` holds when each waiting interaction's wait began, oldest first (offered ones included).
    `counts` are today's; `agents` counts the queue's signed-in agents by state.
    """

    queue: Queue
    waiting_since: tuple[datetime, ...] = ()
    counts: Counts = Counts()
    service_level: ServiceLevel
    asa_s: float | None = None
    aht_s: float | None = None
    abandon_rate: float | None = None
    agents: dict[AgentState, int] = {}
    day: str = ""
    changed_at: datetime | None = None
    callbacks_waiting: int = 0


class AgentFigures(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One agent's row. `since` is when `state` began; `idle_since` when the agent last became free, if
    ready now. `busy_s` (on contact, hold, wrap-up), `ready_s` and `paused_s` are today's up to `spent_to`,
    when the present spell began (the day's beginning, if that is later): the reader adds the time since.
    """

    agent: str
    name: str
    state: AgentState
    since: datetime | None = None
    reason: str = ""
    idle_since: datetime | None = None
    queues: tuple[str, ...] = ()
    skills: dict[str, int] = {}
    interaction: UUID | None = None
    queue: str = ""
    customer: str = ""
    wrap_up_until: datetime | None = None
    answered: int = 0
    linked: bool = True
    busy_s: float = 0.0
    ready_s: float = 0.0
    paused_s: float = 0.0
    spent_to: datetime | None = None
    rona: int = 0


class AbandonedCaller(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A customer who left before an answer today. `short`: left before the short-abandon limit."""

    interaction: UUID
    at: datetime
    queue: str
    customer: str
    name: str = ""
    waited_s: float
    short: bool = False


class Interval(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One interval (15 minutes from `start`) of one queue ("" is all together): for the graphs.

    `waiting_max` is the most who waited at once.
    """

    start: datetime
    queue: str = ""
    counts: Counts = Counts()
    service_level: float | None = None
    waiting_max: int = 0


class Window(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The last `minutes` minutes of one queue ("" is all together): the minute under way and the whole ones
    before it. Told anew every few seconds where something changed, not with every fact.
    """

    queue: str = ""
    minutes: int
    counts: Counts = Counts()
    service_level: float | None = None
    asa_s: float | None = None
    aht_s: float | None = None
    abandon_rate: float | None = None


class Sample(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One point of the wallboard's live graphs, taken every few seconds."""

    at: datetime
    waiting: dict[str, int] = {}
    agents: dict[AgentState, int] = {}


class Notice(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What supervisors must know of the telephone system `where`.

    `kind` is "away" (it cannot be reached, since `since`: who calls is served by its own queue) or "fallback"
    (that queue took `callers` while the centre was away, from `since` on; `waiting` of them are still there).
    """

    kind: str
    where: str
    since: datetime
    callers: int = 0
    waiting: int = 0


class Theirs(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What an Asterisk that is watched counts of a queue itself, since it started at about `since`: calls
    completed and abandoned (time-outs too), percent in time of the completed and of all, and moving averages
    of wait and talk in whole seconds.
    """

    queue: str
    since: datetime
    completed: int
    abandoned: int
    in_time_of_answered: float
    in_time_of_all: float
    hold_s: int
    talk_s: int


class Snapshot(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The whole board as of ledger sequence `sequence`; `at` is the centre's time when it was taken.

    `last_event_at` tells how old the newest fact is. `total` is all queues together (agents counted once).
    """

    sequence: int
    at: datetime
    queues: tuple[QueueFigures, ...] = ()
    agents: tuple[AgentFigures, ...] = ()
    total: QueueFigures | None = None
    abandoned: tuple[AbandonedCaller, ...] = ()
    intervals: tuple[Interval, ...] = ()
    samples: tuple[Sample, ...] = ()
    last_event_at: datetime | None = None
    windows: tuple[Window, ...] = ()
    notices: tuple[Notice, ...] = ()
    theirs: tuple[Theirs, ...] = ()


class Delta(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What changed on the board since an earlier sequence: whole rows that replace the earlier ones.

    `abandoned`, `intervals` and `samples` hold the new or changed entries only. Applying a delta twice
    changes nothing. `removed_agents` and `removed_queues` are keys whose rows go. `new_day` tells which
    queues began a day ("" is all together): their abandoned callers and intervals of before go, then
    those in here come. Rows are ordered by key, abandoned callers by time and interaction, intervals by
    start and queue. `notices` and `theirs` are all there are (None: no change). `since` is the sequence of
    the state that this delta follows (None: not told); who has an older one has missed something and needs
    the whole board.
    """

    sequence: int
    at: datetime
    queues: tuple[QueueFigures, ...] = ()
    agents: tuple[AgentFigures, ...] = ()
    total: QueueFigures | None = None
    abandoned: tuple[AbandonedCaller, ...] = ()
    intervals: tuple[Interval, ...] = ()
    samples: tuple[Sample, ...] = ()
    removed_queues: tuple[str, ...] = ()
    removed_agents: tuple[str, ...] = ()
    new_day: tuple[str, ...] = ()
    last_event_at: datetime | None = None
    since: int | None = None
    windows: tuple[Window, ...] = ()
    notices: tuple[Notice, ...] | None = None
    theirs: tuple[Theirs, ...] | None = None
