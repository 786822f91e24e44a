"""The one timer of a window: everything that counts seconds is repainted together, once a second."""

from PySide6.QtCore import QObject, Qt, QTimer, Signal


class Ticker(QObject):
    """Tells every second, for running times. It never keeps time itself: who listens asks the clock."""

    ticked = Signal()

    def __init__(self, parent: QObject | None = None, interval_ms: int = 1000) -> None:
        """Stopped until `start`."""
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self.ticked)

    def start(self) -> None:
        """Tell from now on; idempotent."""
        if not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Be quiet; idempotent."""
        self._timer.stop()

    @property
    def running(self) -> bool:
        """Whether it tells."""
        return self._timer.isActive()
