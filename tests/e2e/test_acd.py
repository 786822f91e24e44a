"""The whole ACD at work: a centre of its own process, its embedded switch, robots that speak SIP and RTP."""

import asyncio
import io
import secrets
import wave
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx
import msgspec
import pytest
import tomlkit

from console.clock import SystemClock
from console.demo.floor import Floor
from console.demo.peers import Voice
from console.demo.robots import AgentCall, CallbackWish, Plan, RobotAgent, RobotCustomer
from console.demo.sound import AGENT_TONES, CUSTOMER_TONES
from console.demo.staff import StaffMember
from console.domain import events as ev
from console.domain.agent import Agent, Role
from console.domain.queue import VOICEMAIL, Holiday, Queue, Relaxation, SkillNeed, Strategy
from console.domain.tolls import CallbackNumbers
from console.ledger.ledger import Ledger
from console.server.auth import hash_password
from console.settings import CentreSettings, RoutingSettings, ServerSettings, SwitchSettings, UserSettings
from console.switch.ticker import Ticker

pytestmark = [pytest.mark.e2e, pytest.mark.sip]

CLOCK = SystemClock()
_E = TypeVar("_E", bound=ev.Event)
_WAIT_S = 60.0
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
CLOSED = tuple(
    Holiday(day=f"{month:02}-{day:02}")
    for month in range(1, 13)
    for day in range(1, _LONGEST.get(month, 31) + 1)
)


class Acd:
    """A running centre, its ledger to look into, a supervisor's token, and robots on both sides."""

    def __init__(self, floor: Floor, ledger: Ledger) -> None:
        self.floor = floor
        self.ledger = ledger
        self.ticker = Ticker(Counter())
        self.staff: dict[str, StaffMember] = {}
        self._calls: list[asyncio.Task[Any]] = []
        self._token = ""

    async def agent(self, key: str, plan: Callable[[AgentCall], Plan] | None = None) -> RobotAgent:
        """An agent who is ready."""
        tone = AGENT_TONES[len(self.staff) % len(AGENT_TONES)]
        voice = Voice(tone=tone, listens_for=CUSTOMER_TONES, codecs=("PCMU",), tcp=True, ticker=self.ticker)
        robot = RobotAgent(voice, plan)
        await robot.start()
        self.staff[key] = StaffMember(key, self.floor, CLOCK, robot, 1)
        await self.staff[key].start()
        return robot

    def customer(self, called: str, number: str, **more: Any) -> RobotCustomer:
        """A customer who calls now."""
        voice = Voice(
            tone=CUSTOMER_TONES[len(self._calls) % len(CUSTOMER_TONES)], listens_for=AGENT_TONES,
            codecs=("PCMU",), ticker=self.ticker,
        )  # fmt: skip
        return RobotCustomer(f"sip:{called}@{self.floor.sip_udp}", voice, number=number, **more)

    def calls(self, robot: RobotCustomer) -> "asyncio.Task[Any]":
        """Let a customer call; the task gives what the customer lived through."""
        self._calls.append(asyncio.create_task(robot.run()))
        return self._calls[-1]

    async def facts(self, kind: type[_E]) -> list[_E]:
        """All facts of a class so far."""
        return [event for _, event in await self.ledger.of_types([kind])]  # type: ignore[misc]

    async def fact(self, kind: type[_E], count: int = 1, **fields: Any) -> _E:
        """Wait for the `count`th fact of a class with these fields."""
        async with asyncio.timeout(_WAIT_S):
            while True:
                found = [
                    event
                    for event in await self.facts(kind)
                    if all(getattr(event, name) == value for name, value in fields.items())
                ]
                if len(found) >= count:
                    return found[count - 1]
                await asyncio.sleep(0.05)  # the ledger of another process: nothing tells of it

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask the centre as its supervisor."""
        async with httpx.AsyncClient(base_url=self.floor.url, timeout=30, trust_env=False) as http:
            if not self._token:
                who = {"user": "sue", "password": self.floor.password}
                self._token = (await http.post("/api/v1/sign-in", json=who)).json()["token"]
            headers = {"Authorization": f"Bearer {self._token}"}
            answer = await http.request(method, path, headers=headers, **more)
            assert answer.status_code == 200, answer.text
            return answer

    async def line(self) -> list[dict[str, Any]]:
        """Who has a place in a queue; a call that hears that it will be called back has none."""
        rows = (await self.ask("GET", "/api/v1/interactions")).json()
        return [row for row in rows if row["place"] is not None]

    async def close(self) -> None:
        for task in self._calls:
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        for member in self.staff.values():
            await member.stop()
        self.ticker.stop()
        await self.floor.stop()
        await self.ledger.close()


Open = Callable[..., Awaitable[Acd]]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def open_acd(queues: tuple[Queue, ...], agents: tuple[Agent, ...], **switch: Any) -> Acd:
            floor = _floor(tmp_path, queues, agents, switch)
            ledger = await Ledger.open(floor.database)
            acd = Acd(floor, ledger)
            stack.push_async_callback(acd.close)
            await floor.start()
            return acd

        yield open_acd


def _floor(folder: Path, queues: tuple[Queue, ...], agents: tuple[Agent, ...], switch: Any) -> Floor:
    password = secrets.token_urlsafe(9)
    hashed = hash_password(password)
    people = [("sue", Role.SUPERVISOR), *((agent.key, Role.AGENT) for agent in agents)]
    settings = CentreSettings(
        server=ServerSettings(
            port=switch.pop("port", 0),
            database=f"sqlite:///{folder / 'centre.db'}",
            heartbeat_s=2.0,
            drain_s=1.0,
        ),
        switch=SwitchSettings(udp_port=0, tcp_port=0, messages=str(folder / "messages"), **switch),
        routing=RoutingSettings(grace_s=10.0),
        queues=queues,
        agents=agents,
        users=tuple(UserSettings(name=name, role=role, password_hash=hashed) for name, role in people),
    )
    (folder / "centre.toml").write_text(tomlkit.dumps(msgspec.to_builtins(settings)), encoding="utf-8")
    return Floor(folder, password, settings.server.database)


QUICK: dict[str, Any] = {"wrap_up_s": 0.0, "announce_every_s": 0.0, "ring_timeout_s": 15.0}
ADA = Agent(key="ada", queues=("support",), skills={"english": 5})
BEN = Agent(key="ben", queues=("support",))


async def test_a_closed_queue_takes_a_message(opened: Open) -> None:
    queue = Queue(key="support", holidays=CLOSED, closed_to=VOICEMAIL, **QUICK)
    acd = await opened((queue,), (ADA,))
    caller = acd.calls(acd.customer("support", "+49301", patience_s=14.0))
    started = await acd.fact(ev.VoicemailStarted)
    left = await acd.fact(ev.VoicemailLeft, interaction=started.interaction)
    await caller
    (row,) = (await acd.ask("GET", "/api/v1/voicemails")).json()["rows"]
    assert (row["interaction"], row["queue"], row["kept"]) == (str(left.interaction), "support", True)
    sound = (await acd.ask("GET", f"/api/v1/voicemails/{left.interaction}/sound")).content
    with wave.open(io.BytesIO(sound)) as message:
        assert (message.getframerate(), message.getnchannels()) == (8000, 1)
        assert message.getnframes() / 8000 == pytest.approx(left.seconds, abs=0.1)
    figures = (await acd.ask("GET", "/api/v1/figures?dimension=queue&window=today")).json()
    assert figures["rows"][0]["values"]["voicemails"] == 1


async def test_who_presses_the_key_is_called_back_in_turn(opened: Open) -> None:
    queue = Queue(key="support", callback_after_s=0.3, **QUICK)
    acd = await opened((queue,), (ADA,))
    first = acd.customer("support", "+49301", patience_s=60.0)
    first.wish = CallbackWish(key="1", after_s=4.0, plan=Plan(answer_after_s=0.3, talk_s=1.5))
    called_back = acd.calls(first)
    asked = await acd.fact(ev.CallbackRequested)
    second = acd.calls(acd.customer("support", "+49302", patience_s=60.0, talk_s=1.0))
    await acd.fact(ev.InteractionQueued, 2)
    waits, behind = await acd.line()
    assert (waits["callback"], waits["place"], waits["interaction"]) == (True, 1, str(asked.callback))
    assert (behind["callback"], behind["place"]) == (False, 2)
    await acd.fact(ev.InteractionEnded, interaction=asked.interaction)  # its telephone is free again
    await acd.agent("ada")
    result = await called_back
    assert [call.heard for call in result.calls_back] == [True]
    assert (await second).heard
    answered = await acd.facts(ev.InteractionAnswered)
    assert answered[0].interaction == asked.callback
    dialled = await acd.facts(ev.CallbackDialled)
    assert [fact.interaction for fact in dialled] == [asked.callback]
    steps = (await acd.ask("GET", f"/api/v1/interactions/{asked.callback}/explain")).json()
    assert "CallbackDialled" in [step["what"] for step in steps]


async def test_a_supervisor_moves_one_and_gives_one_to_an_agent(opened: Open) -> None:
    queues = (Queue(key="support", **QUICK), Queue(key="nobody", **QUICK))
    acd = await opened(queues, (ADA, BEN, Agent(key="eve")))
    await acd.agent("ada")
    moved = acd.calls(acd.customer("nobody", "+49301", talk_s=1.0))
    first = (await acd.fact(ev.InteractionQueued)).interaction
    body = {"queue": "support"}
    await acd.ask("POST", f"/api/v1/interactions/{first}/move", json=body)
    assert (await moved).heard
    assert (await acd.fact(ev.InteractionQueued, 2)).by == "sue"
    eve = await acd.agent("eve")
    pulled = acd.calls(acd.customer("nobody", "+49302", talk_s=1.0))
    second = (await acd.fact(ev.InteractionQueued, 3)).interaction
    await acd.ask("POST", f"/api/v1/interactions/{second}/pull", json={"agent": "eve"})
    assert (await pulled).heard
    assert [call.interaction for call in eve.calls] == [second]


async def test_demands_relax_as_the_caller_waits(opened: Open) -> None:
    queue = Queue(
        key="support",
        skills=(SkillNeed("english", 9),),
        relax=(Relaxation(after_s=1.5, skills=(SkillNeed("english", 5),)),),
        **QUICK,
    )
    acd = await opened((queue,), (ADA,))
    await acd.agent("ada")
    caller = acd.calls(acd.customer("support", "+49301", talk_s=0.5))
    relaxed = await acd.fact(ev.InteractionRelaxed)
    offered = await acd.fact(ev.InteractionOffered)
    assert (await caller).heard
    queued = await acd.fact(ev.InteractionQueued)
    assert relaxed.skills == (SkillNeed("english", 5),)
    assert (relaxed.at - queued.waiting_since).total_seconds() >= 1.5
    assert offered.at >= relaxed.at


async def test_a_broadcast_rings_two_and_one_wins(opened: Open) -> None:
    queue = Queue(key="support", strategy=Strategy.BROADCAST, **QUICK)
    acd = await opened((queue,), (ADA, BEN))
    slow = await acd.agent("ada", lambda _: Plan(answer_after_s=8.0))
    quick = await acd.agent("ben", lambda _: Plan(answer_after_s=1.0))
    await acd.fact(ev.AgentBecameReady, 2)
    caller = acd.calls(acd.customer("support", "+49301", talk_s=1.0))
    assert (await caller).heard
    await acd.fact(ev.InteractionEnded)
    assert len(await acd.facts(ev.InteractionOffered)) == 2
    (answered,) = await acd.facts(ev.InteractionAnswered)
    assert answered.agent == "ben"
    lost = await acd.fact(ev.OfferEnded)
    assert (lost.agent, lost.reason) == ("ada", ev.OfferEndReason.WITHDRAWN)
    assert [call.answered for call in quick.calls] == [True]
    assert [call.ended_by for call in slow.calls] == ["cancelled"]


@pytest.fixture
async def phone() -> AsyncIterator[RobotAgent]:
    """Where both customers of a killed centre are called back."""
    ticker = Ticker(Counter())
    voice = Voice(tone=CUSTOMER_TONES[0], listens_for=AGENT_TONES, codecs=("PCMU",), ticker=ticker)
    robot = RobotAgent(voice, lambda _: Plan(answer_after_s=0.2, talk_s=1.0), user="+49301")
    await robot.start()
    yield robot
    await robot.stop()
    ticker.stop()


async def test_a_killed_centre_calls_back_who_waited(opened: Open, free_port: int, phone: RobotAgent) -> None:
    """Two ask for a callback; the centre dies without a word; the next one calls both, in their order."""
    trunk = phone.contact.partition("@")[2].partition(";")[0]
    queue = Queue(key="support", callback_after_s=0.3, **QUICK)
    numbers = CallbackNumbers(allowed=("+49",))
    acd = await opened((queue,), (ADA,), trunk=trunk, callbacks=numbers, port=free_port)
    for count, number in enumerate(("+49301", "+49302"), start=1):
        caller = acd.customer("support", number, patience_s=30.0)
        caller.wish = CallbackWish(key="1", after_s=4.0, stays_s=0.0)
        call = acd.calls(caller)
        await acd.fact(ev.CallbackRequested, count)
        await call
    asked = [fact.callback for fact in await acd.facts(ev.CallbackRequested)]
    acd.floor.kill()
    await acd.floor.stop()
    await acd.floor.start()
    waiting = await acd.line()
    assert [UUID(row["interaction"]) for row in waiting] == asked
    assert [row["place"] for row in waiting] == [1, 2]
    assert [row["waiting_since"] for row in waiting] == sorted(row["waiting_since"] for row in waiting)
    await acd.agent("ada")
    await acd.fact(ev.InteractionEnded, 4)
    assert [fact.interaction for fact in await acd.facts(ev.InteractionAnswered)] == asked
    assert [call.heard for call in phone.calls] == [True, True]
