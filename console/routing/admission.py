"""In, on and out of queues: who is let in, who is sent on and where to, who leaves. Decisions as events.

A queue that is closed, full or has nobody signed in sends on what arrives (`closed_to`, `full_to`,
`no_agents_to`); one that keeps somebody waiting too long, closes or is deserted sends on what waits. No queue
is entered twice on the same way, so every way ends: in a line, in a message, in a callback, or with goodbye.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Presence
from console.domain.interaction import Phase
from console.domain.queue import CALLBACK, VOICEMAIL, Channel, Queue
from console.domain.standing import InteractionStanding
from console.domain.standings import Standings
from console.routing import hours
from console.routing.crew import Crew
from console.routing.customers import Customers, can_be_called
from console.routing.estimates import HandleTimes, expected_wait
from console.routing.matcher import Matcher
from console.routing.queues import Door

_NO_SUCH_QUEUE = "no such queue"
_COMING = frozenset({"arrived", "closed", "full", "no_agents"})


class Admission:
    """The rules of going in and out, over what the router keeps."""

    def __init__(
        self,
        standings: Standings,
        matcher: Matcher,
        crew: Crew,
        customers: Customers,
        handle_times: HandleTimes,
        new_id: Callable[[], UUID],
    ) -> None:
        """All of it is the router's; nothing is kept here but the names that lead to queues."""
        self._standings = standings
        self._matcher = matcher
        self._crew = crew
        self._customers = customers
        self._handle_times = handle_times
        self._new_id = new_id
        self.door = Door()
        self.refuses: Callable[[Address], str] = lambda customer: ""
        """Why a customer's number must not be called back, "" when it may be."""

    # ------------------------------------------------------------ in and on

    def let_in(self, standing: InteractionStanding, now: datetime) -> Iterator[ev.LedgerEvent]:
        """What becomes of one that is in no queue; apply each event before asking for the next."""
        while standing.phase is Phase.ARRIVED and not standing.voicemail:
            event = self._step(standing, now)
            if event is None:
                return
            yield event
            if isinstance(event, ev.CallbackRequested):
                yield from self._postponed(event, now)

    def _step(self, standing: InteractionStanding, now: datetime) -> ev.LedgerEvent | None:
        if standing.refused or standing.left is not None:
            return self._send_on(standing, now)
        if standing.target and standing.transferred_at is not None:
            return self._pass_on(standing, now)
        queue = self._queue(self.door.find(standing.called) or "")
        if queue is None:
            return self._refuse(standing, _NO_SUCH_QUEUE, "", "", now)
        return self._enter(standing, queue, "arrived", standing.arrived_at, now)

    def _send_on(self, standing: InteractionStanding, now: datetime) -> ev.LedgerEvent | None:
        """It was refused or flowed out: to where that said."""
        if not standing.to:
            return None
        sender = standing.tried[-1] if standing.refused and standing.tried else standing.queue
        if standing.to == VOICEMAIL:
            known = self._queue(sender) or Queue(key=sender)
            return ev.VoicemailStarted(
                id=self._new_id(),
                at=now,
                interaction=standing.interaction,
                queue=sender,
                most_s=known.voicemail_most_s,
            )
        if standing.to == CALLBACK:
            return self._request(standing, sender, now)
        queue = self._queue(standing.to)
        if queue is None:
            return self._refuse(standing, _NO_SUCH_QUEUE, standing.to, "", now)
        reason = standing.refused or (standing.left.value if standing.left else "")
        return self._enter(standing, queue, reason, standing.waiting_since, now)

    def _pass_on(self, standing: InteractionStanding, now: datetime) -> ev.LedgerEvent | None:
        """A transfer: to a queue, or to an agent with the queue it came from behind; others are outside."""
        since = standing.transferred_at or now
        queue = self._queue(self.door.find(standing.target) or "")
        if queue is not None:
            return self._enter(standing, queue, "transfer", since, now)
        agent = self.agent_named(standing.target)
        queue = self._queue(standing.queue) or self._first_of(agent)
        if not agent or queue is None:
            return None
        return self._enter(standing, queue, "transfer", since, now, agent)

    def _first_of(self, agent: str) -> Queue | None:
        known = self._standings.agents.get(agent)
        queues = known.agent.queues if known else ()
        return next((queue for key in queues if (queue := self._queue(key)) is not None), None)

    def agent_named(self, target: str) -> str:
        """The agent that a transfer's target means, or "": a queue of the same name comes first."""
        if not target or self.door.find(target) is not None:
            return ""
        return next((name for name in (target, Address(target).user) if name in self._standings.agents), "")

    def _enter(
        self,
        standing: InteractionStanding,
        queue: Queue,
        reason: str,
        since: datetime,
        now: datetime,
        named: str = "",
    ) -> ev.LedgerEvent:
        """Into a queue, or on from one that is closed, full or deserted; a transfer may be one too many."""
        if not hours.is_open(queue, now):
            return self._refuse(standing, "closed", queue.key, queue.closed_to, now)
        if reason != "transfer" and 0 < queue.max_waiting <= self._matcher.count(queue.key):
            return self._refuse(standing, "full", queue.key, queue.full_to, now)
        if self.is_deserted(queue):
            return self._refuse(standing, "no_agents", queue.key, queue.no_agents_to, now)
        return self.queued(standing, queue, reason, since, now, named)

    def is_deserted(self, queue: Queue) -> bool:
        """Whether callers leave because nobody of the queue is signed in."""
        return queue.leave_empty and not self._crew.signed_in(queue.key)

    def queued(
        self,
        standing: InteractionStanding,
        queue: Queue,
        reason: str,
        since: datetime,
        now: datetime,
        named: str = "",
    ) -> ev.InteractionQueued:
        """The fact that it waits in a queue from now on, with all that the queue and the customer bring.

        `named` is the agent whom a transfer asks for, or in a move the supervisor who makes it.
        """
        rule = self._customers.rule(standing.customer)
        priority = queue.priority + rule.priority + round(rule.value * queue.value_weight)
        by = named if reason == "moved" else ""
        wanted, wanted_s = self._wanted(standing, queue, reason, "" if by else named, now)
        return ev.InteractionQueued(
            id=self._new_id(),
            at=now,
            interaction=standing.interaction,
            queue=queue.key,
            skills=queue.skills,
            tier=queue.tier,
            priority=priority,
            value=rule.value,
            waiting_since=since,
            reason=reason,
            wanted=wanted,
            wanted_s=wanted_s,
            estimate_s=self._estimate(standing, queue, priority),
            by=by,
        )

    def _wanted(
        self, standing: InteractionStanding, queue: Queue, reason: str, named: str, now: datetime
    ) -> tuple[str, float]:
        """Whom it waits for, and how long: nobody waits for who is not there."""
        if named:
            return (named, queue.named_agent_s) if self._is_signed_in(named) else ("", 0.0)
        if reason not in _COMING:
            return "", 0.0
        own = self._customers.rule(standing.customer).agent
        if own and self._is_signed_in(own):
            return own, queue.last_agent_s
        if queue.last_agent_s <= 0:
            return "", 0.0
        last = self._customers.last_agent(standing.customer, queue.last_agent_days, now)
        if not last or not self._is_signed_in(last):
            return "", 0.0
        serves = queue.key in self._standings.agents[last].agent.queues
        return (last, queue.last_agent_s) if serves else ("", 0.0)

    def _is_signed_in(self, agent: str) -> bool:
        known = self._standings.agents.get(agent)
        return known is not None and known.presence is not Presence.OFFLINE

    def _estimate(self, standing: InteractionStanding, queue: Queue, priority: int) -> float | None:
        ahead = self._matcher.would_be_ahead(queue.key, priority, standing)
        return self.wait_of(queue.key, ahead)

    def wait_of(self, queue: str, ahead: int) -> float | None:
        """Seconds that somebody with so many ahead is to expect; None: there is nothing to go by."""
        handle_s = self._handle_times.handle_s(queue)
        wait = expected_wait(ahead, handle_s, self._crew.serving(queue), self._crew.idle(queue))
        return None if wait is None else round(wait, 1)

    def _refuse(
        self, standing: InteractionStanding, reason: str, queue: str, to: str, now: datetime
    ) -> ev.InteractionRefused:
        return ev.InteractionRefused(
            id=self._new_id(),
            at=now,
            interaction=standing.interaction,
            reason=reason,
            queue=queue,
            to=self._onward(standing, to, queue, now),
        )

    def _onward(self, standing: InteractionStanding, to: str, queue: str, now: datetime) -> str:
        """Where it can go of what a queue says: nowhere it was already, no callback without a number."""
        if to == VOICEMAIL:
            return to if standing.channel is Channel.VOICE else ""
        if to == CALLBACK:
            may = self._can_call_back(standing, queue, now) and not self.refuses(standing.customer)
            return to if may else ""
        return to if to in self._standings.queues and to != queue and to not in standing.tried else ""

    # ------------------------------------------------------------ out

    def let_go(self, standing: InteractionStanding, now: datetime, *, shut: bool) -> ev.LedgerEvent:
        """It leaves the line: its queue is gone, shut or deserted, or the wait too long."""
        queue = self._queue(standing.queue)
        if queue is None:
            return self._leave(standing, ev.LeaveReason.CLOSED, "", now)
        if shut:
            to = self._onward(standing, queue.closed_to, queue.key, now)
            return self._leave(standing, ev.LeaveReason.CLOSED, to, now)
        if self.is_deserted(queue):
            to = self._onward(standing, queue.no_agents_to, queue.key, now)
            return self._leave(standing, ev.LeaveReason.NO_AGENTS, to, now)
        to = self._onward(standing, queue.overflow_to, queue.key, now)
        to_queue = to in self._standings.queues
        return self._leave(standing, ev.LeaveReason.OVERFLOW if to_queue else ev.LeaveReason.TIMEOUT, to, now)

    def call_back(self, standing: InteractionStanding, now: datetime) -> ev.LedgerEvent | None:
        """The customer asked to be called back; None where that cannot be, a refusal where it must not."""
        if not self._can_call_back(standing, standing.queue, now):
            return None
        why = self.refuses(standing.customer)
        if why:
            return ev.CallbackRefused(id=self._new_id(), at=now, interaction=standing.interaction, reason=why)
        return self._leave(standing, ev.LeaveReason.CALLBACK, CALLBACK, now)

    def _leave(
        self, standing: InteractionStanding, reason: ev.LeaveReason, to: str, now: datetime
    ) -> ev.InteractionLeftQueue:
        return ev.InteractionLeftQueue(
            id=self._new_id(),
            at=now,
            interaction=standing.interaction,
            queue=standing.queue,
            reason=reason,
            to=to,
        )

    # ------------------------------------------------------------ callbacks

    def _can_call_back(self, standing: InteractionStanding, queue: str, now: datetime) -> bool:
        known = self._queue(queue)
        if known is None or standing.callback or standing.channel is not Channel.VOICE:
            return False
        opens = hours.is_open(known, now) or hours.next_change(known, now) is not None
        return opens and can_be_called(standing.customer)

    def _request(self, standing: InteractionStanding, queue: str, now: datetime) -> ev.LedgerEvent | None:
        """A callback takes the place over: with the demands it has by now, or the queue's where it never
        waited.
        """
        known = self._queue(queue)
        if known is None:
            return self._refuse(standing, _NO_SUCH_QUEUE, queue, "", now)
        waited = not standing.refused
        entry = self.queued(standing, known, "callback", standing.waiting_since, now)
        return ev.CallbackRequested(
            id=self._new_id(),
            at=now,
            interaction=standing.interaction,
            callback=self._new_id(),
            queue=queue,
            customer=standing.customer,
            skills=standing.skills if waited else entry.skills,
            tier=standing.tier if waited else entry.tier,
            priority=standing.priority if waited else entry.priority,
            value=standing.value if waited else entry.value,
            waiting_since=standing.waiting_since,
        )

    def _postponed(self, event: ev.CallbackRequested, now: datetime) -> Iterator[ev.LedgerEvent]:
        """One asked for while the queue is closed is not tried before it opens."""
        queue = self._queue(event.queue)
        opens = hours.next_change(queue, now) if queue and not hours.is_open(queue, now) else None
        if opens is not None:
            yield ev.CallbackPostponed(
                id=self._new_id(), at=now, interaction=event.callback, until=opens, tries=0
            )

    def _queue(self, key: str) -> Queue | None:
        return self._standings.queues.get(key)
