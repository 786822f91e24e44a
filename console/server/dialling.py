"""Calls that agents make, over the API: click-to-dial."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, post
from litestar.exceptions import PermissionDeniedException
from litestar.params import JSONBody

from console.domain.agent import Role
from console.server.services import Asked, Needs

_MOST = 255


class DialAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`number` is a number or a SIP address, `queue` (key or number) the one that the call is made for: the
    agent's first when it is empty. `agent`: for whom it is made, if not for who asks; for supervisors.
    """

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=_MOST)]
    queue: Annotated[str, msgspec.Meta(max_length=_MOST)] = ""
    agent: Annotated[str, msgspec.Meta(max_length=_MOST)] = ""


class Dialled(msgspec.Struct, frozen=True):
    """The call that is being made."""

    interaction: UUID


@post("/api/v1/dial", status_code=202, summary="Call a customer", tags=["desk"])
async def dial(request: Asked, services: Needs, data: JSONBody[DialAsked]) -> Dialled:
    """Taken on: my own phone rings first, then the customer's. For an agent who is signed in and on no call;
    the number has to be one that `[switch.callbacks]` lets the centre call.
    """
    user = request.user
    agent = data.agent or user.name
    if agent != user.name and not user.role.includes(Role.SUPERVISOR):
        raise PermissionDeniedException(detail="An agent calls from the own phone only. Ask your supervisor.")
    return Dialled(await services.face.outbound.dial(agent, data.number, data.queue, user.name))


@delete("/api/v1/dial", summary="End the call that I make", tags=["desk"])
async def stop_dialling(request: Asked, services: Needs) -> None:
    """In any phase, whoever rings or talks."""
    services.face.outbound.cancel(request.user.name)


ROUTES = (dial, stop_dialling)
