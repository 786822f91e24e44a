"""What simulated customers and agents do, seen in the facts that they and the real router bring about."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from console.domain import events as ev
from console.domain.queue import OpenHours, Queue, Strategy
from console.simulator.course import Course
from console.simulator.scenario import Arrivals, Break, Group, Scenario
from console.simulator.spread import Kind, Spread
from tests.simulator.centres import AT_ONCE, bare_queue, exponential

NEVER = Spread(kind=Kind.NEVER)


def _constant(seconds: float) -> Spread:
    return Spread(kind=Kind.CONSTANT, mean_s=seconds)


def _scenario(
    *queues: Queue, groups: tuple[Group, ...] = (), arrivals: tuple[Arrivals, ...] = (), **more: Any
) -> Scenario:
    """Ten agents of all queues who answer at once; sixty customers an hour who talk five minutes."""
    group = Group(key="a", count=10, queues=tuple(queue.key for queue in queues), answer=AT_ONCE)
    stream = Arrivals(queue=queues[0].key, per_hour=60, talk=exponential(300))
    made = Scenario(queues=queues, agents=groups or (group,), arrivals=arrivals or (stream,), **more)
    assert list(made.faults()) == []
    return made


def _facts(scenario: Scenario, replication: int = 0) -> tuple[Course, list[ev.LedgerEvent]]:
    """A run, and all its facts in ledger order; its books balance."""
    course = Course(scenario, replication)
    facts: list[ev.LedgerEvent] = []
    apply = course.engine.fold.apply

    def heard(fact: ev.LedgerEvent, sequence: int) -> None:
        facts.append(fact)
        assert sequence == len(facts) + len(scenario.queues)
        apply(fact, sequence)

    course.engine.fold.apply = heard  # type: ignore[method-assign]
    course.go()
    assert course.engine.router.late_facts == 0
    ends = [fact for fact in facts if isinstance(fact, ev.InteractionEnded)]
    begins = [fact for fact in facts if isinstance(fact, ev.InteractionArrived | ev.CallbackRequested)]
    assert len(begins) == len(ends) + course.unfinished
    assert [fact.at for fact in facts] == sorted(fact.at for fact in facts)
    return course, facts


def _of(facts: list[ev.LedgerEvent], kind: type) -> list[Any]:
    return [fact for fact in facts if type(fact) is kind]


def _names(facts: list[ev.LedgerEvent]) -> Counter[str]:
    return Counter(type(fact).__name__ for fact in facts)


def test_the_same_seed_gives_the_same_facts_and_another_seed_others() -> None:
    queue = bare_queue("q")
    first, second = (_facts(_scenario(queue))[1] for _ in range(2))
    encoded = [[msgspec.json.encode(fact) for fact in facts] for facts in (first, second)]
    assert encoded[0] == encoded[1]
    other = _facts(_scenario(queue), replication=1)[1]
    assert [fact.at for fact in other] != [fact.at for fact in first]
    ids = [fact.id for fact in first]
    assert len(set(map(str, ids))) == len(ids)
    assert {identity.version for identity in ids} == {7}


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_strategy_serves_everybody(strategy: Strategy) -> None:
    """And equals plain UUIDs' order of things: nothing decided depends on where an id lies in memory."""
    queue = msgspec.structs.replace(bare_queue("q"), strategy=strategy)
    made = [_facts(_scenario(queue, closes="10:00")) for _ in range(2)]
    (course, facts), (_, again) = made
    answered = len(_of(facts, ev.InteractionAnswered))
    assert answered == course.customers.arrived == course.reader.counts("q").answered > 60
    assert [msgspec.json.encode(fact) for fact in facts] == [msgspec.json.encode(fact) for fact in again]


def test_who_loses_patience_hangs_up_at_that_moment() -> None:
    stream = Arrivals(queue="q", per_hour=100, talk=exponential(600), patience=_constant(45))
    course, facts = _facts(_scenario(bare_queue("q"), arrivals=(stream,)))
    arrived = {fact.interaction: fact.at for fact in _of(facts, ev.InteractionArrived)}
    answered = {fact.interaction: fact.at for fact in _of(facts, ev.InteractionAnswered)}
    lost = [fact for fact in _of(facts, ev.InteractionEnded) if fact.interaction not in answered]
    assert len(lost) == course.reader.counts("q").abandoned > 100
    assert {fact.by for fact in lost} == {ev.EndedBy.CUSTOMER}
    assert {fact.at - arrived[fact.interaction] for fact in lost} == {timedelta(seconds=45)}
    assert max(at - arrived[which] for which, at in answered.items()) <= timedelta(seconds=45)


def test_an_agent_who_does_not_answer_stands_aside_and_comes_back() -> None:
    queue = msgspec.structs.replace(bare_queue("q"), ring_timeout_s=15.0)
    group = Group(key="a", count=10, queues=("q",), answer=_constant(4), misses=0.2, back_s=120)
    course, facts = _facts(_scenario(queue, groups=(group,)))
    offers = {fact.offer: fact for fact in _of(facts, ev.InteractionOffered)}
    missed = [fact for fact in _of(facts, ev.OfferEnded) if fact.reason is ev.OfferEndReason.NO_ANSWER]
    assert len(missed) / len(offers) == pytest.approx(0.2, abs=0.05)
    assert {fact.at - offers[fact.offer].at for fact in missed} == {timedelta(seconds=15)}
    answered = _of(facts, ev.InteractionAnswered)
    assert {fact.at - offers[fact.offer].at for fact in answered} == {timedelta(seconds=4)}
    away = {(fact.agent, fact.at) for fact in _of(facts, ev.AgentNotResponding)}
    ready = {(fact.agent, fact.at) for fact in _of(facts, ev.AgentBecameReady)}
    back = {(agent, at + timedelta(seconds=120)) for agent, at in away}
    assert len(back & ready) > 0.9 * len(away) > 0
    assert course.reader.counts("q").requeued == len(missed)


def test_wrap_up_ends_by_the_agent_or_by_the_queues_limit() -> None:
    queue = msgspec.structs.replace(bare_queue("q"), wrap_up_s=30.0)
    spread = Spread(kind=Kind.UNIFORM, least_s=0, most_s=60)
    group = Group(key="a", count=10, queues=("q",), answer=AT_ONCE, wrap_up=spread)
    course, facts = _facts(_scenario(queue, groups=(group,)))
    reasons = Counter(fact.reason for fact in _of(facts, ev.WrapUpEnded))
    assert set(reasons) == {"done", "limit"}
    assert reasons["done"] / reasons.total() == pytest.approx(0.5, abs=0.06)
    counts = course.reader.counts("q")
    assert counts.wrap_up_s / counts.answered == pytest.approx(
        22.5, rel=0.06
    )  # the mean of min(U(0, 60), 30)


def test_pauses_take_their_share_of_the_time() -> None:
    group = Group(key="a", count=10, queues=("q",), answer=AT_ONCE, shrinkage=0.2, pause_s=600)
    course, _ = _facts(_scenario(bare_queue("q"), groups=(group,), days=4))
    counts = course.reader.staff(list(course.staff.members))
    signed_in = counts.in_ready_s + counts.in_on_contact_s + counts.in_offered_s + counts.in_paused_s
    assert counts.in_paused_s / signed_in == pytest.approx(0.2, abs=0.02)
    assert set(counts.pauses) >= {"Break"}


def test_breaks_come_at_their_time_one_after_another_and_after_the_contact() -> None:
    pause = Break(at="12:00", minutes=30, within_minutes=90)
    group = Group(key="a", count=10, queues=("q",), answer=AT_ONCE, breaks=(pause,))
    course, facts = _facts(_scenario(bare_queue("q"), groups=(group,)))
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    paused = {fact.agent: fact.at for fact in _of(facts, ev.AgentPaused) if fact.reason == "Break"}
    assert paused == {f"a-{number + 1}": noon + timedelta(minutes=10 * number) for number in range(10)}
    counts = course.reader.staff(list(course.staff.members))
    assert counts.pauses["Break"] == pytest.approx(10 * 1800, abs=1.0)


def test_shifts_begin_and_end_and_nobody_is_cut_off() -> None:
    early = Group(key="early", count=5, queues=("q",), answer=AT_ONCE, begins="07:30", ends="13:00")
    late = Group(key="late", count=8, queues=("q",), answer=AT_ONCE, begins="12:30")
    course, facts = _facts(_scenario(bare_queue("q"), groups=(early, late), days=2))
    signed_in = {fact.at.strftime("%H:%M") for fact in _of(facts, ev.AgentSignedIn)}
    assert signed_in == {"07:30", "12:30"}
    outs = _of(facts, ev.AgentSignedOut)
    days = Counter((fact.agent.partition("-")[0], fact.at.day) for fact in outs)
    assert days == {("early", 5): 5, ("early", 6): 5, ("late", 5): 8}  # on the last day the run is over
    assert min(fact.at.time() for fact in outs if fact.agent.startswith("early")).hour == 13
    talks = _talks(facts)
    assert all(not begin < fact.at < end for fact in outs for begin, end in talks.get(fact.agent, []))
    assert course.unfinished == 0


def _talks(facts: list[ev.LedgerEvent]) -> dict[str, list[tuple[datetime, datetime]]]:
    ended = {fact.interaction: fact.at for fact in _of(facts, ev.InteractionEnded)}
    talks: dict[str, list[tuple[datetime, datetime]]] = {}
    for fact in _of(facts, ev.InteractionAnswered):
        talks.setdefault(fact.agent, []).append((fact.at, ended[fact.interaction]))
    return talks


def test_who_waits_too_long_flows_over_and_is_served_there() -> None:
    first = msgspec.structs.replace(bare_queue("first"), max_wait_s=20.0, overflow_to="second")
    few = Group(key="few", count=2, queues=("first",), answer=AT_ONCE)
    many = Group(key="many", count=20, queues=("second",), answer=AT_ONCE)
    course, facts = _facts(_scenario(first, bare_queue("second"), groups=(few, many)))
    left = _of(facts, ev.InteractionLeftQueue)
    assert {(fact.queue, fact.reason) for fact in left} == {("first", ev.LeaveReason.OVERFLOW)}
    over = course.reader.counts("second")
    assert over.offered == over.answered == len(left) == course.reader.counts("first").flowed_out > 50
    waits = course.customers.answers["second"].waits
    assert min(waits) == pytest.approx(20, abs=1e-3)


def test_who_comes_to_a_closed_or_full_queue_is_sent_away() -> None:
    weekdays = OpenHours(days=("mon", "tue", "wed", "thu", "fri"), opens="09:00", closes="17:00")
    queue = msgspec.structs.replace(bare_queue("q"), hours=(weekdays,), max_waiting=2)
    few = Group(key="few", count=2, queues=("q",), answer=AT_ONCE)
    course, facts = _facts(_scenario(queue, groups=(few,)))
    reasons = Counter(fact.reason for fact in _of(facts, ev.InteractionRefused))
    assert reasons["closed"] == pytest.approx(120, abs=35)  # 08 to 09 and 17 to 18
    assert reasons["full"] > 50
    ends = {fact.interaction: fact for fact in _of(facts, ev.InteractionEnded)}
    assert {ends[fact.interaction].by for fact in _of(facts, ev.InteractionRefused)} == {ev.EndedBy.CENTRE}
    counts = course.reader.counts("q")
    assert counts.refused == reasons.total()
    assert counts.answered + counts.refused == course.customers.arrived


def _calling_back(**changes: Any) -> tuple[Course, list[ev.LedgerEvent]]:
    queue = msgspec.structs.replace(bare_queue("q"), callback_after_s=10.0, callback_retry_s=60.0)
    stream = Arrivals(queue="q", per_hour=40, talk=exponential(300), patience=exponential(400))
    stream = msgspec.structs.replace(stream, callback_share=0.8, **changes)
    few = Group(key="few", count=3, queues=("q",), answer=AT_ONCE)
    return _facts(_scenario(queue, groups=(few,), arrivals=(stream,), closes="12:00"))


def test_who_asks_for_a_callback_is_called_back_when_the_turn_comes() -> None:
    course, facts = _calling_back()
    asked = _of(facts, ev.CallbackRequested)
    assert len(asked) > 20
    answered = {fact.interaction for fact in _of(facts, ev.InteractionAnswered)}
    assert {fact.callback for fact in asked} <= answered
    assert not {fact.interaction for fact in asked} & answered
    assert course.reader.counts("q").callbacks_done == len(asked)
    assert course.unfinished == 0


def test_who_is_not_reached_is_tried_again_and_given_up_in_the_end() -> None:
    course, facts = _calling_back(reached_share=0.0)
    asked = {fact.callback for fact in _of(facts, ev.CallbackRequested)}
    tries = Counter(fact.interaction for fact in _of(facts, ev.CustomerNotReached))
    assert set(tries) == asked
    assert set(tries.values()) == {3}  # callback_tries
    assert course.unfinished == 0


def test_who_is_sent_to_voicemail_leaves_a_message() -> None:
    queue = msgspec.structs.replace(bare_queue("q"), max_wait_s=30.0, overflow_to="*voicemail")
    few = Group(key="few", count=2, queues=("q",), answer=AT_ONCE)
    course, facts = _facts(_scenario(queue, groups=(few,), closes="12:00"))
    messages = _of(facts, ev.VoicemailLeft)
    assert len(messages) == len(_of(facts, ev.VoicemailStarted)) > 20
    counts = course.reader.counts("q")
    assert counts.answered + len(messages) == course.customers.arrived


def test_whom_nobody_can_serve_is_told_as_unfinished_and_the_run_ends() -> None:
    queue = msgspec.structs.replace(bare_queue("q"), announce_every_s=30.0)
    group = Group(key="a", count=0, queues=("q",))
    stream = Arrivals(queue="q", per_hour=10)
    course, facts = _facts(_scenario(queue, groups=(group,), arrivals=(stream,), closes="09:00"))
    assert course.unfinished == course.customers.arrived > 0
    assert _names(facts)["InteractionAnswered"] == 0


def test_the_warm_up_does_not_count() -> None:
    whole, _ = _facts(_scenario(bare_queue("q")))
    part, _ = _facts(_scenario(bare_queue("q"), warm_up_hours=5))
    assert part.customers.arrived == whole.customers.arrived
    offered, later = (course.reader.counts("q").offered for course in (whole, part))
    assert later == pytest.approx(offered / 2, rel=0.15)
    assert len(part.customers.answers["q"].waits) == part.reader.counts("q").answered


def test_slots_add_up_to_the_day() -> None:
    course, _ = _facts(_scenario(bare_queue("q"), days=2))
    slots: Iterator[Any] = (counts for (queue, _), counts in course.reader.slots().items() if queue == "q")
    assert sum(counts.answered for counts in slots) == course.reader.counts("q").answered
