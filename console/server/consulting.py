"""A third party whom an agent asks, over the API: the same commands as a desk gives by its link."""

from enum import StrEnum
from typing import Annotated

import msgspec
from litestar import post
from litestar.params import JSONBody

from console.server.services import Asked, Needs


class ConsultAction(StrEnum):
    """What can be wanted of a third party."""

    CONSULT = "consult"
    SWAP = "swap"
    CONFERENCE = "conference"
    COMPLETE = "complete"
    CANCEL = "cancel_consult"


class ConsultAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """consult (call `target`: an agent, a queue, a number or a SIP address; the customer hears music), swap,
    conference (all three), complete (hand the customer over) or cancel_consult.
    """

    action: ConsultAction
    target: Annotated[str, msgspec.Meta(max_length=255)] = ""


@post(
    "/api/v1/consultation",
    status_code=202,
    summary="Ask a third party in my call, and what comes of it",
    tags=["desk"],
)
async def consultation(request: Asked, services: Needs, data: JSONBody[ConsultAsked]) -> None:
    """Taken on: the facts follow. For the agent who is signed in and has a customer on the line."""
    await services.face.command(request.user.name, data.action.value, data.target)


ROUTES = (consultation,)
