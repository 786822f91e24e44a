"""The strip in which a supervisor is in an agent's call: how, on which phone, what is so now, and the end."""

from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from console.domain.events import MonitoringMode
from ui.metrics.ink import type_of
from ui.metrics.tongue import Tongue
from ui.theme import M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.labels import ElidedLabel, digits, label, prose

_ICONS = {
    MonitoringMode.LISTEN: "headphones",
    MonitoringMode.WHISPER: "mic",
    MonitoringMode.BARGE: "users",
}
_LEAVES = "phone-off"
_FINGER = 20  # a button's least height at scale 1, without its frame


class Stage(Enum):
    """What the strip is about."""

    HIDDEN = 0
    ASKED = 1  # how, and on which phone?
    BEGUN = 2  # the centre was asked
    RINGING = 3
    INSIDE = 4
    OVER = 5  # only words are left


class ListenStrip(QFrame):
    """Asks how to be in a call, then says how one is. Enter begins, Esc puts it away or leaves the call.

    It changes nothing by itself: `began`, `changed` and `left` tell what is wanted, and what came of it is
    put back by `ring`, `put_inside`, `end` or `tell`.
    """

    began = Signal(object, str)  # MonitoringMode, the phone's address or ""
    changed = Signal(object)  # MonitoringMode
    left = Signal()  # out of the call, please
    closed = Signal()

    def __init__(self, tongue: Tongue, parent: QWidget | None = None) -> None:
        """Hidden until `ask` or `end`."""
        super().__init__(parent)
        self.setProperty("card", "sunken")
        self._tongue = tongue
        self._agent = ""
        self._mode = MonitoringMode.LISTEN
        self.stage = Stage.HIDDEN
        say = tongue.say
        self.title = ElidedLabel(role="strong")
        self.modes = {mode: ActionButton(say(f"mode {mode}"), _ICONS[mode]) for mode in MonitoringMode}
        self._group = QButtonGroup(self)
        for mode, button in self.modes.items():
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _on, mode=mode: self._choose(mode))
        self._make_phone()
        self.state = prose("", "strong")
        self.time = digits("soft")
        self.others = prose("", "soft")
        self.error = prose("", "error")
        self.hint = prose("", "soft")
        self.do = ActionButton(say("listen do"), "phone", kind="primary")
        self.do.clicked.connect(self._go)
        self.leave = ActionButton(say("listen leave"), _LEAVES)
        self.leave.clicked.connect(self.left)
        self.cancel = ActionButton(say("cancel"))
        self.cancel.clicked.connect(self.put_away)
        self._lay_out()
        self.hide()

    def _make_phone(self) -> None:
        say = self._tongue.say
        self.phone = QLineEdit()
        self.phone.setPlaceholderText(say("listen phone hint"))
        self.phone.setAccessibleName(say("listen phone"))
        self.phone.setMaxLength(255)
        self._phone_name = label(say("listen phone"))
        self._phone_name.setBuddy(self.phone)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.time)
        modes = QHBoxLayout()
        for button in self.modes.values():
            modes.addWidget(button, 1)
        phone = QHBoxLayout()
        phone.addWidget(self._phone_name)
        phone.addWidget(self.phone, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.hint, 1)
        foot.addWidget(self.do)
        foot.addWidget(self.leave)
        foot.addWidget(self.cancel)
        self._rows = (top, modes, phone, foot)
        self._column = QVBoxLayout(self)
        self._column.addLayout(top)
        self._column.addWidget(self.others)
        self._column.addWidget(self.state)
        self._column.addLayout(modes)
        self._column.addLayout(phone)
        self._column.addWidget(self.error)
        self._column.addLayout(foot)
        self.set_scale(1.0)

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        self._column.setContentsMargins(*(round(side * scale) for side in (M, S, M, S)))
        for row in (self._column, *self._rows):
            row.setSpacing(round(S * scale))
        tall, side = round(_FINGER * scale), round(M * scale)
        self.setStyleSheet(
            f"QLabel, QLineEdit, QPushButton {{ font-size: {round(13 * scale)}px; }}"
            f"QPushButton {{ min-height: {tall + 2}px; padding: 0 {side}px; }}"
            f"QPushButton:focus {{ min-height: {tall}px; padding: 0 {side - 1}px; }}"
            f"QLineEdit {{ min-height: {tall}px; }}"
        )
        for part in (self.title, self.state, self.time, self.do):
            part.setFont(_font(scale, strong=part is not self.time))

    # ---- what it shows

    @property
    def mode(self) -> MonitoringMode:
        """How one is in the call, or wants to be."""
        return self._mode

    def ask(self, agent: str, phone: str) -> None:
        """Ask how to be in the call of an agent, by name; `phone` is the address of the last time."""
        self._enter(Stage.ASKED, agent)
        self.show_others("")
        self.phone.setText(phone)
        self._mark(MonitoringMode.LISTEN)
        self.do.say(self._tongue.say("listen do"))
        self.modes[MonitoringMode.LISTEN].setFocus()

    def ring(self, agent: str, mode: MonitoringMode) -> None:
        """The supervisor's phone rings."""
        if self.stage is not Stage.RINGING:
            ours = self._holds_focus()
            self._enter(Stage.RINGING, agent)
            if ours:
                self.leave.setFocus()
        self._mark(mode)
        self.state.setText(self._tongue.say("listen rings"))

    def put_inside(self, agent: str, mode: MonitoringMode, seconds: float) -> None:
        """In the call, this way, for so many seconds."""
        if self.stage is not Stage.INSIDE:
            self._enter(Stage.INSIDE, agent)
        self._mark(mode)
        self.state.setText(self._tongue.say(f"in {mode}", agent=agent))
        self.time.setText(self._tongue.duration(seconds))

    def end(self, words: str) -> None:
        """It is over, or cannot be: only these words are left, until Esc."""
        ours = self._holds_focus()
        self._enter(Stage.OVER, self._agent)
        self.title.setText(words)
        if ours:
            self.cancel.setFocus()

    def show_others(self, who: str) -> None:
        """Who else is in this call, "" for nobody."""
        words = self._tongue.say("listen others", who=who) if who else ""
        self.others.setText(words)
        self.others.setVisible(bool(words) and self.stage is not Stage.OVER)

    def tell(self, error: str) -> None:
        """Something could not be done, "" for nothing; what was asked for can be asked for again."""
        if self.stage is Stage.BEGUN:
            self.stage = Stage.ASKED
            self.do.say(self._tongue.say("listen do"))
        self.error.setText(error)
        self.error.setVisible(bool(error))

    def put_away(self) -> None:
        """Close."""
        if self.stage is not Stage.HIDDEN:
            ours = self._holds_focus()
            self.stage = Stage.HIDDEN
            self.hide()
            if ours:
                self.closed.emit()

    def _enter(self, stage: Stage, agent: str) -> None:
        self.stage = stage
        self._agent = agent
        asked, over = stage is Stage.ASKED, stage is Stage.OVER
        self.title.setText(self._tongue.say("listen title", agent=agent))
        self.title.setToolTip(self.title.text())
        for shown, parts in (
            (asked, (self._phone_name, self.phone, self.do)),
            (asked or over, (self.cancel,)),
            (stage in (Stage.RINGING, Stage.INSIDE), (self.state, self.leave)),
            (not over, tuple(self.modes.values())),
            (stage is Stage.INSIDE, (self.time,)),
        ):
            for part in parts:
                part.setVisible(shown)
        for button in self.modes.values():
            button.setEnabled(stage is not Stage.RINGING)
        self._group_modes(asked=asked)
        self.cancel.say(self._tongue.say("close" if over else "cancel"))
        if over:
            self.others.hide()
            self.hint.setText("")
        self.tell("")
        self.show()

    def _group_modes(self, *, asked: bool) -> None:
        """Arrow keys choose as long as nothing happens by it; in a call they only move."""
        for button in self.modes.values():
            if asked:
                self._group.addButton(button)
            else:
                self._group.removeButton(button)
                button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _mark(self, mode: MonitoringMode) -> None:
        self._mode = mode
        for one, button in self.modes.items():
            button.setChecked(one is mode)
            button.say(self._tongue.say(f"mode {one}"), "check" if one is mode else _ICONS[one])
            button.setToolTip(self._tongue.say(f"hears {one}", agent=self._agent))
            button.setAccessibleDescription(button.toolTip())
        asked = self.stage is Stage.ASKED
        self.hint.setText(
            self._tongue.say(f"hears {mode}", agent=self._agent)
            if asked
            else self._tongue.say("listen leave hint")
        )

    # ---- what hands do

    def _choose(self, mode: MonitoringMode) -> None:
        if self.stage is Stage.ASKED:
            self._mark(mode)
        elif self.stage is Stage.INSIDE:
            wanted = mode is not self._mode
            self._mark(self._mode)  # until it is a fact
            if wanted:
                self.changed.emit(mode)
        else:
            self._mark(self._mode)

    def _go(self) -> None:
        if self.stage is not Stage.ASKED:
            return
        self.tell("")
        self.stage = Stage.BEGUN
        self.do.say(self._tongue.say("order asking"))
        phone = self.phone.text().strip()
        if "@" in phone and ":" not in phone.partition("@")[0] and not phone.startswith("PJSIP/"):
            phone = f"sip:{phone}"
        self.began.emit(self._mode, phone)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter begins, or presses the button that has the keyboard; Esc puts away or leaves."""
        key, here = event.key(), self.focusWidget()
        if key == Qt.Key.Key_Escape:
            self.escape()
        elif key not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
        elif isinstance(here, ActionButton) and (self.stage is not Stage.ASKED or here is self.cancel):
            here.click()
        else:
            self._go()

    def escape(self) -> None:
        """Leave the call, or put away what is only words."""
        if self.stage in (Stage.RINGING, Stage.INSIDE):
            self.left.emit()
        else:
            self.put_away()

    def _holds_focus(self) -> bool:
        here = QApplication.focusWidget()
        return here is not None and (here is self or self.isAncestorOf(here))


def _font(scale: float, *, strong: bool) -> QFont:
    return type_of(round(13 * scale), strong=strong)
