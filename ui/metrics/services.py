"""What the wallboard asks of the centre for a supervisor, as narrow Protocols; composition brings the real
ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from console.domain.events import LinkState, MonitoringMode
from console.domain.figures import Snapshot
from console.wire import InteractionView, MonitoringView
from ui.bridge import Runner


class BoardService(Protocol):
    """Where the board comes from. `clock_offset` is the centre's time minus ours (timedelta, or seconds)."""

    @property
    def board(self) -> Snapshot | None:
        """The newest figures, whole; None before the first."""
        ...

    @property
    def board_age(self) -> float | None:
        """Seconds since the centre last said that the board is as it is; None: `board.at` tells."""
        ...

    @property
    def state(self) -> LinkState:
        """How the link to the centre stands."""
        ...

    @property
    def clock_offset(self) -> timedelta | float:
        """The centre's time minus this machine's."""
        ...

    def on_board(self, handler: Callable[..., None]) -> Callable[[], None]:
        """Tell `handler` of each change of the board (its arguments are ignored); returns unsubscribe."""
        ...


class Candidate(Protocol):
    """An agent who could have it, and the claim in words."""

    @property
    def agent(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def claim(self) -> str: ...  # noqa: D102


class Reason(Protocol):
    """One thing that was in the way, in words."""

    @property
    def words(self) -> str: ...  # noqa: D102


class Excluded(Protocol):
    """An agent who could not have it, and why."""

    @property
    def agent(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def reasons(self) -> Sequence[Reason]: ...  # noqa: D102


class Step(Protocol):
    """One decision about an interaction: what, why, who got it, who could have had it, who could not."""

    @property
    def at(self) -> datetime: ...  # noqa: D102
    @property
    def what(self) -> str: ...  # noqa: D102
    @property
    def why(self) -> str: ...  # noqa: D102
    @property
    def agents(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def possible(self) -> Sequence[Candidate]: ...  # noqa: D102
    @property
    def excluded(self) -> Sequence[Excluded]: ...  # noqa: D102


class Supervisor(Protocol):
    """The centre's routes for supervisors. All raise an EnvironmentFault or BadInput, in words."""

    async def interactions(self) -> Sequence[InteractionView]:
        """All that is open, by queue in serving order."""
        ...

    async def move(self, interaction: UUID, queue: str) -> InteractionView:
        """Into another queue."""
        ...

    async def prioritise(self, interaction: UUID, priority: int) -> InteractionView:
        """Another priority; higher is served first."""
        ...

    async def pull(self, interaction: UUID, agent: str) -> InteractionView:
        """To one agent, as soon as that one is free."""
        ...

    async def explain(self, interaction: UUID) -> Sequence[Step]:
        """All decisions about one, the oldest first."""
        ...

    async def export(self, query: dict[str, str], kind: str, path: Path) -> None:
        """Write figures to a file."""
        ...

    async def monitor(self, interaction: UUID, mode: MonitoringMode, contact: str = "") -> MonitoringView:
        """Have my phone rung and be in a call; "" is the desk I am signed in with."""
        ...

    async def monitorings(self) -> Sequence[MonitoringView]:
        """Every supervisor who is in a call, or is rung for one."""
        ...

    async def change_monitoring(self, monitoring: UUID, mode: MonitoringMode) -> MonitoringView:
        """Listen, whisper or barge in from now on."""
        ...

    async def end_monitoring(self, monitoring: UUID) -> None:
        """Have my phone hung up; the call goes on."""
        ...


class Memory(Protocol):
    """Small things that are kept from one run to the next, by name."""

    def read(self, name: str) -> bytes:
        """What was kept, or nothing."""
        ...

    def write(self, name: str, value: bytes) -> None:
        """Keep it."""
        ...


@dataclass(frozen=True)
class Office:
    """What a wallboard needs to be more than a board to look at."""

    supervisor: Supervisor
    runner: Runner
    memory: Memory
