"""What a supervisor asks of the centre: who waits, orders about one of them, figures as a file."""

import asyncio
import contextlib
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

import msgspec

from console.domain.errors import EnvironmentFault
from console.sync.outbox import Answer
from console.sync.request import Request, checked, decoded
from console.wire import InteractionView

_INTERACTIONS = "/api/v1/interactions"
_LIST_MOST = 64_000_000
_FILE_MOST = 512_000_000


class Candidate(msgspec.Struct, frozen=True):
    """An agent who could have had it, and the claim in words."""

    agent: str
    name: str
    claim: str = ""


class Reason(msgspec.Struct, frozen=True):
    """One thing that kept an agent from it, in words."""

    words: str


class Excluded(msgspec.Struct, frozen=True):
    """An agent of the queue who could not have it, and all that was in the way."""

    agent: str
    name: str
    reasons: tuple[Reason, ...] = ()


class Step(msgspec.Struct, frozen=True):
    """One decision about an interaction: what fact it was, why, who got it and who could have had it."""

    at: datetime
    what: str
    why: str
    agents: tuple[str, ...] = ()
    possible: tuple[Candidate, ...] = ()
    excluded: tuple[Excluded, ...] = ()


class Asker(Protocol):
    """Who carries requests to the centre: the link."""

    async def ask(self, request: Request) -> Answer:
        """Carry it. Raises NetworkError when there is no answer."""
        ...


class Supervision:
    """The centre's supervisors' routes. All raise Refused, NotThere, TooLate, BadInput or NetworkError, in
    words for the person.
    """

    def __init__(self, asker: Asker) -> None:
        """`asker` knows the centre and who is signed in."""
        self._asker = asker

    async def interactions(self) -> list[InteractionView]:
        """All that is open, by queue in serving order."""
        request = Request("GET", _INTERACTIONS, most_bytes=_LIST_MOST)
        return decoded(await self._asker.ask(request), list[InteractionView])

    async def move(self, interaction: UUID, queue: str) -> InteractionView:
        """Into another queue, where its whole wait counts."""
        return await self._order(interaction, "move", {"queue": queue})

    async def prioritise(self, interaction: UUID, priority: int) -> InteractionView:
        """Another priority in its queue; higher is served first."""
        return await self._order(interaction, "priority", {"priority": priority})

    async def pull(self, interaction: UUID, agent: str) -> InteractionView:
        """To one agent, as soon as that one is free."""
        return await self._order(interaction, "pull", {"agent": agent})

    async def explain(self, interaction: UUID) -> list[Step]:
        """All decisions about one, the oldest first; the last of one that waits is why it does."""
        request = Request("GET", f"{_INTERACTIONS}/{interaction}/explain", most_bytes=_LIST_MOST)
        return decoded(await self._asker.ask(request), list[Step])

    async def export(self, query: dict[str, str], kind: str, path: Path) -> None:
        """Write figures to a file: `kind` csv or xlsx, `query` as the centre's /api/v1/figures takes it.

        The file is whole or as it was before. Raises EnvironmentFault, too, when it cannot be written.
        """
        request = Request("GET", f"/api/v1/figures.{kind}", query, most_bytes=_FILE_MOST)
        data = checked(await self._asker.ask(request))
        await asyncio.to_thread(_write, path, data)

    async def _order(self, interaction: UUID, order: str, what: dict[str, object]) -> InteractionView:
        path = f"{_INTERACTIONS}/{interaction}/{order}"
        answer = await self._asker.ask(Request("POST", path, body=msgspec.json.encode(what)))
        return decoded(answer, InteractionView)


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as fault:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        why = fault.strerror or str(fault)
        raise EnvironmentFault(
            f"{path}: the export cannot be written: {why}. Choose another place."
        ) from None
