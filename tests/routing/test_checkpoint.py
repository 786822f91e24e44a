"""A router that loads a checkpoint goes on exactly as the one that wrote it would."""

import msgspec
import pytest

from console.domain import events as ev
from console.domain.agent import Agent
from console.domain.errors import BadInput
from console.domain.interaction import Phase
from console.domain.queue import OpenHours, Queue, Relaxation, SkillNeed
from console.routing.checkpoint import VERSION, from_bytes
from console.routing.router import Router
from tests.routing.centre_world import World, kinds

WORK = OpenHours(days=("mon", "tue", "wed", "thu", "fri"), opens="08:00", closes="18:00")
QUEUE = Queue(
    key="a", hours=(WORK,), serve_after_close=False, callback_after_s=20, skills=(SkillNeed("x", 5),),
    relax=(Relaxation(after_s=40, skills=()),), last_agent_s=30,
)  # fmt: skip
ADA = Agent(key="ada", skills={"x": 9}, queues=("a", "b"))
BOB = Agent(key="bob", queues=("a",))


def _busy() -> World:
    """Somebody talks, wraps up, is rung, waits, is to be called back; a desk is gone."""
    world = World((QUEUE, Queue(key="b", max_wait_s=90)), (ADA, BOB))
    world.sign_in("ada")
    done = world.call("a")
    world.answer(done)
    world.wait(30)
    asks = world.call("a", uri="sip:ben@x")
    world.wait(20)
    world.tell(ev.DigitReceived, interaction=asks, digit="1")
    world.end(done)
    world.call("b", uri="sip:cleo@x")
    world.wait(25)
    world.call("a")
    world.sign_in("bob")
    world.tell(ev.DeskLost, agent="bob", grace_s=30)
    return world


def _loaded(world: World) -> Router:
    router = Router(world.settings, world.clock.new_id)
    router.load(world.router.dump())
    return router


def test_it_stands_where_the_other_stood() -> None:
    world = _busy()
    other = _loaded(world)
    assert from_bytes(other.dump()) == from_bytes(world.router.dump())
    assert other.agents() == world.router.agents()
    assert other.open_interactions() == world.router.open_interactions()
    assert other.next_due() == world.router.next_due()
    assert other.late_facts == world.router.late_facts
    for queue in ("a", "b"):
        assert other.waiting(queue) == world.router.waiting(queue)
    ada = other.agent("ada")
    assert ada.open_offer is None or ada.open_offer is other.interaction(ada.interaction).open_offer


def test_it_goes_on_where_the_other_stopped() -> None:
    first, second = _busy(), _busy()
    second.router = _loaded(second)
    for world in (first, second):
        world.wait(45)
        world.sign_in("bob")
        world.wait(9 * 3600)
    assert first.ledger == second.ledger
    assert {"InteractionRelaxed", "AgentSignedOut", "WrapUpEnded", "CallbackPostponed"} <= set(
        kinds(first.ledger)
    )


def test_between_a_fact_and_its_decision() -> None:
    world = _busy()
    world.sign_in("bob")
    world.only_tell(ev.AgentPaused, agent="ada", reason="Lunch", now=True)
    world.router = _loaded(world)
    assert "WrapUpEnded" in kinds(world.decide())
    assert [agent.state for agent in world.router.agents()] == ["paused", "offered"]
    assert len([s for s in world.router.open_interactions() if s.phase is Phase.OFFERED]) == 1


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\xff" * 99, b"{}", msgspec.msgpack.encode({"version": VERSION})]
)
def test_what_is_no_checkpoint_is_refused(data: bytes) -> None:
    world = World((), ())
    with pytest.raises(BadInput, match="not a checkpoint"):
        world.router.load(data)


def test_another_version_is_refused() -> None:
    world = World((), ())
    with pytest.raises(BadInput, match=f"version {VERSION + 1}"):
        world.router.load(msgspec.msgpack.encode({"version": VERSION + 1}))
