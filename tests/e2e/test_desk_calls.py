"""The real desk at a real centre: transfers, holds, second calls, lost links, new addresses."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.demo import scenario
from console.demo.floor import Floor, prepare_floor
from console.demo.hands import demo_settings
from console.demo.peers import Voice
from console.demo.robots import RobotAgent, RobotCustomer
from console.demo.scenario import BRISK
from console.demo.sound import AGENT_TONES, CUSTOMER_TONES, DESK_TONE, ListeningTone
from console.demo.staff import StaffMember
from console.desk import Desk, open_desk
from console.domain import events as ev
from console.domain.agent import AgentState
from console.domain.call import CallEnd, CallPhase
from console.ledger.ledger import Ledger
from console.settings import AsteriskSettings
from console.telephony.pjsua import PjsuaEngine
from tests.telephony.far import Facts

pytestmark = [pytest.mark.e2e, pytest.mark.sip]
CLOCK = SystemClock()
WAIT_S = 20.0


async def until(fits: Callable[[], object], what: str) -> None:
    """Wait for a fact that no event tells, such as sound."""
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                if fits():
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not come") from None


class Work:
    """A centre, and our desk that is ready there."""

    def __init__(self, folder: Path, port: int, asterisk: AsteriskSettings | None = None) -> None:
        self.folder = folder
        self.floor: Floor = prepare_floor(folder, scenario.agents(1, 1), BRISK, port, asterisk)
        self.sound = ListeningTone()
        self.facts = Facts()
        self.desk: Desk
        self.robot = RobotAgent(
            Voice(tone=AGENT_TONES[0], listens_for=(*CUSTOMER_TONES, DESK_TONE), tcp=True)
        )
        self.staff = StaffMember("agent1", self.floor, CLOCK, self.robot, 1)
        self._stops: list[Callable[[], object]] = []

    async def open(self) -> "Work":
        await self.floor.start()
        self.desk = await open_desk(
            demo_settings(self.floor.url, person=True),
            self.folder / "desk",
            lambda engine: PjsuaEngine(engine, self.sound),
            CLOCK,
        )
        self.desk.bus.subscribe(ev.DeskEvent, self.facts.add)
        await self.desk.link.sign_in(self.floor.url, scenario.DESK, self.floor.password)
        await self.is_in(AgentState.PAUSED)
        await self.desk.link.command("ready")
        await self.is_in(AgentState.READY)
        return self

    async def bring_robot(self) -> None:
        await self.robot.start()
        await self.staff.start()
        self._stops.append(self.staff.stop)

    async def close(self) -> None:
        for stop in self._stops:
            await stop()  # type: ignore[misc]
        await self.desk.link.sign_out()
        await self.desk.stop()
        await self.floor.stop()

    async def is_in(self, state: AgentState) -> None:
        await until(lambda: self.state is state, f"the state {state} (it is {self.state})")

    @property
    def state(self) -> AgentState | None:
        view = self.desk.link.agent_view
        return view.state if view is not None else None

    @property
    def mark(self) -> int:
        return len(self.facts.all)

    def customer(self, dials: str = "100", talk_s: float | None = None) -> RobotCustomer:
        return RobotCustomer(
            f"sip:{dials}@{self.floor.sip_udp}",
            Voice(tone=CUSTOMER_TONES[0], listens_for=(*AGENT_TONES, DESK_TONE)),
            number="+49301234",
            patience_s=WAIT_S,
            talk_s=talk_s,
        )

    @contextlib.asynccontextmanager
    async def calling(self, customer: RobotCustomer) -> AsyncIterator[ev.CallArrived]:
        """A customer calls, and we answer; hung up on at the end, if it is not over by then."""
        mark = self.mark
        task = asyncio.create_task(customer.run())
        ring = await self.facts.of(ev.CallArrived, mark)
        self.desk.phone.answer(ring.call)
        await self.facts.of(ev.CallAnswered, mark, call=ring.call)
        await until(lambda: customer.ear.heard[DESK_TONE] >= 2, "our tone at the customer")
        try:
            yield ring
        finally:
            customer.hang_up()
            await task
        await self.facts.of(ev.CallEnded, mark, call=ring.call)

    async def records(self) -> list[ev.CallRecorded]:
        """What the ledger holds of our calls, once all is delivered."""
        await self.desk.recorder.flush()
        async with asyncio.timeout(WAIT_S):
            while True:
                if not (await self.desk.history.totals()).unsynced:
                    break
                await asyncio.sleep(0.05)
        ledger = await Ledger.open(self.floor.database)
        facts = [event async for _, event in ledger.read() if isinstance(event, ev.CallRecorded)]
        await ledger.close()
        return facts


@pytest.fixture
async def work(tmp_path: Path, free_port: int) -> AsyncIterator[Work]:
    work = Work(tmp_path, free_port)
    try:
        yield await work.open()
    finally:
        await work.close()


async def test_a_blind_transfer_to_another_queue(work: Work) -> None:
    customer = work.customer()
    async with work.calling(customer) as ring:
        await work.bring_robot()
        mark = work.mark
        work.desk.phone.transfer(ring.call, "200")
        await until(lambda: customer.ear.heard[AGENT_TONES[0]] >= 2, "the other agent's tone")
        ended = await work.facts.of(ev.CallEnded, mark, call=ring.call)
        told = [fact for fact in work.facts.all[mark:] if isinstance(fact, ev.CallTransferProgressed)]
        assert (told[-1].code, told[-1].final) == (200, True)
        assert ended.end is CallEnd.HUNG_UP_HERE
        await until(lambda: work.robot.calls[-1].heard_tone == CUSTOMER_TONES[0], "the customer's tone")
    await work.is_in(AgentState.READY)  # after the wrap-up
    assert [record.call for record in await work.records()] == [ring.call]


async def test_hold_mute_and_keys_through_the_centre(work: Work) -> None:
    customer = work.customer()
    phone = work.desk.phone
    async with work.calling(customer) as ring:
        await until(lambda: work.sound.heard_somebody, "the customer's tone")
        phone.hold(ring.call)
        await work.facts.of(ev.CallHeld, call=ring.call)
        customer.ear.heard.clear()
        work.sound.begin()
        await asyncio.sleep(0.5)
        assert not work.sound.heard_somebody
        assert customer.ear.heard[DESK_TONE] <= 1
        phone.resume(ring.call)
        await work.facts.of(ev.CallResumed, call=ring.call)
        await until(lambda: customer.ear.heard[DESK_TONE] >= 2 and work.sound.heard_somebody, "sound again")
        phone.mute(ring.call, muted=True)
        await asyncio.sleep(0.3)
        customer.ear.heard.clear()
        await asyncio.sleep(0.5)
        assert customer.ear.heard[DESK_TONE] <= 1
        phone.mute(ring.call, muted=False)
        await until(lambda: customer.ear.heard[DESK_TONE] >= 2, "sound after the mute")
        customer.press("7")
        await work.facts.of(ev.CallDigit, call=ring.call, digit="7", sent=False)
        phone.send_digits(ring.call, "42")
    record = (await work.records())[0]
    assert record.end is CallEnd.HUNG_UP_THERE
    assert record.held_s > 0.4
    assert record.quality is not None


async def test_dialling_out_holds_the_customer_and_comes_back(work: Work) -> None:
    customer = work.customer()
    phone = work.desk.phone
    async with work.calling(customer) as ring:
        await work.bring_robot()
        mark = work.mark
        second = phone.dial("200")
        await work.facts.of(ev.CallHeld, mark, call=ring.call)
        await work.facts.of(ev.CallAnswered, mark, call=second)
        await until(
            lambda: work.robot.calls and work.robot.calls[-1].heard_tone == DESK_TONE, "our tone there"
        )
        phone.hang_up(second)
        await work.facts.of(ev.CallEnded, mark, call=second)
        phone.resume(ring.call)
        await work.facts.of(ev.CallResumed, mark, call=ring.call)
        customer.ear.heard.clear()
        await until(lambda: customer.ear.heard[DESK_TONE] >= 2, "sound again")
    assert {record.call for record in await work.records()} == {ring.call, second}


async def test_a_lost_link_does_not_end_the_call(work: Work) -> None:
    customer = work.customer()
    async with work.calling(customer) as ring:
        conversation = work.desk.link._conversation
        assert conversation is not None
        mark = work.mark
        conversation.hang_up()
        await work.facts.until(
            lambda f: isinstance(f, ev.LinkChanged) and f.state is not ev.LinkState.ONLINE, mark
        )
        await work.facts.until(
            lambda f: isinstance(f, ev.LinkChanged) and f.state is ev.LinkState.ONLINE, mark
        )
        await work.is_in(AgentState.ON_CONTACT)
        live = work.desk.phone.live(ring.call)
        assert live is not None
        assert live.phase is CallPhase.TALKING
        customer.ear.heard.clear()
        await until(lambda: customer.ear.heard[DESK_TONE] >= 2, "sound still")
    await work.is_in(AgentState.READY)


async def test_new_addresses_in_a_call(work: Work) -> None:
    """The network changes (to the same addresses here): the call goes on, and the next one rings."""
    customer = work.customer()
    async with work.calling(customer):
        work.desk.phone.network_changed()
        await asyncio.sleep(0.5)
        customer.ear.heard.clear()
        work.sound.begin()
        await until(lambda: customer.ear.heard[DESK_TONE] >= 2 and work.sound.heard_somebody, "sound still")
    await work.is_in(AgentState.READY)
    async with work.calling(work.customer()):
        await work.is_in(AgentState.ON_CONTACT)
