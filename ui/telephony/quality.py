"""How a call sounds, at a glance: four bars, a word and the number."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.telephony.presenter import QualityShown
from ui.theme import CAPTION, S, font, theme_of

_BARS = 4
_BAR, _GAP, _HEIGHT = 4, 2, 14


class QualityMark(QWidget):
    """Bars in the tone's colour; the word says the same, so no colour is needed to read it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Nothing measured yet."""
        super().__init__(parent)
        self._shown: QualityShown | None = None
        self.setFont(font(CAPTION, digits=True))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_quality(self, shown: QualityShown | None) -> None:
        """Show what was measured; None hides it."""
        if shown == self._shown:
            return
        self._shown = shown
        self.setVisible(shown is not None)
        if shown is not None:
            self.setAccessibleName(self._words())
            self.setToolTip(shown.detail)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Bars and words."""
        words = QFontMetrics(self.font()).horizontalAdvance(self._words())
        return QSize(_BARS * (_BAR + _GAP) + S + words + 1, 20)

    def paintEvent(self, _event: object) -> None:
        """Four bars of growing height, then the words."""
        if self._shown is None:
            return
        theme = theme_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        base = (self.height() + _HEIGHT) / 2
        for index in range(_BARS):
            lit = index < self._shown.bars
            painter.setBrush(QColor(theme.tone(self._shown.tone).mark if lit else theme.line))
            high = _HEIGHT * (index + 1) / _BARS
            painter.drawRoundedRect(QRectF(index * (_BAR + _GAP), base - high, _BAR, high), 1.0, 1.0)
        painter.setPen(QColor(theme.soft))
        painter.setFont(self.font())
        left = _BARS * (_BAR + _GAP) + S - _GAP
        painter.drawText(
            QRectF(left, 0, self.width() - left, self.height()), Qt.AlignmentFlag.AlignVCenter, self._words()
        )
        painter.end()

    def _words(self) -> str:
        return f"{self._shown.word} {self._shown.number}" if self._shown else ""
