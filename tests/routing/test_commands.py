"""What supervisors and agents ask for: moves, priorities, pulls, longer wrap-ups, pauses at once."""

from uuid import UUID

import msgspec
import pytest

from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.domain.errors import NotThere, TooLate
from console.domain.interaction import Phase
from console.domain.queue import Channel, Holiday, Queue, Relaxation, SkillNeed
from tests.routing.centre_world import START, World, kinds

A = Queue(key="a", announce_every_s=0, wrap_up_s=30, wrap_up_extension_s=20, wrap_up_extensions=2)
B = Queue(key="b", announce_every_s=0, wrap_up_s=0, skills=(SkillNeed("x", 9),))
ADA = Agent(key="ada", queues=("a",))
BOB = Agent(key="bob", queues=("a",))
CYD = Agent(key="cyd", name="Cyd", skills={"x": 9}, queues=("b",))


def _do(world: World, fact: ev.LedgerEvent) -> list[ev.LedgerEvent]:
    world.ledger.append(fact)
    world.router.apply(fact)
    return world.decide()


def _at_work(*agents: Agent) -> World:
    world = World((A, B), (ADA, BOB, CYD))
    for agent in agents:
        world.sign_in(agent.key)
        world.wait(1)
    return world


# ---------------------------------------------------------------- supervisors


def test_a_move_keeps_the_wait_and_takes_the_new_queues_demands() -> None:
    world = _at_work()
    interaction = world.call("a")
    world.wait(40)
    fact = world.router.commands.move(interaction, "b", "eve", world.clock.now())
    assert (fact.reason, fact.by, fact.waiting_since) == ("moved", "eve", START)
    _do(world, fact)
    standing = world.router.interaction(interaction)
    assert (standing.queue, standing.skills, standing.phase) == ("b", B.skills, Phase.WAITING)
    world.sign_in("cyd")
    assert world.rung(interaction) == "cyd"


def test_after_a_move_the_steps_count_from_the_whole_wait() -> None:
    world = _at_work()
    relaxing = msgspec.structs.replace(B, relax=(Relaxation(after_s=50, skills=()),))
    world.tell(ev.QueueConfigured, queue=relaxing)
    interaction = world.call("a")
    world.wait(40)
    _do(world, world.router.commands.move(interaction, "b", "eve", world.clock.now()))
    assert world.wait(9) == []
    assert kinds(world.wait(1)) == ["InteractionRelaxed"]


def test_a_move_withdraws_what_rings() -> None:
    world = _at_work(ADA, CYD)
    interaction = world.call("a")
    assert world.rung(interaction) == "ada"
    decided = _do(world, world.router.commands.move(interaction, "b", "eve", world.clock.now()))
    assert [(event.agent, event.reason) for event in decided if isinstance(event, ev.OfferEnded)] == [
        ("ada", "withdrawn")
    ]
    assert (world.rung(interaction), world.router.agent("ada").free) == ("cyd", True)


def test_a_move_goes_into_a_closed_queue_too() -> None:
    world = _at_work()
    world.tell(ev.QueueConfigured, queue=Queue(key="c", holidays=(Holiday(day="11-23"),)))
    interaction = world.call("a")
    _do(world, world.router.commands.move(interaction, "c", "eve", world.clock.now()))
    assert world.router.waiting("c") == [interaction]


def test_another_priority_is_another_place() -> None:
    world = _at_work()
    first, second = world.call("a"), world.call("a")
    _do(world, world.router.commands.prioritise(second, 5, "eve", world.clock.now()))
    assert world.router.waiting("a") == [second, first]


def test_what_is_pulled_is_for_that_agent_alone_whatever_the_queue() -> None:
    world = _at_work(ADA, CYD)
    busy = world.call("b")
    world.answer(busy)
    interaction = world.call("a")
    assert world.rung(interaction) == "ada"
    decided = _do(world, world.router.commands.pull(interaction, "cyd", "eve", world.clock.now()))
    assert [event.reason for event in decided if isinstance(event, ev.OfferEnded)] == ["withdrawn"]
    assert (world.phase(interaction), world.router.agent("ada").free) == (Phase.WAITING, True)
    world.end(busy)
    assert world.rung(interaction) == "cyd"


def test_a_pull_ends_with_the_agents_sign_in() -> None:
    world = _at_work(CYD)
    world.tell(ev.AgentPaused, agent="cyd", reason="Lunch")
    interaction = world.call("a")
    _do(world, world.router.commands.pull(interaction, "cyd", "eve", world.clock.now()))
    world.sign_in("ada")
    assert world.rung(interaction) == ""
    world.tell(ev.AgentSignedOut, agent="cyd")
    assert world.rung(interaction) == "ada"


def test_what_cannot_be_is_said() -> None:
    world = _at_work(ADA)
    now = world.clock.now()
    interaction = world.call("a")
    commands = world.router.commands
    with pytest.raises(NotThere, match="no queue"):
        commands.move(interaction, "nowhere", "eve", now)
    with pytest.raises(TooLate, match="already"):
        commands.move(interaction, "a", "eve", now)
    with pytest.raises(NotThere, match="no agent"):
        commands.pull(interaction, "nobody", "eve", now)
    with pytest.raises(TooLate, match="Cyd is not signed in"):
        commands.pull(interaction, "cyd", "eve", now)
    with pytest.raises(NotThere, match="over"):
        commands.prioritise(UUID(int=1), 1, "eve", now)
    world.tell(ev.AgentConfigured, agent=Agent(key="bob", queues=("a",), capacity={Channel.VOICE: 0}))
    world.sign_in("bob")
    with pytest.raises(TooLate, match="bob takes nothing on the channel voice"):
        commands.pull(interaction, "bob", "eve", now)
    world.answer(interaction)
    with pytest.raises(TooLate, match="wait any more"):
        commands.move(interaction, "b", "eve", now)


# ---------------------------------------------------------------- agents


def _wrapping_up() -> tuple[World, UUID]:
    world = _at_work(ADA)
    interaction = world.call("a")
    world.answer(interaction)
    world.end(interaction)
    return world, interaction


def test_a_wrap_up_is_extended_as_often_as_the_queue_allows() -> None:
    world, _ = _wrapping_up()
    world.wait(25)
    for limit_s in (50, 70):
        fact = world.router.commands.extend_wrap_up("ada", world.clock.now())
        assert fact.limit_s == limit_s
        _do(world, fact)
    with pytest.raises(TooLate, match="2 times"):
        world.router.commands.extend_wrap_up("ada", world.clock.now())
    assert world.wait(44) == []
    assert [event.reason for event in world.wait(1)] == ["limit"]
    with pytest.raises(TooLate, match="no wrap-up"):
        world.router.commands.extend_wrap_up("ada", world.clock.now())


def test_an_extension_that_comes_twice_or_late_changes_nothing() -> None:
    world, interaction = _wrapping_up()
    fact = world.router.commands.extend_wrap_up("ada", world.clock.now())
    _do(world, fact)
    _do(world, fact)
    assert world.router.agent("ada").wrap_up.extended == 1
    world.tell(ev.WrapUpEnded, agent="ada", interaction=interaction)
    late = world.router.late_facts
    _do(world, fact)
    assert (world.router.late_facts, world.router.agent("ada").free) == (late + 1, True)


def test_a_pause_at_once_ends_the_wrap_up() -> None:
    world, _ = _wrapping_up()
    decided = world.tell(ev.AgentPaused, agent="ada", reason="Lunch", now=True)
    assert [event.reason for event in decided] == ["paused"]
    assert world.router.agent("ada").state is AgentState.PAUSED


def test_a_pause_at_once_gives_what_rings_to_the_next() -> None:
    world = _at_work(ADA, BOB)
    interaction = world.call("a")
    decided = world.tell(ev.AgentPaused, agent="ada", reason="Lunch", now=True)
    assert kinds(decided) == ["OfferEnded", "InteractionOffered"]
    assert (world.rung(interaction), world.router.agent("ada").reason) == ("bob", "Lunch")


def test_a_pause_at_once_in_the_same_moment_as_the_end_begins_no_wrap_up() -> None:
    world = _at_work(ADA)
    interaction = world.call("a")
    world.answer(interaction)
    world.only_tell(ev.InteractionEnded, interaction=interaction, by=ev.EndedBy.CUSTOMER)
    assert world.tell(ev.AgentPaused, agent="ada", reason="Lunch", now=True) == []
    assert world.router.agent("ada").state is AgentState.PAUSED


@pytest.mark.parametrize("held", [False, True])
def test_a_pause_at_once_in_a_contact_begins_with_its_end_and_without_wrap_up(held: bool) -> None:
    world = _at_work(ADA)
    interaction = world.call("a")
    world.answer(interaction)
    if held:
        world.tell(ev.InteractionHeld, interaction=interaction, agent="ada")
    assert world.tell(ev.AgentPaused, agent="ada", reason="Lunch", now=True) == []
    assert world.router.agent("ada").state is (AgentState.HOLD if held else AgentState.ON_CONTACT)
    assert world.end(interaction) == []
    assert (world.router.agent("ada").state, world.router.agent("ada").reason) == (AgentState.PAUSED, "Lunch")
    assert world.replayed().agent("ada").state is AgentState.PAUSED


def test_a_pause_at_once_in_a_contact_that_is_passed_on_begins_without_wrap_up() -> None:
    world = _at_work(ADA)
    interaction = world.call("a")
    world.answer(interaction)
    world.tell(ev.AgentPaused, agent="ada", reason="Lunch", now=True)
    decided = world.tell(ev.InteractionTransferred, interaction=interaction, agent="ada", target="b")
    assert "WrapUpStarted" not in kinds(decided)
    assert world.router.agent("ada").state is AgentState.PAUSED


@pytest.mark.parametrize("after", [ev.AgentBecameReady, ev.AgentPaused])
def test_who_takes_a_pause_at_once_back_wraps_up(after: type) -> None:
    """Ready again, or a pause after this call instead."""
    world = _at_work(ADA)
    interaction = world.call("a")
    world.answer(interaction)
    world.tell(ev.AgentPaused, agent="ada", reason="Lunch", now=True)
    world.tell(after, agent="ada", **({"reason": "Lunch"} if after is ev.AgentPaused else {}))
    assert kinds(world.end(interaction)) == ["WrapUpStarted"]


def test_a_pause_in_a_contact_begins_after_its_wrap_up() -> None:
    world = _at_work(ADA)
    interaction = world.call("a")
    world.answer(interaction)
    world.tell(ev.AgentPaused, agent="ada", reason="Lunch")
    assert world.router.agent("ada").state is AgentState.ON_CONTACT
    assert kinds(world.end(interaction)) == ["WrapUpStarted"]
    world.wait(30)
    assert world.router.agent("ada").state is AgentState.PAUSED
