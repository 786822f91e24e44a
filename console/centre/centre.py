"""The centre itself: one pipeline that every fact goes through, in order.

    fact (switch, desk, admin) -> Router -> decisions -> Ledger.append of both (durable) -> Board, Conductor
    -> switch

Facts that come while a batch is being written wait and go together in the next one, so that the load sets
the size of the batches. Nobody acts on what is not yet durable: a crash before it is forgets the decision
with the fact that led to it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar, cast
from uuid import UUID

from console import paths
from console.centre.adoption import Adoption
from console.centre.aside import Aside
from console.centre.conductor import Conductor, Place, is_no_offer
from console.centre.configured import configured
from console.centre.desks import Desks
from console.centre.explaining import Explaining
from console.centre.figures import Figures
from console.centre.inbox import Inbox, Pending
from console.centre.memory import Keeper, Restored, restore
from console.centre.phones import AgentPhones
from console.centre.supervision import Supervision
from console.centre.views import Views
from console.clock import Clock
from console.domain.errors import StoreError
from console.domain.events import (
    CallbackRequested,
    EndedBy,
    InteractionEnded,
    InteractionEvent,
    InteractionOffered,
    InteractionQueued,
    LedgerEvent,
    OfferEnded,
    OfferEndReason,
)
from console.domain.interaction import Phase
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.metrics.board import Board
from console.routing.router import Router
from console.settings import CentreSettings
from console.switch.switch import Surviving, Switch
from console.wire import AgentView

_log = logging.getLogger(__name__)

_WAITING_VIEWS_EVERY_S = 0.25
_SAMPLE_EVERY_S = 2.0
_PRESSING_S = 60.0
_IN_LINE = frozenset({Phase.WAITING, Phase.OFFERED})
_RETRY_S = 0.5
_NAMED = 5
_NO_WAY_OUT = "the switch cannot call out"
_T = TypeVar("_T")


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
        self._survivor = switch if isinstance(switch, Surviving) else None
        self._inbox = Inbox()
        self._tasks: list[asyncio.Task[None]] = []
        self.phones = AgentPhones(switch, settings.switch.asterisk.renew_after, clock)
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
        self.router.admission.refuses = settings.switch.refuses
        self._applied = restored.sequence
        self._desks = Desks(self.router, settings.routing, clock, self.submit)
        self.outbound = self._desks.outbound
        self.explaining = Explaining(self.ledger, settings.routing)
        folder = self.messages.with_name("recordings")
        names = settings.switch.attached
        self.supervision = Supervision(self.router, clock, self.submit, self._switch, folder, names)
        self._views = Views(self.router, clock, self._desks, self.supervision.recording)
        self._keeper = Keeper(self.ledger, restored, clock)
        self.figures = Figures(self._keeper, self.board, clock)
        self._conductor: Conductor | None = None
        if self._switch is not None:
            how, here = settings.switch, partial(getattr, self, "sip_domain")
            place = Place(sip_domain=here, language=how.language, messages=self.messages, trunk=how.trunk)
            self._conductor = Conductor(self._switch, self.router, place)
            self._desks.use(self._conductor)

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
        if self._survivor is None:
            await self._write(self.router.close_orphans(self._clock.now()))
            await self._settle(self._configured())
        if self._switch is not None:
            await asyncio.to_thread(self.messages.mkdir, mode=0o700, parents=True, exist_ok=True)
            await self._switch.start(self.tell)
        if self._survivor is not None:
            await self._adopt(self._survivor, restored.newest)
        self._tasks += [
            asyncio.create_task(self._pump(), name="centre-pump"),
            asyncio.create_task(self._tick(), name="centre-tick"),
            asyncio.create_task(self.phones.run(), name="centre-phones"),
        ]

    async def _adopt(self, survivor: Surviving, since: datetime | None) -> None:
        adoption = Adoption(self.ledger, self.router, self._clock, self.settings.routing.grace_s)
        lost = await self.supervision.recover(self.ledger)
        await adoption.begin(survivor, since, self.tell)
        told = [event for event, _ in self._inbox.all()]
        await self._settle([*lost, *told, *adoption.desks_lost(since), *self._configured()])
        self._inbox.done(len(told))
        if self._conductor is not None:
            await adoption.go_on(self._conductor)
        missing = adoption.miss_desks(self._desks.sessions, self.submit)
        aside = Aside(survivor, self.router, self.board, self._clock).run(since, self.submit_all)
        self._tasks = [asyncio.create_task(one) for one in (missing, aside)]

    def _configured(self) -> list[LedgerEvent]:
        return configured(self.settings, self.router, self._clock, self._clock.now())

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

    @property
    def out_of_reach(self) -> tuple[str, ...]:
        """The telephone systems behind the switch that cannot be reached now."""
        found = self._survivor.connections if self._survivor is not None else ()
        return tuple(one.name for one in found if not one.connected)

    @property
    def away(self) -> bool:
        """Whether no telephone system can be reached: nothing is decided, for nothing could be done."""
        return self._survivor is not None and not any(one.connected for one in self._survivor.connections)

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
        await self._inbox.settled()

    # ------------------------------------------------------------ facts in

    def tell(self, event: InteractionEvent) -> None:
        """A fact from the switch; it is durable and acted upon soon."""
        self._inbox.put(cast(LedgerEvent, event))  # each one it tells is in the union

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
            self._inbox.put(event, future)
        for future in done:
            await future

    # ------------------------------------------------------------ desks

    def is_agent(self, user: str) -> bool:
        """Whether this user takes contacts."""
        return self.router.agent(user) is not None

    async def desk_linked(self, agent: str, contact: str, session: UUID) -> None:
        """An agent's desk is here and can be rung at `contact`. Raises BadInput for one that is none."""
        await self._desks.linked(agent, contact, session, await self.phones.linked(agent))

    async def desk_lost(self, agent: str, session: UUID) -> None:
        """A desk's link is gone; unless another session of the agent took over, the grace time begins."""
        await self._desks.lost(agent, session)
        self.phones.keep_only(self._desks.sessions)

    async def command(self, user: str, action: str, argument: str) -> None:
        """What an agent asks for. Raises Refused, in words for the agent, when it cannot be."""
        if not self.supervision.recording.command(user, action):
            await self._desks.command(user, action, argument)

    def agent_view(self, agent: str) -> AgentView | None:
        """What an agent's desk shows, or None for somebody who is no agent."""
        return self._views.of(agent, self._applied)

    def on_agent_view(self, handler: Callable[[str], None]) -> Callable[[], None]:
        """Tell `handler` the key of every agent whose view changed; returns what undoes it."""
        self._views.handlers.append(handler)
        return lambda: self._views.handlers.remove(handler)

    # ------------------------------------------------------------ the pipeline

    async def _pump(self) -> None:
        while True:
            batch = await self._take()
            try:
                await self._settle(await self._news(batch))
            except Exception:
                _log.critical("the centre cannot go on: a fact could not be acted upon", exc_info=True)
                self.broken.set()
                raise
            for _, future in batch:
                if future is not None and not future.done():
                    future.set_result(None)
            self._inbox.done(len(batch))

    async def _take(self) -> list[Pending]:
        """All facts that wait now; none when a timer of routing, or a checkpoint, is due first."""
        due = self.router.next_due() if not self.away else self._clock.now() + timedelta(seconds=_RETRY_S)
        keep_in_s = self._keeper.due_in_s(self._applied)
        if keep_in_s == 0 and (self._inbox.empty or self._keeper.overdue_s > _PRESSING_S):
            self._keeper.keep(self._applied)
            keep_in_s = None
        patience = keep_in_s
        if due is not None:
            due_in_s = max(0.0, (due - self._clock.now()).total_seconds())
            patience = due_in_s if patience is None else min(patience, due_in_s)
        return await self._inbox.take(patience)

    async def _news(self, batch: Sequence[Pending]) -> list[LedgerEvent]:
        """The facts of a batch, each once. Who waits for its fact may deliver it again, and facts read from
        elsewhere have ids made of their content (RFC 9562, version 5); those of a switch are new.
        """
        facts = {event.id: event for event, _ in batch}
        again = [event.id for event, future in batch if future is not None or event.id.version == _NAMED]
        known = await self._insist(partial(self.ledger.known, again)) if again else set()
        return [event for identity, event in facts.items() if identity not in known]

    async def _settle(self, facts: Sequence[LedgerEvent]) -> None:
        for fact in facts:
            self.router.apply(fact)
        now = self._clock.now()
        decisions = self.router.decide(now) if not self.away else []
        await self._write([*facts, *decisions])
        for fact in facts:
            if isinstance(fact, InteractionQueued) and self._stands(fact):
                self._carry_out(fact, now)  # a supervisor moved it
        for decision in sorted(decisions, key=is_no_offer):  # a desk rings before anybody hears music
            self._carry_out(decision, now)
        for fact in facts:
            self.supervision.heard(fact)
            self._desks.heard(fact)
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
        identity, over = self._clock.new_id(), decision.callback
        ended = InteractionEnded(id=identity, at=now, interaction=over, by=EndedBy.CENTRE, reason=_NO_WAY_OUT)
        self.tell(ended)

    async def _write(self, events: Sequence[LedgerEvent]) -> None:
        """Make durable what the router has applied, then show it."""
        if events:
            sequences = await self._insist(partial(self.ledger.append, events))
            for sequence, event in zip(sequences, events, strict=True):
                self._show(sequence, event)

    async def _insist(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Try until it works: a ledger that is out of reach holds everything up but loses nothing.

        Raises StoreError only before the pipeline runs, when nobody has told anything yet.
        """
        while True:
            try:
                done = await work()
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
            return done

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
