"""Whether the call at hand is recorded, and what the agent can do about it: begin, pause, go on, stop."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.telephony.services import Recording
from ui.theme import XS
from ui.widgets.badge import Badge
from ui.widgets.buttons import ActionButton
from ui.widgets.words import Words


class Keys:
    """The key of a recording, in portable form; it works while the bar is there."""

    RECORD = "Shift+F3"


class RecordingBar(QWidget):
    """Part of a call's card. A click tells the centre's name of what is wanted."""

    wanted = Signal(str)

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        """Hidden until `show_recording`."""
        super().__init__(parent)
        self._words = words
        self._action = ""
        self.badge = Badge()
        self.main = ActionButton(
            words("Record this call"), "circle-dot", kind="quiet", keys=Keys.RECORD, bare=True
        )
        self.main.clicked.connect(lambda: self.wanted.emit(self._action))
        self.stop = ActionButton(words("Stop recording"), "square", kind="quiet", bare=True)
        self.stop.clicked.connect(lambda: self.wanted.emit("record_stop"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(XS)
        for part in (self.badge, self.main, self.stop):
            row.addWidget(part)
        row.addStretch(1)
        self.hide()

    @property
    def stops(self) -> tuple[ActionButton, ...]:
        """Where Tab stops, in order."""
        return self.main, self.stop

    def show_recording(self, *, able: bool, recording: Recording | None) -> None:
        """How the call is recorded, None: it is not. Hidden unless the centre is `able` to record it."""
        self.setVisible(able)
        words = self._words
        self.stop.setVisible(recording is not None and recording.stoppable)
        if recording is None:
            self.badge.show_tone(words("Not recorded"), "neutral", "circle")
            self._offer("record_start", words("Record this call"), "circle-dot")
        elif recording.paused:
            self.badge.show_tone(words("Recording paused"), "warning", "circle-pause")
            self._offer("record_resume", words("Record on"), "circle-dot")
        else:
            self.badge.show_tone(words("Being recorded"), "critical", "circle-dot")
            self._offer("record_pause", words("Pause recording"), "pause")

    def _offer(self, action: str, said: str, icon: str) -> None:
        self._action = action
        self.main.say(said, icon)
        self.main.setShortcut(Keys.RECORD)  # a new text takes the old one away
