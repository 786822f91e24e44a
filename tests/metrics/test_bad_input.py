"""Facts doubled, swapped, from the future or with another zone's time: the rule holds and no figure bends."""

from datetime import timedelta, timezone

import msgspec
import pytest

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.domain.queue import Queue
from console.metrics.increments import Dimension
from console.metrics.snapshot import Fold
from tests.metrics.rich import rich_history


def _counts(events: list[ev.LedgerEvent]) -> dict[str, object]:
    fold = Fold()
    for sequence, event in enumerate(events, start=1):
        fold.apply(event, sequence)
    now = max(event.at for event in events) + timedelta(seconds=1)
    return {
        f"{dimension} {key}": fold.reading(dimension, key, now).counts
        for dimension in Dimension
        for key in fold.keys(dimension)
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_facts_that_come_twice_count_once(seed: int) -> None:
    events = rich_history(seed, calls=120)
    doubled = [event for event in events for _ in range(2)]
    assert _counts(doubled) == _counts(events)


@pytest.mark.parametrize("hours", [-11, 2, 14])
def test_a_time_in_another_zone_is_the_same_moment(hours: int) -> None:
    events = rich_history(5, calls=80)
    zone = timezone(timedelta(hours=hours))
    elsewhere = [msgspec.structs.replace(event, at=event.at.astimezone(zone)) for event in events]
    assert _counts(elsewhere) == _counts(events)


def test_an_agent_who_signs_in_twice_is_one_agent() -> None:
    clock = StoppedClock(rich_history(1, calls=1)[0].at)
    fold = Fold()

    def tell(kind: type, **fields: object) -> None:
        fold.apply(kind(id=clock.new_id(), at=clock.now(), **fields), fold.sequence + 1)

    tell(ev.QueueConfigured, queue=Queue(key="q"))
    tell(ev.AgentConfigured, agent=Agent(key="ada", queues=("q",)))
    for desk in ("one", "two"):
        tell(ev.AgentSignedIn, agent="ada", contact=f"sip:{desk}@x", session=clock.new_id())
        tell(ev.AgentBecameReady, agent="ada")
        clock.move(60)
    board = fold.snapshot(clock.now())
    assert board.total is not None
    assert board.total.agents == {AgentState.READY: 1}
    assert board.queues[0].agents == {AgentState.READY: 1}
    counts = fold.reading(Dimension.AGENT, "ada", clock.now()).counts
    assert counts.in_ready_s + counts.in_paused_s == 120
