"""Paints one past call: shape, name, what it was; when, how long, how well; and the key that calls back."""

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from ui.history.model import SHOWN
from ui.history.presenter import RowShown
from ui.theme import BODY, CAPTION, RADIUS_SMALL, XS, L, M, S, Theme, font, theme_of
from ui.widgets.icons import pixmap
from ui.widgets.words import Words

HEIGHT = 56
_ICON = 18
_NOTE = 14
_KEY = 36


class RowDelegate(QStyledItemDelegate):
    """Two lines a call. `called` comes when the key at the right end of a row is clicked."""

    called = Signal(object)  # RowShown

    def __init__(self, words: Words, parent: QObject | None = None) -> None:
        """Fonts are made once."""
        super().__init__(parent)
        self._words = words
        self._plain = font(BODY)
        self._strong = font(BODY, strong=True)
        self._small = font(CAPTION, digits=True)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """All rows are alike, so a list of thousands is laid out at once."""
        return QSize(200, HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """One row."""
        shown: RowShown | None = index.data(SHOWN)
        widget = option.widget
        if shown is None or not isinstance(widget, QWidget):
            return
        theme = theme_of(widget)
        rect: QRect = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            self._ground(painter, rect, theme, selected=selected)
        if state & QStyle.StateFlag.State_HasFocus:
            self._ring(painter, rect, theme)
        tone = theme.tone(shown.tone)
        ratio = widget.devicePixelRatioF()
        top = rect.top() + (rect.height() - _ICON) // 2
        painter.drawPixmap(rect.left() + M, top, pixmap(shown.icon, tone.mark, _ICON, ratio))
        self._words_of(painter, rect, shown, theme, room_for_key=selected or hovered)
        if selected or hovered:
            key = key_rect(rect)
            painter.drawPixmap(
                key.center().x() - _ICON // 2,
                key.center().y() - _ICON // 2,
                pixmap("phone", theme.accent, _ICON, ratio),
            )
        painter.restore()

    def editorEvent(
        self,
        event: QEvent,
        _model: object,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        """A click on the key calls back."""
        if event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            rect: QRect = option.rect
            if event.button() is Qt.MouseButton.LeftButton and key_rect(rect).contains(
                event.position().toPoint()
            ):
                self.called.emit(index.data(SHOWN))
                return True
        return False

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        """The key says what it does; the rest of the row says all that it may have cut off."""
        shown: RowShown | None = index.data(SHOWN)
        if shown is None:
            return False
        rect: QRect = option.rect
        on_key = key_rect(rect).contains(event.pos())
        words = self._words("Call {name} back  (Enter)", name=shown.name) if on_key else shown.says
        QToolTip.showText(event.globalPos(), words, view)
        return True

    def _ring(self, painter: QPainter, rect: QRect, theme: Theme) -> None:
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(rect.adjusted(XS + 1, 2, -XS - 1, -2)), RADIUS_SMALL, RADIUS_SMALL)

    def _ground(self, painter: QPainter, rect: QRect, theme: Theme, *, selected: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.info.fill if selected else theme.hover))
        painter.drawRoundedRect(QRectF(rect.adjusted(XS, 1, -XS, -1)), RADIUS_SMALL, RADIUS_SMALL)

    def _words_of(
        self, painter: QPainter, rect: QRect, shown: RowShown, theme: Theme, *, room_for_key: bool
    ) -> None:
        left = rect.left() + M + _ICON + M
        right = rect.right() - (S + _KEY if room_for_key else L)
        small = QFontMetrics(self._small)
        aside = max(small.horizontalAdvance(shown.when), small.horizontalAdvance(shown.lasted) + 24)
        upper = QRect(left, rect.top() + S + 1, right - left, 20)
        lower = QRect(left, upper.bottom() + 1, right - left, 18)
        name_font = self._strong if shown.fresh else self._plain
        name_ink = theme.critical.ink if shown.fresh else theme.text
        end = Qt.AlignmentFlag.AlignRight
        start = Qt.AlignmentFlag.AlignLeft
        self._line(painter, upper.adjusted(0, 0, -aside - S, 0), shown.name, name_font, name_ink, start)
        self._line(painter, upper, shown.when, self._small, theme.soft, end)
        if shown.noted:
            note = pixmap("sticky-note", theme.soft, _NOTE, painter.device().devicePixelRatioF())
            painter.drawPixmap(left, lower.center().y() - _NOTE // 2, note)
        detail = lower.adjusted(_NOTE + XS if shown.noted else 0, 0, -aside - S, 0)
        self._line(painter, detail, shown.detail, self._small, theme.soft, start)
        self._line(painter, lower, shown.lasted, self._small, theme.soft, end)
        if shown.quality_bars and shown.lasted:
            at = right - small.horizontalAdvance(shown.lasted) - 24
            _bars(painter, at, lower.center().y() + 5, shown.quality_bars, theme)

    def _line(
        self, painter: QPainter, rect: QRect, words: str, type_: QFont, ink: str, align: Qt.AlignmentFlag
    ) -> None:
        painter.setFont(type_)
        painter.setPen(QColor(ink))
        fitting = QFontMetrics(type_).elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(align | Qt.AlignmentFlag.AlignVCenter), fitting)


def key_rect(row: QRect) -> QRect:
    """Where the key that calls back lies in a row."""
    return QRect(row.right() - _KEY - XS, row.top() + (row.height() - _KEY) // 2, _KEY, _KEY)


def _bars(painter: QPainter, left: int, base: int, lit: int, theme: Theme) -> None:
    tone = theme.good if lit >= 3 else theme.warning if lit == 2 else theme.critical
    painter.setPen(Qt.PenStyle.NoPen)
    for index in range(4):
        painter.setBrush(QColor(tone.mark if index < lit else theme.line))
        high = 3 + 2 * index
        painter.drawRect(QRectF(left + index * 4, base - high, 3, high))
