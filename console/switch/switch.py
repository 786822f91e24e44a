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

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import UUID

import msgspec

from console.domain.events import InteractionEvent


class Capability(StrEnum):
    """What an adapter can do beyond the base: arrive, prompts, music, digits, ring, bridge, hold, end."""

    BLIND_TRANSFER = "blind_transfer"
    ATTENDED_TRANSFER = "attended_transfer"
    CONFERENCE = "conference"
    RECORDING = "recording"
    SNOOP = "snoop"  # listen, whisper, barge
    ORIGINATE = "originate"
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


class LegStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """RTP of one finished interaction: packets from the customer and from the agent, and those lost in the
    relay.
    """

    interaction: UUID
    from_customer: int
    from_agent: int
    dropped: int


class Switch(Protocol):
    """A voice switch. All methods are called on the loop's thread."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do beyond the base."""
        ...

    async def start(self, tell: Callable[[InteractionEvent], None]) -> None:
        """Listen; every fact goes to `tell`. Raises NetworkError when a port is in use."""
        ...

    async def stop(self) -> None:
        """End all calls and close all sockets."""
        ...

    def play(self, interaction: UUID, prompts: Sequence[str]) -> None:
        """Speak prompts (names in resources/sounds, no ending) one after the other, then back to music."""
        ...

    def music(self, interaction: UUID, name: str) -> None:
        """Play hold music to a customer who waits; "" stops it (silence)."""
        ...

    def ring(self, order: Ring) -> None:
        """Ring an agent. OfferRinging, then InteractionAnswered or OfferEnded follows."""
        ...

    def cancel(self, offer: UUID, *, elsewhere: bool = False) -> None:
        """Stop ringing; `elsewhere` adds the Reason header that keeps it out of missed calls (RFC 3326)."""
        ...

    def hang_up(self, interaction: UUID, *, reason: str = "", after: Sequence[str] = ()) -> None:
        """End an interaction in any phase, after speaking `after`; InteractionEnded (by centre) follows."""
        ...

    def voicemail(
        self, interaction: UUID, *, queue: str, greeting: Sequence[str], file: Path, most_s: float
    ) -> None:
        """Speak `greeting`, then record the customer into `file` (WAV, 8 kHz mono) for at most `most_s` s.

        When the customer hangs up or presses #, or the time is over, VoicemailLeft (if anything was said)
        and InteractionEnded follow. `file` appears when it is complete, in a folder that is there; when it
        cannot be written the customer is told goodbye. Needs Capability.VOICEMAIL.
        """
        ...

    def hold(self, interaction: UUID) -> None:
        """Put the customer on hold from the centre's side."""
        ...

    def resume(self, interaction: UUID) -> None:
        """Join customer and agent again."""
        ...

    def release_agent(self, interaction: UUID) -> None:
        """End the agent's leg only; the customer stays, with music (after a transfer back to a queue)."""
        ...

    def connect(self, interaction: UUID, uri: str) -> None:
        """Connect the customer to an outside address (blind transfer's second half)."""
        ...

    def statistics(self) -> list[LegStatistics]:
        """Of all interactions ended since it started (bounded to the last 10,000)."""
        ...
