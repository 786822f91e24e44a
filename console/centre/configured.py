"""What the settings file says of queues and agents, as facts."""

from datetime import datetime

from console.clock import Clock
from console.domain.events import AgentConfigured, LedgerEvent, QueueConfigured
from console.routing.router import Router
from console.settings import CentreSettings


def configured(settings: CentreSettings, router: Router, clock: Clock, now: datetime) -> list[LedgerEvent]:
    """The settings file's queues and agents, where they differ from what the ledger has."""
    changed: list[LedgerEvent] = []
    changed.extend(
        QueueConfigured(id=clock.new_id(), at=now, queue=queue)
        for queue in settings.queues
        if router.queue(queue.key) != queue
    )
    for agent in settings.agents:
        standing = router.agent(agent.key)
        if standing is not None and standing.agent == agent:
            continue
        changed.append(AgentConfigured(id=clock.new_id(), at=now, agent=agent))
    return changed
