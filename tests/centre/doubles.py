"""A switch that notes what it is told, and a centre with it, for tests of the centre alone."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from console.centre.centre import Centre
from console.clock import Clock, SystemClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import AgentState
from console.domain.events import EndedBy, InteractionEnded, InteractionEvent
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.settings import CentreSettings
from console.switch.switch import Capability, LegStatistics, Ring

CLOCK = SystemClock()
CONTACT = "sip:desk-x@127.0.0.1:5080;transport=tcp"


class SpySwitch:
    """Notes every command; the test plays the customers and the agents through `tell`."""

    capabilities: frozenset[Capability] = frozenset({Capability.VOICEMAIL, Capability.ORIGINATE})

    def __init__(self) -> None:
        self.commands: list[tuple[str, object]] = []
        self.rings: list[Ring] = []
        self.news = asyncio.Event()
        self.tell: Callable[[InteractionEvent], None] = lambda _: None

    async def start(self, tell: Callable[[InteractionEvent], None]) -> None:
        self.tell = tell

    async def stop(self) -> None:
        self._note("stop", "")

    def play(self, interaction: UUID, prompts: Sequence[str]) -> None:
        self._note("play", tuple(prompts))

    def music(self, interaction: UUID, name: str) -> None:
        self._note("music", name)

    def ring(self, order: Ring) -> None:
        self.rings.append(order)

    def cancel(self, offer: UUID, *, elsewhere: bool = False) -> None:
        self._note("cancel elsewhere" if elsewhere else "cancel", offer)

    def _note(self, name: str, argument: object) -> None:
        self.commands.append((name, argument))
        self.news.set()

    def hang_up(self, interaction: UUID, *, reason: str = "", after: Sequence[str] = ()) -> None:
        self._note("hang_up", reason)
        self._note("hang_up after", tuple(after))

    def voicemail(
        self, interaction: UUID, *, queue: str, greeting: Sequence[str], file: Path, most_s: float
    ) -> None:
        self._note("voicemail", (interaction, queue, tuple(greeting), file, most_s))

    def hold(self, interaction: UUID) -> None:
        self._note("hold", interaction)

    def resume(self, interaction: UUID) -> None:
        self._note("resume", interaction)

    def release_agent(self, interaction: UUID) -> None:
        self._note("release_agent", interaction)

    def connect(self, interaction: UUID, uri: str) -> None:
        self._note("connect", uri)

    def statistics(self) -> list[LegStatistics]:
        return []

    async def commanded(self) -> None:
        """Wait for the next command."""
        self.news.clear()
        await asyncio.wait_for(self.news.wait(), 10)

    def told(self, command: str) -> list[object]:
        """What every command of that name was given."""
        return [argument for name, argument in self.commands if name == command]


def ended(interaction: UUID, new_id: UUID, at: object, by: EndedBy = EndedBy.CUSTOMER) -> InteractionEnded:
    """The fact that an interaction is over."""
    return InteractionEnded(id=new_id, at=at, interaction=interaction, by=by)  # type: ignore[arg-type]


class Room:
    """One centre under test, with its spy."""

    @classmethod
    async def open(
        cls, file: Path, settings: CentreSettings, switch: SpySwitch | None = None, clock: Clock | None = None
    ) -> "Room":
        """A centre on the ledger in a file, started."""
        ledger = await Ledger.open(f"sqlite:///{file}")
        switch = switch or SpySwitch()
        users = await Users.open(ledger.database)
        centre = Centre(settings, clock or CLOCK, ledger, users, switch)
        try:
            await centre.start()
        except BaseException:
            await ledger.close()
            raise
        return cls(centre, switch, ledger)

    def __init__(self, centre: Centre, switch: SpySwitch, ledger: Ledger) -> None:
        self.centre = centre
        self.switch = switch
        self.ledger = ledger
        self.sessions: dict[str, UUID] = {}

    async def link(self, agent: str, *, ready: bool = True) -> None:
        self.sessions[agent] = CLOCK.new_id()
        await self.centre.desk_linked(agent, CONTACT, self.sessions[agent])
        if ready:
            await self.centre.command(agent, "ready", "")

    async def arrive(self, called: str = "100", attached: dict[str, str] | None = None) -> UUID:
        interaction = CLOCK.new_id()
        self.switch.tell(
            ev.InteractionArrived(
                id=CLOCK.new_id(),
                at=CLOCK.now(),
                interaction=interaction,
                customer=Address("sip:+4930@x.example", "Maria"),
                called=called,
                attached=attached or {},
            )
        )
        await self.centre.settled()
        return interaction

    async def answer(self) -> None:
        ring = self.switch.rings[-1]
        self.switch.tell(
            ev.InteractionAnswered(
                id=CLOCK.new_id(),
                at=CLOCK.now(),
                interaction=ring.interaction,
                offer=ring.offer,
                queue=ring.queue,
                agent=ring.agent,
            )
        )
        await self.centre.settled()

    async def end(self, interaction: UUID) -> None:
        self.switch.tell(ended(interaction, CLOCK.new_id(), CLOCK.now()))
        await self.centre.settled()

    async def tell(self, kind: type[ev.InteractionEvent], interaction: UUID, **fields: object) -> None:
        """A fact from the switch; acted upon on return."""
        self.switch.tell(kind(id=CLOCK.new_id(), at=CLOCK.now(), interaction=interaction, **fields))
        await self.centre.settled()

    async def facts(self, kind: type) -> list[object]:
        """All facts of a class in the ledger, in order."""
        return [event async for _, event in self.ledger.read() if isinstance(event, kind)]

    async def crash(self) -> None:
        """No word, no clean-up, as far as the file is concerned."""
        writing = self.centre._keeper._writing
        for task in [*self.centre._tasks, *([writing] if writing else [])]:
            task.cancel()
        await self.ledger.close()

    async def close(self) -> None:
        await self.centre.stop()
        await self.ledger.close()

    def state(self, agent: str) -> AgentState:
        view = self.centre.agent_view(agent)
        assert view is not None
        return view.state
