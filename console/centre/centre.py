"""The centre itself: one pipeline that every fact goes through, in order.

    fact (switch, desk, admin) -> Ledger.append (durable) -> Router and Board -> decisions -> Ledger.append
    -> Router, Board -> Conductor -> switch

Facts that come while a batch is being written wait and go together in the next one, so that the load sets
the size of the batches. Nobody acts on what is not yet durable.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from console.centre.conductor import Conductor
from console.centre.views import view_of
from console.clock import Clock
from console.domain.agent import Presence
from console.domain.errors import BadInput, Refused, StoreError
from console.domain.events import (
    AgentBecameReady,
    AgentConfigured,
    AgentEvent,
    AgentPaused,
    AgentSignedIn,
    AgentSignedOut,
    DeskBack,
    DeskLost,
    InteractionEvent,
    InteractionOffered,
    InteractionTransferred,
    LedgerEvent,
    OfferEnded,
    OfferEndReason,
    QueueConfigured,
    WrapUpEnded,
)
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.metrics.board import Board
from console.routing.router import Router
from console.settings import CentreSettings
from console.switch.switch import Capability, Switch
from console.wire import AgentView

_log = logging.getLogger(__name__)

_WAITING_VIEWS_EVERY_S = 0.25
_SAMPLE_EVERY_S = 2.0
_LONGEST_REASON = 60
_RETRY_S = 0.5

_Pending = tuple[LedgerEvent, "asyncio.Future[None] | None"]


class Centre:
    """A running centre. Everything happens on one loop; see the module for the order of things."""

    def __init__(
        self,
        settings: CentreSettings,
        clock: Clock,
        ledger: Ledger,
        users: Users,
        switch: Switch | None = None,
    ) -> None:
        """Without a switch it serves desks and figures but carries no calls."""
        self.settings = settings
        self.ledger = ledger
        self.users = users
        self.board = Board(clock)
        self.router = Router(settings.routing, clock.new_id)
        self.sip_domain = ""
        self._clock = clock
        self._switch = switch
        self._conductor = (
            Conductor(switch, self.router, lambda: self.sip_domain, settings.switch.language)
            if switch is not None
            else None
        )
        self._incoming: asyncio.Queue[_Pending] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._view_handlers: list[Callable[[str], None]] = []
        self._queues_moved: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._applied = 0
        self.broken = asyncio.Event()
        """Set when a fault of its own has ended the pipeline: nothing will be routed any more."""
        self.writing = True
        """False while the ledger cannot be written and facts wait in memory."""
        self._sessions: dict[str, UUID] = {}

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Read the ledger, close what a dead centre left open, take the settings over, open the switch."""
        async for sequence, event in self.ledger.read():
            self._apply(sequence, event)
        now = self._clock.now()
        survives = self._switch is not None and Capability.SURVIVES_RESTART in self._switch.capabilities
        if not survives:
            await self._write_decisions(self.router.close_orphans(now))
        await self._settle(self._configuration(now))
        if self._switch is not None:
            await self._switch.start(self.tell)
        self._tasks = [
            asyncio.create_task(self._pump(), name="centre-pump"),
            asyncio.create_task(self._tick(), name="centre-tick"),
        ]

    async def stop(self) -> None:
        """End the calls, write what is still to be written, stop."""
        if self._switch is not None:
            await self._switch.stop()
        if not self.broken.is_set():
            await self.settled()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def drain(self, patience_s: float) -> None:
        """Let the open interactions end by themselves, for at most so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), patience_s)

    async def settled(self) -> None:
        """Wait until every fact told so far is durable and acted upon."""
        await self._incoming.join()

    # ------------------------------------------------------------ facts in

    def tell(self, event: InteractionEvent) -> None:
        """A fact from the switch; it is durable and acted upon soon."""
        self._incoming.put_nowait((cast(LedgerEvent, event), None))  # each one it tells is in the union

    async def submit(self, event: LedgerEvent) -> None:
        """A fact from a desk or an administrator; durable and acted upon on return. Raises StoreError."""
        await self.submit_all([event])

    async def submit_all(self, events: Sequence[LedgerEvent]) -> None:
        """Several facts that belong together, in order; durable and acted upon on return."""
        loop = asyncio.get_running_loop()
        done: list[asyncio.Future[None]] = []
        for event in events:
            future: asyncio.Future[None] = loop.create_future()
            done.append(future)
            self._incoming.put_nowait((event, future))
        for future in done:
            await future

    # ------------------------------------------------------------ desks

    def is_agent(self, user: str) -> bool:
        """Whether this user takes contacts."""
        return self.router.agent(user) is not None

    async def desk_linked(self, agent: str, contact: str, session: UUID) -> None:
        """An agent's desk is here and can be rung at `contact`. Raises BadInput for one that is none."""
        if not contact.startswith(("sip:", "sips:")) or any(letter in contact for letter in " <>\r\n\t"):
            raise BadInput("the desk's contact is not a SIP address")
        self._sessions[agent] = session
        identity, now = self._clock.new_id, self._clock.now
        if self._is_signed_in(agent):
            await self.submit(
                DeskBack(id=identity(), at=now(), agent=agent, contact=contact, session=session)
            )
        # Not in an else: the grace time may run out while the desk's return waits its turn.
        if not self._is_signed_in(agent):
            signed_in = AgentSignedIn(id=identity(), at=now(), agent=agent, contact=contact, session=session)
            await self.submit(signed_in)

    async def desk_lost(self, agent: str, session: UUID) -> None:
        """A desk's link is gone; unless another session of the agent took over, the grace time begins."""
        if self._sessions.get(agent) != session:
            return
        del self._sessions[agent]
        if not self._is_signed_in(agent):
            return
        await self.submit(
            DeskLost(
                id=self._clock.new_id(),
                at=self._clock.now(),
                agent=agent,
                grace_s=self.settings.routing.grace_s,
            )
        )

    async def command(self, user: str, action: str, argument: str) -> None:
        """What an agent asks for. Raises Refused, in words for the agent, when it cannot be."""
        if not self._is_signed_in(user):
            raise Refused("You are not signed in as an agent.")
        event = self._asked_for(user, action, argument)
        await self.submit(event)

    def _is_signed_in(self, agent: str) -> bool:
        """Whether routing counts on this agent; one who left in a call may still talk."""
        standing = self.router.agent(agent)
        return standing is not None and standing.presence is not Presence.OFFLINE

    def _asked_for(self, agent: str, action: str, argument: str) -> LedgerEvent:
        identity, now = self._clock.new_id(), self._clock.now()
        match action:
            case "ready":
                return AgentBecameReady(id=identity, at=now, agent=agent)
            case "pause":
                reason = argument.strip()
                if reason not in self.settings.routing.pause_reasons:
                    raise Refused(f"There is no pause reason “{reason[:_LONGEST_REASON]}”.")
                return AgentPaused(id=identity, at=now, agent=agent, reason=reason)
            case "sign_out":
                return AgentSignedOut(id=identity, at=now, agent=agent, reason="asked")
            case "end_wrap_up":
                interaction = self.router.wrap_up_of(agent)
                if interaction is None:
                    raise Refused("There is no wrap-up to end.")
                return WrapUpEnded(id=identity, at=now, agent=agent, interaction=interaction)
        raise Refused(f"The centre does not know how to “{action[:_LONGEST_REASON]}”.")

    def agent_view(self, agent: str) -> AgentView | None:
        """What an agent's desk shows, or None for somebody who is no agent."""
        return view_of(self.router, agent, self._clock.now(), self._applied)

    def on_agent_view(self, handler: Callable[[str], None]) -> Callable[[], None]:
        """Tell `handler` the key of every agent whose view changed; returns what undoes it."""
        self._view_handlers.append(handler)
        return lambda: self._view_handlers.remove(handler)

    # ------------------------------------------------------------ the pipeline

    async def _pump(self) -> None:
        while True:
            batch = await self._take()
            try:
                await self._settle([event for event, _ in batch])
            except Exception:
                _log.critical("the centre cannot go on: a fact could not be acted upon", exc_info=True)
                self.broken.set()
                raise
            for _, future in batch:
                if future is not None and not future.done():
                    future.set_result(None)
                self._incoming.task_done()

    async def _take(self) -> list[_Pending]:
        """All facts that wait now; none when a timer of routing is due first."""
        due = self.router.next_due()
        patience = None if due is None else max(0.0, (due - self._clock.now()).total_seconds())
        batch: list[_Pending] = []
        if self._incoming.empty():
            try:
                batch.append(await asyncio.wait_for(self._incoming.get(), patience))
            except TimeoutError:
                return []
        while not self._incoming.empty():
            batch.append(self._incoming.get_nowait())
        return batch

    async def _settle(self, facts: Sequence[LedgerEvent]) -> None:
        await self._record(facts)
        now = self._clock.now()
        decisions = self.router.decide(now)
        if decisions:
            await self._write_decisions(decisions)
        for decision in decisions:
            self._carry_out(decision, now)
        for fact in facts:
            if self._conductor is not None and isinstance(fact, InteractionTransferred):
                self._conductor.pass_outside(fact)
        if self.router.open_interactions():
            self._idle.clear()
        else:
            self._idle.set()

    def _carry_out(self, decision: LedgerEvent, now: datetime) -> None:
        """Have the switch do it. What fails there harms nobody else; an offer that cannot ring goes on."""
        if self._conductor is None:
            return
        try:
            self._conductor.perform(decision, now)
        except Exception:  # noqa: BLE001 - our bug, told loudly; the other calls go on
            _log.exception("the switch failed on a %s", type(decision).__name__)
            if isinstance(decision, InteractionOffered):
                self.tell(
                    OfferEnded(
                        id=self._clock.new_id(),
                        at=now,
                        interaction=decision.interaction,
                        offer=decision.offer,
                        agent=decision.agent,
                        reason=OfferEndReason.UNREACHABLE,
                    )
                )

    async def _write_decisions(self, decisions: Sequence[LedgerEvent]) -> None:
        """Make decisions durable; the router has applied them already."""
        for sequence, event in zip(await self._append(decisions), decisions, strict=True):
            self._show(sequence, event)

    async def _record(self, events: Sequence[LedgerEvent]) -> None:
        for sequence, event in zip(await self._append(events), events, strict=True):
            self._apply(sequence, event)

    async def _append(self, events: Sequence[LedgerEvent]) -> list[int]:
        """Write until it works: a ledger that cannot be written holds everything up but loses nothing.

        Raises StoreError only before the pipeline runs, when nobody has told anything yet.
        """
        while events:
            try:
                sequences = await self.ledger.append(events)
            except StoreError as fault:
                if not self._tasks:
                    raise
                if self.writing:
                    _log.error("the ledger cannot be written, facts wait in memory: %s", fault)
                self.writing = False
                await asyncio.sleep(_RETRY_S)
                continue
            if not self.writing:
                _log.warning("the ledger can be written again")
            self.writing = True
            return sequences
        return []

    def _apply(self, sequence: int, event: LedgerEvent) -> None:
        if sequence <= self._applied:
            return  # it was delivered twice: the ledger knew its id
        self.router.apply(event)
        self._show(sequence, event)

    def _show(self, sequence: int, event: LedgerEvent) -> None:
        self._applied = max(self._applied, sequence)
        self.board.apply(event, sequence)
        if isinstance(event, AgentEvent):
            self._view_changed(event.agent)
        elif isinstance(event, InteractionEvent):
            self._interaction_moved(event)

    # ------------------------------------------------------------ after a fact

    def _interaction_moved(self, event: InteractionEvent) -> None:
        agent = getattr(event, "agent", "")
        if agent:
            self._view_changed(agent)
        standing = self.router.interaction(event.interaction)
        if standing is None:
            return
        if standing.agent and standing.agent != agent:
            self._view_changed(standing.agent)
        if standing.queue:
            self._queues_moved.add(standing.queue)

    def _view_changed(self, agent: str) -> None:
        for handler in tuple(self._view_handlers):
            handler(agent)

    async def _tick(self) -> None:
        """Samples for the graphs, and the waiting counts of agents' views, at a calm pace."""
        sampled = self._clock.monotonic()
        while True:
            await asyncio.sleep(_WAITING_VIEWS_EVERY_S)
            if self._clock.monotonic() - sampled >= _SAMPLE_EVERY_S:
                sampled = self._clock.monotonic()
                self.board.sample()
            moved, self._queues_moved = self._queues_moved, set()
            if moved:
                for agent in self._linked_in(moved):
                    self._view_changed(agent)

    def _linked_in(self, queues: set[str]) -> Iterable[str]:
        for agent in tuple(self._sessions):
            standing = self.router.agent(agent)
            if standing is not None and not queues.isdisjoint(standing.agent.queues):
                yield agent

    # ------------------------------------------------------------ settings

    def _configuration(self, now: datetime) -> list[LedgerEvent]:
        """The settings file's queues and agents, where they differ from what the ledger has."""
        changed: list[LedgerEvent] = []
        changed.extend(
            QueueConfigured(id=self._clock.new_id(), at=now, queue=queue)
            for queue in self.settings.queues
            if self.router.queue(queue.key) != queue
        )
        for agent in self.settings.agents:
            standing = self.router.agent(agent.key)
            if standing is not None and standing.agent == agent:
                continue
            changed.append(AgentConfigured(id=self._clock.new_id(), at=now, agent=agent))
        return changed
