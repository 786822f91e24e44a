"""A row that goes on in the next line where there is no room."""

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from ui.theme import S


class FlowLayout(QLayout):
    """Items one after the other, wrapped like words."""

    def __init__(
        self, parent: QWidget | None = None, spacing: int = S, line_spacing: int | None = None
    ) -> None:
        """An empty row; `line_spacing` between lines, by default as between items."""
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._between_lines = spacing if line_spacing is None else line_spacing
        self.setSpacing(spacing)
        self.setContentsMargins(QMargins(0, 0, 0, 0))

    def addItem(self, item: QLayoutItem) -> None:
        """Append."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The item, or None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take it out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """None: it takes what it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of the lines at that width."""
        around = self.contentsMargins()
        inner = width - around.left() - around.right()
        return self._place(QRect(0, 0, inner, 0), move=False) + around.top() + around.bottom()

    def setGeometry(self, rect: QRect) -> None:
        """Place the items."""
        super().setGeometry(rect)
        self._place(rect.marginsRemoved(self.contentsMargins()), move=True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(hint.width() for hint in hints) + self.spacing() * max(0, len(hints) - 1)
        made = QSize(width, max((hint.height() for hint in hints), default=0))
        return made.grownBy(self.contentsMargins())

    def minimumSize(self) -> QSize:
        """The widest item alone."""
        made = QSize()
        for item in self._items:
            made = made.expandedTo(item.minimumSize())
        return made.grownBy(self.contentsMargins())

    def _place(self, rect: QRect, *, move: bool) -> int:
        at = rect.topLeft()
        line = 0
        for item in self._items:
            if item.isEmpty():
                continue
            hint = item.sizeHint().boundedTo(QSize(max(rect.width(), item.minimumSize().width()), 10_000))
            if at.x() > rect.x() and at.x() + hint.width() > rect.right() + 1:
                at = QPoint(rect.x(), at.y() + line + self._between_lines)
                line = 0
            if move:
                item.setGeometry(QRect(at, hint))
            at = QPoint(at.x() + hint.width() + self.spacing(), at.y())
            line = max(line, hint.height())
        return at.y() + line - rect.y()
