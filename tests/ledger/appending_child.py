"""A program of its own for test_ledger: appends for ever and says which ids the ledger has acknowledged."""

import asyncio
import sys

from console.clock import SystemClock
from console.domain.events import AgentBecameReady
from console.ledger.ledger import Ledger


async def main(url: str) -> None:
    clock = SystemClock()
    ledger = await Ledger.open(url)

    async def one(agent: int) -> None:
        while True:
            events = [
                AgentBecameReady(id=clock.new_id(), at=clock.now(), agent=f"agent{agent}")
                for _ in range(agent + 1)
            ]
            numbers = await ledger.append(events)
            for number, event in zip(numbers, events, strict=True):
                sys.stdout.write(f"{number} {event.id}\n")
            sys.stdout.flush()

    await asyncio.gather(*(one(agent) for agent in range(4)))


asyncio.run(main(sys.argv[1]))
