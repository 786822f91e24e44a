"""Agents and customers who do everything at the wrong moment, by the dice; seeded."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import msgspec

from console.bus import Bus
from console.clock import SystemClock
from console.demo.floor import Floor
from console.demo.robots import AgentCall, CustomerResult, Plan, RobotAgent, RobotCustomer, Voice
from console.demo.scenario import Pace
from console.demo.sound import AGENT_TONES, CUSTOMER_TONES, DESK_TONE
from console.domain.agent import AgentState
from console.domain.errors import NetworkError, Refused
from console.switch.ticker import Ticker
from console.sync.link import Link
from console.wire import AgentView

CLOCK = SystemClock()
GRACE_S = 1.2
PACE = Pace(
    talk_mean_s=1.0,
    talk_sigma=0.4,
    patience_least_s=1.0,
    patience_mean_s=2.5,
    answer_after_s=(0.0, 0.2),
    ring_timeout_s=1.0,
    wrap_up_s=0.6,
    threshold_s=2.0,
    short_abandon_s=0.5,
    announce_every_s=1.5,
)
NUMBERS = ("100", "200", "kundendienst")


class Account(msgspec.Struct, kw_only=True):
    """What a customer tells afterwards."""

    number: str
    result: CustomerResult
    ended_at: datetime


class Crowd:
    """Everybody on this side of the wire, and what they did."""

    def __init__(self, floor: Floor, seed: int) -> None:
        self.floor = floor
        self.seed = seed
        self.ticker = Ticker(Counter())
        self.did: Counter[str] = Counter()
        self.accounts: list[Account] = []
        self.customers: dict[str, RobotCustomer] = {}
        self.agents: list[UnrulyAgent] = []
        self.desks: list[RobotAgent] = []
        self.outside: list[RobotAgent] = []
        self.crashed: set[UUID | None] = set()
        """Interactions whose agent's desk crashed: those were not heard any more."""
        self._calling: list[asyncio.Task[None]] = []
        self._packs: dict[str, list[str]] = {}
        self._dice = random.Random(f"packs {seed}")

    async def open(self, count: int) -> None:
        """Outsiders listen, agents sign in."""
        for plan in (Plan(talk_s=0.8), Plan(decline=603)):
            robot = self.desk(lambda call, plan=plan: plan, DESK_TONE, tcp=False)  # type: ignore[misc]
            await robot.start()
            self.outside.append(robot)
        for number in range(count):
            agent = UnrulyAgent(self, f"agent{number + 1}", AGENT_TONES[number % len(AGENT_TONES)])
            self.agents.append(agent)
            await agent.open()

    def desk(self, plan: Callable[[AgentCall], Plan], tone: int, *, tcp: bool = True) -> RobotAgent:
        voice = Voice(tone=tone, listens_for=CUSTOMER_TONES, tcp=tcp, ticker=self.ticker)
        robot = RobotAgent(voice, plan)
        self.desks.append(robot)
        return robot

    def call(self, number: int, *, calm: bool = False) -> None:
        """A customer calls, patient and talkative by the dice; a calm one waits and talks for long."""
        dice = random.Random(f"customer {number} {self.seed}")
        kind = dice.choices(("at once", "prompted", "impatient", "patient"), (1, 2, 2, 10))[0]
        kind = "patient" if calm else kind
        patience = {"at once": 0.0, "prompted": dice.uniform(0.05, 0.3), "impatient": dice.uniform(0.5, 2)}
        self.did[f"customer {kind}"] += 1
        user = f"+4930{number:05d}"
        customer = RobotCustomer(
            f"sip:{dice.choice(NUMBERS)}@{self.floor.sip_udp}",
            Voice(
                tone=CUSTOMER_TONES[number % len(CUSTOMER_TONES)],
                listens_for=(*AGENT_TONES, DESK_TONE),
                codecs=(dice.choice(("PCMU", "PCMA", "G722")),),
                ticker=self.ticker,
            ),
            number=user,
            patience_s=patience.get(kind, 20.0),
            talk_s=1.5 if calm else dice.choice((0.3, 1.0, 1.6, 2.2)),
        )
        self.customers[user] = customer
        self._calling.append(asyncio.create_task(self._run(user, customer)))

    async def _run(self, user: str, customer: RobotCustomer) -> None:
        result = await customer.run()
        self.accounts.append(Account(number=user, result=result, ended_at=CLOCK.now()))

    def caller(self, call: AgentCall) -> RobotCustomer | None:
        return self.customers.get(call.caller.partition("sip:")[2].partition("@")[0])

    def deal(self, what: str, weights: dict[str, int]) -> str:
        """The next card of a shuffled pack: by chance, and yet everything has its turn."""
        pack = self._packs.setdefault(what, [])
        if not pack:
            pack += [name for name, weight in weights.items() for _ in range(weight)]
            self._dice.shuffle(pack)
        return pack.pop()

    async def all_gone(self) -> None:
        """Wait until every customer's call is over."""
        await asyncio.gather(*self._calling)

    async def calm(self) -> None:
        """The agents do what they are told from now on."""
        for agent in self.agents:
            agent.wild = False
        await asyncio.gather(*(agent.finish() for agent in self.agents))

    async def close(self) -> None:
        """Everybody goes home."""
        for task in self._calling:
            task.cancel()
        await asyncio.gather(*self._calling, return_exceptions=True)
        for agent in self.agents:
            await agent.close()
        for robot in self.desks:
            await robot.stop()
        self.ticker.stop()


class UnrulyAgent:
    """One agent: desk, link, and a mind of its own."""

    def __init__(self, crowd: Crowd, key: str, tone: int) -> None:
        self.key = key
        self.wild = True
        self._crowd = crowd
        self._tone = tone
        self._dice = random.Random(f"{key} {crowd.seed}")
        self._robot = RobotAgent(Voice(tone=tone, listens_for=()))
        self._link = Link(Bus(), CLOCK, None, contact=lambda: "")
        self._reacting: dict[str, asyncio.Task[None]] = {}
        self._trick: asyncio.Task[None] | None = None
        self._at_once: set[UUID | None] = set()

    @property
    def view(self) -> AgentView | None:
        """What the centre last said of this agent."""
        return self._link.agent_view

    async def open(self) -> None:
        """A new desk and a new link, as of a program just started."""
        self._robot = robot = self._crowd.desk(self._plan, self._tone)
        robot.on_change = self._changed
        await robot.start()
        self._link = Link(Bus(), CLOCK, None, contact=lambda: robot.contact)
        self._link.on_agent(self._seen)
        await self._link.sign_in(self._crowd.floor.url, self.key, self._crowd.floor.password)

    async def finish(self) -> None:
        """End the trick at hand, then do no more."""
        if self._trick is not None:
            await asyncio.gather(self._trick, return_exceptions=True)

    async def close(self) -> None:
        tasks = [*self._reacting.values(), *([self._trick] if self._trick else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._link.stop()

    # ------------------------------------------------------------ calls

    def _plan(self, call: AgentCall) -> Plan:
        dice, floor = self._dice, self._crowd.floor
        customer = self._crowd.caller(call)
        quick = dice.uniform(0.0, 0.3)
        plans: dict[str, tuple[int, Plan]] = {
            "answer": (8, Plan(answer_after_s=quick)),
            "end": (4, Plan(answer_after_s=quick, talk_s=dice.uniform(0.2, 1.5))),
            "decline": (2, Plan(answer_after_s=quick, decline=603)),
            "busy": (2, Plan(decline=486)),
            "unreachable": (2, Plan(decline=480)),
            "let ring": (2, Plan(answer_after_s=None)),
            "cross the time-out": (3, Plan(answer_after_s=PACE.ring_timeout_s + dice.uniform(-0.02, 0.02))),
            "hold": (3, Plan(answer_after_s=quick, hold_after_s=0.5, hold_s=0.4)),
        }
        targets = {
            "queue": f"sip:{dice.choice(NUMBERS)}@{floor.sip_udp}",
            "colleague": f"sip:agent{dice.randint(1, len(self._crowd.agents))}@{floor.sip_udp}",
            "outside": self._crowd.outside[0].contact,
            "refused": self._crowd.outside[1].contact,
            "nowhere": f"sip:999@{floor.sip_udp}",
            "impossible": "sip:x@127.0.0.1:99999",
        }
        for name, target in targets.items():
            passed = Plan(answer_after_s=quick, talk_s=dice.uniform(0.3, 0.8), transfer_to=target)
            plans[f"transfer {name}"] = (2 if name in {"queue", "colleague"} else 1, passed)
        weights = {name: weight for name, (weight, _) in plans.items()}
        kind = self._crowd.deal("plan", weights) if self.wild else "answer"
        self._crowd.did[kind] += 1
        if customer is not None and self.wild:
            chance = dice.random()
            if chance < 0.06:
                self._crowd.did["customer leaves while it rings"] += 1
                asyncio.get_running_loop().call_later(quick / 2, customer.hang_up)
            elif chance < 0.12:
                self._at_once.add(call.interaction)
        return plans[kind][1]

    def _changed(self, call: AgentCall) -> None:
        customer = self._crowd.caller(call)
        if call.answered and customer is not None and call.interaction in self._at_once:
            self._at_once.discard(call.interaction)
            self._crowd.did["customer leaves as the agent answers"] += 1
            customer.hang_up()

    # ------------------------------------------------------------ states

    def _seen(self, view: AgentView) -> None:
        if view.state in {AgentState.PAUSED, AgentState.NOT_RESPONDING}:
            self._react("ready", 0.3)
        if not self.wild or (self._trick is not None and not self._trick.done()):
            return
        chance = self._dice.random()
        if view.state is AgentState.WRAP_UP and chance < 0.4:
            self._react("end_wrap_up", 0.5)
        elif view.state is AgentState.WRAP_UP and chance < 0.5:
            self._play(self._sign_out)
        elif view.state is AgentState.OFFERED and chance < 0.1:
            self._react("pause", 0.2, "Lunch")
        elif view.state is AgentState.OFFERED and chance < 0.16:
            self._play(self._crash)
        elif view.state is AgentState.ON_CONTACT and chance < 0.24:
            tricks = (self._sign_out, self._crash, self._second_desk, self._hold_and_transfer)
            named = {trick.__name__: trick for trick in tricks}
            self._play(named[self._crowd.deal("trick", dict.fromkeys(named, 1))])

    def _react(self, action: str, within_s: float, argument: str = "") -> None:
        running = self._reacting.get(action)
        if running is None or running.done():
            wait_s = self._dice.uniform(0, within_s)
            self._reacting[action] = asyncio.create_task(self._command(action, argument, wait_s))

    async def _command(self, action: str, argument: str = "", wait_s: float = 0.0) -> None:
        await asyncio.sleep(wait_s)
        self._crowd.did[f"asks for {action}"] += 1
        with contextlib.suppress(Refused, NetworkError):  # it came too late, or the desk has just crashed
            await self._link.command(action, argument)

    def _play(self, trick: Callable[[], Awaitable[None]]) -> None:
        async def played() -> None:
            await asyncio.sleep(self._dice.uniform(0, 0.4))
            await trick()

        self._crowd.did[trick.__name__.strip("_")] += 1
        self._trick = asyncio.create_task(played())

    async def _sign_out(self) -> None:
        """Leave, and come back soon: perhaps while the call still goes on."""
        await self._link.sign_out()
        await asyncio.sleep(self._dice.uniform(0, 0.6))
        await self._link.sign_in(self._crowd.floor.url, self.key, self._crowd.floor.password)

    async def _crash(self) -> None:
        """Vanish without a word; a new program is started within the grace time, at its end, or after it."""
        self._crowd.crashed |= {call.interaction for call in self._robot.calls if not call.ended_by}
        self._robot.crash()
        await self._robot.stop()
        await self._link.stop()
        await asyncio.sleep(self._dice.choice((0.2, GRACE_S, GRACE_S + 0.5)))
        await self.open()

    async def _second_desk(self) -> None:
        """Sign in at another place without leaving the first: the centre sends the first away."""
        before = self._link
        await self.open()
        await asyncio.sleep(0.3)
        await before.stop()

    async def _hold_and_transfer(self) -> None:
        self._robot.hold(on=True)
        await asyncio.sleep(self._dice.choice((0.0, 0.2)))
        self._robot.transfer(f"sip:{self._dice.choice(NUMBERS)}@{self._crowd.floor.sip_udp}")
