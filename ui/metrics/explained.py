"""Why an interaction is where it is: the centre's decisions as text that can be read, marked and copied."""

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from ui.metrics.services import Step
from ui.metrics.tongue import Tongue
from ui.theme import M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.labels import ElidedLabel

STILL_WAITS = "StillWaits"


def told(steps: Sequence[Step], tongue: Tongue) -> str:
    """The decisions as lines, the newest first: what a supervisor asks is why it is so now."""
    blocks = []
    for step in reversed(steps):
        now = step.what == STILL_WAITS
        lines = [f"{tongue.time(step.at)}  {tongue.reason(step.why)}"]
        for one in step.possible:
            key = "explain got" if one.agent in step.agents else "explain can" if now else "explain could"
            lines.append("      " + tongue.say(key, name=one.name, claim=tongue.reason(one.claim)))
        for other in step.excluded:
            reasons = "; ".join(tongue.reason(reason.words) for reason in other.reasons)
            key = "explain cannot" if now else "explain not"
            lines.append("      " + tongue.say(key, name=other.name, reasons=reasons))
        blocks.append("\n".join(lines))
    return "\n".join(blocks) or tongue.say("explain nothing")


class WhyPanel(QFrame):
    """The text under those who wait; Esc puts it away."""

    closed = Signal()

    def __init__(self, tongue: Tongue, parent: QWidget | None = None) -> None:
        """Hidden until `ask`."""
        super().__init__(parent)
        self.setProperty("card", "true")
        self._tongue = tongue
        self._asked: UUID | None = None
        self.title = ElidedLabel(role="strong")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(96)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByKeyboard | Qt.TextInteractionFlag.TextSelectableByMouse
        )
        close = ActionButton(tongue.say("close"), "x", kind="quiet", bare=True)
        close.clicked.connect(self.put_away)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(M, S, M, M)
        column.setSpacing(S)
        column.addLayout(top)
        column.addWidget(self.text, 1)
        self.hide()

    def ask(self, interaction: UUID, who: str) -> None:
        """The centre is being asked about one."""
        self._asked = interaction
        self.title.setText(self._tongue.say("explain title", caller=who))
        self.text.setAccessibleName(self.title.text())
        self.text.setPlainText(self._tongue.say("explain asking"))
        self.show()

    def show_steps(self, interaction: UUID, steps: Sequence[Step]) -> None:
        """The centre's answer about that one; one that was asked about before is passed over."""
        if interaction == self._asked:
            self.text.setPlainText(told(steps, self._tongue))
            self.text.setFocus()

    def fail(self, interaction: UUID, reason: str) -> None:
        """The centre did not answer."""
        if interaction == self._asked:
            self.text.setPlainText(self._tongue.say("explain failed", reason=reason))

    def put_away(self) -> None:
        """Close."""
        self._asked = None
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts it away."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
        else:
            super().keyPressEvent(event)
