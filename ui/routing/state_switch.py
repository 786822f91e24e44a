"""The agent's state: what it is, since when, what was asked for; ready and pause under two keys."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from ui.routing.presenter import StateShown
from ui.theme import LEAD, STATE_ICONS, M, S, theme_of
from ui.widgets.buttons import ActionButton
from ui.widgets.icons import IconLabel
from ui.widgets.labels import ElidedLabel, digits
from ui.widgets.times import running
from ui.widgets.words import Words


class Keys:
    """The keys of the switch, in portable form."""

    READY = "Ctrl+R"
    PAUSE = "Ctrl+P"


class StateSwitch(QWidget):
    """Shows what the centre says, never what was clicked: that stands beside it until it is done."""

    ready_wanted = Signal()
    pause_wanted = Signal(str)  # the reason

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        """Nothing known yet."""
        super().__init__(parent)
        self._words = words
        self._shown: StateShown | None = None
        self._icon = IconLabel("power", 28)
        self._state = ElidedLabel(role="lead")
        self._hint = ElidedLabel(role="caption")
        self._time = digits(size=LEAD)
        self.ready = ActionButton(words("Ready"), "circle-check", keys=Keys.READY)
        self.ready.clicked.connect(self.ready_wanted)
        self.pause = ActionButton(words("Pause"), "coffee", keys=Keys.PAUSE)
        self._menu = QMenu(self.pause)
        self.pause.setMenu(self._menu)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self._state)
        names.addWidget(self._hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(M)
        row.addWidget(self._icon)
        row.addLayout(names, 1)
        row.addWidget(self._time)
        row.addSpacing(S)
        row.addWidget(self.ready)
        row.addWidget(self.pause)

    @property
    def shown(self) -> StateShown | None:
        """What it shows."""
        return self._shown

    @property
    def reasons(self) -> list[str]:
        """What can be chosen as the reason of a pause."""
        return [str(action.data()) for action in self._menu.actions()]

    def set_reasons(self, reasons: Sequence[str]) -> None:
        """The reasons that the centre takes; the first nine have a number key in the menu."""
        if list(reasons) == self.reasons:
            return
        self._menu.clear()
        for place, reason in enumerate(reasons, start=1):
            key = f"&{place}  " if place < 10 else ""
            action = self._menu.addAction(key + self._words(reason))
            action.setData(reason)
            action.triggered.connect(lambda _on=False, why=reason: self.pause_wanted.emit(why))

    def show_state(self, shown: StateShown) -> None:
        """Show the state as it is now."""
        self._shown = shown
        self._icon.show_icon(STATE_ICONS[shown.state], "text")
        self._state.setText(shown.words)
        self._hint.setText(shown.hint)
        self._hint.setVisible(bool(shown.hint))
        self.ready.setEnabled(shown.can_ready)
        self.pause.setEnabled(shown.can_pause)
        kind = "primary" if shown.ready_leads else ""
        if (self.ready.property("kind") or "") != kind:
            self.ready.setProperty("kind", kind)
            self.ready.style().unpolish(self.ready)
            self.ready.style().polish(self.ready)
        self.setAccessibleName(self._words("Your state: {state}", state=shown.words))
        self._tint()

    def tick(self, now: datetime) -> None:
        """Bring the time in state up to date."""
        since = self._shown.since if self._shown else None
        self._time.setText(running((now - since).total_seconds()) if since else "")

    def open_pauses(self) -> None:
        """Open the list of reasons, when pausing is possible."""
        if self.pause.isEnabled() and self._menu.actions():
            self.pause.showMenu()

    def show_narrow(self, *, narrow: bool) -> None:
        """With little room the keys show their icons alone; tool tip and screen reader keep the words."""
        for button in (self.ready, self.pause):
            button.set_bare(bare=narrow)

    def _tint(self) -> None:
        if self._shown is not None:
            self._icon.show_icon(STATE_ICONS[self._shown.state], f"state.{self._shown.state}")
            self._time.setStyleSheet(f"color: {theme_of(self).soft};")
