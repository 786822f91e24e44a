"""The demo's real desk without a person: signs in, says ready, answers at once, ends calls as their callers
expect.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec

from console.clock import Clock
from console.demo import scenario
from console.demo.floor import Floor
from console.demo.scenario import Caller
from console.demo.sound import ListeningTone
from console.desk import Desk, open_desk
from console.domain.agent import AgentState
from console.domain.errors import Refused
from console.domain.events import CallAnswered, CallArrived, CallEnded, LinkState
from console.settings import DeskSettings, PhoneSettings
from console.telephony.audio import AudioPort
from console.telephony.engine import Engine, EngineSettings
from console.wire import AgentView

_SYNC_S = 10.0


class DeskBook(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's own account of its day."""

    history_rows: int
    unsynced_rows: int
    answered: frozenset[str]
    heard: frozenset[str]


class DeskHand:
    """Runs the desk. Made once, opened once, closed once."""

    def __init__(self, floor: Floor, clock: Clock, callers: dict[str, Caller]) -> None:
        """`callers` by number: who of them waits for the agent to hang up."""
        self._floor = floor
        self._clock = clock
        self._callers = callers
        self._sound = ListeningTone()
        self._desk: Desk | None = None
        self._interactions: dict[UUID, str] = {}
        self._talk_s: dict[UUID, float] = {}
        self._answered: set[str] = set()
        self._heard: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(
        self, make_engine: Callable[[EngineSettings, AudioPort | None], Engine], folder: Path
    ) -> None:
        """Open the desk, sign in, be ready."""
        settings = DeskSettings(
            centre=self._floor.url, phone=PhoneSettings(bind="127.0.0.1", auto_answer=True)
        )
        desk = await open_desk(settings, folder, lambda engine: make_engine(engine, self._sound), self._clock)
        self._desk = desk
        desk.bus.subscribe(CallArrived, self._arrived)
        desk.bus.subscribe(CallAnswered, self._answered_call)
        desk.bus.subscribe(CallEnded, self._ended)
        desk.link.on_agent(self._seen)
        await desk.sign_in(self._floor.url, scenario.DESK, self._floor.password)

    async def close_book(self) -> DeskBook:
        """Wait until the history is delivered (for a while), then tell what it holds."""
        assert self._desk is not None
        desk = self._desk
        await desk.recorder.flush()
        until = self._clock.monotonic() + _SYNC_S
        totals = await desk.history.totals()
        while totals.unsynced and self._clock.monotonic() < until:
            await asyncio.sleep(0.1)
            totals = await desk.history.totals()
        return DeskBook(
            history_rows=totals.rows,
            unsynced_rows=totals.unsynced,
            answered=frozenset(self._answered),
            heard=frozenset(self._heard),
        )

    async def close(self) -> None:
        """Sign out and close the desk."""
        for task in self._tasks:
            task.cancel()
        if self._desk is not None:
            await self._desk.link.sign_out()
            await self._desk.stop()
            self._desk = None

    def _arrived(self, event: CallArrived) -> None:
        if event.interaction is None:
            return
        self._interactions[event.call] = str(event.interaction)
        caller = self._callers.get(event.peer.user)
        if caller is not None and not caller.hangs_up:
            self._talk_s[event.call] = caller.talk_s

    def _answered_call(self, event: CallAnswered) -> None:
        interaction = self._interactions.get(event.call)
        if interaction is None:
            return
        self._sound.begin()
        self._answered.add(interaction)
        if event.call in self._talk_s:
            self._later(self._talk_s[event.call], event.call)

    def _ended(self, event: CallEnded) -> None:
        interaction = self._interactions.pop(event.call, None)
        if interaction in self._answered and self._sound.heard:
            self._heard.add(interaction)

    def _later(self, seconds: float, call: UUID) -> None:
        async def hang_up() -> None:
            await asyncio.sleep(seconds)
            if self._desk is not None and self._desk.phone.live(call) is not None:
                self._desk.phone.hang_up(call)

        self._keep(asyncio.create_task(hang_up()))

    def _seen(self, view: AgentView) -> None:
        if view.state is AgentState.NOT_RESPONDING or (
            view.state is AgentState.PAUSED and view.reason == "sign-in"
        ):
            self._keep(asyncio.create_task(self._become_ready()))

    async def _become_ready(self) -> None:
        assert self._desk is not None
        try:
            await self._desk.link.command("ready")
        except Refused:
            if self._desk.link.state is LinkState.ONLINE:
                raise

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
