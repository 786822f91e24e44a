"""A scenario: who calls, who answers, by which rules, and what is changed to see what happens.

Queues, agents and `[routing]` are those of the centre's own file; the rest is declared here in the same way.
Times of day are those of the scenario's `timezone`. A variant names options by their dotted path, a list's
entry by its number or its key: `queues[support].max_wait_s`.
"""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec

from console.domain.agent import Agent
from console.domain.errors import SettingsError
from console.domain.plan import Fault, faults_of, is_timezone
from console.domain.queue import Queue
from console.settings import RoutingSettings, read_settings
from console.simulator.spread import Kind, Spread
from console.simulator.variants import changed

MOST_CALLS = 50_000_000
"""Customers of one run, in the mean; more would take days."""

_DAY_S = 24 * 3600.0
_PAUSES = 0.9


def _help(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


def _from(text: str, *, least: float, most: float) -> msgspec.Meta:
    return msgspec.Meta(description=text, ge=least, le=most)


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Break(_Part, frozen=True, kw_only=True):
    """A break that every agent of a group takes each day, one after another."""

    at: Annotated[str, _help("HH:MM, when the first of the group begins it.")]
    minutes: Annotated[float, _from("How long it is.", least=0.1, most=480)] = 15.0
    within_minutes: Annotated[float, _from("The last begins it so much later.", least=0, most=720)] = 0.0


class Group(Agent, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """`[[agents]]`: as many equal agents, named key-1, key-2 ...; the first options are an agent's own."""

    count: Annotated[int, _from("How many they are.", least=0, most=15000)] = 1
    answer: Annotated[Spread, _help("How long a desk rings before its agent answers.")] = Spread(
        kind=Kind.CONSTANT, mean_s=3.0
    )
    wrap_up: Annotated[Spread, _help("After-contact work; the queue's limit still ends it.")] = Spread(
        kind=Kind.EXPONENTIAL, mean_s=20.0
    )
    misses: Annotated[float, _from("Share of offers that nobody answers.", least=0, most=1)] = 0.0
    back_s: Annotated[float, _from("Seconds until one who missed is ready again.", least=1, most=86400)] = (
        60.0
    )
    shrinkage: Annotated[
        float, _from("Share of the time that an agent is paused, beside the breaks.", least=0, most=_PAUSES)
    ] = 0.0
    pause_s: Annotated[float, _from("How long such a pause is.", least=1, most=36000)] = 300.0
    breaks: Annotated[tuple[Break, ...], _help("Breaks at a time of day.")] = ()
    begins: Annotated[str, _help("HH:MM, when the shift begins; empty: when the day opens.")] = ""
    ends: Annotated[
        str, _help("HH:MM, when the shift ends; empty: when the day has closed and nobody waits.")
    ] = ""


class Arrivals(_Part, frozen=True, kw_only=True):
    """`[[arrivals]]`: a stream of customers who come by chance (Poisson) and ask for one number."""

    queue: Annotated[str, _help("What they call: a queue's key or one of its numbers.")]
    per_hour: Annotated[float, _from("Customers an hour, all day.", least=0, most=1e7)] = 0.0
    profile: Annotated[
        tuple[Annotated[float, msgspec.Meta(ge=0, le=1e7)], ...],
        _help("Customers in each interval, the first when the day opens; instead of per_hour."),
    ] = ()
    interval_minutes: Annotated[float, _from("Length of the profile's intervals.", least=1, most=1440)] = 30.0
    talk: Annotated[Spread, _help("How long they talk with an agent.")] = Spread(
        kind=Kind.EXPONENTIAL, mean_s=180.0
    )
    patience: Annotated[Spread, _help("After how long a wait they hang up.")] = Spread(kind=Kind.NEVER)
    callback_share: Annotated[
        float, _from("Share that asks for a callback where one is proposed.", least=0, most=1)
    ] = 0.0
    reached_share: Annotated[
        float, _from("Share of calls back that the customer answers.", least=0, most=1)
    ] = 1.0


class Variant(_Part, frozen=True, kw_only=True):
    """`[[variants]]`: the same with some options changed, for the same customers."""

    name: Annotated[str, msgspec.Meta(description="What to call it.", min_length=1, max_length=60)]
    set: Annotated[
        dict[str, Any], _help("Dotted options and their values: the key “agents[0].count”, the value 14.")
    ] = {}


class Scenario(_Part, frozen=True, kw_only=True):
    """The whole file."""

    name: Annotated[str, _help("What it is about.")] = "Scenario"
    timezone: Annotated[str, _help("IANA name; all times of day are in it.")] = "UTC"
    first_day: Annotated[date, _help("The first day, a date: queues' hours and holidays follow from it.")] = (
        date(2026, 1, 5)
    )
    days: Annotated[int, _from("How many days in a row.", least=1, most=3660)] = 1
    opens: Annotated[str, _help("HH:MM, when customers begin to call.")] = "08:00"
    closes: Annotated[str, _help("HH:MM, when they stop; 24:00 is the end of the day.")] = "18:00"
    warm_up_hours: Annotated[
        float, _from("Hours at the start that do not count, in quarters.", least=0, most=8760)
    ] = 0.0
    replications: Annotated[
        int, _from("How often it is run, each time with other dice.", least=1, most=10000)
    ] = 10
    seed: Annotated[int, _from("What the dice start from.", least=0, most=2**53)] = 1
    routing: Annotated[RoutingSettings, _help("As in the centre's file.")] = RoutingSettings()
    queues: Annotated[tuple[Queue, ...], _help("As in the centre's file.")] = ()
    agents: Annotated[tuple[Group, ...], _help("Groups of equal agents.")] = ()
    arrivals: Annotated[tuple[Arrivals, ...], _help("Streams of customers.")] = ()
    variants: Annotated[tuple[Variant, ...], _help("What is changed to see what happens.")] = ()

    # ------------------------------------------------------------ times

    @property
    def zone(self) -> ZoneInfo:
        """The zone of all times of day."""
        return ZoneInfo(self.timezone)

    def moment(self, day: int, clock: str) -> datetime:
        """A time of day (HH:MM) of the day with this number, from 0, in UTC."""
        return _moment(self.first_day + timedelta(days=day), clock, self.zone)

    def opened(self, day: int) -> tuple[datetime, datetime]:
        """When a day opens and closes, in UTC."""
        return self.moment(day, self.opens), self.moment(day, self.closes)

    @property
    def calls(self) -> float:
        """How many customers come in one run, in the mean."""
        open_s = _seconds(self.closes) - _seconds(self.opens)
        return self.days * sum(_expected(stream, open_s) for stream in self.arrivals)

    # ------------------------------------------------------------ checks

    def faults(self) -> Iterator[Fault]:
        """What does not fit together, as options and words; variants are told by their own option."""
        yield from self.own_faults()
        names = {"": ""}
        for index, variant in enumerate(self.variants):
            if variant.name in names:
                yield f"variants[{index}].name", f"there is a variant “{variant.name}” already"
            names[variant.name] = variant.name
            try:
                self.variant(variant)
            except SettingsError as fault:
                yield f"variants[{index}].set", str(fault)

    def own_faults(self) -> Iterator[Fault]:
        """What does not fit together, variants aside."""
        clock_faults = list(self._clock_faults())
        yield from clock_faults
        if not self.queues:
            yield "queues", "there is none; a scenario needs a [[queues]]"
        if not self.arrivals:
            yield "arrivals", "there are none; a scenario needs an [[arrivals]]"
        yield from faults_of(self.queues, self.agents)
        for index, group in enumerate(self.agents):
            yield from _group_faults(f"agents[{index}]", group)
        called = {name for queue in self.queues for name in (queue.key, *queue.numbers)}
        for index, stream in enumerate(self.arrivals):
            if stream.queue not in called:
                yield f"arrivals[{index}].queue", f"there is no queue “{stream.queue}” in this file"
            yield from _stream_faults(f"arrivals[{index}]", stream)
        if not clock_faults and not self.calls <= MOST_CALLS:
            yield "days", f"{self.calls:,.0f} calls are too many; at most {MOST_CALLS:,} in one run"

    def _clock_faults(self) -> Iterator[Fault]:
        if not is_timezone(self.timezone):
            yield "timezone", f"there is no time zone “{self.timezone[:60]}”; it looks like Europe/Berlin"
            return
        clocks = {"opens": self.opens, "closes": self.closes}
        faults = [(name, words) for name, clock in clocks.items() if (words := _clock_fault(clock))]
        yield from faults
        if not faults and _seconds(self.opens) >= _seconds(self.closes):
            yield "closes", f"{self.closes} is not after opens ({self.opens})"
        if self.warm_up_hours * 4 % 1:
            yield "warm_up_hours", "figures are kept by the quarter hour: a multiple of 0.25"
        if self.first_day.year not in range(1971, 3000):
            yield "first_day", "a year from 1971 to 2999"
        if not faults and self.warm_up_hours * 3600 >= self._span_s():
            yield "warm_up_hours", "there would be nothing left to count"

    def _span_s(self) -> float:
        return (self.days - 1) * _DAY_S + _seconds(self.closes) - _seconds(self.opens)

    # ------------------------------------------------------------ variants

    def variant(self, variant: Variant) -> "Scenario":
        """The scenario with a variant's changes. Raises SettingsError, in words without file and line."""
        made = changed(msgspec.structs.replace(self, variants=()), variant.set)
        for option, words in made.own_faults():
            raise SettingsError(f"{option}: {words}")
        return made


def read_scenario(path: Path) -> Scenario:
    """Read a scenario's file. Raises SettingsError naming the file, the line and the option."""
    return read_settings(path, Scenario)


# ---------------------------------------------------------------- checks of parts


def _group_faults(where: str, group: Group) -> Iterator[Fault]:
    for name in ("answer", "wrap_up"):
        yield from _spread_faults(f"{where}.{name}", getattr(group, name))
    for name in ("begins", "ends"):
        words = _clock_fault(getattr(group, name)) if getattr(group, name) else ""
        if words:
            yield f"{where}.{name}", words
    for pause in group.breaks:
        if words := _clock_fault(pause.at):
            yield f"{where}.breaks", words


def _stream_faults(where: str, stream: Arrivals) -> Iterator[Fault]:
    yield from _spread_faults(f"{where}.talk", stream.talk)
    if stream.patience.kind is not Kind.NEVER:
        yield from _spread_faults(f"{where}.patience", stream.patience)
    if stream.profile and stream.per_hour:
        yield f"{where}.per_hour", "there is a profile too; give one of the two"
    if not stream.profile and not stream.per_hour:
        yield f"{where}.per_hour", "nobody would call; give per_hour or a profile"


def _spread_faults(where: str, spread: Spread) -> Iterator[Fault]:
    if spread.kind is Kind.NEVER:
        yield f"{where}.kind", "never is for a patience only"
    for name, words in spread.faults():
        yield f"{where}.{name}", words


# ---------------------------------------------------------------- times of day


def _clock_fault(clock: str) -> str:
    return "" if _seconds(clock) >= 0 else f"“{clock[:20]}” is no time of day; it looks like 08:30"


def _seconds(clock: str) -> float:
    """Seconds from midnight of HH:MM, -1 for what is none; 24:00 is the end of the day."""
    hours, colon, minutes = clock.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        return -1
    seconds = int(hours[:4]) * 3600 + int(minutes) * 60
    return seconds if seconds <= _DAY_S and int(minutes) < 60 else -1


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    whole, seconds = divmod(int(_seconds(clock)), int(_DAY_S))
    wall = datetime.combine(
        day + timedelta(days=whole), time(seconds // 3600, seconds % 3600 // 60), tzinfo=zone
    )
    return wall.astimezone(UTC)


def _expected(stream: Arrivals, open_s: float) -> float:
    if not stream.profile:
        return stream.per_hour * open_s / 3600
    each_s = stream.interval_minutes * 60
    return math.fsum(
        calls * max(0.0, min(1.0, (open_s - number * each_s) / each_s))
        for number, calls in enumerate(stream.profile)
    )
