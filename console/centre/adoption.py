"""What a start does with calls that went on without the centre: the switch takes them up, routing goes on.

Callers keep their music and their place, who talks keeps talking. A callback that was being put through is
none any more: it waits again. Desks need not have been lost: their phones are with the switch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from console.centre.conductor import Conductor
from console.clock import Clock
from console.domain.events import (
    CallbackRequested,
    CustomerNotReached,
    DeskLost,
    EndedBy,
    InteractionEnded,
    InteractionEvent,
    InteractionLeftQueue,
    InteractionRefused,
    InteractionTransferred,
    LedgerEvent,
    OfferEnded,
    OfferEndReason,
    VoicemailStarted,
)
from console.domain.interaction import Phase
from console.domain.standing import InteractionStanding
from console.ledger.ledger import Ledger
from console.routing.router import Router
from console.switch.switch import Known, Surviving

RESTARTED = "centre restarted"
RETURN_S = 25.0
"""Seconds that a desk has to find a centre that was away, before it counts as lost (see routing.orphans)."""

_LONG = timedelta(minutes=5)
_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})
_LAST_WORDS = (
    InteractionRefused,
    InteractionLeftQueue,
    VoicemailStarted,
    CallbackRequested,
    InteractionTransferred,
)


class Adoption:
    """One start's."""

    def __init__(self, ledger: Ledger, router: Router, clock: Clock, grace_s: float) -> None:
        self._ledger = ledger
        self._router = router
        self._clock = clock
        self._grace_s = grace_s

    async def begin(
        self, switch: Surviving, since: datetime | None, tell: Callable[[InteractionEvent], None]
    ) -> None:
        """Have the switch take up what the ledger has open; it lived until `since`. What came of it is told.

        Raises NetworkError.
        """
        for event in self._callbacks():
            tell(event)
        open_now = self._router.open_interactions()
        there = [one for one in open_now if one.phase is not Phase.DIALLED]
        known = [self._known(one) for one in there if not one.callback or one.phase in _TALKING]
        await switch.adopt(known, since or self._clock.now(), self._was)

    async def go_on(self, conductor: Conductor) -> None:
        """Do again what was decided last about those who are in no queue: it may not have been done."""
        for standing in self._router.open_interactions():
            if standing.phase is not Phase.ARRIVED:
                continue
            numbered = await self._ledger.of_interaction(standing.interaction)
            last = next((one for _, one in reversed(numbered) if isinstance(one, _LAST_WORDS)), None)
            if isinstance(last, InteractionTransferred):
                conductor.pass_outside(last)
            elif last is not None:
                conductor.perform(last, self._clock.now())

    def desks_lost(self, since: datetime | None) -> list[LedgerEvent]:
        """After a long time without a centre no desk can be taken for reachable."""
        if since is None or self._clock.now() - since < _LONG:
            return []
        return list(self._missing({}))

    async def miss_desks(
        self,
        sessions: dict[str, UUID],
        submit: Callable[[LedgerEvent], Awaitable[None]],
    ) -> None:
        """Desks that have not found the centre again after a while are lost from then on."""
        await asyncio.sleep(RETURN_S)
        for event in list(self._missing(sessions)):
            await submit(event)

    # ------------------------------------------------------------ inside

    async def _was(self, interaction: UUID) -> bool:
        return bool(await self._ledger.of_interaction(interaction))

    def _missing(self, sessions: dict[str, UUID]) -> Iterator[LedgerEvent]:
        for agent in self._router.agents():
            if agent.linked and agent.contact and agent.agent.key not in sessions:
                new_id, now = self._clock.new_id(), self._clock.now()
                yield DeskLost(id=new_id, at=now, agent=agent.agent.key, grace_s=self._grace_s)

    def _callbacks(self) -> Iterator[InteractionEvent]:
        for standing in self._router.open_interactions():
            new_id, now = self._clock.new_id, self._clock.now()
            if standing.phase is Phase.DIALLED and standing.outbound:
                yield InteractionEnded(
                    id=new_id(),
                    at=now,
                    interaction=standing.interaction,
                    by=EndedBy.CENTRE,
                    reason=RESTARTED,
                )
            if not standing.callback:
                continue
            if standing.phase is Phase.DIALLED:
                yield CustomerNotReached(
                    id=new_id(),
                    at=now,
                    interaction=standing.interaction,
                    agent=standing.agent,
                    reason=RESTARTED,
                )
            for offer in standing.open_offers.values():
                yield OfferEnded(
                    id=new_id(),
                    at=now,
                    interaction=standing.interaction,
                    offer=offer.offer,
                    agent=offer.agent,
                    reason=OfferEndReason.WITHDRAWN,
                )

    def _known(self, standing: InteractionStanding) -> Known:
        queue = self._router.queue(standing.queue)
        talks = standing.phase in _TALKING
        return Known(
            interaction=standing.interaction,
            customer=standing.customer,
            queue=standing.queue,
            music=queue.music if queue is not None and standing.phase is not Phase.ARRIVED else "",
            offers={offer.offer: offer.agent for offer in standing.open_offers.values()},
            offer=standing.offer if talks else None,
            agent=standing.agent if talks else "",
            held=standing.phase is Phase.HELD,
            message=standing.voicemail and standing.phase is Phase.ARRIVED,
            consult=standing.consult.consult if standing.consult else None,
            target=standing.consult.target if standing.consult else "",
            to=standing.consult.to if standing.consult else "",
        )
