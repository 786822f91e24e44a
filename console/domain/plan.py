"""Do the queues and agents of a settings file fit together? Pure: what is wrong is named by its option.

What a single value may be is said where it is declared; here is what only the whole can tell: a queue that
flows over to nowhere or in a circle, a number that leads to two queues, an agent of a queue that is none.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from console.domain.agent import Agent
from console.domain.queue import Queue

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
)
"""A queue's options that go from 0 to MOST."""

Fault = tuple[str, str]
"""The dotted option, and what is wrong with it."""


def faults_of(queues: Sequence[Queue], agents: Sequence[Agent]) -> Iterator[Fault]:
    """What is wrong, in the order of the file."""
    known = {queue.key: queue for queue in queues}
    led: dict[str, str] = {}
    seen: set[str] = set()
    for index, queue in enumerate(queues):
        where = f"queues[{index}]"
        if queue.key in seen:
            yield f"{where}.key", f"there is a queue “{queue.key}” already; each has a key of its own"
            continue
        seen.add(queue.key)
        yield from _of_values(where, queue)
        yield from _of_overflow(where, queue, known)
        yield from _of_numbers(where, queue, known, led)
    yield from _of_agents(agents, known)


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


def _of_values(where: str, queue: Queue) -> Iterator[Fault]:
    for name in AMOUNTS:
        value = getattr(queue, name)
        if not math.isfinite(value) or not 0 <= value <= MOST:
            yield f"{where}.{name}", f"{value} does not do; it goes from 0 to {MOST}"
    if queue.ring_timeout_s < 1:
        yield f"{where}.ring_timeout_s", "an agent needs at least 1 second to answer"
    if not is_timezone(queue.timezone):
        yield (
            f"{where}.timezone",
            f"there is no time zone “{queue.timezone[:60]}”; it looks like Europe/Berlin",
        )
    if any(letter in queue.music for letter in "/\\\0"):
        yield f"{where}.music", "the name of a sound in resources/sounds, without folder and ending"


def _of_overflow(where: str, queue: Queue, known: Mapping[str, Queue]) -> Iterator[Fault]:
    if not queue.overflow_to:
        return
    if queue.overflow_to not in known:
        yield f"{where}.overflow_to", f"there is no queue “{queue.overflow_to}” in this file"
        return
    circle = overflow_circle(queue.key, known)
    if circle:
        yield f"{where}.overflow_to", f"callers would go round for ever: {' → '.join(circle)}"


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
        for queue in agent.queues:
            if queue not in known:
                yield f"agents[{index}].queues", f"there is no queue “{queue}” in this file"
