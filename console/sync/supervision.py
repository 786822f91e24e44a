"""What a supervisor asks of the centre: who waits, orders about one of them, figures as a file."""

import asyncio
import contextlib
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

import msgspec

from console.domain.errors import EnvironmentFault
from console.domain.events import MonitoringMode
from console.sync.outbox import Answer
from console.sync.request import Request, checked, decoded
from console.wire import InteractionView, MonitoringView

_INTERACTIONS = "/api/v1/interactions"
_MONITORINGS = "/api/v1/monitorings"
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

    async def monitor(self, interaction: UUID, mode: MonitoringMode, contact: str = "") -> MonitoringView:
        """Have my phone rung, to be in a call; `contact` is its SIP address, "" the desk I signed in with."""
        body = msgspec.json.encode({"mode": mode, "contact": contact})
        request = Request("POST", f"{_INTERACTIONS}/{interaction}/monitor", body=body)
        return decoded(await self._asker.ask(request), MonitoringView)

    async def monitorings(self) -> list[MonitoringView]:
        """Every supervisor who is in a call, or is rung for one."""
        answer = await self._asker.ask(Request("GET", _MONITORINGS, most_bytes=_LIST_MOST))
        return decoded(answer, list[MonitoringView])

    async def change_monitoring(self, monitoring: UUID, mode: MonitoringMode) -> MonitoringView:
        """Listen, whisper or barge in from now on; the answer is how it was before."""
        body = msgspec.json.encode({"mode": mode})
        answer = await self._asker.ask(Request("POST", f"{_MONITORINGS}/{monitoring}", body=body))
        return decoded(answer, MonitoringView)

    async def end_monitoring(self, monitoring: UUID) -> None:
        """Have my phone hung up; the call goes on."""
        checked(await self._asker.ask(Request("DELETE", f"{_MONITORINGS}/{monitoring}")))

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
