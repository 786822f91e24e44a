"""Who is let in, sent on, kept and let go: hours, length, staff, customers and agents asked for by name."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from console.domain import events as ev
from console.domain.agent import Agent
from console.domain.interaction import Phase
from console.domain.queue import Holiday, OpenHours, Queue, Relaxation, SkillNeed
from console.settings import CustomerRule
from tests.routing.centre_world import START, World, kinds

WORK = OpenHours(
    days=("mon", "tue", "wed", "thu", "fri"), opens="08:00", closes="18:00"
)  # START: Monday 9:00
CLOSED = Holiday(day="2026-11-23")
ADA = Agent(key="ada", queues=("a", "b", "c"))
BOB = Agent(key="bob", queues=("a", "b", "c"))


def _queue(key: str, **fields: object) -> Queue:
    return Queue(key=key, **({"announce_every_s": 0, "wrap_up_s": 0} | fields))


def _only(events: list[ev.LedgerEvent], kind: type) -> list[ev.LedgerEvent]:
    return [event for event in events if isinstance(event, kind)]


def _told(world: World, interaction: UUID, kind: type) -> list[ev.LedgerEvent]:
    return [event for event in _only(world.ledger, kind) if event.interaction == interaction]


# ---------------------------------------------------------------- closed, full, nobody there


def test_a_closed_queue_says_so_and_where_it_goes() -> None:
    closed = _queue("a", holidays=(CLOSED,), closed_to="b")
    world = World((closed, _queue("b")), ())
    interaction = world.call("a")
    (refused,) = _told(world, interaction, ev.InteractionRefused)
    assert (refused.reason, refused.queue, refused.to) == ("closed", "a", "b")
    (queued,) = _told(world, interaction, ev.InteractionQueued)
    assert (queued.queue, queued.reason, queued.waiting_since) == ("b", "closed", START)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"holidays": (CLOSED,)}, "closed"),
        ({"leave_empty": True}, "no_agents"),
    ],
)
def test_with_nowhere_to_go_it_is_refused_for_good(fields: dict[str, object], reason: str) -> None:
    world = World((_queue("a", **fields),), ())
    interaction = world.call("a")
    assert kinds(world.ledger[-1:]) == ["InteractionRefused"]
    assert (world.ledger[-1].reason, world.ledger[-1].to) == (reason, "")
    assert world.phase(interaction) is Phase.ARRIVED
    assert (world.decide(), world.router.next_due() is None) == ([], reason != "closed")


def test_a_way_through_queues_that_take_nobody_ends() -> None:
    a = _queue("a", holidays=(CLOSED,), closed_to="b")
    b = _queue("b", leave_empty=True, no_agents_to="c")
    c = _queue("c", max_waiting=1, full_to="a")
    world = World((a, b, c), ())
    world.call("c")
    interaction = world.call("a")
    refused = _told(world, interaction, ev.InteractionRefused)
    assert [(event.reason, event.queue, event.to) for event in refused] == [
        ("closed", "a", "b"),
        ("no_agents", "b", "c"),
        ("full", "c", ""),
    ]


def test_a_full_queue_sends_to_a_message() -> None:
    world = World((_queue("a", max_waiting=1, full_to="*voicemail", voicemail_most_s=45),), ())
    world.call("a")
    interaction = world.call("a")
    (started,) = _told(world, interaction, ev.VoicemailStarted)
    assert (started.queue, started.most_s) == ("a", 45)
    assert world.decide() == []
    world.tell(ev.VoicemailLeft, interaction=interaction, queue="a", file="x.wav", seconds=9.0)
    world.end(interaction)
    assert world.router.interaction(interaction) is None


def test_closing_time_lets_go_of_who_waits_or_serves_them() -> None:
    strict = _queue("a", hours=(WORK,), serve_after_close=False, closed_to="c")
    kind = _queue("b", hours=(WORK,))
    world = World((strict, kind, _queue("c")), (Agent(key="ada", queues=("b",)),))
    goes, stays = world.call("a"), world.call("b")
    decided = world.wait(9 * 3600)
    left = _only(decided, ev.InteractionLeftQueue)
    assert [(event.interaction, event.reason, event.to) for event in left] == [(goes, "closed", "c")]
    assert left[0].at == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert world.router.interaction(goes).queue == "c"
    assert _told(world, goes, ev.InteractionQueued)[-1].reason == "closed"
    world.sign_in("ada")
    assert world.rung(stays) == "ada"
    assert _told(world, world.call("b"), ev.InteractionRefused)[0].reason == "closed"


def test_an_offer_that_fails_after_closing_time_lets_go_too() -> None:
    queue = _queue("a", hours=(WORK,), serve_after_close=False, ring_timeout_s=20)
    world = World((queue,), (ADA,))
    world.clock.move_to(datetime(2026, 11, 23, 17, 59, 50, tzinfo=UTC))
    world.sign_in("ada")
    interaction = world.call("a")
    world.wait(15)
    assert world.rung(interaction) == "ada"
    assert [event.reason for event in _only(world.wait(5), ev.InteractionLeftQueue)] == ["closed"]


def test_a_queue_that_opens_takes_callers_again() -> None:
    world = World((_queue("a", hours=(WORK,)),), ())
    world.clock.move_to(datetime(2026, 11, 23, 18, 0, tzinfo=UTC))
    assert world.phase(world.call("a")) is Phase.ARRIVED
    world.wait(14 * 3600)
    assert world.phase(world.call("a")) is Phase.WAITING


def test_who_waits_leaves_when_the_last_agent_does() -> None:
    queue = _queue("a", leave_empty=True, no_agents_to="b")
    world = World((queue, _queue("b")), (ADA, BOB))
    world.sign_in("ada", ready=False)
    world.sign_in("bob", ready=False)
    interaction = world.call("a")
    world.tell(ev.AgentSignedOut, agent="ada")
    assert world.router.interaction(interaction).queue == "a"
    decided = world.tell(ev.AgentSignedOut, agent="bob")
    assert kinds(decided) == ["InteractionLeftQueue", "InteractionQueued"]
    assert (decided[0].reason, decided[1].queue, decided[1].reason) == ("no_agents", "b", "no_agents")


def test_an_agent_of_another_queue_keeps_nobody() -> None:
    world = World((_queue("a", leave_empty=True),), (ADA,))
    world.sign_in("ada")
    world.tell(ev.AgentPaused, agent="ada", reason="Lunch")
    interaction = world.call("a")
    decided = world.tell(ev.AgentConfigured, agent=Agent(key="ada", queues=("b",)))
    assert [(event.interaction, event.reason) for event in decided] == [(interaction, "no_agents")]


@pytest.mark.parametrize(
    ("to", "reason", "follows"),
    [
        ("b", "overflow", "InteractionQueued"),
        ("*voicemail", "timeout", "VoicemailStarted"),
        ("", "timeout", ""),
    ],
)
def test_who_waits_too_long_goes_where_the_queue_says(to: str, reason: str, follows: str) -> None:
    world = World((_queue("a", max_wait_s=60, overflow_to=to), _queue("b")), ())
    world.call("a")
    decided = world.wait(60)
    assert (decided[0].reason, decided[0].to) == (reason, to)
    assert kinds(decided[1:]) == ([follows] if follows else [])


def test_a_transfer_may_be_one_too_many_but_not_after_hours() -> None:
    full = _queue("b", max_waiting=1)
    world = World((_queue("a"), full, _queue("c", holidays=(CLOSED,))), (ADA,))
    world.sign_in("ada")
    talks = world.call("a")
    world.answer(talks)
    world.call("b")
    world.tell(ev.InteractionTransferred, interaction=talks, agent="ada", target="b")
    assert world.router.interaction(talks).queue == "b"
    other = world.call("a")
    world.tell(ev.InteractionEnded, interaction=talks, by=ev.EndedBy.CUSTOMER)
    for waiting in world.router.open_interactions():
        if waiting.interaction != other:
            world.end(waiting.interaction)
    world.answer(other)
    world.tell(ev.InteractionTransferred, interaction=other, agent="ada", target="c")
    assert world.ledger[-1].reason == "closed"


# ---------------------------------------------------------------- demands that relax


def test_demands_relax_as_the_wait_grows() -> None:
    """English 7; after 30 s English 5; after 60 s anybody of tier 2."""
    steps = (
        Relaxation(after_s=30, skills=(SkillNeed("english", 5),)),
        Relaxation(after_s=60, skills=(), tier=2),
    )
    queue = _queue("a", skills=(SkillNeed("english", 7),), tier=1, relax=steps)
    seven = Agent(key="seven", skills={"english": 7}, queues=("a",))
    five = Agent(key="five", skills={"english": 5}, queues=("a",))
    two = Agent(key="two", queues=("a",), tiers={"a": 2})
    three = Agent(key="three", queues=("a",), tiers={"a": 3})
    world = World((queue,), (seven, five, two, three))
    for agent in ("five", "two", "three"):
        world.sign_in(agent)
    first, second, third = (world.call("a") for _ in range(3))
    decided = world.wait(30)
    relaxed = _only(decided, ev.InteractionRelaxed)
    assert [(event.interaction, event.step, event.skills, event.tier) for event in relaxed] == [
        (one, 1, (SkillNeed("english", 5),), 1) for one in (first, second, third)
    ]
    assert (world.rung(first), world.rung(second)) == ("five", "")
    world.answer(first)
    world.wait(30)
    assert (world.rung(second), world.rung(third)) == ("two", "")
    world.sign_in("seven")
    assert world.rung(third) == "seven"


def test_steps_that_passed_while_it_rang_hold_at_once() -> None:
    steps = (Relaxation(after_s=5, tier=2), Relaxation(after_s=10, skills=()), Relaxation(after_s=60, tier=0))
    queue = _queue("a", skills=(SkillNeed("x"),), tier=1, relax=steps, ring_timeout_s=20)
    world = World((queue,), (Agent(key="ada", skills={"x": 1}, queues=("a",)),))
    world.sign_in("ada")
    interaction = world.call("a")
    relaxed = _only(world.wait(20), ev.InteractionRelaxed)
    assert [(event.step, event.skills, event.tier) for event in relaxed] == [(2, (), 2)]
    assert world.router.interaction(interaction).step == 2
    assert [event.step for event in _only(world.wait(40), ev.InteractionRelaxed)] == [3]


def test_after_an_overflow_the_steps_of_the_new_queue_count_from_there() -> None:
    there = _queue("b", skills=(SkillNeed("x"),), relax=(Relaxation(after_s=20, skills=()),))
    world = World((_queue("a", max_wait_s=60, overflow_to="b"), there), ())
    world.call("a")
    assert _only(world.wait(79), ev.InteractionRelaxed) == []
    assert len(_only(world.wait(1), ev.InteractionRelaxed)) == 1


# ---------------------------------------------------------------- customers and agents by name


def _with_rules(*rules: CustomerRule, **fields: object) -> World:
    return World((_queue("a", **fields), _queue("b", **fields)), (ADA, BOB), customers=rules)


def test_a_customers_value_and_priority_weigh() -> None:
    world = _with_rules(
        CustomerRule(number="sip:anna@customer.example", value=10, priority=3), value_weight=0.5, priority=1
    )
    anna = world.call("a")
    assert (world.ledger[-1].priority, world.ledger[-1].value) == (1 + 3 + 5, 10)
    other = world.call("a", uri="sip:ben@customer.example")
    assert (world.ledger[-1].priority, world.ledger[-1].value) == (1, 0)
    assert world.router.waiting("a") == [anna, other]


def test_a_declared_agent_is_waited_for_and_then_anybody_will_do() -> None:
    world = _with_rules(CustomerRule(number="anna", agent="bob"), last_agent_s=30)
    world.sign_in("ada")
    world.sign_in("bob", ready=False)
    interaction = world.call("a")
    assert (world.rung(interaction), world.ledger[-1].wanted, world.ledger[-1].wanted_s) == ("", "bob", 30)
    world.wait(29)
    assert world.rung(interaction) == ""
    world.wait(1)
    assert world.rung(interaction) == "ada"


def test_nobody_waits_for_somebody_who_is_not_there() -> None:
    world = _with_rules(CustomerRule(number="anna", agent="bob"), last_agent_s=30)
    world.sign_in("ada")
    assert world.rung(world.call("a")) == "ada"


def test_who_served_last_is_waited_for() -> None:
    world = _with_rules(last_agent_s=30, last_agent_days=2)
    world.sign_in("bob")
    first = world.call("a")
    world.answer(first)
    world.end(first)
    world.sign_in("ada")
    world.tell(ev.AgentPaused, agent="bob", reason="Break")
    again = world.call("b")
    assert (world.rung(again), world.ledger[-1].wanted) == ("", "bob")
    world.tell(ev.AgentBecameReady, agent="bob")
    assert world.rung(again) == "bob"
    stranger = world.call("a", uri="sip:ben@customer.example")
    assert world.rung(stranger) == "ada"


def test_who_served_too_long_ago_does_not_matter() -> None:
    world = _with_rules(last_agent_s=30, last_agent_days=2)
    world.sign_in("bob")
    first = world.call("a")
    world.answer(first)
    world.end(first)
    world.tell(ev.AgentPaused, agent="bob", reason="Break")
    world.wait(2 * 86400 + 1)
    world.call("a")
    assert world.ledger[-1].wanted == ""


def test_a_withheld_number_is_nobody_in_particular() -> None:
    world = _with_rules(last_agent_s=30)
    world.sign_in("bob")
    first = world.call("a", uri="sip:anonymous@anonymous.invalid")
    world.answer(first)
    world.end(first)
    world.tell(ev.AgentPaused, agent="bob", reason="Break")
    world.call("a", uri="sip:anonymous@anonymous.invalid")
    assert world.ledger[-1].wanted == ""


def test_who_passed_a_customer_on_is_not_asked_for_again() -> None:
    world = _with_rules(last_agent_s=30)
    world.sign_in("ada")
    interaction = world.call("a")
    world.answer(interaction)
    world.tell(ev.InteractionTransferred, interaction=interaction, agent="ada", target="b")
    assert _told(world, interaction, ev.InteractionQueued)[-1].wanted == ""


def test_a_colleague_asked_for_by_name_is_waited_for() -> None:
    world = _with_rules(named_agent_s=15)
    world.sign_in("ada")
    world.sign_in("bob", ready=False)
    interaction = world.call("a")
    world.answer(interaction)
    world.tell(ev.InteractionTransferred, interaction=interaction, agent="ada", target="bob")
    assert world.rung(interaction) == ""
    world.wait(15)
    assert world.rung(interaction) == "ada"


# ---------------------------------------------------------------- estimates


def test_an_estimate_follows_the_handle_time_and_the_line() -> None:
    world = World((_queue("a"),), (ADA, BOB))
    world.sign_in("ada")
    assert world.ledger[-1] is not None
    first = world.call("a")
    assert _told(world, first, ev.InteractionQueued)[0].estimate_s == 0.0  # somebody is free
    world.answer(first)
    unknown = world.call("a")
    assert _told(world, unknown, ev.InteractionQueued)[0].estimate_s is None  # nothing to go by yet
    world.wait(100)
    world.end(first)
    world.answer(unknown)
    waits = [world.call("a") for _ in range(3)]
    told = [_told(world, one, ev.InteractionQueued)[0].estimate_s for one in waits]
    assert told == [100.0, 200.0, 300.0]
    world.sign_in("bob")
    assert world.rung(waits[0]) == "bob"
    late = world.call("a")
    assert _told(world, late, ev.InteractionQueued)[0].estimate_s == 150.0


@pytest.mark.parametrize("told", [True, False])
def test_the_wait_is_told_with_the_place_where_the_queue_says_so(told: bool) -> None:
    world = World((_queue("a", announce_every_s=30, announce_wait=told),), (ADA,))
    world.sign_in("ada")
    first = world.call("a")
    world.answer(first)
    world.wait(60)
    world.end(first)
    world.answer(world.call("a"))
    world.call("a")
    (announced,) = _only(world.wait(30), ev.PositionAnnounced)
    assert (announced.position, announced.wait_s) == (1, 60.0 if told else None)


# ---------------------------------------------------------------- a clock that is set back


def test_a_clock_set_back_lets_nobody_in_ahead_and_decisions_do_not_go_back() -> None:
    world = World((_queue("a"),), (ADA, BOB))
    world.sign_in("ada")
    world.wait(3600)
    first = world.call("a")
    waits = world.call("a")
    world.clock.move(-1800)
    later = world.call("a")
    assert world.router.waiting("a") == [waits, later]
    world.end_offer(first, ev.OfferEndReason.DECLINED)
    world.sign_in("bob")
    assert world.rung(first) == "bob"
    assert _told(world, first, ev.InteractionOffered)[-1].at == START + timedelta(seconds=3600)
