"""What goes along with the call at hand: SIP headers and variables that the centre was told to keep."""

from collections.abc import Mapping
from itertools import islice

from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from ui.theme import S
from ui.widgets.labels import ElidedLabel, label
from ui.widgets.words import Words

_SHOWN = 5


class AttachedData(QWidget):
    """Part of a call's card: names and values. A value can be marked and copied, by mouse and by key."""

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        """Hidden until there is something."""
        super().__init__(parent)
        self._words = words
        self._attached: dict[str, str] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(S)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 2)
        self._grid.setColumnStretch(1, 3)
        self.hide()

    @property
    def stops(self) -> list[QWidget]:
        """Where Tab stops, in order."""
        return [field for field in self.findChildren(QLineEdit) if field.isVisibleTo(self)]

    def show_attached(self, attached: Mapping[str, str]) -> None:
        """Show these."""
        if attached == self._attached:
            return
        self._attached = dict(attached)
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for row, (name, value) in enumerate(islice(attached.items(), _SHOWN)):
            self._add(row, shown_name(name), value)
        if rest := list(islice(attached.items(), _SHOWN, None)):
            more = label(self._words("and {count} more", count=len(rest)), "caption")
            more.setToolTip("\n".join(f"{shown_name(name)}: {value}" for name, value in rest))
            self._grid.addWidget(more, _SHOWN, 0, 1, 2)
        self.setVisible(bool(attached))

    def _add(self, row: int, name: str, value: str) -> None:
        field = QLineEdit(value)
        field.setReadOnly(True)
        field.setProperty("plain", True)  # noqa: FBT003 - Qt's property
        field.setCursorPosition(0)
        field.setAccessibleName(name)
        field.setToolTip(value)
        self._grid.addWidget(ElidedLabel(name, "caption"), row, 0)
        self._grid.addWidget(field, row, 1)


def shown_name(name: str) -> str:
    """`X-Customer-Id` as people write it: Customer Id."""
    bare = name[2:] if name[:2].lower() == "x-" else name
    return bare.replace("-", " ").replace("_", " ").strip() or name
