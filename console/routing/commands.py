"""What a supervisor or an agent asks of routing, checked and made a fact. Write it down, then apply it."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from console.domain import events as ev
from console.domain.agent import Presence
from console.domain.errors import NotThere, TooLate
from console.domain.interaction import Phase
from console.domain.standing import AgentStanding, InteractionStanding
from console.domain.standings import Standings
from console.routing.admission import Admission

_IN_LINE = frozenset({Phase.WAITING, Phase.OFFERED})


class Commands:
    """Facts for what somebody asks for. All raise NotThere or TooLate where it cannot be; none is applied."""

    def __init__(self, standings: Standings, admission: Admission, new_id: Callable[[], UUID]) -> None:
        """`new_id` makes the ids of the facts."""
        self._standings = standings
        self._admission = admission
        self._new_id = new_id

    def move(self, interaction: UUID, queue: str, by: str, now: datetime) -> ev.InteractionQueued:
        """Into another queue, whatever its hours and length; the wait goes on, what rings is withdrawn."""
        standing = self._in_line(interaction)
        known = self._standings.queues.get(queue)
        if known is None:
            raise NotThere(f"There is no queue “{queue[:60]}”.")
        if queue == standing.queue:
            raise TooLate("It waits in that queue already.")
        return self._admission.queued(standing, known, "moved", standing.waiting_since, now, by)

    def prioritise(
        self, interaction: UUID, priority: int, by: str, now: datetime
    ) -> ev.InteractionPrioritised:
        """Another priority, instead of all that the queue and the customer gave it."""
        standing = self._in_line(interaction)
        return ev.InteractionPrioritised(
            id=self._new_id(), at=now, interaction=standing.interaction, priority=priority, by=by
        )

    def pull(self, interaction: UUID, agent: str, by: str, now: datetime) -> ev.InteractionPulled:
        """For one agent alone, as soon as that one is free and for as long as signed in."""
        standing = self._in_line(interaction)
        known = self._signed_in(agent)
        if known.agent.capacity_for(standing.channel) <= 0:
            raise TooLate(f"{known.agent.shown} takes nothing on the channel {standing.channel}.")
        return ev.InteractionPulled(
            id=self._new_id(), at=now, interaction=standing.interaction, agent=agent, by=by
        )

    def extend_wrap_up(self, agent: str, now: datetime) -> ev.WrapUpExtended:
        """Longer for the wrap-up at hand, as often and as long as its queue allows."""
        standing = self._signed_in(agent)
        wrap_up = standing.wrap_up
        if wrap_up is None:
            raise TooLate("There is no wrap-up to extend.")
        queue = self._standings.queues.get(wrap_up.queue)
        if queue is None or queue.wrap_up_extension_s <= 0 or wrap_up.limit_s <= 0:
            raise TooLate("The wrap-up of this queue is not extended.")
        if wrap_up.extended >= queue.wrap_up_extensions:
            raise TooLate(f"The wrap-up was extended {wrap_up.extended} times, as often as can be.")
        return ev.WrapUpExtended(
            id=self._new_id(),
            at=now,
            agent=agent,
            interaction=wrap_up.interaction,
            limit_s=wrap_up.limit_s + queue.wrap_up_extension_s,
        )

    def _in_line(self, interaction: UUID) -> InteractionStanding:
        standing = self._standings.by_number.get(interaction.int)
        if standing is None:
            raise NotThere("There is no such interaction, or it is over.")
        if standing.phase not in _IN_LINE:
            raise TooLate("It does not wait any more.")
        return standing

    def _signed_in(self, agent: str) -> AgentStanding:
        standing = self._standings.agents.get(agent)
        if standing is None:
            raise NotThere(f"There is no agent “{agent[:60]}”.")
        if standing.presence is Presence.OFFLINE:
            raise TooLate(f"{standing.agent.shown} is not signed in.")
        return standing
