"""The port to a SIP engine: what the phone asks of it, and what it tells.

Commands may be given from any thread and return at once; they are carried out on the engine's own thread in
order. What happened comes back as frozen events, handed to the `sink` given at start, already on the loop's
thread (the one hop of the design). An engine never raises for what the network does: it tells it by an
event.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

from console.domain.call import Quality


class Transport(StrEnum):
    """How SIP travels."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class CertificateFault(StrEnum):
    """Why a TLS server is not believed."""

    NONE = ""
    UNTRUSTED = "untrusted"
    NAME = "name"
    EXPIRED = "expired"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A SIP identity. `registrar` "" registers nowhere (the centre rings us at our contact). The password
    is never shown.

    `contact_user` is the unguessable user of our contact; calls to any other are refused with 404 and never
    rung. `proxy`: outbound proxy. `srtp`: "off", "optional" or "required". `peers`: further addresses that
    may connect to us over TCP or TLS, besides those that the URIs name.
    """

    key: str
    uri: str
    registrar: str = ""
    username: str = ""
    password: str = ""
    proxy: str = ""
    transport: Transport = Transport.UDP
    srtp: str = "off"
    contact_user: str = ""
    display_name: str = ""
    auto_answer: bool = False
    peers: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without the password."""
        return f"Account(key={self.key!r}, uri={self.uri!r}, registrar={self.registrar!r})"


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine starts. Ports 0 are chosen by the system; `bind` is the address for SIP and RTP."""

    bind: str = ""
    udp_port: int = 0
    tcp_port: int = 0
    tls_port: int = 0
    max_calls: int = 4
    codecs: tuple[str, ...] = ("G722/16000", "PCMU/8000", "PCMA/8000")
    user_agent: str = "Callboard"
    echo_cancel_ms: int = 0
    tls_ca_file: str = ""
    tls_verify: bool = True
    clock_rate_hz: int = 16000


# ---------------------------------------------------------------- what the engine tells


class EngineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Anything an engine tells. `at` is the engine's monotonic time in seconds when it happened."""

    at: float


class EngineStarted(EngineEvent, frozen=True, kw_only=True):
    """It listens; the ports it got."""

    udp_port: int
    tcp_port: int
    tls_port: int


class EngineFailed(EngineEvent, frozen=True, kw_only=True):
    """It could not start, or died: `reason` in one line."""

    reason: str


class AccountState(EngineEvent, frozen=True, kw_only=True):
    """A registration attempt ended; code 0 means no answer. `expires_s` 0: not registered."""

    account: str
    code: int
    reason: str
    expires_s: int
    certificate: CertificateFault = CertificateFault.NONE


class IncomingCall(EngineEvent, frozen=True, kw_only=True):
    """An INVITE for an account of ours; 180 has gone out. Headers are by lower-case name, first value."""

    call: UUID
    account: str
    from_header: str
    to_header: str
    source: str
    headers: dict[str, str] = {}


class CallProgress(EngineEvent, frozen=True, kw_only=True):
    """A provisional answer (18x) to our INVITE."""

    call: UUID
    code: int
    early_media: bool


class CallConfirmed(EngineEvent, frozen=True, kw_only=True):
    """The dialog is confirmed: both can talk."""

    call: UUID
    remote: str


class CallMediaChanged(EngineEvent, frozen=True, kw_only=True):
    """The media state moved: `hold` is ours ("local"), theirs ("remote"), or none ("")."""

    call: UUID
    active: bool
    hold: str
    codec: str
    encrypted: bool


class CallDigitReceived(EngineEvent, frozen=True, kw_only=True):
    """A DTMF digit came in."""

    call: UUID
    digit: str


class CallStatistics(EngineEvent, frozen=True, kw_only=True):
    """RTP statistics of the last interval, and `total` since the call began."""

    call: UUID
    interval: Quality
    total: Quality


class TransferProgress(EngineEvent, frozen=True, kw_only=True):
    """The sipfrag of a NOTIFY after our REFER."""

    call: UUID
    code: int
    final: bool


class CallDisconnected(EngineEvent, frozen=True, kw_only=True):
    """The call is over. `by_us`: our BYE, CANCEL or refusal ended it. Code: the last SIP status."""

    call: UUID
    code: int
    reason: str
    by_us: bool
    answered: bool
    elsewhere: bool = False
    quality: Quality | None = None


class StrangerTurnedAway(EngineEvent, frozen=True, kw_only=True):
    """An INVITE that was for no account of ours was refused without ringing."""

    source: str
    uri: str


class UnencryptedTurnedAway(EngineEvent, frozen=True, kw_only=True):
    """An INVITE for an account that must have SRTP offered none, and was refused without ringing."""

    account: str
    source: str


class DevicesChanged(EngineEvent, frozen=True, kw_only=True):
    """The sound devices are different now."""


class CommandFailed(EngineEvent, frozen=True, kw_only=True):
    """A command could not be carried out; `reason` in one line for the person."""

    command: str
    call: UUID | None
    reason: str


class Engine(Protocol):
    """A SIP engine. See the module's docstring for threads and errors."""

    def start(self, sink: Callable[[EngineEvent], None]) -> None:
        """Begin; EngineStarted or EngineFailed follows. Call it on the loop's thread: the sink is called
        there.
        """
        ...

    def stop(self) -> None:
        """End all calls, unregister, end the thread; returns when it is gone (bounded to some seconds)."""
        ...

    def add_account(self, account: Account) -> None:
        """Add or replace an account by its key and register it if it has a registrar."""
        ...

    def remove_account(self, key: str) -> None:
        """Unregister and forget an account."""
        ...

    def dial(self, call: UUID, account: str, uri: str, headers: dict[str, str]) -> None:
        """Call a SIP URI; `call` is the caller's own id for it."""
        ...

    def answer(self, call: UUID) -> None:
        """Answer with 200."""
        ...

    def hang_up(self, call: UUID, code: int = 0) -> None:
        """End it in whatever phase: CANCEL, refusal with `code` (603 when 0), or BYE."""
        ...

    def hold(self, call: UUID) -> None:
        """Hold with a re-INVITE (RFC 3264 section 8.4)."""
        ...

    def resume(self, call: UUID) -> None:
        """Take it back."""
        ...

    def mute(self, call: UUID, *, muted: bool) -> None:
        """Cut our sound off from the call; takes effect at once, without signalling."""
        ...

    def send_digits(self, call: UUID, digits: str) -> None:
        """Send DTMF (RFC 4733)."""
        ...

    def transfer(self, call: UUID, uri: str) -> None:
        """Blind transfer (REFER, RFC 3515)."""
        ...

    def transfer_attended(self, call: UUID, consult: UUID) -> None:
        """Attended transfer: REFER with Replaces (RFC 3891) between two calls of ours."""
        ...

    def use_codecs(self, codecs: tuple[str, ...]) -> None:
        """Offer these codecs, in this order, from the next call on."""
        ...

    def network_changed(self) -> None:
        """The machine's addresses changed: restart transports, re-register, re-INVITE live calls."""
        ...

    def reopen_audio(self) -> None:
        """Sound devices changed: join them anew without touching the calls."""
        ...
