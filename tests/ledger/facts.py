"""Facts to write down, and all that a ledger holds."""

from uuid import UUID

from console.clock import Clock
from console.domain.address import Address
from console.domain.events import AgentBecameReady, InteractionArrived, LedgerEvent
from console.ledger.ledger import Ledger


def ready(clock: Clock, agent: str = "anna") -> AgentBecameReady:
    return AgentBecameReady(id=clock.new_id(), at=clock.now(), agent=agent)


def arrived(clock: Clock, interaction: UUID) -> InteractionArrived:
    return InteractionArrived(
        id=clock.new_id(),
        at=clock.now(),
        interaction=interaction,
        customer=Address("sip:+4930123@example.org", "Größe ☎"),
        called="sales",
    )


async def all_of(ledger: Ledger, after: int = 0, until: int | None = None) -> list[tuple[int, LedgerEvent]]:
    return [numbered async for numbered in ledger.read(after, until)]
