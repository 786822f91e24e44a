"""Where the demo's desk runs: in this process without a window, or in one of its own with both windows."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from console import paths
from console.clock import Clock
from console.demo import scenario
from console.demo.deskhand import DeskBook, DeskHand
from console.demo.floor import Floor
from console.demo.sound import ListeningTone
from console.desk import Desk, open_desk
from console.domain.errors import EnvironmentFault
from console.settings import DeskSettings, PhoneSettings
from console.telephony.audio import AudioPort
from console.telephony.engine import Engine, EngineSettings

MakeEngine = Callable[[EngineSettings, AudioPort | None], Engine]
TALKS = b"talks "
"""Begins the line by which the windows' process tells the number of a caller whom the person answered."""

_READY_S = 60.0
_CLOSE_S = 30.0


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What the windows' process is told on its standard input, one line. `person`: somebody is at the screen;
    else calls are answered by themselves and PNGs go to `screenshots`.
    """

    url: str
    user: str
    supervisor: str
    password: str
    folder: str
    person: bool
    screenshots: str = ""
    ends: dict[str, float] = {}


class Farewell(msgspec.Struct, frozen=True, kw_only=True):
    """What the windows' process tells at its end: the desk's book, and how fast the board was painted."""

    book: DeskBook
    board: dict[str, Any] = {}


class Hand(Protocol):
    """The desk, wherever it is."""

    closed: asyncio.Event
    on_talk: Callable[[str], None]
    """Hears the number of each customer whom a person answered (who speaks no tone that tells it)."""

    async def open(self) -> None:
        """Sign in and become ready."""
        ...

    async def finish(self) -> Farewell:
        """Tell the book; nothing rings any more."""
        ...

    async def close(self) -> None:
        """Sign out and be gone; idempotent."""
        ...


class InnerHand:
    """A desk without a window, in this process."""

    def __init__(
        self, floor: Floor, clock: Clock, ends: Mapping[str, float], make_engine: MakeEngine, folder: Path
    ) -> None:
        """Opened by `open`; its database lies in `folder`."""
        self.closed = asyncio.Event()
        self.on_talk: Callable[[str], None] = lambda number: None
        self._floor = floor
        self._clock = clock
        self._ends = ends
        self._make_engine = make_engine
        self._folder = folder
        self._desk: Desk | None = None
        self._hand: DeskHand | None = None

    async def open(self) -> None:
        """Sign in and become ready."""
        sound = ListeningTone()
        settings = demo_settings(self._floor.url, person=False)
        self._desk = await open_desk(
            settings, self._folder, lambda engine: self._make_engine(engine, sound), self._clock
        )
        self._hand = DeskHand(self._desk, self._clock, sound, self._ends)
        await self._desk.link.sign_in(self._floor.url, scenario.DESK, self._floor.password)

    async def finish(self) -> Farewell:
        """Tell the book. Raises EnvironmentFault when it was never opened."""
        if self._hand is None:
            raise EnvironmentFault("the desk was never opened")
        return Farewell(book=await self._hand.book())

    async def close(self) -> None:
        """Sign out and be gone; idempotent."""
        desk, self._desk = self._desk, None
        if self._hand is not None:
            self._hand.stop()
        if desk is not None:
            await desk.link.sign_out()
            await desk.stop()


class WindowHand:
    """Both windows and the desk behind them, as a process of their own (`python -m ui demo-windows`)."""

    def __init__(self, invitation: Invitation, log: Path) -> None:
        """Opened by `open`; what the windows complain about goes to the file `log`."""
        self.closed = asyncio.Event()
        self.on_talk: Callable[[str], None] = lambda number: None
        self._invitation = invitation
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._farewell: Farewell | None = None

    async def open(self) -> None:
        """Start it and wait until both windows are there. Raises EnvironmentFault when they do not come."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *paths.program("ui"),
                "demo-windows",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=2**20,
                start_new_session=True,  # Ctrl+C is for the parent, which ends it in order
            )
        self._write(msgspec.json.encode(self._invitation))
        self._reader = asyncio.create_task(self._read(), name="demo-windows")
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait({self._reader, waiting}, timeout=_READY_S, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not self._ready.is_set():
            await self.close()
            raise EnvironmentFault(f"the windows did not open: {self._last_words()}")

    async def finish(self) -> Farewell:
        """Ask for the book (the person may have closed the window already). Raises EnvironmentFault without
        one.
        """
        self._write(b"finish")
        if self._reader is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._reader), _CLOSE_S)
        if self._farewell is None:
            raise EnvironmentFault(f"the windows ended without a word: {self._last_words()}")
        return self._farewell

    async def close(self) -> None:
        """End it; idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _CLOSE_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    def _write(self, line: bytes) -> None:
        if (
            self._process is not None
            and self._process.stdin is not None
            and not self._process.stdin.is_closing()
        ):
            self._process.stdin.write(line + b"\n")

    async def _read(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        async for line in process.stdout:
            if line.strip() == b"ready":
                self._ready.set()
            elif line.strip() == b"closed":
                self.closed.set()
            elif line.startswith(TALKS):
                self.on_talk(line.removeprefix(TALKS).decode(errors="replace").strip())
            elif line.startswith(b"{"):
                self._farewell = msgspec.json.decode(line, type=Farewell)
        self.closed.set()

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def demo_settings(url: str, *, person: bool) -> DeskSettings:
    """The demo desk's settings: on loopback, answering by itself unless a person is there."""
    return DeskSettings(centre=url, phone=PhoneSettings(bind="127.0.0.1", auto_answer=not person))
