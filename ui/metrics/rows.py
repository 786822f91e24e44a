"""From figures to the rows of the wallboard's two lists: agents and abandoned callers. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import IntEnum

import msgspec

from console.domain.agent import AgentState
from console.domain.figures import AbandonedCaller, AgentFigures
from ui.metrics.tongue import Tongue
from ui.metrics.words import DASH


class AgentColumn(IntEnum):
    """The columns of the agents' table."""

    AGENT = 0
    STATE = 1
    TIME = 2
    REASON = 3
    IDLE = 4
    QUEUE = 5
    ANSWERED = 6


AGENT_HEADS = ("agent", "state", "time", "reason", "idle", "queue", "answered")
AGENT_TIPS: dict[int, str] = {AgentColumn.TIME: "col time long", AgentColumn.ANSWERED: "col answered long"}

# Who needs the supervisor's eye comes first when sorted by state.
STATE_ORDER = (
    AgentState.NOT_RESPONDING,
    AgentState.READY,
    AgentState.OFFERED,
    AgentState.ON_CONTACT,
    AgentState.HOLD,
    AgentState.WRAP_UP,
    AgentState.PAUSED,
    AgentState.OFFLINE,
)
_RANK = {state: rank for rank, state in enumerate(STATE_ORDER)}


class AgentFilter(msgspec.Struct, frozen=True):
    """Which agents are shown: of a queue (key), in a state, whose name, reason or customer holds a text."""

    queue: str = ""
    state: AgentState | None = None
    text: str = ""

    def takes(self, row: AgentFigures) -> bool:
        """Whether a row is shown."""
        if self.queue and self.queue not in row.queues and self.queue != row.queue:
            return False
        if self.state is not None and row.state is not self.state:
            return False
        wanted = self.text.casefold().split()
        if not wanted:
            return True
        hay = f"{row.name} {row.agent} {row.reason} {row.customer}".casefold()
        return all(word in hay for word in wanted)


def seconds_since(since: datetime | None, now: datetime) -> float | None:
    """Seconds from a moment until now; None for no moment."""
    return None if since is None else max(0.0, (now - since).total_seconds())


def reason_words(row: AgentFigures, tongue: Tongue) -> str:
    """Why the agent is in the state; a desk that is lost says more than any reason."""
    lost = not row.linked and row.state is not AgentState.OFFLINE
    return tongue.say("desk lost") if lost else row.reason


def queue_words(row: AgentFigures, names: Mapping[str, str]) -> str:
    """The queue of the contact at hand; without one, the queues served."""
    if row.queue:
        return names.get(row.queue, row.queue)
    return ", ".join(names.get(key, key) for key in row.queues) or DASH


def agent_text(
    row: AgentFigures, column: int, now: datetime, tongue: Tongue, names: Mapping[str, str]
) -> str:
    """What a cell of the agents' table says."""
    return _AGENT_TEXTS[column](row, now, tongue, names)


_AGENT_TEXTS: tuple[Callable[[AgentFigures, datetime, Tongue, Mapping[str, str]], str], ...] = (
    lambda row, _now, _tongue, _names: row.name or row.agent,
    lambda row, _now, tongue, _names: tongue.say(f"state {row.state}"),
    lambda row, now, tongue, _names: tongue.duration(seconds_since(row.since, now)),
    lambda row, _now, tongue, _names: reason_words(row, tongue),
    lambda row, _now, tongue, _names: tongue.minute(row.idle_since) if row.idle_since else "",
    lambda row, _now, _tongue, names: queue_words(row, names),
    lambda row, _now, tongue, _names: tongue.count(row.answered),
)


def _moment(when: datetime | None) -> float:
    """A moment as a sort key: the longest ago first, none last."""
    return when.timestamp() if when else float("inf")


def agent_order(row: AgentFigures, column: int, names: Mapping[str, str]) -> tuple[object, ...]:
    """The sort key of a row by a column; equal ones follow by name, then by key, so that the order is total.

    Times sort by their length: ascending is the shortest first.
    """
    tail = ((row.name or row.agent).casefold(), row.agent)
    if column == AgentColumn.STATE:
        return (_RANK[row.state], _moment(row.since), *tail)
    if column == AgentColumn.TIME:
        return (-_moment(row.since), *tail)
    if column == AgentColumn.REASON:
        return (not row.reason, row.reason.casefold(), *tail)
    if column == AgentColumn.IDLE:
        return (_moment(row.idle_since), *tail)
    if column == AgentColumn.QUEUE:
        return (not row.queue, queue_words(row, names).casefold(), *tail)
    return (row.answered, *tail) if column == AgentColumn.ANSWERED else tail


class CallerColumn(IntEnum):
    """The columns of the abandoned callers' list."""

    WHEN = 0
    CALLER = 1
    QUEUE = 2
    WAITED = 3


CALLER_HEADS = ("when", "caller", "queue", "waited")


def caller_words(row: AbandonedCaller) -> str:
    """Who it was: name and number, or what is known of them."""
    if row.name and row.name != row.customer:
        return f"{row.name}  {row.customer}".rstrip()
    return row.customer or row.name or DASH


def waited_words(row: AbandonedCaller, tongue: Tongue) -> str:
    """How long they waited; a short abandon is marked in words."""
    waited = tongue.duration(row.waited_s)
    return f"{waited} {tongue.say('short')}" if row.short else waited


def caller_text(row: AbandonedCaller, column: int, tongue: Tongue, names: Mapping[str, str]) -> str:
    """What a cell of the abandoned callers' list says."""
    texts: dict[int, Callable[[], str]] = {
        CallerColumn.WHEN: lambda: tongue.time(row.at),
        CallerColumn.CALLER: lambda: caller_words(row),
        CallerColumn.QUEUE: lambda: names.get(row.queue, row.queue),
        CallerColumn.WAITED: lambda: waited_words(row, tongue),
    }
    return texts[column]()


def caller_order(row: AbandonedCaller, column: int, names: Mapping[str, str]) -> tuple[object, ...]:
    """The sort key of an abandoned caller by a column; the newest first among equals."""
    tail = (-row.at.timestamp(), str(row.interaction))
    if column == CallerColumn.CALLER:
        return (caller_words(row).casefold(), *tail)
    if column == CallerColumn.QUEUE:
        return (names.get(row.queue, row.queue).casefold(), *tail)
    if column == CallerColumn.WAITED:
        return (row.waited_s, *tail)
    return (row.at.timestamp(), str(row.interaction))


def copied(rows: list[AbandonedCaller], tongue: Tongue, names: Mapping[str, str]) -> str:
    """Rows for the clipboard: tab-separated lines under a head, as spreadsheets take them."""
    head = "\t".join(tongue.say(f"col {name}") for name in CALLER_HEADS)
    lines = ("\t".join(caller_text(row, column, tongue, names) for column in CallerColumn) for row in rows)
    return "\n".join((head, *lines))
