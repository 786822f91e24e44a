"""Passing a call on: to whom, at once or after asking them; or joining it with the other call at hand."""

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.theme import L, M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.completing import CompletingField
from ui.widgets.labels import ElidedLabel, prose
from ui.widgets.words import Words


class TransferPanel(QFrame):
    """Stands under the card of the call that is to be passed on; Esc puts it away."""

    blind_wanted = Signal(object, str)  # call, target
    ask_wanted = Signal(object, str)  # call, target: talk to them first
    join_wanted = Signal(object, object)  # call, other call
    asked = Signal(str)  # suggestions for what was typed
    closed = Signal()

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        """Hidden until `open_for`."""
        super().__init__(parent)
        self.setProperty("card", "sunken")
        self._words = words
        self._call: UUID | None = None
        self._others: list[QWidget] = []
        self._title = ElidedLabel(role="strong")
        self.field = CompletingField()
        self.field.setPlaceholderText(words("Number, name, address or queue"))
        self.field.setAccessibleName(words("Transfer to"))
        self.field.setToolTip(words("Type, or press Down for the queues and the calls of late"))
        self.field.asked.connect(self.asked)
        self.field.entered.connect(lambda _text: self._go(self.blind_wanted))
        self.field.left.connect(self.close_panel)
        self._error = prose("", "error")
        self._error.hide()
        self._column = self._lay_out(words)
        self.hide()

    def _lay_out(self, words: Words) -> QVBoxLayout:
        now = ActionButton(words("Transfer now"), kind="primary")
        now.setToolTip(words("The caller rings there at once; the call leaves your desk  (Enter)"))
        now.clicked.connect(lambda: self._go(self.blind_wanted))
        ask = ActionButton(words("Ask first"))
        ask.setToolTip(words("Talk to them while the caller waits, then hand over"))
        ask.clicked.connect(lambda: self._go(self.ask_wanted))
        close = ActionButton(words("Close"), "x", kind="quiet", bare=True)
        close.clicked.connect(self.close_panel)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(close)
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addWidget(now, 1)
        buttons.addWidget(ask, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, S, L, M)
        column.setSpacing(S)
        column.addLayout(top)
        for part in (self.field, self._error):
            column.addWidget(part)
        column.addLayout(buttons)
        return column

    @property
    def call(self) -> UUID | None:
        """The call to be passed on, None while hidden."""
        return self._call

    def open_for(self, call: UUID, name: str, others: Sequence[tuple[UUID, str]]) -> None:
        """Ask where the call is to go; `others` are the answered calls (id, name) it could be joined with."""
        if self._call != call:
            self.field.clear()
            self.tell("")
        self._call = call
        self._title.setText(self._words("Transfer {name}", name=name))
        self._offer(others)
        if self.isHidden():
            self.show()
            self.field.setFocus()

    def tell(self, error: str) -> None:
        """Say why it did not work; "" takes that away."""
        self._error.setText(error)
        self._error.setVisible(bool(error))

    def close_panel(self) -> None:
        """Put it away."""
        if self._call is not None:
            self._call = None
            self.hide()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts it away."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)

    def _offer(self, others: Sequence[tuple[UUID, str]]) -> None:
        for button in self._others:
            self._column.removeWidget(button)
            button.deleteLater()
        self._others = []
        for other, name in others:
            button = ActionButton(self._words("Join with {name}", name=name), "merge")
            button.clicked.connect(
                lambda _checked=False, second=other: self.join_wanted.emit(self._call, second)
            )
            self._column.addWidget(button)
            self._others.append(button)

    def _go(self, signal: object) -> None:
        target = self.field.text().strip()
        if not target:
            self.tell(self._words("Enter where the call is to go."))
            self.field.setFocus()
        elif self._call is not None:
            self.tell("")
            signal.emit(self._call, target)  # type: ignore[attr-defined]  # a bound signal
