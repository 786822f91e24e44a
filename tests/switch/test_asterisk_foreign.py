"""Telephones of other people at our switch on a real Asterisk: sipp and baresip, as callers and as agents."""

from pathlib import Path

import pytest

from console.domain.events import EndedBy, InteractionAnswered, InteractionArrived, InteractionEnded
from tests.switch.foreign import Baresip, sipp_calls_sipp
from tests.switch.test_asterisk import server as server
from tests.switch.test_asterisk import world as world
from tests.switch.world import AGENT, CUSTOMER, MUSIC, World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip]


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_sipp_calls_a_sipp_desk(world: World, transport: str) -> None:
    await sipp_calls_sipp(world, transport)


async def test_baresip_is_an_agent(world: World, tmp_path: Path) -> None:
    desk = Baresip(tmp_path / "desk", AGENT)
    try:
        customer, interaction = await world.arrived()
        world.switch.music(interaction, "hold-music")
        await world.hears(customer, MUSIC)
        world.ring(interaction, desk.contact)
        await world.fact(InteractionAnswered)
        await world.hears(customer, AGENT)
        customer.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
    finally:
        desk.stop()


async def test_baresip_calls_and_leaves(world: World, tmp_path: Path) -> None:
    agent = await world.agent()
    phone = Baresip(tmp_path / "phone", CUSTOMER, f"sip:sales@{world.udp}", user="0305")
    try:
        arrived = await world.fact(InteractionArrived)
        assert (arrived.customer.user, arrived.called) == ("0305", "sales")
        world.ring(arrived.interaction, agent.contact)
        await world.agent_hears(agent, CUSTOMER)
    finally:
        phone.stop()
    assert (await world.fact(InteractionEnded)).by is EndedBy.CUSTOMER
    await world.over(agent.calls[0])
