"""A crash is told, and sent by consent alone; a newer version is told; a bundle is seen, then saved."""

import asyncio
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from console.clock import StoppedClock
from console.domain.errors import NetworkError
from console.settings import CrashSettings
from console.support.bundle import Entry, save
from console.support.crashes import Crashes, Report
from console.support.updates import Found
from ui.bridge import Tasks
from ui.shell.health import BundleDialog, Care, CrashDialog, Health
from ui.widgets.notice import Notice, Notices
from ui.widgets.words import words_for

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class World:
    """A window with notices, crash reports in a folder, and what was sent."""

    crashes: Crashes
    crash: CrashSettings = field(default_factory=CrashSettings)
    found: Found | None = None
    fault: str = ""
    sent: list[tuple[str, str]] = field(default_factory=list)
    tasks: Tasks = field(default_factory=Tasks)

    def open(self, qtbot: QtBot, language: str = "en") -> Health:
        self.window = QWidget()
        self.notices = Notices(self.window)
        qtbot.addWidget(self.window)
        self.window.show()
        care = Care(self.crashes, lambda: self.crash, self._send, self._look, self._gather, self._save)
        return Health(self.window, self.notices, care, words_for(language), self.tasks)

    def told(self) -> list[str]:
        return [notice.words for notice in self.notices.findChildren(Notice) if notice.words]

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def _send(self, report: Report, url: str) -> None:
        if self.fault:
            raise NetworkError(self.fault)
        self.sent.append((report.text, url))

    async def _look(self) -> Found | None:
        return self.found

    async def _gather(self) -> list[Entry]:
        return [Entry(name="a.txt", what="a text", text="words\n")]

    async def _save(self, entries: Sequence[Entry], to: Path) -> None:
        save(entries, to, NOON)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Crashes(tmp_path / "crashes", StoppedClock(NOON)))


async def test_nothing_is_said_when_all_is_well(world: World, qtbot: QtBot) -> None:
    world.open(qtbot).begin()
    await world.settle()
    assert world.told() == []


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_crash_is_told_once_and_stays_here_by_default(
    world: World, qtbot: QtBot, language: str
) -> None:
    report = world.crashes.keep("exception", "ValueError: x")
    assert report is not None
    health = world.open(qtbot, language)
    health.begin()
    await world.settle()
    (told,) = world.told()
    assert ("unexpectedly" if language == "en" else "unerwartet") in told
    dialog = health.show(report)
    assert "ValueError: x" in dialog.text.toPlainText()
    assert not dialog.send.isVisible()
    assert world.sent == []
    dialog.delete.click()
    assert world.crashes.all() == []
    again = world.open(qtbot)
    again.begin()
    await world.settle()
    assert world.told() == []


async def test_asked_it_is_sent_by_a_click_alone(world: World, qtbot: QtBot) -> None:
    world.crash = CrashSettings(send="ask", url="https://crash.example/")
    world.crashes.keep("exception", "ValueError: x")
    health = world.open(qtbot)
    health.begin()
    await world.settle()
    assert world.sent == []
    (button,) = (one for one in world.notices.findChildren(QPushButton) if one.text() == "Look at it")
    button.click()
    (dialog,) = world.window.findChildren(CrashDialog)
    assert dialog.send.isVisible()
    world.fault = "no network"
    dialog.send.click()
    await world.settle()
    assert len(world.crashes.all()) == 1, "what does not arrive is kept"
    assert world.told() == ["no network"]
    world.fault = ""
    health.send(world.crashes.all()[0])
    await world.settle()
    assert world.sent == [("ValueError: x", "https://crash.example/")]
    assert world.crashes.all() == []


@pytest.mark.parametrize(
    ("crash", "sent"),
    [
        (CrashSettings(send="always", url="https://crash.example/"), 1),
        (CrashSettings(send="always"), 0),
        (CrashSettings(send="never", url="https://crash.example/"), 0),
    ],
)
async def test_consent_given_beforehand_needs_somewhere_to_go(
    world: World, qtbot: QtBot, crash: CrashSettings, sent: int
) -> None:
    world.crash = crash
    world.crashes.keep("exception", "ValueError: x")
    world.open(qtbot).begin()
    await world.settle()
    assert len(world.sent) == sent


async def test_a_newer_version_is_told(world: World, qtbot: QtBot) -> None:
    world.found = Found(newer=True, version="9.0", notes="https://notes.example", download=None)
    world.open(qtbot).begin()
    await world.settle()
    assert world.told() == ["Callboard 9.0 is there."]


async def test_a_bundle_is_seen_before_it_is_saved(world: World, qtbot: QtBot, tmp_path: Path) -> None:
    health = world.open(qtbot)
    health.offer_bundle()
    await world.settle()
    (dialog,) = world.window.findChildren(BundleDialog)
    assert "a.txt" in dialog.text.toPlainText()
    entries = await world._gather()
    health.save_bundle(entries, tmp_path / "b.zip")
    await world.settle()
    assert zipfile.ZipFile(tmp_path / "b.zip").namelist() == ["contents.txt", "a.txt"]
    assert world.told() == ["The bundle is in b.zip. Nothing was sent."]
    health.save_bundle(entries, tmp_path / "no" / "b.zip")
    await world.settle()
    assert "folder" in world.told()[0]
