"""Renders the wallboard as PNGs, to be looked at: python tests/ui/render_wallboard.py FOLDER [WORD ...]."""

import os
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from console import paths
from console.domain.events import LinkState
from console.domain.figures import Notice, Snapshot
from tests.ui.wallboard_sample import BoardStub, board_of, clock_at
from ui.metrics.tongue import Tongue
from ui.metrics.wallboard import Wallboard
from ui.widgets.look import Look


@dataclass(frozen=True)
class Scene:
    """One picture."""

    name: str
    board: Snapshot | None = field(default_factory=board_of)
    size: tuple[int, int] = (1920, 1080)
    theme: str = "light"
    language: str = "en"
    state: LinkState = LinkState.ONLINE
    late_s: float = 1.0
    ratio: float = 1.0
    kiosk: bool = False
    queue: str = ""


SINCE = board_of().at - timedelta(minutes=4)


def told(notice: Notice) -> Snapshot:
    """A board with something to tell besides figures."""
    return replace(board_of(), notices=(notice,))


def scenes() -> list[Scene]:
    """All pictures."""
    twelve, many = board_of(12, 60), board_of(50, 1000)
    return [
        Scene("3-light-1080"),
        Scene("3-dark-1080", theme="dark"),
        Scene("3-light-720", size=(1280, 720)),
        Scene("3-dark-720-200", size=(1280, 720), theme="dark", ratio=2.0),
        Scene("3-german", language="de"),
        Scene("3-fallback", told(Notice(kind="fallback", where="a", since=SINCE, callers=7, waiting=2))),
        Scene("3-away-german", told(Notice(kind="away", where="nord", since=SINCE)), language="de"),
        Scene("12-light-1080", twelve),
        Scene("12-dark-1080", twelve, theme="dark"),
        Scene("12-light-720", twelve, size=(1280, 720)),
        Scene("12-dark-4k", twelve, size=(3840, 2160), theme="dark", kiosk=True),
        Scene("12-queue-chosen", twelve, queue="q2"),
        Scene("50-light-1080", many),
        Scene("50-dark-1080", many, theme="dark"),
        Scene("50-light-720", many, size=(1280, 720)),
        Scene("50-german-dark-4k", many, size=(3840, 2160), theme="dark", language="de"),
        Scene("long-names", board_of(6, 40, long=True)),
        Scene("long-names-german-720", board_of(12, 40, long=True), size=(1280, 720), language="de"),
        Scene("stale", late_s=14.0),
        Scene("stale-dark-german", theme="dark", late_s=47.0, language="de"),
        Scene("lost", state=LinkState.LOST, late_s=32.0),
        Scene("empty-no-queues", board_of(0, 0)),
        Scene("empty-quiet-day", board_of(4, 6, quiet=True)),
        Scene("empty-first", None, state=LinkState.CONNECTING),
        Scene("one-queue", board_of(1, 5)),
    ]


def render(scene: Scene, application: QApplication, look: Look) -> QImage:
    """Paint one scene."""
    look.use(scene.theme)
    tongue = Tongue(scene.language, ZoneInfo("Europe/Berlin"))
    service = BoardStub(scene.board, scene.state)
    service.clock_offset = timedelta()
    window = Wallboard(service, clock_at(scene.late_s), tongue)
    window.resize(*scene.size)
    window.show()
    if scene.kiosk:
        window.set_kiosk(True)
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.resize(*scene.size)
    if scene.queue:
        window.agents.choose_queue(scene.queue)
    window.build_graphs()
    for _ in range(6):
        application.processEvents()
    window.graphs.draw()
    application.processEvents()
    image = QImage(
        round(scene.size[0] * scene.ratio), round(scene.size[1] * scene.ratio), QImage.Format.Format_RGB32
    )
    image.setDevicePixelRatio(scene.ratio)
    painter = QPainter(image)
    window.render(painter, QPoint(0, 0))
    painter.end()
    window.close()
    window.deleteLater()
    application.processEvents()
    return image


def main(folder: Path, wanted: list[str]) -> None:
    """Render all scenes, or those whose names hold one of the words."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    look = Look(application, paths.resources() / "fonts")
    folder.mkdir(parents=True, exist_ok=True)
    for scene in scenes():
        if not wanted or any(word in scene.name for word in wanted):
            render(scene, application, look).save(str(folder / f"{scene.name}.png"))
    look.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
