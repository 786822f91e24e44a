"""A small centre for tests: a router, a clock, a scripted switch side, and the ledger it writes."""

from datetime import UTC, datetime
from uuid import UUID

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.interaction import Phase
from console.domain.queue import Queue
from console.routing.router import Router
from console.settings import CustomerRule, RoutingSettings

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class World:
    """Facts go in through `tell`, decisions are collected in `ledger` behind them."""

    def __init__(
        self,
        queues: tuple[Queue, ...],
        agents: tuple[Agent, ...],
        grace_s: float = 30.0,
        customers: tuple[CustomerRule, ...] = (),
    ) -> None:
        self.clock = StoppedClock(START)
        self.settings = RoutingSettings(grace_s=grace_s, customers=customers)
        self.router = Router(self.settings, self.clock.new_id)
        self.ledger: list[ev.LedgerEvent] = []
        for queue in queues:
            self.tell(ev.QueueConfigured, queue=queue)
        for agent in agents:
            self.tell(ev.AgentConfigured, agent=agent)

    def tell(self, kind: type, **fields: object) -> list[ev.LedgerEvent]:
        """Apply one fact, decide; returns what was decided."""
        self.only_tell(kind, **fields)
        return self.decide()

    def only_tell(self, kind: type, **fields: object) -> None:
        """Apply one fact without a decision after it, as in a batch."""
        event = kind(id=self.clock.new_id(), at=self.clock.now(), **fields)
        self.ledger.append(event)
        self.router.apply(event)

    def decide(self) -> list[ev.LedgerEvent]:
        decided = self.router.decide(self.clock.now())
        self.ledger += decided
        return decided

    def wait(self, seconds: float) -> list[ev.LedgerEvent]:
        """Let time pass as the centre does: every timer fires when it is due."""
        until = self.clock.now().timestamp() + seconds
        decided: list[ev.LedgerEvent] = []
        while (due := self.router.next_due()) is not None and due.timestamp() <= until:
            self.clock.move_to(due)
            now = self.decide()
            assert now or self.router.next_due() != due, "a timer was due, brought nothing about and stays"
            decided += now
        self.clock.move(max(0.0, until - self.clock.now().timestamp()))
        return decided

    # -------------------------------------------------------- words for what happens

    def sign_in(self, agent: str, *, ready: bool = True) -> None:
        self.tell(
            ev.AgentSignedIn, agent=agent, contact=f"sip:{agent}@127.0.0.1", session=self.clock.new_id()
        )
        if ready:
            self.tell(ev.AgentBecameReady, agent=agent)

    def call(self, called: str, name: str = "Anna", uri: str = "sip:anna@customer.example") -> UUID:
        interaction = self.clock.new_id()
        self.tell(
            ev.InteractionArrived,
            interaction=interaction,
            customer=Address(uri, name),
            called=called,
        )
        return interaction

    def answer(self, interaction: UUID) -> list[ev.LedgerEvent]:
        offer = self.router.interaction(interaction).open_offer
        return self.tell(
            ev.InteractionAnswered,
            interaction=interaction,
            offer=offer.offer,
            queue=offer.queue,
            agent=offer.agent,
        )

    def end_offer(self, interaction: UUID, reason: ev.OfferEndReason) -> list[ev.LedgerEvent]:
        offer = self.router.interaction(interaction).open_offer
        return self.tell(
            ev.OfferEnded, interaction=interaction, offer=offer.offer, agent=offer.agent, reason=reason
        )

    def end(self, interaction: UUID, by: ev.EndedBy = ev.EndedBy.CUSTOMER) -> list[ev.LedgerEvent]:
        return self.tell(ev.InteractionEnded, interaction=interaction, by=by)

    # -------------------------------------------------------- looking

    def phase(self, interaction: UUID) -> Phase | None:
        standing = self.router.interaction(interaction)
        return standing.phase if standing else None

    def rung(self, interaction: UUID) -> str:
        """Who is rung for it."""
        standing = self.router.interaction(interaction)
        return standing.open_offer.agent if standing and standing.open_offer else ""

    def replayed(self) -> Router:
        """A router that read this ledger."""
        other = Router(self.settings, StoppedClock(START).new_id)
        for event in self.ledger:
            other.apply(event)
        return other


def kinds(events: list[ev.LedgerEvent]) -> list[str]:
    """The class names, for reading."""
    return [type(event).__name__ for event in events]
