"""The centre itself: one pipeline that every fact goes through, in order.

    fact (switch, desk, admin) -> Ledger.append (durable) -> Router and Board -> decisions -> Ledger.append
    -> Router, Board -> Conductor -> switch

Facts that come while a batch is being written wait and go together in the next one, so that the load sets
the size of the batches. Nobody acts on what is not yet durable.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast
from uuid import UUID

from console import paths
from console.centre.conductor import Conductor, Place
from console.centre.desks import Desks
from console.centre.explaining import Explaining
from console.centre.figures import Figures
from console.centre.memory import Keeper, Restored, restore
from console.centre.supervision import Supervision
from console.centre.views import Views, view_of
from console.clock import Clock
from console.domain.errors import StoreError
from console.domain.events import (
    AgentConfigured,
    CallbackRequested,
    EndedBy,
    InteractionEnded,
    InteractionEvent,
    InteractionOffered,
    InteractionQueued,
    InteractionTransferred,
    LedgerEvent,
    OfferEnded,
    OfferEndReason,
    QueueConfigured,
)
from console.domain.interaction import Phase
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
_PRESSING_S = 60.0
_IN_LINE = frozenset({Phase.WAITING, Phase.OFFERED})
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
        self.sip_domain = ""
        self._clock = clock
        self._switch = switch
        self._incoming: asyncio.Queue[_Pending] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._drained: asyncio.Event | None = None
        self._applied = 0
        self.broken = asyncio.Event()
        """Set when a fault of its own has ended the pipeline: nothing will be routed any more."""
        self.writing = True
        """False while the ledger cannot be written and facts wait in memory."""
        self._work_with(Restored(Router(settings.routing, clock.new_id), Board(clock)))

    def _work_with(self, restored: Restored) -> None:
        """Go on from here: a router and a board, and all that looks at them."""
        settings, clock = self.settings, self._clock
        self.router, self.board = restored.router, restored.board
        self._applied = restored.sequence
        self._desks = Desks(self.router, settings.routing, clock, self.submit)
        self._views = Views(self.router)
        self.explaining = Explaining(self.ledger, settings.routing)
        self.supervision = Supervision(self.router, clock, self.submit)
        self._keeper = Keeper(self.ledger, restored, clock)
        self.figures = Figures(self._keeper, self.board, clock)
        self._conductor: Conductor | None = None
        if self._switch is not None:
            place = Place(
                sip_domain=lambda: self.sip_domain, language=settings.switch.language, messages=self.messages
            )
            self._conductor = Conductor(self._switch, self.router, place)

    @property
    def messages(self) -> Path:
        """The folder for voicemail."""
        folder = self.settings.switch.messages
        return Path(folder) if folder else paths.data_folder() / "messages"

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Go on from the ledger's end, close what a dead centre left open, take the settings over, open the
        switch. Raises StoreError.
        """
        restored = await restore(self.ledger, self.settings.routing, self._clock)
        if restored.newest is not None:
            behind = self._clock.not_before(restored.newest).total_seconds()
            if behind > 1:
                _log.warning("the clock is %.0f s behind the newest event of the ledger: check it", behind)
        self._work_with(restored)
        now = self._clock.now()
        survives = self._switch is not None and Capability.SURVIVES_RESTART in self._switch.capabilities
        if not survives:
            await self._write_decisions(self.router.close_orphans(now))
        await self._settle(self._configuration(now))
        if self._switch is not None:
            await asyncio.to_thread(self.messages.mkdir, mode=0o700, parents=True, exist_ok=True)
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
        if not self.broken.is_set():
            await self._keeper.finish(self._applied)

    async def drain(self, patience_s: float) -> None:
        """Let the open calls end by themselves, for at most so many seconds."""
        self._drained = asyncio.Event()
        self._look_whether_drained()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), patience_s)

    def _look_whether_drained(self) -> None:
        """Callbacks do not count while nobody is rung for them: they wait for the next start."""
        if self._drained is None or self._drained.is_set():
            return
        if all(one.callback and one.phase is Phase.WAITING for one in self.router.open_interactions()):
            self._drained.set()

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
        await self._desks.linked(agent, contact, session)

    async def desk_lost(self, agent: str, session: UUID) -> None:
        """A desk's link is gone; unless another session of the agent took over, the grace time begins."""
        await self._desks.lost(agent, session)

    async def command(self, user: str, action: str, argument: str) -> None:
        """What an agent asks for. Raises Refused, in words for the agent, when it cannot be."""
        await self._desks.command(user, action, argument)

    def agent_view(self, agent: str) -> AgentView | None:
        """What an agent's desk shows, or None for somebody who is no agent."""
        return view_of(self.router, agent, self._clock.now(), self._applied)

    def on_agent_view(self, handler: Callable[[str], None]) -> Callable[[], None]:
        """Tell `handler` the key of every agent whose view changed; returns what undoes it."""
        self._views.handlers.append(handler)
        return lambda: self._views.handlers.remove(handler)

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
        """All facts that wait now; none when a timer of routing, or a checkpoint, is due first."""
        due, keep_in_s = self.router.next_due(), self._keeper.due_in_s(self._applied)
        if keep_in_s == 0 and (self._incoming.empty() or self._keeper.overdue_s > _PRESSING_S):
            self._keeper.keep(self._applied)
            keep_in_s = None
        patience = keep_in_s
        if due is not None:
            due_in_s = max(0.0, (due - self._clock.now()).total_seconds())
            patience = due_in_s if patience is None else min(patience, due_in_s)
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
        for fact in facts:
            if isinstance(fact, InteractionQueued) and self._stands(fact):
                self._carry_out(fact, now)  # a supervisor moved it
        for decision in decisions:
            self._carry_out(decision, now)
        for fact in facts:
            if self._conductor is not None and isinstance(fact, InteractionTransferred):
                self._conductor.pass_outside(fact)
        self._look_whether_drained()

    def _stands(self, moved: InteractionQueued) -> bool:
        standing = self.router.interaction(moved.interaction)
        return standing is not None and standing.queue == moved.queue and standing.phase in _IN_LINE

    def _carry_out(self, decision: LedgerEvent, now: datetime) -> None:
        """Have the switch do it. What fails there harms nobody else; an offer that cannot ring goes on."""
        if self._conductor is None:
            return
        if isinstance(decision, CallbackRequested) and not self._conductor.calls_out:
            self._cannot_call_back(decision, now)
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

    def _cannot_call_back(self, decision: CallbackRequested, now: datetime) -> None:
        ended = InteractionEnded(
            id=self._clock.new_id(),
            at=now,
            interaction=decision.callback,
            by=EndedBy.CENTRE,
            reason="the switch cannot call out",
        )
        self.tell(ended)

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
        self._views.event(event)

    async def _tick(self) -> None:
        """Samples for the graphs, and the waiting counts of agents' views, at a calm pace."""
        sampled = self._clock.monotonic()
        while True:
            await asyncio.sleep(_WAITING_VIEWS_EVERY_S)
            if self._clock.monotonic() - sampled >= _SAMPLE_EVERY_S:
                sampled = self._clock.monotonic()
                self.board.sample()
            self._views.tell_of_queues(self._desks.sessions)

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
