"""The demo's day: opens the floor, lets robots and the desk work, closes the books.

The centre runs in a process of its own; robots and the desk run here, over real SIP and RTP on loopback.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from console.bus import Bus
from console.clock import Clock
from console.demo import scenario
from console.demo.books import CustomerBook
from console.demo.closing import Report, close_books
from console.demo.deskhand import DeskHand
from console.demo.floor import Floor, prepare_floor
from console.demo.peers import Voice
from console.demo.robots import AgentCall, Plan, RobotAgent, RobotCustomer
from console.demo.scenario import BRISK, Caller
from console.demo.sound import AGENT_TONES, CUSTOMER_TONES, DESK_TONE
from console.demo.staff import StaffMember
from console.domain.agent import AgentState
from console.domain.figures import Snapshot
from console.switch.ticker import Ticker
from console.sync.link import Link
from console.telephony.audio import AudioPort
from console.telephony.engine import Engine, EngineSettings

_DRAIN_S = 60.0
_QUIET_S = 10.0
_PROGRESS_S = 2.0
_CODECS = ("PCMU", "PCMA", "G722")

MakeEngine = Callable[[EngineSettings, AudioPort | None], Engine]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of day it shall be. `callers` call once each within `duration_s`."""

    duration_s: float
    seed: int
    agents: int
    callers: int
    screenshots: str = ""
    folder: str = ""


async def run_demo(wish: Wish, clock: Clock, say: Callable[[str], None], make_engine: MakeEngine) -> Report:
    """A whole day, and its books. Raises EnvironmentFault when something of this machine is in the way."""
    async with _folder(wish.folder) as folder, AsyncExitStack() as stack:
        robots = scenario.agents(wish.agents, wish.seed)
        floor = prepare_floor(folder, robots, BRISK)
        await floor.start()
        stack.push_async_callback(floor.stop)
        say(f"the centre listens on {floor.url}, its switch on {floor.sip_udp}")
        day = _Day(wish, clock, say, floor)
        stack.push_async_callback(day.close)
        hand = await day.open(make_engine, folder)
        customers = await day.live()
        board = await day.quiet()
        desk = await hand.close_book()
        agents = day.agent_books()
        await day.close()
        await floor.stop()
        report = await close_books(floor.database, customers, agents, desk, board, clock.now())
        for line in report.words():
            say(line)
        return report


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


class _Day:
    """Everybody who is alive in the demo."""

    def __init__(self, wish: Wish, clock: Clock, say: Callable[[str], None], floor: Floor) -> None:
        self._wish = wish
        self._clock = clock
        self._say = say
        self._floor = floor
        self._calls = scenario.bounded_calls(wish.callers, wish.duration_s, BRISK, wish.seed)
        self._callers = {caller.user: caller for caller in self._calls}
        self._ticker = Ticker(Counter())
        self._staff: list[StaffMember] = []
        self._hand: DeskHand | None = None
        self._watch = Link(Bus(), clock, None, contact=lambda: "")
        self._began = 0.0

    async def open(self, make_engine: MakeEngine, folder: Path) -> DeskHand:
        """Everybody signs in: supervisor, robots, the desk."""
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
            self._staff.append(
                StaffMember(f"agent{number + 1}", self._floor, self._clock, robot, self._wish.seed)
            )
        for member in self._staff:
            await member.start()
        self._hand = DeskHand(self._floor, self._clock, self._callers)
        await self._hand.open(make_engine, folder / "desk")
        self._say(f"{self._wish.agents} robot agents and one desk are signed in")
        return self._hand

    async def live(self) -> list[CustomerBook]:
        """All customers call; returns their books once the last one is gone."""
        self._began = self._clock.monotonic()
        progress = asyncio.create_task(self._progress())
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._customer(caller)) for caller in self._calls]
        finally:
            progress.cancel()
            await asyncio.gather(progress, return_exceptions=True)
        return [task.result() for task in tasks]

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
        if self._hand is not None:
            await self._hand.close()
            self._hand = None
        await self._watch.stop()
        self._ticker.stop()

    def _plan(self, call: AgentCall) -> Plan:
        dice = BRISK.answer_after_s
        caller = self._callers.get(_user(call.caller))
        wait = dice[0] if caller is None else dice[0] + (dice[1] - dice[0]) * (caller.number % 5) / 4
        talk = None if caller is None or caller.hangs_up else caller.talk_s
        return Plan(answer_after_s=wait, talk_s=talk)

    async def _customer(self, caller: Caller) -> CustomerBook:
        await asyncio.sleep(max(0.0, caller.at_s - (self._clock.monotonic() - self._began)))
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
        result = await robot.run()
        return CustomerBook(
            user=caller.user,
            connected=result.arrived,
            heard_agent=result.heard,
            ended_at=self._clock.now(),
            failure="" if result.arrived else f"{result.code} {result.ended_by}",
        )

    async def _progress(self) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_S)
            board = self._watch.board
            if board is not None and board.total is not None:
                self._say(progress_line(self._clock.monotonic() - self._began, board))


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
