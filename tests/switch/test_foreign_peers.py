"""SIP programs of other people: sipp as a caller and as a desk, pjsua2 as a desk."""

import asyncio
import sys
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.demo.robots import Plan
from console.domain.events import (
    CallbackDialled,
    EndedBy,
    InteractionAnswered,
    InteractionHeld,
    InteractionResumed,
    InteractionTransferred,
)
from tests.switch.foreign import sipp_calls_sipp
from tests.switch.world import AGENT, CUSTOMER, MUSIC, OTHER_AGENT, RINGBACK, World

pytestmark = pytest.mark.sip


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_sipp_calls_a_sipp_desk(world: World, transport: str) -> None:
    await sipp_calls_sipp(world, transport)


class Desk:
    """A desk on pjsua2 in a process of its own (pjsua_desk.py)."""

    def __init__(self, process: asyncio.subprocess.Process, contact: str) -> None:
        self.process = process
        self.contact = contact
        self.said: list[str] = []

    @classmethod
    async def start(cls, transport: str) -> "Desk":
        """Start it and read its contact."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("pjsua_desk.py")),
            transport,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        line = ""
        while not line.startswith("contact "):
            line = (await process.stdout.readline()).decode()
            assert line, "pjsua2 did not start"
        return cls(process, line.split()[1])

    async def hear(self, wanted: str) -> None:
        """Wait until it says a line that begins so."""
        assert self.process.stdout is not None
        async with asyncio.timeout(15):
            while not (self.said and self.said[-1].startswith(wanted)):
                line = await self.process.stdout.readline()
                assert line, f"the desk died; it said {self.said}"
                self.said.append(line.decode().strip())

    def do(self, order: str) -> None:
        """Give it an order."""
        assert self.process.stdin is not None
        self.process.stdin.write(order.encode() + b"\n")

    async def stop(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_pjsua2_desk_talks_holds_and_transfers(world: World, transport: str) -> None:
    desk = await Desk.start(transport)
    try:
        customer, interaction = await world.arrived(name="Anna")
        world.ring(interaction, desk.contact)
        await desk.hear(f"invite X-Interaction-Id: {interaction}")
        await desk.hear(f"hears {CUSTOMER}")
        await world.hears(customer, AGENT)
        desk.do("hold")
        await world.fact(InteractionHeld)
        await world.hears(customer, MUSIC)
        desk.do("resume")
        await world.fact(InteractionResumed)
        await world.hears(customer, AGENT)
        desk.do(f"transfer sip:billing@{world.udp}")
        assert (await world.fact(InteractionTransferred)).target == "billing"
        await desk.hear("transfer 200 1")
        await desk.hear("state DISCONNECTED")
        await world.hears(customer, MUSIC)
        world.ring(interaction, desk.contact)
        await world.hears(customer, AGENT)
        desk.do("bye")
        assert (await world.ended()).by is EndedBy.AGENT
    finally:
        await desk.stop()


async def test_a_pjsua2_desk_makes_a_callback(world: World) -> None:
    desk = await Desk.start("udp")
    try:
        phone = await world.phone(Plan(answer_after_s=1.0))
        interaction = SystemClock().new_id()
        world.ring(interaction, desk.contact, call_out=phone.contact)
        await desk.hear(f"invite X-Interaction-Id: {interaction}")
        await world.fact(CallbackDialled)
        await desk.hear(f"hears {RINGBACK}")
        await desk.hear(f"hears {CUSTOMER}")
        await world.agent_hears(phone, AGENT)
        desk.do("hold")
        await world.fact(InteractionHeld)
        await world.agent_hears(phone, MUSIC)
        desk.do("resume")
        await world.agent_hears(phone, AGENT)
        desk.do("bye")
        assert (await world.ended()).by is EndedBy.AGENT
        await world.over(phone.calls[0])
    finally:
        await desk.stop()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_customer_on_pjsua2_is_called_back(world: World, transport: str) -> None:
    customer = await Desk.start(transport)
    try:
        agent = await world.phone(tone=OTHER_AGENT, codecs=("PCMA",))
        interaction, _ = world.call_back(agent, customer.contact)
        await world.fact(InteractionAnswered)
        await customer.hear(f"hears {OTHER_AGENT}")
        await world.agent_hears(agent, AGENT)
        customer.do("bye")
        fact = await world.ended()
        assert (fact.interaction, fact.by) == (interaction, EndedBy.CUSTOMER)
        await world.over(agent.calls[0])
    finally:
        await customer.stop()
