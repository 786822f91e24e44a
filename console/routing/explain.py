"""What was decided about one interaction, and why: read from the ledger, the way it was at each moment.

The standings are folded up to each fact about the interaction; for each offer it is worked out from them,
with routing's own rules, who could have had it, in which order, and what kept all others of the queue from
it. Pure: nothing is decided and nothing kept.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from console.domain import events as ev
from console.domain.agent import Presence
from console.domain.interaction import Phase
from console.domain.queue import CALLBACK, VOICEMAIL, Queue
from console.domain.standing import AgentStanding, InteractionStanding, Interrupts
from console.domain.standings import Standings
from console.routing import checkpoint
from console.routing.agents import Pool
from console.routing.policy import Demand, Hold, ageing_of, demand_of, hold_of, line_key
from console.routing.reasons import Reason, asked_for, claim_of, obstacles_of, strategy_words
from console.routing.strategies import rank_of
from console.settings import RoutingSettings


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agent who could have had it, and the claim in words. `name` is the one to show."""

    agent: str
    name: str
    claim: str


class Excluded(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agent of the queue who could not have it, and all that was in the way."""

    agent: str
    name: str
    reasons: tuple[Reason, ...]


class Decision(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One step of an interaction: `what` is the fact's class name, `sequence` its place in the ledger.

    With an offer: `agents` got it (several in a broadcast), `possible` could have had it, the best first,
    `excluded` could not; `place` of `waiting` is where it stood in the queue's line, from 1.
    """

    sequence: int
    at: datetime
    what: str
    why: str
    queue: str = ""
    agents: tuple[str, ...] = ()
    place: int = 0
    waiting: int = 0
    possible: tuple[Candidate, ...] = ()
    excluded: tuple[Excluded, ...] = ()


def explain(
    events: Iterable[tuple[int, ev.LedgerEvent]],
    interaction: UUID,
    settings: RoutingSettings,
    dumped: bytes | None = None,
) -> list[Decision]:
    """All steps of an interaction, in the order of the ledger.

    `events` with their sequence numbers: the whole ledger, or with `dumped` (Router.dump) what came after.
    Facts that came too late, and changed nothing, are left out. One that waits to the end of the events has
    a last step, "StillWaits", with who cannot have it and why. One that is not there at all gives [].
    Raises BadInput when `dumped` is no checkpoint of this version.
    """
    story = _Story(interaction, settings.on_top, dumped)
    for sequence, event in events:
        story.read(sequence, event)
    return [*story.decisions, *story.still_waits()]


def words(decisions: Iterable[Decision]) -> list[str]:
    """The steps for a person, one line each, the details of an offer below it."""
    lines = []
    for step in decisions:
        lines.append(f"{step.at:%Y-%m-%d %H:%M:%S} UTC  #{step.sequence}  {step.why}")
        chosen = set(step.agents)
        lines += [f"    got it: {one.name} ({one.claim})" for one in step.possible if one.agent in chosen]
        lines += [
            f"    could have had it: {one.name} ({one.claim})"
            for one in step.possible
            if one.agent not in chosen
        ]
        lines += [
            f"    could not: {one.name} ({'; '.join(reason.words for reason in one.reasons)})"
            for one in step.excluded
        ]
    return lines


class _Story:
    """The ledger as read so far, and what it says about one interaction."""

    def __init__(self, interaction: UUID, interrupts: Interrupts, dumped: bytes | None) -> None:
        self.decisions: list[Decision] = []
        self._interaction = interaction
        self._interrupts = interrupts
        self._standings = Standings()
        self._last: tuple[int, datetime] | None = None
        if dumped is not None:
            checkpoint.restore(self._standings, checkpoint.from_bytes(dumped))
        self._steps: dict[type, Callable[[Any, InteractionStanding], str]] = {
            ev.InteractionRefused: self._refused,
            ev.InteractionQueued: self._queued,
            ev.InteractionLeftQueue: self._left,
            ev.InteractionRelaxed: self._relaxed,
            ev.InteractionPrioritised: lambda event, _: f"priority {event.priority} by {event.by}",
            ev.InteractionAttached: lambda event, _: f"attached by {event.by}: {', '.join(event.attached)}",
            ev.InteractionPulled: lambda event, _: f"pulled to {self._name(event.agent)} by {event.by}",
            ev.OfferEnded: lambda event, _: _offer_over(event, self._name(event.agent)),
            ev.InteractionAnswered: lambda event, _: f"answered by {self._name(event.agent)}",
            ev.InteractionTransferred: lambda event, _: (
                f"transferred by {self._name(event.agent)} to {event.target}"
            ),
            ev.ConsultStarted: lambda event, _: f"{self._name(event.agent)} consults {event.target}",
            ev.ConferenceStarted: lambda event, _: f"{self._name(event.agent)} joins all three",
            ev.ConsultEnded: lambda event, _: f"the consultation is over: {event.reason}",
            ev.CallbackRequested: self._requested,
            ev.OutboundRequested: self._calls,
            ev.CallbackDialled: lambda event, _: f"{self._name(event.agent)} is there, the customer is rung",
            ev.CustomerNotReached: lambda event, _: f"the customer was not reached: {event.reason}",
            ev.CallbackPostponed: lambda event, _: (
                f"not tried again before {event.until:%Y-%m-%d %H:%M:%S} UTC, after {event.tries} tries"
            ),
            ev.VoicemailStarted: lambda event, _: f"may leave a message for {event.queue}",
            ev.InteractionEnded: _over,
        }

    def read(self, sequence: int, event: ev.LedgerEvent) -> None:
        """Take the next fact."""
        self._last = sequence, event.at
        if not self._concerns(event):
            self._standings.apply(event)
            return
        decision = self._offered(sequence, event) if isinstance(event, ev.InteractionOffered) else None
        ignored = self._standings.ignored
        before = self._standings.interactions.get(self._interaction)
        self._standings.apply(event)
        if self._standings.ignored != ignored:
            return
        if decision is None and not isinstance(event, ev.InteractionOffered):
            decision = self._step(sequence, event, before)
        if decision is not None:
            self.decisions.append(decision)

    def _concerns(self, event: ev.LedgerEvent) -> bool:
        if not isinstance(event, ev.InteractionEvent):
            return False
        if isinstance(event, ev.CallbackRequested) and event.callback == self._interaction:
            return True
        return event.interaction == self._interaction

    def _step(
        self, sequence: int, event: ev.LedgerEvent, before: InteractionStanding | None
    ) -> Decision | None:
        standing = self._standings.interactions.get(self._interaction) or before
        if standing is None:
            return None
        if isinstance(event, ev.InteractionArrived):
            why = f"came in on {event.channel.value} for {event.called}"
        else:
            tell = self._steps.get(type(event))
            if tell is None:
                return None
            why = tell(event, standing)
        place, waiting = self._place(standing)
        return Decision(
            sequence=sequence, at=event.at, what=type(event).__name__, why=why, queue=standing.queue,
            place=place, waiting=waiting,
        )  # fmt: skip

    def still_waits(self) -> list[Decision]:
        """Why it waits, if it does, at the moment of the last fact read."""
        standing = self._standings.interactions.get(self._interaction)
        if standing is None or standing.phase is not Phase.WAITING or self._last is None:
            return []
        sequence, at = self._last
        hold, name, until = hold_of(standing, at, self._signed_in)
        able, excluded = self._sorted_out(standing, demand_of(standing), (hold, name))
        place, waiting = self._place(standing)
        why = f"still waits in {standing.queue}: number {place} of {waiting}"
        if hold is not Hold.OPEN:
            kept = "not tried" if hold is Hold.POSTPONED else f"kept for {self._name(name)}"
            why += f", {kept}" + (f" until {until:%Y-%m-%d %H:%M:%S} UTC" if until else "")
        if not able and not excluded:
            why += ", and nobody serves that queue"
        claims = tuple(Candidate(one.agent.key, one.agent.shown, "free now") for one in able)
        return [
            Decision(
                sequence=sequence, at=at, what="StillWaits", why=why, queue=standing.queue, place=place,
                waiting=waiting, possible=claims, excluded=tuple(excluded),
            )
        ]  # fmt: skip

    # ------------------------------------------------------------ an offer

    def _offered(self, sequence: int, event: ev.InteractionOffered) -> Decision | None:
        standing = self._standings.interactions.get(self._interaction)
        queue = self._standings.queues.get(event.queue)
        if standing is None or queue is None:
            return None
        if standing.phase is Phase.OFFERED:
            self._rung_too(event)
            return None
        held = hold_of(standing, event.at, self._signed_in)
        hold, name = held[:2]
        demand = demand_of(standing)
        able, excluded = self._sorted_out(standing, demand, (hold, name))
        able.sort(key=lambda one: (one.agent.key != name, rank_of(queue.strategy, one, queue.key, demand)))
        winners = _winners(standing, queue, demand, able, (hold, name))
        place, waiting = self._place(standing)
        possible = [
            Candidate(one.agent.key, one.agent.shown, claim_of(one, queue, demand, event.at)) for one in able
        ]
        possible.sort(key=lambda one: one.agent not in winners)
        rung = ", ".join(self._name(agent) for agent in winners)
        because = _because(queue, hold, name if name in winners else "", len(able))
        asks = asked_for(standing.skills, standing.tier)
        return Decision(
            sequence=sequence,
            at=event.at,
            what=type(event).__name__,
            why=f"offered to {rung}: {because} (number {place} of {waiting}, asks for {asks})",
            queue=queue.key,
            agents=(event.agent,),
            place=place,
            waiting=waiting,
            possible=tuple(possible),
            excluded=tuple(excluded),
        )

    def _rung_too(self, event: ev.InteractionOffered) -> None:
        """Another one of a broadcast, decided with the first."""
        last = self.decisions[-1] if self.decisions else None
        if last is not None and last.what == type(event).__name__:
            self.decisions[-1] = msgspec.structs.replace(last, agents=(*last.agents, event.agent))

    def _sorted_out(
        self, standing: InteractionStanding, demand: Demand, held: tuple[Hold, str]
    ) -> tuple[list[AgentStanding], list[Excluded]]:
        """Of the agents of the queue, and whoever it waits for: those who could have it, and the others."""
        able, excluded = [], []
        for key, agent in self._standings.agents.items():
            if standing.queue not in agent.agent.queues and key != held[1]:
                continue
            reasons = obstacles_of(agent, standing, demand, held, self._interrupts)
            if reasons:
                excluded.append(Excluded(key, agent.agent.shown, tuple(reasons)))
            else:
                able.append(agent)
        return able, excluded

    def _calls(self, event: ev.OutboundRequested, _: InteractionStanding) -> str:
        agent, customer = self._name(event.agent), event.customer.shown
        if event.by:
            return f"{agent} calls {customer} for {event.queue}, asked for by {event.by}"
        return f"{agent} calls {customer} for {event.queue}"

    def _place(self, standing: InteractionStanding) -> tuple[int, int]:
        """Where it stands among those that wait in its queue, from 1, and how many they are."""
        if standing.phase is not Phase.WAITING:
            return 0, 0
        ageing = ageing_of(self._standings.queues.get(standing.queue))
        mine = line_key(standing, ageing)
        line = [
            line_key(other, ageing)
            for other in self._standings.interactions.values()
            if other.phase is Phase.WAITING and other.queue == standing.queue
        ]
        return sum(key <= mine for key in line), len(line)

    def _signed_in(self, agent: str) -> bool:
        known = self._standings.agents.get(agent)
        return known is not None and known.presence is not Presence.OFFLINE

    def _name(self, agent: str) -> str:
        known = self._standings.agents.get(agent)
        return known.agent.shown if known is not None else agent

    # ------------------------------------------------------------ the other steps

    def _refused(self, event: ev.InteractionRefused, _: InteractionStanding) -> str:
        return f"not let into {event.queue or 'any queue'}: {event.reason}{_goes(event.to)}"

    def _queued(self, event: ev.InteractionQueued, standing: InteractionStanding) -> str:
        place, waiting = self._place(standing)
        parts = [f"number {place} of {waiting}", f"priority {event.priority}"]
        if event.value:
            parts.append(f"customer's value {event.value}")
        parts.append(f"asks for {asked_for(event.skills, event.tier)}")
        if event.wanted:
            parts.append(f"waits {event.wanted_s:.0f} s for {self._name(event.wanted)}")
        by = f" by {event.by}" if event.by else ""
        return f"waits in {event.queue} ({event.reason}{by}): {', '.join(parts)}"

    def _left(self, event: ev.InteractionLeftQueue, standing: InteractionStanding) -> str:
        waited = max(0.0, (event.at - standing.queued_at).total_seconds())
        return f"left {event.queue} after {waited:.0f} s: {event.reason.value}{_goes(event.to)}"

    def _relaxed(self, event: ev.InteractionRelaxed, _: InteractionStanding) -> str:
        return f"step {event.step} of its queue: asks for {asked_for(event.skills, event.tier)} now"

    def _requested(self, event: ev.CallbackRequested, standing: InteractionStanding) -> str:
        if event.callback != self._interaction:
            return f"a callback takes its place in {event.queue}: {event.callback}"
        place, waiting = self._place(standing)
        asks = asked_for(event.skills, event.tier)
        return (
            f"a callback waits in {event.queue} for the call {event.interaction}:"
            f" number {place} of {waiting}, priority {event.priority}, asks for {asks}"
        )


def _winners(
    standing: InteractionStanding,
    queue: Queue,
    demand: Demand,
    able: list[AgentStanding],
    held: tuple[Hold, str],
) -> tuple[str, ...]:
    hold, name = held
    keys = [agent.agent.key for agent in able]
    named = name if name in keys else ""
    if hold is not Hold.OPEN:
        return (named,) if named else ()
    pool = Pool(queue.key, queue.strategy, demand)
    for agent in able:
        if agent.agent.key != named:
            pool.add(agent)
    return pool.takers(standing, named, queue.broadcast_most)


def _because(queue: Queue, hold: Hold, named: str, able: int) -> str:
    if hold is Hold.PULLED:
        return "a supervisor pulled it there"
    if named:
        return "it asks for this agent"
    if able == 1:
        return "the only one who could have it"
    return f"{strategy_words(queue.strategy)} of {able} who could have it"


def _offer_over(event: ev.OfferEnded, name: str) -> str:
    ways = {
        ev.OfferEndReason.NO_ANSWER: f"{name} did not answer",
        ev.OfferEndReason.DECLINED: f"{name} declined",
        ev.OfferEndReason.BUSY: f"{name}'s desk was busy",
        ev.OfferEndReason.UNREACHABLE: f"{name}'s desk could not be rung",
        ev.OfferEndReason.WITHDRAWN: f"no longer for {name}",
    }
    return ways[event.reason]


def _over(event: ev.InteractionEnded, _: InteractionStanding) -> str:
    return f"ended by the {event.by.value}" + (f": {event.reason}" if event.reason else "")


def _goes(to: str) -> str:
    if not to:
        return ""
    return {VOICEMAIL: ", on to a message", CALLBACK: ", on to a callback"}.get(to, f", on to {to}")
