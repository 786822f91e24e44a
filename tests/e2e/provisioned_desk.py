"""A whole desk with its window, offscreen: it signs in, tells what holds, takes a link, tells again.

`provisioned_desk.py FOLDER POLICY URL USER PASSWORD LINK`; prints one JSON line each time.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keyring
import qasync
from keyring.backend import KeyringBackend
from PySide6.QtWidgets import QApplication

from console.clock import SystemClock
from console.demo.sound import ListeningTone
from console.policy.file import FilePolicy
from console.policy.keeper import Keeper
from console.telephony.pjsua import PjsuaEngine
from ui.app import App
from ui.settings.provisioning import OfferDialog


class HeldPasswords(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0  # type: ignore[assignment]  # a property of the class above

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password


async def until(fits: Callable[[], object]) -> None:
    """Wait for a fact that no event tells."""
    async with asyncio.timeout(30):
        while True:
            if fits():
                return
            await asyncio.sleep(0.02)


def told(app: App, passwords: HeldPasswords) -> str:
    """Return what holds now."""
    desk, window = app.desk, app.window
    assert desk is not None
    assert window is not None
    origins = app._home.origins()
    return json.dumps(
        {
            "settings": {name: origin.value for name, origin in origins.items()},
            "from": {name: origin.rank.name for name, origin in origins.items()},
            "account": {a.key: [a.uri, a.password, a.transport] for a in desk.phone.accounts}.get("phone"),
            "passwords": list(passwords.held.values()),
            "notices": list(window.notices.told.values()),
        }
    )


async def work(application: QApplication, passwords: HeldPasswords) -> None:
    """Sign in; take the link; leave."""
    folder, policy, url, user, password, link = sys.argv[1:]
    keeper = Keeper(Path(folder), Path(folder), FilePolicy(Path(policy)))
    app = App(application, keeper, SystemClock(), PjsuaEngine, Path(folder), sound=ListeningTone())
    window = await app.open()
    assert app.desk is not None
    await app.desk.link.sign_in(url, user, password)
    await until(lambda: keeper.provisioned.centre is not None)
    await until(lambda: app.desk is not None and any(a.key == "phone" for a in app.desk.phone.accounts))
    sys.stdout.write(told(app, passwords) + "\n")
    window.take_link(link)
    (dialog,) = window.findChildren(OfferDialog) or (None,)
    if dialog is not None:
        sys.stdout.write(json.dumps(dialog.changes) + "\n")
        dialog.agree()
        await until(lambda: any("in use" in told for told in window.notices.told.values()))
    sys.stdout.write(told(app, passwords) + "\n")
    await app.close()


def main() -> None:
    """Run to the end on one loop for Qt and asyncio."""
    passwords = HeldPasswords()
    keyring.set_keyring(passwords)
    application = QApplication([])
    with qasync.QEventLoop(application) as loop:
        loop.run_until_complete(work(application, passwords))


main()
