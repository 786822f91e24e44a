"""The wallboard's pace: many changes, few frames; and how long a change took to reach the screen."""

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from console.clock import Clock

FRAME_S = 0.04  # 25 frames a second: smooth to the eye, and half the frames of the screen
KEPT = 2000
# Qt asks the window to paint within 5 ms of the first update. Timers run in the order they are due, however
# busy the thread is: when this one comes first, there was nothing to paint.
UNPAINTED_MS = 40


class Pace(QObject):
    """Runs `draw` at most once a frame after `changed` was called, and measures from change to paint.

    `draw` brings new values to the widgets and asks for their repaint; Qt paints them in the same turn of its
    loop or the next. A sample: milliseconds from the first change of a frame until its paint was done. A
    frame that asks for no paint (what changed is not on the screen) is none.
    """

    painted = Signal()

    def __init__(self, window: QWidget, clock: Clock, draw: Callable[[], None]) -> None:
        """For a window and everything in it."""
        super().__init__(window)
        self.samples: deque[float] = deque(maxlen=KEPT)
        self.frames = 0
        self._clock = clock
        self._draw = draw
        self._changed_at: float | None = None
        self._drawn_from: float | None = None
        self._last = clock.monotonic() - FRAME_S
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._frame)
        self._after = QTimer(self)
        self._after.setSingleShot(True)
        self._after.timeout.connect(self._told)
        self._unpainted = QTimer(self)
        self._unpainted.setSingleShot(True)
        self._unpainted.setInterval(UNPAINTED_MS)
        self._unpainted.timeout.connect(self._nothing_to_paint)
        window.installEventFilter(self)

    def changed(self) -> None:
        """Something changed: a frame is due."""
        if self._changed_at is None:
            self._changed_at = self._clock.monotonic()
        if not self._timer.isActive():
            due = self._last + FRAME_S - self._clock.monotonic()
            self._timer.start(max(0, round(due * 1000)))

    @property
    def busy(self) -> bool:
        """Whether a frame is due."""
        return self._timer.isActive()

    @property
    def measuring(self) -> bool:
        """Whether a frame was drawn whose paint is not done."""
        return self._drawn_from is not None

    def stop(self) -> None:
        """No more frames."""
        self._timer.stop()
        self._after.stop()
        self._unpainted.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window is about to be painted: once its events are through, the frame is on the screen."""
        if event.type() == QEvent.Type.UpdateRequest and self._drawn_from is not None:
            self._unpainted.stop()
            self._after.start(0)
        return super().eventFilter(watched, event)

    def _frame(self) -> None:
        self._last = self._clock.monotonic()
        self._drawn_from = self._drawn_from or self._changed_at
        self._changed_at = None
        self.frames += 1
        self._draw()
        if not self._unpainted.isActive():
            self._unpainted.start()

    def _nothing_to_paint(self) -> None:
        self._drawn_from = None

    def _told(self) -> None:
        if self._drawn_from is not None:
            self.samples.append((self._clock.monotonic() - self._drawn_from) * 1000)
            self._drawn_from = None
            self.painted.emit()
