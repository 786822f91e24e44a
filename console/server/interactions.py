"""What supervisors see of the open interactions, and what they do with one that waits."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from console.domain.agent import Role
from console.domain.attached import LONGEST, MOST
from console.domain.errors import NotThere
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


class Attach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes along from now on, by names of `switch.attached`; an empty value takes one away."""

    attached: Annotated[
        dict[str, Annotated[str, msgspec.Meta(max_length=LONGEST)]],
        msgspec.Meta(min_length=1, max_length=MOST),
    ]


@get("/api/v1/interactions", summary="Open interactions", tags=["interactions"])
async def open_interactions(
    services: Needs,
    queue: Annotated[
        str | None, QueryParameter(description="Queue's key: only what is in this one.", max_length=255)
    ] = None,
) -> list[InteractionView]:
    """All that is open now by queue, in serving order; of each queue those last that do not wait. A queue
    that is not known is a fault, not an empty list.
    """
    views = services.face.supervision.views()
    if queue is None:
        return views
    if all(view.queue != queue for view in views) and queue not in await services.directory.queues():
        raise NotThere(f"There is no queue {queue}.")
    return [view for view in views if view.queue == queue]


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


@post(
    "/api/v1/interactions/{interaction:uuid}/attached",
    status_code=200,
    summary="Attach data to it",
    tags=["interactions"],
)
async def attach(
    request: Asked, services: Needs, interaction: FromPath[UUID], data: JSONBody[Attach]
) -> InteractionView:
    """SIP headers and variables that go along: agents for the contact they talk on, supervisors for any. On
    an Asterisk variables are set on the customer's channel.
    """
    user = request.user
    own = not user.role.includes(Role.SUPERVISOR)
    return await services.face.supervision.attach(user.name, interaction, data.attached, own=own)


@get(
    "/api/v1/interactions/{interaction:uuid}/explain",
    summary="Why it went this way",
    tags=["interactions"],
)
async def explained(services: Needs, interaction: FromPath[UUID]) -> list[Decision]:
    """Each decision about an interaction: why, who else could have had it, what kept the others from it."""
    return await services.face.explaining.explain(interaction)


ROUTES = [open_interactions, move, prioritise, pull, attach, explained]
