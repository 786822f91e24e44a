"""A centre behind the HTTP face that does what a test tells it, over a real ledger and real users."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from console.centre.explaining import Explaining
from console.centre.phones import AgentPhones
from console.clock import Clock
from console.domain.agent import Agent, AgentState, Role
from console.domain.errors import EnvironmentFault, NotThere
from console.domain.events import AgentConfigured, LedgerEvent, MonitoringMode, QueueConfigured
from console.domain.figures import AgentFigures, Delta, QueueFigures, ServiceLevel, Snapshot
from console.domain.interaction import Phase
from console.domain.queue import Channel, Queue, SkillNeed
from console.ledger.ledger import Ledger
from console.ledger.users import User, Users
from console.metrics.increments import Dimension, Increment
from console.metrics.reading import Reading
from console.metrics.snapshot import Fold
from console.server.auth import hash_password
from console.settings import CentreSettings, ServerSettings
from console.wire import AgentView, InteractionView, MonitoringView, RecordingOrder

PASSWORD = "correct horse"
HASH = hash_password(PASSWORD)


class ScriptedBoard:
    """A board whose one agent row changes when a test says so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.sequence = 0
        self.reason = ""
        self.filler = ""
        self._dirty = False

    def change(self, reason: str, *, sequence: int | None = None) -> int:
        self.sequence = self.sequence + 1 if sequence is None else sequence
        self.reason = reason
        self._dirty = True
        return self.sequence

    def _row(self) -> AgentFigures:
        return AgentFigures(
            agent="anna", name="Anna", state=AgentState.PAUSED, reason=self.reason, customer=self.filler
        )

    def snapshot(self) -> Snapshot:
        queue = Queue(key="sales")
        level = ServiceLevel(queue.formula, None, 0, 0, queue.threshold_s)
        row = QueueFigures(queue=queue, service_level=level, waiting_since=(self._clock.now(),))
        return Snapshot(sequence=self.sequence, at=self._clock.now(), agents=(self._row(),), queues=(row,))

    def take_delta(self) -> Delta | None:
        if not self._dirty:
            return None
        self._dirty = False
        return Delta(sequence=self.sequence, at=self._clock.now(), agents=(self._row(),))


class ScriptedListening:
    """Orders about recordings and listening are noted, or meet the fault that a test set."""

    def __init__(self, clock: Clock, known: UUID) -> None:
        self.folder = Path()
        self.orders: list[tuple[str, ...]] = []
        self.fault: Exception | None = None
        self.view = MonitoringView(
            monitoring=clock.new_id(),
            interaction=known,
            supervisor="sue",
            agent="anna",
            mode=MonitoringMode.LISTEN,
        )

    def _note(self, *order: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.orders.append(order)

    def order(self, by: str, interaction: UUID, order: RecordingOrder) -> None:
        self._note(by, str(interaction), order.value)

    def views(self) -> list[MonitoringView]:
        return [self.view]

    def monitor(self, by: str, interaction: UUID, mode: MonitoringMode, contact: str = "") -> MonitoringView:
        self._note(by, str(interaction), mode.value, contact)
        return self.view

    def change(self, by: str, monitoring: UUID, mode: MonitoringMode) -> MonitoringView:
        self._note(by, str(monitoring), mode.value)
        return self.view

    def end(self, by: str, monitoring: UUID) -> None:
        self._note(by, str(monitoring), "end")


class ScriptedSupervision:
    """One customer waits in sales; orders are noted, or meet the fault that a test set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.known = clock.new_id()
        self.orders: list[tuple[str, ...]] = []
        self.fault: Exception | None = None
        self.listening = ScriptedListening(clock, self.known)

    @property
    def recording(self) -> "ScriptedListening":
        return self.listening

    @property
    def monitoring(self) -> "ScriptedListening":
        return self.listening

    def views(self) -> list[InteractionView]:
        now = self._clock.now()
        return [
            InteractionView(
                interaction=self.known, channel=Channel.VOICE, phase=Phase.WAITING, customer="sip:+4930@x",
                customer_name="Größe", queue="sales", queue_name="Sales", place=1, arrived_at=now,
                waiting_since=now, skills=(SkillNeed("english", 5),), tier=0, priority=0, value=0, wanted="",
                wanted_until=None, pulled="", expected_s=30.0, callback=False, tries=0, not_before=None,
                ringing=(), agent="",
            )
        ]  # fmt: skip

    async def move(self, by: str, interaction: UUID, queue: str) -> InteractionView:
        return self._ordered(interaction, "move", by, queue)

    async def prioritise(self, by: str, interaction: UUID, priority: int) -> InteractionView:
        return self._ordered(interaction, "priority", by, str(priority))

    async def pull(self, by: str, interaction: UUID, agent: str) -> InteractionView:
        return self._ordered(interaction, "pull", by, agent)

    async def attach(
        self, by: str, interaction: UUID, attached: Mapping[str, str], *, own: bool
    ) -> InteractionView:
        return self._ordered(interaction, "attach", by, str(dict(attached)), str(own))

    def _ordered(self, interaction: UUID, *order: str) -> InteractionView:
        if self.fault is not None:
            raise self.fault
        if interaction != self.known:
            raise NotThere(f"There is no open interaction {interaction}.")
        self.orders.append(order)
        return self.views()[0]


class ScriptedOutbound:
    """Calls that agents make are noted, or meet the fault that a test set."""

    def __init__(self, clock: Clock) -> None:
        self.made = clock.new_id()
        self.orders: list[tuple[str, ...]] = []
        self.fault: Exception | None = None

    async def dial(self, agent: str, number: str, queue: str = "", by: str = "") -> UUID:
        self.cancel(agent, number, queue, by)
        return self.made

    def cancel(self, *order: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.orders.append(order)


class ScriptedFigures:
    """Figures folded anew from the ledger each time somebody asks."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._fold = Fold(keep_increments=True)
        self._taken: list[Increment] = []

    async def refold(self) -> None:
        async for sequence, event in self._ledger.read(self._fold.sequence):
            self._fold.apply(event, sequence)
        self._taken += self._fold.take_increments()

    async def increments(
        self, dimension: Dimension, between: tuple[datetime, datetime], keys: Sequence[str] | None
    ) -> list[Increment]:
        await self.refold()
        return [
            one
            for one in self._taken
            if one.dimension is dimension
            and between[0] <= one.start < between[1]
            and (keys is None or one.key in keys)
        ]

    def keys(self, dimension: Dimension) -> list[str]:
        return self._fold.keys(dimension)

    def reading(self, dimension: Dimension, key: str, minutes: int | None) -> Reading:
        return self._fold.reading(dimension, key, self._clock.now(), minutes)


class ScriptedCentre:
    """The CentreFace of tests: it writes what is submitted and notes what is asked."""

    def __init__(self, ledger: Ledger, users: Users, clock: Clock, settings: CentreSettings) -> None:
        self.ledger = ledger
        self.users = users
        self.clock = clock
        self.settings = settings
        self.sip_domain = "127.0.0.1:5060"
        self.writing = True
        self.out_of_reach: tuple[str, ...] = ()
        self.board = ScriptedBoard(clock)
        self.supervision = ScriptedSupervision(clock)
        self.outbound = ScriptedOutbound(clock)
        self.figures = ScriptedFigures(ledger, clock)
        self.explaining = Explaining(ledger, settings.routing)
        self.phones = AgentPhones(None, timedelta(hours=1), clock)
        self.messages = Path()
        self.asked: list[tuple[str, ...]] = []
        self.fault: Exception | None = None
        self.agents = {"anna", "ben"}
        self.state = AgentState.PAUSED
        self.heard = asyncio.Event()
        self._handlers: list[Callable[[str], None]] = []

    async def submit(self, event: LedgerEvent) -> None:
        if self.fault is not None:
            raise self.fault
        await self.ledger.append([event])

    async def command(self, user: str, action: str, argument: str) -> None:
        self.asked.append(("command", user, action, argument))
        if self.fault is not None:
            raise self.fault

    async def desk_linked(self, agent: str, contact: str, session: UUID) -> None:
        self._note("linked", agent, contact, str(session))

    async def desk_lost(self, agent: str, session: UUID) -> None:
        self._note("lost", agent, str(session))

    def _note(self, *what: str) -> None:
        if isinstance(self.fault, EnvironmentFault):
            raise self.fault
        self.asked.append(what)
        self.heard.set()

    async def has_heard(self, count: int) -> None:
        """Wait until so many things were asked of the centre."""
        while len(self.asked) < count:
            self.heard.clear()
            await asyncio.wait_for(self.heard.wait(), 10)

    def agent_view(self, agent: str) -> AgentView | None:
        if agent not in self.agents:
            return None
        now = self.clock.now()
        return AgentView(sequence=self.board.sequence, at=now, state=self.state, since=now)

    def on_agent_view(self, handler: Callable[[str], None]) -> Callable[[], None]:
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    def view_changes(self, agent: str, state: AgentState) -> None:
        self.state = state
        for handler in self._handlers:
            handler(agent)

    @property
    def subscribers(self) -> int:
        return len(self._handlers)

    def is_agent(self, user: str) -> bool:
        return user in self.agents


async def made(folder: Path, clock: Clock, server: ServerSettings) -> ScriptedCentre:
    """A scripted centre with its ledger in `folder`; agents anna and ben, supervisor sue, admin root."""
    ledger = await Ledger.open(f"sqlite:///{folder / 'centre.sqlite'}")
    users = await Users.open(ledger.database)
    since = datetime(2020, 1, 1).astimezone()
    for name, role in (
        ("anna", Role.AGENT),
        ("ben", Role.AGENT),
        ("sue", Role.SUPERVISOR),
        ("root", Role.ADMIN),
    ):
        await users.put(
            User(name=name, role=role, shown=name.title(), password_hash=HASH, tokens_after=since)
        )
    await ledger.append(
        [
            QueueConfigured(id=clock.new_id(), at=clock.now(), queue=Queue(key="sales", name="Sales")),
            AgentConfigured(
                id=clock.new_id(), at=clock.now(), agent=Agent(key="anna", skills={"english": 5})
            ),
            AgentConfigured(id=clock.new_id(), at=clock.now(), agent=Agent(key="ben", queues=("sales",))),
        ]
    )
    centre = ScriptedCentre(ledger, users, clock, CentreSettings(server=server))
    centre.board.sequence = 3
    centre.messages = folder / "messages"
    return centre
