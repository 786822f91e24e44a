"""What becomes of a callback that waits: another try, another time, or its end. Decisions as events."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from console.domain import events as ev
from console.domain.queue import Queue
from console.domain.standing import InteractionStanding, after
from console.routing import hours

FAILED = "callback failed"
"""The reason of the end of a callback whose customer could not be reached, or whose queue is gone."""


class Callbacks:
    """The rules of callbacks."""

    def __init__(self, new_id: Callable[[], UUID]) -> None:
        """`new_id` makes the ids of what is decided."""
        self._new_id = new_id

    def not_reached(
        self, standing: InteractionStanding, queue: Queue | None, now: datetime
    ) -> ev.CallbackPostponed | ev.InteractionEnded:
        """The customer was not reached: again after the queue's pause and while it is open, or never."""
        if queue is None or standing.tries >= queue.callback_tries:
            return self._ended(standing, now)
        until = after(now, queue.callback_retry_s)
        if not hours.is_open(queue, until):
            opens = hours.next_change(queue, until)
            if opens is None:
                return self._ended(standing, now)
            until = opens
        return self._postponed(standing, until, now)

    def not_now(
        self, standing: InteractionStanding, opens: datetime | None, now: datetime
    ) -> ev.CallbackPostponed | ev.InteractionEnded:
        """Its queue closed: on when that opens again, over when that is gone or never does (None)."""
        return self._ended(standing, now) if opens is None else self._postponed(standing, opens, now)

    def _postponed(
        self, standing: InteractionStanding, until: datetime, now: datetime
    ) -> ev.CallbackPostponed:
        return ev.CallbackPostponed(
            id=self._new_id(), at=now, interaction=standing.interaction, until=until, tries=standing.tries
        )

    def _ended(self, standing: InteractionStanding, now: datetime) -> ev.InteractionEnded:
        return ev.InteractionEnded(
            id=self._new_id(),
            at=now,
            interaction=standing.interaction,
            by=ev.EndedBy.CENTRE,
            reason=FAILED,
        )
