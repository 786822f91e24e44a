"""After a call: what came of it, written in the time that is left, and done."""

from datetime import datetime, timedelta

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.domain.agent import AgentState
from console.wire import AgentView
from ui.routing.presenter import WrapUpShown, present_wrap_up
from ui.theme import LEAD, L, M, S, theme_of
from ui.widgets.badge import Badge
from ui.widgets.buttons import ActionButton
from ui.widgets.labels import ElidedLabel, digits, prose
from ui.widgets.times import running
from ui.widgets.words import Words


class Keys:
    """The key of wrap-up, in portable form."""

    DONE = "Ctrl+Return"
    LONGER = "Ctrl+Shift+Return"


class WrapUpPanel(QFrame):
    """Shown while the centre says that the agent wraps up. `editor` writes outcome and note on the call.

    The time is the centre's: it alone makes it longer, and nothing written is lost when it is over.
    """

    done_wanted = Signal()
    longer_wanted = Signal()

    def __init__(self, editor: QWidget, words: Words, parent: QWidget | None = None) -> None:
        """Hidden until `show_view` is told of a wrap-up."""
        super().__init__(parent)
        self._words = words
        self._view: AgentView | None = None
        self._offset = timedelta()
        self._whole_s = 0.0
        self.setProperty("card", "wrap_up")
        self.editor = editor
        self._badge = Badge()
        self._badge.show_state(AgentState.WRAP_UP, words("Wrap-up"))
        self._time = digits(size=LEAD, strong=True)
        self._who = ElidedLabel(role="lead")
        self._bar = _Bar()
        self._hint = prose("", "caption")
        self._done = ActionButton(words("Done"), "check", kind="primary", keys=Keys.DONE)
        self._done.clicked.connect(self.done_wanted)
        self._longer = ActionButton(words("Longer"), "hourglass", keys=Keys.LONGER)
        self._longer.clicked.connect(self.ask_longer)
        self._asking = False
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addWidget(self._done, 3)
        buttons.addWidget(self._longer, 2)
        top = QHBoxLayout()
        top.addWidget(self._badge)
        top.addStretch(1)
        top.addWidget(self._time)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, M, L, L)
        column.setSpacing(S)
        column.addLayout(top)
        for part in (self._bar, self._who, self.editor, self._hint):
            column.addWidget(part)
        column.addLayout(buttons)

    @property
    def stops(self) -> list[QWidget]:
        """Where Tab stops after the note."""
        return [self._done, self._longer]

    @property
    def longer(self) -> ActionButton:
        """The key that asks for more time."""
        return self._longer

    @property
    def hint(self) -> str:
        """What stands under the note."""
        return self._hint.text()

    def ask_longer(self) -> None:
        """Ask for more time, once until the centre has answered."""
        if self.isVisible() and self._longer.isEnabled() and not self._asking:
            self._asking = True
            self.longer_wanted.emit()

    def answered(self) -> None:
        """The centre answered what was asked for, in whatever way."""
        self._asking = False

    @property
    def time(self) -> str:
        """The time that is left, as shown."""
        return self._time.text()

    def show_view(self, view: AgentView | None, offset: timedelta, who: str) -> None:
        """The centre's view changed; `who` is whom the call was with."""
        self._view = view if view is not None and view.state is AgentState.WRAP_UP else None
        self._offset = offset
        self._asking = False
        self.setVisible(self._view is not None)
        if self._view is None:
            return
        if self._view.wrap_up_until is not None:
            self._whole_s = (self._view.wrap_up_until - self._view.since).total_seconds()
        self._who.setText(
            self._words("After the call with {name}", name=who) if who else self._words("After the call")
        )

    def tick(self, now: datetime) -> None:
        """A second passed."""
        if self._view is None:
            return
        shown = present_wrap_up(self._view, now, self._offset, self._words)
        self._show_longer(shown)
        self._time.setText("" if shown.left_s is None else running(shown.left_s))
        share = shown.left_s / self._whole_s if shown.left_s is not None and self._whole_s > 0 else None
        self._bar.show_share(share, urgent=shown.urgent)

    def _show_longer(self, shown: WrapUpShown) -> None:
        self._hint.setText(f"{shown.words} {shown.longer_why}".strip())
        if not shown.can_longer and self._longer.hasFocus():
            self.editor.setFocus()  # not on to the key beside it: the next press would end the wrap-up
        self._longer.setVisible(bool(shown.longer))
        if shown.longer:
            self._longer.setEnabled(shown.can_longer)
            self._longer.say(shown.longer)
            self._longer.setToolTip(f"{self._longer.toolTip()}\n{shown.longer_why}")


class _Bar(QWidget):
    """How much of the time is left; the figure beside it says the same."""

    def __init__(self) -> None:
        super().__init__()
        self._share: float | None = None
        self._urgent = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(100, 4)

    def show_share(self, share: float | None, *, urgent: bool) -> None:
        self._share, self._urgent = share, urgent
        self.setVisible(share is not None)
        self.update()

    def paintEvent(self, _event: object) -> None:
        theme = theme_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.sunken))
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
        tone = theme.critical if self._urgent else theme.states[AgentState.WRAP_UP]
        painter.setBrush(QColor(tone.mark))
        share = min(1.0, max(0.0, self._share or 0.0))
        painter.drawRoundedRect(QRectF(0, 0, self.width() * share, self.height()), 2, 2)
        painter.end()
