"""A telephone system's own counters beside our figures, where the centre watches one."""

from typing import Protocol, runtime_checkable

from litestar import get

from console.domain.counters import QueueCounters
from console.domain.errors import NotThere
from console.server.services import Needs


@runtime_checkable
class Counting(Protocol):
    """More of a centre that watches queues which another system counts too."""

    async def counters(self) -> list[QueueCounters]:
        """Its counters beside our figures. Raises NetworkError."""
        ...


@get("/api/v1/asterisk/counters", summary="Asterisk's own counters", tags=["figures"])
async def counters(services: Needs) -> list[QueueCounters]:
    """What Asterisk counts of its queues beside our figures of the same time, and why they differ. Only a
    centre with `switch.kind = "app_queue"` has them (404).
    """
    face: object = services.face
    if not isinstance(face, Counting):
        raise NotThere("This centre watches no queues of an Asterisk: see switch.kind.")
    return await face.counters()


ROUTES = [counters]
