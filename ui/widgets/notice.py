"""Notices: a line that says what happened, what it means and what to do. Never modal.

A notice stays until its cause is gone or the person puts it away; nothing waits for it and it takes no focus.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsOpacityEffect,
    QGridLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui.theme import CONTROL, RADIUS, TONE_ICONS, XS, S, theme_of
from ui.widgets.buttons import ActionButton
from ui.widgets.icons import pixmap
from ui.widgets.labels import prose

_NARROW = 480
_REST_MS = 1000
_PALE = 0.4


@dataclass(frozen=True)
class Action:
    """What the person can do about it: words for a button, and what the button does. `stays`: the notice
    does not go with the click, but when its cause does; the button rests for a moment, so that the click is
    seen.
    """

    words: str
    do: Callable[[], None]
    stays: bool = False


class Notice(QFrame):
    """One line with an icon; `tone`: info, good, warning, critical. `put_away`: the person dismissed it."""

    put_away = Signal()

    def __init__(self, parent: QWidget | None = None, dismiss_words: str = "Dismiss") -> None:
        """Hidden until `tell`."""
        super().__init__(parent)
        self._tone = "info"
        self._action: Action | None = None
        self._below: bool | None = None
        self._words: QLabel = prose()
        self._button: QPushButton = ActionButton("")
        self._button.clicked.connect(self._act)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.timeout.connect(self._rested)
        self._dismiss = ActionButton(dismiss_words, "x", kind="quiet", bare=True)
        self._dismiss.clicked.connect(self._leave)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(44, XS, XS, XS)
        self._grid.setSpacing(S)
        self._grid.setColumnStretch(0, 1)
        self.setMinimumHeight(CONTROL + S)
        self._grid.addWidget(self._words, 0, 0)
        self._grid.addWidget(self._dismiss, 0, 2)
        self._place(below=False)
        self.hide()

    @property
    def words(self) -> str:
        """What it says, "" while hidden."""
        return self._words.text() if not self.isHidden() else ""

    @property
    def resting(self) -> bool:
        """Whether the button was just pressed, and takes no second click yet."""
        return self._resting.isActive()

    def tell(
        self, words: str, tone: str = "info", action: Action | None = None, *, dismissable: bool = True
    ) -> None:
        """Say something; the same again changes nothing."""
        self._tone = tone
        self._action = action
        self._words.setText(words)
        self.setAccessibleName(words)
        self._button.setVisible(action is not None)
        if action is not None:
            self._button.setText(action.words)
            self._button.setAccessibleName(action.words)
        self._dismiss.setVisible(dismissable)
        self.show()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """With little room the button stands under the words."""
        super().resizeEvent(event)
        self._place(below=event.size().width() < _NARROW)

    def _place(self, *, below: bool) -> None:
        if below is not self._below:
            self._below = below
            self._grid.removeWidget(self._button)
            start = Qt.AlignmentFlag.AlignLeft
            self._grid.addWidget(self._button, int(below), 0 if below else 1, start)

    def paintEvent(self, _event: object) -> None:
        """The tone's ground and shape."""
        theme = theme_of(self)
        tone = theme.tone(self._tone)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tone.fill))
        painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        shape = pixmap(TONE_ICONS[self._tone], tone.mark, 20, self.devicePixelRatioF())
        painter.drawPixmap(12, (self.height() - 20) // 2, shape)
        painter.end()

    def _act(self) -> None:
        action = self._action
        if action is not None and not self.resting:
            if action.stays:
                self._rest()
            else:
                self._leave()
            action.do()

    def _rest(self) -> None:
        # Not disabled: that would pass the keyboard on to whatever button comes next.
        pale = QGraphicsOpacityEffect(self._button)
        pale.setOpacity(_PALE)
        self._button.setGraphicsEffect(pale)
        self._resting.start(_REST_MS)

    def _rested(self) -> None:
        self._button.setGraphicsEffect(None)  # type: ignore[arg-type]  # the stubs do not know that it goes

    def _leave(self) -> None:
        self.hide()
        self.put_away.emit()


class Notices(QWidget):
    """A stack of notices, one per cause: telling one again replaces its words, clearing takes them away."""

    changed = Signal(bool)  # whether anything stands there

    def __init__(self, parent: QWidget | None = None, dismiss_words: str = "Dismiss") -> None:
        """Empty, and then without height."""
        super().__init__(parent)
        self._dismiss_words = dismiss_words
        self._shown: dict[str, Notice] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(S)

    def tell(
        self,
        cause: str,
        words: str,
        tone: str = "info",
        action: Action | None = None,
        *,
        dismissable: bool = True,
    ) -> None:
        """Say something about a cause (any key); critical ones stand first."""
        notice = self._shown.get(cause)
        if notice is None:
            notice = self._shown[cause] = Notice(dismiss_words=self._dismiss_words)
            notice.put_away.connect(lambda: self.clear(cause))
            self._column.insertWidget(0 if tone == "critical" else -1, notice)
        notice.tell(words, tone, action, dismissable=dismissable)
        self.changed.emit(True)  # noqa: FBT003  carried by a signal

    def clear(self, cause: str) -> None:
        """The cause is gone."""
        notice = self._shown.pop(cause, None)
        if notice is not None:
            self._column.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
            self.changed.emit(bool(self._shown))

    @property
    def told(self) -> dict[str, str]:
        """What stands there now, by cause."""
        return {cause: notice.words for cause, notice in self._shown.items() if notice.words}
