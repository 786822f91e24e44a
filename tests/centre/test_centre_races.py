"""What comes at the same moment, and what fails: the centre goes on, or ends loudly."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.centre.centre import Centre
from console.clock import SystemClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent, AgentState, Presence
from console.domain.queue import Queue
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.settings import CentreSettings, RoutingSettings
from console.switch.switch import Ring
from tests.centre.doubles import SpySwitch

CLOCK = SystemClock()
CONTACT = "sip:desk@127.0.0.1:5080"
SETTINGS = CentreSettings(
    routing=RoutingSettings(grace_s=30.0),
    queues=(Queue(key="support", wrap_up_s=0, ring_timeout_s=30.0),),
    agents=(Agent(key="ada", queues=("support",)), Agent(key="ben", queues=("support",))),
)


class FailingSwitch(SpySwitch):
    """Fails, as only a fault of ours does, for one agent's rings and every outside call."""

    def ring(self, order: Ring) -> None:
        if order.agent == "ada":
            raise RuntimeError("a fault in the switch")
        super().ring(order)

    def connect(self, interaction: object, uri: str) -> None:
        raise RuntimeError("a fault in the switch")


class Room:
    """A centre and its scripted switch."""

    def __init__(self, centre: Centre, switch: SpySwitch) -> None:
        self.centre = centre
        self.switch = switch

    async def tell(self, kind: type, **fields: object) -> None:
        self.switch.tell(kind(id=CLOCK.new_id(), at=CLOCK.now(), **fields))
        await self.centre.settled()

    async def link(self, agent: str) -> None:
        await self.centre.desk_linked(agent, CONTACT, CLOCK.new_id())

    async def talking(self, agent: str) -> ev.InteractionAnswered:
        """A customer who talks with this agent, the only one ready."""
        await self.link(agent)
        await self.centre.command(agent, "ready", "")
        interaction = CLOCK.new_id()
        await self.tell(
            ev.InteractionArrived, interaction=interaction, customer=Address("sip:+4930@x"), called="support"
        )
        ring = self.switch.rings[-1]
        await self.tell(
            ev.InteractionAnswered,
            interaction=interaction,
            offer=ring.offer,
            queue=ring.queue,
            agent=ring.agent,
        )
        standing = self.centre.router.interaction(interaction)
        assert standing is not None
        assert standing.agent == agent
        return ev.InteractionAnswered(
            id=CLOCK.new_id(),
            at=CLOCK.now(),
            interaction=interaction,
            offer=ring.offer,
            queue=ring.queue,
            agent=agent,
        )

    def state(self, agent: str) -> tuple[AgentState, Presence]:
        standing = self.centre.router.agent(agent)
        assert standing is not None
        return standing.state, standing.presence


async def _rooms(file: Path, switch: SpySwitch) -> AsyncIterator[Room]:
    ledger = await Ledger.open(f"sqlite:///{file}")
    centre = Centre(SETTINGS, CLOCK, ledger, await Users.open(ledger.database), switch)
    await centre.start()
    yield Room(centre, switch)
    await asyncio.wait_for(centre.stop(), 10)
    await ledger.close()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async for made in _rooms(tmp_path / "centre.db", SpySwitch()):
        yield made


@pytest.fixture
async def failing(tmp_path: Path) -> AsyncIterator[Room]:
    async for made in _rooms(tmp_path / "centre.db", FailingSwitch()):
        yield made


async def test_who_signed_out_in_a_call_can_sign_in_again_while_it_lasts(room: Room) -> None:
    talk = await room.talking("ada")
    await room.centre.command("ada", "sign_out", "")
    assert room.state("ada") == (AgentState.ON_CONTACT, Presence.OFFLINE)
    await room.link("ada")
    await room.centre.command("ada", "ready", "")
    assert room.state("ada") == (AgentState.ON_CONTACT, Presence.READY)
    await room.tell(ev.InteractionEnded, interaction=talk.interaction, by=ev.EndedBy.CUSTOMER)
    assert room.state("ada") == (AgentState.READY, Presence.READY)


async def test_a_desk_that_is_back_as_the_grace_time_ends_is_signed_in(room: Room) -> None:
    await room.link("ada")
    over = ev.AgentSignedOut(id=CLOCK.new_id(), at=CLOCK.now(), agent="ada", reason="grace")
    signing_out = asyncio.ensure_future(room.centre.submit(over))
    await asyncio.sleep(0)  # it waits in the pipeline; the desk's return is written behind it
    await room.link("ada")
    await signing_out
    assert room.state("ada") == (AgentState.PAUSED, Presence.PAUSED)


async def test_a_ring_that_fails_goes_to_the_next_agent_and_the_centre_goes_on(
    failing: Room, caplog: pytest.LogCaptureFixture
) -> None:
    await failing.link("ada")
    await failing.centre.command("ada", "ready", "")
    with caplog.at_level(logging.ERROR):
        interaction = CLOCK.new_id()
        await failing.tell(
            ev.InteractionArrived, interaction=interaction, customer=Address("sip:+4930@x"), called="support"
        )
        await failing.centre.settled()
        await failing.link("ben")
        await failing.centre.command("ben", "ready", "")
    assert failing.state("ada")[0] is AgentState.NOT_RESPONDING
    assert [ring.agent for ring in failing.switch.rings] == ["ben"]
    assert "the switch failed on a InteractionOffered" in caplog.text


async def test_an_outside_call_that_fails_ends_the_call(
    failing: Room, caplog: pytest.LogCaptureFixture
) -> None:
    talk = await failing.talking("ben")
    with caplog.at_level(logging.WARNING):
        await failing.tell(
            ev.InteractionTransferred, interaction=talk.interaction, agent="ben", target="sip:x@y.example"
        )
    assert failing.switch.told("hang_up") == ["transfer failed"]
    assert "a transfer failed" in caplog.text


async def test_a_fault_in_the_pipeline_ends_the_centre_loudly(
    room: Room, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(now: object) -> list[ev.LedgerEvent]:
        raise RuntimeError("a fault in routing")

    monkeypatch.setattr(room.centre.router, "decide", fault)
    with caplog.at_level(logging.CRITICAL):
        room.switch.tell(
            ev.InteractionArrived(
                id=CLOCK.new_id(),
                at=CLOCK.now(),
                interaction=CLOCK.new_id(),
                customer=Address("sip:+4930@x"),
                called="support",
            )
        )
        await asyncio.wait_for(room.centre.broken.wait(), 10)
    assert "cannot go on" in caplog.text
