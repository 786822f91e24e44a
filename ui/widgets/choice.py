"""A list to choose one from, with its arrow drawn in the theme's ink."""

from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox

from ui.theme import S, theme_of
from ui.widgets.icons import pixmap

_ARROW = 16


class Choice(QComboBox):
    """A combo box. The wheel scrolls the page it stands on, it does not change what was chosen."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """The box, then the arrow."""
        super().paintEvent(event)
        painter = QPainter(self)
        theme = theme_of(self)
        colour = theme.soft if self.isEnabled() else theme.line_strong
        left = self.width() - _ARROW - S
        top = (self.height() - _ARROW) // 2
        painter.drawPixmap(left, top, pixmap("chevron-down", colour, _ARROW, self.devicePixelRatioF()))
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Not for us."""
        event.ignore()
