"""The port to a voice switch. One contract suite (tests/switch/contract.py) runs against every adapter.

A switch knows calls, not queues: it answers what arrives, tells it, and does as it is told. It decides
alone only what no message could decide in time: who wins when two agents answer (the first 200 that finds
the customer still there), and that a bridge ends for both sides when one of them hangs up.

Facts are domain events, told in the order in which they happened for each interaction, on the loop's
thread: InteractionArrived, OfferRinging, OfferEnded (declined, busy, unreachable), InteractionAnswered,
InteractionHeld, InteractionResumed, InteractionTransferred, DigitReceived, CallbackDialled,
CustomerNotReached, VoicemailLeft, InteractionEnded. Commands about an interaction or offer that is already
over do nothing: races are the normal case, not an error.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable
from uuid import UUID

import msgspec

from console.domain.address import Address
from console.domain.events import InteractionEvent, MonitoringMode


class Capability(StrEnum):
    """What an adapter can do beyond the base: arrive, prompts, music, digits, ring, bridge, hold, end."""

    BLIND_TRANSFER = "blind_transfer"
    ATTENDED_TRANSFER = "attended_transfer"
    CONFERENCE = "conference"
    RECORDING = "recording"
    SNOOP = "snoop"  # listen, whisper, barge
    ORIGINATE = "originate"  # callbacks
    OUTBOUND = "outbound"  # calls that agents make
    TRANSCODING = "transcoding"
    VOICEMAIL = "voicemail"
    SURVIVES_RESTART = "survives_restart"  # calls outlive the centre's process


class Ring(msgspec.Struct, frozen=True, kw_only=True):
    """An order to ring an agent for an interaction. `headers` go into the INVITE (X-Interaction-Id is
    always there).

    `call_out` is for a callback, whose customer is not there yet: the SIP URI or number to ring, for at most
    `call_out_s` seconds, once the agent has answered. CallbackDialled is told when the agent is there, then
    InteractionAnswered or CustomerNotReached (the agent's leg ends then); needs Capability.ORIGINATE. After
    CustomerNotReached the switch knows nothing of the interaction any more: it can be rung for again. When
    the switch stops, a callback is not ended: OfferEnded (withdrawn) or CustomerNotReached is told.
    The customer sees `call_out_from` as the caller: a number or a SIP URI; empty: the queue's key.

    `outbound` is for a call that the agent wants (Capability.OUTBOUND): the same, but the own phone rings for
    `ring_s` at most, and whatever it comes to, InteractionEnded is told instead of OfferEnded and
    CustomerNotReached (by the customer: busy, refused; by the agent: who hung up or did not answer).
    """

    interaction: UUID
    offer: UUID
    queue: str
    agent: str
    contact: str
    caller_name: str = ""
    caller_uri: str = ""
    headers: dict[str, str] = {}
    call_out: str = ""
    call_out_s: float = 30.0
    call_out_from: str = ""
    call_out_name: str = ""
    outbound: bool = False
    ring_s: float = 30.0


class Consult(msgspec.Struct, frozen=True, kw_only=True):
    """An order to call a third party for an agent who talks with a customer (an attended transfer begins).

    `consult` names it, `queue` is the customer's. `contact` is where the third party is called: a SIP URI, a
    number or an agent's contact; `to` is that agent's key, "" for somebody who is none of ours; `target` is
    what the agent asked for. It rings for at most `ring_s` seconds. `headers` go into the INVITE.
    """

    interaction: UUID
    consult: UUID
    target: str
    contact: str
    queue: str = ""
    to: str = ""
    ring_s: float = 30.0
    headers: dict[str, str] = {}


class PhoneAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent's phone registers with at the switch. It is rung at `contact`; `registrar` and `uri` are
    SIP URIs, `transport` is udp, tcp or tls, `srtp` off, optional or required. The password is never shown.
    """

    contact: str
    uri: str
    registrar: str
    username: str
    password: str
    transport: str = "tcp"
    srtp: str = "off"

    def __repr__(self) -> str:
        """Without the password."""
        return f"PhoneAccount(contact={self.contact!r}, registrar={self.registrar!r})"


class LegStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """RTP of one finished interaction: packets from the customer and from the agent, and those lost in the
    relay.
    """

    interaction: UUID
    from_customer: int
    from_agent: int
    dropped: int


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """An interaction that was open when a centre died, as its ledger has it.

    `offers` are those that rang: the agents by offer. `agent` talks by `offer` ("": nobody), `held` or not.
    `music` is what the customer hears while waiting. `consult` is the third party whom the agent called,
    `to` its key when it is an agent. `message`: the customer was leaving one; `voicemail` is
    asked for again afterwards, and goes on.
    """

    interaction: UUID
    customer: Address
    queue: str = ""
    music: str = ""
    offers: dict[UUID, str] = {}
    offer: UUID | None = None
    agent: str = ""
    held: bool = False
    message: bool = False
    consult: UUID | None = None
    target: str = ""
    to: str = ""


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the telephone system's own queue served while no centre was there.

    `key` is the same whenever it is told; times are true to the second. `agent` "": nobody answered.
    `ended_at` None: it goes on.
    """

    key: str
    customer: Address
    called: str
    arrived_at: datetime
    agent: str = ""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    by_agent: bool = False


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One of the telephone systems behind a switch: whether it can be reached, and since when (or not)."""

    name: str
    connected: bool
    since: datetime
    calls: int = 0


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An order to record an interaction's line from now on, until it ends, into `file`: a stereo WAV file
    (8 kHz, 16 bit), left what the customer says, right what the customer hears. `by`: who wants it.
    """

    interaction: UUID
    recording: UUID
    file: Path
    queue: str = ""
    agent: str = ""
    by: str = ""
    paused: bool = False


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """An order to ring a supervisor's phone at `contact` and to join it to an interaction."""

    interaction: UUID
    monitoring: UUID
    supervisor: str
    agent: str
    contact: str
    mode: MonitoringMode


class Switch(Protocol):
    """A voice switch. All methods are called on the loop's thread."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do beyond the base."""

    async def start(self, tell: Callable[[InteractionEvent], None]) -> None:
        """Listen; every fact goes to `tell`. Raises NetworkError when a port is in use."""

    async def stop(self) -> None:
        """End all calls and close all sockets."""

    def play(self, interaction: UUID, prompts: Sequence[str]) -> None:
        """Speak prompts (names in resources/sounds, no ending) one after the other, then back to music."""

    def music(self, interaction: UUID, name: str) -> None:
        """Play hold music to a customer who waits; "" stops it (silence)."""

    def ring(self, order: Ring) -> None:
        """Ring an agent. OfferRinging, then InteractionAnswered or OfferEnded follows."""

    def cancel(self, offer: UUID, *, elsewhere: bool = False) -> None:
        """Stop ringing; `elsewhere` adds the Reason header that keeps it out of missed calls (RFC 3326)."""

    def hang_up(self, interaction: UUID, *, reason: str = "", after: Sequence[str] = ()) -> None:
        """End an interaction in any phase, after speaking `after`; InteractionEnded (by centre) follows."""

    def voicemail(
        self, interaction: UUID, *, queue: str, greeting: Sequence[str], file: Path, most_s: float
    ) -> None:
        """Speak `greeting`, then record the customer into `file` (WAV, 8 kHz mono) for at most `most_s` s.

        When the customer hangs up or presses #, or the time is over, VoicemailLeft (if anything was said)
        and InteractionEnded follow. `file` appears when it is complete, in a folder that is there; when it
        cannot be written the customer is told goodbye. Needs Capability.VOICEMAIL.
        """

    def hold(self, interaction: UUID) -> None:
        """Put the customer on hold from the centre's side."""

    def resume(self, interaction: UUID) -> None:
        """Join customer and agent again."""

    def release_agent(self, interaction: UUID) -> None:
        """End the agent's leg only; the customer stays, with music (after a transfer back to a queue)."""

    def connect(self, interaction: UUID, uri: str) -> None:
        """Connect the customer to an outside address (blind transfer's second half)."""

    def statistics(self) -> list[LegStatistics]:
        """Of all interactions ended since it started (bounded to the last 10,000)."""


@runtime_checkable
class Surviving(Switch, Protocol):
    """More of a switch whose calls outlive the centre's process (Capability.SURVIVES_RESTART)."""

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The telephone systems behind it. While none is connected nobody can be rung."""

    def staff(self, contacts: Mapping[str, str]) -> None:
        """The agents (with their contacts) who are rung when nobody is here to route: all of them."""

    def strays(self, since: datetime) -> Mapping[str, list[Stray]]:
        """The calls served without a centre that came since then, by telephone system; slow: for a thread."""

    async def adopt(
        self, known: Sequence[Known], since: datetime, was: Callable[[UUID], Awaitable[bool]]
    ) -> None:
        """Take up what a centre left that lived until `since`: once, after `start`.

        Told is what became of `known` meanwhile, with true times, and who arrived unseen. `was` tells
        whether the ledger knows an interaction at all. What nobody needs any more ends.
        """


@runtime_checkable
class Guarded(Switch, Protocol):
    """More of a switch that asks before it calls where the centre has not decided yet, or long ago: where a
    phone's own transfer points, and who was promised a callback.
    """

    def guard(self, refuses: Callable[[str], str]) -> None:
        """`refuses` tells why a number, a SIP URI or a name must not be called; "" when it may be."""


@runtime_checkable
class Attaching(Switch, Protocol):
    """More of a switch whose calls have variables."""

    def attach(self, interaction: UUID, attached: Mapping[str, str]) -> None:
        """Set them on the customer's call, as far as they are variables (domain.attached)."""


@runtime_checkable
class Consulting(Switch, Protocol):
    """More of a switch at which an agent can ask a third party (Capability.ATTENDED_TRANSFER, CONFERENCE).

    ConsultStarted and InteractionHeld are told first, then ConsultAnswered or ConsultEnded. Whoever of the
    third party or the agent leaves, the customer is with the other one: ConsultEnded, or, when the agent left
    and the third party had answered, what `complete` tells. A command that does not fit does nothing.
    """

    def consult(self, order: Consult) -> None:
        """Call a third party for the agent; the customer hears music."""

    def swap(self, interaction: UUID) -> None:
        """Talk with the other one of the two; who is left hears music."""

    def conference(self, interaction: UUID) -> None:
        """All three hear each other: InteractionResumed if the customer was held, ConferenceStarted."""

    def complete(self, interaction: UUID) -> None:
        """The agent leaves, customer and third party go on: InteractionTransferred (attended), and
        InteractionAnswered when the third party is an agent. The `consult` is the offer then.
        """

    def cancel_consult(self, interaction: UUID) -> None:
        """The third party goes, the agent has the customer again: ConsultEnded."""


@runtime_checkable
class Registering(Switch, Protocol):
    """More of a switch at which the agents' phones may register, each with an account of its own."""

    @property
    def registers(self) -> bool:
        """Whether they do."""

    async def give_account(self, agent: str) -> PhoneAccount | None:
        """An account with a new password; the one before is good until `settle_account`. None: there are no
        accounts, and desks are rung at the address that they tell.
        """

    def settle_account(self, agent: str) -> None:
        """The phone has its new password: no other is good from now on."""

    def withdraw_account(self, agent: str) -> None:
        """The phone is to register no more until it is given an account again."""


@runtime_checkable
class Recording(Switch, Protocol):
    """More of a switch that records (Capability.RECORDING)."""

    def record(self, order: Record) -> None:
        """Record. RecordingStarted follows, at last RecordingEnded, also when it cannot be."""

    def pause_recording(self, recording: UUID, *, on: bool, by: str = "") -> None:
        """Record silence of the same length instead, on both sides, or no more; Recording(Paused|Resumed)."""

    def stop_recording(self, recording: UUID) -> None:
        """Record no more: RecordingEnded follows."""

    async def find_recordings(self, begun: Sequence[Record]) -> set[UUID]:
        """Take up those that a centre which died had begun; returns which are there: they go on, or end as
        they have ended. Once, after `start`. Raises NetworkError.
        """


@runtime_checkable
class Snooping(Switch, Protocol):
    """More of a switch in which supervisors can listen, whisper and barge in (Capability.SNOOP)."""

    def monitor(self, order: Monitor) -> None:
        """Ring a supervisor. MonitoringStarted follows when it has answered, MonitoringEnded in any case."""

    def change_monitoring(self, monitoring: UUID, mode: MonitoringMode) -> None:
        """Into another mode; MonitoringChanged follows."""

    def end_monitoring(self, monitoring: UUID) -> None:
        """Let the supervisor go; MonitoringEnded follows."""
