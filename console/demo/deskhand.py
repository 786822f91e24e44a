"""The demo's real desk: signed in and ready, with or without a person. Keeps its own account of the day."""

import asyncio
from collections.abc import Callable, Mapping
from uuid import UUID

import msgspec

from console.clock import Clock
from console.demo.sound import ListeningTone
from console.desk import Desk
from console.domain.agent import AgentState
from console.domain.errors import NetworkError, Refused
from console.domain.events import CallAnswered, CallArrived, CallEnded
from console.wire import AgentView

_SYNC_S = 10.0
_LOOK_S = 0.1


class DeskBook(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's own account of its day. `heard`: interactions whose customer it heard; None when nobody
    listened.
    """

    history_rows: int
    unsynced_rows: int
    answered: frozenset[str] = frozenset()
    heard: frozenset[str] | None = None


class DeskHand:
    """Works at a desk as the demo needs it. With `sound` it is a robot's desk: it ends calls and comes back
    by itself.
    """

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        sound: ListeningTone | None,
        ends: Mapping[str, float],
        on_talk: Callable[[str], None] = lambda number: None,
    ) -> None:
        """`ends`: after how many seconds it hangs up on a caller, by number; others hang up themselves.
        `on_talk` hears the number of each caller who was answered.
        """
        self._desk = desk
        self._clock = clock
        self._sound = sound
        self._ends = ends
        self._on_talk = on_talk
        self._interactions: dict[UUID, str] = {}
        self._peers: dict[UUID, str] = {}
        self._answered: set[str] = set()
        self._heard: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._was_ready = False
        self._undo = [
            desk.bus.subscribe(CallArrived, self._arrived),
            desk.bus.subscribe(CallAnswered, self._answered_call),
            desk.bus.subscribe(CallEnded, self._ended),
            desk.link.on_agent(self._seen),
        ]

    async def book(self) -> DeskBook:
        """Wait until the history is delivered (for a while), then tell what it holds."""
        desk = self._desk
        await desk.recorder.flush()
        until = self._clock.monotonic() + _SYNC_S
        totals = await desk.history.totals()
        while totals.unsynced and self._clock.monotonic() < until:
            await asyncio.sleep(_LOOK_S)
            totals = await desk.history.totals()
        return DeskBook(
            history_rows=totals.rows,
            unsynced_rows=totals.unsynced,
            answered=frozenset(self._answered),
            heard=frozenset(self._heard) if self._sound is not None else None,
        )

    def stop(self) -> None:
        """Let go of the desk."""
        for task in self._tasks:
            task.cancel()
        while self._undo:
            self._undo.pop()()

    def _arrived(self, event: CallArrived) -> None:
        if event.interaction is not None:
            self._interactions[event.call] = str(event.interaction)
            self._peers[event.call] = event.peer.user

    def _answered_call(self, event: CallAnswered) -> None:
        interaction = self._interactions.get(event.call)
        if interaction is None:
            return
        self._answered.add(interaction)
        self._on_talk(self._peers[event.call])
        if self._sound is None:
            return
        self._sound.begin()
        talk_s = self._ends.get(self._peers[event.call])
        if talk_s is not None:
            self._keep(asyncio.create_task(self._hang_up_after(talk_s, event.call)))

    def _ended(self, event: CallEnded) -> None:
        interaction = self._interactions.pop(event.call, None)
        if interaction in self._answered and self._sound is not None and self._sound.heard_somebody:
            self._heard.add(interaction)

    async def _hang_up_after(self, seconds: float, call: UUID) -> None:
        await asyncio.sleep(seconds)
        if self._desk.phone.live(call) is not None:
            self._desk.phone.hang_up(call)

    def _seen(self, view: AgentView) -> None:
        """Ready once signed in; a robot's desk also after a call that it missed."""
        first = view.state is AgentState.PAUSED and view.reason == "sign-in" and not self._was_ready
        missed = view.state is AgentState.NOT_RESPONDING and self._sound is not None
        if first or missed:
            self._was_ready = True
            self._keep(asyncio.create_task(self._become_ready()))

    async def _become_ready(self) -> None:
        try:
            await self._desk.link.command("ready")
        except (Refused, NetworkError):
            self._was_ready = False  # the next view tries again

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
