"""Queues and agents as configured now: the configuration facts of the ledger, folded."""

import asyncio
from typing import Any

from console.domain.agent import Agent
from console.domain.events import AgentConfigured, AgentRemoved, QueueConfigured, QueueRemoved
from console.domain.queue import Queue
from console.ledger.ledger import Ledger

_KINDS: tuple[type[Any], ...] = (QueueConfigured, QueueRemoved, AgentConfigured, AgentRemoved)


class Directory:
    """Reads what is new in the ledger each time it is asked; keeps what it knew."""

    def __init__(self, ledger: Ledger) -> None:
        """Nothing read yet."""
        self._ledger = ledger
        self._read_to = 0
        self._queues: dict[str, Queue] = {}
        self._agents: dict[str, Agent] = {}
        self._gate = asyncio.Lock()

    async def queues(self) -> dict[str, Queue]:
        """All queues by key, in key order. Raises StoreError."""
        await self._refresh()
        return dict(sorted(self._queues.items()))

    async def agents(self) -> dict[str, Agent]:
        """All agents by key, in key order. Raises StoreError."""
        await self._refresh()
        return dict(sorted(self._agents.items()))

    async def _refresh(self) -> None:
        async with self._gate:
            newest = await self._ledger.last_sequence()
            if newest == self._read_to:
                return
            for _, event in await self._ledger.of_types(_KINDS, self._read_to):
                self._apply(event)
            self._read_to = newest

    def _apply(self, event: Any) -> None:
        match event:
            case QueueConfigured(queue=queue):
                self._queues[queue.key] = queue
            case QueueRemoved(queue=key):
                self._queues.pop(key, None)
            case AgentConfigured(agent=agent):
                self._agents[agent.key] = agent
            case AgentRemoved(agent=key):
                self._agents.pop(key, None)
