"""Facts on their way into the centre's pipeline, in the order told.

What calls for a decision goes on at once. What only has to be written down, and is half of all there is,
waits a moment for company: each batch is a transaction, and costs nearly the same with one fact or with ten.
"""

import asyncio

from console.domain.events import (
    InteractionAnswered,
    InteractionEnded,
    InteractionHeld,
    InteractionResumed,
    LedgerEvent,
    OfferRinging,
)

Pending = tuple[LedgerEvent, "asyncio.Future[None] | None"]
"""A fact, and who waits until it is durable."""

_CALM = (OfferRinging, InteractionAnswered, InteractionEnded, InteractionHeld, InteractionResumed)
_CALM_S = 0.02


class Inbox:
    """Belongs to one event loop, with one reader."""

    def __init__(self) -> None:
        self._facts: list[Pending] = []
        self._unsettled = 0
        self._pressing = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._facts

    def put(self, fact: LedgerEvent, done: "asyncio.Future[None] | None" = None) -> None:
        """A fact; `done` is whoever waits for it."""
        self._facts.append((fact, done))
        self._unsettled += 1
        self._settled.clear()
        if done is not None or not isinstance(fact, _CALM):
            self._pressing.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_CALM_S, self._pressing.set)

    async def take(self, patience_s: float | None) -> list[Pending]:
        """All that waits, once it is pressing or `patience_s` is over; None is without end."""
        if not self._pressing.is_set():
            try:
                async with asyncio.timeout(patience_s):
                    await self._pressing.wait()
            except TimeoutError:
                pass
        return self.all()

    def all(self) -> list[Pending]:
        """All that waits now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._pressing.clear()
        facts, self._facts = self._facts, []
        return facts

    def done(self, count: int) -> None:
        """So many of those taken are durable and acted upon."""
        self._unsettled -= count
        if not self._unsettled:
            self._settled.set()

    async def settled(self) -> None:
        """Wait until all that was told is durable and acted upon."""
        self._pressing.set()
        await self._settled.wait()
