"""Drawing words and shapes on the wallboard, at its scale. All sizes are given at scale 1."""

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QStaticText, QTransform

from ui.metrics.presenter import Level
from ui.theme import RADIUS, TONE_ICONS, Theme, Tone, font
from ui.widgets.icons import pixmap

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LONG = 28  # letters of a name that has an end worth keeping
CENTRE = Qt.AlignmentFlag.AlignCenter
_TONES = {Level.PLAIN: "good", Level.WARNING: "warning", Level.CRITICAL: "critical"}


@lru_cache(maxsize=128)
def type_of(pixels: int, *, strong: bool = False) -> QFont:
    """A font of so many pixels with digits of one width."""
    return font(max(1, pixels), strong=strong, digits=True)


@lru_cache(maxsize=128)
def measure(pixels: int, *, strong: bool = False) -> QFontMetricsF:
    """The metrics of `type_of`."""
    return QFontMetricsF(type_of(pixels, strong=strong))


@lru_cache(maxsize=8192)
def fitted(words: str, pixels: int, width: int, *, strong: bool = False, middle: bool = False) -> str:
    """Words as far as they fit into a width, with … at their end or in their middle where they do not."""
    mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
    return measure(pixels, strong=strong).elidedText(words, mode, width)


@lru_cache(maxsize=4096)
def laid_out(words: str, pixels: int, *, strong: bool = False) -> tuple[QStaticText, float, float]:
    """A line of words ready to be drawn, with its width and height: shaping costs more than drawing."""
    made = QStaticText(words)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    made.prepare(QTransform(), type_of(pixels, strong=strong))
    metrics = measure(pixels, strong=strong)
    return made, metrics.horizontalAdvance(words), metrics.height()


def rounded(scale: float) -> str:
    """The style of a card whose corners keep up with the scale."""
    return f'QFrame[card="true"] {{ border-radius: {round(RADIUS * scale)}px; }}'


@lru_cache(maxsize=64)
def colour(name: str) -> QColor:
    """A colour by its name in the theme."""
    return QColor(name)


def tone_of(theme: Theme, level: Level) -> Tone:
    """The colours of a level."""
    return theme.tone(_TONES[level])


def shape_of(level: Level) -> str:
    """The shape that says a level without its colour."""
    return TONE_ICONS[_TONES[level]]


@dataclass(frozen=True)
class Words:
    """How words are set: size at scale 1, colour, weight and side.

    `middle`: what has no room goes from the middle, as long names of queues often differ at their end only.
    """

    size: float
    colour: str
    strong: bool = False
    side: Qt.AlignmentFlag = LEFT
    middle: bool = False


@dataclass(frozen=True)
class Ink:
    """A painter with the theme and scale it paints in."""

    painter: QPainter
    theme: Theme
    scale: float

    def words(self, place: QRectF, text: str, how: Words) -> None:
        """Write one line into a place; what does not fit ends in …."""
        pixels = round(how.size * self.scale)
        cut = how.middle and len(text) > LONG
        shown = fitted(text, pixels, int(place.width() + 1), strong=how.strong, middle=cut)
        self._set(place, shown, pixels, how)

    def figure(self, place: QRectF, text: str, how: Words) -> float:
        """Write a figure: it is never cut, rather smaller; returns how wide it is."""
        wide = self.width(text, how.size, strong=how.strong)
        fits = how.size if wide <= place.width() else how.size * place.width() / wide * 0.98
        pixels = max(1, int(fits * self.scale) if fits < how.size else round(how.size * self.scale))
        self._set(place, text, pixels, how)
        return min(wide, place.width())

    def _set(self, place: QRectF, text: str, pixels: int, how: Words) -> None:
        """Set a line into a place, in the middle of its height and at its side."""
        if not text:
            return
        line, wide, tall = laid_out(text, pixels, strong=how.strong)
        left = place.left()
        if how.side is RIGHT:
            left = place.right() - wide
        elif how.side is CENTRE:
            left = place.center().x() - wide / 2
        self.painter.setFont(type_of(pixels, strong=how.strong))
        self.painter.setPen(colour(how.colour))
        self.painter.drawStaticText(QPointF(left, place.center().y() - tall / 2), line)

    def width(self, text: str, size: float, *, strong: bool = False) -> float:
        """How wide a line of words is."""
        return measure(round(size * self.scale), strong=strong).horizontalAdvance(text)

    def card(self, place: QRectF, fill: str, line: str, weight: float = 1.0, radius: float = 8.0) -> None:
        """A rounded ground with a line around it, the line inside the place."""
        pen = QPen(colour(line), weight * max(1.0, self.scale)) if line else QPen(Qt.PenStyle.NoPen)
        inset = weight * max(1.0, self.scale) / 2 if line else 0.0
        self.painter.setPen(pen)
        self.painter.setBrush(colour(fill))
        rounded = radius * self.scale
        self.painter.drawRoundedRect(place.adjusted(inset, inset, -inset, -inset), rounded, rounded)

    def shape(self, corner: QPointF, name: str, tint: str, size: float) -> None:
        """An icon with its upper left corner at a point."""
        ratio = self.painter.device().devicePixelRatioF()
        self.painter.drawPixmap(corner, pixmap(name, tint, round(size * self.scale), ratio))

    def rule(self, left: QPointF, width: float) -> None:
        """A thin line across."""
        self.painter.setPen(QPen(colour(self.theme.line), max(1.0, self.scale)))
        self.painter.drawLine(left, QPointF(left.x() + width, left.y()))
