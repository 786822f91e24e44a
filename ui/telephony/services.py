"""What these views ask of the desk, as narrow Protocols; the composition root hands over the real ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from console.domain.address import Address
from console.domain.call import CallPhase, Direction, Quality
from console.domain.queue import SkillNeed


class Call(Protocol):
    """A live call as the phone shows it; never changes, a new value comes with each fact."""

    @property
    def call(self) -> UUID: ...  # noqa: D102
    @property
    def direction(self) -> Direction: ...  # noqa: D102
    @property
    def peer(self) -> Address: ...  # noqa: D102
    @property
    def phase(self) -> CallPhase: ...  # noqa: D102
    @property
    def started_at(self) -> datetime: ...  # noqa: D102
    @property
    def answered_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def held_since(self) -> datetime | None: ...  # noqa: D102
    @property
    def muted(self) -> bool: ...  # noqa: D102
    @property
    def interaction(self) -> UUID | None: ...  # noqa: D102
    @property
    def queue(self) -> str: ...  # noqa: D102
    @property
    def waited_s(self) -> float | None: ...  # noqa: D102
    @property
    def skills(self) -> tuple[SkillNeed, ...]: ...  # noqa: D102
    @property
    def quality(self) -> Quality | None: ...  # noqa: D102
    @property
    def encrypted(self) -> bool: ...  # noqa: D102


class Callback(Protocol):
    """A callback that the centre brought to this desk, or a call that it makes for us, as it tells."""

    @property
    def interaction(self) -> UUID: ...  # noqa: D102
    @property
    def customer(self) -> str:
        """The customer's address (a URI)."""
        ...

    @property
    def customer_name(self) -> str: ...  # noqa: D102
    @property
    def outbound(self) -> bool:
        """The agent calls: nobody asked for it."""
        ...

    @property
    def waiting_since(self) -> datetime:
        """When the customer called, on the centre's clock."""
        ...

    @property
    def answered_at(self) -> datetime | None:
        """When the customer was reached; None until then."""
        ...


class Consult(Protocol):
    """A third party whom the centre has called for this agent, as the centre tells it."""

    @property
    def interaction(self) -> UUID: ...  # noqa: D102
    @property
    def target(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def answered(self) -> bool: ...  # noqa: D102
    @property
    def together(self) -> bool:
        """All three talk."""
        ...

    @property
    def held(self) -> bool:
        """The customer hears music."""
        ...


class Recording(Protocol):
    """How the centre records the call at hand."""

    @property
    def paused(self) -> bool:
        """Silence is recorded."""
        ...

    @property
    def stoppable(self) -> bool:
        """The agent may end it."""
        ...


class Phone(Protocol):
    """The agent's phone. Each method returns at once; what came of it is told as a fact."""

    @property
    def calls(self) -> Sequence[Call]:
        """The live calls, the oldest first."""
        ...

    def dial(self, text: str, account: str | None = None) -> UUID:
        """Call a number, name or address. Raises BadInput in words for the person."""
        ...

    def answer(self, call: UUID) -> None:
        """Take a ringing call."""
        ...

    def hang_up(self, call: UUID) -> None:
        """End a call in any phase."""
        ...

    def decline(self, call: UUID) -> None:
        """Say no to a ringing call."""
        ...

    def hold(self, call: UUID) -> None:
        """Put the other side on hold."""
        ...

    def resume(self, call: UUID) -> None:
        """Take the other side back."""
        ...

    def mute(self, call: UUID, *, muted: bool) -> None:
        """Cut the microphone off from the call, or join it again."""
        ...

    def send_digits(self, call: UUID, digits: str) -> None:
        """Press keys (DTMF)."""
        ...

    def transfer(self, call: UUID, target: str) -> None:
        """Pass the other side on without asking. Raises BadInput in words for the person."""
        ...

    def transfer_attended(self, call: UUID, consult: UUID) -> None:
        """Join the two other sides, and leave."""
        ...


class Contact(Protocol):
    """Somebody the history knows."""

    @property
    def address(self) -> Address: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def number(self) -> str: ...  # noqa: D102


class Contacts(Protocol):
    """Whom the person may mean."""

    async def completions(self, prefix: str, limit: int = 8) -> Sequence[Contact]:
        """By the beginning of a name or number."""
        ...
