"""What supervisors see of the open interactions, and what they do with one that waits."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from console.routing.explain import Decision
from console.server.services import Asked, Needs
from console.wire import InteractionView

_Key = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Into which queue, by its key."""

    queue: _Key


class Priority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which priority; higher is served first."""

    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)]


class Pull(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To which agent, by the agent's key."""

    agent: _Key


@get("/api/v1/interactions", summary="Open interactions", tags=["interactions"])
async def open_interactions(services: Needs) -> list[InteractionView]:
    """All that is open now by queue, in serving order; of each queue those last that do not wait."""
    return services.face.supervision.views()


@post(
    "/api/v1/interactions/{interaction:uuid}/move",
    status_code=200,
    summary="Move to another queue",
    tags=["interactions"],
)
async def move(
    request: Asked, services: Needs, interaction: FromPath[UUID], data: JSONBody[Move]
) -> InteractionView:
    """Into another queue, where its whole wait counts. What rings is withdrawn."""
    return await services.face.supervision.move(request.user.name, interaction, data.queue)


@post(
    "/api/v1/interactions/{interaction:uuid}/priority",
    status_code=200,
    summary="Set the priority",
    tags=["interactions"],
)
async def prioritise(
    request: Asked, services: Needs, interaction: FromPath[UUID], data: JSONBody[Priority]
) -> InteractionView:
    """Another priority in its queue, from now on."""
    return await services.face.supervision.prioritise(request.user.name, interaction, data.priority)


@post(
    "/api/v1/interactions/{interaction:uuid}/pull",
    status_code=200,
    summary="Give it to an agent",
    tags=["interactions"],
)
async def pull(
    request: Asked, services: Needs, interaction: FromPath[UUID], data: JSONBody[Pull]
) -> InteractionView:
    """To one signed-in agent, whatever queues and skills: offered as soon as that agent is free."""
    return await services.face.supervision.pull(request.user.name, interaction, data.agent)


@get(
    "/api/v1/interactions/{interaction:uuid}/explain",
    summary="Why it went this way",
    tags=["interactions"],
)
async def explained(services: Needs, interaction: FromPath[UUID]) -> list[Decision]:
    """Each decision about an interaction: why, who else could have had it, what kept the others from it."""
    return await services.face.explaining.explain(interaction)


ROUTES = [open_interactions, move, prioritise, pull, explained]
