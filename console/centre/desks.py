"""Which agent's desk is linked, and what it asks for: facts for the pipeline."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from console.centre.commands import Commands
from console.centre.conductor import Conductor
from console.centre.outbound import Outbound
from console.clock import Clock
from console.domain.agent import Presence
from console.domain.errors import BadInput
from console.domain.events import (
    AgentSignedIn,
    DeskBack,
    DeskLost,
    InteractionTransferred,
    LedgerEvent,
    OutboundRequested,
)
from console.routing.router import Router
from console.settings import RoutingSettings

Submit = Callable[[LedgerEvent], Awaitable[None]]
"""Takes a fact; it is durable and acted upon on return."""


class Desks:
    """The desks of one centre. `sessions` names the run of the desk that each linked agent is at."""

    def __init__(self, router: Router, settings: RoutingSettings, clock: Clock, submit: Submit) -> None:
        """Nobody is linked yet."""
        self.sessions: dict[str, UUID] = {}
        self._router = router
        self._settings = settings
        self._clock = clock
        self._submit = submit
        self._commands = Commands(router, settings, clock)
        self.outbound = Outbound(router, clock, submit)
        self.conductor: Conductor | None = None

    def use(self, conductor: Conductor) -> None:
        """What agents want done with calls goes this way."""
        self.conductor = self.outbound.conductor = conductor

    def heard(self, fact: LedgerEvent) -> None:
        """A durable fact."""
        if self.conductor is not None and isinstance(fact, InteractionTransferred):
            self.conductor.pass_outside(fact)
        elif isinstance(fact, OutboundRequested):
            self.outbound.heard(fact)

    @property
    def asks(self) -> bool:
        """Whether agents can ask a third party."""
        return self.conductor is not None and self.conductor.asking.able

    async def linked(self, agent: str, contact: str, session: UUID, registered: str = "") -> None:
        """An agent's desk is here and can be rung at `contact`, or as it is `registered` at the switch.
        Raises BadInput for a contact that is none.
        """
        if not contact.startswith(("sip:", "sips:")) or any(letter in contact for letter in " <>\r\n\t"):
            raise BadInput("the desk's contact is not a SIP address")
        contact = registered or contact
        self.sessions[agent] = session
        identity, now = self._clock.new_id, self._clock.now
        if self._is_signed_in(agent):
            back = DeskBack(id=identity(), at=now(), agent=agent, contact=contact, session=session)
            await self._submit(back)
        # Not in an else: the grace time may run out while the desk's return waits its turn.
        if not self._is_signed_in(agent):
            signed_in = AgentSignedIn(id=identity(), at=now(), agent=agent, contact=contact, session=session)
            await self._submit(signed_in)

    async def lost(self, agent: str, session: UUID) -> None:
        """A desk's link is gone; unless another session of the agent took over, the grace time begins."""
        if self.sessions.get(agent) != session:
            return
        del self.sessions[agent]
        if not self._is_signed_in(agent):
            return
        await self._submit(
            DeskLost(
                id=self._clock.new_id(), at=self._clock.now(), agent=agent, grace_s=self._settings.grace_s
            )
        )

    async def command(self, agent: str, action: str, argument: str) -> None:
        """What an agent asks for. Raises Refused, in words for the agent, when it cannot be."""
        if action == "dial":
            await self.outbound.dial(agent, argument)
        elif self.conductor is None or not self.conductor.asking.command(agent, action, argument):
            await self._submit(self._commands.asked_for(agent, action, argument))

    def _is_signed_in(self, agent: str) -> bool:
        """Whether routing counts on this agent; one who left in a call may still talk."""
        standing = self._router.agent(agent)
        return standing is not None and standing.presence is not Presence.OFFLINE
