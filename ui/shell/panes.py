"""How the parts of the desk share the width: one column, two, or three."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from ui.theme import XL, M

TWO_FROM = 720
THREE_FROM = 1060
_LEFT = 300
_SETTLE_MS = 10


class Fitting(QScrollArea):
    """As high as its content where there is room; scrolls where there is none."""

    def __init__(self, content: QWidget) -> None:
        """Only downwards: content is as wide as the area."""
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._content = content
        self._wanted: QWidget | None = None
        self._tries = 0
        self.setWidget(content)
        content.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The content wants another height: so does the area."""
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def reveal(self, widget: QWidget) -> None:
        """Scroll so that it can be seen, now or as soon as it has its place."""
        self._wanted = widget
        self._tries = 5
        QTimer.singleShot(0, self._reveal)

    def _reveal(self) -> None:
        wanted = self._wanted
        if wanted is not None and isValid(wanted) and wanted.isVisible() and wanted.height() > 0:
            self.ensureWidgetVisible(wanted, 0, 0)
        self._tries -= 1
        if self._tries > 0:  # nested layouts settle one after the other
            QTimer.singleShot(_SETTLE_MS, self._reveal)
        else:
            self._wanted = None

    def sizeHint(self) -> QSize:
        """The content's."""
        wanted = self._content.sizeHint()
        layout = self._content.layout()
        if layout is not None and layout.hasHeightForWidth() and self.viewport().width() > 0:
            wanted.setHeight(layout.totalHeightForWidth(self.viewport().width()))
        return wanted

    def minimumSizeHint(self) -> QSize:
        """Room for what matters most; the rest scrolls."""
        return QSize(self._content.minimumSizeHint().width(), min(120, self.sizeHint().height()))


class Panes(QWidget):
    """Dial, work and history, arranged anew when the width asks for it."""

    def __init__(self, dial: QWidget, work: QWidget, history: QWidget, parent: QWidget | None = None) -> None:
        """`dial` and `work` stand in one column unless there is room for three."""
        super().__init__(parent)
        self._dial = dial
        self._history = history
        self.columns = 0
        self._side = QWidget()
        self._side.setFixedWidth(_LEFT)
        self._side_column = QVBoxLayout(self._side)
        self._side_column.setContentsMargins(0, 0, 0, 0)
        self._side_column.setSpacing(XL)
        self._side_column.addStretch(1)
        content = QWidget()
        self._work_column = QVBoxLayout(content)
        self._work_column.setContentsMargins(0, 0, 0, 0)
        self._work_column.setSpacing(M)
        self._work_column.addWidget(work)
        self._middle = Fitting(content)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(M)
        self.arrange(1)

    def put_aside(self, widget: QWidget) -> None:
        """Put something under the dial field, in the column of its own that three columns have."""
        self._side_column.insertWidget(1, widget)

    def reveal(self, widget: QWidget) -> None:
        """Scroll so that it can be seen."""
        self._middle.reveal(widget)

    def arrange(self, columns: int) -> bool:
        """Use that many columns; False when it does already."""
        if columns == self.columns:
            return False
        self.columns = columns
        for part in (self._side, self._middle, self._history):
            self._grid.removeWidget(part)
        home = self._side_column if columns == 3 else self._work_column
        home.insertWidget(0, self._dial)
        self._side.setVisible(columns == 3)
        for place in range(3):
            self._grid.setColumnStretch(place, 0)
            self._grid.setRowStretch(place, 0)
        tall = QSizePolicy.Policy.Maximum if columns == 1 else QSizePolicy.Policy.Expanding
        self._middle.setSizePolicy(QSizePolicy.Policy.Preferred, tall)
        if columns == 1:
            self._grid.addWidget(self._middle, 0, 0)
            self._grid.addWidget(self._history, 1, 0)
            self._grid.setRowStretch(1, 1)
            self._grid.setColumnStretch(0, 1)
        elif columns == 2:
            self._grid.addWidget(self._middle, 0, 0)
            self._grid.addWidget(self._history, 0, 1)
            self._grid.setColumnStretch(0, 1)
            self._grid.setColumnStretch(1, 1)
        else:
            self._grid.addWidget(self._side, 0, 0)
            self._grid.addWidget(self._middle, 0, 1)
            self._grid.addWidget(self._history, 0, 2)
            self._grid.setColumnStretch(1, 5)
            self._grid.setColumnStretch(2, 4)
        return True


def columns_for(width: int) -> int:
    """How many columns fit into a width."""
    if width >= THREE_FROM:
        return 3
    return 2 if width >= TWO_FROM else 1
