"""Which connection is which agent's desk: the newest. The centre hears of each that comes and goes."""

import asyncio
import logging
from uuid import UUID

import msgspec

from console.domain.errors import BadInput, EnvironmentFault, Refused
from console.server.face import CentreFace
from console.server.fanout import Client
from console.server.frames import ELSEWHERE, FORBIDDEN, Ends
from console.wire import Farewell

_log = logging.getLogger(__name__)


class _Desk(msgspec.Struct, frozen=True, eq=False):
    client: Client
    session: UUID


class Desks:
    """The desks that are linked now."""

    def __init__(self, face: CentreFace) -> None:
        """None yet."""
        self._face = face
        self._desks: dict[str, _Desk] = {}
        self._gates: dict[str, asyncio.Lock] = {}

    async def link(self, client: Client, contact: str, session: UUID) -> None:
        """Make a client its agent's desk and tell the one before. Raises Ends when the centre says no.

        A desk of the same session is the same one that connected anew: for the centre it was never lost.
        """
        agent = client.signed_in.name
        async with self._gate(agent):
            before = self._desks.pop(agent, None)
            if before is not None:
                same = before.session == session
                words = "The desk connected anew." if same else "You signed in elsewhere."
                before.client.end(ELSEWHERE, Farewell(reason=words, retry=same))
                if not same:
                    await self._lost(agent, before.session)
            try:
                await self._face.desk_linked(agent, contact, session)
            except (EnvironmentFault, BadInput) as fault:
                raise Ends(FORBIDDEN, str(fault), retry=not isinstance(fault, Refused)) from None
            self._desks[agent] = _Desk(client, session)

    async def unlink(self, client: Client) -> None:
        """A client is gone; the centre hears of it if it was its agent's desk."""
        agent = client.signed_in.name
        async with self._gate(agent):
            desk = self._desks.get(agent)
            if desk is not None and desk.client is client:
                del self._desks[agent]
                await self._lost(agent, desk.session)

    def of(self, agent: str) -> Client | None:
        """The client that is an agent's desk."""
        desk = self._desks.get(agent)
        return desk.client if desk is not None else None

    def count(self) -> int:
        """How many desks are linked."""
        return len(self._desks)

    async def _lost(self, agent: str, session: UUID) -> None:
        try:
            await self._face.desk_lost(agent, session)
        except EnvironmentFault as fault:
            _log.error("the desk of %s is gone, which could not be noted: %s", agent, fault)

    def _gate(self, agent: str) -> asyncio.Lock:
        return self._gates.setdefault(agent, asyncio.Lock())
