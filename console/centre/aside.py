"""What a centre does beside its pipeline for a switch that can do without it: who serves then, and what they
did; and the words that supervisors have to read about it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from console.clock import Clock
from console.domain.agent import Presence
from console.domain.events import (
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    InteractionEnded,
    InteractionQueued,
    LedgerEvent,
    WrapUpEnded,
    WrapUpStarted,
)
from console.domain.figures import Notice
from console.domain.queue import Queue
from console.metrics.board import Board
from console.routing.router import Router
from console.switch.switch import Stray, Surviving

AWAY, FALLBACK = "away", "fallback"
SHOWN = timedelta(minutes=15)
"""So long after the last of them, supervisors are told of calls that were served without the centre."""

EVERY_S = 2.0

Submit = Callable[[Sequence[LedgerEvent]], Awaitable[None]]
_EARLIER = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
_log = logging.getLogger(__name__)


class Aside:
    """Looked after every few seconds."""

    def __init__(self, switch: Surviving, router: Router, board: Board, clock: Clock) -> None:
        """Nothing looked at yet."""
        self._switch = switch
        self._router = router
        self._board = board
        self._clock = clock
        self._since = self._from = clock.now()
        self._until = clock.now()
        self._told: set[str] = set()
        self._open = True
        self._away: set[str] = set()
        self._strays: dict[str, Notice] = {}
        self._readable = True

    async def run(self, since: datetime | None, submit: Submit) -> None:
        """For ever; the centre was away since then."""
        self._begin(since or self._clock.now())
        while True:
            try:
                await self.look(submit)
            except Exception:  # noqa: BLE001 - our bug, told loudly; calls go on
                _log.exception("what was done without the centre cannot be looked after")
            await asyncio.sleep(EVERY_S)

    def _begin(self, since: datetime) -> None:
        self._from = since
        self._since = since - _EARLIER

    async def look(self, submit: Submit) -> None:
        """Say who serves without us, take over what was served so, tell supervisors."""
        self._switch.staff(self._serving())
        away = [one for one in self._switch.connections if not one.connected]
        names = {one.name for one in away}
        if not self._away and names:
            self._begin(min(one.since for one in away))
        if self._open or self._away - names:
            await self._take_over(submit)
        self._away = names
        kept = list(self._strays.values()) if self._clock.now() < self._until else []
        self._board.notice((*(Notice(kind=AWAY, where=one.name, since=one.since) for one in away), *kept))

    def _serving(self) -> dict[str, str]:
        return {
            agent.agent.key: agent.contact
            for agent in self._router.agents()
            if agent.linked and agent.presence is Presence.READY and agent.contact
        }

    async def _take_over(self, submit: Submit) -> None:
        """Each call once it is over, whole: nobody can act upon it any more."""
        try:
            found = await asyncio.to_thread(self._switch.strays, self._since)
        except OSError as fault:
            if self._readable:
                _log.error("the queue log cannot be read, calls without a centre are not told of: %s", fault)
            self._readable = self._open = False
            return
        self._readable = True
        self._open = any(one.ended_at is None for calls in found.values() for one in calls)
        for where, calls in found.items():
            for call in calls:
                if call.ended_at is not None and call.key not in self._told:
                    self._told.add(call.key)
                    await submit(facts_of(call, call.ended_at, where, self._router))
        here = {
            where: [one for one in calls if one.arrived_at >= self._from - _SECOND]
            for where, calls in found.items()
        }
        strays = {where: _notice(where, calls) for where, calls in here.items() if calls}
        if strays != self._strays or self._open:
            self._strays, self._until = strays, self._clock.now() + SHOWN


def facts_of(call: Stray, ended_at: datetime, where: str, router: Router) -> list[LedgerEvent]:
    """A whole call, always with the same ids. The agent has no wrap-up of it any more."""
    interaction = _named(where, call, "interaction")
    queue = _queue_of(call.called, router)
    at, ids = call.arrived_at, _Ids(where, call)
    facts: list[LedgerEvent] = [
        InteractionArrived(
            id=ids("arrived"), at=at, interaction=interaction, customer=call.customer, called=call.called
        )
    ]
    if queue is not None:
        facts.append(
            InteractionQueued(
                id=ids("queued"), at=at, interaction=interaction, queue=queue.key, waiting_since=at
            )
        )
    answered = call.agent if queue is not None else ""
    if answered and queue is not None and call.answered_at is not None:
        facts.append(
            InteractionAnswered(
                id=ids("answered"),
                at=call.answered_at,
                interaction=interaction,
                offer=ids("offer"),
                queue=queue.key,
                agent=answered,
            )
        )
    by = EndedBy.AGENT if call.by_agent else EndedBy.CUSTOMER
    facts.append(
        InteractionEnded(id=ids("ended"), at=ended_at, interaction=interaction, by=by, reason=FALLBACK)
    )
    if answered and queue is not None:
        facts += _no_wrap_up(interaction, answered, queue.key, ended_at, ids)
    return facts


def _no_wrap_up(interaction: UUID, agent: str, queue: str, at: datetime, ids: "_Ids") -> list[LedgerEvent]:
    return [
        WrapUpStarted(
            id=ids("wrap-up"), at=at, agent=agent, interaction=interaction, queue=queue, limit_s=0.0
        ),
        WrapUpEnded(id=ids("wrapped"), at=at, agent=agent, interaction=interaction, reason=FALLBACK),
    ]


class _Ids:
    """Ids made of what they name (RFC 9562, version 5)."""

    def __init__(self, where: str, call: Stray) -> None:
        self._where = where
        self._call = call

    def __call__(self, what: str) -> UUID:
        return _named(self._where, self._call, what)


def _named(where: str, call: Stray, what: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"callboard:{where}:{call.key}:{what}")


def _queue_of(called: str, router: Router) -> Queue | None:
    """The queue that is called by this number, or named so; else the first there is."""
    queues = sorted(router.queues(), key=lambda one: one.key)
    fits = (one for one in queues if called in one.numbers or called == one.key)
    return next(fits, queues[0] if queues else None)


def _notice(where: str, calls: Sequence[Stray]) -> Notice:
    since = min(one.arrived_at for one in calls)
    waiting = sum(one.ended_at is None for one in calls)
    return Notice(kind=FALLBACK, where=where, since=since, callers=len(calls), waiting=waiting)
