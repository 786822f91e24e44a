"""What must hold after every decision of the router, looked at plainly: every agent, every interaction."""

from datetime import datetime

from console.domain import events as ev
from console.domain.agent import INTERRUPTS, Presence, Work
from console.domain.interaction import Phase
from console.domain.queue import Channel, Queue, Strategy
from console.domain.standing import AgentStanding, InteractionStanding
from console.domain.standings import Standings
from console.routing.router import Router

_TALKING = (Phase.CONNECTED, Phase.HELD)


def may_take(agent: AgentStanding, standing: InteractionStanding, queue: Queue) -> bool:
    """Whether this agent may have this interaction of an own queue, by the words of the settings."""
    if queue.key not in agent.agent.queues:
        return False
    if standing.tier and agent.agent.tiers.get(queue.key, 1) > standing.tier:
        return False
    needs = [need for need in standing.skills if not need.preferred]
    return all(agent.agent.skills.get(need.skill, 0) >= need.level for need in needs)


def is_free(agent: AgentStanding, channel: Channel) -> bool:
    """Whether this agent may be rung for a contact of this channel."""
    if agent.presence is not Presence.READY or agent.lost_since or Work.OFFERED in agent.work.values():
        return False
    others = [agent.channels[interaction] for interaction in agent.work]
    own = [other for other in others if other is channel]
    on_top = all(channel in INTERRUPTS.get(other, ()) for other in others if other is not channel)
    return on_top and len(own) < agent.agent.capacity_for(channel)


def reserved_for(standing: InteractionStanding, agents: dict[str, AgentStanding], now: datetime) -> str:
    """The agent it is kept for now, "" for everybody: also when that agent let it ring in vain."""
    for name, until in ((standing.pulled, None), (standing.wanted, standing.wanted_until)):
        agent = agents.get(name)
        here = agent is not None and agent.presence is not Presence.OFFLINE
        waits_for = until is not None and now < until and not standing.returned
        if here and (name == standing.pulled or waits_for):
            return name
    return ""


def check(router: Router, now: datetime) -> None:
    """All invariants; `now` is the time of the decision just made."""
    agents = {agent.agent.key: agent for agent in router.agents()}
    rung: dict[str, InteractionStanding] = {}
    for standing in router.open_interactions():
        _offers(router, standing, rung)
        _contact(standing, agents)
    _lines(router)
    for agent in agents.values():
        _load(agent, rung)
    for standing in router.open_interactions():
        if standing.phase is Phase.WAITING:
            _not_starved(router, standing, agents, now)


def _offers(router: Router, standing: InteractionStanding, rung: dict[str, InteractionStanding]) -> None:
    """Offered to one, in a broadcast to several; nobody is rung twice, or for what does not wait."""
    offers = standing.open_offers
    assert bool(offers) == (standing.phase is Phase.OFFERED)
    queue = router.queue(standing.queue)
    # One that was pulled for an agent who has left since is broadcast again, hence not told apart here.
    broadcast = queue is not None and queue.strategy is Strategy.BROADCAST
    assert len(offers) <= 1 or broadcast or queue is None
    if broadcast and queue.broadcast_most:
        assert len(offers) <= queue.broadcast_most
    for offer in offers.values():
        assert offer.agent not in rung
        rung[offer.agent] = standing
        agent = router.agent(offer.agent)
        assert agent.open_offer is offer
        assert agent.linked


def _contact(standing: InteractionStanding, agents: dict[str, AgentStanding]) -> None:
    talks = standing.phase in (*_TALKING, Phase.DIALLED)
    assert talks == bool(standing.agent)
    if talks and standing.agent in agents:
        work = agents[standing.agent].work.get(standing.interaction)
        assert work in (Work.TALKING, Work.HELD)


def _lines(router: Router) -> None:
    """Who waits stands in exactly one line, in the order that its rule says; nobody else does."""
    lines = [router.waiting(queue.key) for queue in router.queues()]
    places = [interaction for line in lines for interaction in line]
    waiting = [s.interaction for s in router.open_interactions() if s.phase is Phase.WAITING]
    assert sorted(places) == sorted(waiting)
    for queue, line in zip(router.queues(), lines, strict=True):
        keys = [_place(router.interaction(interaction), queue) for interaction in line]
        assert keys == sorted(keys), queue.key


def _place(standing: InteractionStanding, queue: Queue) -> tuple[object, ...]:
    since = standing.since.timestamp()
    fixed = round(since - standing.priority * queue.ageing_s, 3) if queue.ageing_s else -standing.priority
    return not standing.returned, fixed, round(since, 3), standing.number


def _load(agent: AgentStanding, rung: dict[str, InteractionStanding]) -> None:
    """Nobody has more than the capacity, a late answer aside; the book-keeping agrees with itself."""
    assert set(agent.channels) == set(agent.work)
    assert (agent.open_offer is not None) == (agent.agent.key in rung)
    assert (Work.OFFERED in agent.work.values()) == (agent.open_offer is not None)
    assert set(agent.wrap_ups) <= set(agent.work)


def _not_starved(
    router: Router, standing: InteractionStanding, agents: dict[str, AgentStanding], now: datetime
) -> None:
    """Nobody waits while somebody is free who may have it."""
    queue = router.queue(standing.queue)
    if standing.not_before is not None and standing.not_before > now:
        return
    kept_for = reserved_for(standing, agents, now)
    if kept_for:
        assert not is_free(agents[kept_for], standing.channel), (standing, kept_for)
        return
    for agent in agents.values():
        if is_free(agent, standing.channel):
            assert not may_take(agent, standing, queue), (standing, agent)


class Audit:
    """Walks the ledger beside a plain fold: each offer was right at the moment at which it was made."""

    def __init__(self) -> None:
        self.standings = Standings()
        self.seen = 0
        self.offers = 0
        self._known: set[object] = set()
        self.latest: datetime | None = None

    def walk(self, ledger: list[ev.LedgerEvent], decided: set[object]) -> None:
        """Go on from where it stopped; `decided` has the ids of the router's own events."""
        for event in ledger[self.seen :]:
            if event.id in decided and event.id not in self._known:
                self._known.add(event.id)
                assert self.latest is None or event.at >= self.latest, "decisions went back in time"
                self.latest = event.at
                if isinstance(event, ev.InteractionOffered):
                    self._offer(event)
            self.standings.apply(event)
        self.seen = len(ledger)

    def _offer(self, event: ev.InteractionOffered) -> None:
        self.offers += 1
        standings = self.standings
        offered, agent = standings.interactions[event.interaction], standings.agents[event.agent]
        queue = standings.queues[event.queue]
        assert offered.phase is Phase.WAITING or queue.strategy is Strategy.BROADCAST
        assert is_free(agent, offered.channel), "capacity exceeded"
        assert offered.not_before is None or offered.not_before <= event.at
        kept_for = reserved_for(offered, standings.agents, event.at)
        assert kept_for in ("", event.agent)
        named = offered.wanted == event.agent or (offered.wanted and queue.strategy is Strategy.BROADCAST)
        if kept_for or named:  # who is asked for by name is served out of turn
            return
        assert may_take(agent, offered, queue)
        for other in standings.interactions.values():
            if other is offered or other.phase is not Phase.WAITING or other.queue != event.queue:
                continue
            ready = other.not_before is None or other.not_before <= event.at
            alike = (other.skills, other.tier, other.channel) == (
                offered.skills,
                offered.tier,
                offered.channel,
            )
            if ready and alike and not reserved_for(other, standings.agents, event.at):
                assert _place(offered, queue) < _place(other, queue), "out of turn"
