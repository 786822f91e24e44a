"""What an agent's own desk shows, made from routing's standing, and whose view a fact changes."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from console.centre.commands import extensions_left
from console.centre.desks import Desks
from console.centre.recording import CallRecordings
from console.clock import Clock
from console.domain.agent import Presence
from console.domain.events import AgentEvent, ConsultEnded, ConsultStarted, InteractionEvent, LedgerEvent
from console.domain.interaction import Phase
from console.domain.standing import AgentStanding
from console.routing.router import Router
from console.wire import AgentView, ConsultView, OfferView


def view_of(router: Router, agent: str, now: datetime, sequence: int) -> AgentView | None:
    """The view of one agent as of ledger sequence `sequence`, or None for somebody who is no agent; without
    what depends on the switch.
    """
    standing = router.agent(agent)
    if standing is None:
        return None
    queues = {key: queue.shown for key in standing.agent.queues if (queue := router.queue(key)) is not None}
    wrap_up = standing.wrap_up
    extension_s, extensions = extensions_left(router, wrap_up) if wrap_up else (0.0, 0)
    return AgentView(
        sequence=sequence,
        at=now,
        state=standing.state,
        presence=standing.presence,
        since=standing.since or now,
        reason=standing.reason if standing.presence is Presence.PAUSED else "",
        queues=queues,
        waiting={key: len(router.waiting(key)) for key in queues},
        contact=_contact(router, standing, standing.interaction),
        consult=_consult(router, standing),
        wrap_up_interaction=wrap_up.interaction if wrap_up else None,
        wrap_up_queue=wrap_up.queue if wrap_up else "",
        wrap_up_until=wrap_up.until if wrap_up else None,
        wrap_up_extensions=extensions,
        wrap_up_extension_s=extension_s,
    )


def _contact(router: Router, agent: AgentStanding, interaction: UUID | None) -> OfferView | None:
    standing = router.interaction(interaction) if interaction is not None else None
    if standing is None or standing.offer is None:
        return None
    own = agent.open_offer  # of several in a broadcast
    rings = own if own is not None and own.interaction == interaction else None
    queue = router.queue(standing.queue)
    return OfferView(
        interaction=standing.interaction,
        offer=rings.offer if rings else standing.offer,
        queue=standing.queue,
        queue_name=queue.shown if queue is not None else standing.queue,
        customer=standing.customer.uri,
        customer_name=standing.customer.name,
        skills=standing.skills,
        waiting_since=standing.waiting_since,
        offered_at=rings.offered_at if rings else standing.offered_at,
        answered_at=standing.answered_at,
        callback=standing.callback,
        outbound=standing.outbound,
        attached=standing.attached,
        dialled=standing.phase is Phase.DIALLED,
    )


def _consult(router: Router, agent: AgentStanding) -> ConsultView | None:
    """Whom this agent asks."""
    for interaction in agent.work:
        standing = router.interaction(interaction)
        if standing is None or standing.consult is None or standing.agent != agent.agent.key:
            continue
        asked = router.agent(standing.consult.to)
        return ConsultView(
            interaction=interaction,
            target=standing.consult.target,
            name=asked.agent.shown if asked is not None else "",
            answered=standing.consult.answered,
            together=standing.consult.together,
            held=standing.phase is Phase.HELD,
        )
    return None


class Views:
    """What agents' desks show. Tells `handlers` whose view changed: at once, or as the queues move at a calm
    pace.
    """

    def __init__(self, router: Router, clock: Clock, desks: Desks, recordings: CallRecordings) -> None:
        """Nobody listens."""
        self.handlers: list[Callable[[str], None]] = []
        self._router = router
        self._clock = clock
        self._desks = desks
        self._recordings = recordings
        self._moved: set[str] = set()

    def of(self, agent: str, sequence: int) -> AgentView | None:
        """The view of one agent as of ledger sequence `sequence`, or None for somebody who is no agent."""
        view = view_of(self._router, agent, self._clock.now(), sequence)
        if view is None:
            return None
        at_hand = view.contact.interaction if view.contact is not None else None
        recording = self._recordings.view(at_hand) if at_hand is not None else None
        records = self._recordings.able
        able = {"asks": self._desks.asks, "dials": self._desks.outbound.able, "records": records}
        return msgspec.structs.replace(view, recording=recording, **able)

    def event(self, event: LedgerEvent) -> None:
        """A fact that was applied."""
        if isinstance(event, AgentEvent):
            self._changed(event.agent)
        elif isinstance(event, InteractionEvent):
            self._interaction(event)

    def tell_of_queues(self, linked: Iterable[str]) -> None:
        """Tell the linked agents of queues in which something moved since this was last done."""
        moved, self._moved = self._moved, set()
        if not moved:
            return
        for agent in tuple(linked):
            standing = self._router.agent(agent)
            if standing is not None and not moved.isdisjoint(standing.agent.queues):
                self._changed(agent)

    def _interaction(self, event: InteractionEvent) -> None:
        if isinstance(event, ConsultEnded | ConsultStarted) and event.to:
            self._changed(event.to)
        agent = getattr(event, "agent", "")
        if agent:
            self._changed(agent)
        standing = self._router.interaction(event.interaction)
        if standing is None:
            return
        if standing.agent and standing.agent != agent:
            self._changed(standing.agent)
        if standing.queue:
            self._moved.add(standing.queue)

    def _changed(self, agent: str) -> None:
        for handler in tuple(self.handlers):
            handler(agent)
