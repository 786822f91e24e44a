"""Icons by name, in any colour and size: line drawings of the Lucide set (ISC), in resources/icons/lucide.

They are read when first shown: the set costs a start nothing (an icon font costs 0.25 s and 10 MB).
"""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QLabel, QWidget

from console import paths
from console.domain.agent import AgentState
from ui.theme import theme_of

_FOLDER = "icons/lucide"


@lru_cache(maxsize=256)
def _drawing(name: str) -> str:
    return (paths.resources() / _FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def pixmap(name: str, colour: str, size: int = 20, ratio: float = 1.0) -> QPixmap:
    """An icon as pixels: `size` device-independent pixels square at a screen's pixel `ratio`.

    Raises FileNotFoundError for a name that is not in the set: our own bug.
    """
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", colour).encode()))
    made = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return made


def icon(name: str, colour: str, size: int = 20, off_colour: str = "", gap: int = 0) -> QIcon:
    """An icon for a button or menu, sharp at one and two pixels a point; `off_colour` when disabled.

    `gap` is room to its right, before the words.
    """
    made = QIcon()
    for ratio in (1.0, 2.0):
        for mode, shown in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, off_colour or colour)):
            made.addPixmap(_widened(pixmap(name, shown, size, ratio), gap), mode)
    return made


def _widened(drawn: QPixmap, gap: int) -> QPixmap:
    if not gap:
        return drawn
    ratio = drawn.devicePixelRatio()
    made = QPixmap(drawn.width() + round(gap * ratio), drawn.height())
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.drawPixmap(0, 0, drawn)
    painter.end()
    return made


class IconLabel(QLabel):
    """An icon that stands by itself; it follows theme and screen. `ink` names a colour of the theme
    (`soft`, `accent`), of a tone (`good.mark`) or of an agent's state (`state.ready`).

    It is decoration for the eye: what it means stands in words beside it, or in `says` for a screen reader.
    """

    def __init__(
        self, name: str, size: int = 20, ink: str = "text", *, says: str = "", parent: QWidget | None = None
    ) -> None:
        """An icon of the set."""
        super().__init__(parent)
        self._name = name
        self._ink = ink
        self._size = size
        self.setFixedSize(size, size)
        self.setAccessibleName(says)
        self.setToolTip(says)

    def show_icon(self, name: str, ink: str = "text", says: str = "") -> None:
        """Show another icon."""
        self._name, self._ink = name, ink
        self.setAccessibleName(says)
        self.setToolTip(says)
        self.update()

    def paintEvent(self, _event: object) -> None:
        """Paint in the colour of now."""
        theme = theme_of(self)
        words, _, part = self._ink.partition(".")
        if words == "state":
            colour = theme.states[AgentState(part)].mark
        else:
            colour = getattr(theme.tone(words), part) if part else getattr(theme, words)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, pixmap(self._name, colour, self._size, self.devicePixelRatioF()))
        painter.end()
