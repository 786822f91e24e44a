"""A desk of scripted services and the agent's window on it."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console import paths
from console.clock import StoppedClock
from console.domain.events import LinkState
from console.domain.figures import Snapshot
from tests.ui.doubles import Scene, make_scene
from tests.ui.wallboard_sample import EN, BoardStub, Opener, clock_at
from ui.metrics.tongue import Tongue
from ui.metrics.wallboard import Wallboard
from ui.shell.window import AgentWindow
from ui.widgets.look import Look


@pytest.fixture(scope="session")
def look(qapp: QApplication) -> Iterator[Look]:
    """Dress the application once: fonts and style sheet are the same for all."""
    made = Look(qapp, paths.resources() / "fonts")
    made.use("light")
    yield made
    made.stop()


@pytest.fixture
def scene(qapp: QApplication) -> Iterator[Scene]:
    """A desk whose services do at once what they are asked."""
    made = make_scene()
    yield made
    made.bridge.stop()


@pytest.fixture
def open_window(look: Look, qtbot: QtBot) -> Callable[..., AgentWindow]:
    """Open the agent's window on a scene, signed in unless told otherwise."""

    def opened(scene: Scene, *, signed_in: bool = True, width: int = 1200) -> AgentWindow:
        if signed_in:
            scene.link.online()
        window = AgentWindow(scene.services, look)
        qtbot.addWidget(window, before_close_func=lambda _window: _end_calls(scene))
        window.resize(width, 720)
        window.show()
        window.start()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return window

    return opened


def _end_calls(scene: Scene) -> None:
    for call in scene.phone.calls:
        scene.phone.ended(call.call)


@pytest.fixture
def opened(qtbot: QtBot, look: Look) -> Iterator[Opener]:
    """Open wallboards; they are closed at the end."""
    look.use("light")
    windows: list[Wallboard] = []

    def open_board(
        board: Snapshot | None,
        *,
        late_s: float = 1.0,
        state: LinkState = LinkState.ONLINE,
        size: tuple[int, int] = (1280, 720),
        tongue: Tongue = EN,
    ) -> tuple[Wallboard, BoardStub, StoppedClock]:
        service = BoardStub(board, state)
        clock = clock_at(late_s)
        window = Wallboard(service, clock, tongue)
        windows.append(window)
        window.resize(*size)
        window.show()
        qtbot.waitExposed(window)
        window.build_graphs()
        return window, service, clock

    yield open_board
    for window in windows:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
