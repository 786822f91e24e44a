"""Badges: a small word with a shape and a colour, for an agent's state or for how good something is."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.domain.agent import AgentState
from ui.theme import CAPTION, RADIUS_SMALL, STATE_ICONS, TONE_ICONS, XS, S, Theme, Tone, font, theme_of
from ui.widgets.icons import pixmap

_ICON = 14
_HEIGHT = 24


class Badge(QWidget):
    """Icon and word on a tinted ground. `tone` is a tone's name, or use `show_state`."""

    def __init__(
        self, words: str = "", tone: str = "neutral", icon_name: str = "", parent: QWidget | None = None
    ) -> None:
        """A badge; the icon is the tone's own unless one is named."""
        super().__init__(parent)
        self._words = words
        self._tone: str | AgentState = tone
        self._icon = icon_name or TONE_ICONS[tone]
        self.setFont(font(CAPTION, strong=True))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(words)

    def show_tone(self, words: str, tone: str, icon_name: str = "") -> None:
        """Say something with a tone."""
        self._set(words, tone, icon_name or TONE_ICONS[tone])

    def show_state(self, state: AgentState, words: str) -> None:
        """Say an agent's state in its colour and shape."""
        self._set(words, state, STATE_ICONS[state])

    @property
    def words(self) -> str:
        """What it says."""
        return self._words

    def sizeHint(self) -> QSize:
        """Room for all of it."""
        return QSize(self._width_of(self._words), _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Room for the icon and a few letters."""
        return QSize(min(self._width_of(self._words), self._width_of("Abc…")), _HEIGHT)

    def paintEvent(self, _event: object) -> None:
        """Ground, shape, word."""
        tone = tone_of(theme_of(self), self._tone)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tone.fill))
        painter.drawRoundedRect(QRectF(self.rect()), RADIUS_SMALL, RADIUS_SMALL)
        top = (self.height() - _ICON) // 2
        painter.drawPixmap(S, top, pixmap(self._icon, tone.mark, _ICON, self.devicePixelRatioF()))
        painter.setPen(QColor(tone.ink))
        left = S + _ICON + XS
        room = self.rect().adjusted(left, 0, -S, 0)
        words = QFontMetrics(self.font()).elidedText(self._words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.end()

    def _width_of(self, words: str) -> int:
        return S + _ICON + XS + QFontMetrics(self.font()).horizontalAdvance(words) + S + 1

    def _set(self, words: str, tone: str | AgentState, icon_name: str) -> None:
        if (words, tone, icon_name) == (self._words, self._tone, self._icon):
            return
        self._words, self._tone, self._icon = words, tone, icon_name
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.updateGeometry()
        self.update()


def tone_of(theme: Theme, name: str | AgentState) -> Tone:
    """The colours of a tone or of an agent's state in a theme."""
    return theme.states[name] if isinstance(name, AgentState) else theme.tone(name)
