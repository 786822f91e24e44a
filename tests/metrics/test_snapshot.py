"""The fold, one definition at a time."""

from datetime import datetime, timedelta

import pytest

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent, AgentState
from console.domain.figures import ABANDONED_KEPT, AgentFigures, Counts, QueueFigures
from console.domain.queue import Queue, ServiceLevelFormula
from console.wire import BoardSnapshot, decode_centre_frame, encode_frame
from tests.metrics.story import START, Story

A = Queue(key="a", threshold_s=20, short_abandon_s=5)
B = Queue(key="b", threshold_s=10, short_abandon_s=5)


def _rows(story: Story, second: float = 0) -> tuple[dict[str, QueueFigures], QueueFigures]:
    board = story.fold().snapshot(story.at(second))
    assert board.total is not None
    return {row.queue.key: row for row in board.queues}, board.total


def _agent(story: Story, key: str) -> AgentFigures:
    (row,) = [row for row in story.fold().snapshot(START).agents if row.agent == key]
    return row


def test_a_board_goes_over_the_wire_and_is_the_same_there() -> None:
    board = Story(A, B).queued(0, "x", "a").answered(5, "x", "ada", "a").fold().snapshot(START)
    assert board.total is not None
    assert decode_centre_frame(encode_frame(BoardSnapshot(snapshot=board))) == BoardSnapshot(snapshot=board)


# ---------------------------------------------------------------- counting


@pytest.mark.parametrize(("waited", "in_time"), [(0, 1), (19.999, 1), (20, 1), (20.001, 0)])
def test_the_threshold_is_inclusive(waited: float, in_time: int) -> None:
    rows, total = _rows(Story(A).queued(0, "x", "a").answered(waited, "x", "ada", "a"))
    assert rows["a"].counts.answered_in_time == total.counts.answered_in_time == in_time
    assert rows["a"].counts.wait_answered_s == waited


@pytest.mark.parametrize(("waited", "short", "in_time"), [(4.999, 1, 1), (5, 0, 1), (20, 0, 1), (21, 0, 0)])
def test_an_abandon_is_short_under_its_limit(waited: float, short: int, in_time: int) -> None:
    rows, total = _rows(Story(A).queued(0, "x", "a").ended(waited, "x"))
    counts = rows["a"].counts
    assert (counts.abandoned, counts.short_abandoned, counts.abandoned_in_time) == (1, short, in_time)
    assert total.counts == counts


def test_a_customer_who_leaves_while_it_rings_abandons() -> None:
    story = Story(A).queued(0, "x", "a").offered(3, "x", "ada", "a").ended(9, "x")
    rows, _ = _rows(story)
    assert (rows["a"].counts.abandoned, rows["a"].waiting_since) == (1, ())


def test_lost_media_is_an_abandon_and_an_end_by_the_centre_flows_out() -> None:
    story = Story(A).queued(0, "x", "a").queued(0, "y", "a")
    story.ended(9, "x", ev.EndedBy.CENTRE, "media lost").ended(9, "y", ev.EndedBy.CENTRE, "centre restarted")
    rows, total = _rows(story)
    for counts in (rows["a"].counts, total.counts):
        assert (counts.offered, counts.abandoned, counts.flowed_out) == (2, 1, 1)


def test_what_ends_before_any_queue_counts_nowhere() -> None:
    story = Story(A).tell(0, ev.InteractionArrived, "x", customer=Address("sip:1@x"), called="nowhere")
    story.tell(0, ev.InteractionRefused, "x", reason="no such queue").ended(1, "x", ev.EndedBy.CENTRE)
    rows, total = _rows(story)
    assert rows["a"].counts == Counts()
    assert total.counts == Counts(refused=1)


def test_overflow_flows_out_of_the_first_queue_and_keeps_the_wait() -> None:
    story = Story(A, B).queued(0, "x", "a").left(30, "x", "a", ev.LeaveReason.OVERFLOW)
    story.queued(30, "x", "b", reason="overflow", since=0).answered(35, "x", "ada", "b")
    rows, total = _rows(story)
    assert (rows["a"].counts.offered, rows["a"].counts.flowed_out, rows["a"].counts.answered) == (1, 1, 0)
    assert (rows["b"].counts.offered, rows["b"].counts.answered, rows["b"].counts.wait_answered_s) == (
        1,
        1,
        35.0,
    )
    assert (total.counts.offered, total.counts.flowed_out, total.counts.answered) == (1, 0, 1)


def test_a_time_out_flows_out_for_good() -> None:
    story = Story(A).queued(0, "x", "a").left(30, "x", "a", ev.LeaveReason.TIMEOUT).ended(33, "x")
    rows, total = _rows(story)
    for row in (rows["a"], total):
        assert (row.counts.offered, row.counts.flowed_out, row.counts.abandoned, row.waiting_since) == (
            1,
            1,
            0,
            (),
        )


def test_a_transfer_is_offered_again_there_and_once_in_the_total() -> None:
    story = Story(A, B).queued(0, "x", "a").answered(4, "x", "ada", "a")
    story.tell(64, ev.InteractionTransferred, "x", agent="ada", target="b")
    story.queued(64, "x", "b", reason="transfer").ended(70, "x")
    rows, total = _rows(story)
    assert (rows["a"].counts.answered, rows["a"].counts.transferred_out, rows["a"].counts.talk_s) == (
        1,
        1,
        60.0,
    )
    b = rows["b"].counts
    assert (b.offered, b.transferred_in, b.abandoned, b.abandoned_in_time) == (1, 1, 1, 1)
    counts = total.counts
    assert (counts.offered, counts.answered, counts.abandoned) == (1, 1, 0)
    assert (counts.transferred_in, counts.transferred_out) == (1, 1)


def test_talk_hold_and_wrap_up_stand_apart() -> None:
    story = Story(A).agent(0, "ada").queued(0, "x", "a").answered(10, "x", "ada", "a")
    story.tell(20, ev.InteractionHeld, "x", agent="ada").tell(21, ev.InteractionHeld, "x", agent="ada")
    story.tell(25, ev.InteractionResumed, "x", agent="ada").ended(40, "x")
    story.tell(40, ev.WrapUpStarted, "x", agent="ada", queue="a", limit_s=30.0)
    story.tell(47, ev.WrapUpEnded, "x", agent="ada")
    rows, _ = _rows(story)
    counts = rows["a"].counts
    assert (counts.talk_s, counts.hold_s, counts.wrap_up_s) == (25.0, 5.0, 7.0)
    assert rows["a"].aht_s == 37.0


def test_requeued_counts_offers_not_taken_but_no_withdrawn_ones() -> None:
    story = Story(A).queued(0, "x", "a").offered(1, "x", "ada", "a")
    story.not_taken(2, "x", "ada", ev.OfferEndReason.NO_ANSWER).offered(3, "x", "bob", "a").ended(4, "x")
    story.not_taken(4, "x", "bob", ev.OfferEndReason.WITHDRAWN)
    rows, total = _rows(story)
    assert rows["a"].counts.requeued == total.counts.requeued == 1


def test_a_changed_threshold_holds_from_then_on() -> None:
    story = Story(A).queued(0, "x", "a").answered(15, "x", "ada", "a").queued(20, "y", "a")
    story.tell(30, ev.QueueConfigured, queue=Queue(key="a", threshold_s=5)).answered(35, "y", "bob", "a")
    rows, _ = _rows(story)
    assert (rows["a"].counts.answered, rows["a"].counts.answered_in_time) == (2, 1)
    assert rows["a"].service_level.threshold_s == 5


def test_an_answer_after_the_end_of_its_offer_counts_once() -> None:
    story = Story(A).queued(0, "x", "a").offered(1, "x", "ada", "a")
    story.not_taken(21, "x", "ada", ev.OfferEndReason.NO_ANSWER).answered(21.1, "x", "ada", "a").ended(
        60, "x"
    )
    story.answered(61, "x", "ada", "a")
    rows, _ = _rows(story)
    assert (rows["a"].counts.answered, rows["a"].counts.abandoned) == (1, 0)


# ---------------------------------------------------------------- now


def test_who_waits_is_shown_oldest_first_offered_ones_too() -> None:
    story = (
        Story(A, B)
        .queued(3, "y", "a", since=1)
        .queued(4, "x", "a")
        .offered(5, "y", "ada", "a")
        .queued(6, "z", "b")
    )
    rows, total = _rows(story)
    assert rows["a"].waiting_since == (story.at(1), story.at(4))
    assert total.waiting_since == (story.at(1), story.at(4), story.at(6))


def test_an_agent_counts_in_each_queue_and_once_in_the_total() -> None:
    story = Story(A, B)
    for key, queues in (("ada", ("a", "b")), ("bob", ("b",)), ("off", ("a",)), ("none", ())):
        story.tell(0, ev.AgentConfigured, agent=Agent(key=key, queues=queues))
    for key in ("ada", "bob", "none"):
        story.agent(1, key)
    story.tell(2, ev.AgentPaused, agent="bob", reason="Lunch")
    rows, total = _rows(story)
    assert rows["a"].agents == {AgentState.READY: 1}
    assert rows["b"].agents == {AgentState.READY: 1, AgentState.PAUSED: 1}
    assert total.agents == {AgentState.READY: 2, AgentState.PAUSED: 1}


def test_an_agents_row_says_what_and_since_when() -> None:
    story = Story(A).tell(0, ev.AgentConfigured, agent=Agent(key="ada", name="Ada L.", queues=("a",)))
    story.agent(5, "ada")
    row = _agent(story, "ada")
    assert (row.state, row.idle_since, row.since, row.linked) == (
        AgentState.READY,
        story.at(5),
        story.at(5),
        True,
    )
    story.queued(6, "x", "a").offered(7, "x", "ada", "a")
    assert (_agent(story, "ada").state, _agent(story, "ada").idle_since) == (AgentState.OFFERED, None)
    story.answered(8, "x", "ada", "a")
    row = _agent(story, "ada")
    assert (row.state, row.queue, row.customer, row.answered) == (AgentState.ON_CONTACT, "a", "Anna", 1)
    story.ended(20, "x").tell(20, ev.WrapUpStarted, "x", agent="ada", queue="a", limit_s=30.0)
    row = _agent(story, "ada")
    assert (row.state, row.queue, row.customer) == (AgentState.WRAP_UP, "a", "Anna")
    assert row.wrap_up_until == story.at(50)
    story.tell(30, ev.AgentPaused, agent="ada", reason="Lunch").tell(31, ev.WrapUpEnded, "x", agent="ada")
    row = _agent(story, "ada")
    assert (row.state, row.reason, row.since) == (AgentState.PAUSED, "Lunch", story.at(31))
    story.tell(40, ev.AgentPaused, agent="ada", reason="Break").tell(41, ev.DeskLost, agent="ada", grace_s=30)
    row = _agent(story, "ada")
    assert (row.reason, row.since, row.linked) == ("Break", story.at(40), False)


# ---------------------------------------------------------------- days and intervals


def test_each_queue_begins_its_day_at_its_own_midnight() -> None:
    start = datetime.fromisoformat("2026-11-23T22:30:00+00:00")
    berlin = Queue(key="berlin", timezone="Europe/Berlin")  # midnight is 23:00 UTC
    story = Story(berlin, Queue(key="utc"), start=start)
    for name, queue in (("x", "berlin"), ("y", "utc")):
        story.queued(0, name, queue).ended(9, name)
    rows, total = _rows(story, 1799)
    assert [rows[key].counts.abandoned for key in ("berlin", "utc")] == [1, 1]
    assert (rows["berlin"].day, total.queue.timezone) == ("2026-11-23", "UTC")
    rows, total = _rows(story, 1800)
    assert (rows["berlin"].day, rows["berlin"].counts.offered) == ("2026-11-24", 0)
    assert rows["utc"].counts.offered == 1
    board = story.fold().snapshot(story.at(1800))
    assert [caller.queue for caller in board.abandoned] == ["utc"]
    assert {interval.queue for interval in board.intervals} == {"utc", ""}


def test_a_fact_of_yesterday_that_comes_late_counts_no_more_but_is_no_longer_waiting() -> None:
    start = datetime.fromisoformat("2026-11-23T23:59:50+00:00")
    story = Story(A, start=start).queued(0, "x", "a").queued(12, "y", "a").ended(9, "x")
    rows, _ = _rows(story, 12)
    assert (rows["a"].counts.offered, rows["a"].counts.abandoned) == (1, 0)
    assert rows["a"].waiting_since == (story.at(12),)
    rows, _ = _rows(story, 0)
    assert (rows["a"].counts.offered, rows["a"].counts.abandoned) == (1, 1)  # yesterday has it


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Africa/Cairo", "2026-04-24", 23),  # the hour from midnight on is the one left out
        ("Asia/Kathmandu", "2026-11-23", 24),
        ("No/Such_Zone", "2026-11-23", 24),
    ],
)
def test_days_are_as_long_as_the_clocks_make_them(zone: str, day: str, hours: int) -> None:
    story = Story(Queue(key="q", timezone=zone), start=datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    found = story.fold().books.queues["q"].day
    assert (found.name, found.end - found.start) == (day, timedelta(hours=hours))


def test_intervals_hold_their_own_counts_and_the_most_who_waited() -> None:
    story = Story(A).queued(0, "x", "a").queued(1, "y", "a").answered(2, "x", "ada", "a").ended(901, "y")
    board = story.fold().snapshot(story.at(1000))
    mine = [interval for interval in board.intervals if interval.queue == "a"]
    assert [interval.start for interval in mine] == [story.at(0), story.at(900)]
    assert [interval.waiting_max for interval in mine] == [2, 1]
    assert [interval.counts.answered for interval in mine] == [1, 0]
    assert [interval.service_level for interval in mine] == [1.0, 0.0]


def test_an_interval_keeps_the_formula_it_was_counted_by() -> None:
    story = Story(A).queued(0, "x", "a").ended(6, "x")
    changed = Queue(key="a", formula=ServiceLevelFormula.IN_TIME_OF_ALL)
    story.tell(1000, ev.QueueConfigured, queue=changed).queued(1001, "y", "a").ended(1010, "y")
    board = story.fold().snapshot(story.at(1100))
    assert [i.service_level for i in board.intervals if i.queue == "a"] == [0.0, 1.0]


def test_the_newest_abandoned_callers_are_kept() -> None:
    story = Story(A)
    for number in range(ABANDONED_KEPT + 20):
        story.queued(number, str(number), "a").ended(number + 0.5, str(number))
    callers = story.fold().snapshot(story.at(9999)).abandoned
    assert len(callers) == ABANDONED_KEPT
    assert (callers[0].at, callers[-1].at) == (story.at(20.5), story.at(ABANDONED_KEPT + 19.5))
    assert (callers[0].customer, callers[0].name, callers[0].waited_s, callers[0].short) == (
        "1",
        "Anna",
        0.5,
        True,
    )


# ---------------------------------------------------------------- all together


def test_the_total_shows_what_the_queues_agree_on() -> None:
    _, total = _rows(Story(A, Queue(key="b", threshold_s=20, timezone="Europe/Berlin")))
    assert (total.queue.threshold_s, total.queue.timezone) == (20, "UTC")
    _, total = _rows(Story(A, B))
    assert total.queue.threshold_s == 0
    _, total = _rows(Story(Queue(key="b", timezone="Europe/Berlin")))
    assert total.queue.timezone == "Europe/Berlin"


def test_a_removed_queue_goes_and_what_was_in_it_stays_in_the_total() -> None:
    story = Story(A, B).queued(0, "x", "a").tell(1, ev.QueueRemoved, queue="a").ended(2, "x")
    rows, total = _rows(story)
    assert list(rows) == ["b"]
    assert (total.counts.offered, total.counts.abandoned, total.waiting_since) == (1, 1, ())


def test_nothing_is_nothing() -> None:
    board = Story().fold().snapshot(START)
    assert (board.queues, board.agents, board.total, board.sequence) == ((), (), None, 0)
