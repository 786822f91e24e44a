"""The whole way between the desk and Qt: facts become signals, and what a click asks for runs on the loop."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from console.bus import Bus
from console.domain.errors import BadInput, EnvironmentFault
from console.domain.events import (
    AudioDevicesChanged,
    CallEvent,
    DeskEvent,
    HistoryChanged,
    LinkChanged,
    RegistrationChanged,
    StrangerRefused,
)
from console.wire import AgentView

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Views(Protocol):
    """Where the agent's own state comes from: the link to the centre."""

    def on_agent(self, handler: Callable[[AgentView], None]) -> Callable[[], None]:
        """Call `handler` with each view; returns what undoes it."""
        ...


class Bridge(QObject):
    """Facts as Qt signals. Each carries the fact itself."""

    call = Signal(object)  # CallEvent
    registration = Signal(object)  # RegistrationChanged
    link = Signal(object)  # LinkChanged
    history = Signal(object)  # HistoryChanged
    devices = Signal(object)  # AudioDevicesChanged
    stranger = Signal(object)  # StrangerRefused
    agent = Signal(object)  # AgentView

    def __init__(self, bus: Bus, views: Views | None = None, parent: QObject | None = None) -> None:
        """Listen from now on, until `stop`."""
        super().__init__(parent)
        kinds: tuple[tuple[type[DeskEvent], Callable[[object], None]], ...] = (
            (CallEvent, self.call.emit),
            (RegistrationChanged, self.registration.emit),
            (LinkChanged, self.link.emit),
            (HistoryChanged, self.history.emit),
            (AudioDevicesChanged, self.devices.emit),
            (StrangerRefused, self.stranger.emit),
        )
        self._undo = [bus.subscribe(kind, emit) for kind, emit in kinds]
        if views is not None:
            self._undo.append(views.on_agent(self.agent.emit))

    def stop(self) -> None:
        """Listen no longer; idempotent."""
        while self._undo:
            self._undo.pop()()


class Runner(Protocol):
    """Runs what views ask services for, and brings the answer back."""

    def run(
        self,
        work: Coroutine[Any, Any, _T],
        done: Callable[[_T], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Run `work`; then call `done` with its result, or `failed` with words for the person."""
        ...


class Tasks:
    """The one place for the windows' tasks: none is lost, none outlives them, no fault is swallowed.

    `report` tells the person of a fault that the asker does not show itself.
    """

    def __init__(self, report: Callable[[str], None] | None = None) -> None:
        """Nothing runs yet. Needs a running asyncio loop when used."""
        self._report = report
        self._running: set[asyncio.Task[None]] = set()

    def report_to(self, report: Callable[[str], None]) -> None:
        """Name who tells the person."""
        self._report = report

    def run(
        self,
        work: Coroutine[Any, Any, _T],
        done: Callable[[_T], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Run `work`; then call `done` with its result, or `failed` with words for the person."""
        task = asyncio.get_running_loop().create_task(self._follow(work, done, failed or self._report))
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Cancel what still runs and wait for its end."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("a task of the window failed", exc_info=fault)

    async def _follow(
        self,
        work: Coroutine[Any, Any, _T],
        done: Callable[[_T], None] | None,
        failed: Callable[[str], None] | None,
    ) -> None:
        try:
            result = await work
        except (EnvironmentFault, BadInput) as fault:
            if failed is not None:
                failed(str(fault))
            else:
                _log.warning("%s", fault)
        else:
            if done is not None:
                done(result)
