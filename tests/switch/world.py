"""A switch with foreign SIP user agents around it, and its facts in a list."""

import asyncio
import wave
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import numpy as np

from console.clock import SystemClock
from console.demo.robots import AgentCall, Plan, RobotAgent, RobotCustomer, Voice
from console.domain.events import InteractionArrived, InteractionEnded, InteractionEvent
from console.switch.switch import Ring, Switch
from console.switch.ticker import Ticker

CUSTOMER, AGENT, OTHER_AGENT = 1000, 600, 1400
"""Tones (Hz) of the people."""
MUSIC, ONE, TWO = 450, 750, 1800
"""Tones of the sounds: hold-music.wav, one.wav, two.wav."""
RINGBACK, BEEP, GOODBYE = 1200, 900, 1600
"""Tones of the sounds that the switch plays by itself: ringback.wav, beep.wav, goodbye.wav."""
HEARD = (AGENT, OTHER_AGENT, MUSIC, ONE, TWO, BEEP, GOODBYE)

_F = TypeVar("_F", bound=InteractionEvent)
LONG_S = 15.0
RINGS = Plan(answer_after_s=None)
SOON = Plan(answer_after_s=0.5)
"""Late enough that a second phone rings as well."""
ATTACHED = ("X-Customer-Id", "X-Missing", "X-Long")
"""Headers that every switch of the contract suite keeps."""


def write_tone(path: Path, hertz: int, seconds: float, rate: int = 16000) -> None:
    """A 16-bit mono WAV file with one tone."""
    places = np.arange(int(rate * seconds)) / rate
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((8000 * np.sin(2 * np.pi * hertz * places)).astype("<i2").tobytes())


def make_sounds(folder: Path) -> Path:
    """The sounds of the contract suite."""
    folder.mkdir(exist_ok=True)
    write_tone(folder / "hold-music.wav", MUSIC, 2.0)
    write_tone(folder / "one.wav", ONE, 0.4)
    write_tone(folder / "two.wav", TWO, 0.4)
    write_tone(folder / "ringback.wav", RINGBACK, 0.5)
    write_tone(folder / "beep.wav", BEEP, 0.3)
    write_tone(folder / "goodbye.wav", GOODBYE, 0.4)
    return folder


def names_in(folder: Path) -> list[str]:
    """The files there."""
    return sorted(each.name for each in folder.iterdir())


class World:
    """One switch, its facts, and the robots made in a test; all stopped at its end."""

    def __init__(self, switch: Switch) -> None:
        self.switch = switch
        self.udp = self.tcp = ""
        self.facts: list[InteractionEvent] = []
        self.on_fact: Callable[[InteractionEvent], None] = lambda event: None
        self.ticker = Ticker(Counter())
        self._changed = asyncio.Event()
        self._agents: list[RobotAgent] = []
        self._customers: list[tuple[RobotCustomer, asyncio.Task[object]]] = []

    def tell(self, event: InteractionEvent) -> None:
        """What the switch tells."""
        self.facts.append(event)
        self._changed.set()
        self.on_fact(event)

    async def until(self, holds: Callable[[], bool], what: str = "") -> None:
        """Wait until something holds; fails with what was told so far."""
        end = asyncio.get_running_loop().time() + LONG_S
        while not holds():
            assert asyncio.get_running_loop().time() < end, f"{what or 'it'} never came; told: {self.names()}"
            self._changed.clear()
            try:
                async with asyncio.timeout(0.01):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def fact(self, kind: type[_F], count: int = 1) -> _F:
        """Wait for the `count`th fact of a class."""
        await self.until(lambda: len(self.of(kind)) >= count, kind.__name__)
        return self.of(kind)[count - 1]

    def of(self, kind: type[_F]) -> list[_F]:
        """All facts of a class so far."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def names(self) -> list[str]:
        """The classes of all facts so far, in order."""
        return [type(fact).__name__ for fact in self.facts]

    async def agent(
        self,
        plan: Plan | None = None,
        *,
        tone: int = AGENT,
        tcp: bool = False,
        codecs: tuple[str, ...] = ("PCMU", "PCMA", "G722"),
        others: tuple[int, ...] = (),
    ) -> RobotAgent:
        """An agent's desk that does the same with every call."""
        chosen = plan or Plan()
        voice = Voice(
            tone=tone,
            listens_for=(CUSTOMER, MUSIC, TWO, RINGBACK, *others),
            codecs=codecs,
            tcp=tcp,
            ticker=self.ticker,
        )
        agent = RobotAgent(voice, lambda call: chosen)
        agent.on_change = lambda call: self._changed.set()
        self._agents.append(agent)
        await agent.start()
        return agent

    async def phone(
        self,
        plan: Plan | None = None,
        *,
        tone: int = CUSTOMER,
        tcp: bool = False,
        codecs: tuple[str, ...] = ("PCMU",),
        number: str = "4711",
    ) -> RobotAgent:
        """A customer's phone that can be called."""
        chosen = plan or Plan()
        voice = Voice(tone=tone, listens_for=HEARD, codecs=codecs, tcp=tcp, ticker=self.ticker)
        phone = RobotAgent(voice, lambda call: chosen, user=number)
        phone.on_change = lambda call: self._changed.set()
        self._agents.append(phone)
        await phone.start()
        return phone

    def call_back(self, agent: RobotAgent, to: RobotAgent | str, **more: object) -> tuple[UUID, UUID]:
        """Ring a desk for a callback to a phone; returns the interaction and the offer."""
        interaction = SystemClock().new_id()
        out = to if isinstance(to, str) else to.contact
        return interaction, self.ring(interaction, agent.contact, call_out=out, **more)  # type: ignore[arg-type]

    async def called_back(self, agent: RobotAgent, phone: RobotAgent, **more: object) -> UUID:
        """An agent and a customer who was called back; both hear each other."""
        interaction, _ = self.call_back(agent, phone, **more)
        await self.until(lambda: bool(agent.calls) and agent.calls[-1].heard, "the customer's tone")
        await self.agent_hears(phone, agent.voice.tone)
        return interaction

    def call(
        self,
        called: str = "sales",
        *,
        tcp: bool = False,
        codec: str = "PCMU",
        number: str = "4711",
        tone: int = CUSTOMER,
        name: str = "",
        headers: dict[str, str] | None = None,
    ) -> RobotCustomer:
        """A customer who calls now, with endless patience; ends it with `hang_up`."""
        target = f"sip:{called}@{self.tcp};transport=tcp" if tcp else f"sip:{called}@{self.udp}"
        voice = Voice(tone=tone, listens_for=HEARD, codecs=(codec,), tcp=tcp, ticker=self.ticker)
        customer = RobotCustomer(target, voice, number=number, name=name, talk_s=None)
        customer.headers = headers or {}
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(customer.run())
        self._customers.append((customer, task))
        return customer

    async def arrived(self, **options: object) -> tuple[RobotCustomer, UUID]:
        """A customer who has arrived, and the interaction."""
        before = len(self.of(InteractionArrived))
        customer = self.call(**options)  # type: ignore[arg-type]
        fact = await self.fact(InteractionArrived, before + 1)
        await asyncio.wait_for(customer.in_call.wait(), LONG_S)
        return customer, fact.interaction

    def ring(self, interaction: UUID, contact: str, agent: str = "anna", **more: object) -> UUID:
        """Ring a desk; returns the offer."""
        offer = SystemClock().new_id()
        order = Ring(
            interaction=interaction, offer=offer, queue="sales", agent=agent, contact=contact, **more
        )  # type: ignore[arg-type]
        self.switch.ring(order)
        return offer

    async def talking(self, agent: RobotAgent, **options: object) -> tuple[RobotCustomer, UUID]:
        """A customer and this agent who hear each other."""
        customer, interaction = await self.arrived(**options)
        calls = len(agent.calls)
        self.ring(interaction, agent.contact)
        await self.until(lambda: len(agent.calls) > calls and agent.calls[-1].heard, "the customer's tone")
        tone = agent.voice.tone
        await self.hears(customer, tone)
        return customer, interaction

    async def hears(self, customer: RobotCustomer, tone: int, times: int = 2) -> None:
        """Wait until a customer has heard a tone afresh."""
        already = customer.ear.heard[tone]
        await self.until(lambda: customer.ear.heard[tone] >= already + times, f"{tone} Hz to the customer")

    async def agent_hears(self, agent: RobotAgent, tone: int, times: int = 2) -> None:
        """Wait until an agent has heard a tone afresh."""
        already = agent.ear_of_last.heard[tone]
        await self.until(lambda: agent.ear_of_last.heard[tone] >= already + times, f"{tone} Hz to the agent")

    async def ended(self, count: int = 1) -> InteractionEnded:
        """Wait for the end of the `count`th interaction."""
        return await self.fact(InteractionEnded, count)

    async def over(self, call: AgentCall) -> None:
        """Wait until an agent's call is over."""
        await self.until(lambda: bool(call.ended_by), "the end of the agent's call")

    async def close(self) -> None:
        """Stop the robots, then the switch."""
        for customer, _ in self._customers:
            customer.hang_up()
        tasks = [task for _, task in self._customers]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=3)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for agent in self._agents:
            await agent.stop()
        await self.switch.stop()
        self.ticker.stop()
