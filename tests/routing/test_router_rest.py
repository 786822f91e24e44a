"""The ACD comes to rest whatever its settings are, and leaves nobody behind where a queue is removed."""

import logging

import msgspec
import pytest

from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.domain.queue import Queue
from tests.routing.centre_world import World

pytestmark = pytest.mark.timeout(20)
A = Queue(key="a", wrap_up_s=0, announce_every_s=0)
B = Queue(key="b", wrap_up_s=0, announce_every_s=0)


def test_waits_of_next_to_nothing_do_not_keep_it_busy() -> None:
    there = msgspec.structs.replace(A, overflow_to="b", max_wait_s=1e-9)
    back = msgspec.structs.replace(B, overflow_to="a", max_wait_s=1e-9)
    world = World((there, back), ())
    interaction = world.call("a")
    decided = world.wait(1.0)
    assert 2 <= len([event for event in decided if isinstance(event, ev.InteractionLeftQueue)]) <= 11
    assert world.router.interaction(interaction) is not None
    world.tell(ev.QueueConfigured, queue=msgspec.structs.replace(A, announce_every_s=1e-9))
    world.call("a")
    decided = world.wait(1.0)
    assert (
        2 <= len([event for event in decided if isinstance(event, ev.PositionAnnounced)]) <= 22
    )  # of two who wait


def test_what_does_not_come_to_rest_is_said_once_and_goes_on_after_the_next_facts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A ring time-out of 0 s: each agent in turn is not responding before the desk can ring."""
    agents = tuple(Agent(key=f"agent{number:03}", queues=("a",)) for number in range(250))
    world = World((msgspec.structs.replace(A, ring_timeout_s=0),), agents)
    for agent in agents:
        world.sign_in(agent.key)
    with caplog.at_level(logging.ERROR):
        interaction = world.call("a")
        assert world.router.next_due() < world.clock.now()  # type: ignore[operator]
        assert any(agent.state is AgentState.READY for agent in world.router.agents())
        rounds = 1
        while world.router.next_due() is not None:
            world.decide()
            rounds += 1
    assert rounds == 3
    assert {agent.state for agent in world.router.agents()} == {AgentState.NOT_RESPONDING}
    assert world.router.waiting("a") == [interaction]
    assert [record.message for record in caplog.records if "come to rest" in record.message] == [
        "routing does not come to rest: look for times of 0 s among the queues' settings"
    ]


def test_an_agent_wanted_from_a_removed_queue_takes_what_waits_elsewhere() -> None:
    world = World((A, B), (Agent(key="ada", queues=("a", "b")), Agent(key="bob", queues=("a",))))
    world.sign_in("bob")
    passed_on = world.call("a")
    world.answer(passed_on)
    world.tell(ev.AgentPaused, agent="bob", reason="Lunch")
    world.tell(ev.InteractionTransferred, interaction=passed_on, agent="bob", target="ada")
    world.sign_in("ada", ready=False)
    waits = world.call("b")
    world.only_tell(ev.QueueRemoved, queue="a")
    world.tell(ev.AgentBecameReady, agent="ada")
    assert world.rung(waits) == "ada"
    assert world.router.interaction(passed_on).left is ev.LeaveReason.CLOSED


def test_an_agent_removed_while_talking_or_rung_holds_nobody_up() -> None:
    world = World((A,), (Agent(key="ada", queues=("a",)), Agent(key="bob", queues=("a",))))
    world.sign_in("ada")
    talks = world.call("a")
    world.answer(talks)
    world.sign_in("bob")
    rings = world.call("a")
    assert world.rung(rings) == "bob"
    world.tell(ev.AgentRemoved, agent="bob")
    assert world.router.waiting("a") == [rings]
    world.tell(ev.AgentRemoved, agent="ada")
    world.tell(ev.InteractionHeld, interaction=talks, agent="ada")
    world.end(talks)
    assert [standing.interaction for standing in world.router.open_interactions()] == [rings]
    world.tell(ev.AgentConfigured, agent=Agent(key="ada", queues=("a",)))
    world.sign_in("ada")
    assert world.rung(rings) == "ada"


@pytest.mark.parametrize("phase", ["talking", "held"])
def test_signing_out_in_a_call_leaves_no_wrap_up_and_the_agent_offline(phase: str) -> None:
    queue = msgspec.structs.replace(A, wrap_up_s=30)
    world = World((queue,), (Agent(key="ada", queues=("a",)),))
    world.sign_in("ada")
    interaction = world.call("a")
    world.answer(interaction)
    if phase == "held":
        world.tell(ev.InteractionHeld, interaction=interaction, agent="ada")
    world.tell(ev.AgentSignedOut, agent="ada", reason="asked")
    world.end(interaction)
    ada = world.router.agent("ada")
    assert (ada.state, ada.work, ada.wrap_ups) == (AgentState.OFFLINE, {}, {})
    assert world.router.next_due() is None
