"""A whole centre: from a customer's INVITE to the agent's, with every fact durable in the ledger before it
is acted on.

The centre is a process of its own, as in the demo; agents are free. What is measured begins before the
robot opens its sockets, so it is an upper bound.
"""

import asyncio
import statistics
from collections import Counter
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.demo import scenario
from console.demo.floor import Floor, prepare_floor
from console.demo.peers import Voice
from console.demo.robots import AgentCall, Plan, RobotAgent, RobotCustomer
from console.demo.scenario import BRISK
from console.demo.sound import AGENT_TONES, CUSTOMER_TONES
from console.demo.staff import StaffMember
from console.switch.ticker import Ticker

pytestmark = pytest.mark.bench

CLOCK = SystemClock()
_CALLS = 60
_AGENTS = 8


async def _rung_after(floor: Floor, ticker: Ticker, number: int, rung: asyncio.Event) -> float:
    rung.clear()
    voice = Voice(tone=CUSTOMER_TONES[0], listens_for=AGENT_TONES, codecs=("PCMU",), ticker=ticker)
    customer = RobotCustomer(f"sip:100@{floor.sip_udp}", voice, number=f"+49{number:05d}", talk_s=0.1)
    began = CLOCK.monotonic()
    call = asyncio.create_task(customer.run())
    async with asyncio.timeout(10.0):
        await rung.wait()
    took = CLOCK.monotonic() - began
    await call
    return took


async def test_invite_to_invite_through_the_ledger(tmp_path: Path) -> None:
    floor = prepare_floor(tmp_path, scenario.agents(_AGENTS, 1), BRISK)
    await floor.start()
    ticker = Ticker(Counter())
    rung = asyncio.Event()
    staff: list[StaffMember] = []

    def plan(_: AgentCall) -> Plan:
        rung.set()
        return Plan(answer_after_s=0.0)

    try:
        for number in range(_AGENTS):
            voice = Voice(
                tone=AGENT_TONES[0], listens_for=CUSTOMER_TONES, codecs=("PCMU",), tcp=True, ticker=ticker
            )
            robot = RobotAgent(voice, plan)
            await robot.start()
            staff.append(StaffMember(f"agent{number + 1}", floor, CLOCK, robot, 1))
            await staff[-1].start()
        took = [await _rung_after(floor, ticker, number, rung) * 1000 for number in range(_CALLS)]
    finally:
        for member in staff:
            await member.stop()
        ticker.stop()
        await floor.stop()
    ordered = sorted(took)
    print(
        f"caller's INVITE to agent's INVITE, {_CALLS} calls, whole centre: "
        f"p50 {statistics.median(took):.1f} ms, "
        f"p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms, max {ordered[-1]:.1f} ms"
    )
    assert len(took) == _CALLS
