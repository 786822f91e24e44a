"""Time that is not as it should be: late facts, early ones, days of 23 and 25 hours, other zones."""

from datetime import datetime, timedelta

import pytest

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.queue import Queue, ServiceLevelFormula
from console.metrics.board import Board
from console.metrics.increments import Dimension, merge_increments
from console.metrics.snapshot import Fold
from tests.metrics.story import Story

A = Queue(key="a", threshold_s=20, short_abandon_s=5)
DAY_S = 86_400


def _fold(story: Story) -> Fold:
    fold = Fold(keep_increments=True)
    for sequence, event in enumerate(story.events, start=1):
        fold.apply(event, sequence)
    return fold


def _today(fold: Fold, key: str, now: datetime) -> int:
    return fold.today(Dimension.QUEUE, key, now).n["abandoned"]


def test_a_fact_from_the_future_moves_no_day() -> None:
    story = Story(A, Queue(key="b")).queued(0, "x", "a").ended(9, "x")
    story.queued(2 * DAY_S, "y", "b").ended(2 * DAY_S + 9, "y")
    story.queued(100, "z", "a").ended(120, "z")
    fold = _fold(story)
    now = story.at(200)
    board = fold.snapshot(now)
    assert [(row.queue.key, row.counts.abandoned) for row in board.queues] == [("a", 2), ("b", 0)]
    assert fold.window(Dimension.QUEUE, "a", 15, now).n["abandoned"] == 2
    assert fold.window(Dimension.CENTRE, "", 60, now).n["abandoned"] == 2
    later = fold.snapshot(story.at(2 * DAY_S + 60))
    assert [row.counts.abandoned for row in later.queues] == [0, 1], "its day has come"
    assert _today(fold, "a", now) == 2


def test_one_wrong_time_does_not_take_an_agents_day() -> None:
    story = Story(A).agent(0, "ada")
    story.tell(400 * DAY_S, ev.AgentPaused, agent="ada", reason="Lunch")
    story.tell(60, ev.AgentBecameReady, agent="ada").tell(160, ev.AgentPaused, agent="ada", reason="Lunch")
    fold = _fold(story)
    assert len(fold.take_increments()) < 31 * 24 * 4 * 4, "a spell of a year is a wrong time"
    spent = fold.today(Dimension.AGENT, "ada", story.at(200))
    assert spent.n["in_paused_us"] == 40_000_000
    assert spent.pauses == {"Lunch": 40_000_000}


def test_late_facts_count_in_their_own_interval_and_add_to_what_is_stored() -> None:
    story = Story(A).queued(0, "x", "a").queued(1, "y", "a").ended(10, "x").queued(2000, "z", "a")
    fold = _fold(story)
    first = fold.take_increments()
    late = Story(A)
    late.names = story.names
    late.ended(50, "y")
    fold.apply(late.events[-1], len(story.events) + 1)
    second = fold.take_increments()
    assert {increment.start for increment in second} == {story.start}
    cell = (story.start, Dimension.QUEUE, "a")
    assert merge_increments(first)[cell].n["abandoned"] == 1
    assert merge_increments([*second, *first])[cell].n["abandoned"] == 2


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_of_another_length_counts_all_its_hours_and_no_more(day: str, hours: int) -> None:
    midnight = datetime.fromisoformat(f"{day}T00:00:00+00:00") - timedelta(hours=1 if hours == 23 else 2)
    story = Story(Queue(key="a", timezone="Europe/Berlin"), start=midnight)
    for hour in range(-1, hours + 1):
        story.queued(hour * 3600 + 60, str(hour), "a").ended(hour * 3600 + 70, str(hour))
    fold = _fold(story)
    board = fold.snapshot(story.at(hours * 3600 - 1))
    assert board.queues[0].counts.abandoned == hours
    assert len({interval.start for interval in board.intervals if interval.queue == "a"}) == hours
    assert _today(fold, "a", story.at(hours * 3600)) == 1


def test_another_time_zone_cuts_the_day_anew() -> None:
    story = Story(A, start=datetime.fromisoformat("2026-11-23T22:00:00+00:00"))
    story.queued(0, "x", "a").ended(9, "x")  # 23:00 in Berlin
    story.queued(4000, "y", "a").ended(4009, "y")  # 00:06 the next day there
    clock = StoppedClock(story.at(4100))
    board = Board(clock)
    for sequence, event in enumerate(story.events, start=1):
        board.apply(event, sequence)
    assert board.snapshot().queues[0].counts.abandoned == 2
    board.take_delta()
    berlin = Story(start=story.start)
    berlin.tell(4100, ev.QueueConfigured, queue=Queue(key="a", timezone="Europe/Berlin"))
    board.apply(berlin.events[0], 100)
    shown = board.snapshot()
    assert (shown.queues[0].counts.abandoned, shown.queues[0].day) == (1, "2026-11-24")
    delta = board.take_delta()
    assert delta is not None
    assert "a" in delta.new_day
    assert [caller.at for caller in delta.abandoned] == [story.at(4009)]


def test_a_formula_applies_from_its_moment_in_what_is_stored_too() -> None:
    story = Story(A).queued(0, "x", "a").ended(6, "x")
    story.tell(10, ev.QueueConfigured, queue=Queue(key="a", formula=ServiceLevelFormula.IN_TIME_OF_ALL))
    story.queued(20, "y", "a").ended(26, "y")
    fold = _fold(story)
    tally = merge_increments(fold.take_increments())[story.start, Dimension.QUEUE, "a"]
    assert (tally.n["level_met"], tally.n["level_of"]) == (1, 2)
    assert fold.snapshot(story.at(30)).queues[0].service_level.value == 0.5


def test_seconds_of_a_state_lie_in_their_own_minutes() -> None:
    story = Story(A).agent(0, "ada").tell(3000, ev.AgentPaused, agent="ada", reason="Lunch")
    fold = _fold(story)
    window = fold.window(Dimension.AGENT, "ada", 15, story.at(3000))
    assert window.n["in_ready_us"] == (3000 - 36 * 60) * 1_000_000, (
        "the minutes 36 to 49, and none of the one begun"
    )
