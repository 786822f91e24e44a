"""The wallboard's right side: the agents with their filters, and the callers who left."""

from PySide6.QtCore import QModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from console.domain.agent import AgentState
from console.domain.figures import QueueFigures
from ui.metrics.ink import Ink, Words, rounded, type_of
from ui.metrics.listeners import LISTEN, Listening
from ui.metrics.models import AgentsModel, CallersModel
from ui.metrics.rows import STATE_ORDER, AgentFilter
from ui.metrics.services import Office
from ui.metrics.tables import BoardTable
from ui.metrics.tongue import Tongue
from ui.theme import STATE_ICONS, theme_of
from ui.widgets.buttons import ActionButton
from ui.widgets.icons import icon
from ui.widgets.labels import label

_AGENT_SHARES = (112, 146, 58, 62, 74, 88, 56)
_CALLER_SHARES = (0.85, 2.3, 1.3, 1.1)


class SearchField(QLineEdit):
    """A field that Esc empties."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties it; on an empty field it goes on to the window."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class Choice(QComboBox):
    """A list to choose from, with a chevron; what is too long ends in …."""

    def __init__(self) -> None:
        """Empty."""
        super().__init__()
        self.scale = 1.0

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The frame of the style, then words and chevron in the wallboard's ink."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, scale = theme_of(self), self.scale
        ink = Ink(painter, theme, scale)
        area = QRectF(self.rect()).adjusted(9 * scale, 0, -8 * scale, 0)
        ink.shape(
            QPointF(area.right() - 14 * scale, area.center().y() - 7 * scale), "chevron-down", theme.soft, 14
        )
        ink.words(area.adjusted(0, 0, -17 * scale, 0), self.currentText(), Words(12, theme.text))
        painter.end()


class Panel(QFrame):
    """A card with a title, room for controls beside it, a table, and words for when it is empty."""

    def __init__(self, title: str, table: BoardTable, parent: QWidget | None = None) -> None:
        """Around a table."""
        super().__init__(parent)
        self.setProperty("card", "true")
        self.table = table
        self.title = label(title, "strong")
        self.number = label("", "caption")
        self.bar = QHBoxLayout()
        self.bar.addWidget(self.title)
        self.bar.addWidget(self.number)
        self.bar.addStretch(1)
        self.empty = label("", "soft", self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self.bar)
        self._column.addWidget(table, 1)
        self._column.addWidget(self.empty, 1)
        self.empty.hide()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def minimumSizeHint(self) -> QSize:
        """It makes do with what it gets."""
        return QSize(80, 40)

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        self._column.setContentsMargins(*(round(side * scale) for side in (10, 8, 10, 8)))
        self._column.setSpacing(round(4 * scale))
        self.bar.setSpacing(round(8 * scale))
        self.bar.setContentsMargins(round(6 * scale), 0, round(6 * scale), 0)
        self.setStyleSheet(rounded(scale))
        self.table.set_scale(scale)
        for widget, size, strong in (
            (self.title, 15, True),
            (self.number, 12, False),
            (self.empty, 14, False),
        ):
            widget.setStyleSheet(f"font-size: {round(size * scale)}px;")
            widget.setFont(type_of(round(size * scale), strong=strong))

    def set_kiosk(self, *, on: bool) -> None:
        """On a wall the rows turn page by page, and there is no scroll bar."""
        self.table.set_kiosk(on=on)

    def tell_empty(self, words: str) -> None:
        """Words in the table's place, or the table with ""."""
        if self.empty.text() != words:
            self.empty.setText(words)
        self.empty.setVisible(bool(words))
        self.table.setVisible(not words)

    def retheme(self) -> None:
        """The theme is another one now."""
        self.table.retheme()


class AgentsPanel(Panel):
    """The agents. `queue_chosen` tells the key of the queue that the filter was set to, "" for all.
    `listening` is a supervisor's way into their calls, None on a board to look at only.
    """

    queue_chosen = Signal(str)

    def __init__(self, model: AgentsModel, tongue: Tongue, parent: QWidget | None = None) -> None:
        """Over the agents' model."""
        super().__init__(tongue.say("agents"), BoardTable(model, _AGENT_SHARES), parent)
        self._model = model
        self._tongue = tongue
        self._names: dict[str, str] = {}
        self.listening: Listening | None = None
        self._ears = ActionButton(tongue.say("listen"), "headphones", kind="quiet", keys=LISTEN, bare=True)
        self.table.setAccessibleName(tongue.say("agents"))
        self.search = SearchField()
        self.search.setPlaceholderText(tongue.say("filter text"))
        self.search.setAccessibleName(tongue.say("filter text"))
        self.queue = Choice()
        self.queue.setAccessibleName(tongue.say("col queue"))
        self.queue.addItem(tongue.say("filter all queues"), "")
        self.state = Choice()
        self.state.setAccessibleName(tongue.say("col state"))
        self.state.addItem(tongue.say("filter all states"), "")
        for state in STATE_ORDER:
            self.state.addItem(tongue.say(f"state {state}"), state.value)
        self._controls = (self.search, self.queue, self.state)
        for control in self._controls:
            self.bar.addWidget(control)
        self.bar.addWidget(self._ears)
        self._ears.hide()  # until there is somebody who may
        self.search.textChanged.connect(self._narrow)
        self.state.currentIndexChanged.connect(self._narrow)
        self.queue.currentIndexChanged.connect(self._queue_changed)
        self.retheme()

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        super().set_scale(scale)
        sizes = (round(size * scale) for size in (12, 24, 6))
        sheet = "font-size: {}px; min-height: {}px; padding: 0 {}px;".format(*sizes)
        self.queue.scale = self.state.scale = scale
        for control, width in zip(self._controls, (122, 124, 116), strict=True):
            control.setStyleSheet(sheet)
            control.setFont(type_of(round(12 * scale)))
            control.setFixedWidth(round(width * scale))
        self._ears.setStyleSheet(f"min-height: {round(22 * scale)}px;")
        if self.listening is not None:
            self.listening.strip.set_scale(scale)

    def retheme(self) -> None:
        """The theme is another one now."""
        super().retheme()
        theme = theme_of(self)
        for number, state in enumerate(STATE_ORDER, start=1):
            self.state.setItemIcon(number, icon(STATE_ICONS[state], theme.states[state].mark, 16))

    def offer_listening(self, office: Office) -> None:
        """There is a supervisor, who can be in an agent's call."""
        self.listening = Listening(self.table, self._model, office, self._tongue)
        self._column.addWidget(self.listening.strip)
        self._ears.show()
        self._ears.clicked.connect(self.listen)
        QShortcut(QKeySequence(LISTEN), self, self.listen)

    def listen(self) -> None:
        """Ask how to be in the chosen agent's call."""
        if self.listening is not None and not self._ears.isHidden():
            self.listening.ask()

    def resume(self) -> None:
        """Show the call that the supervisor is in still."""
        if self.listening is not None:
            self.listening.resume()

    def tick(self) -> None:
        """A second passed."""
        if self.listening is not None:
            self.listening.tick()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter on an agent is the way into the call."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.table.hasFocus():
            self.listen()
        else:
            super().keyPressEvent(event)

    def put_queues(self, rows: tuple[QueueFigures, ...]) -> None:
        """Take the queues there are for the filter."""
        names = {row.queue.key: row.queue.shown for row in rows}
        if names == self._names:
            return
        self._names = names
        chosen = self.queue.currentData() or ""
        self.queue.blockSignals(True)  # noqa: FBT003 - Qt's own interface
        while self.queue.count() > 1:
            self.queue.removeItem(1)
        for key, name in names.items():
            self.queue.addItem(name, key)
        self.queue.setCurrentIndex(max(0, self.queue.findData(chosen)))
        self.queue.blockSignals(False)  # noqa: FBT003 - Qt's own interface
        if chosen not in names:
            self._queue_changed()

    def choose_queue(self, key: str) -> None:
        """Set the filter to a queue."""
        self.queue.setCurrentIndex(max(0, self.queue.findData(key)))

    def set_kiosk(self, *, on: bool) -> None:
        """Hide the filters: on a wall nobody types."""
        super().set_kiosk(on=on)
        for control in self._controls:
            control.setVisible(not on)
        if self.listening is not None:
            self._ears.setVisible(not on)
            self.listening.set_kiosk(on=on)

    def refresh(self) -> None:
        """Bring numbers and empty words up to date."""
        say = self._tongue.say
        shown, everybody = self._model.rowCount(QModelIndex()), len(self._model.all)
        number = self._tongue.count(everybody)
        if shown != everybody:
            number = say("agents shown", shown=self._tongue.count(shown), all=number)
        if self.number.text() != number:
            self.number.setText(number)
        if not everybody:
            self.tell_empty(f"{say('no agents')}\n{say('no agents hint')}")
        else:
            self.tell_empty("" if shown else f"{say('no match')}\n{say('no match hint')}")

    def _queue_changed(self) -> None:
        self._narrow()
        self.queue_chosen.emit(self.queue.currentData() or "")

    def _narrow(self) -> None:
        state = self.state.currentData()
        wanted = AgentFilter(
            self.queue.currentData() or "", AgentState(state) if state else None, self.search.text()
        )
        self._model.narrow(wanted)
        self.refresh()


class CallersPanel(Panel):
    """Today's abandoned callers: to call back, so they can be copied."""

    def __init__(self, model: CallersModel, tongue: Tongue, parent: QWidget | None = None) -> None:
        """Over the callers' model."""
        super().__init__(tongue.say("callers"), BoardTable(model, _CALLER_SHARES), parent)
        self._model = model
        self._tongue = tongue
        self.table.setAccessibleName(tongue.say("callers"))
        self.copying = ActionButton(tongue.say("copy all"), kind="quiet")
        self.copying.clicked.connect(lambda: self.table.copy(everything=True))
        self.bar.addWidget(self.copying)

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        super().set_scale(scale)
        self.copying.setStyleSheet(f"font-size: {round(12 * scale)}px; min-height: {round(20 * scale)}px;")

    def set_kiosk(self, *, on: bool) -> None:
        """Hide the button: on a wall nobody clicks."""
        super().set_kiosk(on=on)
        self.copying.setVisible(not on)

    def refresh(self) -> None:
        """Bring numbers and empty words up to date."""
        rows = [self._model.all[key] for key in self._model.shown]
        short = sum(row.short for row in rows)
        tongue = self._tongue
        number = tongue.count(len(rows))
        if short:
            number = tongue.say("callers short", n=number, short=tongue.count(short))
        if self.number.text() != number:
            self.number.setText(number)
        self.tell_empty("" if rows else tongue.say("no callers"))
        self.copying.setEnabled(bool(rows))
