"""Words on the screen: labels of the type scale, names too long for their place, and running times."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.theme import BODY, font


def label(words: str = "", role: str = "", parent: QWidget | None = None) -> QLabel:
    """A label; `role`: caption, soft, strong, lead, title, figure, display, error (see ui.widgets.look)."""
    made = QLabel(words, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("kind", role)
    return made


def prose(words: str = "", role: str = "", parent: QWidget | None = None) -> QLabel:
    """A label whose words wrap into as many lines as they need."""
    made = label(words, role, parent)
    made.setWordWrap(True)
    made.setMinimumWidth(0)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    policy = made.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    made.setSizePolicy(policy)
    return made


class ElidedLabel(QLabel):
    """One line of words that ends in … where there is no room; the whole then stands in the tool tip.

    A screen reader and a copy get the whole.
    """

    def __init__(
        self,
        words: str = "",
        role: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        """Show `words` as far as they fit."""
        super().__init__(parent)
        self._mode = mode
        self._hint = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if role:
            self.setProperty("kind", role)
        self.setText(words)

    def setText(self, words: str) -> None:
        """Show other words; line breaks become spaces."""
        flat = " ".join(words.split())
        super().setText(flat)
        self.setAccessibleName(flat)
        self._tell()

    def set_hint(self, hint: str) -> None:
        """Words for the tool tip while everything fits."""
        self._hint = hint
        self._tell()

    @property
    def elided(self) -> bool:
        """Whether some words have no room."""
        return self._fitting() != self.text()

    def minimumSizeHint(self) -> QSize:
        """Room for three letters and the …."""
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance("Abc…"), super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """Room for all of it."""
        return QSize(super().sizeHint().width() + 1, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The tool tip depends on the room there is."""
        super().resizeEvent(event)
        self._tell()

    def paintEvent(self, _event: object) -> None:
        """Paint what fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.setFont(self.font())
        painter.drawText(self.contentsRect(), int(self.alignment()), self._fitting())
        painter.end()

    def _fitting(self) -> str:
        return QFontMetrics(self.font()).elidedText(self.text(), self._mode, self.contentsRect().width())

    def _tell(self) -> None:
        self.setToolTip(self.text() if self.elided else self._hint)


def digits(
    role: str = "", size: int = BODY, *, strong: bool = False, parent: QWidget | None = None
) -> QLabel:
    """A label for a figure or a running time: all digits have one width, so that it stands still."""
    made = label("", role, parent)
    made.setFont(font(size, strong=strong, digits=True))
    return made
