"""The real desk calls a customer through a real centre on a real Asterisk."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console import paths
from console.demo.peers import Voice
from console.demo.robots import Plan, RobotAgent
from console.demo.sound import CUSTOMER_TONES, DESK_TONE
from console.domain import events as ev
from console.domain.agent import AgentState
from console.domain.call import CallEnd, Direction
from console.settings import AsteriskSettings
from console.switch.asterisk_sounds import lay_sounds
from tests.e2e.test_desk_calls import Work, until
from tests.switch.asterisk_server import AsteriskServer

pytestmark = [pytest.mark.asterisk, pytest.mark.e2e, pytest.mark.sip]


@pytest.fixture(scope="module")
def server() -> Iterator[AsteriskServer]:
    folder = Path(tempfile.mkdtemp(prefix="cb-dial-"))
    lay_sounds(paths.resources() / "sounds", folder / "sounds")
    server = AsteriskServer(folder, folder / "sounds", rtp_first=24000, rtp_last=24999)
    (folder / "ari-password").write_text("ari-secret")
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def work(server: AsteriskServer, tmp_path: Path, free_port: int) -> AsyncIterator[Work]:
    asterisk = AsteriskSettings(
        url=server.url,
        password_file=str(server.folder / "ari-password"),
        sounds=server.plan.sounds,
        sip=f"127.0.0.1:{server.sip}",
    )
    work = Work(tmp_path, free_port, asterisk)
    try:
        yield await work.open()
    finally:
        await work.close()


@asynccontextmanager
async def customer(plan: Plan) -> AsyncIterator[RobotAgent]:
    """A phone outside."""
    phone = RobotAgent(Voice(tone=CUSTOMER_TONES[0], listens_for=(DESK_TONE,)), lambda call: plan)
    await phone.start()
    try:
        yield phone
    finally:
        await phone.stop()


async def test_the_own_phone_is_taken_by_itself_and_the_customer_hears_us(work: Work) -> None:
    async with customer(Plan(answer_after_s=0.5)) as phone:
        view = work.desk.link.agent_view
        assert view is not None
        assert view.dials
        work.sound.begin()
        await work.desk.link.command("dial", phone.contact)
        arrived = await work.facts.of(ev.CallArrived)
        assert arrived.outbound
        assert arrived.peer.uri.startswith(f"sip:{phone.user}@")
        await work.facts.of(ev.CallAnswered, call=arrived.call)
        await until(
            lambda: phone.calls and phone.calls[0].heard_tone == DESK_TONE, "our tone at the customer's"
        )
        await until(lambda: work.sound.heard_somebody, "the customer's tone")
        await work.is_in(AgentState.ON_CONTACT)
        work.desk.phone.hang_up(arrived.call)
        await work.facts.of(ev.CallEnded, call=arrived.call)
        await until(lambda: phone.calls[0].ended_by, "the end at the customer's")
        (record,) = await work.records()
        assert (record.direction, record.end) == (Direction.OUTGOING, CallEnd.HUNG_UP_HERE)
        assert record.peer.uri == arrived.peer.uri
        assert record.interaction == arrived.interaction


async def test_nobody_is_there(work: Work) -> None:
    async with customer(Plan(decline=486)) as phone:
        await work.desk.link.command("dial", phone.contact)
        arrived = await work.facts.of(ev.CallArrived)
        await work.facts.of(ev.CallEnded, call=arrived.call)
        await work.is_in(AgentState.READY)
