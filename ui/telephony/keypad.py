"""The twelve keys of a telephone, on the screen and under the fingers."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from ui.theme import CONTROL_LARGE, LEAD, XS, font
from ui.widgets.words import Words

KEYS = (
    ("1", ""),
    ("2", "ABC"),
    ("3", "DEF"),
    ("4", "GHI"),
    ("5", "JKL"),
    ("6", "MNO"),
    ("7", "PQRS"),
    ("8", "TUV"),
    ("9", "WXYZ"),
    ("*", ""),
    ("0", "+"),
    ("#", ""),
)
DTMF = "0123456789*#ABCD"


class Keypad(QWidget):
    """Twelve keys; each press, by mouse or by the same key of the keyboard, is told as `pressed`."""

    pressed = Signal(str)
    closed = Signal()

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        """Three columns, four rows."""
        super().__init__(parent)
        self.setAccessibleName(words("Keypad"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(XS)
        for index, (key, letters) in enumerate(KEYS):
            button = QPushButton(key)
            button.setFont(font(LEAD, strong=True))
            button.setProperty("kind", "key")
            button.setMinimumHeight(CONTROL_LARGE - XS)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(key)
            button.setToolTip(letters)
            button.clicked.connect(lambda _checked=False, digit=key: self.pressed.emit(digit))
            grid.addWidget(button, index // 3, index % 3)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A key of the keyboard is the same as one on the screen; Esc puts the keypad away."""
        typed = event.text().upper()
        if typed and typed in DTMF:
            self.pressed.emit(typed)
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
