"""The calls of an Asterisk's own queues (app_queue) as our facts, whatever order their notes come in.

Notes come from the manager interface or from queue_log. Ids are made of Asterisk's name of the call, so
a second reading gives the same ids. app_queue's threads swap notes: what comes too early waits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from msgspec.structs import replace

from console.domain.address import Address
from console.domain.events import (
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    InteractionEnded,
    InteractionEvent,
    InteractionHeld,
    InteractionLeftQueue,
    InteractionOffered,
    InteractionQueued,
    InteractionResumed,
    InteractionTransferred,
    LeaveReason,
    OfferEnded,
    OfferEndReason,
)
from console.switch.queue_call import Call, Note, Step

SETTLE = timedelta(seconds=1)
"""So long after a call left its queue the reason may still come."""

_SPACE = UUID("5f0d7a5e-3f0c-5b7e-9c55-2f4f2d0c8a11")
_FORGET = timedelta(minutes=1)
_MOST_EARLY = 64
_E = TypeVar("_E", bound=InteractionEvent)


class QueueCalls:
    """Makes facts of notes. `system` keeps the calls of several Asterisks apart; the two mappings give our
    keys for Asterisk's queues and agents (what is not in them keeps its name).
    """

    def __init__(
        self,
        tell: Callable[[InteractionEvent], None],
        system: str = "",
        queues: Mapping[str, str] | None = None,
        agents: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is known yet."""
        self._tell = tell
        self._system = system
        self._queues = queues or {}
        self._agents = agents or {}
        self._calls: dict[str, Call] = {}
        self._recalled: dict[UUID, Call] = {}
        self._steps: dict[Step, Callable[[Call, Note], bool]] = {
            Step.JOINED: self._joined,
            Step.CALLED: self._called,
            Step.RANG_OUT: self._rang_out,
            Step.CONNECTED: self._connected,
            Step.HELD: self._held,
            Step.RESUMED: self._held,
            Step.COMPLETED: self._completed,
            Step.TRANSFERRED: self._transferred,
            Step.ABANDONED: self._abandoned,
            Step.GAVE_UP: self._gave_up,
            Step.GOES: self._goes,
            Step.LEFT: self._left,
            Step.HUNG_UP: self._hung_up,
        }

    def interaction(self, key: str) -> UUID:
        """The interaction that a call is to us, always the same."""
        return uuid5(_SPACE, f"{self._system}/{key}")

    @property
    def going_on(self) -> frozenset[str]:
        """The calls that joined a queue and are not over."""
        return frozenset(key for key, call in self._calls.items() if call.goes_on)

    def recall(self, interaction: UUID, events: Sequence[InteractionEvent]) -> None:
        """A call that was going on when an earlier watch ended, by its facts so far."""
        call = self._recalled[interaction] = Call("", interaction)
        call.recall(events)

    def call(self, key: str) -> Call | None:
        """How a call stands; None for one of which nothing was said."""
        found = self._calls.get(key)
        if found is None and self._recalled:
            found = self._recalled.pop(self.interaction(key), None)
            if found is not None:
                found.key = key
                self._calls[key] = found
        return found

    def said(self, note: Note) -> bool:
        """Whether this was told already, perhaps by something else that told it."""
        call = self.call(note.key)
        agent, queue = self._agents.get(note.agent, note.agent), self._queues.get(note.queue, note.queue)
        return call is not None and call.said(replace(note, agent=agent, queue=queue))

    def end(
        self, at: datetime, by: EndedBy, *, but: Iterable[str] = (), before: datetime | None = None
    ) -> None:
        """End all that go on, or began `before`, except for some: Asterisk does not have them any more."""
        living = {self.interaction(key) for key in but}
        for call in [*self._calls.values(), *self._recalled.values()]:
            if not call.goes_on or call.interaction in living:
                continue
            if before is None or call.told[0].at <= before:
                self._cut(call, max(at, call.told[-1].at), by)
        self._recalled = {key: call for key, call in self._recalled.items() if call.goes_on}

    def _cut(self, call: Call, at: datetime, by: EndedBy) -> None:
        if call.phase == "waiting" and call.left is not None:
            self._out(call, call.left.at, call.left.reason or LeaveReason.TIMEOUT)
        self._withdraw(call, at)
        if call.goes_on:
            self._end(call, at, by)

    def take(self, note: Note) -> None:
        """Tell what follows of it now; what comes too early waits."""
        call = self.call(note.key)
        if call is None:
            call = self._calls[note.key] = Call(note.key, self.interaction(note.key))
        if call.phase == "over":
            return
        if not self._steps[note.step](call, note):
            if len(call.early) < _MOST_EARLY:
                call.early.append(note)
            return
        self._again(call)

    def settle(self, now: datetime) -> None:
        """Tell of whom no reason came within SETTLE; forget calls that ended long ago."""
        for key, call in list(self._calls.items()):
            if call.phase == "waiting" and call.left is not None and call.left.at + SETTLE <= now:
                self._out(call, call.left.at, call.left.reason or LeaveReason.TIMEOUT)
            if call.phase == "connected" and call.hung_up and call.hung_up.at + SETTLE <= now:
                self._end(call, call.hung_up.at, EndedBy.CUSTOMER)
            last = call.over_at
            if call.phase == "new":
                last = call.hung_up.at if call.hung_up else call.early[0].at if call.early else None
            if last is not None and last + _FORGET <= now:
                del self._calls[key]

    def close(self) -> None:
        """No more notes will come: who left a queue or was passed on is not followed any further."""
        for call in self._calls.values():
            if call.phase == "waiting" and call.left is not None:
                self._out(call, call.left.at, call.left.reason or LeaveReason.TIMEOUT)
            if call.phase == "apart" and call.left is not None:
                self._end(call, call.left.at, EndedBy.CENTRE)

    # ------------------------------------------------------------------ inside

    def _again(self, call: Call) -> None:
        early, call.early = sorted(call.early, key=lambda one: one.at), []
        for index, note in enumerate(early):
            if self._steps[note.step](call, note):
                call.early = [*call.early, *early[index + 1 :]]
                self._again(call)
                return
            call.early.append(note)

    def _fact(self, kind: type[_E], call: Call, at: datetime, **more: Any) -> None:
        identity = uuid5(call.interaction, f"{kind.__name__}/{call.made[kind.__name__] + 1}")
        event = kind(id=identity, at=at, interaction=call.interaction, **more)
        call.tells(event)
        self._tell(event)

    def _joined(self, call: Call, note: Note) -> bool:
        if call.phase in {"waiting", "connected"} and call.left is None:
            told = self._queues.get(note.queue, note.queue) == call.queue
            return call.phase == "waiting" and told
        if call.phase == "waiting" and call.left is not None:
            self._out(call, call.left.at, call.left.reason or LeaveReason.OVERFLOW, note.queue)
        elif call.phase == "connected":
            return False
        reason = "arrived" if call.phase == "new" else "transfer" if call.transferred else "overflow"
        if call.phase == "new":
            customer = Address(uri=f"sip:{note.number or 'anonymous'}@asterisk", name=note.name)
            self._fact(InteractionArrived, call, note.at, customer=customer, called=note.called)
            call.joined_at = note.at
        since = note.at if reason != "overflow" or call.joined_at is None else call.joined_at
        call.joined_at = since
        call.phase, call.left, call.transferred = "waiting", None, False
        call.gave_up = None
        call.queue = self._queues.get(note.queue, note.queue)
        self._fact(InteractionQueued, call, note.at, queue=call.queue, waiting_since=since, reason=reason)
        return True

    def _offer(self, call: Call, agent: str, number: int) -> UUID:
        return uuid5(call.interaction, f"offer/{agent}/{number}")

    def _ring(self, call: Call, agent: str, at: datetime) -> None:
        call.offers[agent] += 1
        offer = call.open[agent] = self._offer(call, agent, call.offers[agent])
        moment = max(at, call.joined_at or at)
        self._fact(
            InteractionOffered, call, moment, offer=offer, queue=call.queue, agent=agent, ring_timeout_s=0.0
        )

    def _called(self, call: Call, note: Note) -> bool:
        agent = self._agents.get(note.agent, note.agent)
        if call.phase != "waiting":
            return call.phase != "new"
        late = agent in call.refused and note.at <= call.refused[agent]
        if agent not in call.open and not late:
            self._ring(call, agent, note.at)
        return True

    def _rang_out(self, call: Call, note: Note) -> bool:
        if call.phase != "waiting":
            return call.phase != "new"
        agent = self._agents.get(note.agent, note.agent)
        if agent in call.refused and note.at <= call.refused[agent]:
            return True  # told already
        if agent not in call.open:
            self._ring(call, agent, note.at - timedelta(seconds=note.rang_s))
        offer = call.open.pop(agent)
        call.refused[agent] = note.at
        reason = OfferEndReason.NO_ANSWER if note.rang_s else OfferEndReason.BUSY
        self._fact(OfferEnded, call, note.at, offer=offer, agent=agent, reason=reason)
        return True

    def _connected(self, call: Call, note: Note) -> bool:
        if call.phase != "waiting":
            return False
        agent = self._agents.get(note.agent, note.agent)
        if agent not in call.open:
            self._ring(call, agent, note.at - timedelta(seconds=note.rang_s))
        offer = call.open.pop(agent)
        self._withdraw(call, note.at)
        call.phase, call.agent, call.left = "connected", agent, None
        self._fact(InteractionAnswered, call, note.at, offer=offer, queue=call.queue, agent=agent)
        return True

    def _withdraw(self, call: Call, at: datetime) -> None:
        for agent, offer in call.open.items():
            self._fact(OfferEnded, call, at, offer=offer, agent=agent, reason=OfferEndReason.WITHDRAWN)
        call.open.clear()

    def _held(self, call: Call, note: Note) -> bool:
        if call.phase != "connected":
            return call.phase == "apart"
        kind: Any = InteractionHeld if note.step is Step.HELD else InteractionResumed
        self._fact(kind, call, note.at, agent=call.agent)
        return True

    def _completed(self, call: Call, note: Note) -> bool:
        if call.phase != "connected":
            return call.phase == "apart"
        self._end(call, note.at, note.by)
        return True

    def _transferred(self, call: Call, note: Note) -> bool:
        if call.phase != "connected":
            return call.phase == "apart"
        self._fact(InteractionTransferred, call, note.at, agent=call.agent, target=note.target)
        call.phase, call.left, call.transferred = "apart", note, True
        if call.hung_up is not None:
            self._end(call, max(call.hung_up.at, note.at), EndedBy.CUSTOMER)
        return True

    def _abandoned(self, call: Call, note: Note) -> bool:
        if call.phase != "waiting":
            return False
        self._withdraw(call, note.at)
        self._end(call, note.at, note.by)
        return True

    def _gave_up(self, call: Call, note: Note) -> bool:
        call.gave_up = note
        return self._wished(call) or call.phase != "new"

    def _goes(self, call: Call, note: Note) -> bool:
        call.goes_at = min(call.goes_at or note.at, note.at)
        self._wished(call)
        return True

    def _wished(self, call: Call) -> bool:
        """Told as abandoned if the caller hung up first; the dialplan may hang up after a time-out."""
        gave_up, goes_at = call.gave_up, call.goes_at
        if gave_up is None or goes_at is None or goes_at > gave_up.at:
            return False
        return self._abandoned(call, gave_up)

    def _left(self, call: Call, note: Note) -> bool:
        if call.phase != "waiting":
            return call.phase != "new"
        call.left = note
        if note.reason is not None:
            self._out(call, note.at, note.reason)
        return True

    def _out(self, call: Call, at: datetime, reason: LeaveReason, to: str = "") -> None:
        self._withdraw(call, at)
        queue = self._queues.get(to, to)
        self._fact(InteractionLeftQueue, call, at, queue=call.queue, reason=reason, to=queue)
        call.phase = "apart"
        if call.hung_up is not None:
            self._end(call, max(call.hung_up.at, at), EndedBy.CENTRE)

    def _hung_up(self, call: Call, note: Note) -> bool:
        call.hung_up = note
        if call.phase == "apart":
            self._end(call, note.at, EndedBy.CUSTOMER if call.transferred else EndedBy.CENTRE)
        return True

    def _end(self, call: Call, at: datetime, by: EndedBy) -> None:
        call.phase, call.over_at = "over", at
        call.early.clear()
        self._fact(InteractionEnded, call, at, by=by)
