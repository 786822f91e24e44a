"""What happened: finished calls with their notes, and the course of one interaction, read from the ledger."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.params import FromPath, QueryParameter

from console.domain.address import Address
from console.domain.agent import Role
from console.domain.call import CallEnd, Direction, Quality
from console.domain.errors import BadInput
from console.domain.events import CallNoted, CallRecorded
from console.ledger.ledger import Found, Ledger, Numbered
from console.server.auth import SignedIn
from console.server.services import Asked, Needs
from console.wire import encode_event

PAGE_MOST = 500


class CallRow(msgspec.Struct, frozen=True, kw_only=True):
    """A finished call as its agent's desk saw and measured it, with the last disposition and note."""

    sequence: int
    id: UUID
    call: UUID
    agent: str
    interaction: UUID | None
    direction: Direction
    peer: Address
    queue: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    end: CallEnd
    sip_code: int
    held_s: float
    quality: Quality | None
    disposition: str = ""
    note: str = ""


class CallPage(msgspec.Struct, frozen=True):
    """Calls, the newest in the ledger first; `next` is the `before` of the page after, None on the last."""

    rows: list[CallRow]
    next: int | None


class Step(msgspec.Struct, frozen=True):
    """One fact of an interaction: its sequence number and the event in its wire form."""

    sequence: int
    event: dict[str, Any]


@get("/api/v1/history", summary="Finished calls", tags=["history"])
async def history(  # noqa: PLR0913 - one argument for each thing to filter by
    request: Asked,
    services: Needs,
    agent: Annotated[
        str | None,
        QueryParameter(description="Agent's key; an agent sees the own calls only.", max_length=255),
    ] = None,
    queue: Annotated[str | None, QueryParameter(description="Queue's key.", max_length=255)] = None,
    start: Annotated[datetime | None, QueryParameter(description="Recorded at this time or later.")] = None,
    end: Annotated[datetime | None, QueryParameter(description="Recorded before this time.")] = None,
    before: Annotated[
        int | None, QueryParameter(description="`next` of the page before.", ge=1, le=2**62)
    ] = None,
    limit: Annotated[int, QueryParameter(description="Rows at most.", ge=1, le=PAGE_MOST)] = 100,
) -> CallPage:
    """The calls that desks have delivered, newest first: an agent's own, or everybody's for a supervisor."""
    wanted = Found(
        types=("CallRecorded",),
        agent=_whose(request.user, agent),
        queue=queue and queue.replace("\0", ""),
        start=_aware(start, "start"),
        end=_aware(end, "end"),
        before=before,
    )
    found = await services.face.ledger.newest(wanted, limit + 1)
    page = found[:limit]
    return CallPage(
        await _with_notes(services.face.ledger, page), page[-1][0] if len(found) > limit else None
    )


@get("/api/v1/interactions/{interaction:uuid}", summary="The course of an interaction", tags=["history"])
async def course(request: Asked, services: Needs, interaction: FromPath[UUID]) -> list[Step]:
    """Every fact about one interaction, in order. An agent sees those that were at the own desk."""
    facts = await services.face.ledger.of_interaction(interaction)
    if not facts:
        raise NotFoundException(detail=f"There is no interaction {interaction}.")
    if not request.user.role.includes(Role.SUPERVISOR):
        name = request.user.name
        if all(getattr(event, "agent", None) != name for _, event in facts):
            raise PermissionDeniedException(detail="This interaction was not yours. Ask your supervisor.")
    return [Step(sequence, msgspec.json.decode(encode_event(event))) for sequence, event in facts]


def _whose(asking: SignedIn, agent: str | None) -> str | None:
    """Whose calls to look for: an agent's own only. Raises PermissionDeniedException for another's."""
    if asking.role.includes(Role.SUPERVISOR):
        return agent and agent.replace("\0", "")
    if agent not in {None, asking.name}:
        raise PermissionDeniedException(detail="An agent sees the own calls only. Ask your supervisor.")
    return asking.name


def _aware(value: datetime | None, name: str) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None or not 1970 <= value.year < 9999:
        raise BadInput(f"{name} is no time with its zone: write it like 2026-11-22T12:00:00Z")
    return value


async def _with_notes(ledger: Ledger, found: list[Numbered]) -> list[CallRow]:
    recorded = [(sequence, event) for sequence, event in found if isinstance(event, CallRecorded)]
    notes: dict[tuple[UUID, str], CallNoted] = {}
    for _, event in await ledger.of_calls([event.call for _, event in recorded]):
        if isinstance(event, CallNoted):
            notes[event.call, event.agent] = event  # the last one counts; nobody writes on another's call
    return [_row(sequence, event, notes.get((event.call, event.agent))) for sequence, event in recorded]


def _row(sequence: int, event: CallRecorded, noted: CallNoted | None) -> CallRow:
    fields = {name: getattr(event, name) for name in CallRow.__struct_fields__ if hasattr(event, name)}
    if noted is not None:
        fields |= {"disposition": noted.disposition, "note": noted.note}
    return CallRow(sequence=sequence, **fields)


ROUTES = [history, course]
