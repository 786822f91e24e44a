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
    pressed: str = ""
    calls_back: list["AgentCall"] = []

    @property
    def heard(self) -> bool:
        """It heard an agent's tone."""
        return self.heard_tone is not None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a robot does with a call that comes to it. Times in seconds."""

    answer_after_s: float | None = 0.0  # None: let it ring
    decline: int = 0  # a SIP status to refuse with, 0: none
    talk_s: float | None = None  # None: until the customer hangs up
    hold_after_s: float | None = None
    hold_s: float = 0.5
    early: bool = False  # it speaks before it answers (early media)
    transfer_to: str = ""  # a SIP URI: blind transfer instead of hanging up after talk_s


class CallbackWish(msgspec.Struct, frozen=True, kw_only=True):
    """A customer rather wants to be called back: presses `key`, `after_s` seconds after the call began to
    wait, stays at the phone for `stays_s`, and does with the call that comes as `plan` says.
    """

    key: str = "1"
    after_s: float = 0.5
    stays_s: float = 60.0
    plan: Plan = Plan()


class AgentCall(msgspec.Struct, kw_only=True):
    """A call that a robot got."""

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
