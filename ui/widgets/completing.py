"""A field that completes what is typed: it asks what there is, and is told when somebody has looked it up."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView, QWidget

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_ASK_AFTER_MS = 60
_MOST_SHOWN = 10


class _Suggestions(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, str]] = []

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if not 0 <= index.row() < len(self.rows):
            return None
        shown, value = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown
        return value if role in {Qt.ItemDataRole.EditRole, Qt.ItemDataRole.UserRole} else None

    def show(self, rows: Sequence[tuple[str, str]]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()


class CompletingField(QLineEdit):
    """A line to type in. `asked` carries what was typed, a moment after the last key; `offer` answers it.

    An answer to an older question is dropped. Choosing one puts its value into the line; `entered` comes with
    Enter, `left` with Esc in an empty line.
    """

    asked = Signal(str)
    entered = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """An empty line."""
        super().__init__(parent)
        self._model = _Suggestions()
        self._completer = QCompleter(self._model, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setCompletionRole(Qt.ItemDataRole.UserRole)
        self._completer.setWidget(self)
        self._popup = QListView()
        self._popup.setProperty("popup", True)  # noqa: FBT003  Qt's own signature
        self._popup.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._completer.setPopup(self._popup)
        self._completer.setMaxVisibleItems(_MOST_SHOWN)
        self._completer.activated[QModelIndex].connect(self._choose)  # type: ignore[index]  # stubs lack it
        self._completer.highlighted[QModelIndex].connect(self._choose)  # type: ignore[index]
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_ASK_AFTER_MS)
        self._wait.timeout.connect(self._ask)
        self.textEdited.connect(self._edited)
        self.returnPressed.connect(self._enter)

    @property
    def offered(self) -> list[tuple[str, str]]:
        """What it suggests now: words and value."""
        return list(self._model.rows)

    def ask_now(self) -> None:
        """Ask for suggestions to what stands there, even when nothing does."""
        self._wait.stop()
        self._ask()

    def offer(self, typed: str, rows: Sequence[tuple[str, str]]) -> None:
        """Suggest `rows` (words, value) for `typed`; too late when something else stands there by now."""
        if typed != self.text().strip() or not self.hasFocus():
            return
        self._model.show(rows)
        if rows:
            self._completer.complete()
        else:
            self._popup.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down opens the list; Esc closes it, then empties the line."""
        if event.key() == Qt.Key.Key_Down and not self._popup.isVisible():
            self.ask_now()
        elif event.key() == Qt.Key.Key_Escape:
            self._escape()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Nothing is asked for a line that was left."""
        self._wait.stop()
        super().focusOutEvent(event)

    def _escape(self) -> None:
        if self._popup.isVisible():
            self._popup.hide()
        elif self.text():
            self.clear()
        else:
            self.left.emit()

    def _edited(self, _text: str) -> None:
        self._wait.start()

    def _ask(self) -> None:
        self.asked.emit(self.text().strip())

    def _choose(self, index: QModelIndex) -> None:
        value = index.data(Qt.ItemDataRole.UserRole)
        if value:
            self.setText(value)

    def _enter(self) -> None:
        self._wait.stop()
        self._popup.hide()
        self.entered.emit(self.text().strip())
