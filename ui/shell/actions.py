"""Everything the window can do, as one table: words, key, icon. Menu and shortcuts come from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from ui.history.pane import Keys as HistoryKeys
from ui.routing.state_switch import Keys as StateKeys
from ui.routing.wrap_up import Keys as WrapUpKeys
from ui.telephony.card import Keys as CallKeys
from ui.telephony.dialler import Keys as DialKeys
from ui.theme import theme_of
from ui.widgets.icons import icon
from ui.widgets.words import Words


class Do(StrEnum):
    """What can be done."""

    ANSWER = "answer"
    DECLINE = "decline"
    HOLD = "hold"
    MUTE = "mute"
    KEYPAD = "keypad"
    TRANSFER = "transfer"
    END = "end"
    READY = "ready"
    PAUSE = "pause"
    DONE = "done"
    LONGER = "longer"
    DIAL = "dial"
    SEARCH = "search"
    NOTE = "note"
    BOARD = "board"
    THEME = "theme"
    SETTINGS = "settings"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    SUPPORT = "support"
    QUIT = "quit"


@dataclass(frozen=True)
class Spec:
    """One thing that can be done. `ends` closes a section of the menu."""

    words: str
    keys: str
    icon: str
    ends: bool = False


TABLE: Mapping[Do, Spec] = {
    Do.ANSWER: Spec("Answer", CallKeys.ANSWER, "phone"),
    Do.DECLINE: Spec("Decline", CallKeys.DECLINE, "phone-off"),
    Do.HOLD: Spec("Hold or resume", CallKeys.HOLD, "pause"),
    Do.MUTE: Spec("Mute or unmute", CallKeys.MUTE, "mic-off"),
    Do.KEYPAD: Spec("Keypad", CallKeys.KEYPAD, "grid-3x3"),
    Do.TRANSFER: Spec("Transfer", CallKeys.TRANSFER, "phone-forwarded"),
    Do.END: Spec("End call", CallKeys.END, "phone-off", ends=True),
    Do.READY: Spec("Ready", StateKeys.READY, "circle-check"),
    Do.PAUSE: Spec("Pause", StateKeys.PAUSE, "coffee"),
    Do.DONE: Spec("Finish wrap-up", WrapUpKeys.DONE, "check"),
    Do.LONGER: Spec("Wrap up longer", WrapUpKeys.LONGER, "hourglass", ends=True),
    Do.DIAL: Spec("Call somebody", DialKeys.DIAL, "phone-outgoing"),
    Do.SEARCH: Spec("Search history", HistoryKeys.SEARCH, "search"),
    Do.NOTE: Spec("Write a note", HistoryKeys.NOTE, "pencil", ends=True),
    Do.BOARD: Spec("Wallboard", "Ctrl+B", "chart-line"),
    Do.THEME: Spec("Light or dark", "Ctrl+D", "moon"),
    Do.SETTINGS: Spec("Settings", "Ctrl+,", "settings", ends=True),
    Do.SIGN_IN: Spec("Sign in", "", "log-in"),
    Do.SIGN_OUT: Spec("Sign out", "", "log-out"),
    Do.SUPPORT: Spec("Bundle for support", "", "info"),
    Do.QUIT: Spec("Quit", "Ctrl+Q", "power"),
}


class Actions:
    """The table, bound to a window: its keys work from now on."""

    def __init__(self, window: QWidget, bound: Mapping[Do, Callable[[], object]], words: Words) -> None:
        """`bound` names what each does; all must be there."""
        self._actions: dict[Do, QAction] = {}
        for do, spec in TABLE.items():
            action = QAction(words(spec.words), window)
            if spec.keys:
                action.setShortcut(QKeySequence(spec.keys))
            action.triggered.connect(lambda _on=False, work=bound[do]: work())
            window.addAction(action)
            self._actions[do] = action

    def __getitem__(self, do: Do) -> QAction:
        """The action of what can be done."""
        return self._actions[do]

    def fill(self, menu: QMenu, can: Mapping[Do, bool]) -> None:
        """Put all into a menu; what `can` denies is there and pale, so that its key can be learned.

        Its key is not denied: that it does nothing then is decided where it is carried out.
        """
        menu.clear()
        theme = theme_of(menu)
        for do, spec in TABLE.items():
            entry = menu.addAction(icon(spec.icon, theme.soft, 18), self._actions[do].text())
            entry.setShortcut(self._actions[do].shortcut())
            entry.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown only: the window's own acts
            entry.setEnabled(can.get(do, True))
            entry.triggered.connect(self._actions[do].trigger)
            if spec.ends:
                menu.addSeparator()
