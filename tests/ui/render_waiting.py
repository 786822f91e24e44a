"""Renders who waits as PNGs, to be looked at: python tests/ui/render_waiting.py FOLDER [WORD].

Light and dark, English and German; 200 % in a second process.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtWidgets import QApplication

from console import paths
from console.domain.errors import TooLate
from console.domain.events import LinkState
from tests.ui.waiting_sample import ScriptedSupervisor, line, make_office, waiting
from tests.ui.wallboard_sample import NOON, board_of
from ui.metrics.line_window import LineWindow
from ui.metrics.tongue import Tongue
from ui.widgets.look import Look

Act = Callable[[LineWindow, ScriptedSupervisor], None]


def _nobody(window: LineWindow, centre: ScriptedSupervisor) -> None:
    centre.rows = []
    window.tick()
    window._fetch_if_asked()


def _refused(window: LineWindow, centre: ScriptedSupervisor) -> None:
    window.orders.ask_queue()
    centre.says_no = TooLate("It waits in that queue already.")
    window.orders.strip._go()


STATES: dict[str, tuple[str, Act]] = {
    "line": ("q0", lambda window, _centre: window.table.selectRow(2)),
    "all": ("", lambda window, _centre: window.table.selectRow(3)),
    "move": ("q0", lambda window, _centre: window.orders.ask_queue()),
    "refused": ("q0", _refused),
    "priority": ("q0", lambda window, _centre: window.orders.ask_priority()),
    "give": ("q0", lambda window, _centre: window.orders.ask_agent()),
    "why": ("q0", lambda window, _centre: window.orders.ask_why()),
    "nobody": ("q2", lambda _window, _centre: None),
    "lost": ("q0", lambda window, _centre: window.put(window._board, LinkState.LOST)),
    "thousand": ("q0", lambda _window, _centre: None),
}
SIZES = ((900, 440), (1280, 640))


def picture(look: Look, name: str, theme: str, language: str, size: tuple[int, int], file: Path) -> None:
    """One picture of one state."""
    look.use(theme)
    queue, act = STATES[name]
    rows = [waiting(n) for n in range(1000)] if name == "thousand" else line()
    office, centre = make_office(ScriptedSupervisor(rows))
    window = LineWindow(office, Tongue(language, ZoneInfo("Europe/Berlin")), lambda: NOON)
    window.resize(*size)
    window.put(board_of(6, 24), LinkState.ONLINE)
    window.open_for(queue)
    window.table.selectRow(1)
    act(window, centre)
    for _ in range(4):
        QApplication.processEvents()
    window.grab().save(str(file))
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def main() -> None:
    """Render at one pixel a point, then at two in a second process (Qt reads the scale at its start)."""
    folder, only = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    look = Look(application, paths.resources() / "fonts")
    scale = os.environ.get("QT_SCALE_FACTOR", "1")
    for name in STATES:
        for theme in ("light", "dark"):
            for language in ("en", "de"):
                for size in SIZES:
                    file = f"waiting-{name}-{theme}-{language}-{size[0]}-{scale}x.png"
                    if only in file:
                        picture(look, name, theme, language, size, folder / file)
    look.stop()
    if scale == "1":
        arguments = [sys.executable, __file__, str(folder), only]
        subprocess.run(arguments, env=os.environ | {"QT_SCALE_FACTOR": "2"}, check=True)


if __name__ == "__main__":
    main()
