"""Calls that agents make: whether that may be, and the order to the switch once the fact is durable."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import quote
from uuid import UUID

from console.centre.conductor import Conductor
from console.clock import Clock
from console.domain.address import Address, number_of
from console.domain.agent import Presence
from console.domain.errors import BadInput, NotThere, Refused, TooLate
from console.domain.events import EndedBy, InteractionEnded, LedgerEvent, OutboundRequested
from console.domain.outbound import may_call
from console.domain.queue import Queue
from console.domain.standing import AgentStanding
from console.routing.router import Router
from console.switch.switch import Capability, Ring

CANNOT = "This centre's telephone switch cannot make calls for agents: that takes an Asterisk."
NO_TRUNK = "Numbers cannot be called from here: the centre has no trunk ([switch] trunk)."
CANCELLED = "cancelled"
FAILED = "failed"
_RINGS_S = 60.0
_LONGEST = 60
_ANSWERS_BY_ITSELF = {
    "Answer-Mode": "Auto",  # RFC 5373
    "Call-Info": "<sip:callboard.invalid>;answer-after=0",
    "Alert-Info": "<http://callboard.invalid>;info=alert-autoanswer",
}
"""What phones know, each its own: who asked for the call need not take it as well."""

_log = logging.getLogger(__name__)


class Outbound:
    """Takes what agents ask for, and has the switch do it."""

    def __init__(
        self, router: Router, clock: Clock, submit: Callable[[LedgerEvent], Awaitable[None]]
    ) -> None:
        """Without a `conductor` nothing can be called."""
        self.conductor: Conductor | None = None
        self._router = router
        self._clock = clock
        self._submit = submit
        self._begun: dict[UUID, bool] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def able(self) -> bool:
        """Whether the switch can."""
        return self.conductor is not None and Capability.OUTBOUND in self.conductor.switch.capabilities

    async def dial(self, agent: str, number: str, queue: str = "", by: str = "") -> UUID:
        """Call a number for an agent, in the name of a queue ("": the agent's first), as `by` wants ("": the
        agent). Returns the interaction. Raises Refused, NotThere or TooLate, in words.
        """
        conductor = self.conductor
        if conductor is None or not self.able:
            raise Refused(CANNOT)
        standing = self._who(agent, by)
        served = self._queue(standing, queue, by)
        event = OutboundRequested(
            id=self._clock.new_id(),
            at=self._clock.now(),
            interaction=self._clock.new_id(),
            offer=self._clock.new_id(),
            agent=agent,
            queue=served.key,
            customer=Address(self._address(conductor, number.strip())),
            by=by if by != agent else "",
        )
        self._begun[event.interaction] = False
        try:
            await self._submit(event)
        finally:
            begun = self._begun.pop(event.interaction)
        if not begun:
            raise TooLate("A call came in between.")
        return event.interaction

    def cancel(self, agent: str) -> None:
        """End the call that an agent makes, in any phase. Raises NotThere."""
        known = self._router.agent(agent)
        for interaction in known.work if known is not None else ():
            standing = self._router.interaction(interaction)
            if standing is not None and standing.outbound and standing.agent == agent and self.conductor:
                self.conductor.switch.hang_up(interaction, reason=CANCELLED)
                return
        raise NotThere("You make no call.")

    def heard(self, fact: OutboundRequested) -> None:
        """It is durable: ring, unless the agent is on another call by now."""
        standing, agent = self._router.interaction(fact.interaction), self._router.agent(fact.agent)
        if standing is None or agent is None or self.conductor is None:
            return
        if fact.interaction in self._begun:
            self._begun[fact.interaction] = True
        try:
            self.conductor.switch.ring(self._order(fact, agent))
        except Exception:  # noqa: BLE001 - our bug, told loudly; the agent must not be busy for ever for it
            _log.exception("the switch failed on an outbound call")
            self._give_up(fact)

    # ------------------------------------------------------------ inside

    def _who(self, agent: str, by: str) -> AgentStanding:
        standing = self._router.agent(agent)
        mine = by in {"", agent}
        if standing is None:
            raise NotThere("You are no agent." if mine else f"There is no agent “{agent[:_LONGEST]}”.")
        if standing.presence is Presence.OFFLINE or standing.lost_since is not None or not standing.contact:
            raise Refused(
                "You are not signed in as an agent." if mine else f"{standing.agent.shown} is not signed in."
            )
        if not may_call(standing):
            raise Refused(
                "You are on a call already." if mine else f"{standing.agent.shown} has a contact at hand."
            )
        return standing

    def _queue(self, agent: AgentStanding, asked: str, by: str) -> Queue:
        own = agent.agent.queues
        if asked:
            queue = self._router.queue(self._router.admission.door.find(asked) or "")
            if queue is None:
                raise NotThere(f"There is no queue “{asked[:_LONGEST]}”.")
            if queue.key not in own and by in {"", agent.agent.key}:
                raise Refused(f"You do not serve the queue “{queue.shown}”.")
            return queue
        found = (self._router.queue(key) for key in own)
        queue = next((one for one in found if one is not None), None)
        if queue is None:
            raise Refused("Say for which queue the call is: this agent serves none.")
        return queue

    def _address(self, conductor: Conductor, number: str) -> str:
        """Where it is called, if that may be."""
        admission = self._router.admission
        if not number:
            raise Refused("Enter a number, a name or a SIP address.")
        if admission.agent_named(number) or admission.door.find(number) is not None:
            raise Refused(f"“{number[:_LONGEST]}” is a colleague or a queue of this centre, not a number.")
        try:
            address = conductor.ways_out.address_of(number)
        except BadInput as fault:
            raise Refused(str(fault)) from fault
        typed = number.lower().startswith(("sip:", "sips:"))
        if not typed and not conductor.trunk:
            raise Refused(NO_TRUNK)
        if not typed and not number_of(Address(address).user):
            raise Refused(f"“{number[:_LONGEST]}” is neither a colleague, a queue nor a number.")
        return address

    def _order(self, fact: OutboundRequested, agent: AgentStanding) -> Ring:
        queue = self._router.queue(fact.queue) or Queue(key=fact.queue)
        headers = {"X-Queue": quote(queue.shown), "X-Queue-Key": quote(queue.key)}
        return Ring(
            interaction=fact.interaction,
            offer=fact.offer,
            queue=fact.queue,
            agent=fact.agent,
            contact=agent.contact,
            caller_uri=fact.customer.uri,
            caller_name=fact.customer.shown,
            headers=headers if fact.by else {**headers, **_ANSWERS_BY_ITSELF},
            call_out=fact.customer.uri,
            call_out_s=_RINGS_S,
            call_out_from=queue.numbers[0] if queue.numbers else "",
            call_out_name=queue.shown,
            outbound=True,
            ring_s=queue.ring_timeout_s,
        )

    def _give_up(self, fact: OutboundRequested) -> None:
        ended = InteractionEnded(
            id=self._clock.new_id(),
            at=self._clock.now(),
            interaction=fact.interaction,
            by=EndedBy.CENTRE,
            reason=FAILED,
        )

        async def tell() -> None:
            await self._submit(ended)

        task = asyncio.get_running_loop().create_task(tell())  # not awaited: it waits for who is here now
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
