"""The strip over the board: all queues together, how many need somebody, the time, how fresh it is."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ui.metrics.freshness import Freshness, Health
from ui.metrics.ink import LEFT, RIGHT, Ink, Words, colour, shape_of, tone_of, type_of
from ui.metrics.panels import Choice
from ui.metrics.presenter import Figure, Level, StripView, strip_meaning
from ui.metrics.spans import SPANS, span_words
from ui.metrics.tongue import Tongue
from ui.theme import CONTROL, theme_of
from ui.widgets.buttons import ActionButton

HEAD = 78.0
BANNER = 38.0
EXPORT = "Ctrl+E"
DIMMED = 0.45  # how much is left of what is stale
# How wide each figure of the strip is against the others.
_SHARES = (0.95, 1.25, 1.6, 0.8, 0.8, 0.95, 1.0, 1.15, 1.7)


class Head(QWidget):
    """The strip. Its figures are those of `StripView`; `span_chosen` tells of which minutes they shall be."""

    span_chosen = Signal(int)
    export_wanted = Signal()

    def __init__(self, tongue: Tongue, parent: QWidget | None = None) -> None:
        """An empty strip."""
        super().__init__(parent)
        self._tongue = tongue
        self._scale = 1.0
        self._view = StripView(figures=(), formula="", critical=0, warning=0)
        self._time = ""
        self._fresh: Freshness | None = None
        self._kiosk = self._exports = False
        self.span = Choice()
        self.span.setParent(self)
        self.span.setAccessibleName(tongue.say("span"))
        for minutes in SPANS:
            self.span.addItem(span_words(minutes, tongue), minutes)
        self.span.activated.connect(lambda place: self.span_chosen.emit(self.span.itemData(place)))
        self.export = ActionButton(tongue.say("export"), "download", kind="quiet", keys=EXPORT, bare=True)
        self.export.setParent(self)
        self.export.clicked.connect(self.export_wanted)
        self.export.hide()  # until somebody can export
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def offer_export(self) -> None:
        """There is somebody to ask for exports."""
        self._exports = True
        self.export.setVisible(not self._kiosk)

    def show_span(self, minutes: int) -> None:
        """Of which minutes the figures are; 0 is today."""
        self.span.setCurrentIndex(self.span.findData(minutes))
        self.update()

    def set_kiosk(self, *, on: bool) -> None:
        """On a wall nobody chooses: words stand in the choice's place."""
        self._kiosk = on
        self.span.setVisible(not on)
        self.export.setVisible(self._exports and not on)
        self.update()

    @property
    def view(self) -> StripView:
        """What it says."""
        return self._view

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        self._scale = self.span.scale = scale
        self.setFixedHeight(round(HEAD * scale))
        sizes = (round(size * scale) for size in (12, 22, 6))
        self.span.setStyleSheet("font-size: {}px; min-height: {}px; padding: 0 {}px;".format(*sizes))
        self.span.setFont(type_of(round(12 * scale)))
        self.span.setGeometry(*(round(side * scale) for side in (16, 44, 124, 26)))
        side = max(CONTROL, round(28 * scale))  # never smaller than a finger or the icon
        self.export.setGeometry(round(144 * scale), round(57 * scale) - side // 2, side, side)

    def put(self, view: StripView, time: str, fresh: Freshness) -> None:
        """Say something new; the same again repaints nothing."""
        if (view, time, fresh.age, fresh.health) == self._said():
            return
        self._view, self._time, self._fresh = view, time, fresh
        self.setAccessibleName(
            ", ".join(
                f"{item.label} {item.text}{f' ({item.note})' if item.note else ''}" for item in view.figures
            )
        )
        self.update()

    def _said(self) -> tuple[object, ...]:
        fresh = self._fresh
        return (self._view, self._time, fresh.age if fresh else None, fresh.health if fresh else None)

    @property
    def told(self) -> str:
        """All that its tool tip says: each figure with what it means, and how old it is."""
        if self._fresh is None or self._fresh.health is Health.EMPTY:
            return ""
        return f"{strip_meaning(self._view, self._tongue)}\n\n{self._tongue.say('age', age=self._fresh.age)}"

    def event(self, event: QEvent) -> bool:
        """The tool tip is made when it is wanted."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.told, self)
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        """As tall as its scale wants."""
        return QSize(600, round(HEAD * self._scale))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """One card with all figures; at the right the time and the freshness."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, scale = theme_of(self), self._scale
        ink = Ink(painter, theme, scale)
        ink.card(QRectF(self.rect()), theme.surface, theme.line)
        pad = 16 * scale
        inner = QRectF(self.rect()).adjusted(pad, 0, -pad, 0)
        clock = 128 * scale
        alerts = 176 * scale
        self._paint_clock(ink, QRectF(inner.right() - clock, 0, clock, inner.height()))
        if self._fresh is not None and self._fresh.health is Health.STALE:
            painter.setOpacity(DIMMED)
        self._paint_alerts(ink, QRectF(inner.left(), 0, alerts, inner.height()))
        left = inner.left() + alerts + 8 * scale
        whole = inner.right() - clock - 8 * scale - left
        for share, figure in zip(_SHARES, self._view.figures, strict=False):
            width = whole * share / sum(_SHARES)
            self._paint_figure(ink, QRectF(left, 0, width - 8 * scale, inner.height()), figure)
            left += width
        painter.end()

    def _paint_figure(self, ink: Ink, place: QRectF, figure: Figure) -> None:
        scale, left, tint = ink.scale, place.left(), ink.theme.text
        top = place.top() + 9 * scale
        if figure.level is not Level.PLAIN:
            tone = tone_of(ink.theme, figure.level)
            tint = tone.ink
            ink.shape(QPointF(left, top + 1.5 * scale), shape_of(figure.level), tone.mark, 13)
            left += 17 * scale
        ink.words(
            QRectF(left, top, place.right() - left, 16 * scale), figure.label, Words(12, ink.theme.soft)
        )
        line = QRectF(place.left(), top + 16 * scale, place.width(), 28 * scale)
        ink.figure(line, figure.text, Words(22, tint, strong=True))
        under = QRectF(place.left(), top + 44 * scale, place.width(), 15 * scale)
        ink.words(under, figure.note, Words(11, ink.theme.soft))

    def _paint_clock(self, ink: Ink, place: QRectF) -> None:
        scale, theme, fresh = ink.scale, ink.theme, self._fresh
        line = QRectF(place.left(), 9 * scale + 12 * scale, place.width(), 28 * scale)
        ink.words(line, self._time, Words(22, theme.text, strong=True, side=RIGHT))
        if fresh is None or fresh.health is Health.EMPTY:
            return
        live = fresh.health is Health.LIVE
        tone = theme.good if live else theme.critical
        words = f"{self._tongue.say('live' if live else 'stale')}, {self._tongue.say('age', age=fresh.age)}"
        under = QRectF(place.left(), 50 * scale, place.width(), 18 * scale)
        ink.words(under, words, Words(12, tone.ink, strong=not live, side=RIGHT))
        wide = ink.width(words, 12, strong=not live) + 18 * scale
        corner = QPointF(under.right() - wide, under.center().y() - 7 * scale)
        ink.shape(corner, "circle-dot" if live else "wifi-off", tone.mark, 14)

    def _paint_alerts(self, ink: Ink, place: QRectF) -> None:
        scale, theme, say = ink.scale, ink.theme, self._tongue.say
        title = QRectF(place.left(), 7 * scale, place.width(), 16 * scale)
        ink.words(title, say("all queues"), Words(15, theme.text, strong=True))
        if self._kiosk:
            span = QRectF(place.left(), 52 * scale, place.width(), 18 * scale)
            ink.words(span, self.span.currentText(), Words(12, theme.text, strong=True))
        lines = [
            (level, say(key, n=number))
            for level, key, number in (
                (Level.CRITICAL, "alerts critical", self._view.critical),
                (Level.WARNING, "alerts warning", self._view.warning),
            )
            if number
        ] or ([(Level.PLAIN, say("alerts none"))] if self._view.formula else [])
        left, top = place.left(), 24 * scale
        for level, words in lines:
            tone = tone_of(theme, level)
            plain = level is Level.PLAIN
            ink.shape(QPointF(left, top + 2 * scale), shape_of(level), tone.mark, 13)
            line = QRectF(left + 17 * scale, top, place.right() - left - 17 * scale, 17 * scale)
            ink.words(line, words, Words(12, theme.soft if plain else tone.ink, strong=not plain))
            left += 17 * scale + ink.width(words, 12, strong=not plain) + 10 * scale


class Banner(QWidget):
    """A line across the board that says what is wrong; without words it takes no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Hidden."""
        super().__init__(parent)
        self._words = ""
        self._lost = False
        self._scale = 1.0
        self.hide()

    @property
    def words(self) -> str:
        """What it says, "" while hidden."""
        return self._words

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        self._scale = scale
        self.setFixedHeight(round(BANNER * scale))

    def tell(self, words: str, *, lost: bool) -> None:
        """Say what is wrong, or nothing with ""."""
        if (words, lost) == (self._words, self._lost):
            return
        self._words, self._lost = words, lost
        self.setAccessibleName(words)
        self.setVisible(bool(words))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Shape and words on a tinted ground."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = theme_of(self)
        tone = theme.critical if self._lost else theme.warning
        ink = Ink(painter, theme, self._scale)
        area = QRectF(self.rect())
        ink.card(area, tone.fill, tone.mark)
        scale = self._scale
        ink.shape(
            QPointF(14 * scale, area.center().y() - 10 * scale),
            "wifi-off" if self._lost else "clock",
            tone.mark,
            20,
        )
        ink.words(
            area.adjusted(44 * scale, 0, -14 * scale, 0),
            self._words,
            Words(15, tone.ink, strong=True, side=LEFT),
        )
        painter.end()


class Veil(QWidget):
    """Dims what lies below it while the figures are stale; the mouse goes through."""

    def __init__(self, parent: QWidget) -> None:
        """Hidden."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The window's own colour, half through."""
        painter = QPainter(self)
        painter.setOpacity(1.0 - DIMMED)
        painter.fillRect(event.rect(), colour(theme_of(self).canvas))
        painter.end()
