"""What the window says of its own health: a crash before, a newer version; and the bundle for support.

Nothing leaves this computer here without the person's click, or the policy's word (`crash.send` always).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from console.settings import CrashSettings
from console.support.bundle import Entry, contents
from console.support.crashes import Report
from ui.bridge import Runner
from ui.theme import L, M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.labels import prose
from ui.widgets.notice import Action, Notices
from ui.widgets.words import Words

if TYPE_CHECKING:
    from console.support.updates import Found

_T = TypeVar("_T")
_CRASH, _UPDATE, _BUNDLE = "crash", "update", "bundle"
_WIDE, _HIGH = 640, 480
_HOUR_MS = 3_600_000


class Reports(Protocol):
    """The crash reports that are kept."""

    def unseen(self) -> list[Report]:
        """Those that the person was not asked about yet."""
        ...

    def seen(self, report: Report) -> None:
        """Do not ask about it again."""
        ...

    def delete(self, report: Report) -> None:
        """Delete it."""
        ...


@dataclass(frozen=True)
class Care:
    """What the health's face works with. `look` finds a newer version, or nothing; `gather` reads a bundle,
    `save` writes it; `send` posts a report. All raise a CallboardError in words.
    """

    reports: Reports
    crash: Callable[[], CrashSettings]
    send: Callable[[Report, str], Awaitable[None]]
    look: Callable[[], "Awaitable[Found | None]"]
    gather: Callable[[], Awaitable[list[Entry]]]
    save: Callable[[Sequence[Entry], Path], Awaitable[None]]


class Health:
    """The notices of one window."""

    def __init__(self, window: QWidget, notices: Notices, care: Care, words: Words, runner: Runner) -> None:
        """Says nothing before `begin`."""
        self._window = window
        self._notices = notices
        self._care = care
        self._words = words
        self._runner = runner

    def begin(self) -> None:
        """Tell of a crash before, and look for a newer version where that is wanted: now, and as long as the
        window is there (`look` knows when a day has passed).
        """
        self._tell_crash()
        hourly = QTimer(self._window)
        hourly.timeout.connect(self._look)
        hourly.start(_HOUR_MS)
        self._look()

    def _look(self) -> None:
        self._runner.run(_awaited(self._care.look()), self._tell_newer, self._failed(_UPDATE))

    # ---------------------------------------------------------------- crashes

    def _tell_crash(self) -> None:
        reports = self._care.reports.unseen()
        if not reports:
            return
        crash = self._care.crash()
        if crash.send == "always" and crash.url:
            for report in reports:
                self.send(report)
            return
        newest = reports[0]
        told = self._words(
            "Callboard ended unexpectedly ({time}). A report is kept on this computer.", time=_time(newest.at)
        )
        self._notices.tell(
            _CRASH, told, "warning", Action(self._words("Look at it"), lambda: _only(self.show(newest)))
        )
        for report in reports:
            self._care.reports.seen(report)

    def show(self, report: Report) -> "CrashDialog":
        """Open a report with what can be done about it."""
        crash = self._care.crash()
        url = crash.url if crash.send != "never" else ""
        dialog = CrashDialog(report, url, self._words, self._window)
        dialog.send.clicked.connect(lambda: self.send(report))
        dialog.send.clicked.connect(dialog.accept)
        dialog.delete.clicked.connect(lambda: self._care.reports.delete(report))
        dialog.delete.clicked.connect(dialog.accept)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def send(self, report: Report) -> None:
        """Post it, then delete it; one that does not arrive is kept."""

        def done(_nothing: None) -> None:
            self._care.reports.delete(report)
            self._notices.tell(_CRASH, self._words("The report was sent. Thank you."), "good")

        self._runner.run(
            _awaited(self._care.send(report, self._care.crash().url)), done, self._failed(_CRASH)
        )

    # ---------------------------------------------------------------- updates

    def _tell_newer(self, found: "Found | None") -> None:
        if found is None or not found.newer:
            return
        notes, action = found.notes, None
        if notes.startswith("https://"):
            action = Action(self._words("What changed"), lambda: _only(QDesktopServices.openUrl(QUrl(notes))))
        self._notices.tell(
            _UPDATE, self._words("Callboard {version} is there.", version=found.version), "info", action
        )

    # ---------------------------------------------------------------- the bundle

    def offer_bundle(self) -> None:
        """Gather a bundle and show what is in it; it is saved where the person wants it."""
        self._runner.run(_awaited(self._care.gather()), self._show_bundle, self._failed(_BUNDLE))

    def _show_bundle(self, entries: list[Entry]) -> None:
        dialog = BundleDialog(entries, self._words, self._window)
        dialog.save.clicked.connect(lambda: self._ask_where(dialog, entries))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _ask_where(self, dialog: "BundleDialog", entries: list[Entry]) -> None:
        where = QFileDialog(dialog, self._words("Bundle for support"))
        where.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        where.setDefaultSuffix("zip")
        where.setNameFilter("ZIP (*.zip)")
        where.selectFile("callboard-support.zip")
        where.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        where.fileSelected.connect(lambda name: self.save_bundle(entries, Path(name)))
        where.fileSelected.connect(lambda _name: dialog.accept())
        where.open()

    def save_bundle(self, entries: Sequence[Entry], to: Path) -> None:
        """Write it and say where it is."""
        told = self._words("The bundle is in {file}. Nothing was sent.", file=to.name)
        self._runner.run(
            _awaited(self._care.save(entries, to)),
            lambda _nothing: self._notices.tell(_BUNDLE, told, "good"),
            self._failed(_BUNDLE),
        )

    def _failed(self, cause: str) -> Callable[[str], None]:
        return lambda why: self._notices.tell(cause, self._words.fault(why), "warning")


async def _awaited(work: Awaitable[_T]) -> _T:
    return await work


def _only(_result: object) -> None:
    """For those who want nothing back."""


def _time(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


class CrashDialog(QDialog):
    """One report, all of it, as it would be sent."""

    def __init__(self, report: Report, url: str, words: Words, parent: QWidget | None = None) -> None:
        """With an empty `url` it cannot be sent."""
        super().__init__(parent)
        self.setWindowTitle(words("Crash report"))
        self.send = ActionButton(words("Send it"), "check", kind="primary")
        self.delete = ActionButton(words("Delete it"), "x")
        self.keep = ActionButton(words("Keep it"))
        self.keep.clicked.connect(self.reject)
        self.send.setVisible(bool(url))
        told = (
            words("This is what would be sent, without passwords and names. It goes to {url}.", url=url)
            if url
            else words("This report stays on this computer.")
        )
        about = f"Callboard {report.version}, Python {report.python}, {report.system}"
        text = f"{about}\n{report.kind}, {_time(report.at)}, {report.times}x\n\n{report.text}"
        self.text = _lay_out(self, told, text, (self.delete, self.keep, self.send))


class BundleDialog(QDialog):
    """What a bundle holds, before it is saved."""

    def __init__(self, entries: Sequence[Entry], words: Words, parent: QWidget | None = None) -> None:
        """Nothing is saved here: `save` is to be connected."""
        super().__init__(parent)
        self.setWindowTitle(words("Bundle for support"))
        self.save = ActionButton(words("Save…"), "check", kind="primary")
        told = words("What goes into it; save it and pass it on yourself.")
        self.text = _lay_out(self, told, contents(entries), (self.save,))


def _lay_out(dialog: QDialog, told: str, text: str, buttons: Sequence[ActionButton]) -> QPlainTextEdit:
    shown = QPlainTextEdit(text)
    shown.setReadOnly(True)
    shown.setTabChangesFocus(True)
    shown.setAccessibleName(dialog.windowTitle())
    below = QHBoxLayout()
    below.setSpacing(S)
    below.addStretch(1)
    for button in buttons:
        below.addWidget(button)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(L, L, L, L)
    column.setSpacing(M)
    column.addWidget(prose(told))
    column.addWidget(shown, 1)
    column.addLayout(below)
    dialog.resize(_WIDE, _HIGH)
    return shown
