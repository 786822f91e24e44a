"""The messages that customers left: a list, and the sound of one."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter

from console.domain.events import InteractionArrived, VoicemailLeft
from console.ledger.ledger import Found
from console.server.services import Needs, Services

PAGE_MOST = 500
_WAV = "audio/wav"


class VoicemailRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message of `seconds`, left for a queue at a time. `kept`: whether its sound is still there."""

    sequence: int
    interaction: UUID
    at: datetime
    queue: str
    customer: str
    customer_name: str
    seconds: float
    kept: bool


class VoicemailPage(msgspec.Struct, frozen=True):
    """Messages, the newest first; `next` is the `before` of the page after, None on the last."""

    rows: list[VoicemailRow]
    next: int | None


@get("/api/v1/voicemails", summary="Messages of customers", tags=["voicemail"])
async def voicemails(
    services: Needs,
    queue: Annotated[str | None, QueryParameter(description="Queue's key.", max_length=255)] = None,
    before: Annotated[
        int | None, QueryParameter(description="`next` of the page before.", ge=1, le=2**62)
    ] = None,
    limit: Annotated[int, QueryParameter(description="Rows at most.", ge=1, le=PAGE_MOST)] = 100,
) -> VoicemailPage:
    """The messages that customers left, newest first."""
    wanted = Found(
        types=("VoicemailLeft",), queue=queue.replace("\0", "") if queue is not None else None, before=before
    )
    found = await services.face.ledger.newest(wanted, limit + 1)
    rows = [
        await _row(services, sequence, event)
        for sequence, event in found[:limit]
        if isinstance(event, VoicemailLeft)
    ]
    return VoicemailPage(rows, rows[-1].sequence if len(found) > limit else None)


@get(
    "/api/v1/voicemails/{interaction:uuid}/sound",
    summary="The sound of a message",
    tags=["voicemail"],
    media_type=_WAV,
    responses={200: ResponseSpec(bytes, description="A WAV file.", media_type=_WAV, generate_examples=False)},
)
async def voicemail_sound(services: Needs, interaction: FromPath[UUID]) -> Response[bytes]:
    """The message that the customer of an interaction left, as a WAV file."""
    for _, event in await services.face.ledger.of_interaction(interaction):
        if isinstance(event, VoicemailLeft):
            try:
                sound = await asyncio.to_thread(_file(services, event).read_bytes)
            except FileNotFoundError:
                raise NotFoundException(detail="The sound of this message is no longer kept.") from None
            return Response(sound, media_type=_WAV, headers={"Cache-Control": "private, no-store"})
    raise NotFoundException(detail=f"Nobody left a message in the interaction {interaction}.")


async def _row(services: Services, sequence: int, event: VoicemailLeft) -> VoicemailRow:
    arrived = [
        fact
        for _, fact in await services.face.ledger.of_interaction(event.interaction)
        if isinstance(fact, InteractionArrived)
    ]
    customer = arrived[0].customer if arrived else None
    return VoicemailRow(
        sequence=sequence,
        interaction=event.interaction,
        at=event.at,
        queue=event.queue,
        customer=customer.uri if customer else "",
        customer_name=customer.name if customer else "",
        seconds=event.seconds,
        kept=await asyncio.to_thread(_file(services, event).is_file),
    )


def _file(services: Services, event: VoicemailLeft) -> Path:
    return services.face.messages / Path(event.file).name  # nothing leads out of the folder


ROUTES = [voicemails, voicemail_sound]
