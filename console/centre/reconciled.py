"""What an Asterisk counts of its queues itself, beside our figures of the same queues and time.

Its counters are no figures of a day: they begin with its process, averages move with each call, and a caller
whose time ran out counts as abandoned. So both are shown, with what makes them differ.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from console.domain.counters import Beside, QueueCounters
from console.domain.figures import Theirs
from console.domain.queue import Queue
from console.metrics.catalogue import CATALOGUE
from console.metrics.increments import Increment, merge_increments
from console.metrics.intervals import interval_start
from console.metrics.reading import Reading, reading_of
from console.metrics.tally import Tally
from console.switch.ami_events import Counters

LONGEST = timedelta(days=366)
"""Ours are looked up so far back at most."""

_STARTED = "%Y-%m-%d %H:%M:%S"
_AVERAGE = (
    "Asterisk's is a moving average in whole seconds in which each call counts for a quarter; ours is the "
    "mean of all."
)


def since_start(said: str, now: datetime) -> datetime:
    """The quarter hour in which Asterisk started, by its own words, which are in the time zone of its
    machine: taken for the one here. Today's beginning (UTC) when they are none.
    """
    try:
        at = datetime.strptime(said, _STARTED).astimezone(now.tzinfo)
    except ValueError:
        at = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return interval_start(max(min(at, now), now - LONGEST))


def beside(
    theirs: Iterable[Counters],
    ours: Iterable[Increment],
    queues: Mapping[str, Queue],
    keys: Mapping[str, str],
    since: datetime,
) -> list[QueueCounters]:
    """Both, by queue. `keys` are our keys by Asterisk's names, `ours` the increments by queue `since`."""
    tallies: dict[str, Tally] = {}
    for (_, _, key), tally in merge_increments(ours).items():
        tallies.setdefault(key, Tally()).merge(tally)
    found = []
    for one in theirs:
        key = keys.get(one.queue, one.queue)
        queue = queues.get(key, Queue(key=key))
        reading = reading_of(tallies.get(key, Tally()))
        found.append(
            QueueCounters(
                queue=key, name=queue.shown, since=since, counters=tuple(_rows(one, reading, queue))
            )
        )
    return found


def figures_of(theirs: Counters, keys: Mapping[str, str], since: datetime) -> Theirs:
    """What the board shows of a queue's."""
    return Theirs(
        queue=keys.get(theirs.queue, theirs.queue),
        since=since,
        completed=theirs.completed,
        abandoned=theirs.abandoned,
        in_time_of_answered=theirs.in_time_of_answered,
        in_time_of_all=theirs.in_time_of_all,
        hold_s=theirs.hold_s,
        talk_s=theirs.talk_s,
    )


def words(found: Iterable[QueueCounters]) -> Iterable[str]:
    """For a person, line by line."""
    for queue in found:
        yield f"{queue.name}: Asterisk's own counters, and ours since {queue.since.isoformat()}"
        for one in queue.counters:
            ours = "-" if one.ours is None else f"{one.ours:g}"
            yield f"  {one.name}: Asterisk {one.theirs:g}, here {ours} ({one.unit})"
            yield f"    {one.why}"


def _rows(theirs: Counters, reading: Reading, queue: Queue) -> Iterable[Beside]:
    counts = reading.counts
    gone = counts.abandoned + counts.flowed_out
    limit = (
        ""
        if theirs.service_level_s == queue.threshold_s
        else f" Within {theirs.service_level_s} s there, {queue.threshold_s:g} s here."
    )
    yield Beside(
        key="completed", name="Answered", unit="calls", theirs=theirs.completed, ours=counts.answered,
        why="Asterisk counts a call once it is over and was not passed on, we count it when it is answered.",
    )  # fmt: skip
    yield Beside(
        key="abandoned", name="Abandoned", unit="calls", theirs=theirs.abandoned, ours=counts.abandoned,
        why=f"Asterisk counts who left by a time-out or an empty queue too: here those flowed out, "
        f"{counts.flowed_out} of them, {gone} with the abandoned.",
    )  # fmt: skip
    yield Beside(
        key="hold", name="Wait", unit="seconds", theirs=theirs.hold_s, ours=_value("asa_s", reading),
        why=f"{_AVERAGE} It is moved when a call is answered.",
    )  # fmt: skip
    yield Beside(
        key="talk", name="Talk", unit="seconds", theirs=theirs.talk_s, ours=_value("att_s", reading),
        why=f"{_AVERAGE} Asterisk's holds the time on hold too.",
    )  # fmt: skip
    yield Beside(
        key="service_level", name="Service level of the answered", unit="percent",
        theirs=theirs.in_time_of_answered,
        ours=_value("level_answered_in_time_of_answered", reading, 100),
        why=f"Answered in time / answered.{limit}",
    )  # fmt: skip
    yield Beside(
        key="service_level_of_all", name="Service level of all", unit="percent",
        theirs=theirs.in_time_of_all, ours=_value("level_in_time_of_all", reading, 100),
        why="(Answered in time + abandoned in time) / (answered + abandoned); who is abandoned differs as "
        f"above.{limit}",
    )  # fmt: skip


def _value(key: str, reading: Reading, times: float = 1) -> float | None:
    value = CATALOGUE[key].value(reading)
    return None if value is None else round(value * times, 2)
