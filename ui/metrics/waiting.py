"""From open interactions to the rows of those who wait: place, caller, wait, demands, for whom. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum

import msgspec

from console.domain.address import Address
from console.domain.agent import AgentState
from console.domain.figures import AgentFigures
from console.domain.interaction import Phase
from console.domain.queue import SkillNeed
from console.wire import InteractionView
from ui.metrics.tongue import Tongue
from ui.metrics.words import DASH

IN_LINE = frozenset({Phase.WAITING, Phase.OFFERED, Phase.DIALLED})


class LineColumn(IntEnum):
    """The columns of those who wait."""

    PLACE = 0
    CALLER = 1
    QUEUE = 2
    WAITED = 3
    PRIORITY = 4
    ASKS = 5
    FOR = 6
    EXPECTED = 7
    STATE = 8


LINE_HEADS = ("place", "caller", "queue", "waited", "priority", "asks", "for", "expected", "line")
LINE_TIPS: dict[int, str] = {
    LineColumn.PLACE: "col place long",
    LineColumn.WAITED: "col waited long",
    LineColumn.PRIORITY: "col priority long",
    LineColumn.ASKS: "col asks long",
    LineColumn.FOR: "col for long",
    LineColumn.EXPECTED: "col expected long",
}


class Known(msgspec.Struct, frozen=True):
    """What the board knows beside: the names of queues and agents by key, the centre's time."""

    now: datetime
    queues: Mapping[str, str] = {}
    agents: Mapping[str, str] = {}

    def agent(self, key: str) -> str:
        """An agent's name."""
        return self.agents.get(key, key)


def in_line(rows: Iterable[InteractionView], queue: str) -> list[InteractionView]:
    """Those who wait or ring: of one queue, or of all with ""."""
    return [row for row in rows if row.phase in IN_LINE and (not queue or row.queue == queue)]


def caller(row: InteractionView) -> str:
    """Who it is: name and number, or what is known of them."""
    number = Address(row.customer).user
    if row.customer_name and row.customer_name != number:
        return f"{row.customer_name}  {number}".rstrip()
    return number or DASH


def waited_s(row: InteractionView, now: datetime) -> float:
    """Seconds of the whole wait."""
    return max(0.0, (now - row.waiting_since).total_seconds())


def asks(skills: Sequence[SkillNeed], tier: int, tongue: Tongue) -> str:
    """What it asks of an agent: "English 7+, Billing 3+ preferred, up to tier 2"."""
    parts = []
    for need in skills:
        words = f"{need.skill.capitalize()} {need.level}+"
        parts.append(tongue.say("asks preferred", need=words) if need.preferred else words)
    if tier:
        parts.append(tongue.say("asks tier", tier=tier))
    return ", ".join(parts) or DASH


def for_whom(row: InteractionView, known: Known, tongue: Tongue) -> str:
    """The one agent who alone may have it now; "" when everybody may."""
    if row.pulled:
        return tongue.say("for pulled", agent=known.agent(row.pulled))
    if row.wanted and row.wanted_until is not None and row.wanted_until > known.now:
        left = (row.wanted_until - known.now).total_seconds()
        return tongue.say("for wanted", agent=known.agent(row.wanted), time=tongue.age(left + 1))
    return ""


def expected(row: InteractionView, tongue: Tongue) -> str:
    """The wait that is still expected."""
    return DASH if row.expected_s is None else f"~ {tongue.mean(row.expected_s)}"


def happening(row: InteractionView, known: Known, tongue: Tongue) -> str:
    """What happens with it now, in words."""
    if row.phase is Phase.DIALLED:
        return tongue.say("line dialled")
    if row.phase is Phase.OFFERED:
        names = ", ".join(known.agent(agent) for agent in row.ringing)
        return tongue.say("line callback rings" if row.callback else "line rings", agents=names)
    if not row.callback:
        return tongue.say("line waits")
    words = tongue.say("line callback")
    if row.tries:
        words += ", " + tongue.say("line tries", n=row.tries)
    if row.not_before is not None and row.not_before > known.now:
        words += ", " + tongue.say("line not before", time=tongue.minute(row.not_before))
    return words


def shape(row: InteractionView) -> str:
    """The icon that says the same without words."""
    if row.phase is Phase.DIALLED:
        return "phone-outgoing"
    if row.phase is Phase.OFFERED:
        return "bell-ring"
    return "history" if row.callback else "hourglass"


def line_text(row: InteractionView, column: int, known: Known, tongue: Tongue) -> str:
    """What a cell says."""
    return _TEXTS[column](row, known, tongue)


_TEXTS: tuple[Callable[[InteractionView, Known, Tongue], str], ...] = (
    lambda row, _known, tongue: tongue.count(row.place) if row.place is not None else DASH,
    lambda row, _known, _tongue: caller(row),
    lambda row, _known, _tongue: row.queue_name or row.queue,
    lambda row, known, tongue: tongue.duration(waited_s(row, known.now)),
    lambda row, _known, tongue: tongue.count(row.priority),
    lambda row, _known, tongue: asks(row.skills, row.tier, tongue),
    for_whom,
    lambda row, _known, tongue: expected(row, tongue),
    happening,
)


def line_order(row: InteractionView, column: int, known: Known, tongue: Tongue) -> tuple[object, ...]:
    """The sort key of a row by a column. By place: what rings first, then queue by queue as it is served."""
    tail = (
        row.place is not None,
        row.queue_name.casefold(),
        row.place or 0,
        row.waiting_since,
        row.interaction,
    )
    keys: dict[int, Callable[[], object]] = {
        LineColumn.CALLER: lambda: caller(row).casefold(),
        LineColumn.QUEUE: lambda: row.queue_name.casefold(),
        LineColumn.WAITED: lambda: -row.waiting_since.timestamp(),
        LineColumn.PRIORITY: lambda: row.priority,
        LineColumn.ASKS: lambda: asks(row.skills, row.tier, tongue).casefold(),
        LineColumn.FOR: lambda: (not for_whom(row, known, tongue), for_whom(row, known, tongue).casefold()),
        LineColumn.EXPECTED: lambda: (row.expected_s is None, row.expected_s or 0.0),
        LineColumn.STATE: lambda: happening(row, known, tongue).casefold(),
    }
    made = keys.get(column)
    return (made(), *tail) if made is not None else tail


def number_words(rows: Sequence[InteractionView], tongue: Tongue) -> str:
    """How many wait and ring: "7 wait, 2 ring"."""
    ringing = sum(row.phase is not Phase.WAITING for row in rows)
    waiting = len(rows) - ringing
    told = tongue.say("line count one") if waiting == 1 else tongue.say("line count", n=tongue.count(waiting))
    return f"{told}, {tongue.say('line ringing', n=tongue.count(ringing))}" if ringing else told


_FREE_FIRST = {AgentState.READY: 0, AgentState.WRAP_UP: 2, AgentState.ON_CONTACT: 3, AgentState.HOLD: 3}


def takers(agents: Iterable[AgentFigures], tongue: Tongue) -> list[tuple[str, str]]:
    """The signed-in agents that it can be given to (key, words), those who are free first."""
    present = [agent for agent in agents if agent.state is not AgentState.OFFLINE]
    present.sort(
        key=lambda row: (_FREE_FIRST.get(row.state, 4), (row.name or row.agent).casefold(), row.agent)
    )
    names = Counter(row.name or row.agent for row in present)
    made = []
    for row in present:
        name = row.name or row.agent
        shown = name if names[name] == 1 else f"{name} ({row.agent})"
        made.append((row.agent, f"{shown}: {tongue.say(f'state {row.state}')}"))
    return made
