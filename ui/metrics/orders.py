"""The strip in which an order is given about one who waits: to which queue, which priority, which agent."""

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QFrame, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from ui.metrics.tongue import Tongue
from ui.theme import M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.choice import Choice
from ui.widgets.labels import ElidedLabel, label, prose

PRIORITY_MOST = 1000


class Order(Enum):
    """What can be done with one who waits; the value begins the words of it."""

    MOVE = "move"
    PRIORITY = "priority"
    PULL = "pull"


class OrderStrip(QFrame):
    """Asks for the rest of an order. `wanted` tells the order and what was chosen: a queue's or an agent's
    key, or a priority. Enter gives it, Esc puts it away. It stays until the centre has done it.
    """

    wanted = Signal(object, object)
    closed = Signal()

    def __init__(self, tongue: Tongue, parent: QWidget | None = None) -> None:
        """Hidden until one of its `ask_...`."""
        super().__init__(parent)
        self.setProperty("card", "sunken")
        self._tongue = tongue
        self._order: Order | None = None
        self._asking = False
        self.title = ElidedLabel(role="strong")
        self.list = Choice()
        self.list.setEditable(True)
        self.list.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.list.setMaxVisibleItems(12)
        completer = QCompleter(self.list.model(), self.list)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.list.setCompleter(completer)
        self.number = QSpinBox()
        self.number.setRange(-PRIORITY_MOST, PRIORITY_MOST)
        self.number.setAccelerated(True)
        self._hint = label("", "caption")
        self._hint.setWordWrap(True)
        self._error = prose("", "error")
        self.do = ActionButton("", "check", kind="primary")
        self.do.clicked.connect(self._go)
        self.cancel = ActionButton(tongue.say("cancel"))
        self.cancel.clicked.connect(self.put_away)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self.list, 1)
        row.addWidget(self.number, 1)
        row.addWidget(self.do)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(M, S, M, S)
        column.setSpacing(S)
        column.addWidget(self.title)
        column.addLayout(row)
        column.addWidget(self._hint)
        column.addWidget(self._error)

    @property
    def order(self) -> Order | None:
        """Which order is being given, None while hidden."""
        return self._order

    @property
    def error(self) -> str:
        """What it says is wrong, "" for nothing."""
        return self._error.text()

    def ask_list(self, order: Order, who: str, rows: Sequence[tuple[str, str]]) -> None:
        """Ask for one of `rows` (key, words)."""
        self.list.clear()
        for key, words in rows:
            self.list.addItem(words, key)
        self.list.setCurrentIndex(0 if rows else -1)
        self.list.setEnabled(bool(rows))
        self._open(order, who, self.list)
        if not rows:
            self.tell(self._tongue.say("order nowhere" if order is Order.MOVE else "order nobody"))

    def ask_number(self, who: str, priority: int) -> None:
        """Ask for a priority, beginning with the one it has."""
        self.number.setValue(priority)
        self._open(Order.PRIORITY, who, self.number)
        self.number.selectAll()

    def tell(self, error: str) -> None:
        """The order could not be given, or the centre refused it."""
        self._asking = False
        self._error.setText(error)
        self._error.setVisible(bool(error))
        self.do.say(self._tongue.say(f"{self._order.value} do") if self._order else "")

    def put_away(self) -> None:
        """Close; an order that was given is not taken back."""
        self._asking = False
        if self._order is not None:
            self._order = None
            self.hide()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter gives the order, Esc puts it away."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._go()
        elif event.key() == Qt.Key.Key_Escape:
            self.put_away()
        else:
            super().keyPressEvent(event)

    def _open(self, order: Order, who: str, field: QWidget) -> None:
        say = self._tongue.say
        self._order = order
        self.title.setText(say(f"{order.value} title", caller=who))
        self._hint.setText(say(f"{order.value} hint"))
        for part in (self.list, self.number):
            part.setVisible(part is field)
        field.setAccessibleName(self.title.text())
        self.tell("")
        self.show()
        field.setFocus()
        edit = self.list.lineEdit()
        if field is self.list and edit is not None:
            edit.selectAll()

    def _go(self) -> None:
        if self._order is None or self._asking:
            return
        chosen: object = self.number.value()
        if self._order is not Order.PRIORITY:
            place = self.list.findText(self.list.currentText().strip(), Qt.MatchFlag.MatchFixedString)
            chosen = self.list.itemData(place) if place >= 0 else None
        if chosen is None:
            self.tell(self._tongue.say("order none"))
            return
        self.tell("")
        self._asking = True
        self.do.say(self._tongue.say("order asking"))
        self.wanted.emit(self._order, chosen)
