"""What robots are told to do, and what they report."""

from uuid import UUID

import msgspec


class CustomerResult(msgspec.Struct, kw_only=True):
    """What a robot customer lived through. Times are seconds since it began to call."""

    number: str
    arrived: bool = False
    answered_at: float | None = None
    heard_tone: int | None = None
    waited: float = 0.0
    talked: float = 0.0
    ended_by: str = ""  # customer, switch, refused
    code: int = 0
    sent: int = 0
    received: int = 0
    lost: int = 0

    @property
    def heard(self) -> bool:
        """It heard an agent's tone."""
        return self.heard_tone is not None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a robot agent does with a call. Times in seconds."""

    answer_after_s: float | None = 0.0  # None: let it ring
    decline: int = 0  # a SIP status to refuse with, 0: none
    talk_s: float | None = None  # None: until the customer hangs up
    hold_after_s: float | None = None
    hold_s: float = 0.5
    transfer_to: str = ""  # a SIP URI: blind transfer instead of hanging up after talk_s


class AgentCall(msgspec.Struct, kw_only=True):
    """A call that a robot agent got."""

    interaction: UUID | None
    headers: dict[str, str]
    caller: str
    answered: bool = False
    heard_tone: int | None = None
    ended_by: str = ""  # agent, switch, cancelled, declined
    transfer_code: int = 0
    sent: int = 0
    received: int = 0
    lost: int = 0

    @property
    def heard(self) -> bool:
        """It heard the customer's tone."""
        return self.heard_tone is not None
