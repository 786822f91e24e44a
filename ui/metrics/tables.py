"""How the wallboard's lists look: a painter of cells, heads that sort, and a table that scales."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from console.domain.agent import AgentState
from console.domain.figures import AbandonedCaller, AgentFigures
from console.domain.interaction import Phase
from console.wire import InteractionView
from ui.metrics.ink import LEFT, RIGHT, Ink, Words, colour
from ui.metrics.models import AgentsModel, CallersModel, LineModel
from ui.metrics.rows import AgentColumn, CallerColumn, copied
from ui.metrics.tongue import Tongue
from ui.metrics.waiting import LineColumn, shape
from ui.theme import STATE_ICONS, Theme, theme_of

ROW = 27.0
PAGE_MS = 15_000
_AT_WORK = (AgentState.ON_CONTACT, AgentState.HOLD, AgentState.OFFERED)


class CellPainter(QStyledItemDelegate):
    """Paints cells with the wallboard's own ink: faster than the style's way, and the same at every scale."""

    def __init__(self, parent: QAbstractItemView) -> None:
        """For a table. `whole`: a row that does not fit is left out."""
        super().__init__(parent)
        self.scale = 1.0
        self.whole = False
        self.table = parent
        self.theme: Theme = theme_of(parent)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Rows have one height."""
        return QSize(40, round(ROW * self.scale))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """One cell: its ground where selected, its words, and for a state its shape."""
        area = QRectF(option.rect)
        if self.whole and area.bottom() > self.table.viewport().height() + 2:
            return
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = Ink(painter, self.theme, self.scale)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colour(self.theme.info.fill))
        model = index.model()
        column = index.column()
        inner = area.adjusted(6 * self.scale, 0, -6 * self.scale, 0)
        if isinstance(model, AgentsModel):
            self._agent(ink, inner, model, index.row(), column)
        elif isinstance(model, CallersModel):
            self._caller(ink, inner, model, index.row(), column)
        elif isinstance(model, LineModel):
            self._line(ink, inner, model, index.row(), column)
        painter.restore()

    def _agent(self, ink: Ink, area: QRectF, model: AgentsModel, place: int, column: int) -> None:
        row: AgentFigures = model.row(place)
        text = model.text(row, column)
        theme = self.theme
        if column == AgentColumn.STATE:
            tone = theme.states[row.state]
            corner = QPointF(area.left(), area.center().y() - 8 * self.scale)
            ink.shape(corner, STATE_ICONS[row.state] if row.linked else "unplug", tone.mark, 16)
            ink.figure(area.adjusted(22 * self.scale, 0, 0, 0), text, Words(13, tone.ink, strong=True))
            return
        soft = column in (AgentColumn.REASON, AgentColumn.IDLE) or (
            column == AgentColumn.QUEUE and row.state not in _AT_WORK
        )
        tint = theme.soft if soft else theme.text
        if column in model.right:
            ink.figure(area, text, Words(13, tint, side=RIGHT))
        else:
            ink.words(area, text, Words(13, tint))

    def _caller(self, ink: Ink, area: QRectF, model: CallersModel, place: int, column: int) -> None:
        row: AbandonedCaller = model.row(place)
        text = model.text(row, column)
        soft = row.short or column == CallerColumn.QUEUE
        side = RIGHT if column in model.right else LEFT
        ink.words(area, text, Words(13, self.theme.soft if soft else self.theme.text, side=side))

    def _line(self, ink: Ink, area: QRectF, model: LineModel, place: int, column: int) -> None:
        row: InteractionView = model.row(place)
        text = model.text(row, column)
        theme = self.theme
        if column == LineColumn.STATE:
            tone = theme.info if row.phase is not Phase.WAITING else theme.tone("neutral")
            ink.shape(QPointF(area.left(), area.center().y() - 8 * self.scale), shape(row), tone.mark, 16)
            ink.words(area.adjusted(22 * self.scale, 0, 0, 0), text, Words(13, tone.ink))
            return
        strong = column == LineColumn.WAITED
        tint = theme.soft if column in (LineColumn.QUEUE, LineColumn.ASKS) else theme.text
        if column in model.right:
            ink.figure(area, text, Words(13, tint, strong=strong, side=RIGHT))
        else:
            ink.words(area, text, Words(13, tint))


class SortHead(QHeaderView):
    """The heads of the columns: a click or Enter sorts, arrow keys move, a chevron shows the order."""

    sort_wanted = Signal(int, Qt.SortOrder)

    def __init__(self, parent: QWidget) -> None:
        """Over a table."""
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.scale = 1.0
        self.sorted_by = (0, Qt.SortOrder.AscendingOrder)
        self._current = 0
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.sectionClicked.connect(self.choose)

    def choose(self, section: int) -> None:
        """Sort by a column; the same again turns the order round."""
        column, order = self.sorted_by
        up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
        self.sorted_by = (section, down if section == column and order == up else up)
        self.sort_wanted.emit(*self.sorted_by)
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """One line of small words."""
        return QSize(100, round(26 * self.scale))

    def paintSection(self, painter: QPainter, rect: object, section: int) -> None:
        """The name of a column, with an arrow where it rules the order."""
        area = QRectF(rect)  # type: ignore[call-overload]
        theme = theme_of(self)
        model = self.model()
        text = str(model.headerData(section, Qt.Orientation.Horizontal) or "")
        right = section in getattr(model, "right", ())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = Ink(painter, theme, self.scale)
        inner = area.adjusted(6 * self.scale, 0, -6 * self.scale, 0)
        column, order = self.sorted_by
        if section == column:
            size = 12 * self.scale
            name = "chevron-up" if order == Qt.SortOrder.AscendingOrder else "chevron-down"
            wide = min(ink.width(text, 11, strong=True), inner.width() - size)
            left = inner.right() - size if right else inner.left() + wide + 2 * self.scale
            ink.shape(QPointF(left, area.center().y() - size / 2), name, theme.text, 12)
            inner = inner.adjusted(0, 0, -size if right else 0, 0)
        tint = theme.text if section == column else theme.soft
        ink.figure(inner, text, Words(11, tint, strong=True, side=RIGHT if right else LEFT))
        if self.hasFocus() and section == self._current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ink.card(area.adjusted(1, 1, -1, -1), "transparent", theme.accent, 1.5, 4)
        ink.rule(QPointF(area.left(), area.bottom() - 0.5), area.width())
        painter.restore()

    def focusInEvent(self, event: object) -> None:
        """Begin at the column that rules the order."""
        self._current = self.sorted_by[0]
        super().focusInEvent(event)  # type: ignore[arg-type]
        self.viewport().update()

    def focusOutEvent(self, event: object) -> None:
        """The frame goes."""
        super().focusOutEvent(event)  # type: ignore[arg-type]
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left, Right: between columns. Enter, Space: sort."""
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = 1 if key == Qt.Key.Key_Right else -1
            self._current = max(0, min(self.count() - 1, self._current + step))
            self.viewport().update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.choose(self._current)
        else:
            super().keyPressEvent(event)


class BoardTable(QTableView):
    """A list of the wallboard. `shares` are the widths of its columns against each other."""

    def __init__(
        self,
        model: AgentsModel | CallersModel | LineModel,
        shares: tuple[float, ...],
        parent: QWidget | None = None,
    ) -> None:
        """Over a model."""
        super().__init__(parent)
        self.rows_model = model
        self._shares = shares
        self._cells = CellPainter(self)
        self._head = SortHead(self)
        self._turning = QTimer(self)
        self._turning.setInterval(PAGE_MS)
        self._turning.timeout.connect(self.turn_page)
        self.setModel(model)
        self.setItemDelegate(self._cells)
        self.setHorizontalHeader(self._head)
        self._head.sorted_by = model.sorted_by
        self._head.sort_wanted.connect(model.sort)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._head.setMinimumSectionSize(10)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    @property
    def head(self) -> SortHead:
        """The heads of its columns."""
        return self._head

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        self._cells.scale = self._head.scale = scale
        self.verticalHeader().setDefaultSectionSize(round(ROW * scale))
        self._head.setFixedHeight(round(26 * scale))
        self._share_out()

    def set_shares(self, shares: tuple[float, ...]) -> None:
        """Other widths; a column with 0 is not shown."""
        self._shares = shares
        for column, share in enumerate(shares):
            self.setColumnHidden(column, not share)
        self._share_out()

    def set_kiosk(self, *, on: bool) -> None:
        """On a wall: no scroll bar, whole rows only, and the pages turn by themselves."""
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(policy.ScrollBarAlwaysOff if on else policy.ScrollBarAsNeeded)
        self._cells.whole = on
        self._turning.start() if on else self._turning.stop()
        if on:
            self.clearSelection()
            self.verticalScrollBar().setValue(0)
        self._share_out()

    def turn_page(self) -> None:
        """Show the next rows, round and round."""
        bar, tall = self.verticalScrollBar(), self.verticalHeader().defaultSectionSize()
        page = max(1, self.viewport().height() // tall) * tall
        bar.setValue(0 if bar.value() >= bar.maximum() else bar.value() + page)

    def retheme(self) -> None:
        """The theme is another one now."""
        self._cells.theme = theme_of(self)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Columns share the width."""
        super().resizeEvent(event)
        self._share_out()

    def _share_out(self) -> None:
        whole, total = self.viewport().width(), sum(self._shares)
        used = 0
        for column, share in enumerate(self._shares[:-1]):
            width = int(whole * share / total)
            self.setColumnWidth(column, width)
            used += width
        self.setColumnWidth(len(self._shares) - 1, whole - used)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the chosen rows."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def copy(self, *, everything: bool = False) -> str:
        """Put the chosen rows (or all) on the clipboard as tab-separated lines; returns them."""
        model = self.rows_model
        chosen = sorted({index.row() for index in self.selectedIndexes()})
        places = range(model.rowCount()) if everything or not chosen else chosen
        text = rows_text(model, list(places), model.tongue)
        QGuiApplication.clipboard().setText(text)
        return text


def rows_text(model: AgentsModel | CallersModel | LineModel, places: list[int], tongue: Tongue) -> str:
    """Rows as tab-separated lines under a head."""
    if isinstance(model, CallersModel):
        return copied([model.row(place) for place in places], tongue, model.names)
    columns = range(model.columnCount())
    lines = [[str(model.headerData(column, Qt.Orientation.Horizontal)) for column in columns]]
    lines += [[str(model.index(place, column).data()) for column in columns] for place in places]
    return "\n".join("\t".join(line) for line in lines)
