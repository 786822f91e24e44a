"""Recordings of calls, their sound, and supervisors who listen, whisper or barge in."""

import asyncio
import logging
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from console.domain.events import (
    InteractionArrived,
    LedgerEvent,
    MonitoringMode,
    RecordingEnded,
    RecordingStarted,
)
from console.ledger.ledger import Found
from console.server.services import Asked, Needs, Services
from console.wire import MonitoringView, RecordingOrder

PAGE_MOST = 500
_WAV = "audio/wav"
_log = logging.getLogger(__name__)


class RecordingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A recording of `seconds`, from `at` on. `by` "": for the queue. `file` "": nothing could be kept, for
    `reason`. `kept`: whether its sound is still there.
    """

    sequence: int
    recording: UUID
    interaction: UUID
    at: datetime
    queue: str
    agent: str
    by: str
    customer: str
    customer_name: str
    seconds: float
    reason: str
    kept: bool


class RecordingPage(msgspec.Struct, frozen=True):
    """Complete recordings, the newest first; `next` is the `before` of the page after, None on the last."""

    rows: list[RecordingRow]
    next: int | None


class RecordingAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """start, stop, pause (silence is recorded, as for a card's number) or resume."""

    order: RecordingOrder


class ListenAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How: listen (nobody hears me), whisper (the agent does) or barge (all do). `contact` is where my phone
    is rung, as sip:sue@10.0.0.7; left out: the desk that I am signed in with.
    """

    mode: MonitoringMode = MonitoringMode.LISTEN
    contact: Annotated[str, msgspec.Meta(max_length=255)] = ""


class ModeAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another mode."""

    mode: MonitoringMode


@get("/api/v1/recordings", summary="Recordings of calls", tags=["recordings"])
async def recordings(
    services: Needs,
    before: Annotated[
        int | None, QueryParameter(description="`next` of the page before.", ge=1, le=2**62)
    ] = None,
    limit: Annotated[int, QueryParameter(description="Rows at most.", ge=1, le=PAGE_MOST)] = 100,
) -> RecordingPage:
    """All that is complete, newest first; what is still being recorded is not in it."""
    wanted = Found(types=("RecordingEnded",), before=before)
    found = await services.face.ledger.newest(wanted, limit + 1)
    rows = [
        await _row(services, sequence, event)
        for sequence, event in found[:limit]
        if isinstance(event, RecordingEnded)
    ]
    return RecordingPage(rows, rows[-1].sequence if len(found) > limit else None)


@get(
    "/api/v1/recordings/{recording:uuid}/sound",
    summary="The sound of a recording",
    tags=["recordings"],
    media_type=_WAV,
    responses={200: ResponseSpec(bytes, description="A WAV file.", media_type=_WAV, generate_examples=False)},
)
async def recording_sound(request: Asked, services: Needs, recording: FromPath[UUID]) -> Response[bytes]:
    """A recording as a WAV file: left the customer, right what the customer heard. Fetching is logged."""
    try:
        sound = await asyncio.to_thread(_file(services, recording).read_bytes)
    except FileNotFoundError:
        raise NotFoundException(detail=f"There is no sound of a recording {recording} (any more).") from None
    _log.info("%s fetched the recording %s", request.user.name, recording)
    return Response(sound, media_type=_WAV, headers={"Cache-Control": "private, no-store"})


@post(
    "/api/v1/interactions/{interaction:uuid}/recording",
    status_code=202,
    summary="Record, pause, resume or stop",
    tags=["recordings"],
)
async def order_recording(
    request: Asked, services: Needs, interaction: FromPath[UUID], data: JSONBody[RecordingAsked]
) -> None:
    """Taken on: the fact follows. A pause is recorded as silence of its length on both sides."""
    services.face.supervision.recording.order(request.user.name, interaction, data.order)


@post(
    "/api/v1/interactions/{interaction:uuid}/monitor",
    status_code=202,
    summary="Listen to a call",
    tags=["monitoring"],
)
async def monitor(
    request: Asked, services: Needs, interaction: FromPath[UUID], data: JSONBody[ListenAsked]
) -> MonitoringView:
    """My phone rings, and who answers it is in the call. Who listened to what, and when, is in the ledger."""
    listening = services.face.supervision.monitoring
    return listening.monitor(request.user.name, interaction, data.mode, data.contact)


@get("/api/v1/monitorings", summary="Who listens to calls", tags=["monitoring"])
async def monitorings(services: Needs) -> list[MonitoringView]:
    """Every supervisor who is in a call, or is rung for one."""
    return services.face.supervision.monitoring.views()


@post(
    "/api/v1/monitorings/{monitoring:uuid}",
    status_code=202,
    summary="Listen, whisper or barge in",
    tags=["monitoring"],
)
async def change_monitoring(
    request: Asked, services: Needs, monitoring: FromPath[UUID], data: JSONBody[ModeAsked]
) -> MonitoringView:
    """Another mode, while connected; only for who listens. The answer is how it was before."""
    return services.face.supervision.monitoring.change(request.user.name, monitoring, data.mode)


@delete("/api/v1/monitorings/{monitoring:uuid}", summary="Leave a call", tags=["monitoring"])
async def end_monitoring(request: Asked, services: Needs, monitoring: FromPath[UUID]) -> None:
    """My phone is hung up; the call goes on."""
    services.face.supervision.monitoring.end(request.user.name, monitoring)


async def _row(services: Services, sequence: int, event: RecordingEnded) -> RecordingRow:
    facts = [fact for _, fact in await services.face.ledger.of_interaction(event.interaction)]
    started = _started(facts, event.recording)
    arrived = next((fact for fact in facts if isinstance(fact, InteractionArrived)), None)
    return RecordingRow(
        sequence=sequence,
        recording=event.recording,
        interaction=event.interaction,
        at=started.at if started else event.at,
        queue=started.queue if started else "",
        agent=started.agent if started else "",
        by=started.by if started else "",
        customer=arrived.customer.uri if arrived else "",
        customer_name=arrived.customer.name if arrived else "",
        seconds=event.seconds,
        reason=event.reason,
        kept=await asyncio.to_thread(_file(services, event.recording).is_file),
    )


def _started(facts: list[LedgerEvent], recording: UUID) -> RecordingStarted | None:
    begun = (fact for fact in facts if isinstance(fact, RecordingStarted))
    return next((fact for fact in begun if fact.recording == recording), None)


def _file(services: Services, recording: UUID) -> Path:
    return services.face.supervision.recording.folder / f"{recording}.wav"


ROUTES = [
    recordings,
    recording_sound,
    order_recording,
    monitor,
    monitorings,
    change_monitoring,
    end_monitoring,
]
