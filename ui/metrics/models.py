"""Qt models of the wallboard's lists: rows stay, only changed cells are signalled, order is total."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from console.domain.figures import AbandonedCaller, AgentFigures
from console.wire import InteractionView
from ui.metrics.rows import (
    AGENT_HEADS,
    AGENT_TIPS,
    CALLER_HEADS,
    AgentColumn,
    AgentFilter,
    CallerColumn,
    agent_order,
    agent_text,
    caller_order,
    caller_text,
)
from ui.metrics.tongue import Tongue
from ui.metrics.waiting import LINE_HEADS, LINE_TIPS, Known, LineColumn, line_order, line_text

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_DISPLAY = Qt.ItemDataRole.DisplayRole


MANY = 200
"""So many changed rows are told of at once: to look for their changed cells would take longer."""


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Rows by key, shown in the order of one column.

    `put` takes all rows as they now are. A row that is the same object or equal is left alone; a changed one
    is signalled cell by cell; rows that come, go or move are told as layout changes that keep selections
    where they belong. A changed row keeps its place until `settle`: nothing jumps under the mouse.
    """

    def __init__(self, tongue: Tongue, now: datetime, parent: QObject | None = None) -> None:
        """An empty table whose times are as of `now`."""
        super().__init__(parent)
        self.tongue = tongue
        self.now = now
        self.names: Mapping[str, str] = {}
        self.all: dict[str, Row] = {}
        self.shown: list[str] = []
        self.sorted_by: tuple[int, Qt.SortOrder] = (0, Qt.SortOrder.AscendingOrder)
        self._place: dict[str, int] = {}
        self._unsettled = False

    # What a kind of rows tells.
    heads: tuple[str, ...] = ()
    tips: Mapping[int, str] = {}
    right: frozenset[int] = frozenset()

    def text(self, row: Row, column: int) -> str:
        """What a cell of a row says."""
        raise NotImplementedError

    def _order(self, row: Row, column: int) -> tuple[Any, ...]:
        raise NotImplementedError

    def _takes(self, row: Row) -> bool:
        raise NotImplementedError

    def row(self, place: int) -> Row:
        """The row shown at a place."""
        return self.all[self.shown[place]]

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """How many rows are shown."""
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """How many columns there are."""
        return 0 if parent.isValid() else len(self.heads)

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        """The text of a cell, for the screen, the tool tip and screen readers."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(index.column() in self.right)
        if role in (_DISPLAY, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.text(self.row(index.row()), index.column())
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        """The words over a column."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.heads):
            return None
        if role == _DISPLAY:
            return self.tongue.say(f"col {self.heads[section]}")
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(section)
        return _side(section in self.right) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _tip(self, section: int) -> str:
        key = self.tips.get(section)
        return self.tongue.say(key) if key else str(self.headerData(section, Qt.Orientation.Horizontal))

    def put(self, rows: Mapping[str, Row], names: Mapping[str, str]) -> None:
        """Take all rows as they are now, and the queues' names."""
        old, self.all = self.all, dict(rows)
        renamed, self.names = names != self.names, names
        changed = [key for key, row in rows.items() if (was := old.get(key)) is not row and was != row]
        if any(self._takes(rows[key]) != (key in self._place) for key in changed) or old.keys() - rows.keys():
            self._arrange()
        elif changed:
            self._unsettled = True
        if (renamed or len(changed) > MANY) and self.shown:
            self._signal(0, len(self.shown) - 1, 0, len(self.heads) - 1)
            return
        for key in changed:
            if key in old and key in self._place:
                self._tell(self._place[key], old[key], rows[key])

    def settle(self) -> None:
        """Put changed rows where the order wants them; nothing happens when they are there already."""
        if self._unsettled:
            self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        self.sorted_by = (column, order)
        self._arrange()

    def _tell(self, place: int, old: Row, new: Row) -> None:
        """Signal the cells that say something else now."""
        columns = [
            column for column in range(len(self.heads)) if self.text(old, column) != self.text(new, column)
        ]
        for column in columns:
            self._signal(place, place, column, column)

    def _signal(self, top: int, bottom: int, left: int, right: int) -> None:
        self.dataChanged.emit(self.index(top, left), self.index(bottom, right), [_DISPLAY])

    def _wanted(self) -> list[str]:
        column, order = self.sorted_by
        keys = [key for key, row in self.all.items() if self._takes(row)]
        backwards = order == Qt.SortOrder.DescendingOrder
        keys.sort(key=lambda key: self._order(self.all[key], column), reverse=backwards)
        return keys

    def _arrange(self) -> None:
        """Bring rows in and out and into order; selection and current cell follow their rows."""
        self._unsettled = False
        wanted = self._wanted()
        if wanted == self.shown:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        held = [(self.shown[index.row()], index.column()) for index in before]
        self.shown = wanted
        self._place = {key: place for place, key in enumerate(wanted)}
        after = [
            self.index(self._place[key], column) if key in self._place else QModelIndex()
            for key, column in held
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()


def _side(right: bool) -> Qt.AlignmentFlag:  # noqa: FBT001 - which of two sides
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class AgentsModel(RowsModel[AgentFigures]):
    """The agents: filtered by queue, state and text; their times follow `tick`."""

    heads = AGENT_HEADS
    tips = AGENT_TIPS
    right = frozenset({AgentColumn.TIME, AgentColumn.IDLE, AgentColumn.ANSWERED})
    filter = AgentFilter()

    def text(self, row: AgentFigures, column: int) -> str:
        """What a cell of an agent says."""
        return agent_text(row, column, self.now, self.tongue, self.names)

    def _order(self, row: AgentFigures, column: int) -> tuple[Any, ...]:
        return agent_order(row, column, self.names)

    def _takes(self, row: AgentFigures) -> bool:
        return self.filter.takes(row)

    def narrow(self, wanted: AgentFilter) -> None:
        """Show the agents that a filter takes."""
        self.filter = wanted
        self._arrange()

    def tick(self, now: datetime) -> None:
        """Let the times in state be as of `now`: one signal for their column."""
        self.now = now
        if self.shown:
            self._signal(0, len(self.shown) - 1, AgentColumn.TIME, AgentColumn.TIME)


class CallersModel(RowsModel[AbandonedCaller]):
    """Today's abandoned callers, the newest first; `only` a queue's (key), or "" for all."""

    heads = CALLER_HEADS
    right = frozenset({CallerColumn.WAITED})
    only = ""

    def __init__(self, tongue: Tongue, now: datetime, parent: QObject | None = None) -> None:
        """An empty list."""
        super().__init__(tongue, now, parent)
        self.sorted_by = (CallerColumn.WHEN, Qt.SortOrder.DescendingOrder)

    def text(self, row: AbandonedCaller, column: int) -> str:
        """What a cell of a caller says."""
        return caller_text(row, column, self.tongue, self.names)

    def _order(self, row: AbandonedCaller, column: int) -> tuple[Any, ...]:
        return caller_order(row, column, self.names)

    def _takes(self, row: AbandonedCaller) -> bool:
        return not self.only or row.queue == self.only

    def narrow(self, queue: str) -> None:
        """Show one queue's callers, or all with ""."""
        self.only = queue
        self._arrange()


class LineModel(RowsModel[InteractionView]):
    """Those who wait in a queue, or in all: in serving order, their times follow `tick`."""

    heads = LINE_HEADS
    tips = LINE_TIPS
    right = frozenset({LineColumn.PLACE, LineColumn.WAITED, LineColumn.PRIORITY, LineColumn.EXPECTED})
    agents: Mapping[str, str] = {}

    @property
    def known(self) -> Known:
        """What is known beside the rows."""
        return Known(self.now, self.names, self.agents)

    def text(self, row: InteractionView, column: int) -> str:
        """What a cell says."""
        return line_text(row, column, self.known, self.tongue)

    def _order(self, row: InteractionView, column: int) -> tuple[Any, ...]:
        return line_order(row, column, self.known, self.tongue)

    def _takes(self, row: InteractionView) -> bool:
        return True

    def tick(self, now: datetime) -> None:
        """Let the times be as of `now`."""
        self.now = now
        if self.shown:
            self._signal(0, len(self.shown) - 1, LineColumn.WAITED, LineColumn.STATE)


def by_key(rows: Sequence[Row], key: Callable[[Row], str]) -> dict[str, Row]:
    """Rows by their key, in their order."""
    return {key(row): row for row in rows}
