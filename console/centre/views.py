"""What an agent's own desk shows, made from routing's standing. Pure."""

from datetime import datetime
from uuid import UUID

from console.domain.agent import Presence
from console.routing.router import Router
from console.wire import AgentView, OfferView


def view_of(router: Router, agent: str, now: datetime, sequence: int) -> AgentView | None:
    """The view of one agent as of ledger sequence `sequence`, or None for somebody who is no agent."""
    standing = router.agent(agent)
    if standing is None:
        return None
    queues = {key: queue.shown for key in standing.agent.queues if (queue := router.queue(key)) is not None}
    wrap_up = standing.wrap_up
    return AgentView(
        sequence=sequence,
        at=now,
        state=standing.state,
        presence=standing.presence,
        since=standing.since or now,
        reason=standing.reason if standing.presence is Presence.PAUSED else "",
        queues=queues,
        waiting={key: len(router.waiting(key)) for key in queues},
        contact=_contact(router, standing.interaction),
        wrap_up_interaction=wrap_up.interaction if wrap_up else None,
        wrap_up_queue=wrap_up.queue if wrap_up else "",
        wrap_up_until=wrap_up.until if wrap_up else None,
    )


def _contact(router: Router, interaction: UUID | None) -> OfferView | None:
    standing = router.interaction(interaction) if interaction is not None else None
    if standing is None or standing.offer is None:
        return None
    queue = router.queue(standing.queue)
    return OfferView(
        interaction=standing.interaction,
        offer=standing.offer,
        queue=standing.queue,
        queue_name=queue.shown if queue is not None else standing.queue,
        customer=standing.customer.uri,
        customer_name=standing.customer.name,
        skills=standing.skills,
        waiting_since=standing.waiting_since,
        offered_at=standing.offered_at,
        answered_at=standing.answered_at,
    )
