"""What stands where there is nothing yet: a shape, what it is, and what to do next."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.theme import XL, S
from ui.widgets.buttons import ActionButton
from ui.widgets.icons import IconLabel
from ui.widgets.labels import label, prose


class EmptyState(QWidget):
    """An empty place that says what to do. `acted` comes when its button, if it has one, is pressed."""

    acted = Signal()

    def __init__(
        self, icon_name: str, title: str, hint: str = "", action: str = "", parent: QWidget | None = None
    ) -> None:
        """Words in the middle of the place."""
        super().__init__(parent)
        self._icon = IconLabel(icon_name, 32, "soft")
        self._title = prose(title, "lead")
        self._hint = prose(hint, "soft")
        self._button = ActionButton(action)
        self._button.clicked.connect(self.acted)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(S)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for words in (self._title, self._hint):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(words)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        self.say(icon_name, title, hint, action)

    def say(self, icon_name: str, title: str, hint: str = "", action: str = "") -> None:
        """Say something else."""
        self._icon.show_icon(icon_name, "soft")
        self._title.setText(title)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._button.say(action)
        self._button.setVisible(bool(action))


def section(words: str, parent: QWidget | None = None) -> QWidget:
    """The heading of a part of a window."""
    made = label(words, "strong", parent)
    made.setContentsMargins(0, 0, 0, 0)
    return made
