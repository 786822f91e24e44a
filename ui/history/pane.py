"""The history beside the calls: search, the list, what stands on the chosen call, and a file of it all."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from uuid import UUID

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from ui.bridge import Runner
from ui.history.delegate import HEIGHT, RowDelegate
from ui.history.model import ROW, SHOWN, HistoryModel
from ui.history.note import NoteEditor
from ui.history.presenter import RowShown
from ui.history.services import History
from ui.theme import XS, M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.empty import EmptyState
from ui.widgets.labels import ElidedLabel
from ui.widgets.words import Words

SEARCH_AFTER_MS = 150


class Keys:
    """The keys of the history, in portable form."""

    SEARCH = "Ctrl+F"
    NOTE = "Ctrl+N"


class _List(QListView):
    entered_row = Signal(QModelIndex)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self.entered_row.emit(self.currentIndex())
        elif event.matches(QKeySequence.StandardKey.Cancel):
            self.clearSelection()
            event.ignore()
        else:
            super().keyPressEvent(event)


class HistoryPane(QWidget):
    """The call history. `called` carries the address to call back; `export_wanted` csv or json."""

    called = Signal(str)
    export_wanted = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        history: History,
        runner: Runner,
        now: Callable[[], datetime],
        words: Words,
        zone: tzinfo | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Empty until `refresh`. `zone` None is the machine's own."""
        super().__init__(parent)
        self._history = history
        self._runner = runner
        self._words = words
        self.model = HistoryModel(history, runner, now, words, zone, self)
        self.model.loaded.connect(self._loaded)
        self.model.failed.connect(self.failed)
        self.search = self._make_search()
        self.missed = ActionButton(words("Missed"), "phone-missed", kind="quiet")
        self.missed.setCheckable(True)
        self.missed.toggled.connect(lambda _on: self._look())
        self._export = ActionButton(words("Export"), "download", kind="quiet", bare=True)
        self.list = self._make_list()
        self._empty = EmptyState("history", "")
        self._empty.acted.connect(self._show_all)
        self._go_to_list = False  # Enter in the search field leads to what is found
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(SEARCH_AFTER_MS)
        self._wait.timeout.connect(self._look)
        self.editor = NoteEditor(history, runner, words)
        self.editor.failed.connect(self.failed)
        self._about = ElidedLabel(role="strong")
        self._place = QStackedLayout()
        self._lay_out()

    @property
    def stops(self) -> list[QWidget]:
        """Where Tab stops, in order."""
        return [self.search, self.missed, self._export, self.list, self.editor.disposition, self.editor.text]

    def refresh(self) -> None:
        """Look at the history again: a row was written."""
        self.model.refresh()
        self._count_missed()

    def focus_search(self) -> None:
        """Put the keyboard into the search field."""
        self.search.setFocus()
        self.search.selectAll()

    def focus_note(self) -> None:
        """Put the keyboard into the note of the chosen call, the newest when none is chosen."""
        if not self.list.currentIndex().isValid() and self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0))
        if self.list.currentIndex().isValid():
            self.editor.text.setFocus()

    def set_dispositions(self, known: Sequence[str]) -> None:
        """Which outcomes a call can be given."""
        self.editor.set_dispositions(known)

    def see(self) -> None:
        """The person looks at the missed calls: they are new no longer."""
        self._runner.run(self._history.see_missed())

    # ---- inside

    def _make_search(self) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(self._words("Search calls"))
        field.setAccessibleName(self._words("Search the call history"))
        field.setToolTip(self._words("Search by name, number, queue or note  (Ctrl+F)"))
        field.setClearButtonEnabled(False)
        field.textChanged.connect(lambda _text: self._wait.start())
        field.returnPressed.connect(self._search_entered)
        return field

    def _make_list(self) -> _List:
        view = _List()
        view.setModel(self.model)
        view.setUniformItemSizes(True)
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setAccessibleName(self._words("Call history"))
        delegate = RowDelegate(self._words, view)
        delegate.called.connect(self._call_back)
        view.setItemDelegate(delegate)
        view.entered_row.connect(lambda index: self._call_back(index.data(SHOWN)))
        view.doubleClicked.connect(lambda index: self._call_back(index.data(SHOWN)))
        view.selectionModel().currentChanged.connect(self._chosen)
        return view

    def _lay_out(self) -> None:
        self._detail = self._make_detail()
        self._place.addWidget(self.list)
        self._place.addWidget(self._empty)
        card = QFrame()
        card.setProperty("card", "true")
        column = QVBoxLayout(card)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(self._make_top())
        column.addLayout(self._place, 1)
        column.addWidget(self._detail)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card)
        for part in (self.list, self._empty):
            part.setMinimumHeight(HEIGHT)  # calls at hand come first: they may take all but one row

    def _make_top(self) -> QHBoxLayout:
        menu = QMenu(self._export)
        menu.addAction(self._words("Export as CSV…"), lambda: self.export_wanted.emit("csv"))
        menu.addAction(self._words("Export as JSON…"), lambda: self.export_wanted.emit("json"))
        self._export.setMenu(menu)
        top = QHBoxLayout()
        top.setContentsMargins(M, M, S, S)
        top.setSpacing(XS)
        top.addWidget(self.search, 1)
        top.addWidget(self.missed)
        top.addWidget(self._export)
        return top

    def _make_detail(self) -> QWidget:
        frame = QFrame()
        frame.setProperty("card", "sunken")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(M, S, M, S)
        inner.setSpacing(S)
        inner.addWidget(self._about)
        inner.addWidget(self.editor)
        outer = QWidget()
        column = QVBoxLayout(outer)
        column.setContentsMargins(S, S, S, S)
        column.addWidget(frame)
        outer.hide()
        return outer

    def _look(self) -> None:
        self.model.look_for(self.search.text().strip(), "missed" if self.missed.isChecked() else None)

    def _search_entered(self) -> None:
        self._wait.stop()
        self._go_to_list = True
        self._look()

    def _show_all(self) -> None:
        self.search.clear()
        self.missed.setChecked(False)
        self._wait.stop()
        self._look()

    def _loaded(self) -> None:
        empty = self.model.rowCount() == 0
        words = self._words
        if empty and self.model.text:
            title = words("Nothing found for “{text}”").format(text=self.model.text[:40])
            hint = words("Parts of names and numbers are enough.")
            self._empty.say("search", title, hint, words("Show all calls"))
        elif empty and self.model.only:
            self._empty.say("circle-check", words("No missed calls"), "", words("Show all calls"))
        elif empty:
            hint = words("Every call is kept here, with your notes. Dial a number to begin.")
            self._empty.say("history", words("No calls yet"), hint)
        self._place.setCurrentIndex(1 if empty else 0)
        if self._go_to_list and not empty:
            self.list.setCurrentIndex(self.model.index(0))
            self.list.setFocus()
        self._go_to_list = False
        self._chosen(self.list.currentIndex())

    def _chosen(self, index: QModelIndex, _before: QModelIndex | None = None) -> None:
        row = index.data(ROW) if index.isValid() else None
        shown: RowShown | None = index.data(SHOWN) if index.isValid() else None
        self._detail.setVisible(shown is not None)
        if row is None or shown is None:
            self.editor.write_on(None)
            return
        self._about.setText(f"{shown.name} · {shown.when}")
        self.editor.write_on(row.call, row.disposition, row.note)
        if shown.fresh:
            self.see()

    def _call_back(self, shown: RowShown) -> None:
        self.called.emit(shown.address)

    def _count_missed(self) -> None:
        def came(count: int) -> None:
            words = self._words
            self.missed.say(words("Missed {n}", n=count) if count else words("Missed"))

        self._runner.run(self._history.missed_unseen(), came)

    def selected(self) -> UUID | None:
        """The chosen call."""
        row = self.list.currentIndex().data(ROW)
        return row.call if row is not None else None
