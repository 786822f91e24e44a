"""A connection to Asterisk that breaks, and an Asterisk that dies: what becomes of the calls."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from console.clock import SystemClock
from console.demo.robots import Plan, RobotAgent
from console.domain.events import (
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    InteractionEnded,
    OfferEnded,
    OfferEndReason,
    OfferRinging,
)
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch
from console.switch.asterisk_meanwhile import RESTARTED
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.cutting import Relay
from tests.switch.test_asterisk import asterisk_sounds
from tests.switch.world import AGENT, ATTACHED, CUSTOMER, MUSIC, World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip]

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def server() -> Iterator[AsteriskServer]:
    folder = Path(tempfile.mkdtemp(prefix="cb-life-"))
    sounds = folder / "sounds"
    sounds.mkdir()
    asterisk_sounds(sounds)
    server = AsteriskServer(folder, sounds, rtp_first=24000, rtp_last=25999, attached=ATTACHED)
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def relay(server: AsteriskServer) -> AsyncIterator[Relay]:
    relay = Relay(server.http)
    await relay.start()
    yield relay
    await relay.stop()


async def world_at(server: AsteriskServer, port: int) -> World:
    options = AsteriskOptions(
        url=f"http://127.0.0.1:{port}", password="ari-secret", sounds=server.plan.sounds, attached=ATTACHED
    )
    switch = AsteriskSwitch(options, SystemClock())
    new = World(switch)
    await switch.start(new.tell)
    new.udp = new.tcp = f"127.0.0.1:{server.sip}"
    return new


@pytest.fixture
async def world(server: AsteriskServer, relay: Relay) -> AsyncIterator[World]:
    new = await world_at(server, relay.port)
    yield new
    await new.close()


@pytest.fixture
async def near(server: AsteriskServer) -> AsyncIterator[World]:
    """Without a relay: nobody listens when Asterisk is dead."""
    new = await world_at(server, server.http)
    yield new
    await new.close()


def connected(world: World) -> bool:
    switch = world.switch
    assert isinstance(switch, AsteriskSwitch)
    (connection,) = switch.connections
    return connection.connected


def answer(agent: RobotAgent) -> None:
    """What rings there is answered now."""
    for desk in agent._live.values():
        desk._accept([0, 8])


async def channels(server: AsteriskServer, number: int) -> None:
    """Wait until so many channels are our application's."""
    async with (
        httpx.AsyncClient(auth=("callboard", "ari-secret"), trust_env=False) as client,
        asyncio.timeout(15),
    ):
        answer = await client.get(f"{server.url}/ari/applications/callboard")
        while len(answer.json()["channel_ids"]) != number:
            answer = await client.get(f"{server.url}/ari/applications/callboard")


async def cut(world: World, relay: Relay) -> None:
    relay.cut()
    await world.until(lambda: not connected(world), "the loss of the connection")


async def mended(world: World, relay: Relay) -> None:
    relay.open()
    await world.until(lambda: connected(world), "the connection")


async def test_calls_go_on_without_a_connection_and_are_taken_up_again(world: World, relay: Relay) -> None:
    agent, other = await world.agent(), await world.agent()
    stays, kept = await world.talking(agent)
    leaves, left = await world.talking(other)
    waits, waiting = await world.arrived()
    gives_up, given_up = await world.arrived()
    for each in (waiting, given_up):
        world.switch.music(each, "hold-music")
    await world.hears(gives_up, MUSIC)
    await cut(world, relay)
    cut_at = CLOCK.now()
    for customer, tone in ((stays, AGENT), (waits, MUSIC)):
        await world.hears(customer, tone, times=3)
    leaves.hang_up()
    await world.over(other.calls[0])
    gives_up.hang_up()
    await world.hears(waits, MUSIC, times=3)
    mended_at = CLOCK.now()
    assert world.of(InteractionEnded) == []
    await mended(world, relay)
    await world.ended(2)
    ends = {end.interaction: end for end in world.of(InteractionEnded)}
    assert set(ends) == {left, given_up}
    assert all(cut_at < end.at < mended_at and end.by is EndedBy.CUSTOMER for end in ends.values())
    await world.hears(stays, AGENT)
    world.ring(waiting, other.contact)
    await world.hears(waits, AGENT)
    world.switch.hang_up(kept, reason="enough")
    assert (await world.ended(3)).interaction == kept
    agent_call = other.calls[-1]
    waits.hang_up()
    assert (await world.ended(4)).interaction == waiting
    await world.over(agent_call)


async def test_who_calls_unseen_arrives_once_at_the_true_time(
    world: World, relay: Relay, server: AsteriskServer
) -> None:
    relay.hold()  # Asterisk does not know yet that nobody hears it
    before = CLOCK.now()
    customer = world.call("sales", number="77", name="Zoë", headers={"X-Customer-Id": "4711 & 1"})
    await channels(server, 1)
    after = CLOCK.now()
    await cut(world, relay)
    await mended(world, relay)
    await asyncio.wait_for(customer.in_call.wait(), 15)
    (arrived,) = world.of(InteractionArrived)
    assert before <= arrived.at <= after
    assert (arrived.customer.user, arrived.customer.name, arrived.called) == ("77", "Zoë", "sales")
    assert arrived.attached == {"X-Customer-Id": "4711 & 1"}
    world.switch.music(arrived.interaction, "hold-music")
    await world.hears(customer, MUSIC)
    customer.hang_up()
    assert (await world.ended()).by is EndedBy.CUSTOMER
    assert len(world.of(InteractionArrived)) == 1


async def test_what_rings_goes_on_ringing_and_what_ended_unseen_is_nobodys_fault(
    world: World, relay: Relay, server: AsteriskServer
) -> None:
    rings = await world.agent(Plan(answer_after_s=None))
    says_no = await world.agent(Plan(answer_after_s=None))
    late = await world.agent(Plan(answer_after_s=None))
    offers = []
    for agent in (rings, says_no, late):
        _, interaction = await world.arrived()
        offers.append(world.ring(interaction, agent.contact))
    await world.fact(OfferRinging, 3)
    await cut(world, relay)
    says_no.hang_up()
    await channels(server, 5)
    await mended(world, relay)
    ended = await world.fact(OfferEnded)
    assert (ended.offer, ended.reason) == (offers[1], OfferEndReason.WITHDRAWN)
    answer(rings)
    answered = await world.fact(InteractionAnswered)
    assert answered.offer == offers[0]
    await world.agent_hears(rings, CUSTOMER)
    world.switch.cancel(offers[2])
    await world.over(late.calls[0])
    assert len(world.of(OfferRinging)) == 3
    assert len(world.of(OfferEnded)) == 1


async def test_an_agent_who_answers_unheard_is_let_go_and_rung_again(
    world: World, relay: Relay, server: AsteriskServer
) -> None:
    agent = await world.agent(Plan(answer_after_s=None))
    customer, interaction = await world.arrived()
    offer = world.ring(interaction, agent.contact)
    await world.fact(OfferRinging)
    await cut(world, relay)
    answer(agent)
    await world.over(agent.calls[0])
    await channels(server, 1)
    await mended(world, relay)
    ended = await world.fact(OfferEnded)
    assert (ended.offer, ended.reason) == (offer, OfferEndReason.WITHDRAWN)
    world.ring(interaction, (await world.agent()).contact)
    await world.hears(customer, AGENT)


async def test_the_calls_of_an_asterisk_that_dies_end_when_it_died(
    near: World, server: AsteriskServer
) -> None:
    world = near
    agent = await world.agent()
    _, talking = await world.talking(agent)
    _, waiting = await world.arrived()
    died_at = CLOCK.now()
    server.kill()
    await world.until(lambda: not connected(world), "the loss of the connection")
    await world.ended(2)
    ends = world.of(InteractionEnded)
    assert {end.interaction for end in ends} == {talking, waiting}
    assert {(end.by, end.reason) for end in ends} == {(EndedBy.CENTRE, RESTARTED)}
    seen_at = CLOCK.now()
    assert all(died_at <= end.at <= seen_at for end in ends)
    server.start()
    await world.until(lambda: connected(world), "the connection")
    customer, third = await world.talking(await world.agent())
    customer.hang_up()
    assert (await world.ended(3)).interaction == third
