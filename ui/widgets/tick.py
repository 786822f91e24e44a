"""A box to tick, drawn in the theme's ink: an empty one is seen as well as a ticked one."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

from ui.theme import theme_of
from ui.widgets.icons import pixmap

_MARK = 14


class Tick(QCheckBox):
    """A check box."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """The words and the focus as the style has them, then the box over the style's own."""
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        place = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        theme = theme_of(self)
        ticked, able = self.isChecked(), self.isEnabled()
        ground = (theme.accent if able else theme.line_strong) if ticked else theme.surface
        edge = ground if ticked else theme.line_strong
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(edge), 1.5))
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(QRectF(place).adjusted(0.75, 0.75, -0.75, -0.75), 4, 4)
        if ticked:
            mark = pixmap("check", theme.on_accent, _MARK, self.devicePixelRatioF())
            left = place.left() + (place.width() - _MARK) // 2
            painter.drawPixmap(left, place.top() + (place.height() - _MARK) // 2, mark)
        painter.end()
