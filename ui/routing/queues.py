"""Who waits in the agent's queues: a name and a number each, the fullest first."""

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.routing.presenter import QueueWaiting
from ui.theme import XS, S
from ui.widgets.badge import Badge
from ui.widgets.flow import FlowLayout
from ui.widgets.labels import label
from ui.widgets.words import Words

_MOST = 12


class QueueCounts(QWidget):
    """A badge a queue. More than a dozen are summed up in the last one."""

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        """No queues."""
        super().__init__(parent)
        self._words = words
        self._heading = label(words("Waiting in your queues"), "strong")
        self._heading.hide()
        self._row = FlowLayout(None, S)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, XS)
        column.setSpacing(S)
        column.addWidget(self._heading)
        column.addLayout(self._row)
        self._badges: list[Badge] = []
        self.setAccessibleName(words("Callers waiting in your queues"))
        self.hide()

    def show_heading(self, *, shown: bool) -> None:
        """Say above them what they are, where there is room."""
        self._heading.setVisible(shown)

    @property
    def told(self) -> list[str]:
        """What the badges say."""
        return [badge.words for badge in self._badges if not badge.isHidden()]

    def show_queues(self, queues: Sequence[QueueWaiting]) -> None:
        """Show how many wait where."""
        shown = [(f"{queue.name}  {queue.waiting}", queue.waiting) for queue in queues[:_MOST]]
        rest = queues[_MOST:]
        if rest:
            waiting = sum(queue.waiting for queue in rest)
            shown.append((self._words("{n} more  {waiting}", n=len(rest), waiting=waiting), waiting))
        while len(self._badges) < len(shown):
            badge = Badge()
            self._badges.append(badge)
            self._row.addWidget(badge)
        for place, badge in enumerate(self._badges):
            badge.setVisible(place < len(shown))
            if place < len(shown):
                said, waiting = shown[place]
                badge.show_tone(said, "info" if waiting else "neutral", "users" if waiting else "user-round")
        self.setVisible(bool(shown))
        self.updateGeometry()
