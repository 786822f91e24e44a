"""One call on the screen: who, on which queue, for how long, how well, and all that can be done with it."""

from datetime import datetime
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui.telephony.attached import AttachedData
from ui.telephony.keypad import DTMF, Keypad
from ui.telephony.presenter import CallShown
from ui.telephony.quality import QualityMark
from ui.telephony.recording import RecordingBar
from ui.telephony.services import Recording
from ui.theme import CAPTION, LEAD, XS, L, M, S
from ui.widgets.badge import Badge
from ui.widgets.buttons import ActionButton, ToolKey
from ui.widgets.flow import FlowLayout
from ui.widgets.icons import IconLabel
from ui.widgets.labels import ElidedLabel, digits, label
from ui.widgets.times import running, spoken
from ui.widgets.words import Words


class Keys:
    """The keys of a call, in portable form. The window binds them, the cards name them."""

    ANSWER = "F2"
    HOLD = "F3"
    MUTE = "F4"
    KEYPAD = "F6"
    TRANSFER = "F7"
    END = "F8"
    DECLINE = "Shift+F8"


class CallCard(QFrame):
    """A live call. It changes only by `show_call`; a click tells what is wanted, with the call's id."""

    answer_wanted = Signal(object)
    decline_wanted = Signal(object)
    end_wanted = Signal(object)
    hold_wanted = Signal(object, bool)
    mute_wanted = Signal(object, bool)
    digit_wanted = Signal(object, str)
    transfer_wanted = Signal(object)

    def __init__(self, shown: CallShown, words: Words, parent: QWidget | None = None) -> None:
        """A card for a call."""
        super().__init__(parent)
        self._words = words
        self._shown = shown
        self.setProperty("card", "true")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._badge = Badge()
        self._time = digits(size=LEAD, strong=True)
        self._name = ElidedLabel(role="title")
        self._number = ElidedLabel(role="soft")
        self._facts = _Facts(words)
        self._rings = _Rings(words)
        self._rings.answer.clicked.connect(lambda: self.answer_wanted.emit(self.call))
        self._rings.decline.clicked.connect(lambda: self.decline_wanted.emit(self.call))
        self.attached = AttachedData(words)
        self.recording = RecordingBar(words)
        self._tools = self._make_tools()
        self._end = ActionButton(words("End call"), "phone-off", kind="end", keys=Keys.END, large=True)
        self._end.clicked.connect(lambda: self.end_wanted.emit(self.call))
        self._keypad: Keypad | None = None
        self._pressed = ElidedLabel(mode=Qt.TextElideMode.ElideLeft)
        self._pressed.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pressed.hide()
        self._column = self._lay_out()
        self.show_call(shown)

    @property
    def call(self) -> UUID:
        """Which call it is."""
        return self._shown.call

    @property
    def shown(self) -> CallShown:
        """What it shows."""
        return self._shown

    def show_call(self, shown: CallShown) -> None:
        """Show the call as it is now."""
        was_ringing = self._rings.has_focus
        self._shown = shown
        words = self._words
        self._dress("offered" if shown.incoming else "true")
        self._badge.show_state(shown.state, shown.words)
        self._name.setText(shown.name)
        self._number.setText(shown.number)
        self._number.setVisible(bool(shown.number))
        self._facts.show_call(shown)
        self._rings.setVisible(shown.incoming)
        self._tools.setVisible(shown.connected and not shown.reaching)
        self._mute.setChecked(shown.muted)
        self._mute.say(words("Unmute") if shown.muted else words("Mute"), "mic-off" if shown.muted else "mic")
        self._hold.setChecked(shown.held)
        self._hold.say(words("Resume") if shown.held else words("Hold"), "play" if shown.held else "pause")
        self._end.setVisible(not shown.incoming)
        self._end.set_kind("" if shown.held else "end")
        self._end.say(words("End call") if shown.connected and not shown.reaching else words("Cancel"))
        self._mute.setVisible(not shown.held)
        self._keys.setVisible(not shown.held)
        if not shown.connected or shown.held:
            self.show_keypad(shown=False)
        if shown.connected and was_ringing:
            self.setFocus()  # from the answer key to the call itself: its keys are typed there
        self.setAccessibleName(f"{shown.words}: {shown.name}")

    def show_recording(self, recording: Recording | None, *, able: bool) -> None:
        """How the centre records it, when it is `able` to."""
        self.recording.show_recording(able=able and self._shown.connected, recording=recording)

    def _dress(self, kind: str) -> None:
        if self.property("card") != kind:
            self.setProperty("card", kind)
            self.style().unpolish(self)
            self.style().polish(self)

    def tick(self, now: datetime) -> None:
        """Bring the running times up to date."""
        self._time.setText(running((now - self._shown.since).total_seconds()))
        self._facts.tick(now)

    def show_keypad(self, *, shown: bool) -> None:
        """Open or close the keypad that presses into this call."""
        if shown and self._keypad is None:
            self._keypad = Keypad(self._words)
            self._keypad.pressed.connect(self._press)
            self._keypad.closed.connect(lambda: self.show_keypad(shown=False))
            self._column.insertWidget(self._column.indexOf(self._end), self._keypad)
        self._keys.setChecked(shown)
        if self._keypad is not None:
            self._keypad.setVisible(shown)
            if shown:
                self._keypad.setFocus()

    @property
    def stops(self) -> list[QWidget]:
        """Where Tab stops, in order."""
        keys = [self._mute, self._hold, self._keys, self._transfer]
        ringing = [self._rings.answer, self._rings.decline]
        return [self, *ringing, *self.attached.stops, *self.recording.stops, *keys, self._end]

    @property
    def keypad(self) -> QWidget | None:
        """The keypad, once it was opened."""
        return self._keypad

    @property
    def keypad_shown(self) -> bool:
        """Whether the keypad is open."""
        return self._keypad is not None and not self._keypad.isHidden()

    def focus_first(self) -> None:
        """Put the keyboard where the next thing is done."""
        (self._rings.answer if self._shown.incoming else self._end).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits typed on the card go into the call."""
        typed = event.text().upper()
        if typed and typed in DTMF and self._shown.connected and not self._shown.held:
            self._press(typed)
        else:
            super().keyPressEvent(event)

    def _press(self, digit: str) -> None:
        self._pressed.setText(self._pressed.text() + digit)
        self._pressed.show()
        self.digit_wanted.emit(self.call, digit)

    def _make_tools(self) -> QWidget:
        words = self._words
        self._mute = ToolKey(words("Mute"), "mic", Keys.MUTE)
        self._hold = ToolKey(words("Hold"), "pause", Keys.HOLD)
        self._keys = ToolKey(words("Keypad"), "grid-3x3", Keys.KEYPAD)
        self._transfer = ToolKey(words("Transfer"), "phone-forwarded", Keys.TRANSFER)
        for key in (self._mute, self._hold, self._keys):
            key.setCheckable(True)
        # A toggle shows what is, not what was asked for: the fact sets it back or leaves it.
        self._mute.clicked.connect(self._ask_mute)
        self._hold.clicked.connect(self._ask_hold)
        self._keys.clicked.connect(lambda on: self.show_keypad(shown=on))
        self._transfer.clicked.connect(lambda: self.transfer_wanted.emit(self.call))
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        for key in (self._mute, self._hold, self._keys, self._transfer):
            row.addWidget(key, 1)
        return made

    def _ask_mute(self) -> None:
        self._mute.setChecked(self._shown.muted)
        self.mute_wanted.emit(self.call, not self._shown.muted)

    def _ask_hold(self) -> None:
        self._hold.setChecked(self._shown.held)
        self.hold_wanted.emit(self.call, not self._shown.held)

    def _lay_out(self) -> QVBoxLayout:
        top = QHBoxLayout()
        top.setSpacing(S)
        top.addWidget(self._badge)
        top.addStretch(1)
        top.addWidget(self._time)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, M, L, L)
        column.setSpacing(S)
        column.addLayout(top)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self._name)
        names.addWidget(self._number)
        column.addLayout(names)
        column.addWidget(self._facts)
        column.addWidget(self.attached)
        column.addWidget(self.recording)
        column.addSpacing(XS)
        column.addWidget(self._rings)
        column.addWidget(self._tools)
        column.addWidget(self._pressed)
        column.addWidget(self._end)
        return column


class _Rings(QWidget):
    """Answer and decline, side by side, large."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.answer: QPushButton = ActionButton(
            words("Answer"), "phone", kind="answer", keys=Keys.ANSWER, large=True
        )
        self.decline: QPushButton = ActionButton(
            words("Decline"), "phone-off", kind="end", keys=Keys.DECLINE, large=True
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self.answer, 3)
        row.addWidget(self.decline, 2)

    @property
    def has_focus(self) -> bool:
        return self.window().focusWidget() in (self.answer, self.decline)


class _Facts(QWidget):
    """What is known about the call, one fact after the other: queue, wait, skill, quality, encryption."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words
        self._shown: CallShown | None = None
        self._queue = _Fact("users", words("Queue"))
        self._waited = _Fact("hourglass", words("Waited before the answer"))
        self._callback = _Fact("history", words("Asked to be called back"))
        self._skills = _Fact("star", words("Skill asked for"))
        self._quality = QualityMark()
        self._lock = _Fact("lock", "")
        row = FlowLayout(self, M, XS)
        for item in (self._callback, self._queue, self._waited, self._skills, self._quality, self._lock):
            row.addWidget(item)

    def show_call(self, shown: CallShown) -> None:
        self._shown = shown
        words = self._words
        self._queue.say(shown.queue)
        self._skills.say(shown.skills)
        self._waited.say(
            words("waited {time}", time=spoken(shown.waited_s, words)) if shown.waited_s is not None else ""
        )
        self._quality.show_quality(shown.quality)
        self._quality.setVisible(shown.quality is not None)
        if shown.callback_since is None:
            self._callback.say("")
        lock = words("encrypted") if shown.encrypted else words("not encrypted")
        self._lock.say(lock if shown.connected else "", "lock" if shown.encrypted else "lock-open")
        self.setVisible(any(not item.isHidden() for item in self.findChildren(_Fact)))

    def tick(self, now: datetime) -> None:
        if self._shown is not None and self._shown.waiting_since is not None:
            waits = spoken((now - self._shown.waiting_since).total_seconds(), self._words)
            self._waited.say(self._words("waiting {time}", time=waits))
        if self._shown is not None and self._shown.callback_since is not None:
            ago = spoken((now - self._shown.callback_since).total_seconds(), self._words)
            self._callback.say(self._words("called {time} ago", time=ago))


class _Fact(QWidget):
    """An icon and a few words."""

    def __init__(self, icon_name: str, meaning: str) -> None:
        super().__init__()
        self._icon = IconLabel(icon_name, 14, "soft")
        self._icon_name = icon_name
        self._meaning = meaning
        self._words: QLabel = label("", "caption")
        self._words.setMinimumHeight(CAPTION + S)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(XS)
        row.addWidget(self._icon)
        row.addWidget(self._words)

    def say(self, words: str, icon_name: str = "") -> None:
        self._icon_name = icon_name or self._icon_name
        self._icon.show_icon(self._icon_name, "soft")
        self._words.setText(words)
        self.setToolTip(self._meaning)
        self.setAccessibleName(f"{self._meaning}: {words}" if self._meaning else words)
        self.setVisible(bool(words))
