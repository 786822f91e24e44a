"""A centre that watches an Asterisk's own queues (app_queue): its facts become ours, nothing is decided.

Which caller goes to which agent is Asterisk's affair. Who signs in, pauses and signs off at our desk does so
in Asterisk's queues, and the fact comes back from there, as it does when it is done elsewhere.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn, cast
from uuid import UUID, uuid5

from msgspec.structs import replace

from console.centre.aside import AWAY
from console.centre.centre import Centre
from console.centre.memory import restore
from console.centre.reconciled import beside, figures_of, since_start
from console.centre.supervision import Supervision
from console.clock import Clock
from console.domain import events as ev
from console.domain.agent import Agent, Presence
from console.domain.counters import QueueCounters
from console.domain.errors import BadInput, NetworkError, Refused
from console.domain.figures import Notice
from console.domain.queue import Queue
from console.domain.staff import SIGN_IN_REASON
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.metrics.increments import Dimension
from console.routing.router import Router
from console.settings import CentreSettings
from console.switch.ami_command import watched_of
from console.switch.ami_members import Finds, Remembered
from console.switch.ami_members import Presence as Membership
from console.switch.ami_watch import AmiWatch
from console.wire import AgentView

SIGNED_OFF = "signed off"
"""The pause reason of an agent who signed off, but is a fixed member of a queue."""

_LOOK_EVERY_S = 0.25
_COMPARE_EVERY_S = 10.0
_PATIENCE_S = 3.0
"""So long a start waits for Asterisk; then it goes on without."""

_log = logging.getLogger(__name__)
_QUARTER = timedelta(minutes=15)


class WatchedCentre(Centre):
    """A centre without a switch and without routing of its own."""

    def __init__(self, settings: CentreSettings, clock: Clock, ledger: Ledger, users: Users) -> None:
        """Not connected yet. Raises SettingsError when nothing tells the secret."""
        super().__init__(settings, clock, ledger, users)
        self.watch = AmiWatch(watched_of(settings), clock)
        self._found: dict[str, Queue | Agent] = {}
        self._sessions: dict[str, UUID] = {}
        self._wrapping = WrapUps(self.router)
        self._away_since: datetime | None = None

    async def start(self) -> None:
        """Go on from the ledger's end, take the settings over, and watch. Raises StoreError."""
        restored = await restore(self.ledger, self.settings.routing, self._clock)
        self._work_with(restored)
        self.supervision = OnlyLooking(self.router, self._clock, self.submit)
        self._wrapping = WrapUps(self.router)
        remembered = await self._remembered(restored.newest)
        for facts in remembered.calls.values():
            for fact in facts:
                self._wrapping.after(fact)
        await self._settle(self._configured())
        await self.watch.start(self._fact, remembered, Finds(queue=self._queue, agent=self._agent))
        self._tasks += [
            asyncio.create_task(self._pump(), name="centre-pump"),
            asyncio.create_task(self._tick(), name="centre-tick"),
            asyncio.create_task(self._look(), name="centre-watch"),
            asyncio.create_task(self._compare(), name="centre-compare"),
        ]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.watch.connected.wait(), _PATIENCE_S)

    async def _remembered(self, since: datetime | None) -> Remembered:
        begun = None
        async for _, event in self.ledger.read(0, 1):
            begun = event.at
        return Remembered(
            begun=begun,
            since=since,
            calls={
                one.interaction: await self._facts_of(one.interaction)
                for one in self.router.open_interactions()
            },
            staff={
                one.agent.key: _membership(one.presence, one.reason)
                for one in self.router.agents()
                if one.presence is not Presence.OFFLINE
            },
            was=self._was,
        )

    async def stop(self) -> None:
        """Stop looking; the calls go on."""
        await self.watch.stop()
        await super().stop()

    async def drain(self, patience_s: float) -> None:
        """Calls are not ours: nothing is waited for."""

    @property
    def away(self) -> bool:
        """Nothing is ever decided here."""
        return True

    @property
    def out_of_reach(self) -> tuple[str, ...]:
        """The Asterisk, while it cannot be reached."""
        return () if self.watch.connected.is_set() else (self.settings.switch.app_queue.host,)

    # ------------------------------------------------------------ facts in

    def _fact(self, event: ev.InteractionEvent | ev.AgentEvent) -> None:
        self.tell(cast(Any, event))
        wrap_up = self._wrapping.after(event)
        if wrap_up is not None:
            self.tell(cast(Any, wrap_up))

    def _queue(self, key: str, service_level_s: float) -> None:
        """A queue that no settings name is counted by Asterisk's own service level."""
        if any(one.key == key for one in self.settings.queues):
            return
        threshold_s = service_level_s or Queue(key=key).threshold_s
        queue = Queue(key=key, threshold_s=threshold_s, wrap_up_s=0.0, announce_every_s=0.0)
        self._find(f"queue {key}", queue, self.router.queue(key), ev.QueueConfigured, queue=queue)

    def _agent(self, key: str, name: str, queues: tuple[str, ...]) -> None:
        """An agent whom no settings name serves the queues that Asterisk says."""
        if any(one.key == key for one in self.settings.agents):
            return
        standing = self.router.agent(key)
        agent = Agent(key=key, name=name if name != key else "", queues=queues)
        known = standing.agent if standing is not None else None
        self._find(f"agent {key}", agent, known, ev.AgentConfigured, agent=agent)

    def _find(
        self, place: str, found: Queue | Agent, known: Queue | Agent | None, kind: Any, **of: Any
    ) -> None:
        before = self._found.get(place, known)
        self._found[place] = found
        if before != found:
            self.tell(kind(id=self._clock.new_id(), at=self._clock.now(), **of))

    async def _facts_of(self, interaction: UUID) -> Sequence[ev.InteractionEvent]:
        numbered = await self.ledger.of_interaction(interaction)
        return [event for _, event in numbered if isinstance(event, ev.InteractionEvent)]

    async def _was(self, interaction: UUID) -> bool:
        return bool(await self.ledger.of_interaction(interaction))

    async def _look(self) -> None:
        """End wrap-ups, and tell supervisors whether Asterisk can be reached."""
        while True:
            now = self._clock.now()
            for over in self._wrapping.over(now):
                self.tell(cast(Any, over))
            if self.watch.connected.is_set():
                self._away_since = None
            else:
                self._away_since = self._away_since or now
            where = self.settings.switch.app_queue.host
            away = (Notice(kind=AWAY, where=where, since=self._away_since),) if self._away_since else ()
            self.board.notice(away)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _compare(self) -> None:
        """Keep Asterisk's own counters on the board."""
        while True:
            await self.watch.connected.wait()
            with contextlib.suppress(NetworkError):
                theirs, since = await self.watch.counters(), await self._since()
                keys = self.watch.names.queues
                self.board.counted_elsewhere(tuple(figures_of(one, keys, since) for one in theirs))
            await asyncio.sleep(_COMPARE_EVERY_S)

    async def _since(self) -> datetime:
        return since_start(await self.watch.started_at(), self._clock.now())

    # ------------------------------------------------------------ desks

    def agent_view(self, agent: str) -> AgentView | None:
        """As everywhere, but calls ring at a telephone, and a wrap-up cannot be made longer: Asterisk rings
        again after its own time.
        """
        view = super().agent_view(agent)
        if view is None:
            return None
        return replace(view, wrap_up_extensions=0, wrap_up_extension_s=0.0, elsewhere=True)

    async def desk_linked(self, agent: str, contact: str, session: UUID) -> None:
        """An agent's desk is here: who is in no queue yet becomes a member, paused until ready. Calls come to
        the agent's own telephone. A desk that only connected anew changes nothing: who signed off by the
        telephone meanwhile stays so.
        """
        anew = self._sessions.get(agent) == session
        self._desks.sessions[agent] = self._sessions[agent] = session
        if anew or not self.watch.connected.is_set() or self.watch.staff.interfaces(agent):
            return
        try:
            await self._sign_in(agent, SIGN_IN_REASON)
        except Refused as fault:
            _log.warning("%s is not signed in to Asterisk's queues: %s", agent, fault)

    async def desk_lost(self, agent: str, session: UUID) -> None:
        """A desk's link is gone: the telephone is still there, and so is the member."""
        if self._desks.sessions.get(agent) == session:
            del self._desks.sessions[agent]

    async def command(self, user: str, action: str, argument: str) -> None:
        """What an agent asks for is asked of Asterisk; the fact comes back. Raises Refused, in words."""
        orders = {
            "ready": self._ready,
            "pause": self._pause,
            "pause_after": self._pause,
            "sign_out": self._sign_out,
        }
        order = orders.get(action)
        if order is None:
            raise Refused("Asterisk's queue decides when you are rung again: set its wrapuptime.")
        if self.router.agent(user) is None:
            raise Refused("You are not signed in as an agent.")
        if not self.watch.connected.is_set():
            raise Refused("The telephone system cannot be reached now. Try again in a moment.")
        try:
            await order(user, argument.strip())
        except NetworkError as fault:
            raise Refused(f"Asterisk did not do it: {fault}") from None

    async def _sign_in(self, agent: str, paused: str) -> None:
        standing = self.router.agent(agent)
        names = self.watch.names
        queues = standing.agent.queues if standing is not None else ()
        if not queues:
            raise Refused("No queue is given for you: name your queues in the centre's settings.")
        name = standing.agent.shown if standing is not None else agent
        try:
            for queue in queues:
                await self.watch.sign_in(
                    names.theirs(queue), names.interface(agent), name, state=names.state(agent), paused=paused
                )
        except NetworkError as fault:
            raise Refused(f"Asterisk did not do it: {fault}") from None

    async def _ready(self, agent: str, _: str) -> None:
        there = self.watch.staff.interfaces(agent)
        if not there:
            await self._sign_in(agent, "")
        for interface in there:
            await self.watch.pause(interface, "", paused=False)

    async def _pause(self, agent: str, reason: str) -> None:
        if reason not in self.settings.routing.pause_reasons:
            raise Refused(f"There is no pause reason “{reason[:60]}”.")
        there = self.watch.staff.interfaces(agent)
        if not there:
            await self._sign_in(agent, reason)
        for interface in there:
            await self.watch.pause(interface, reason)

    async def _sign_out(self, agent: str, _: str) -> None:
        """Out of every queue; a fixed member of one (queues.conf) stays there, paused."""
        for interface, queues in self.watch.staff.interfaces(agent).items():
            for queue in queues:
                try:
                    await self.watch.sign_off(queue, interface)
                except NetworkError:
                    await self.watch.pause(interface, SIGNED_OFF, queue=queue)

    # ------------------------------------------------------------ figures

    async def counters(self) -> list[QueueCounters]:
        """Asterisk's own counters beside our figures. Raises NetworkError."""
        theirs = await self.watch.counters()
        now = self._clock.now()
        since = await self._since()
        ours = await self.figures.increments(Dimension.QUEUE, (since, now + _QUARTER), None)
        queues = {queue.key: queue for queue in self.router.queues()}
        return beside(theirs, ours, queues, self.watch.names.queues, since)


class WrapUps:
    """After-contact work: app_queue rings a member again after the queue's wrapuptime, without telling of it.
    Where the settings give a queue the same time as wrap_up_s, the figures have it.
    """

    def __init__(self, router: Router) -> None:
        """`router` knows the queues, and who wraps up."""
        self._router = router
        self._talks: dict[UUID, tuple[str, str]] = {}

    def after(self, event: ev.InteractionEvent | ev.AgentEvent) -> ev.WrapUpStarted | None:
        """What follows a fact."""
        if isinstance(event, ev.InteractionAnswered):
            self._talks[event.interaction] = (event.agent, event.queue)
        if not isinstance(event, ev.InteractionEnded | ev.InteractionTransferred):
            return None
        agent, key = self._talks.pop(event.interaction, ("", ""))
        queue = self._router.queue(key)
        if not agent or queue is None or queue.wrap_up_s <= 0:
            return None
        identity = uuid5(event.id, "wrap-up")
        return ev.WrapUpStarted(
            id=identity,
            at=event.at,
            agent=agent,
            interaction=event.interaction,
            queue=key,
            limit_s=queue.wrap_up_s,
        )

    def over(self, now: datetime) -> Iterator[ev.WrapUpEnded]:
        """Those whose time is over."""
        for standing in self._router.agents():
            for interaction, wrap_up in standing.wrap_ups.items():
                until = wrap_up.until
                if until is not None and until <= now:
                    identity = uuid5(
                        interaction, f"wrapped up {standing.agent.key} {wrap_up.started_at.isoformat()}"
                    )
                    yield ev.WrapUpEnded(
                        id=identity,
                        at=until,
                        agent=standing.agent.key,
                        interaction=interaction,
                        reason="limit",
                    )


class OnlyLooking(Supervision):
    """Supervisors see what is open; who waits there waits in Asterisk's hands."""

    async def move(self, by: str, interaction: UUID, queue: str) -> NoReturn:
        """Refused."""
        raise BadInput(_ONLY_WATCHED)

    async def prioritise(self, by: str, interaction: UUID, priority: int) -> NoReturn:
        """Refused."""
        raise BadInput(_ONLY_WATCHED)

    async def pull(self, by: str, interaction: UUID, agent: str) -> NoReturn:
        """Refused."""
        raise BadInput(_ONLY_WATCHED)


_ONLY_WATCHED = (
    "This centre watches Asterisk's own queues: who waits there cannot be moved, put first or given to "
    'somebody from here. A centre with switch.kind = "asterisk" can do that.'
)


def _membership(presence: Presence, reason: str) -> Membership:
    if presence is Presence.READY:
        return Membership()
    return Membership(paused=True, reason=reason or presence.value)
