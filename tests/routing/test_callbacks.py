"""Callbacks: the key, the place kept, the agent and the customer rung, tries, hours, restarts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.domain.interaction import Phase
from console.domain.queue import Holiday, OpenHours, Queue, Relaxation, SkillNeed, Strategy
from console.domain.standings import HANGING_UP_S
from tests.routing.centre_world import START, World, kinds

ADA = Agent(key="ada", queues=("a", "b"))
BOB = Agent(key="bob", queues=("a", "b"))
QUEUE = Queue(
    key="a", announce_every_s=0, callback_after_s=30, callback_digit="1", callback_tries=2,
    callback_retry_s=600, ring_timeout_s=20, wrap_up_s=10,
)  # fmt: skip


def _only(events: list[ev.LedgerEvent], kind: type) -> list[ev.LedgerEvent]:
    return [event for event in events if isinstance(event, kind)]


def _asked(world: World, called: str = "a") -> tuple[UUID, UUID]:
    """A call that asked for a callback as soon as it was proposed, and the callback."""
    call = world.call(called)
    world.wait(30)
    decided = world.tell(ev.DigitReceived, interaction=call, digit="1")
    (requested,) = _only(decided, ev.CallbackRequested)
    world.end(call, ev.EndedBy.CENTRE)
    return call, requested.callback


def _dial(world: World, callback: UUID) -> str:
    """The agent answers the offer and the customer is rung; returns the agent."""
    offer = world.router.interaction(callback).open_offer
    world.tell(ev.CallbackDialled, interaction=callback, offer=offer.offer, agent=offer.agent)
    return offer.agent


def _reach(world: World, callback: UUID) -> list[ev.LedgerEvent]:
    standing = world.router.interaction(callback)
    return world.tell(
        ev.InteractionAnswered, interaction=callback, offer=standing.offer, queue="a", agent=standing.agent
    )


def _miss(world: World, callback: UUID) -> list[ev.LedgerEvent]:
    agent = world.router.interaction(callback).agent
    return world.tell(ev.CustomerNotReached, interaction=callback, agent=agent, reason="no answer")


def test_the_key_counts_after_the_proposal_only() -> None:
    world = World((QUEUE,), ())
    call = world.call("a")
    assert world.tell(ev.DigitReceived, interaction=call, digit="1") == []
    assert kinds(world.wait(30)) == ["CallbackProposed"]
    assert world.tell(ev.DigitReceived, interaction=call, digit="2") == []
    decided = world.tell(ev.DigitReceived, interaction=call, digit="1")
    assert kinds(decided) == ["InteractionLeftQueue", "CallbackRequested"]
    assert (decided[0].reason, decided[0].to) == (ev.LeaveReason.CALLBACK, "*callback")
    assert world.wait(3600) == []


def test_a_number_that_must_not_be_called_is_refused_and_waits_on() -> None:
    world = World((QUEUE,), ())
    world.router.admission.refuses = lambda customer: "abroad" if customer.user == "anna" else ""
    first, other = world.call("a"), world.call("a", uri="sip:bert@customer.example")
    world.wait(30)
    place = world.router.waiting("a")
    for _ in range(2):  # asked again, refused again
        (refused,) = world.tell(ev.DigitReceived, interaction=first, digit="1")
        assert (type(refused), refused.interaction, refused.reason) == (ev.CallbackRefused, first, "abroad")
        assert world.tell(ev.DigitReceived, interaction=first, digit="5") == []
    assert world.router.waiting("a") == place == [first, other]
    assert world.replayed().waiting("a") == place
    decided = world.tell(ev.DigitReceived, interaction=other, digit="1")
    assert kinds(decided) == ["InteractionLeftQueue", "CallbackRequested"]


def test_no_queue_sends_a_number_that_must_not_be_called_to_a_callback() -> None:
    queue = Queue(key="a", announce_every_s=0, max_wait_s=60, overflow_to="*callback")
    world = World((queue,), ())
    world.router.admission.refuses = lambda customer: "denied"
    world.call("a")
    (left,) = world.wait(61)
    assert (left.reason, left.to) == (ev.LeaveReason.TIMEOUT, "")


def test_nobody_is_called_back_while_the_call_that_asked_goes_on() -> None:
    world = World((QUEUE,), (ADA,))
    call = world.call("a")
    world.wait(30)
    (requested,) = _only(world.tell(ev.DigitReceived, interaction=call, digit="1"), ev.CallbackRequested)
    world.sign_in("ada")
    assert world.router.interaction(requested.callback).phase is Phase.WAITING
    world.end(call, ev.EndedBy.CENTRE)
    assert world.router.interaction(requested.callback).phase is Phase.OFFERED


def test_a_call_that_never_ends_holds_its_callback_for_a_moment_only() -> None:
    world = World((QUEUE,), (ADA,))
    call = world.call("a")
    world.wait(30)
    (requested,) = _only(world.tell(ev.DigitReceived, interaction=call, digit="1"), ev.CallbackRequested)
    world.sign_in("ada")
    world.wait(HANGING_UP_S)
    assert world.router.interaction(requested.callback).phase is Phase.OFFERED


def test_a_callback_keeps_the_place_the_demands_and_the_priority() -> None:
    relaxing = Queue(
        key="a", announce_every_s=0, callback_after_s=30, skills=(SkillNeed("x", 5),),
        relax=(Relaxation(after_s=20, skills=(SkillNeed("x"),), tier=2),),
    )  # fmt: skip
    world = World((relaxing,), ())
    before = world.call("a")
    world.wait(1)
    call = world.call("a")
    world.wait(1)
    behind = world.call("a")
    world.tell(ev.InteractionPrioritised, interaction=call, priority=0, by="eve")
    world.wait(30)
    (requested,) = _only(world.tell(ev.DigitReceived, interaction=call, digit="1"), ev.CallbackRequested)
    standing = world.router.interaction(requested.callback)
    assert (standing.skills, standing.tier, standing.step) == ((SkillNeed("x"),), 2, 1)
    assert standing.waiting_since == START + timedelta(seconds=1)
    assert world.router.waiting("a") == [before, requested.callback, behind]


def test_its_turn_rings_the_agent_then_the_customer() -> None:
    world = World((QUEUE,), (ADA,))
    _, callback = _asked(world)
    world.sign_in("ada")
    assert world.rung(callback) == "ada"
    _dial(world, callback)
    ada = world.router.agent("ada")
    assert (world.phase(callback), ada.state, ada.open_offer) == (Phase.DIALLED, AgentState.ON_CONTACT, None)
    assert world.wait(60) == []
    assert _reach(world, callback) == []
    assert (world.phase(callback), ada.contacts) == (Phase.CONNECTED, 1)
    assert kinds(world.end(callback)) == ["WrapUpStarted"]


def test_a_customer_who_is_not_reached_is_tried_again_later_and_then_no_more() -> None:
    world = World((QUEUE,), (ADA,))
    _, callback = _asked(world)
    other, _ = world.call("a"), world.sign_in("ada")
    assert world.rung(callback) == "ada"
    _dial(world, callback)
    decided = _miss(world, callback)
    assert kinds(decided) == ["CallbackPostponed", "InteractionOffered"]
    assert (decided[0].tries, decided[0].until) == (1, world.clock.now() + timedelta(seconds=600))
    assert world.rung(other) == "ada"  # no wrap-up, and the next one at once
    world.end(other)
    assert world.wait(599) == []
    assert kinds(world.wait(1)) == ["InteractionOffered"]
    assert world.rung(callback) == "ada"
    _dial(world, callback)
    decided = _miss(world, callback)
    assert [(event.by, event.reason) for event in decided] == [(ev.EndedBy.CENTRE, "callback failed")]
    assert world.router.agent("ada").free


def test_an_agent_who_does_not_answer_leaves_it_to_the_next() -> None:
    world = World((QUEUE,), (ADA, BOB))
    _, callback = _asked(world)
    world.sign_in("ada")
    world.wait(1)
    world.sign_in("bob")
    assert kinds(world.wait(20)) == ["OfferEnded", "AgentNotResponding", "InteractionOffered"]
    assert world.rung(callback) == "bob"


def test_an_answer_that_crossed_its_time_out_dials_all_the_same() -> None:
    world = World((QUEUE,), (ADA, BOB))
    _, callback = _asked(world)
    world.sign_in("ada")
    offer = world.router.interaction(callback).open_offer
    world.wait(1)
    world.sign_in("bob")
    world.wait(20)
    decided = world.tell(ev.CallbackDialled, interaction=callback, offer=offer.offer, agent="ada")
    assert [(event.agent, event.reason) for event in decided] == [("bob", ev.OfferEndReason.WITHDRAWN)]
    assert (world.phase(callback), world.router.agent("bob").free) == (Phase.DIALLED, True)


def test_the_key_pressed_while_it_rings_counts_when_the_offer_fails() -> None:
    world = World((QUEUE,), (ADA,))
    call = world.call("a")
    world.wait(30)
    world.sign_in("ada")
    assert world.tell(ev.DigitReceived, interaction=call, digit="1") == []
    assert world.phase(call) is Phase.OFFERED
    assert "CallbackRequested" in kinds(world.wait(20))


@pytest.mark.parametrize("uri", ["sip:anonymous@anonymous.invalid", "sip:Restricted@gateway.example"])
def test_a_withheld_number_is_offered_no_callback(uri: str) -> None:
    queue = Queue(key="a", announce_every_s=0, callback_after_s=5, max_wait_s=60, overflow_to="*callback")
    world = World((queue,), ())
    call = world.call("a", uri=uri)
    decided = world.wait(60)
    assert kinds(decided) == ["InteractionLeftQueue"]
    assert (decided[0].to, world.phase(call)) == ("", Phase.ARRIVED)


@pytest.mark.parametrize("way", ["overflow", "full", "empty"])
def test_a_queue_can_send_to_a_callback(way: str) -> None:
    rules = {
        "overflow": {"max_wait_s": 10, "overflow_to": "*callback"},
        "full": {"max_waiting": 1, "full_to": "*callback"},
        "empty": {"leave_empty": True, "no_agents_to": "*callback"},
    }
    world = World((Queue(key="a", announce_every_s=0, priority=4, **rules[way]),), (ADA,))
    if way == "full":
        world.call("a", uri="sip:first@x")
    call = world.call("a")
    world.wait(10)
    requested = [event for event in _only(world.ledger, ev.CallbackRequested) if event.interaction == call]
    assert [(event.queue, event.priority) for event in requested] == [("a", 4)]
    assert requested[0].callback in world.router.waiting("a")
    assert world.wait(3600) == []  # a callback waits as long as it takes
    world.sign_in("ada")
    if way == "full":
        world.end(world.router.agent("ada").interaction)
    assert world.rung(requested[0].callback) == "ada"


def test_asked_for_while_closed_it_is_for_the_next_opening() -> None:
    work = OpenHours(days=("mon", "tue", "wed", "thu", "fri"), opens="08:00", closes="18:00")
    queue = Queue(key="a", announce_every_s=0, hours=(work,), closed_to="*callback")
    world = World((queue,), (ADA,))
    world.clock.move_to(datetime(2026, 11, 23, 19, 0, tzinfo=UTC))
    world.sign_in("ada")
    world.call("a")
    requested, postponed = world.ledger[-2:]
    assert kinds([requested, postponed]) == ["CallbackRequested", "CallbackPostponed"]
    opens = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert (postponed.until, postponed.tries) == (opens, 0)
    (offered,) = _only(world.wait(86400 / 2 + 3600), ev.InteractionOffered)[:1]
    assert (offered.interaction, offered.at) == (requested.callback, opens)


def test_at_closing_time_it_waits_for_the_next_opening_where_nobody_is_served_then() -> None:
    work = OpenHours(days=("mon", "tue"), opens="08:00", closes="18:00")
    queue = Queue(
        key="a", announce_every_s=0, hours=(work,), serve_after_close=False, max_wait_s=60,
        overflow_to="*callback", callback_retry_s=7200,
    )  # fmt: skip
    world = World((queue,), (ADA,))
    world.call("a")
    world.wait(60)
    world.wait(9 * 3600)
    (postponed,) = _only(world.ledger, ev.CallbackPostponed)
    assert postponed.until == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    world.clock.move_to(datetime(2026, 11, 24, 17, 0, tzinfo=UTC))
    world.sign_in("ada")
    _dial(world, postponed.interaction)
    (again,) = _only(_miss(world, postponed.interaction), ev.CallbackPostponed)
    assert again.until == datetime(
        2026, 11, 30, 8, 0, tzinfo=UTC
    )  # two hours later it is closed, until Monday


def test_a_queue_that_never_opens_again_ends_its_callbacks() -> None:
    world = World((Queue(key="a", announce_every_s=0, max_wait_s=5, overflow_to="*callback"),), ())
    world.call("a")
    world.wait(5)
    every_day = tuple(Holiday(day=f"{month:02}-{day:02}") for month in range(1, 13) for day in range(1, 32))
    decided = world.tell(
        ev.QueueConfigured, queue=Queue(key="a", holidays=every_day, serve_after_close=False)
    )
    assert [event.reason for event in _only(decided, ev.InteractionEnded)] == ["callback failed"]


def test_a_removed_queue_ends_its_callbacks() -> None:
    world = World((QUEUE,), ())
    _, callback = _asked(world)
    decided = world.tell(ev.QueueRemoved, queue="a")
    assert [(event.interaction, event.reason) for event in decided] == [(callback, "callback failed")]


def test_a_restart_keeps_callbacks_in_their_places() -> None:
    world = World((QUEUE,), (ADA, BOB))
    _, first = _asked(world)
    _, second = _asked(world)
    _, third = _asked(world)
    world.sign_in("ada")
    world.sign_in("bob")
    _dial(world, first)
    assert world.rung(second) == "bob"
    calls = world.call("a")
    world.router = world.replayed()
    world.router._new_id = world.clock.new_id
    closed = world.router.close_orphans(world.clock.now())
    world.ledger += closed
    assert [event.interaction for event in _only(closed, ev.InteractionEnded)] == [calls]
    (missed,) = _only(closed, ev.CustomerNotReached)
    assert (missed.interaction, missed.agent, missed.reason) == (first, "ada", "centre restarted")
    decided = world.decide()
    assert set(kinds(decided)) <= {"OfferEnded", "CallbackPostponed"}
    assert world.router.waiting("a") == [second, first, third]  # an offer of the second was interrupted
    assert {agent.state for agent in world.router.agents()} == {AgentState.READY}
    world.tell(ev.DeskBack, agent="ada", contact="sip:ada@127.0.0.9", session=world.clock.new_id())
    assert world.rung(second) == "ada"


def test_two_answer_a_broadcast_callback_and_one_has_it() -> None:
    queue = Queue(key="a", announce_every_s=0, callback_after_s=30, strategy=Strategy.BROADCAST, wrap_up_s=0)
    world = World((queue,), (ADA, BOB))
    _, callback = _asked(world)
    world.sign_in("ada", ready=False)
    world.sign_in("bob", ready=False)
    world.only_tell(ev.AgentBecameReady, agent="ada")
    world.tell(ev.AgentBecameReady, agent="bob")
    offers = list(world.router.interaction(callback).open_offers.values())
    assert {offer.agent for offer in offers} == {"ada", "bob"}
    for offer in offers:
        world.tell(ev.CallbackDialled, interaction=callback, offer=offer.offer, agent=offer.agent)
    first, second = (world.router.agent(offer.agent) for offer in offers)
    assert (first.state, second.state) == (AgentState.ON_CONTACT, AgentState.READY)
