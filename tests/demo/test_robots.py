"""Robots against each other and against nothing: what they report is true."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import numpy as np
import pytest

from console.demo.robots import AgentCall, CallbackWish, Plan, RobotAgent, RobotCustomer, Voice
from console.demo.tones import Ear, tone_frames
from console.switch.ticker import Ticker

pytestmark = pytest.mark.sip
CUSTOMER, AGENT = 1000, 600


@pytest.fixture
async def ticker() -> AsyncIterator[Ticker]:
    ticker = Ticker(Counter())
    yield ticker
    ticker.stop()


def voice(tone: int, ticker: Ticker, **more: object) -> Voice:
    return Voice(tone=tone, listens_for=(CUSTOMER, AGENT), ticker=ticker, **more)  # type: ignore[arg-type]


async def meet(
    ticker: Ticker, plan: Plan, *, patience_s: float = 5.0, talk_s: float | None = 0.5, **more: object
) -> tuple[RobotCustomer, RobotAgent]:
    """A customer calls an agent directly."""
    agent = RobotAgent(voice(AGENT, ticker, **more), lambda call: plan)
    await agent.start()
    talker = voice(CUSTOMER, ticker, codecs=("PCMU",), tcp=bool(more.get("tcp")))
    customer = RobotCustomer(agent.contact, talker, number="1", patience_s=patience_s, talk_s=talk_s)
    async with asyncio.timeout(20):
        await customer.run()
    ended = asyncio.Event()
    agent.on_change = lambda call: ended.set() if call.ended_by else None
    async with asyncio.timeout(5):
        while not all(call.ended_by for call in agent.calls):
            await ended.wait()
    await agent.stop()
    return customer, agent


async def test_they_hear_each_other(ticker: Ticker) -> None:
    customer, agent = await meet(ticker, Plan())
    result, call = customer.result, agent.calls[0]
    assert result.arrived
    assert (result.heard_tone, call.heard_tone) == (AGENT, CUSTOMER)
    assert (result.ended_by, call.ended_by) == ("customer", "switch")
    assert result.waited <= result.waited + result.talked
    assert result.lost == call.lost == 0


async def test_the_agent_hangs_up(ticker: Ticker) -> None:
    customer, agent = await meet(ticker, Plan(talk_s=0.6), talk_s=None)
    assert (customer.result.ended_by, agent.calls[0].ended_by) == ("switch", "agent")


async def test_impatience(ticker: Ticker) -> None:
    customer, agent = await meet(ticker, Plan(answer_after_s=None), patience_s=0.3)
    assert not customer.result.arrived
    assert not customer.result.heard
    assert customer.result.ended_by == "customer"
    assert agent.calls[0].ended_by == "cancelled"


async def test_a_refusal_is_reported_with_its_status(ticker: Ticker) -> None:
    customer, agent = await meet(ticker, Plan(decline=486))
    assert (customer.result.code, customer.result.ended_by) == (486, "refused")
    assert agent.calls[0].ended_by == "declined"


async def test_no_tone_no_answer(ticker: Ticker) -> None:
    """An agent who is silent was not heard: the customer's patience ends."""

    def mute(call: AgentCall) -> None:
        if call.answered:
            agent.mute(on=True)

    agent = RobotAgent(voice(AGENT, ticker))
    agent.on_change = mute
    await agent.start()
    customer = RobotCustomer(
        agent.contact, voice(CUSTOMER, ticker, codecs=("PCMU",)), number="1", patience_s=0.5
    )
    await customer.run()
    await agent.stop()
    assert customer.result.arrived
    assert not customer.result.heard
    assert customer.result.answered_at is None


async def test_somebody_tells_that_a_person_answered(ticker: Ticker) -> None:
    agent = RobotAgent(voice(AGENT, ticker), lambda call: Plan(talk_s=0.3))
    await agent.start()
    deaf = Voice(tone=CUSTOMER, listens_for=(), codecs=("PCMU",), ticker=ticker)
    customer = RobotCustomer(agent.contact, deaf, number="1", patience_s=0.1, talk_s=10)
    agent.on_change = lambda call: customer.connected()
    result = await customer.run()
    await agent.stop()
    assert result.ended_by == "switch"
    assert result.answered_at is not None


@pytest.mark.parametrize("payload_type", [0, 8, 9])
def test_a_tone_is_recognised_among_others(payload_type: int) -> None:
    from aiortp.codecs import get_codec

    ear = Ear((600, 1000, 1400))
    codec = get_codec(payload_type)
    for frame in tone_frames(1000, payload_type)[5:20]:
        pcm = codec.decode(frame)
        if codec.sample_rate == 16000:
            pcm = np.frombuffer(pcm, "<i2")[::2].tobytes()
        ear.listen(pcm)
    assert set(ear.heard) == {1000}
    assert ear.heard[1000] >= 12


def test_noise_music_and_silence_are_no_tone() -> None:
    ear = Ear((600, 1000))
    chance = np.random.default_rng(3)
    for _ in range(200):
        ear.listen((chance.normal(0, 5000, 160)).astype("<i2").tobytes())
    places = np.arange(160) / 8000
    chord = sum(3000 * np.sin(2 * np.pi * hertz * places) for hertz in (440, 600, 880, 1000))
    ear.listen(np.asarray(chord).astype("<i2").tobytes())
    ear.listen(bytes(320))
    ear.listen(b"odd")
    assert not ear.heard


async def test_a_customer_who_wants_to_be_called_back(ticker: Ticker) -> None:
    """Presses the key, is hung up on, answers the call that comes, and the two hear each other."""
    agent = RobotAgent(voice(AGENT, ticker), lambda call: Plan(talk_s=0.8))
    await agent.start()
    mute = Voice(tone=CUSTOMER, listens_for=(), codecs=("PCMU",), ticker=ticker)
    customer = RobotCustomer(agent.contact, mute, number="1", talk_s=None)
    customer.wish = CallbackWish(key="7", after_s=0.1, plan=Plan(talk_s=0.3))
    task = asyncio.create_task(customer.run())
    async with asyncio.timeout(20):
        await customer.ended.wait()
        assert customer.result.pressed == "7"
        caller = RobotCustomer(
            customer.contact, voice(AGENT, ticker, codecs=("PCMU",)), number="2", talk_s=None
        )
        result = await caller.run()
        await task
    (call,) = customer.result.calls_back
    assert (call.answered, call.ended_by, result.ended_by) == (True, "agent", "switch")
    await agent.stop()


@pytest.mark.parametrize(("plan", "code"), [(Plan(decline=486), 486), (Plan(answer_after_s=None), 0)])
async def test_a_called_customer_is_busy_or_does_not_answer(ticker: Ticker, plan: Plan, code: int) -> None:
    phone = RobotAgent(voice(CUSTOMER, ticker), lambda call: plan, user="4711")
    await phone.start()
    assert phone.contact.startswith("sip:4711@")
    caller = RobotCustomer(phone.contact, voice(AGENT, ticker, codecs=("PCMU",)), number="2", patience_s=0.3)
    async with asyncio.timeout(20):
        result = await caller.run()
    assert (result.code, result.arrived) == (code, False)
    await phone.stop()


async def test_a_customer_hangs_up_while_it_rings(ticker: Ticker) -> None:
    phone = RobotAgent(voice(CUSTOMER, ticker), lambda call: Plan(answer_after_s=None), user="4711")
    await phone.start()
    caller = RobotCustomer(phone.contact, voice(AGENT, ticker, codecs=("PCMU",)), number="2", talk_s=None)
    phone.on_change = lambda call: caller.hang_up()
    async with asyncio.timeout(20):
        result = await caller.run()
    assert (result.ended_by, result.code, result.arrived) == ("customer", 0, False)
    assert (phone.calls[0].answered, phone.calls[0].ended_by) == (False, "cancelled")
    await phone.stop()


class CrossingPhone(asyncio.DatagramProtocol):
    """Rings, and answers in the moment in which it is cancelled, before the CANCEL is there."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.rang, self.over = asyncio.Event(), asyncio.Event()
        self._invite: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        lines = data.decode().partition("\r\n\r\n")[0].split("\r\n")
        method = lines[0].partition(" ")[0]
        self.heard.append(method)
        if method == "INVITE":
            self._invite = lines
            self._say("180 Ringing", lines, addr)
            self.rang.set()
        elif method == "CANCEL":
            address = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            self._say("200 OK", self._invite, addr, f"{address}m=audio 9 RTP/AVP 0\r\n")
            self._say("200 OK", lines, addr)
        elif method == "BYE":
            self._say("200 OK", lines, addr)
            self.over.set()

    def _say(self, status: str, lines: list[str], addr: tuple[str, int], sdp: str = "") -> None:
        kept = [line for line in lines if line.lower().startswith(("via:", "from:", "call-id:", "cseq:"))]
        host, port = self.transport.get_extra_info("sockname")[:2]
        kept += [line + ";tag=x" for line in lines if line.lower().startswith("to:")]
        kept += [f"Contact: <sip:{host}:{port}>", f"Content-Length: {len(sdp)}"]
        kept += ["Content-Type: application/sdp"] if sdp else []
        told = "\r\n".join([f"SIP/2.0 {status}", *kept, "", sdp])
        self.transport.sendto(told.encode(), addr)  # type: ignore[attr-defined]


async def test_a_customer_hangs_up_in_the_very_moment_of_the_answer(ticker: Ticker) -> None:
    """The answer crosses its CANCEL: it is acknowledged, and hung up on."""
    transport, phone = await asyncio.get_running_loop().create_datagram_endpoint(
        CrossingPhone, local_addr=("127.0.0.1", 0)
    )
    there = f"sip:4711@127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    caller = RobotCustomer(there, voice(AGENT, ticker, codecs=("PCMU",)), number="2", talk_s=None)
    task = asyncio.create_task(caller.run())
    async with asyncio.timeout(20):
        await phone.rang.wait()
        caller.hang_up()
        await phone.over.wait()
        result = await task
    transport.close()
    assert phone.heard == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert (result.ended_by, result.code, result.arrived) == ("customer", 0, True)


async def test_a_customer_who_hung_up_before_it_called_does_not_call(ticker: Ticker) -> None:
    phone = RobotAgent(voice(CUSTOMER, ticker), user="4711")
    await phone.start()
    caller = RobotCustomer(phone.contact, voice(AGENT, ticker, codecs=("PCMU",)), number="2", talk_s=None)
    caller.hang_up()
    async with asyncio.timeout(20):
        assert not (await caller.run()).arrived
    assert phone.calls == []
    await phone.stop()


async def test_a_phone_that_speaks_before_it_answers(ticker: Ticker) -> None:
    phone = RobotAgent(voice(CUSTOMER, ticker), lambda call: Plan(early=True, answer_after_s=0.2, talk_s=0.3))
    await phone.start()
    caller = RobotCustomer(phone.contact, voice(AGENT, ticker, codecs=("PCMU",)), number="2", talk_s=None)
    async with asyncio.timeout(20):
        result = await caller.run()
    assert result.arrived
    assert phone.calls[0].sent > 20, "it spoke only after the answer"
    await phone.stop()
