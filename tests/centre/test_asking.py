"""What agents may want of a third party, and what is refused in words."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from console.centre.asking import CANNOT
from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.domain.errors import Refused
from console.domain.queue import Queue
from console.settings import CentreSettings
from console.switch.switch import Capability, Consult
from tests.centre.doubles import CLOCK, CONTACT, Room, SpySwitch

SETTINGS = CentreSettings(
    queues=(Queue(key="sales", numbers=("100",)), Queue(key="help", numbers=("200",))),
    agents=(
        Agent(key="anna", queues=("sales",)),
        Agent(key="bert", name="Bert Klein", queues=("help",)),
        Agent(key="carl", queues=("help",)),
        Agent(key="dora", queues=()),
    ),
)


class AskingSpy(SpySwitch):
    """A spy that can be asked for third parties, and tells what a switch would."""

    capabilities = frozenset({Capability.ATTENDED_TRANSFER, Capability.CONFERENCE})

    def consult(self, order: Consult) -> None:
        self._note("consult", order)
        self.say(
            ev.ConsultStarted, order.interaction, consult=order.consult, target=order.target, to=order.to
        )

    def say(self, kind: type, interaction: UUID, **more: object) -> None:
        """Tell a fact of anna's."""
        new, now = CLOCK.new_id(), CLOCK.now()
        self.tell(kind(id=new, at=now, interaction=interaction, agent="anna", **more))

    def swap(self, interaction: UUID) -> None:
        self._note("swap", interaction)

    def conference(self, interaction: UUID) -> None:
        self._note("conference", interaction)

    def complete(self, interaction: UUID) -> None:
        self._note("complete", interaction)

    def cancel_consult(self, interaction: UUID) -> None:
        self._note("cancel_consult", interaction)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    opened = await Room.open(tmp_path / "centre.db", SETTINGS, AskingSpy())
    for agent in ("anna", "bert", "carl"):
        await opened.link(agent)
    opened.centre.sip_domain = "pbx.example"
    yield opened
    await opened.close()


async def talk(room: Room) -> UUID:
    """anna talks with a customer."""
    interaction = await room.arrive("100", {"X-Customer-Id": "4711", "TIER": "gold"})
    order = room.switch.rings[-1]
    fact = ev.InteractionAnswered(
        id=CLOCK.new_id(),
        at=CLOCK.now(),
        interaction=interaction,
        offer=order.offer,
        queue="sales",
        agent="anna",
    )
    room.switch.tell(fact)
    await room.centre.settled()
    return interaction


async def refused(room: Room, action: str, argument: str = "") -> str:
    """Why not."""
    with pytest.raises(Refused) as caught:
        await room.centre.command("anna", action, argument)
    return str(caught.value)


async def test_a_switch_that_cannot_says_so(tmp_path: Path) -> None:
    room = await Room.open(tmp_path / "centre.db", SETTINGS)
    await room.link("anna")
    for action in ("consult", "swap", "conference", "complete", "cancel_consult"):
        assert await refused(room, action, "bert") == CANNOT
    view = room.centre.agent_view("anna")
    assert view is not None
    assert not view.asks
    await room.close()


@pytest.mark.parametrize(
    ("target", "contact", "to"),
    [
        ("bert", CONTACT, "bert"),
        ("help", CONTACT, "bert"),
        ("030123456", "sip:030123456@pbx.example", ""),
        ("sip:x@example.org", "sip:x@example.org", ""),
    ],
)
async def test_who_is_meant(room: Room, target: str, contact: str, to: str) -> None:
    interaction = await talk(room)
    await room.centre.command("anna", "consult", target)
    order = room.switch.told("consult")[0]
    assert isinstance(order, Consult)
    assert (order.interaction, order.contact, order.to, order.queue) == (interaction, contact, to, "sales")
    of_the_customer = {"X-Customer-Id": "4711"} if to else {}
    assert order.headers == {"X-Consult-From": "anna"} | of_the_customer, "nothing of it leaves the house"


async def test_whom_nobody_can_ask(room: Room) -> None:
    assert await refused(room, "consult", "bert") == "You have no customer on the line."
    await talk(room)
    said = {
        target: await refused(room, "consult", target) for target in ("", "anna", "dora", "a b", "0900123")
    }
    assert said[""] == "Enter whom you want to ask."
    assert said["anna"] == "That is you."
    assert said["dora"] == "dora is not signed in."
    assert "neither a colleague" in said["a b"]
    assert "must not be called from here (such numbers are barred)" in said["0900123"]
    await room.centre.command("bert", "pause", "Break")
    await room.centre.command("carl", "pause", "Break")
    assert "is free to be asked" in await refused(room, "consult", "help")
    assert room.switch.told("consult") == []


async def test_what_can_be_done_depends_on_how_it_stands(room: Room) -> None:
    interaction = await talk(room)
    spy = room.switch
    assert isinstance(spy, AskingSpy)
    assert await refused(room, "swap") == "You are asking nobody."
    await room.centre.command("anna", "consult", "bert")
    await room.centre.settled()
    bert = room.centre.router.agent("bert")
    assert bert is not None
    assert bert.state is AgentState.ON_CONTACT
    assert await refused(room, "consult", "carl") == "You are asking somebody already."
    assert await refused(room, "complete") == "They have not answered yet."
    order = spy.told("consult")[0]
    assert isinstance(order, Consult)
    spy.say(ev.ConsultAnswered, interaction, consult=order.consult)
    await room.centre.settled()
    view = room.centre.agent_view("anna")
    assert view is not None
    assert view.consult is not None
    assert (view.asks, view.consult.name, view.consult.answered) == (True, "Bert Klein", True)
    for action in ("swap", "conference", "complete", "cancel_consult"):
        await room.centre.command("anna", action, "")
        assert spy.told(action) == [interaction]
    spy.say(ev.ConsultEnded, interaction, consult=order.consult, to="bert", reason="cancelled")
    await room.centre.settled()
    assert bert.state is AgentState.READY
    view = room.centre.agent_view("anna")
    assert view is not None
    assert view.consult is None


async def test_a_customer_handed_over_outside_is_not_called_there_again(room: Room) -> None:
    interaction = await talk(room)
    spy = room.switch
    assert isinstance(spy, AskingSpy)
    spy.say(ev.InteractionTransferred, interaction, target="030123456", attended=True)
    await room.centre.settled()
    assert spy.told("connect") == []
    assert spy.told("hang_up") == []
    spy.say(ev.InteractionTransferred, interaction, target="help", attended=True)
    await room.centre.settled()
    assert room.centre.router.waiting("help") == []
