"""Disposition and note of one call: kept while they are written, no button to forget."""

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from ui.bridge import Runner
from ui.history.services import History
from ui.theme import S
from ui.widgets.choice import Choice
from ui.widgets.labels import label
from ui.widgets.words import Words

KEEP_AFTER_MS = 600
LIMIT = 10_000
"""Characters that the history keeps of a note."""


class _Text(QPlainTextEdit):
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)  # Tab leads on, as everywhere

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()  # the window's: done
        else:
            super().keyPressEvent(event)


class NoteEditor(QWidget):
    """Writes on one call at a time. What is typed is kept a moment after the last key, and on leaving."""

    kept = Signal(object)  # the call's id
    failed = Signal(str)

    def __init__(self, history: History, runner: Runner, words: Words, parent: QWidget | None = None) -> None:
        """No call yet."""
        super().__init__(parent)
        self._history = history
        self._runner = runner
        self._words = words
        self._call: UUID | None = None
        self._was: tuple[str, str] = ("", "")
        self.disposition = Choice()
        self.disposition.setAccessibleName(words("Outcome"))
        self.disposition.currentTextChanged.connect(self._changed)
        self.text = _Text()
        self.text.setAccessibleName(words("Note"))
        self.text.setPlaceholderText(words("What was it about? Kept while you type."))
        self.text.setMinimumHeight(64)
        self.text.setMaximumHeight(120)
        self.text.textChanged.connect(self._changed)
        self.text.left.connect(self.keep)
        self.setFocusProxy(self.text)
        self._status = label("", "caption")
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(KEEP_AFTER_MS)
        self._wait.timeout.connect(self.keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        for part in (self.disposition, self.text, self._status):
            column.addWidget(part)
        self.set_dispositions(())

    @property
    def call(self) -> UUID | None:
        """The call that is written on."""
        return self._call

    @property
    def status(self) -> str:
        """Whether what is typed is kept."""
        return self._status.text()

    def set_dispositions(self, known: Sequence[str]) -> None:
        """Which outcomes can be chosen; what a call already has stays choosable."""
        chosen = self._disposition()
        self.disposition.blockSignals(True)  # noqa: FBT003  Qt's own signature
        self.disposition.clear()
        self.disposition.addItem(self._words("Outcome: none"), "")
        for one in dict.fromkeys([*known, *([chosen] if chosen else [])]):
            self.disposition.addItem(self._words(one), one)
        self.disposition.setCurrentIndex(max(0, self.disposition.findData(chosen)))
        self.disposition.blockSignals(False)  # noqa: FBT003

    def write_on(self, call: UUID | None, disposition: str = "", note: str = "") -> None:
        """Write on this call from now on; what was typed for the one before is kept first."""
        if call == self._call and (self._wait.isActive() or (disposition, note) == self._was):
            return
        self.keep()
        self._call = None
        self._select(disposition)
        if self.text.toPlainText() != note:
            self.text.setPlainText(note)
        self._was = (disposition, note)
        self._status.clear()
        self._call = call
        self._wait.stop()
        self.setEnabled(call is not None)

    def keep(self) -> None:
        """Keep what is typed now, if it changed."""
        self._wait.stop()
        call, written = self._call, (self._disposition(), self.text.toPlainText())
        if call is None or written == self._was:
            return
        self._was = written

        def done(_row: object) -> None:
            if call == self._call:
                self._status.setText(self._words("Kept"))
            self.kept.emit(call)

        def failed(why: str) -> None:
            if call == self._call:
                self._was = ("", "\0")  # so that the next try is a change
                self._status.setText(self._words("Not kept: {why}", why=self._words.fault(why)))
            self.failed.emit(why)

        self._runner.run(self._history.note(call, *written), done, failed)

    def _disposition(self) -> str:
        return str(self.disposition.currentData() or "")

    def _select(self, disposition: str) -> None:
        place = self.disposition.findData(disposition)
        if place < 0:
            self.disposition.addItem(self._words(disposition), disposition)
            place = self.disposition.count() - 1
        self.disposition.setCurrentIndex(place)

    def _changed(self, *_words: str) -> None:
        if self._call is None:
            return
        if len(self.text.toPlainText()) > LIMIT:
            cursor = self.text.textCursor()
            cursor.deletePreviousChar()
            self._status.setText(self._words("A note has at most {n} characters.", n=LIMIT))
            return
        self._status.setText(self._words("Writing…"))
        self._wait.start()
