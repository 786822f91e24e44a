"""Renders a supervisor in an agent's call as PNGs: python tests/ui/render_listening.py FOLDER [WORD].

Light and dark, English and German; 200 % in a second process.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtWidgets import QApplication

from console import paths
from console.domain.errors import BadInput, NetworkError
from console.domain.events import MonitoringMode
from tests.ui.listening_sample import AGENT, called, others
from tests.ui.waiting_sample import ScriptedSupervisor, make_office
from tests.ui.wallboard_sample import NOON, BoardStub, clock_at
from ui.metrics.tongue import Tongue
from ui.metrics.wallboard import Wallboard
from ui.widgets.look import Look

Act = Callable[[Wallboard, ScriptedSupervisor], None]


def _asked(window: Wallboard, _centre: ScriptedSupervisor) -> None:
    window.agents.table.selectRow(window.agents_model.shown.index(AGENT))
    window.agents.listen()


def _not_there(window: Wallboard, _centre: ScriptedSupervisor) -> None:
    window.agents.table.selectRow(window.agents_model.shown.index("a0001"))
    window.agents.listen()


def _refused(window: Wallboard, centre: ScriptedSupervisor) -> None:
    _asked(window, centre)
    centre.says_no = BadInput(
        "Where is your phone? Sign in with your desk, or name a SIP address as the order's contact."
    )
    window.agents.listening.strip.do.click()  # type: ignore[union-attr]


def _rings(window: Wallboard, centre: ScriptedSupervisor) -> None:
    _asked(window, centre)
    window.agents.listening.strip.do.click()  # type: ignore[union-attr]


def _inside(window: Wallboard, centre: ScriptedSupervisor) -> None:
    _rings(window, centre)
    mine = centre.heard[-1].monitoring
    centre.hear(mine, since=NOON - timedelta(seconds=41), mode=MonitoringMode.WHISPER)
    window.agents.tick()


def _lost(window: Wallboard, centre: ScriptedSupervisor) -> None:
    _inside(window, centre)
    centre.says_no = NetworkError(
        "There is no connection to the centre right now. Try again when it is back."
    )
    window.agents.tick()


def _over(window: Wallboard, centre: ScriptedSupervisor) -> None:
    _inside(window, centre)
    centre.heard.clear()
    window.agents.tick()


STATES: dict[str, Act] = {
    "asked": _asked,
    "refused": _refused,
    "rings": _rings,
    "inside": _inside,
    "lost": _lost,
    "over": _over,
    "not-there": _not_there,
}
SIZES = ((960, 540), (1440, 810))


def picture(look: Look, name: str, theme: str, language: str, size: tuple[int, int], file: Path) -> None:
    """One picture of one state."""
    look.use(theme)
    office, centre = make_office()
    centre.heard = others()
    board = called(long=name in ("inside", "lost"), queues=12 if name == "refused" else 3)
    window = Wallboard(BoardStub(board), clock_at(), Tongue(language, ZoneInfo("Europe/Berlin")), office)
    window.resize(*size)
    window.show()
    window.build_graphs()
    STATES[name](window, centre)
    for _ in range(6):
        QApplication.processEvents()
    window.agents.grab().save(str(file)) if size != SIZES[0] else window.grab().save(str(file))
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def main() -> None:
    """Render at one pixel a point, then at two in a second process (Qt reads the scale at its start)."""
    folder, only = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    folder.mkdir(parents=True, exist_ok=True)
    factor = os.environ.get("QT_SCALE_FACTOR", "1")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    look = Look(application, paths.resources() / "fonts")
    for name in STATES:
        for theme, language in (("light", "en"), ("dark", "de")):
            for size in SIZES:
                file = f"{name}-{theme}-{language}-{size[0]}-{factor}x.png"
                if only in file:
                    picture(look, name, theme, language, size, folder / file)
    look.stop()
    if factor == "1":
        again = {**os.environ, "QT_SCALE_FACTOR": "2"}
        subprocess.run([sys.executable, __file__, *sys.argv[1:]], env=again, check=True)


if __name__ == "__main__":
    main()
