"""The line at the foot of the window: how the desk is connected, always there, in words."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.shell.presenter import Said
from ui.theme import XS, M, S
from ui.widgets.flow import FlowLayout
from ui.widgets.icons import IconLabel
from ui.widgets.labels import ElidedLabel


class StatusLine(QWidget):
    """One entry for the centre, one for the telephone account, one for the sound, one for
    callers turned away.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        """Nothing to say yet."""
        super().__init__(parent)
        row = FlowLayout(self, M)
        row.setContentsMargins(M, XS, M, S)
        self.link = _Entry()
        self.registration = _Entry()
        self.sound = _Entry()
        self.strangers = _Entry()
        row.addWidget(self.link)
        row.addWidget(self.registration)
        row.addWidget(self.sound)
        row.addWidget(self.strangers)


class _Entry(QWidget):
    """Icon and words, or nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._icon = IconLabel("circle", 14, "soft")
        self._words = ElidedLabel(role="caption")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(XS)
        row.addWidget(self._icon)
        row.addWidget(self._words, 1)
        self.hide()

    @property
    def words(self) -> str:
        """What it says, "" while it says nothing."""
        return "" if self.isHidden() else self._words.text()

    def say(self, said: Said | None) -> None:
        """Say it; None says nothing."""
        self.setVisible(said is not None)
        if said is None:
            return
        self._icon.show_icon(said.icon, f"{said.tone}.mark")
        self._words.setText(said.words)
        self._words.set_hint(said.detail)
        self.setAccessibleName(f"{said.words} {said.detail}".strip())
