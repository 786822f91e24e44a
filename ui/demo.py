"""Both windows of the demo: signed in as one of its agents and as its supervisor, told what to do by the
parent.

The parent (console.demo.hands.WindowHand) writes one line with the invitation, later `finish`, and closes
the pipe at the end; this process answers `ready`, `talks NUMBER` when a caller was answered, `closed` when
the person closed the window, and its farewell.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QPoint, QSize
from PySide6.QtWidgets import QApplication, QWidget

from console.clock import Clock
from console.demo.deskhand import DeskHand
from console.demo.hands import TALKS, Farewell, Invitation, demo_settings
from console.demo.sound import ListeningTone
from console.domain.agent import AgentState
from console.domain.errors import BadInput
from console.domain.figures import Snapshot
from console.telephony.pjsua import PjsuaEngine
from console.wire import AgentView
from ui.app import App, exposed
from ui.shell.window import AgentWindow
from ui.theme import M
from ui.widgets.notice import Action
from ui.widgets.words import Words

_SHOT_AFTER_S = 0.6
_TALKING_AFTER_S = 2.5  # by then the call's quality is known
_P95 = 0.95
_FRAME = QSize(M * 2, 64)  # room for the title bar and edges that the window manager adds
_ENOUGH_CALLS = 4


async def run_windows(application: QApplication, clock: Clock) -> None:
    """The whole life of the windows' process."""
    reader = _lines()
    try:
        invitation = msgspec.json.decode(await reader(), type=Invitation)
    except msgspec.DecodeError as fault:
        raise BadInput(f"callboard demo starts these windows; there is no invitation: {fault}") from None
    sound = None if invitation.person else ListeningTone()
    app = App(
        application,
        demo_settings(invitation.url, person=invitation.person),
        clock,
        PjsuaEngine,
        Path(invitation.folder),
        sound=sound,
    )
    window = await app.open()
    if app.desk is None:
        raise BadInput("the desk was closed before it was open")
    hand = DeskHand(
        app.desk, clock, sound, invitation.ends, lambda number: _tell(f"{TALKS.decode()}{number}")
    )
    await begin(app, window, invitation)
    if invitation.person:  # a picture is of the window's own size, whatever the screen
        arrange(application, window, app.wallboard)
    shots = Photographer(app, Path(invitation.screenshots)) if invitation.screenshots else None
    _tell("ready")
    told = asyncio.create_task(reader())
    closed = asyncio.create_task(app.closed.wait())
    await asyncio.wait({told, closed}, return_when=asyncio.FIRST_COMPLETED)
    if closed.done() and not told.done():
        _tell("closed")
    await told
    if shots is not None:
        await shots.finish()
    farewell = Farewell(book=await hand.book(), board=painted(app))
    _tell(msgspec.json.encode(farewell).decode())
    hand.stop()
    await app.close()


async def begin(app: App, window: AgentWindow, invitation: Invitation) -> None:
    """Sign in at both windows. Who sits there is told what to do."""
    if app.desk is not None:
        await app.desk.link.sign_in(invitation.url, invitation.user, invitation.password)
    window.show_desk()
    if invitation.person:
        board = Action(app.words("Wallboard"), app.show_wallboard, stays=True)
        window.notices.tell("demo", welcome(app.words), "info", board)
    await app.watch_as(invitation.url, invitation.supervisor, invitation.password)
    if app.wallboard is not None:
        await exposed(app.wallboard)  # only then it has its frame, which counts when it is moved


def welcome(words: Words) -> str:
    """What somebody who sees the demo for the first time has to know."""
    return words(
        "You are one of this centre's agents: when it rings (the first call comes at once), press F2 to "
        "answer and F8 to end the call. Closing this window ends the demo."
    )


def arrange(application: QApplication, window: QWidget, wallboard: QWidget | None) -> None:
    """The wallboard on a second screen if there is one, else behind the agent's window, both to be seen."""
    screens = application.screens()
    here = screens[0].availableGeometry()
    if wallboard is not None:
        there = screens[-1].availableGeometry()
        wallboard.resize(wallboard.size().boundedTo(there.size() - _FRAME))
        # Not the very corner: where a window is by default already, a window manager is not told to put it.
        wallboard.move(there.topLeft() + QPoint(M, M))
    window.move(
        here.right() - window.frameGeometry().width(), here.bottom() - window.frameGeometry().height()
    )
    window.raise_()
    window.activateWindow()


def painted(app: App) -> dict[str, float | int]:
    """How long the board took from hearing of a change to having painted it, in milliseconds."""
    samples = sorted(app.wallboard.event_to_paint_ms) if app.wallboard is not None else []
    if not samples:
        return {}
    return {
        "event_to_paint_ms_p95": round(samples[min(len(samples) - 1, int(len(samples) * _P95))], 2),
        "paints": len(samples),
    }


class Photographer:
    """Takes pictures of both windows at the moments that tell most."""

    def __init__(self, app: App, folder: Path) -> None:
        """Pictures go to `folder`, made when missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self._app = app
        self._folder = folder
        self._taken: set[str] = set()
        self._waiting: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        if app.desk is not None:
            app.desk.link.on_agent(self._seen)
        if app.wallboard is not None and app.wallboard_link is not None:
            app.wallboard_link.on_board(self._board)

    async def finish(self) -> None:
        """The last pictures."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._take("agent-after-work", self._app.window)
        self._take("wallboard-end", self._app.wallboard)

    def _seen(self, view: AgentView) -> None:
        name = {
            AgentState.ON_CONTACT: "agent-talking",
            AgentState.WRAP_UP: "agent-wrap-up",
            AgentState.READY: "agent-ready",
        }.get(view.state)
        if name is not None and name not in self._waiting:
            later = _TALKING_AFTER_S if name == "agent-talking" and name in self._taken else _SHOT_AFTER_S
            self._later(name, self._app.window, later, lambda: self._state() is view.state)

    def _board(self, board: Snapshot) -> None:
        total = board.total
        busy = total is not None and total.counts.answered >= _ENOUGH_CALLS and bool(total.waiting_since)
        if busy and "wallboard" not in self._waiting:
            self._later("wallboard", self._app.wallboard, _SHOT_AFTER_S, lambda: True)

    def _state(self) -> AgentState | None:
        view = self._app.desk.link.agent_view if self._app.desk is not None else None
        return view.state if view is not None else None

    def _later(self, name: str, window: QWidget | None, after_s: float, still: Callable[[], bool]) -> None:
        """The newest picture of a kind stays; one whose moment has passed is not taken."""

        async def wait_and_take() -> None:
            await asyncio.sleep(after_s)
            self._waiting.discard(name)
            if still():
                self._taken.add(name)
                self._take(name, window)

        self._waiting.add(name)
        task = asyncio.create_task(wait_and_take())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take(self, name: str, window: QWidget | None) -> None:
        if window is not None:
            window.grab().save(str(self._folder / f"{name}.png"))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _lines() -> Callable[[], Coroutine[Any, Any, bytes]]:
    """Lines of standard input, read on a thread so that Windows can do it too; b"" at its end."""

    async def read() -> bytes:
        return await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.readline)

    return read
