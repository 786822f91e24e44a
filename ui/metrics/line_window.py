"""Who waits in a queue, in a window of its own: places, demands, orders, and why it is so."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from PySide6.QtCore import QByteArray, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from console.domain.events import LinkState
from console.domain.figures import AgentFigures, QueueFigures, Snapshot
from console.wire import InteractionView
from ui.metrics.line_orders import LineOrders
from ui.metrics.models import LineModel, by_key
from ui.metrics.services import Office
from ui.metrics.tables import BoardTable
from ui.metrics.tongue import Tongue
from ui.metrics.waiting import caller, in_line, number_words
from ui.theme import M, S
from ui.widgets.choice import Choice
from ui.widgets.empty import EmptyState
from ui.widgets.labels import label
from ui.widgets.notice import Notices

FRESH_MS = 1000
"""The list is fetched at most so often while the board moves."""

_OLD_S = 5
_GEOMETRY = "waiting_callers"
_SHARES = (0.7, 2.3, 1.2, 0.85, 0.85, 1.8, 1.4, 0.95, 2.3)
_ONE_QUEUE = (*_SHARES[:2], 0, *_SHARES[3:])


class LineWindow(QWidget):
    """Those who wait. What is shown is what the centre says: an order changes it once it is a fact there."""

    closed = Signal()

    def __init__(
        self,
        office: Office,
        tongue: Tongue,
        centre_now: Callable[[], datetime],
        parent: QWidget | None = None,
    ) -> None:
        """Empty until `open_for`. `centre_now` is the time by the centre's clock."""
        super().__init__(parent, Qt.WindowType.Window)
        self._office = office
        self._tongue = tongue
        self._now = centre_now
        self._state = LinkState.ONLINE
        self._board: Snapshot | None = None
        self._taken_at: datetime | None = None
        self._all: list[InteractionView] = []
        self._fetching = self._again = self._select_first = False
        self._chosen: tuple[UUID, str] | None = None
        self.setWindowTitle(f"Callboard: {tongue.say('line title')}")
        self.setObjectName("waiting")
        self.setMinimumSize(900, 440)
        self._make()
        self._lay_out()
        self._join()
        kept = office.memory.read(_GEOMETRY)
        if not kept or not self.restoreGeometry(QByteArray(kept)):
            self.resize(1080, 560)

    def _make(self) -> None:
        say = self._tongue.say
        self.queue = Choice()
        self.queue.setAccessibleName(say("col queue"))
        self.number = label("", "strong")
        self.age = label("", "caption")
        self.notices = Notices(dismiss_words=say("close"))
        self.model = LineModel(self._tongue, self._now(), self)
        self.table = BoardTable(self.model, _ONE_QUEUE)
        self.table.set_shares(_ONE_QUEUE)
        self.table.setSelectionMode(BoardTable.SelectionMode.SingleSelection)
        self.table.setAccessibleName(say("line title"))
        self.table.set_scale(1.0)
        self.empty = EmptyState("hourglass", say("line first"))
        self.orders = LineOrders(self, self._office, self._tongue)
        self._fresh = QTimer(self)
        self._fresh.setSingleShot(True)
        self._fresh.setInterval(FRESH_MS)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(M)
        self.queue.setMinimumWidth(220)
        top.addWidget(self.queue)
        top.addWidget(self.number)
        top.addStretch(1)
        top.addWidget(self.age)
        column = QVBoxLayout(self)
        column.setContentsMargins(M, M, M, M)
        column.setSpacing(S)
        column.addLayout(top)
        column.addWidget(self.notices)
        column.addWidget(self.table, 1)
        column.addWidget(self.empty, 1)
        column.addWidget(self.orders)

    def _join(self) -> None:
        self.orders.bind(self)
        self._fresh.timeout.connect(self._fetch_if_asked)
        self.queue.currentIndexChanged.connect(self._show)
        self.table.doubleClicked.connect(lambda _index: self.orders.ask_why())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._choose())
        self.orders.settled.connect(self.refresh)
        self.orders.refused.connect(lambda words: self.notices.tell("order", words, "warning"))
        self.orders.left.connect(self.table.setFocus)

    @property
    def queues(self) -> dict[str, str]:
        """The queues there are, key to name."""
        return {row.queue.key: row.queue.shown for row in self._board.queues} if self._board else {}

    @property
    def agents(self) -> Sequence[AgentFigures]:
        """The agents there are."""
        return self._board.agents if self._board is not None else ()

    @property
    def chosen(self) -> InteractionView | None:
        """Who is chosen, as last told; None for nobody."""
        return self.model.all.get(str(self._chosen[0])) if self._chosen is not None else None

    def open_for(self, queue: str) -> None:
        """Show who waits in a queue (its key), or in all with ""."""
        place = self.queue.findData(queue)
        if place < 0:
            self.queue.addItem(queue, queue)
            place = self.queue.count() - 1
        self.queue.setCurrentIndex(place)
        self._select_first = True
        self._show()
        self.refresh()
        self.show()
        self.activateWindow()
        self.table.setFocus()

    # ---- what the wallboard tells

    def put(self, board: Snapshot | None, state: LinkState) -> None:
        """The board as it is now, and the link: where something moved among those who wait, look anew."""
        before, self._board, was, self._state = self._board, board, self._state, state
        if board is not None and board is not before:
            self._name_queues(board)
            self.model.agents = {row.agent: row.name or row.agent for row in board.agents}
            if before is None or _moved(before.queues, board.queues):
                self.refresh()
        if state is not was:
            self._say_link()
            if state is LinkState.ONLINE:
                self.refresh()
        if state in (LinkState.SIGNED_OUT, LinkState.REFUSED, LinkState.NONE):
            self._all, self._taken_at = [], None
            self._show()

    def tick(self) -> None:
        """A second passed."""
        if self.isHidden():
            return
        now = self._now()
        self.model.tick(now)
        self.model.settle()
        if self._taken_at is not None and (now - self._taken_at).total_seconds() >= _OLD_S:
            self.refresh()

    def refresh(self) -> None:
        """Fetch the list, soon."""
        self._again = True
        if not self._fresh.isActive() and not self._fetching:
            self._fetch_if_asked()

    # ---- the list

    def _fetch_if_asked(self) -> None:
        if not self._again or self._fetching or self._state is not LinkState.ONLINE:
            return
        self._again, self._fetching = False, True
        self._office.runner.run(self._office.supervisor.interactions(), self._took, self._not_taken)

    def _took(self, rows: Sequence[InteractionView]) -> None:
        self._fetched()
        self.notices.clear("list")
        self._all, self._taken_at = in_line(rows, ""), self._now()
        self._show()

    def _not_taken(self, words: str) -> None:
        self._fetched()
        told = self._tongue.say("line failed", reason=self._tongue.fault(words))
        if self._state is LinkState.ONLINE:
            self.notices.tell("list", told, "warning", dismissable=False)

    def _fetched(self) -> None:
        self._fetching = False
        self._fresh.start()  # not again at once, whatever the board does

    def _show(self) -> None:
        queue = self.queue.currentData() or ""
        rows = in_line(self._all, queue)
        self.table.set_shares(_ONE_QUEUE if queue else _SHARES)
        self.model.now = self._now()
        self.model.put(by_key(rows, lambda row: str(row.interaction)), self.queues)
        self.model.settle()
        self._say_gone()
        if rows and self._select_first:
            self._select_first = False
            self.table.selectRow(0)
        known = self._taken_at is not None
        self.number.setText(number_words(rows, self._tongue) if rows else "")
        self.age.setText(
            self._tongue.say("line as of", time=self._tongue.time(self._taken_at)) if known else ""
        )
        self._say_empty(queue, empty=not rows, known=known)
        self._enable()

    def _say_empty(self, queue: str, *, empty: bool, known: bool) -> None:
        had_focus = self.table.hasFocus()
        self.empty.setVisible(empty)
        self.table.setVisible(not empty)
        if empty and had_focus:
            self.queue.setFocus()
        say = self._tongue.say
        if not known:
            self.empty.say("hourglass", say("line first"))
        else:
            title = (
                say("line nobody", queue=self.queues.get(queue, queue)) if queue else say("line nobody all")
            )
            self.empty.say("circle-check", title, say("line nobody hint"))

    def _say_gone(self) -> None:
        """Whoever was chosen does not wait any more: no order may go to somebody else instead."""
        if self._chosen is None or str(self._chosen[0]) in self.model.all:
            return
        words = self._tongue.say("line gone", caller=self._chosen[1])
        asked = self.orders.strip.order is not None
        self._chosen = None
        self.orders.strip.put_away()
        self.table.clearSelection()
        self.table.setCurrentIndex(QModelIndex())
        if asked:
            self.notices.tell("order", words, "info")

    def _choose(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        row = self.model.row(rows[0].row()) if rows else None
        chosen = (row.interaction, caller(row)) if row is not None else None
        if chosen is not None and self._chosen is not None and chosen[0] != self._chosen[0]:
            self.orders.strip.put_away()  # it was for somebody else
        if chosen is not None:
            self._chosen = chosen
            self.notices.clear("order")
        self._enable()

    def _enable(self) -> None:
        can = self.chosen is not None and self._state is LinkState.ONLINE
        self.orders.enable(can=can)

    def _say_link(self) -> None:
        if self._state is LinkState.ONLINE:
            self.notices.clear("link")
        else:
            words = self._tongue.say("line lost", time=self._tongue.time(self._taken_at))
            self.notices.tell("link", words, "warning", dismissable=False)
        self._enable()

    def _name_queues(self, board: Snapshot) -> None:
        wanted = [("", self._tongue.say("line all")), *((r.queue.key, r.queue.shown) for r in board.queues)]
        have = [(self.queue.itemData(n), self.queue.itemText(n)) for n in range(self.queue.count())]
        if wanted == have:
            return
        chosen = self.queue.currentData()
        self.queue.blockSignals(True)  # noqa: FBT003 - Qt's own interface
        self.queue.clear()
        for key, name in wanted:
            self.queue.addItem(name, key)
        self.queue.setCurrentIndex(max(0, self.queue.findData(chosen)))
        self.queue.blockSignals(False)  # noqa: FBT003 - Qt's own interface

    # ---- what Qt tells

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter explains the chosen one; Esc closes what is open, at last the window."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.table.hasFocus():
            self.orders.ask_why()
        elif event.key() == Qt.Key.Key_Escape:
            if not self.orders.why.isHidden():
                self.orders.why.put_away()
            else:
                self.close()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The orders, where the mouse or the menu key is."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.orders.fill(menu)
        menu.popup(event.globalPos())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Place and size are kept."""
        self._office.memory.write(_GEOMETRY, bytes(self.saveGeometry().data()))
        self._fresh.stop()
        self.orders.strip.put_away()
        super().closeEvent(event)
        self.closed.emit()


def _moved(before: Sequence[QueueFigures], after: Sequence[QueueFigures]) -> bool:
    """Whether somebody came, went or rang: rows that did not change are the same objects."""
    return len(before) != len(after) or any(
        one is not other for one, other in zip(before, after, strict=True)
    )
