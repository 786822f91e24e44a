"""The agent's state: what it is, since when, what was asked for; ready and pause under two keys."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from ui.routing.presenter import StateShown
from ui.theme import CAPTION, LEAD, STATE_ICONS, XS, M, S, font
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
    pause_wanted = Signal(str)  # the reason; at once
    pause_after_wanted = Signal(str)  # the reason; after the work at hand
    sign_in_wanted = Signal()

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        """Nothing known yet."""
        super().__init__(parent)
        self._words = words
        self._shown: StateShown | None = None
        self._icon = IconLabel("power", 28)
        self._state = ElidedLabel(role="lead")
        self._hint = ElidedLabel(role="caption")
        self._time = digits("soft", LEAD)
        self.ready = ActionButton(words("Ready"), "circle-check", keys=Keys.READY)
        self.ready.clicked.connect(self.ready_wanted)
        self.pause = ActionButton(words("Pause…"), "coffee", keys=Keys.PAUSE)
        self._menu = QMenu(self.pause)
        self._menu.setToolTipsVisible(True)
        self.pause.setMenu(self._menu)
        self._reasons: list[str] = []
        self._filled: tuple[str, str, tuple[str, ...]] | None = None
        self._kinds: list[QMenu] = []
        self.sign_in = ActionButton(words("Sign in"), "log-in", kind="primary")
        self.sign_in.clicked.connect(self.sign_in_wanted)
        self._narrow = False
        self._names = QGridLayout()
        self._names.setSpacing(0)
        self._names.setHorizontalSpacing(S)
        self._names.setColumnStretch(2, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(XS)
        self._column.addLayout(self._make_row())
        self._place_names()

    def _make_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(M)
        row.addWidget(self._icon)
        row.addLayout(self._names, 1)
        for button in (self.sign_in, self.ready, self.pause):
            row.addWidget(button)
        return row

    @property
    def shown(self) -> StateShown | None:
        """What it shows."""
        return self._shown

    @property
    def reasons(self) -> list[str]:
        """What can be chosen as the reason of a pause."""
        return list(self._reasons)

    @property
    def pauses(self) -> dict[str, list[QAction]]:
        """What the list offers: the reasons under "", or under the words for now and for afterwards."""
        found: dict[str, list[QAction]] = {}
        for action in self._menu.actions():
            menu = action.menu()
            if isinstance(menu, QMenu):
                found[action.text().replace("&", "")] = list(menu.actions())
            else:
                found.setdefault("", []).append(action)
        return found

    def set_reasons(self, reasons: Sequence[str]) -> None:
        """The reasons that the centre takes; the first nine have a number key in the menu."""
        self._reasons = list(reasons)
        self._fill()

    def show_state(self, shown: StateShown) -> None:
        """Show the state as it is now."""
        self._shown = shown
        self._icon.show_icon(STATE_ICONS[shown.state], f"state.{shown.state}")
        self._say(shown)
        self.ready.setEnabled(shown.can_ready)
        self.pause.setEnabled(shown.can_pause)
        self._fill()
        self.ready.set_kind("primary" if shown.ready_leads else "")
        self._show_keys(shown)

    def tick(self, now: datetime) -> None:
        """Bring the time in state up to date."""
        since = self._shown.since if self._shown else None
        self._time.setText(running((now - since).total_seconds()) if since else "")

    def open_pauses(self) -> None:
        """Open the list of reasons, when pausing is possible."""
        if self.pause.isEnabled() and self._menu.actions():
            self._menu.setActiveAction(self._menu.actions()[0])
            self.pause.showMenu()

    def show_narrow(self, *, narrow: bool) -> None:
        """With little room one key has words, and the time stands below."""
        if narrow != self._narrow:
            self._narrow = narrow
            self._place_names()
            if self._shown is not None:
                self._say(self._shown)
                self._show_keys(self._shown)

    def _fill(self) -> None:
        """With work at hand there are two kinds of pause, else the reasons alone."""
        after, now = (self._shown.pause_after, self._shown.pause_now) if self._shown else ("", "")
        wanted = (after, now, tuple(self._reasons))
        if wanted == self._filled:
            return
        self._filled = wanted
        for menu in self._kinds:
            menu.deleteLater()
        self._kinds = []
        self._menu.clear()
        if not after:
            self._add_reasons(self._menu, self.pause_wanted)
            return
        for words, tip, wish in (
            (after, self._words("Only then: nothing is cut short."), self.pause_after_wanted),
            (self._words("Pause &now"), now, self.pause_wanted),
        ):
            menu = QMenu(words, self._menu)
            self._kinds.append(menu)
            self._menu.addMenu(menu).setToolTip(tip)
            self._add_reasons(menu, wish)

    def _add_reasons(self, menu: QMenu, wish: SignalInstance) -> None:
        for place, reason in enumerate(self._reasons, start=1):
            key = f"&{place}  " if place < 10 else ""
            action = menu.addAction(key + self._words(reason))
            action.setData(reason)
            action.triggered.connect(lambda _on=False, why=reason: wish.emit(why))

    def _place_names(self) -> None:
        for part in (self._state, self._time, self._hint):
            self._names.removeWidget(part)
        self._column.removeWidget(self._hint)
        self._names.addWidget(self._state, 0, 0, 1, 3 if self._narrow else 1)
        if self._narrow:
            self._names.addWidget(self._time, 1, 0)
            self._column.addWidget(self._hint)
        else:
            self._names.addWidget(self._time, 0, 1)
            self._names.addWidget(self._hint, 1, 0, 1, 3)
        self._time.setFont(font(CAPTION if self._narrow else LEAD, digits=True))

    def _say(self, shown: StateShown) -> None:
        whole = f"{shown.words}: {shown.reason}" if shown.reason else shown.words
        self._state.setText(shown.words if self._narrow else whole)
        hint = f"{shown.reason} · {shown.hint}" if self._narrow and shown.reason else shown.hint
        self._hint.setText(hint)
        self._hint.setVisible(bool(shown.hint))
        self.setAccessibleName(self._words("Your state: {state}", state=whole))

    def _show_keys(self, shown: StateShown) -> None:
        self.sign_in.setVisible(shown.can_sign_in)
        linked = not shown.can_sign_in
        self.ready.setVisible(linked and (shown.can_ready or not self._narrow))
        self.pause.setVisible(linked)
        self.pause.set_bare(bare=self._narrow and shown.can_ready)
