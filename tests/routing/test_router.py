"""The ACD, one rule at a time: who comes in, who gets whom, what comes to nothing, what crosses."""

from datetime import timedelta
from uuid import UUID

import pytest

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent, AgentState, Presence
from console.domain.interaction import Phase
from console.domain.queue import Queue, SkillNeed
from tests.routing.centre_world import START, World, kinds

SUPPORT = Queue(
    key="support", numbers=("100", "+4930100"), ring_timeout_s=20, wrap_up_s=30, announce_every_s=0
)
SALES = Queue(key="sales", numbers=("200",), wrap_up_s=0, announce_every_s=0)
ADA = Agent(key="ada", queues=("support", "sales"))
BOB = Agent(key="bob", queues=("sales", "support"))


def _at_work(*agents: Agent, queues: tuple[Queue, ...] = (SUPPORT, SALES)) -> World:
    world = World(queues, agents)
    for agent in agents:
        world.sign_in(agent.key)
        world.wait(1)
    return world


def _only(events: list[ev.LedgerEvent], kind: type) -> list[ev.LedgerEvent]:
    return [event for event in events if isinstance(event, kind)]


# ---------------------------------------------------------------- arriving


@pytest.mark.parametrize(
    ("called", "queue"),
    [
        ("support", "support"),
        ("Support", "support"),
        ("100", "support"),
        ("sip:200@centre.example:5060;transport=tcp", "sales"),
        ("tel:+4930100", "support"),
        ("sip:SALES@10.0.0.1", "sales"),
    ],
)
def test_what_was_called_leads_to_a_queue(called: str, queue: str) -> None:
    world = World((SUPPORT, SALES), ())
    assert world.router.interaction(world.call(called)).queue == queue


def test_what_leads_nowhere_is_refused() -> None:
    world = World((SUPPORT,), ())
    interaction = world.call("999")
    assert world.ledger[-1].reason == "no such queue"
    assert world.phase(interaction) is Phase.ARRIVED
    assert world.router.decide(world.clock.now()) == []


def test_a_full_queue_refuses_and_takes_again_when_one_left() -> None:
    world = World((Queue(key="support", max_waiting=2),), ())
    first, second, third = (world.call("support") for _ in range(3))
    assert world.ledger[-1].reason == "full"
    assert [world.phase(i) for i in (first, second, third)] == [Phase.WAITING, Phase.WAITING, Phase.ARRIVED]
    world.end(first)
    assert world.phase(world.call("support")) is Phase.WAITING


def test_a_removed_queue_lets_its_callers_go_and_takes_none() -> None:
    world = World((SUPPORT,), ())
    interaction = world.call("support")
    decided = world.tell(ev.QueueRemoved, queue="support")
    assert [event.reason for event in decided] == [ev.LeaveReason.CLOSED]
    assert world.phase(interaction) is Phase.ARRIVED
    world.call("support")
    assert world.ledger[-1].reason == "no such queue"


# ---------------------------------------------------------------- who gets whom


def test_longest_idle_agent_first() -> None:
    world = _at_work(ADA, BOB)
    assert world.rung(world.call("support")) == "ada"
    assert world.rung(world.call("support")) == "bob"


def test_a_customer_who_leaves_while_it_rings_costs_the_agent_no_place() -> None:
    world = _at_work(ADA, BOB)
    interaction = world.call("support")
    decided = world.end(interaction)
    assert kinds(decided) == ["OfferEnded"]
    assert decided[0].reason is ev.OfferEndReason.WITHDRAWN
    assert world.rung(world.call("support")) == "ada"


def test_saying_ready_again_begins_a_new_idle_time() -> None:
    world = _at_work(ADA, BOB)
    world.tell(ev.AgentPaused, agent="ada", reason="Break")
    world.wait(1)
    world.tell(ev.AgentBecameReady, agent="ada")
    assert world.rung(world.call("support")) == "bob"


def test_every_skill_must_be_there_at_its_level() -> None:
    need = (SkillNeed("english", 5), SkillNeed("billing", 2))
    half = Agent(key="half", skills={"english": 9}, queues=("support",))
    low = Agent(key="low", skills={"english": 4, "billing": 9}, queues=("support",))
    just = Agent(key="just", skills={"english": 5, "billing": 2}, queues=("support",))
    world = _at_work(half, low, just, queues=(Queue(key="support", skills=need),))
    assert world.rung(world.call("support")) == "just"
    assert world.rung(world.call("support")) == ""
    world.tell(
        ev.AgentConfigured, agent=Agent(key="low", skills={"english": 5, "billing": 9}, queues=("support",))
    )
    assert world.router.waiting("support") == []


def test_an_agent_takes_priority_first_then_the_own_order_then_the_longest_wait() -> None:
    queues = (Queue(key="a"), Queue(key="b"), Queue(key="vip", priority=5))
    world = World(queues, (Agent(key="ada", queues=("b", "a", "vip")),))
    calls: dict[str, UUID] = {}
    for name in ("a", "b", "b", "vip"):
        calls.setdefault(name, world.call(name))
        world.wait(1)
    served = []
    world.sign_in("ada")
    while rung := [i for i, c in ((name, call) for name, call in calls.items()) if world.rung(c)]:
        served += rung
        world.end(calls.pop(rung[0]))
    assert served == ["vip", "b"]
    assert world.router.waiting("a") == [calls["a"]]
    assert world.router.agent("ada").open_offer.queue == "b"  # the second of b before a


def test_an_agent_is_offered_one_at_a_time_and_none_on_contact_or_in_wrap_up() -> None:
    world = _at_work(ADA)
    first, second = world.call("support"), world.call("support")
    assert (world.rung(first), world.rung(second)) == ("ada", "")
    world.answer(first)
    assert world.rung(second) == ""
    assert kinds(world.end(first)) == ["WrapUpStarted"]
    assert world.rung(second) == ""
    assert kinds(world.wait(30)) == ["WrapUpEnded", "InteractionOffered"]
    assert world.rung(second) == "ada"


# ---------------------------------------------------------------- offers that come to nothing


def test_rona_puts_the_caller_at_the_head_and_the_agent_aside() -> None:
    world = _at_work(ADA)
    first = world.call("support")
    world.wait(1)
    second = world.call("support")
    decided = world.wait(19)
    assert kinds(decided) == ["OfferEnded", "AgentNotResponding"]
    assert decided[0].reason is ev.OfferEndReason.NO_ANSWER
    assert world.router.agent("ada").state is AgentState.NOT_RESPONDING
    assert world.router.waiting("support") == [first, second]
    assert world.router.interaction(first).waiting_since == START + timedelta(seconds=1)
    world.tell(ev.AgentBecameReady, agent="ada")
    assert world.rung(first) == "ada"


def test_rona_goes_before_a_higher_priority_that_came_later() -> None:
    world = _at_work(ADA, queues=(SUPPORT,))
    first = world.call("support")
    world.tell(ev.QueueConfigured, queue=Queue(key="support", priority=9))
    second = world.call("support")
    world.wait(20)
    assert world.router.waiting("support") == [first, second]


@pytest.mark.parametrize(
    ("reason", "presence", "word"),
    [
        (ev.OfferEndReason.DECLINED, Presence.PAUSED, "Declined"),
        (ev.OfferEndReason.BUSY, Presence.NOT_RESPONDING, ""),
        (ev.OfferEndReason.UNREACHABLE, Presence.NOT_RESPONDING, ""),
        (ev.OfferEndReason.NO_ANSWER, Presence.NOT_RESPONDING, ""),
    ],
)
def test_an_offer_that_fails_goes_to_the_next_agent_at_once(
    reason: ev.OfferEndReason, presence: Presence, word: str
) -> None:
    world = _at_work(ADA, BOB)
    interaction = world.call("support")
    world.end_offer(interaction, reason)
    assert world.rung(interaction) == "bob"
    ada = world.router.agent("ada")
    assert (ada.presence, ada.reason) == (presence, word)


def test_a_pause_while_it_rings_stays_that_pause() -> None:
    world = _at_work(ADA)
    interaction = world.call("support")
    world.tell(ev.AgentPaused, agent="ada", reason="Lunch")
    assert world.rung(interaction) == "ada"
    world.wait(20)
    ada = world.router.agent("ada")
    assert (ada.state, ada.reason) == (AgentState.PAUSED, "Lunch")


# ---------------------------------------------------------------- races


def test_an_answer_that_crossed_its_time_out_wins() -> None:
    world = _at_work(ADA, BOB)
    interaction = world.call("support")
    offer = world.router.interaction(interaction).open_offer
    world.wait(20)
    assert world.rung(interaction) == "bob"
    decided = world.tell(
        ev.InteractionAnswered, interaction=interaction, offer=offer.offer, queue="support", agent="ada"
    )
    assert kinds(decided) == ["OfferEnded"]
    assert (decided[0].agent, decided[0].reason) == ("bob", ev.OfferEndReason.WITHDRAWN)
    assert world.router.interaction(interaction).agent == "ada"
    assert world.router.agent("ada").state is AgentState.ON_CONTACT
    assert world.router.agent("bob").free


def test_a_late_answer_takes_back_the_offer_the_agent_got_meanwhile() -> None:
    world = _at_work(ADA)
    first = world.call("support")
    offer = world.router.interaction(first).open_offer
    world.wait(20)
    second = world.call("sales")
    world.tell(ev.AgentConfigured, agent=Agent(key="ada", queues=("sales",)))
    world.tell(ev.AgentBecameReady, agent="ada")
    assert world.rung(second) == "ada"
    world.tell(ev.InteractionAnswered, interaction=first, offer=offer.offer, queue="support", agent="ada")
    assert world.rung(second) == ""
    assert world.phase(second) is Phase.WAITING
    assert world.router.agent("ada").state is AgentState.ON_CONTACT


def test_facts_about_what_is_over_change_nothing() -> None:
    world = _at_work(ADA)
    interaction = world.call("support")
    offer = world.router.interaction(interaction).open_offer
    world.end(interaction)
    before = world.router.late_facts
    answered = world.tell(
        ev.InteractionAnswered, interaction=interaction, offer=offer.offer, queue="support", agent="ada"
    )
    assert answered == []
    assert world.end(interaction) == []
    assert world.router.late_facts == before + 2
    assert world.router.agent("ada").free


# ---------------------------------------------------------------- several facts before one decision


def test_of_those_freed_together_the_longest_idle_chooses_first() -> None:
    world = World((SUPPORT,), (ADA, BOB))
    world.sign_in("ada")
    ringing = world.call("support")
    world.wait(1)
    world.sign_in("bob", ready=False)
    world.only_tell(ev.AgentBecameReady, agent="bob")
    world.only_tell(ev.InteractionEnded, interaction=ringing, by=ev.EndedBy.CUSTOMER)
    interaction = world.clock.new_id()
    world.tell(ev.InteractionArrived, interaction=interaction, customer=Address("sip:1@x"), called="support")
    assert world.rung(interaction) == "ada"


def test_who_comes_back_leaves_a_call_to_the_longest_idle() -> None:
    """Xia's desk returns, Ada gets ready and a sales call comes, all at once; Dan is idle longest."""
    xia = Agent(key="xia", queues=("support", "sales"))
    dan = Agent(key="dan", queues=("sales",))
    ada = Agent(key="ada", queues=("sales",))
    world = _at_work(xia, dan)
    world.tell(ev.AgentConfigured, agent=ada)
    world.sign_in("ada", ready=False)
    world.tell(ev.DeskLost, agent="xia", grace_s=60.0)
    support = world.call("support")
    sales = world.clock.new_id()
    world.only_tell(ev.DeskBack, agent="xia", contact="sip:xia@127.0.0.1", session=world.clock.new_id())
    world.only_tell(ev.AgentBecameReady, agent="ada")
    world.only_tell(
        ev.InteractionArrived,
        interaction=sales,
        customer=Address("sip:anna@customer.example", "Anna"),
        called="sales",
    )
    offers = {event.interaction: event.agent for event in _only(world.decide(), ev.InteractionOffered)}
    assert offers == {support: "xia", sales: "dan"}
