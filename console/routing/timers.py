"""What falls due when: heaps of moments, checked against the present standing when they are looked at."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from typing import Any, Generic, TypeVar
from uuid import UUID

from console.domain.interaction import Phase
from console.domain.queue import Channel, Queue
from console.domain.standing import InteractionStanding, after
from console.domain.standings import Standings
from console.routing import hours
from console.routing.crew import Crew
from console.routing.customers import can_be_called

FIRST_ANNOUNCEMENT_S = 3.0
"""How soon a caller with others ahead is told the place; later every `announce_every_s` of the queue."""

LEAST_S = 0.1
"""No wait in a queue and no pause between words is shorter: a setting near 0 would come round for ever."""

_SWEEP_FROM = 1024
_AT_ONCE = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
_K = TypeVar("_K")


class Soonest:
    """The earliest moment that was set since it was last looked: nothing is due before."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        """Nothing is set."""
        self.at = _NEVER


class Alarm(Generic[_K]):
    """Moments of one kind. `current` tells when a key is due as things stand, or None when it no longer is.

    A moment is set each time the standing it follows from changes; those overtaken fall out by themselves.
    """

    def __init__(self, current: Callable[[_K], datetime | None], soonest: Soonest) -> None:
        """Nothing is set. `soonest` is told of what is."""
        self._current = current
        self._soonest = soonest
        self.heap: list[tuple[datetime, Any]] = []
        self._sweep_at = _SWEEP_FROM

    def set(self, key: _K) -> None:
        """Watch the moment at which `key` is due now, if it is."""
        due = self._current(key)
        if due is None:
            return
        heappush(self.heap, (due, key))
        if due < self._soonest.at:
            self._soonest.at = due
        if len(self.heap) >= self._sweep_at:
            self._sweep()

    def _sweep(self) -> None:
        """Drop the moments overtaken: while a long ledger is read nobody asks, and they would pile up."""
        self.heap[:] = {(due, key) for due, key in self.heap if self._current(key) == due}
        heapify(self.heap)
        self._sweep_at = max(_SWEEP_FROM, 2 * len(self.heap))

    def next_due(self) -> datetime | None:
        """The earliest moment that still stands."""
        while self.heap:
            due, key = self.heap[0]
            if self._current(key) == due:
                return due
            heappop(self.heap)
        return None

    def due(self, now: datetime) -> Iterator[_K]:
        """Take out, one by one, the keys that are due; act on each before asking for the next."""
        while self.heap and self.heap[0][0] <= now:
            due, key = heappop(self.heap)
            if self._current(key) == due:
                yield key


class Timers:
    """All of routing's moments.

    `rings` and `graces` by agent key, `wrap_ups` by agent key and interaction, `hours` (it opens or closes)
    by queue key; by interaction `patience` (it must leave the line), `relaxing` (other demands hold),
    `proposals` (a callback is proposed) and `words` (the place in the queue is to be announced).
    """

    def __init__(self, standings: Standings, crew: Crew) -> None:
        """Nothing is due."""
        self._standings = standings
        self._crew = crew
        self.first_word: dict[UUID, datetime] = {}
        self.changes: dict[str, datetime] = {}
        self.shut: dict[str, datetime] = {}
        soonest = self._soonest = Soonest()
        self.rings = Alarm(self._ring_due, soonest)
        self.wrap_ups = Alarm(self._wrap_up_due, soonest)
        self.graces = Alarm(self._grace_due, soonest)
        self.hours = Alarm(self.changes.get, soonest)
        self.patience = Alarm(self._patience_due, soonest)
        self.relaxing = Alarm(self._relaxation_due, soonest)
        self.proposals = Alarm(self._proposal_due, soonest)
        self.words = Alarm(self._word_due, soonest)
        self._all: tuple[Alarm[Any], ...] = (
            *(self.rings, self.wrap_ups, self.graces, self.hours),
            *(self.patience, self.relaxing, self.proposals, self.words),
        )
        self._heaps = tuple(alarm.heap for alarm in self._all)

    def next_due(self) -> datetime | None:
        """The earliest moment of all."""
        return min((due for alarm in self._all if (due := alarm.next_due()) is not None), default=None)

    def ring_by(self, now: datetime) -> bool:
        """Whether a moment may have come: a quick look, before all are asked one by one."""
        if now < self._soonest.at:
            return False
        self._soonest.at = min((heap[0][0] for heap in self._heaps if heap), default=_NEVER)
        return self._soonest.at <= now

    def watch_all(self) -> None:
        """Watch all that may fall due as things stand: after they were put back from a checkpoint."""
        for key in self.changes:
            self.hours.set(key)
        for agent in self._standings.agents:
            self.rings.set(agent)
            self.graces.set(agent)
            for interaction in self._standings.agents[agent].wrap_ups:
                self.wrap_ups.set((agent, interaction))
        for interaction in self._standings.interactions:
            self.waits(interaction)

    def waits(self, interaction: UUID) -> None:
        """It waits, as it did not before or not there: watch all that may become of it."""
        standing, queue = self._waiting(interaction)
        if standing is None:
            return
        if queue is None or self.shut or queue.leave_empty or queue.max_wait_s > 0:
            self.patience.set(interaction)
        if queue is None:
            return
        if queue.relax:
            self.relaxing.set(interaction)
        if queue.callback_after_s > 0:
            self.proposals.set(interaction)
        if queue.announce_every_s > 0:
            self.words.set(interaction)

    def queued(self, standing: InteractionStanding, ahead: Callable[[InteractionStanding], int]) -> None:
        """It came into a queue (`ahead`: with how many before it): settle when it is first told its place."""
        queue = self._standings.queues.get(standing.queue)
        every = queue.announce_every_s if queue is not None else 0.0
        if every <= 0:
            self.over(standing.interaction)
            return
        wait = min(every, FIRST_ANNOUNCEMENT_S) if ahead(standing) else every
        self.first_word[standing.interaction] = after(standing.queued_at, max(wait, LEAST_S))

    def over(self, interaction: UUID) -> None:
        """Nothing is to be said to it any more."""
        if self.first_word:
            self.first_word.pop(interaction, None)

    def look_at_hours(self, key: str, now: datetime) -> bool:
        """Settle whether a queue sends away who waits, and until when that holds; True when that changed.

        `shut` has the queues that do, with the moment at which each opens again.
        """
        queue = self._standings.queues.get(key)
        change = hours.next_change(queue, now) if queue is not None else None
        if change is not None:
            self.changes[key] = change
            self.hours.set(key)
        else:
            self.changes.pop(key, None)
        before = self.shut.pop(key, None)
        if queue is not None and not queue.serve_after_close and not hours.is_open(queue, now):
            self.shut[key] = change or _NEVER
        return before != self.shut.get(key)

    def _ring_due(self, agent: str) -> datetime | None:
        standing = self._standings.agents.get(agent)
        return standing.open_offer.due if standing and standing.open_offer else None

    def _wrap_up_due(self, key: tuple[str, UUID]) -> datetime | None:
        standing = self._standings.agents.get(key[0])
        wrap_up = standing.wrap_ups.get(key[1]) if standing else None
        return wrap_up.until if wrap_up else None

    def _grace_due(self, agent: str) -> datetime | None:
        standing = self._standings.agents.get(agent)
        return standing.grace_until if standing else None

    def _patience_due(self, interaction: UUID) -> datetime | None:
        standing, queue = self._waiting(interaction)
        if standing is None:
            return None
        if queue is None:
            return _AT_ONCE
        opens = self.shut.get(queue.key) if self.shut else None
        if standing.callback:
            waits_for_it = (
                standing.not_before is not None and opens is not None and standing.not_before >= opens
            )
            return _AT_ONCE if opens is not None and not waits_for_it else None
        if opens is not None or (queue.leave_empty and not self._crew.signed_in(queue.key)):
            return _AT_ONCE
        return after(standing.queued_at, max(queue.max_wait_s, LEAST_S)) if queue.max_wait_s > 0 else None

    def _relaxation_due(self, interaction: UUID) -> datetime | None:
        standing, queue = self._waiting(interaction)
        if standing is None or queue is None or standing.step >= len(queue.relax):
            return None
        since = standing.relax_since or standing.waiting_since
        return after(since, queue.relax[standing.step].after_s)

    def _proposal_due(self, interaction: UUID) -> datetime | None:
        standing, queue = self._waiting(interaction)
        if standing is None or queue is None or queue.callback_after_s <= 0 or not queue.callback_digit:
            return None
        if standing.callback or standing.proposed_at is not None or standing.channel is not Channel.VOICE:
            return None
        if not can_be_called(standing.customer):
            return None
        return after(standing.waiting_since, queue.callback_after_s)

    def _word_due(self, interaction: UUID) -> datetime | None:
        standing, queue = self._waiting(interaction)
        if standing is None or queue is None or queue.announce_every_s <= 0 or standing.callback:
            return None
        if standing.announced_at is None:
            return self.first_word.get(interaction) or after(standing.queued_at, LEAST_S)
        return after(standing.announced_at, max(queue.announce_every_s, LEAST_S))

    def _waiting(self, interaction: UUID) -> tuple[InteractionStanding | None, Queue | None]:
        standing = self._standings.by_number.get(interaction.int)
        if standing is None or standing.phase is not Phase.WAITING:
            return None, None
        return standing, self._standings.queues.get(standing.queue)
