"""The ACD, one rule at a time: wrap-up, vanished desks, waits, announcements, transfers, restarts."""

import pytest

from console.domain import events as ev
from console.domain.agent import Agent, AgentState, Presence
from console.domain.interaction import Phase
from console.domain.queue import Queue
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


# ---------------------------------------------------------------- wrap-up


def test_wrap_up_can_be_ended_before_its_limit_and_pause_waits_behind_it() -> None:
    world = _at_work(ADA)
    interaction = world.call("support")
    world.answer(interaction)
    world.tell(ev.AgentPaused, agent="ada", reason="Lunch")
    assert world.router.agent("ada").state is AgentState.ON_CONTACT
    world.end(interaction)
    assert world.router.agent("ada").state is AgentState.WRAP_UP
    assert world.router.wrap_up_of("ada") == interaction
    world.wait(5)
    world.tell(ev.WrapUpEnded, agent="ada", interaction=interaction)
    assert world.router.agent("ada").state is AgentState.PAUSED
    assert world.router.wrap_up_of("ada") is None
    assert world.wait(60) == []


def test_no_wrap_up_where_the_queue_has_none() -> None:
    world = _at_work(ADA)
    interaction = world.call("sales")
    world.answer(interaction)
    assert world.end(interaction) == []
    assert world.router.agent("ada").free


def test_signing_out_ends_the_wrap_up() -> None:
    world = _at_work(ADA)
    interaction = world.call("support")
    world.answer(interaction)
    world.end(interaction)
    decided = world.tell(ev.AgentSignedOut, agent="ada")
    assert kinds(decided) == ["WrapUpEnded"]
    assert world.router.agent("ada").state is AgentState.OFFLINE


# ---------------------------------------------------------------- desks that vanish


def test_a_lost_desk_gives_its_ringing_call_away_and_keeps_its_state() -> None:
    world = _at_work(ADA, BOB)
    interaction = world.call("support")
    decided = world.tell(ev.DeskLost, agent="ada", grace_s=30)
    assert kinds(decided) == ["OfferEnded", "InteractionOffered"]
    assert decided[0].reason is ev.OfferEndReason.UNREACHABLE
    assert world.rung(interaction) == "bob"
    assert world.router.agent("ada").presence is Presence.READY
    assert world.rung(world.call("support")) == ""
    world.tell(ev.DeskBack, agent="ada", contact="sip:ada@127.0.0.9", session=world.clock.new_id())
    assert world.router.waiting("support") == []


def test_the_grace_time_over_signs_the_agent_out() -> None:
    world = _at_work(ADA)
    world.tell(ev.DeskLost, agent="ada", grace_s=30)
    assert world.wait(29) == []
    decided = world.wait(1)
    assert kinds(decided) == ["AgentSignedOut"]
    assert decided[0].reason == "grace"


def test_another_desk_of_the_same_agent_is_rung_anew() -> None:
    world = _at_work(ADA)
    interaction = world.call("support")
    before = world.router.interaction(interaction).offer
    world.tell(ev.DeskBack, agent="ada", contact="sip:ada@127.0.0.9", session=world.clock.new_id())
    assert world.rung(interaction) == "ada"
    assert world.router.interaction(interaction).offer != before


# ---------------------------------------------------------------- waiting too long


def test_overflow_keeps_the_wait() -> None:
    queues = (Queue(key="support", max_wait_s=60, overflow_to="sales", announce_every_s=0), SALES)
    world = World(queues, ())
    interaction = world.call("support")
    decided = world.wait(60)
    assert kinds(decided) == ["InteractionLeftQueue", "InteractionQueued"]
    assert decided[0].reason is ev.LeaveReason.OVERFLOW
    assert (decided[1].queue, decided[1].reason, decided[1].waiting_since) == ("sales", "overflow", START)
    assert world.router.waiting("sales") == [interaction]


@pytest.mark.parametrize("target", ["", "nowhere", "support"])
def test_nowhere_to_overflow_is_goodbye(target: str) -> None:
    world = World((Queue(key="support", max_wait_s=60, overflow_to=target, announce_every_s=0),), ())
    interaction = world.call("support")
    assert [event.reason for event in world.wait(60)] == [ev.LeaveReason.TIMEOUT]
    assert world.phase(interaction) is Phase.ARRIVED
    assert world.router.next_due() is None


def test_two_queues_that_overflow_into_each_other_are_each_entered_once() -> None:
    world = World(
        (Queue(key="a", max_wait_s=5, overflow_to="b"), Queue(key="b", max_wait_s=5, overflow_to="a")), ()
    )
    interaction = world.call("a")
    decided = world.wait(50)
    assert [event.queue for event in _only(decided, ev.InteractionQueued)] == ["b"]
    assert [event.reason for event in _only(decided, ev.InteractionLeftQueue)] == ["overflow", "timeout"]
    assert world.phase(interaction) is Phase.ARRIVED


def test_who_can_be_served_in_the_last_moment_is_not_sent_away() -> None:
    world = World((Queue(key="support", max_wait_s=60, announce_every_s=0),), (ADA,))
    interaction = world.call("support")
    world.sign_in("ada", ready=False)
    world.clock.move(60)
    world.tell(ev.AgentBecameReady, agent="ada")
    assert world.rung(interaction) == "ada"


# ---------------------------------------------------------------- announcements


def test_the_place_is_told_soon_and_then_at_intervals() -> None:
    world = World((Queue(key="support", announce_every_s=30),), ())
    first, second = world.call("support"), world.call("support")
    told = [(e.interaction, e.position, (e.at - START).seconds) for e in world.wait(40)]
    assert told == [(second, 2, 3), (first, 1, 30), (second, 2, 33)]
    world.end(first)
    told = [(e.interaction, e.position, (e.at - START).seconds) for e in world.wait(40)]
    assert told == [(second, 1, 63)]


# ---------------------------------------------------------------- transfers


def test_a_transfer_to_a_queue_waits_there_anew() -> None:
    world = _at_work(ADA)
    interaction = world.call("support")
    world.answer(interaction)
    world.wait(7)
    decided = world.tell(ev.InteractionTransferred, interaction=interaction, agent="ada", target="200")
    assert kinds(decided) == ["WrapUpStarted", "InteractionQueued"]
    queued = decided[1]
    assert (queued.queue, queued.reason, queued.waiting_since) == ("sales", "transfer", world.clock.now())


def test_a_transfer_to_a_colleague_rings_there_first_whatever_the_queue() -> None:
    cyd = Agent(key="cyd", queues=())
    world = _at_work(ADA, BOB, cyd)
    interaction = world.call("support")
    world.answer(interaction)
    world.tell(
        ev.InteractionTransferred, interaction=interaction, agent="ada", target="sip:cyd@centre.example"
    )
    assert world.rung(interaction) == "cyd"
    world.end_offer(interaction, ev.OfferEndReason.DECLINED)
    assert world.rung(interaction) == "bob"


def test_a_transfer_to_a_busy_colleague_waits_in_the_queue_and_for_the_colleague() -> None:
    cyd = Agent(key="cyd", queues=("sales",))
    world = _at_work(ADA, cyd)
    busy, interaction = world.call("sales"), world.call("support")
    world.end_offer(busy, ev.OfferEndReason.DECLINED)
    assert world.rung(busy) == "cyd"
    world.tell(ev.AgentBecameReady, agent="ada")
    world.answer(busy)
    world.answer(interaction)
    world.tell(ev.InteractionTransferred, interaction=interaction, agent="ada", target="cyd")
    assert world.router.waiting("support") == [interaction]
    world.end(busy)
    assert world.rung(interaction) == "cyd"


def test_a_transfer_to_the_outside_is_left_to_the_centre() -> None:
    world = _at_work(ADA)
    interaction = world.call("support")
    world.answer(interaction)
    decided = world.tell(ev.InteractionTransferred, interaction=interaction, agent="ada", target="+49301")
    assert kinds(decided) == ["WrapUpStarted"]
    assert world.phase(interaction) is Phase.ARRIVED


# ---------------------------------------------------------------- restarts


def test_orphans_are_closed_and_agents_get_the_grace_time() -> None:
    world = _at_work(ADA, BOB)
    talking, ringing, waiting = (world.call("support") for _ in range(3))
    world.answer(talking)
    world.router = world.replayed()
    world.router._new_id = world.clock.new_id
    closed = world.router.close_orphans(world.clock.now())
    world.ledger += closed
    ended = [event for event in closed if isinstance(event, ev.InteractionEnded)]
    assert [event.interaction for event in ended] == [talking, ringing, waiting]
    assert {(event.by, event.reason) for event in ended} == {(ev.EndedBy.CENTRE, "centre restarted")}
    assert [event.agent for event in closed if isinstance(event, ev.DeskLost)] == ["ada", "bob"]
    assert [event.reason for event in closed if isinstance(event, ev.OfferEnded)] == ["withdrawn"]
    assert world.decide() == []
    world.tell(ev.DeskBack, agent="bob", contact="sip:bob@127.0.0.9", session=world.clock.new_id())
    assert world.router.agent("bob").free
    assert {event.agent for event in _only(world.wait(60), ev.AgentSignedOut)} == {"ada"}


def _signed_out_after_a_restart(grace_s: float) -> float:
    """Seconds until the agent of a desk that stays away is signed out."""
    world = World((SUPPORT,), (ADA,), grace_s=grace_s)
    world.sign_in("ada")
    restarted = world.clock.now()
    world.ledger += world.router.close_orphans(restarted)
    (over,) = _only(world.wait(3600), ev.AgentSignedOut)
    return (over.at - restarted).total_seconds()


def test_after_a_restart_a_short_grace_time_still_lets_every_desk_try_again() -> None:
    assert _signed_out_after_a_restart(0.0) == _signed_out_after_a_restart(10.0) > 10 + 10
    assert _signed_out_after_a_restart(120.0) == 120.0


def test_a_ledger_that_ends_in_mid_decision_is_taken_up() -> None:
    world = _at_work(ADA, BOB)
    interaction = world.call("support")
    world.answer(interaction)
    world.end(interaction)
    whole = kinds(world.ledger)
    for length in range(1, len(world.ledger) + 1):
        cut = World((), ())
        cut.clock.move_to(world.clock.now())
        for event in world.ledger[:length]:
            cut.router.apply(event)
        decided = cut.router.decide(world.clock.now())
        ended = kinds(world.ledger[:length])[-1]
        if ended == "InteractionArrived":
            assert kinds(decided)[0] == "InteractionQueued"
        if ended == "InteractionEnded":
            assert kinds(decided) == ["WrapUpStarted"]
    assert whole[-1] == "WrapUpStarted"


def test_decisions_depend_on_events_and_time_alone() -> None:
    def run() -> list[ev.LedgerEvent]:
        world = _at_work(ADA, BOB)
        calls = [world.call(name) for name in ("support", "sales", "100")]
        world.answer(calls[0])
        world.wait(25)
        world.end(calls[0])
        return world.ledger

    assert run() == run()
