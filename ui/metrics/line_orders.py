"""What a supervisor does with the one who is chosen: move, set the priority, give to an agent, explain."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from console.domain.figures import AgentFigures
from console.wire import InteractionView
from ui.metrics.explained import WhyPanel
from ui.metrics.orders import Order, OrderStrip
from ui.metrics.services import Office
from ui.metrics.tongue import Tongue
from ui.metrics.waiting import caller, takers
from ui.theme import S
from ui.widgets.buttons import ActionButton
from ui.widgets.labels import label


class Keys:
    """The keys of the orders, in portable form."""

    MOVE = "Ctrl+M"
    PRIORITY = "Ctrl+P"
    PULL = "Ctrl+G"
    EXPLAIN = "Ctrl+E"


class Line(Protocol):
    """What the orders need to know of the list that they stand under."""

    @property
    def chosen(self) -> InteractionView | None:
        """Who is chosen."""
        ...

    @property
    def queues(self) -> Mapping[str, str]:
        """The queues there are, key to name."""
        ...

    @property
    def agents(self) -> Sequence[AgentFigures]:
        """The agents there are."""
        ...


class LineOrders(QWidget):
    """The keys, the strip that asks for the rest of an order, and the explanation."""

    settled = Signal()  # the centre has answered an order
    refused = Signal(str)  # it said no, and the strip that asked is gone
    left = Signal()  # what was open is closed

    def __init__(self, line: Line, office: Office, tongue: Tongue, parent: QWidget | None = None) -> None:
        """Nothing can be done until `enable`."""
        super().__init__(parent)
        self._line = line
        self._office = office
        self._tongue = tongue
        say = tongue.say
        self.moving = ActionButton(say("order move"), "arrow-right", keys=Keys.MOVE)
        self.ranking = ActionButton(say("order priority"), "arrow-up-down", keys=Keys.PRIORITY)
        self.giving = ActionButton(say("order pull"), "user-round", keys=Keys.PULL)
        self.explaining = ActionButton(say("order explain"), "info", keys=Keys.EXPLAIN)
        self.strip = OrderStrip(tongue)
        self.strip.wanted.connect(self._give)
        self.strip.closed.connect(self.left)
        self.why = WhyPanel(tongue)
        self.why.closed.connect(self.left)
        row = QHBoxLayout()
        row.setSpacing(S)
        for button in self.buttons:
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(label(say("line keys"), "caption"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        column.addLayout(row)
        column.addWidget(self.strip)
        column.addWidget(self.why, 1)

    @property
    def buttons(self) -> tuple[ActionButton, ...]:
        """The keys, from the left."""
        return (self.moving, self.ranking, self.giving, self.explaining)

    def bind(self, window: QWidget) -> None:
        """Let the shortcuts work in a window."""
        works = (self.ask_queue, self.ask_priority, self.ask_agent, self.ask_why)
        for button, work in zip(self.buttons, works, strict=True):
            button.clicked.connect(work)
            action = QAction(button.accessibleName(), window)
            action.setShortcut(QKeySequence(button.keys))
            action.triggered.connect(work)
            window.addAction(action)

    def fill(self, menu: QMenu) -> None:
        """Put the orders into a menu."""
        for button in self.buttons:
            entry = menu.addAction(button.accessibleName())
            entry.setEnabled(button.isEnabled())
            entry.triggered.connect(button.click)

    def enable(self, *, can: bool) -> None:
        """Whether anything can be asked for now."""
        for button in self.buttons:
            button.setEnabled(can)

    def ask_queue(self) -> None:
        """Ask for the queue to move to."""
        row = self._line.chosen
        if row is not None and self.moving.isEnabled():
            queues = [(key, name) for key, name in self._line.queues.items() if key != row.queue]
            self.strip.ask_list(Order.MOVE, caller(row), queues)

    def ask_priority(self) -> None:
        """Ask for the priority to set."""
        row = self._line.chosen
        if row is not None and self.ranking.isEnabled():
            self.strip.ask_number(caller(row), row.priority)

    def ask_agent(self) -> None:
        """Ask for the agent to give it to."""
        row = self._line.chosen
        if row is not None and self.giving.isEnabled():
            self.strip.ask_list(Order.PULL, caller(row), takers(self._line.agents, self._tongue))

    def ask_why(self) -> None:
        """Have the centre explain where it is and why."""
        row = self._line.chosen
        if row is None or not self.explaining.isEnabled():
            return
        why, asked = self.why, row.interaction
        why.ask(asked, caller(row))
        self._office.runner.run(
            self._office.supervisor.explain(asked),
            lambda steps: why.show_steps(asked, steps),
            lambda words: why.fail(asked, self._tongue.fault(words)),
        )

    def _give(self, order: Order, what: object) -> None:
        row = self._line.chosen
        if row is None:
            self.strip.put_away()
            return
        centre, which = self._office.supervisor, row.interaction
        if order is Order.MOVE:
            work = centre.move(which, str(what))
        elif order is Order.PULL:
            work = centre.pull(which, str(what))
        else:
            work = centre.prioritise(which, int(str(what)))
        self._office.runner.run(work, lambda _view: self._given(order), self._not_given)

    def _given(self, order: Order) -> None:
        if self.strip.order is order:
            self.strip.put_away()
        self.settled.emit()

    def _not_given(self, words: str) -> None:
        told = self._tongue.fault(words)
        if self.strip.order is not None:
            self.strip.tell(told)
        else:
            self.refused.emit(told)
        self.settled.emit()
