"""Told histories for tests of the figures: each line a fact, at a second after the start."""

from datetime import datetime, timedelta
from uuid import UUID

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.queue import Queue
from console.metrics.snapshot import Fold

START = datetime.fromisoformat("2026-11-23T09:00:00+00:00")


class Story:
    """Facts in order, `at` in seconds after the start; interactions by any name."""

    def __init__(self, *queues: Queue, start: datetime = START) -> None:
        self.start = start
        self.clock = StoppedClock(start)
        self.events: list[ev.LedgerEvent] = []
        self.names: dict[str, UUID] = {}
        for queue in queues:
            self.tell(0, ev.QueueConfigured, queue=queue)

    def at(self, second: float) -> datetime:
        return self.start + timedelta(seconds=second)

    def tell(self, second: float, kind: type, name: str = "", **fields: object) -> "Story":
        if name:
            fields["interaction"] = self.names.setdefault(name, self.clock.new_id())
        self.events.append(kind(id=self.clock.new_id(), at=self.at(second), **fields))
        return self

    def queued(
        self, second: float, name: str, queue: str, *, reason: str = "arrived", since: float | None = None
    ) -> "Story":
        if name not in self.names:
            self.tell(second, ev.InteractionArrived, name, customer=Address("sip:1@x", "Anna"), called=queue)
        waiting_since = self.at(second if since is None else since)
        return self.tell(
            second, ev.InteractionQueued, name, queue=queue, waiting_since=waiting_since, reason=reason
        )

    def offered(self, second: float, name: str, agent: str, queue: str) -> "Story":
        return self.tell(
            second,
            ev.InteractionOffered,
            name,
            offer=self.names.setdefault(f"offer {name} {agent}", self.clock.new_id()),
            queue=queue,
            agent=agent,
            ring_timeout_s=20.0,
        )

    def answered(self, second: float, name: str, agent: str, queue: str) -> "Story":
        offer = self.names.get(f"offer {name} {agent}")
        if offer is None:
            self.offered(second, name, agent, queue)
            offer = self.names[f"offer {name} {agent}"]
        return self.tell(second, ev.InteractionAnswered, name, offer=offer, queue=queue, agent=agent)

    def not_taken(self, second: float, name: str, agent: str, reason: ev.OfferEndReason) -> "Story":
        offer = self.names[f"offer {name} {agent}"]
        return self.tell(second, ev.OfferEnded, name, offer=offer, agent=agent, reason=reason)

    def ended(
        self, second: float, name: str, by: ev.EndedBy = ev.EndedBy.CUSTOMER, reason: str = ""
    ) -> "Story":
        return self.tell(second, ev.InteractionEnded, name, by=by, reason=reason)

    def left(self, second: float, name: str, queue: str, reason: ev.LeaveReason) -> "Story":
        return self.tell(second, ev.InteractionLeftQueue, name, queue=queue, reason=reason)

    def agent(self, second: float, agent: str) -> "Story":
        self.tell(second, ev.AgentSignedIn, agent=agent, contact="sip:a@x", session=self.clock.new_id())
        return self.tell(second, ev.AgentBecameReady, agent=agent)

    def fold(self) -> Fold:
        fold = Fold()
        for sequence, event in enumerate(self.events, start=1):
            fold.apply(event, sequence)
        return fold
