"""Do the queues and agents of a settings file fit together? Pure: what is wrong is named by its option.

What a single value may be is said where it is declared; here is what only the whole can tell. Two kinds:
`faults_of`, what contradicts itself (a queue that flows over to nowhere or in a circle, a number that leads
to two queues, hours that are no times), with which nothing starts; and `warnings_of` in domain.doubts, what
may be meant but serves nobody (a skill nobody has, a queue nobody serves).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from console.domain.agent import Agent
from console.domain.queue import CALLBACK, VOICEMAIL, Queue
from console.domain.week import DAYS, WHOLE_DAY, day_of, minute_of

MOST = 7 * 24 * 3600
"""A week in seconds, and more customers than any queue holds."""

AMOUNTS = (
    "ring_timeout_s",
    "wrap_up_s",
    "max_wait_s",
    "max_waiting",
    "threshold_s",
    "short_abandon_s",
    "announce_every_s",
    "warn_waiting",
    "critical_waiting",
    "warn_longest_s",
    "critical_longest_s",
    "broadcast_most",
    "tier",
    "ageing_s",
    "last_agent_s",
    "last_agent_days",
    "named_agent_s",
    "wrap_up_extension_s",
    "wrap_up_extensions",
    "callback_after_s",
    "callback_retry_s",
    "voicemail_most_s",
    "repeat_days",
)
"""A queue's options that go from 0 to MOST."""

ONWARD = ("overflow_to", "closed_to", "full_to", "no_agents_to")
"""A queue's options that name where callers go."""

STARS = frozenset({VOICEMAIL, CALLBACK})
_DIGITS = frozenset("0123456789*#")
_MOST_WEIGHT = 1000

Fault = tuple[str, str]
"""The dotted option, and what is wrong with it."""


def faults_of(
    queues: Sequence[Queue], agents: Sequence[Agent], customers: Sequence[tuple[str, str]] = ()
) -> Iterator[Fault]:
    """What is wrong, in the order of the file. `customers`: the number and the declared agent of each."""
    known = {queue.key: queue for queue in queues}
    led: dict[str, str] = {}
    seen: set[str] = set()
    for index, queue in enumerate(queues):
        where = f"queues[{index}]"
        if queue.key in seen:
            yield f"{where}.key", f"there is a queue “{queue.key}” already; each has a key of its own"
            continue
        seen.add(queue.key)
        for option, words in faults_of_queue(queue, known):
            yield f"{where}.{option}", words
        yield from _of_numbers(where, queue, known, led)
    yield from _of_agents(agents, known)
    yield from _of_customers(customers, {agent.key for agent in agents})


def faults_of_queue(queue: Queue, known: Mapping[str, Queue]) -> Iterator[Fault]:
    """What is wrong with one queue among those known (itself included), the option without its place."""
    yield from _of_values(queue)
    yield from _of_onward(queue, known)
    yield from _of_hours(queue)
    yield from _of_holidays(queue)
    yield from _of_relaxing(queue)


def overflow_circle(start: str, queues: Mapping[str, Queue]) -> list[str]:
    """The queues that a caller of `start` goes round in for ever, first and last the same; [] for none."""
    way: list[str] = []
    key = start
    while key in queues and key not in way:
        way.append(key)
        key = queues[key].overflow_to
    return [*way, key] if key == start and way else []


def is_timezone(name: str) -> bool:
    """Whether this machine knows the IANA time zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _of_values(queue: Queue) -> Iterator[Fault]:
    for name in AMOUNTS:
        value = getattr(queue, name)
        if not math.isfinite(value) or not 0 <= value <= MOST:
            yield name, f"{value} does not do; it goes from 0 to {MOST}"
    if not math.isfinite(queue.value_weight) or abs(queue.value_weight) > _MOST_WEIGHT:
        yield (
            "value_weight",
            f"{queue.value_weight} does not do; it goes from -{_MOST_WEIGHT} to {_MOST_WEIGHT}",
        )
    if queue.ring_timeout_s < 1:
        yield "ring_timeout_s", "an agent needs at least 1 second to answer"
    if not is_timezone(queue.timezone):
        yield "timezone", f"there is no time zone “{queue.timezone[:60]}”; it looks like Europe/Berlin"
    if any(letter in queue.music for letter in "/\\\0"):
        yield "music", "the name of a sound in resources/sounds, without folder and ending"
    if queue.callback_after_s > 0 and queue.callback_digit not in _DIGITS:
        yield "callback_digit", f"“{queue.callback_digit[:20]}” is no key; it is one of 0 to 9, * and #"


def _of_onward(queue: Queue, known: Mapping[str, Queue]) -> Iterator[Fault]:
    for name in ONWARD:
        target = getattr(queue, name)
        if not target or target in STARS:
            continue
        if target.startswith("*"):
            yield name, f"“{target[:60]}” is none of {VOICEMAIL} and {CALLBACK}"
        elif target not in known:
            yield name, f"there is no queue “{target}” in this file"
        elif name != "overflow_to" and target == queue.key:
            yield name, f"callers of “{target}” are sent where they come from"
    circle = overflow_circle(queue.key, known)
    if circle:
        yield "overflow_to", f"callers would go round for ever: {' → '.join(circle)}"


def _of_hours(queue: Queue) -> Iterator[Fault]:
    for index, stretch in enumerate(queue.hours):
        where = f"hours[{index}]"
        if not stretch.days:
            yield f"{where}.days", "there is no day; name them, or leave the stretch out"
        for day in stretch.days:
            if day not in DAYS:
                yield f"{where}.days", f"“{day[:20]}” is no day; they are {', '.join(DAYS)}"
        yield from _of_clock(where, stretch.opens, stretch.closes)


def _of_holidays(queue: Queue) -> Iterator[Fault]:
    seen: set[tuple[int, int, int]] = set()
    for index, holiday in enumerate(queue.holidays):
        where = f"holidays[{index}]"
        day = day_of(holiday.day)
        if day is None:
            yield (
                f"{where}.day",
                f"“{holiday.day[:20]}” is no day; it looks like 2026-12-24, or 12-24 for every year",
            )
        elif day in seen:
            yield f"{where}.day", f"{holiday.day} stands there already"
        else:
            seen.add(day)
        if bool(holiday.opens) != bool(holiday.closes):
            yield f"{where}.opens", "give both opens and closes, or none of them for closed all day"
        elif holiday.opens:
            yield from _of_clock(where, holiday.opens, holiday.closes)


def _of_clock(where: str, opens: str, closes: str) -> Iterator[Fault]:
    if minute_of(opens) in {None, WHOLE_DAY}:
        yield f"{where}.opens", f"“{opens[:20]}” is no time of day; it looks like 08:30"
    if minute_of(closes) is None:
        yield f"{where}.closes", f"“{closes[:20]}” is no time of day; it looks like 18:00, or 24:00"


def _of_relaxing(queue: Queue) -> Iterator[Fault]:
    before = 0.0
    for index, step in enumerate(queue.relax):
        where = f"relax[{index}]"
        if not math.isfinite(step.after_s) or not before < step.after_s <= MOST:
            yield f"{where}.after_s", f"{step.after_s} does not do; each step comes later than the one before"
        else:
            before = step.after_s
        if step.skills is None and step.tier is None:
            yield where, "it changes nothing; give it skills or tier"
        if step.tier is not None and not 0 <= step.tier <= MOST:
            yield f"{where}.tier", f"{step.tier} is no tier; it is 1 or more, or 0 for all"


def _of_numbers(where: str, queue: Queue, known: Mapping[str, Queue], led: dict[str, str]) -> Iterator[Fault]:
    for number in queue.numbers:
        other = led.setdefault(number, queue.key)
        if number in known and number != queue.key:
            other = number
        if other != queue.key:
            yield f"{where}.numbers", f"“{number}” leads to the queue “{other}” already"


def _of_agents(agents: Sequence[Agent], known: Mapping[str, Queue]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, agent in enumerate(agents):
        if agent.key in seen:
            yield f"agents[{index}].key", f"there is an agent “{agent.key}” already"
        seen.add(agent.key)
        for name, queues in (("queues", agent.queues), ("tiers", agent.tiers), ("weights", agent.weights)):
            for queue in queues:
                if queue not in known:
                    yield f"agents[{index}].{name}", f"there is no queue “{queue}” in this file"


def _of_customers(customers: Sequence[tuple[str, str]], agents: set[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, (number, agent) in enumerate(customers):
        where = f"routing.customers[{index}]"
        if not number or number in seen:
            yield f"{where}.number", f"“{number}” is empty or there already"
        seen.add(number)
        if agent and agent not in agents:
            yield f"{where}.agent", f"there is no agent “{agent}” in this file"
