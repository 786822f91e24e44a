"""What the HTTP face needs of the centre behind it. `console.centre` is one; tests have a scripted one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from console.domain.events import LedgerEvent, MonitoringMode
from console.domain.figures import Delta, Snapshot
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.metrics.increments import Dimension, Increment
from console.metrics.reading import Reading
from console.routing.explain import Decision
from console.settings import CentreSettings
from console.wire import AgentView, InteractionView, MonitoringView, PhoneAccess, RecordingOrder


class BoardFace(Protocol):
    """The live board, as far as it is shown to others."""

    def snapshot(self) -> Snapshot:
        """The whole board as it stands."""
        ...

    def take_delta(self) -> Delta | None:
        """What changed since the last take; None when nothing did."""
        ...


class PhonesFace(Protocol):
    """The accounts of agents' phones, where these register at the switch."""

    @property
    def registers(self) -> bool:
        """Whether they do."""
        ...

    def access(self, agent: str) -> PhoneAccess | None:
        """What the phone of an agent whose desk is linked has to know; None when it does not register."""
        ...

    def on_change(self, handler: Callable[[str], None]) -> Callable[[], None]:
        """Call `handler` with each agent whose account changed; returns what undoes it."""
        ...


class SupervisionFace(Protocol):
    """What supervisors see and do. An order raises NotThere, TooLate or BadInput, in words."""

    @property
    def recording(self) -> "RecordingFace":
        """What is recorded."""
        ...

    @property
    def monitoring(self) -> "MonitoringFace":
        """Who listens to calls."""
        ...

    def views(self) -> list[InteractionView]:
        """All open interactions by queue, in serving order."""
        ...

    async def move(self, by: str, interaction: UUID, queue: str) -> InteractionView:
        """Into another queue; how it stands then."""
        ...

    async def prioritise(self, by: str, interaction: UUID, priority: int) -> InteractionView:
        """Another priority; how it stands then."""
        ...

    async def pull(self, by: str, interaction: UUID, agent: str) -> InteractionView:
        """To one agent; how it stands then."""
        ...

    async def attach(
        self, by: str, interaction: UUID, attached: Mapping[str, str], *, own: bool
    ) -> InteractionView:
        """More of what goes along with it, or less; how it stands then. Raises Refused, too."""
        ...


class RecordingFace(Protocol):
    """What is recorded. An order raises Refused, NotThere, TooLate or BadInput, in words."""

    @property
    def folder(self) -> Path:
        """The folder that recordings are in."""
        ...

    def order(self, by: str, interaction: UUID, order: RecordingOrder) -> None:
        """Start, stop, pause or resume the recording of an interaction."""
        ...


class MonitoringFace(Protocol):
    """Who listens to calls. An order raises Refused, NotThere, TooLate or BadInput, in words."""

    def views(self) -> list[MonitoringView]:
        """Who is in a call, or rung for one."""
        ...

    def monitor(self, by: str, interaction: UUID, mode: MonitoringMode, contact: str = "") -> MonitoringView:
        """Ring a supervisor's phone for a call."""
        ...

    def change(self, by: str, monitoring: UUID, mode: MonitoringMode) -> MonitoringView:
        """Another mode, for who listens."""
        ...

    def end(self, by: str, monitoring: UUID) -> None:
        """Leave the call."""
        ...


class OutboundFace(Protocol):
    """Calls that agents make. An order raises Refused, NotThere or TooLate, in words."""

    async def dial(self, agent: str, number: str, queue: str = "", by: str = "") -> UUID:
        """Call a number for an agent; the interaction."""
        ...

    def cancel(self, agent: str) -> None:
        """End the call that an agent makes."""
        ...


class FiguresFace(Protocol):
    """Where figures come from: stored increments with what is not stored yet, and the live board."""

    async def increments(
        self, dimension: Dimension, between: tuple[datetime, datetime], keys: Sequence[str] | None
    ) -> list[Increment]:
        """All that was counted in the quarter hours that begin in `between`. Raises StoreError."""
        ...

    def keys(self, dimension: Dimension) -> list[str]:
        """What the live board has figures of."""
        ...

    def reading(self, dimension: Dimension, key: str, minutes: int | None) -> Reading:
        """The last minutes (15, 30, 60), or with None today and now."""
        ...


class ExplainingFace(Protocol):
    """Explains afterwards what was decided."""

    async def explain(self, interaction: UUID) -> list[Decision]:
        """All steps of an interaction, in order. Raises NotThere for one that is not known, StoreError."""
        ...


class CentreFace(Protocol):
    """The centre as its HTTP face sees it."""

    @property
    def ledger(self) -> Ledger:
        """The ledger, open."""
        ...

    @property
    def users(self) -> Users:
        """Who may sign in."""
        ...

    @property
    def board(self) -> BoardFace:
        """The live board."""
        ...

    @property
    def supervision(self) -> SupervisionFace:
        """What supervisors see and do."""
        ...

    @property
    def outbound(self) -> OutboundFace:
        """Calls that agents make."""
        ...

    @property
    def explaining(self) -> ExplainingFace:
        """What explains decisions."""
        ...

    @property
    def figures(self) -> FiguresFace:
        """Where figures come from."""
        ...

    @property
    def phones(self) -> PhonesFace:
        """What agents' phones register with."""
        ...

    @property
    def messages(self) -> Path:
        """The folder that voicemail is in."""
        ...

    @property
    def settings(self) -> CentreSettings:
        """The centre's settings."""
        ...

    @property
    def writing(self) -> bool:
        """False while the ledger cannot be written and facts wait in memory."""
        ...

    @property
    def out_of_reach(self) -> tuple[str, ...]:
        """The telephone systems that the centre cannot reach now."""
        ...

    @property
    def sip_domain(self) -> str:
        """Host and port of the switch, which the numbers that agents dial belong to; "" without a switch."""
        ...

    async def submit(self, event: LedgerEvent) -> None:
        """Take a fact from a desk or an admin, in call order; durable on return. Raises StoreError."""
        ...

    async def command(self, user: str, action: str, argument: str) -> None:
        """Do what an agent asks for: see wire.Command. Raises Refused, in words."""
        ...

    async def desk_linked(self, agent: str, contact: str, session: UUID) -> None:
        """An agent's desk can be rung at `contact`; the same session comes back after a broken connection."""
        ...

    async def desk_lost(self, agent: str, session: UUID) -> None:
        """The desk of that session is gone."""
        ...

    def agent_view(self, agent: str) -> AgentView | None:
        """What an agent's own desk shows; None for somebody who is not an agent."""
        ...

    def on_agent_view(self, handler: Callable[[str], None]) -> Callable[[], None]:
        """Call `handler` with the key of an agent whose view changed; returns what undoes it."""
        ...

    def is_agent(self, user: str) -> bool:
        """Whether a user is configured as an agent."""
        ...
