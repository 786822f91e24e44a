"""Settings, the offer of a link, a locked sign-in as pictures: `python tests/ui/render_settings.py FOLDER`.

Light and dark, English and German, at 100 % and 200 %.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtWidgets import QApplication, QDialog

from console import paths
from tests.ui.doubles import words
from tests.ui.settings_sample import link_of, make_keeper, make_provisioning
from ui.settings.dialog import SettingsDialog
from ui.settings.home import SettingsHome
from ui.settings.provisioning import OfferDialog
from ui.shell.sign_in import SignInPage
from ui.widgets.look import Look

VALUES: dict[str, object] = {
    "phone.transport": "tls",
    "phone.srtp": "off",
    "phone.codecs": ["PCMA"],
    "window.language": "de",
    "history.keep_days": 30,
}


def _shoot(application: QApplication, shown: QDialog | SignInPage, file: Path) -> None:
    shown.show()
    for _ in range(4):
        application.processEvents()
    shown.grab().save(str(file))
    shown.close()
    shown.deleteLater()


def pictures(folder: Path, language: str, theme: str, scale: str) -> None:
    """All of one language, theme and scale."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    look = Look(application, paths.resources() / "fonts")
    look.use(theme)
    said = words(language)
    end = f"{theme}-{language}-{scale}x.png"
    with tempfile.TemporaryDirectory() as place:
        keeper = make_keeper(Path(place))
        given = SettingsHome(keeper).given()
        for tab in range(5):
            dialog = SettingsDialog(keeper.settings, ("Headset",), ("Headset",), said, given=given)
            dialog.tabs.setCurrentIndex(tab)
            _shoot(application, dialog, folder / f"settings-{tab}-{end}")
        provisioning = make_provisioning(keeper, said)
        offered = provisioning.home.read(link_of(VALUES), provisioning.clock.now())
        _shoot(application, OfferDialog(offered, provisioning), folder / f"offer-{end}")
        page = SignInPage(said)
        page.offer(keeper.settings.centre, "ada")
        page.hold_centre("Example Ltd IT")
        page.resize(420, 560)
        _shoot(application, page, folder / f"sign-in-{end}")
    look.stop()


def main() -> None:
    """Render at one pixel a point, then at two in a second process (Qt reads the scale at its start)."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    scale = os.environ.get("QT_SCALE_FACTOR", "1")
    for language in ("en", "de"):
        for theme in ("light", "dark"):
            pictures(folder, language, theme, scale)
    if scale == "1":
        twice = os.environ | {"QT_SCALE_FACTOR": "2"}
        subprocess.run([sys.executable, __file__, str(folder)], check=True, env=twice)


if __name__ == "__main__":
    main()
