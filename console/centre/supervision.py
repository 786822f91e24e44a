"""What supervisors see of the open interactions, and what they ask for about one of them.

What cannot be is said in words: NotThere for what does not exist, TooLate for what does not wait (any more),
BadInput for the rest.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from console.centre.desks import Submit
from console.centre.monitoring import Monitorings
from console.centre.recording import CallRecordings
from console.clock import Clock
from console.domain.attached import printable
from console.domain.errors import BadInput, NotThere, Refused, TooLate
from console.domain.events import (
    InteractionAttached,
    InteractionPrioritised,
    InteractionPulled,
    InteractionQueued,
    LedgerEvent,
)
from console.domain.standing import InteractionStanding
from console.ledger.ledger import Ledger
from console.routing.router import Router
from console.switch.switch import Attaching, Switch
from console.wire import InteractionView

_log = logging.getLogger(__name__)
PRIORITY_MOST = 1000
Order = InteractionQueued | InteractionPrioritised | InteractionPulled | InteractionAttached


class Supervision:
    """The supervisors' hands and eyes. An order returns the interaction as it is once the fact is durable."""

    def __init__(
        self,
        router: Router,
        clock: Clock,
        submit: Submit,
        switch: Switch | None = None,
        recordings: Path = Path(),
        attached: Sequence[str] = (),
    ) -> None:
        """`router` tells what is open, `submit` takes the facts; `recordings` is a folder. `attached` names
        what can be attached to a call.
        """
        self.recording = CallRecordings(router, clock, switch, recordings)
        self.monitoring = Monitorings(router, clock, switch)
        self._router = router
        self._clock = clock
        self._submit = submit
        self._attaches = switch if isinstance(switch, Attaching) else None
        self._names = frozenset(attached)

    def heard(self, fact: LedgerEvent) -> None:
        """A durable fact. What fails over it is logged and holds nothing up."""
        try:
            self.recording.heard(fact)
            self.monitoring.heard(fact)
            if isinstance(fact, InteractionAttached) and self._attaches is not None:
                self._attaches.attach(fact.interaction, fact.attached)
        except Exception:  # noqa: BLE001 - our bug, told loudly; calls go on without their recording
            _log.exception("a %s could not be acted upon", type(fact).__name__)

    async def recover(self, ledger: Ledger) -> list[LedgerEvent]:
        """Take up what is recorded since before the start; returns what ended unseen. Raises StoreError,
        NetworkError.
        """
        return [*await self.recording.find(ledger), *await self.monitoring.close(ledger)]

    async def move(self, by: str, interaction: UUID, queue: str) -> InteractionView:
        """Into another queue, at the place that its whole wait gives it there; what rings is withdrawn."""
        return await self._done(self._router.commands.move(interaction, queue, by, self._clock.now()))

    async def prioritise(self, by: str, interaction: UUID, priority: int) -> InteractionView:
        """Another priority in its queue."""
        if abs(priority) > PRIORITY_MOST:
            words = f"A priority goes from -{PRIORITY_MOST} to {PRIORITY_MOST}; higher is served first."
            raise BadInput(words)
        now = self._clock.now()
        return await self._done(self._router.commands.prioritise(interaction, priority, by, now))

    async def pull(self, by: str, interaction: UUID, agent: str) -> InteractionView:
        """To one agent, whatever the queues and skills, as soon as that agent is free."""
        return await self._done(self._router.commands.pull(interaction, agent, by, self._clock.now()))

    async def attach(
        self, by: str, interaction: UUID, attached: Mapping[str, str], *, own: bool
    ) -> InteractionView:
        """More of what goes along with it; `own`: only to a contact that `by` is talking on."""
        standing = self._router.interaction(interaction)
        if standing is None:
            raise NotThere("There is no such interaction, or it is over.")
        if own and standing.agent != by:
            raise Refused("That is not your contact.")
        if strange := sorted(set(attached) - self._names):
            raise BadInput(f"“{strange[0][:64]}” is not among the names of switch.attached.")
        return await self._done(
            InteractionAttached(
                id=self._clock.new_id(),
                at=self._clock.now(),
                interaction=interaction,
                attached={name: printable(value) for name, value in attached.items()},
                by=by,
            )
        )

    async def _done(self, event: Order) -> InteractionView:
        await self._submit(event)
        view = self.view(event.interaction, self._clock.now())
        if view is None:
            raise TooLate("It ended at this very moment.")
        return view

    # ------------------------------------------------------------ what is open

    def views(self) -> list[InteractionView]:
        """All open interactions by queue, in serving order; of each queue those last that do not wait."""
        now = self._clock.now()
        standings = self._router.open_interactions()
        places = dict(self._places({standing.queue for standing in standings if standing.queue}))
        views = [self._view(standing, places.get(standing.interaction), now) for standing in standings]
        return sorted(views, key=_order)

    def view(self, interaction: UUID, now: datetime) -> InteractionView | None:
        """One open interaction; None when it is over."""
        standing = self._router.interaction(interaction)
        if standing is None:
            return None
        place = dict(self._places({standing.queue})).get(interaction)
        return self._view(standing, place, now)

    def _places(self, queues: set[str]) -> Iterator[tuple[UUID, int]]:
        for queue in queues:
            for place, interaction in enumerate(self._router.waiting(queue), start=1):
                yield interaction, place

    def _view(self, standing: InteractionStanding, place: int | None, now: datetime) -> InteractionView:
        queue = self._router.queue(standing.queue)
        return InteractionView(
            interaction=standing.interaction,
            channel=standing.channel,
            phase=standing.phase,
            customer=standing.customer.uri,
            customer_name=standing.customer.name,
            queue=standing.queue,
            queue_name=queue.shown if queue is not None else standing.queue,
            place=place,
            arrived_at=standing.arrived_at,
            waiting_since=standing.waiting_since,
            skills=standing.skills,
            tier=standing.tier,
            priority=standing.priority,
            value=standing.value,
            wanted=standing.wanted,
            wanted_until=standing.wanted_until,
            pulled=standing.pulled,
            expected_s=self._router.wait_of(standing.queue, place - 1) if place is not None else None,
            callback=standing.callback,
            tries=standing.tries,
            not_before=standing.not_before,
            ringing=tuple(offer.agent for offer in standing.open_offers.values()),
            agent=standing.agent,
            attached=standing.attached,
        )


def _order(view: InteractionView) -> tuple[str, bool, int, datetime, int]:
    return view.queue, view.place is None, view.place or 0, view.arrived_at, view.interaction.int
