"""Why an interaction went the way it went: routing's own explanation, over the ledger as it was then.

It begins at the newest checkpoint before the interaction came, else at the ledger's beginning, and ends with
the interaction. The reading and thinking is done in a thread, one explanation at a time.
"""

import asyncio
from collections.abc import Iterator
from uuid import UUID

from console.domain.errors import NotThere
from console.domain.events import InteractionArrived, InteractionEnded, LedgerEvent
from console.ledger.checkpoints import Checkpoints
from console.ledger.ledger import PAGE, Ledger, Numbered
from console.routing.explain import Decision, explain
from console.settings import RoutingSettings

_BESIDE = ("CallRecorded", "CallNoted", "OfferRinging")
"""Facts that explain nothing."""


class Explaining:
    """Explains the interactions of one ledger."""

    def __init__(self, ledger: Ledger, settings: RoutingSettings) -> None:
        """`settings` are those in force now: rules that hold for all queues are not in the ledger."""
        self._ledger = ledger
        self._settings = settings
        self._gate = asyncio.Semaphore(1)

    async def explain(self, interaction: UUID) -> list[Decision]:
        """All steps of an interaction, in order. Raises NotThere for one that is not known, StoreError."""
        own = await self._ledger.of_interaction(interaction)
        if not own:
            raise NotThere(f"There is no interaction {interaction}.")
        last = await self._ledger.last_sequence()
        if isinstance(own[-1][1], InteractionEnded):
            last = own[-1][0]
        async with self._gate:
            after, dumped = await self._beginning(own)
            loop = asyncio.get_running_loop()
            return await asyncio.to_thread(
                lambda: explain(self._pages(after, last, loop), interaction, self._settings, dumped)
            )

    async def _beginning(self, own: list[Numbered]) -> tuple[int, bytes | None]:
        """The newest checkpoint before it came; none for a callback, which a fact of another call began."""
        first, arrived = own[0]
        if isinstance(arrived, InteractionArrived):
            async for checkpoint in Checkpoints(self._ledger.database).newest():
                for part in checkpoint.parts:
                    if checkpoint.sequence < first and part.kind == "router":
                        return checkpoint.sequence, part.body
        return 0, None

    def _pages(
        self, after: int, last: int, loop: asyncio.AbstractEventLoop
    ) -> Iterator[tuple[int, LedgerEvent]]:
        """The ledger's events, a page at a time; runs in a thread beside the loop."""
        while after < last:
            asked = asyncio.run_coroutine_threadsafe(self._ledger.page(after, last, _BESIDE), loop)
            page = asked.result()
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1][0]
