"""What an admin sets up: queues, agents, skills, users. Changes of queues and agents are ledger facts."""

import re
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from litestar import delete, get, put
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody

from console.domain.agent import Agent, Role
from console.domain.doubts import warnings_of
from console.domain.errors import BadInput, Refused
from console.domain.events import AgentConfigured, AgentRemoved, QueueConfigured, QueueRemoved
from console.domain.plan import AMOUNTS, MOST, ONWARD, faults_of, overflow_circle
from console.domain.queue import Queue
from console.ledger.users import User
from console.server.auth import PASSWORD_LEAST, PASSWORD_MOST
from console.server.services import Asked, Needs, Services

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How well an agent has a skill: 1 to 10."""

    level: Annotated[int, msgspec.Meta(ge=1, le=10)]


class PlanWarning(msgspec.Struct, frozen=True, kw_only=True):
    """An option of a queue or an agent (`kind`) and what to look at again there."""

    kind: str
    key: str
    option: str
    words: str


class Plan(msgspec.Struct, frozen=True):
    """The configuration as a whole: what may be meant but serves nobody. No warnings: all is served."""

    warnings: list[PlanWarning]


class UserRow(msgspec.Struct, frozen=True):
    """Somebody who may sign in; the password is known to nobody."""

    name: str
    role: Role
    shown: str


class UserChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user as it is to be. Without `password` the present one stays; with one, earlier sign-ins end."""

    role: Role
    shown: Annotated[str, msgspec.Meta(max_length=255)] = ""
    password: Annotated[str, msgspec.Meta(min_length=PASSWORD_LEAST, max_length=PASSWORD_MOST)] | None = None


# ---------------------------------------------------------------- queues


@put("/api/v1/queues/{key:str}", summary="Set up a queue", tags=["configuration"])
async def put_queue(services: Needs, key: FromPath[str], data: JSONBody[Queue]) -> Queue:
    """Make a queue, or give it these settings from now on; earlier figures keep the earlier ones."""
    _check_key(key, data.key)
    queues = await services.directory.queues()
    _check_queue(data, queues)
    _check_plan(data, queues)
    await services.face.submit(
        QueueConfigured(id=services.clock.new_id(), at=services.clock.now(), queue=data)
    )
    return data


@delete("/api/v1/queues/{key:str}", summary="Remove a queue", tags=["configuration"])
async def delete_queue(services: Needs, key: FromPath[str]) -> None:
    """The queue is no longer served; its past stays. One that another sends callers on to cannot go."""
    queues = await services.directory.queues()
    _found(key in queues, f"There is no queue {key}.")
    users = [queue.key for queue in queues.values() if key in {getattr(queue, name) for name in ONWARD}]
    if users:
        raise BadInput(f"{', '.join(users)} sends callers on to {key}: change that first.")
    await services.face.submit(QueueRemoved(id=services.clock.new_id(), at=services.clock.now(), queue=key))


def _check_queue(queue: Queue, others: dict[str, Queue]) -> None:
    """Raises BadInput for settings that make no sense, in words."""
    for name in AMOUNTS:
        if not 0 <= getattr(queue, name) <= MOST:
            raise BadInput(f"{name} is {getattr(queue, name)}: it goes from 0 to {MOST}.")
    if queue.ring_timeout_s < 1:
        raise BadInput("ring_timeout_s is the time an agent has to answer: at least 1 second.")
    if not 0 <= queue.target <= 1:
        raise BadInput("target is a share of the calls, from 0 to 1 (0.8 is 80 %).")
    if abs(queue.priority) > 1000:
        raise BadInput("priority goes from -1000 to 1000; higher is served first.")
    for need in queue.skills:
        _check_skill(need.skill, need.level)
    _check_timezone(queue.timezone)
    _check_numbers(queue, others)
    _check_overflow(queue, others)


def _check_plan(queue: Queue, others: dict[str, Queue]) -> None:
    """Raises BadInput for what does not fit together in it, or with the other queues."""
    plan = [queue, *(other for other in others.values() if other.key != queue.key)]
    for option, words in faults_of(plan, ()):
        if option.startswith("queues[0]."):
            raise BadInput(f"{option.removeprefix('queues[0].')}: {words}.")


def _check_overflow(queue: Queue, others: dict[str, Queue]) -> None:
    if queue.overflow_to and (queue.overflow_to == queue.key or queue.overflow_to not in others):
        raise BadInput(f"overflow_to names “{queue.overflow_to}”, which is no other queue.")
    circle = overflow_circle(queue.key, {**others, queue.key: queue})
    if circle:
        raise BadInput(f"overflow_to sends callers round for ever: {' → '.join(circle)}.")


def _check_numbers(queue: Queue, others: dict[str, Queue]) -> None:
    if len(queue.name) > 255 or any(not 1 <= len(number) <= 255 for number in queue.numbers):
        raise BadInput("name and each of numbers have at most 255 characters, numbers at least one.")
    for other in others.values():
        taken = {other.key, *other.numbers} & {queue.key, *queue.numbers}
        if other.key != queue.key and taken:
            raise BadInput(f"{', '.join(sorted(taken))} leads to the queue {other.key} already.")


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise BadInput(f"timezone “{name[:60]}” is not known. It looks like Europe/Berlin.") from None


@get("/api/v1/plan", summary="What to look at again", tags=["configuration"])
async def get_plan(services: Needs) -> Plan:
    """What in the configuration may be meant but serves nobody: a skill nobody has, a queue nobody serves."""
    queues = list((await services.directory.queues()).values())
    agents = list((await services.directory.agents()).values())
    found = []
    for option, words in warnings_of(queues, agents):
        kind, _, rest = option.partition("[")
        index, _, name = rest.partition("].")
        owner = (queues if kind == "queues" else agents)[int(index)]
        found.append(PlanWarning(kind=kind.removesuffix("s"), key=owner.key, option=name, words=words))
    return Plan(found)


# ---------------------------------------------------------------- agents and skills


@put("/api/v1/agents/{key:str}", summary="Set up an agent", tags=["configuration"])
async def put_agent(services: Needs, key: FromPath[str], data: JSONBody[Agent]) -> Agent:
    """Make an agent, or give an existing one these skills and queues from now on."""
    _check_key(key, data.key)
    for skill, level in data.skills.items():
        _check_skill(skill, level)
    unknown = set(data.queues) - set(await services.directory.queues())
    if unknown:
        raise BadInput(f"queues names {', '.join(sorted(unknown))}, which is not there. Set it up first.")
    await _configure(services, data)
    return data


@delete("/api/v1/agents/{key:str}", summary="Remove an agent", tags=["configuration"])
async def delete_agent(services: Needs, key: FromPath[str]) -> None:
    """The agent gets no more contacts; the past stays. Signing in is another matter: see users."""
    await _agent(services, key)
    await services.face.submit(AgentRemoved(id=services.clock.new_id(), at=services.clock.now(), agent=key))


@put("/api/v1/agents/{key:str}/skills/{skill:str}", summary="Give a skill", tags=["configuration"])
async def put_skill(
    services: Needs, key: FromPath[str], skill: FromPath[str], data: JSONBody[Level]
) -> Agent:
    """Give an agent a skill, or another level of it."""
    _check_skill(skill, data.level)
    agent = await _agent(services, key)
    changed = msgspec.structs.replace(agent, skills={**agent.skills, skill: data.level})
    await _configure(services, changed)
    return changed


@delete(
    "/api/v1/agents/{key:str}/skills/{skill:str}",
    status_code=200,
    summary="Take a skill",
    tags=["configuration"],
)
async def delete_skill(services: Needs, key: FromPath[str], skill: FromPath[str]) -> Agent:
    """Take a skill from an agent."""
    agent = await _agent(services, key)
    _found(skill in agent.skills, f"{key} has no skill {skill}.")
    left = {name: level for name, level in agent.skills.items() if name != skill}
    changed = msgspec.structs.replace(agent, skills=left)
    await _configure(services, changed)
    return changed


async def _configure(services: Services, agent: Agent) -> None:
    await services.face.submit(
        AgentConfigured(id=services.clock.new_id(), at=services.clock.now(), agent=agent)
    )


async def _agent(services: Services, key: str) -> Agent:
    agent = (await services.directory.agents()).get(key)
    if agent is None:
        raise NotFoundException(detail=f"There is no agent {key}.")
    return agent


# ---------------------------------------------------------------- users


@get("/api/v1/users", summary="All users", tags=["users"])
async def get_users(services: Needs) -> list[UserRow]:
    """Everybody who may sign in, by name."""
    return [UserRow(user.name, user.role, user.shown) for user in await services.face.users.all()]


@put("/api/v1/users/{name:str}", summary="Set up a user", tags=["users"])
async def put_user(
    request: Asked, services: Needs, name: FromPath[str], data: JSONBody[UserChange]
) -> UserRow:
    """Let somebody sign in, or change their role, name or password. A new user needs a password."""
    _check_key(name, name)
    users = services.face.users
    before = users.known(name)
    if before is None and data.password is None:
        raise BadInput("A new user needs a password.")
    if name == request.user.name and data.role is not Role.ADMIN:
        raise Refused("You cannot take away your own admin rights. Let another admin do it.")
    now = services.clock.now()
    password_hash = await services.passwords.hashed(data.password) if data.password else ""
    await users.put(
        User(
            name=name,
            role=data.role,
            shown=data.shown,
            password_hash=password_hash or (before.password_hash if before else ""),
            tokens_after=now if password_hash or before is None else before.tokens_after,
        )
    )
    return UserRow(name, data.role, data.shown)


@delete("/api/v1/users/{name:str}", summary="Remove a user", tags=["users"])
async def delete_user(request: Asked, services: Needs, name: FromPath[str]) -> None:
    """Let somebody no longer sign in; what they did stays in the ledger. Their sign-ins end at once."""
    if name == request.user.name:
        raise Refused("You cannot remove yourself. Let another admin do it.")
    _found(await services.face.users.delete(name), f"There is no user {name}.")


# ---------------------------------------------------------------- checks


def _check_key(key: str, inside: str) -> None:
    if not _KEY.fullmatch(key):
        raise BadInput("A key has 1 to 64 letters, digits or . _ + - and begins with a letter or digit.")
    if key != inside:
        raise BadInput(f"The address says {key}, the body {inside[:64]}: they have to be the same.")


def _check_skill(skill: str, level: int) -> None:
    if not skill.strip() or len(skill) > 64:
        raise BadInput("A skill has a name of 1 to 64 characters.")
    if not 1 <= level <= 10:
        raise BadInput(f"The level of {skill} is {level}: it goes from 1 to 10.")


def _found(there: bool, words: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not there:
        raise NotFoundException(detail=words)


ROUTES = [
    *(get_plan, put_queue, delete_queue, put_agent, delete_agent, put_skill, delete_skill),
    *(get_users, put_user, delete_user),
]
