"""The demo's day: opens the floor, lets robots and the desk work, closes the books.

The centre runs in a process of its own; robots and the desk run here, over real SIP and RTP on loopback.
"""

import asyncio
import contextlib
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from console.bus import Bus
from console.clock import Clock
from console.demo import scenario
from console.demo.asterisk import OwnAsterisk, fetched
from console.demo.books import CustomerBook
from console.demo.closing import Report, close_books
from console.demo.floor import Floor, prepare_floor
from console.demo.hands import Hand, InnerHand, Invitation, MakeEngine, WindowHand
from console.demo.peers import Voice
from console.demo.robots import AgentCall, CallbackWish, Plan, RobotAgent, RobotCustomer
from console.demo.scenario import BRISK, CALM, Caller, Pace, bounded_calls, endless_calls
from console.demo.sound import AGENT_TONES, CUSTOMER_TONES, DESK_TONE
from console.demo.staff import StaffMember
from console.domain.agent import AgentState
from console.domain.figures import Snapshot
from console.settings import AsteriskSettings
from console.switch.ticker import Ticker
from console.sync.link import Link

_DRAIN_S = 60.0
_PRESSES_AFTER_S = 1.0
_AT_HAND_S = 0.2
_QUIET_S = 10.0
_PROGRESS_S = 2.0
_LOAD = 0.9  # share of the agents' time that the calls of a day with a person take
_LEAST_PER_S = 1 / 20  # a person with few robots or none beside has not to wait long for the next call
_IDLE_S = 6.0  # of idleness with nobody calling is enough for who came to see a centre at work
_HURRY_S = 1.0  # from one customer to the next while it lasts: robots who are idle for longer come first
_CODECS = ("PCMU", "PCMA", "G722")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of day it shall be. `callers` call once each within `duration_s`; with a `person` at the
    screen customers call until the window is closed (or `duration_s` is over, when it is not 0), and some
    who wait long rather are called back; without one they are with `callbacks`. With `asterisk` the calls
    are carried by one.
    """

    duration_s: float
    seed: int
    agents: int
    callers: int
    screenshots: str = ""
    folder: str = ""
    person: bool = False
    callbacks: bool = False
    asterisk: bool = False

    @property
    def pace(self) -> Pace:
        """How fast the day goes."""
        return CALM if self.person else BRISK


async def run_demo(wish: Wish, clock: Clock, say: Callable[[str], None], make_engine: MakeEngine) -> Report:
    """A whole day, and its books. Raises EnvironmentFault when something of this machine is in the way."""
    async with _folder(wish.folder) as folder, AsyncExitStack() as stack:
        asterisk = await stack.enter_async_context(_asterisk(say)) if wish.asterisk else None
        robots = scenario.agents(wish.agents, wish.seed)
        floor = prepare_floor(folder, robots, wish.pace, asterisk=asterisk)
        await floor.start()
        stack.push_async_callback(floor.stop)
        say(f"the centre listens on {floor.url}, its switch on {floor.sip_udp}")
        day = Day(wish, clock, say, floor)
        stack.push_async_callback(day.close)
        await day.open()
        hand = _hand(wish, floor, clock, day.ends, make_engine, folder)
        hand.on_talk = day.met
        stack.push_async_callback(hand.close)
        await hand.open()
        say(f"{wish.agents} robot agents and one desk are signed in")
        with _interruptible(hand.closed):
            customers = await day.live(hand.closed)
        board = await day.quiet()
        farewell = await hand.finish()
        agents = day.agent_books()
        await hand.close()
        await day.close()
        await floor.stop()
        report = await close_books(floor.database, customers, agents, farewell.book, board, clock.now())
        report = msgspec.structs.replace(report, board=farewell.board or None)
        for line in report.words():
            say(line)
        return report


@asynccontextmanager
async def _asterisk(say: Callable[[str], None]) -> AsyncIterator[AsteriskSettings]:
    """One that runs as long as the day."""
    asterisk = OwnAsterisk(await fetched(say))
    try:
        await asterisk.start()
        say(f"Asterisk runs, its REST interface at {asterisk.settings.url}")
        yield asterisk.settings
    finally:
        await asterisk.stop()


def _hand(
    wish: Wish, floor: Floor, clock: Clock, ends: dict[str, float], make_engine: MakeEngine, folder: Path
) -> Hand:
    if not wish.person and not wish.screenshots:
        return InnerHand(floor, clock, ends, make_engine, folder / "desk")
    invitation = Invitation(
        url=floor.url,
        user=scenario.DESK,
        supervisor=scenario.SUPERVISOR,
        password=floor.password,
        folder=str(folder / "desk"),
        person=wish.person,
        screenshots=str(Path(wish.screenshots).absolute()) if wish.screenshots else "",
        ends=ends,
    )
    return WindowHand(invitation, folder / "windows.log")


@contextmanager
def _interruptible(closed: asyncio.Event) -> Iterator[None]:
    """Let the first Ctrl+C end the day in order, with its books; a second one breaks it off."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        closed.set()

    try:
        loop.add_signal_handler(signal.SIGINT, end)
    except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@asynccontextmanager
async def _folder(wanted: str) -> AsyncIterator[Path]:
    if wanted:
        folder = Path(wanted)
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        yield folder
        return
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="callboard-demo-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class Day:
    """Everybody who is alive in the demo, but for the desk."""

    def __init__(self, wish: Wish, clock: Clock, say: Callable[[str], None], floor: Floor) -> None:
        """Nobody has come yet."""
        self._wish = wish
        self._clock = clock
        self._say = say
        self._floor = floor
        self._callers: dict[str, Caller] = {}
        self._robots: dict[str, RobotCustomer] = {}
        self._ticker = Ticker(Counter())
        self._staff: list[StaffMember] = []
        self._watch = Link(Bus(), clock, None, contact=lambda: "")
        self._began = 0.0
        self._planned = (
            [] if wish.person else bounded_calls(wish.callers, wish.duration_s, wish.pace, wish.seed)
        )
        self.ends = {caller.user: caller.talk_s for caller in self._planned if not caller.hangs_up}

    async def open(self) -> None:
        """Supervisor and robots sign in."""
        self._watch.want_board(wanted=True)
        await self._watch.sign_in(self._floor.url, scenario.SUPERVISOR, self._floor.password)
        for number in range(self._wish.agents):
            voice = Voice(
                tone=AGENT_TONES[number % len(AGENT_TONES)],
                listens_for=CUSTOMER_TONES,
                tcp=True,
                ticker=self._ticker,
            )
            robot = RobotAgent(voice, self._plan)
            await robot.start()
            member = StaffMember(f"agent{number + 1}", self._floor, self._clock, robot, self._wish.seed)
            self._staff.append(member)
            await member.start()

    async def live(self, closed: asyncio.Event) -> list[CustomerBook]:
        """Customers call until all have, or until `closed`; returns their books once the last one is gone."""
        self._began = self._clock.monotonic()
        progress = asyncio.create_task(self._progress())
        tasks: list[asyncio.Task[CustomerBook]] = []
        ending = asyncio.create_task(closed.wait())
        try:
            for caller in self._arrivals():
                if not await self._until(caller.at_s, ending):
                    break
                self._callers[caller.user] = caller
                tasks.append(asyncio.create_task(self._customer(caller)))
            gone = asyncio.gather(*tasks)
            either: set[asyncio.Future[Any]] = {gone, ending}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if ending.done() or self._wish.person:
                for robot in tuple(self._robots.values()):
                    robot.hang_up()
            return await gone
        finally:
            for task in (progress, ending):
                task.cancel()
            await asyncio.gather(progress, ending, return_exceptions=True)

    def _arrivals(self) -> Iterator[Caller]:
        if not self._wish.person:
            yield from self._planned
            return
        rate = max(_LEAST_PER_S, (self._wish.agents + 1) * _LOAD / (CALM.talk_mean_s + CALM.wrap_up_s))
        # Robots have waited longer than the person, who signs in last: one customer for each of them first,
        # one for the person, and one who waits. From then on everybody has the same share.
        opening = self._wish.agents + 2
        for caller in endless_calls(rate, CALM, self._wish.seed, opening):
            if self._wish.duration_s and caller.at_s > self._wish.duration_s:
                return
            yield caller

    async def _until(self, at_s: float, ending: asyncio.Task[Literal[True]]) -> bool:
        """Wait for a caller's time, which comes sooner when the person has nothing to do; False when the day
        ends first.
        """
        while not ending.done():
            left_s = at_s - (self._clock.monotonic() - self._began)
            if left_s <= 0:
                return True
            await asyncio.wait({ending}, timeout=min(left_s, _HURRY_S) if self._wish.person else left_s)
            if self._wish.person and guest_idles(self._watch.board, self._clock.now()):
                return not ending.done()
        return False

    def met(self, number: str) -> None:
        """A person speaks no tone: the customer who talks with one is told so."""
        robot = self._robots.get(number)
        if robot is not None:
            robot.connected()

    async def quiet(self) -> Snapshot | None:
        """Wait until nobody waits, talks or wraps up; the board as it then stands."""
        quiet = asyncio.Event()

        def look(board: Snapshot) -> None:
            if _is_quiet(board):
                quiet.set()

        undo = self._watch.on_board(look)
        if self._watch.board is not None:
            look(self._watch.board)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(quiet.wait(), _QUIET_S)
        undo()
        return self._watch.board

    def agent_books(self) -> dict[str, bool]:
        """For each interaction that a robot agent had: whether it heard the customer."""
        return {
            str(call.interaction): call.heard
            for member in self._staff
            for call in member.robot.calls
            if call.answered and call.interaction is not None
        }

    async def close(self) -> None:
        """Everybody goes home; idempotent."""
        staff, self._staff = self._staff, []
        for member in staff:
            await member.stop()
        await self._watch.stop()
        self._ticker.stop()

    def _plan(self, call: AgentCall) -> Plan:
        dice = self._wish.pace.answer_after_s
        caller = self._callers.get(_user(call.caller))
        wait = dice[0] if caller is None else dice[0] + (dice[1] - dice[0]) * (caller.number % 5) / 4
        talk = None if caller is None or caller.hangs_up else caller.talk_s
        return Plan(answer_after_s=wait, talk_s=talk)

    async def _customer(self, caller: Caller) -> CustomerBook:
        voice = Voice(
            tone=CUSTOMER_TONES[caller.number % len(CUSTOMER_TONES)],
            listens_for=(*AGENT_TONES, DESK_TONE),
            codecs=(_CODECS[caller.number % len(_CODECS)],),
            ticker=self._ticker,
        )
        robot = RobotCustomer(
            f"sip:{caller.dials}@{self._floor.sip_udp}",
            voice,
            number=caller.user,
            name=caller.name,
            patience_s=caller.patience_s,
            talk_s=caller.talk_s if caller.hangs_up else caller.talk_s + _DRAIN_S,
        )
        if caller.wants_callback and (self._wish.person or self._wish.callbacks):
            pace = self._wish.pace
            robot.wish = CallbackWish(
                after_s=pace.callback_after_s + _PRESSES_AFTER_S,
                stays_s=pace.callback_stays_s,
                plan=Plan(
                    answer_after_s=_AT_HAND_S, talk_s=caller.talk_s + (0 if caller.hangs_up else _DRAIN_S)
                ),
            )
        self._robots[caller.user] = robot
        result = await robot.run()
        del self._robots[caller.user]
        return CustomerBook(
            user=caller.user,
            connected=result.arrived,
            heard_agent=result.heard,
            ended_at=self._clock.now(),
            failure="" if result.arrived else f"{result.code} {result.ended_by}",
            called_back=sum(call.answered for call in result.calls_back),
        )

    async def _progress(self) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_S)
            board = self._watch.board
            if board is not None and board.total is not None:
                self._say(progress_line(self._clock.monotonic() - self._began, board))


def guest_idles(board: Snapshot | None, now: datetime) -> bool:
    """Whether the person at the screen has been ready, and not rung, for longer than is of interest."""
    since = next((a.idle_since for a in board.agents if a.agent == scenario.DESK), None) if board else None
    return since is not None and (now - since).total_seconds() > _IDLE_S


def progress_line(seconds: float, board: Snapshot) -> str:
    """One line that tells what goes on."""
    total = board.total
    if total is None:
        return f"{seconds:4.0f} s"
    counts = total.counts
    level = total.service_level
    share = "-" if level.value is None else f"{level.value:.1%}"
    busy = sum(agent.state in {AgentState.ON_CONTACT, AgentState.HOLD} for agent in board.agents)
    ready = sum(agent.state is AgentState.READY for agent in board.agents)
    return (
        f"{seconds:4.0f} s  {counts.offered} offered, {counts.answered} answered, "
        f"{counts.abandoned} abandoned, {len(total.waiting_since)} waiting; "
        f"{busy} agents talk, {ready} are ready; service level {share} "
        f"({level.numerator} of {level.denominator} within {level.threshold_s:g} s)"
    )


def _is_quiet(board: Snapshot | None) -> bool:
    if board is None or board.total is None or board.total.waiting_since:
        return False
    return not any(
        agent.state in {AgentState.ON_CONTACT, AgentState.HOLD, AgentState.WRAP_UP, AgentState.OFFERED}
        for agent in board.agents
    )


def _user(header: str) -> str:
    return header.partition("sip:")[2].partition("@")[0]
