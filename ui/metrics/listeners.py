"""How a supervisor comes into the call of an agent of the wallboard: menu, key, orders, what became of it."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar
from uuid import UUID

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from console.domain.agent import AgentState
from console.domain.events import MonitoringMode
from console.domain.figures import AgentFigures
from console.wire import MonitoringView
from ui.metrics.listening import ListenStrip, Stage
from ui.metrics.models import AgentsModel
from ui.metrics.services import Office
from ui.metrics.tables import BoardTable
from ui.metrics.tongue import Tongue

_T = TypeVar("_T")
LISTEN = "Ctrl+L"
SOFT_S = 6
"""So many seconds the words of an end stand; then they go by themselves."""

ONE_CALL = "You are in a call already: leave that one first."  # as the centre says it
_PHONE = "listening_phone"
_MINE = "listening_monitoring"
_TALKS = (AgentState.ON_CONTACT, AgentState.HOLD)


class Listening(QObject):
    """One supervisor's way into one call at a time. What is shown is what the centre says of it: it is asked
    once a second while the strip is up.
    """

    def __init__(self, table: BoardTable, model: AgentsModel, office: Office, tongue: Tongue) -> None:
        """For the agents of a table; the `strip` is to be put beside it."""
        super().__init__(table)
        self._table = table
        self._model = model
        self._office = office
        self._tongue = tongue
        self._agent = ""
        self._interaction: UUID | None = None
        self._mine: MonitoringView | None = None
        self._asking = self._lost = self._leaving = False
        self._left_s = 0
        self.strip = ListenStrip(tongue)
        self.strip.began.connect(self._begin)
        self.strip.changed.connect(self._change)
        self.strip.left.connect(self._leave)
        self.strip.closed.connect(table.setFocus)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        table.doubleClicked.connect(lambda _index: self.ask())

    def ask(self) -> None:
        """Ask how to be in the call of the agent who is chosen, or say why that cannot be."""
        row = self._chosen()
        if self._mine is not None or self.strip.stage is Stage.BEGUN:
            self.strip.leave.setFocus()
            if row is not None and row.agent != self._agent:
                self.strip.tell(self._tongue.fault(ONE_CALL))
            return
        if row is None or not _talks(row):
            self._agent, self._interaction = "", None
            self._end(self.why_not(row))
            self.strip.cancel.setFocus()
            return
        self._agent, self._interaction = row.agent, row.interaction
        self.strip.ask(_name(row), self._office.memory.read(_PHONE).decode(errors="replace"))
        self._look()

    def resume(self) -> None:
        """Show the call that this supervisor is still in since an earlier run or window, if it is so."""
        if self._mine is None and self._office.memory.read(_MINE) and self.strip.stage is Stage.HIDDEN:
            self._look()

    def why_not(self, row: AgentFigures | None) -> str:
        """Why nobody can listen to this agent now, "" when one can."""
        if row is None:
            return self._tongue.say("listen no agent")
        return "" if _talks(row) else self._tongue.say("listen no call", agent=_name(row))

    def tick(self) -> None:
        """A second passed."""
        stage = self.strip.stage
        if stage is Stage.OVER:
            self._left_s -= 1
            if self._left_s <= 0:
                self.strip.put_away()
        elif stage is Stage.ASKED and not self._still_there():
            self._end(self._tongue.say("listen over", agent=self._called(self._agent)))
        elif stage is not Stage.HIDDEN:
            self._look()

    def set_kiosk(self, *, on: bool) -> None:
        """On a wall nobody chooses; a call that a supervisor is in still shows."""
        if on and self._mine is None:
            self.strip.put_away()

    # ---- who is chosen

    def _chosen(self) -> AgentFigures | None:
        rows = {index.row() for index in self._table.selectionModel().selectedRows()}
        if not rows:
            return None
        current = self._table.currentIndex().row()
        return self._model.row(current if current in rows else min(rows))

    def menu(self, where: QPoint) -> QMenu:
        """What can be done at a point of the table, with the agent there or else the one who is chosen."""
        under = self._table.indexAt(where)
        if under.isValid() and under not in self._table.selectedIndexes():
            self._table.selectRow(under.row())
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        why_not = self.why_not(self._chosen())
        entry = menu.addAction(why_not or self._tongue.say("listen"))
        entry.setEnabled(not why_not)
        entry.setShortcut(LISTEN)
        entry.triggered.connect(self.ask)
        return menu

    def _open_menu(self, where: QPoint) -> None:
        self.menu(where).popup(self._table.viewport().mapToGlobal(where))

    def _still_there(self) -> bool:
        row = self._model.all.get(self._agent)
        return row is not None and _talks(row) and row.interaction == self._interaction

    def _called(self, agent: str) -> str:
        row = self._model.all.get(agent)
        return _name(row) if row is not None else agent

    # ---- orders

    def _begin(self, mode: MonitoringMode, phone: str) -> None:
        if self._interaction is None:
            return
        self._office.memory.write(_PHONE, phone.encode())
        self._run(self._office.supervisor.monitor(self._interaction, mode, phone), self._begun)

    def _begun(self, view: MonitoringView) -> None:
        if self.strip.stage is not Stage.BEGUN:  # put away meanwhile: nobody wants it any more
            self._run(self._office.supervisor.end_monitoring(view.monitoring))
            return
        self._take(view)
        self._look()

    def _change(self, mode: MonitoringMode) -> None:
        if self._mine is not None:
            self.strip.tell("")
            change = self._office.supervisor.change_monitoring(self._mine.monitoring, mode)
            self._run(change, lambda _before: self._look())

    def _leave(self) -> None:
        if self._mine is not None and not self._leaving:
            self._leaving = True
            self._run(self._office.supervisor.end_monitoring(self._mine.monitoring), self._gone)

    def _gone(self, _nothing: object) -> None:
        self._forget()
        self.strip.put_away()

    def _run(self, work: Coroutine[Any, Any, _T], done: Callable[[_T], None] | None = None) -> None:
        self._office.runner.run(work, done or _nothing, self._refused)

    def _refused(self, words: str) -> None:
        self._leaving = False
        told = self._tongue.fault(words)
        if self.strip.stage is Stage.HIDDEN:
            self._end(told)
        else:
            self.strip.tell(told)

    # ---- what the centre says

    def _look(self) -> None:
        if self._asking:
            return
        self._asking = True
        known = self._mine.monitoring if self._mine is not None else None
        self._office.runner.run(
            self._office.supervisor.monitorings(), lambda views: self._seen(known, views), self._not_seen
        )

    def _seen(self, known: UUID | None, views: Sequence[MonitoringView]) -> None:
        self._asking = False
        mine = self._mine
        if (mine.monitoring if mine is not None else None) != known:
            return  # of the time before
        if self._lost:
            self._lost = False
            self.strip.tell("")
        if mine is None and self.strip.stage is Stage.HIDDEN:
            kept = self._office.memory.read(_MINE).decode(errors="replace")
            found = next((view for view in views if str(view.monitoring) == kept), None)
        else:
            found = next((view for view in views if view.monitoring == known), None)
        if found is not None:
            self._take(found)
        elif mine is not None:
            self._over(mine)
        self._tell_others(views)

    def _not_seen(self, words: str) -> None:
        self._asking = False
        if self._mine is not None:
            self._lost = True
            self.strip.tell(self._tongue.fault(words))

    def _take(self, view: MonitoringView) -> None:
        if self._mine is None or self._mine.monitoring != view.monitoring:
            self._office.memory.write(_MINE, str(view.monitoring).encode())
        self._mine = view
        self._agent, self._interaction = view.agent, view.interaction
        name = self._called(view.agent)
        if view.since is None:
            self.strip.ring(name, view.mode)
        else:
            self.strip.put_inside(name, view.mode, (self._model.now - view.since).total_seconds())

    def _over(self, view: MonitoringView) -> None:
        """It is no longer there: its words say why, as far as the board knows."""
        if not self._still_there():
            key = "listen over"
        else:
            key = "listen unanswered" if view.since is None else "listen left"
        self._forget()
        self._end(self._tongue.say(key, agent=self._called(view.agent)))

    def _end(self, words: str) -> None:
        self._left_s = SOFT_S
        self.strip.end(words)

    def _forget(self) -> None:
        self._mine = None
        self._lost = self._leaving = False
        self._office.memory.write(_MINE, b"")

    def _tell_others(self, views: Sequence[MonitoringView]) -> None:
        say, mine = self._tongue.say, self._mine.monitoring if self._mine is not None else None
        told = [
            say(
                "listen other",
                who=self._called(view.supervisor),
                does=say(f"other {'rings' if view.since is None else view.mode}"),
            )
            for view in views
            if view.interaction == self._interaction and view.monitoring != mine
        ]
        self.strip.show_others(", ".join(told))


def _talks(row: AgentFigures) -> bool:
    return row.interaction is not None and row.state in _TALKS


def _nothing(_answer: object) -> None:
    """An answer that changes nothing here."""


def _name(row: AgentFigures) -> str:
    return row.name or row.agent
