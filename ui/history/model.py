"""The rows of the history for a list view: fetched by the page while the person scrolls."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from ui.bridge import Runner
from ui.history.presenter import RowShown, present_row
from ui.history.services import History, Row
from ui.widgets.words import Words

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
PAGE = 100
ROW = Qt.ItemDataRole.UserRole
SHOWN = Qt.ItemDataRole.UserRole + 1


class HistoryModel(QAbstractListModel):
    """One list of calls: those that `look_for` asks for. `loaded` comes with each page that arrived."""

    loaded = Signal()
    failed = Signal(str)

    def __init__(
        self,
        history: History,
        runner: Runner,
        now: Callable[[], datetime],
        words: Words,
        zone: tzinfo | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Empty until `look_for`. `zone` None is the machine's own."""
        super().__init__(parent)
        self._history = history
        self._runner = runner
        self._now = now
        self._words = words
        self._zone = zone
        self._rows: list[Row] = []
        self._shown: dict[UUID, RowShown] = {}
        self._text = ""
        self._only: str | None = None
        self._question = 0  # answers to an older one are dropped
        self._more = False
        self._asking = False

    # ---- what is listed

    @property
    def text(self) -> str:
        """What is searched for."""
        return self._text

    @property
    def only(self) -> str | None:
        """Which kind of call is listed; None: all."""
        return self._only

    @property
    def asking(self) -> bool:
        """Whether an answer is on its way."""
        return self._asking

    def look_for(self, text: str = "", only: str | None = None) -> None:
        """List the calls that match; what is listed stays until the first page has come."""
        self._text, self._only = text, only
        self._ask(0, PAGE)

    def refresh(self) -> None:
        """Look again at as many rows as are listed."""
        self._ask(0, max(PAGE, len(self._rows)))

    def row_of(self, index: _Index) -> Row | None:
        """The call at an index."""
        return self._rows[index.row()] if 0 <= index.row() < len(self._rows) else None

    def index_of(self, call: UUID) -> QModelIndex:
        """Where a call is listed; an invalid index when it is not."""
        place = next((n for n, row in enumerate(self._rows) if row.call == call), -1)
        return self.index(place) if place >= 0 else QModelIndex()

    # ---- Qt's questions

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """How many are listed so far."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A row as words, or as the value it is made of."""
        row = self.row_of(index)
        if row is None:
            return None
        if role == ROW:
            return row
        if role == SHOWN:
            return self._present(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._present(row).name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._present(row).says
        return None

    def canFetchMore(self, parent: _Index) -> bool:
        """Whether there may be another page."""
        return not parent.isValid() and self._more and not self._asking

    def fetchMore(self, parent: _Index) -> None:
        """Ask for the next page."""
        if self.canFetchMore(parent):
            self._ask(len(self._rows), PAGE)

    # ---- inside

    def _present(self, row: Row) -> RowShown:
        shown = self._shown.get(row.call)
        if shown is None:
            shown = self._shown[row.call] = present_row(row, self._now(), self._zone, self._words)
        return shown

    def _ask(self, offset: int, limit: int) -> None:
        self._question += 1
        question = self._question
        self._asking = True

        def came(rows: Any) -> None:
            if question == self._question:
                self._asking = False
                self._take(list(rows), offset, limit)

        def failed(words: str) -> None:
            if question == self._question:
                self._asking = False
                self.failed.emit(words)

        self._runner.run(self._history.search(self._text, limit, offset, self._only), came, failed)

    def _take(self, rows: list[Row], offset: int, limit: int) -> None:
        self._more = len(rows) == limit
        if offset:
            known = {row.call for row in self._rows}
            fresh = [row for row in rows if row.call not in known]
            if fresh:
                self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(fresh) - 1)
                self._rows += fresh
                self.endInsertRows()
        else:
            self._replace(rows)
        self.loaded.emit()

    def _replace(self, rows: list[Row]) -> None:
        self._shown.clear()
        new, old = [row.call for row in rows], [row.call for row in self._rows]
        added = new.index(old[0]) if old and old[0] in new else -1
        if added >= 0 and new[added:] == old[: len(new) - added]:  # selection and scroll position stay
            tail = self._rows[len(rows) - added :]
            if added:
                self.beginInsertRows(QModelIndex(), 0, added - 1)
            self._rows = rows + tail
            if added:
                self.endInsertRows()
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
