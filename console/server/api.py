"""What desks and wallboards ask over HTTP: sign-in, records, queues, agents, skills, the board."""

import asyncio
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.exceptions import HTTPException, TooManyRequestsException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from console.domain.agent import Agent, Role
from console.domain.errors import BadInput, EnvironmentFault, StoreError
from console.domain.events import CallNoted, CallRecorded, LedgerEvent
from console.domain.figures import Snapshot
from console.domain.queue import Queue
from console.server.services import Asked, Needs, Services
from console.wire import decode_event

RECORDS_MOST = 500
"""Records in one delivery at most."""


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants in."""

    user: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    password: Annotated[str, msgspec.Meta(max_length=1024)]


class Session(msgspec.Struct, frozen=True):
    """A sign-in that worked: `token` goes into `Authorization: Bearer …` and the websocket's Hello."""

    token: str
    expires_at: datetime
    user: str
    name: str
    role: Role


class Me(msgspec.Struct, frozen=True):
    """Who the token belongs to."""

    user: str
    name: str
    role: Role
    expires_at: datetime
    agent: bool


class Health(msgspec.Struct, frozen=True):
    """`status` is ok, or degraded while facts wait in memory or a telephone system (one of `out_of_reach`)
    cannot be reached; `sequence` is the ledger's newest.
    """

    status: str
    sequence: int
    out_of_reach: tuple[str, ...] = ()


class Records(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Finished calls and notes from a desk: events CallRecorded and CallNoted in their wire form."""

    records: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=RECORDS_MOST)]


class RefusedRecord(msgspec.Struct, frozen=True):
    """A record that the ledger will never take, and why. `id` is "" when it has none."""

    id: str
    reason: str


class Delivered(msgspec.Struct, frozen=True):
    """`acknowledged` are durable in the ledger, now or since earlier: the desk owes them no more."""

    acknowledged: list[UUID]
    refused: list[RefusedRecord]


class SkillRow(msgspec.Struct, frozen=True):
    """A skill: who has it (agent key: level 1 to 10), and which queues ask for it."""

    skill: str
    agents: dict[str, int]
    queues: list[str]


@get(
    "/health",
    summary="Whether the centre is at work",
    tags=["centre"],
    responses={503: ResponseSpec(Health, description="The ledger cannot be written; facts wait in memory.")},
)
async def health(services: Needs) -> Response[Health]:
    """Answers 200 while the centre serves and its ledger can be written, else 503. No token."""
    writing, lost = services.face.writing, services.face.out_of_reach
    status = "ok" if writing and not lost else "degraded"
    found = Health(status, await services.face.ledger.last_sequence(), lost)
    return Response(found, status_code=200 if writing else 503)


@get("/metrics", summary="Prometheus metrics", tags=["centre"], media_type="text/plain; version=0.0.4")
async def metrics(services: Needs) -> bytes:
    """Prometheus' text format. No token is needed on the centre's own machine, an admin's from elsewhere."""
    newest = await services.face.ledger.last_sequence()
    return services.gauges.page(services.face.board.snapshot(), newest)


@post("/api/v1/sign-in", status_code=200, summary="Sign in", tags=["sign-in"])
async def sign_in(request: Asked, services: Needs, data: JSONBody[SignIn]) -> Session:
    """Trade name and password for a token that expires. Too many wrong tries have to wait (429)."""
    address = request.client.host if request.client else ""
    wait = services.brake.wait_s(data.user, address)
    if wait > 0:
        services.gauges.sign_in_failures.labels("too many").inc()
        raise TooManyRequestsException(
            detail=f"Too many wrong passwords. Wait {wait:.0f} seconds, then try again.",
            headers={"Retry-After": str(max(1, round(wait)))},
        )
    services.brake.count(data.user, address)
    user = services.face.users.known(data.user)
    if not await services.passwords.right(user, data.password) or user is None:
        services.gauges.sign_in_failures.labels("wrong").inc()
        raise HTTPException(status_code=HTTPStatus.UNAUTHORIZED, detail="Name or password is wrong.")
    services.brake.clear(data.user, address)
    renewed = await services.passwords.renewed(user, data.password)
    if renewed:
        await services.face.users.put(msgspec.structs.replace(user, password_hash=renewed))
    services.gauges.sign_ins.inc()
    token, expires_at = services.tokens.issue(user)
    return Session(token, expires_at, user.name, user.shown or user.name, user.role)


@post("/api/v1/sign-out", status_code=204, summary="Sign out", tags=["sign-in"])
async def sign_out(request: Asked, services: Needs) -> None:
    """The token is no longer good, here and on the websocket."""
    await services.tokens.revoke(request.user.claims)


@get("/api/v1/me", summary="Who am I", tags=["sign-in"])
async def me(request: Asked, services: Needs) -> Me:
    """The user that the token belongs to, with the rights of now."""
    user = request.user.user
    expires_at = request.user.claims.expires_at
    return Me(user.name, user.shown or user.name, user.role, expires_at, services.face.is_agent(user.name))


@get("/api/v1/queues", summary="All queues", tags=["configuration"])
async def queues(services: Needs) -> list[Queue]:
    """The queues as configured now, by key."""
    return list((await services.directory.queues()).values())


@get("/api/v1/agents", summary="All agents", tags=["configuration"])
async def agents(services: Needs) -> list[Agent]:
    """The agents as configured now, by key."""
    return list((await services.directory.agents()).values())


@get("/api/v1/skills", summary="All skills", tags=["configuration"])
async def skills(services: Needs) -> list[SkillRow]:
    """Every skill that an agent has or a queue asks for."""
    levels: dict[str, dict[str, int]] = {}
    asking: dict[str, list[str]] = {}
    for agent in (await services.directory.agents()).values():
        for skill, level in agent.skills.items():
            levels.setdefault(skill, {})[agent.key] = level
    for queue in (await services.directory.queues()).values():
        for need in queue.skills:
            asking.setdefault(need.skill, []).append(queue.key)
    return [
        SkillRow(skill, levels.get(skill, {}), asking.get(skill, [])) for skill in sorted({*levels, *asking})
    ]


@get("/api/v1/board", summary="The wallboard", tags=["board"])
async def board(services: Needs) -> Snapshot:
    """The whole board as it stands; live it comes over the websocket."""
    return services.face.board.snapshot()


@post("/api/v1/records", status_code=200, summary="Deliver call records", tags=["records"])
async def records(request: Asked, services: Needs, data: JSONBody[Records]) -> Delivered:
    """Take an agent's finished calls and notes into the ledger.

    Each is judged by itself; the same id again changes nothing. When the centre cannot write (503), deliver
    all of them again later.
    """
    taken: list[LedgerEvent] = []
    refused: list[RefusedRecord] = []
    for raw in data.records:
        try:
            taken.append(_own_record(raw, request.user.name))
        except BadInput as fault:
            refused.append(RefusedRecord(str(raw.get("id", ""))[:64], str(fault)))
    outcomes = await asyncio.gather(*(services.face.submit(one) for one in taken), return_exceptions=True)
    acknowledged = []
    for one, outcome in zip(taken, outcomes, strict=True):
        if outcome is None:
            acknowledged.append(one.id)
        elif isinstance(outcome, (EnvironmentFault, BadInput)) and not isinstance(outcome, StoreError):
            refused.append(RefusedRecord(str(one.id), str(outcome)))
        else:
            raise outcome
    _count(services, acknowledged, refused)
    return Delivered(acknowledged, refused)


def _count(services: Services, acknowledged: list[UUID], refused: list[RefusedRecord]) -> None:
    services.gauges.records.labels("acknowledged").inc(len(acknowledged))
    services.gauges.records.labels("refused").inc(len(refused))


def _own_record(raw: dict[str, Any], user: str) -> LedgerEvent:
    """A record in its wire form that this user may deliver. Raises BadInput, in words."""
    event = decode_event(msgspec.json.encode(raw))
    if not isinstance(event, CallRecorded | CallNoted):
        raise BadInput(f"a desk delivers CallRecorded and CallNoted, not {type(event).__name__}")
    if event.agent not in {"", user}:
        raise BadInput(f"this record is {event.agent}'s: it can be delivered under that sign-in only")
    return msgspec.structs.replace(event, agent=user)


ROUTES = [health, metrics, sign_in, sign_out, me, queues, agents, skills, board, records]
