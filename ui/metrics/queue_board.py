"""The queues as tiles on one surface: only tiles that say something new are painted; many take pages."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from console.domain.figures import Theirs
from ui.metrics import cards
from ui.metrics.grid import Grid, Kind, arrange
from ui.metrics.ink import RIGHT, Ink, Words, colour
from ui.metrics.presenter import TileView, theirs_words, tile_meaning
from ui.metrics.tongue import Tongue
from ui.theme import theme_of

PAGE_MS = 15_000
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_PAGE_LINE = 22.0


class QueueBoard(QWidget):
    """All queues. `chosen` tells the key of a queue chosen by click or Space, "" when it was let go; `opened`
    that of one whose waiting callers are wanted, by double click or Enter.
    """

    chosen = Signal(str)
    opened = Signal(str)

    def __init__(self, tongue: Tongue, parent: QWidget | None = None) -> None:
        """An empty board."""
        super().__init__(parent)
        self._tongue = tongue
        self._scale = 1.0
        self._age = ""
        self.theirs: Mapping[str, Theirs] = {}
        """What an Asterisk that is watched counts of the queues itself."""
        self._views: tuple[TileView, ...] = ()
        self._selected = ""
        self._current = 0
        self._page = 0
        self._grid: Grid = arrange(1, 100.0, 100.0, 1.0)
        self._turning = QTimer(self)
        self._turning.setInterval(PAGE_MS)
        self._turning.timeout.connect(self.turn_by_itself)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tongue.say("queues"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def views(self) -> tuple[TileView, ...]:
        """What the tiles say now, those of all pages."""
        return self._views

    @property
    def page(self) -> tuple[int, int]:
        """The page shown, from 0, and how many there are."""
        return self._page, self._grid.pages(len(self._views))

    @property
    def kind(self) -> Kind:
        """How the queues are drawn."""
        return self._grid.kind

    @property
    def turning(self) -> bool:
        """Whether the pages turn by themselves."""
        return self._turning.isActive()

    @property
    def selected(self) -> str:
        """The key of the chosen queue, "" for none."""
        return self._selected

    def minimumSizeHint(self) -> QSize:
        """It makes do with what it gets."""
        return QSize(80, 40)

    def planned(self, width: float, most: float) -> Grid:
        """How the queues would stand in so much room."""
        return arrange(max(1, len(self._views)), width, most, self._scale)

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        self._scale = scale
        self._arrange()

    def select(self, key: str) -> None:
        """Mark a queue as the chosen one."""
        self._selected = key
        self.update()

    def put(self, views: Sequence[TileView], age: str) -> None:
        """Say something new: repaint the tiles that differ."""
        before, self._views = self._views, tuple(views)
        aged, self._age = age != self._age, age
        if len(before) != len(self._views) or [view.key for view in before] != [
            view.key for view in self._views
        ]:
            self._arrange()
            return
        first = self._page * self._grid.room
        for number, view in enumerate(self._views[first : first + self._grid.room]):
            if view != before[first + number]:
                self.update(self._rect(number))
            elif aged and self._grid.kind is not Kind.ROW:
                self.update(self._foot(number))

    def turn(self, by: int) -> None:
        """Another page, round and round."""
        pages = self._grid.pages(len(self._views))
        self._page = (self._page + by) % pages
        self._current = min(self._page * self._grid.room, max(0, len(self._views) - 1))
        self._turning.start() if pages > 1 else self._turning.stop()
        self.update()

    def turn_by_itself(self) -> None:
        """The next page, unless somebody is reading this one with mouse or keyboard."""
        if not self.underMouse() and not self.hasFocus():
            self.turn(1)

    def _arrange(self) -> None:
        number = max(1, len(self._views))
        self._grid = arrange(number, self.width(), self.height(), self._scale)
        if self._grid.room < number:
            self._grid = arrange(number, self.width(), self.height() - _PAGE_LINE * self._scale, self._scale)
        self._page = min(self._page, self._grid.pages(number) - 1)
        self._current = min(self._current, number - 1)
        several = self._grid.pages(number) > 1
        if several != self._turning.isActive():
            self._turning.start() if several else self._turning.stop()
        self.update()

    def _area(self, number: int) -> QRectF:
        place = self._grid.place(number)
        return QRectF(place.x, place.y, place.width, place.height)

    def _rect(self, number: int) -> QRect:
        return self._area(number).toAlignedRect().adjusted(-2, -2, 2, 2)

    def _foot(self, number: int) -> QRect:
        """The part of a card in which the data's age stands."""
        area = self._area(number)
        return area.adjusted(area.width() * 0.6, area.height() * 0.55, 0, 0).toAlignedRect()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less room."""
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles that the region touches."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = Ink(painter, theme_of(self), self._scale)
        region = event.region()
        first = self._page * self._grid.room
        for number, view in enumerate(self._views[first : first + self._grid.room]):
            if region.intersects(self._rect(number)):
                self._paint_tile(ink, number, view, first)
        if self._views and self._grid.kind is Kind.ROW:
            for column in range(min(self._grid.columns, -(-(len(self._views) - first) // self._grid.rows))):
                top = self._area(column * self._grid.rows)
                head = QRectF(top.left(), 0, top.width(), self._grid.head)
                if region.intersects(head.toAlignedRect()):
                    cards.row_head(ink, head, self._tongue)
        self._paint_pages(ink)
        painter.end()

    def _paint_tile(self, ink: Ink, number: int, view: TileView, first: int) -> None:
        area = self._area(number)
        current = view.key == self._selected or (self.hasFocus() and first + number == self._current)
        if self._grid.kind is Kind.LARGE:
            cards.large(ink, area, view, self._tongue, self._age, current=current)
        elif self._grid.kind is Kind.SMALL:
            cards.small(ink, area, view, self._tongue, self._age, current=current)
        else:
            cards.row(ink, area, view, current=current)

    def _paint_pages(self, ink: Ink) -> None:
        page, pages = self.page
        if pages < 2:
            return
        tall = _PAGE_LINE * self._scale
        line = QRectF(0, self.height() - tall, self.width(), tall)
        words = self._tongue.say("page", page=page + 1, pages=pages)
        ink.words(line, words, Words(12, ink.theme.soft, side=RIGHT))
        dot, step = 7 * self._scale, 14 * self._scale
        left = line.center().x() - step * (pages - 1) / 2
        ink.painter.setPen(Qt.PenStyle.NoPen)
        for number in range(pages):
            ink.painter.setBrush(colour(ink.theme.accent if number == page else ink.theme.line_strong))
            size = dot if number == page else dot * 0.7
            ink.painter.drawEllipse(QPointF(left + number * step, line.center().y()), size / 2, size / 2)

    def _at(self, point: QPointF) -> int | None:
        """The number of the tile at a point, over all pages."""
        first = self._page * self._grid.room
        for number in range(len(self._views[first : first + self._grid.room])):
            if self._area(number).contains(point):
                return first + number
        return None

    def event(self, event: QEvent) -> bool:
        """A tool tip says all of a queue's figures in words, also where its tile has no room for them."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self._at(QPointF(event.pos()))
            if number is None:
                QToolTip.hideText()
            else:
                view = self._views[number]
                QToolTip.showText(event.globalPos(), self.told(view), self)
            return True
        return super().event(event)

    def told(self, view: TileView) -> str:
        """All that a tile's tool tip says: each figure with what it means, how old it is, and the keys."""
        age = f"\n\n{self._age}" if self._age else ""
        theirs = self.theirs.get(view.key)
        age = f"\n\n{theirs_words(theirs, self._tongue)}{age}" if theirs is not None else age
        return f"{tile_meaning(view, self._tongue)}{age}\n\n{self._tongue.say('queue keys')}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the tile under the mouse."""
        number = self._at(event.position())
        if number is not None and event.button() is Qt.MouseButton.LeftButton:
            self._current = number
            self._choose()
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Choose the tile under the mouse, and ask who waits there."""
        number = self._at(event.position())
        if number is not None and event.button() is Qt.MouseButton.LeftButton:
            self._current = number
            if self._views[number].key != self._selected:  # the first click let it go
                self._choose()
            self.opened.emit(self._views[number].key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move, Space chooses, Enter asks who waits, Page Up and Page Down turn."""
        key = Qt.Key(event.key())
        if key in _STEPS and self._views:
            self._move(*_STEPS[key])
        elif key == Qt.Key.Key_Space and self._views:
            self._choose()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._views:
            self.opened.emit(self._views[self._current].key)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.turn(1 if key == Qt.Key.Key_PageDown else -1)
        else:
            super().keyPressEvent(event)

    def _move(self, across: int, down: int) -> None:
        if self._grid.kind is Kind.ROW:
            step = across * self._grid.rows + down
        else:
            step = across + down * self._grid.columns
        wanted = self._current + step
        if 0 <= wanted < len(self._views):
            self._current = wanted
            self._page = wanted // self._grid.room
            self.setAccessibleDescription(self._views[wanted].spoken)
            self.update()

    def _choose(self) -> None:
        key = self._views[self._current].key
        self._selected = "" if key == self._selected else key
        self.update()
        self.chosen.emit(self._selected)
