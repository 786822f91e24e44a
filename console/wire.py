"""Facts and frames as JSON: the form in files, in the ledger, over REST and over the websocket.

An event is one object with `type` (its class name), `v` (the version of the vocabulary), `id`, `at` and its
own fields; defaults are left out. A reader takes unknown fields as coming from a newer writer and ignores
them, but refuses a newer `v` and an unknown `type`.

The websocket carries frames, one JSON object each with `frame`. The client speaks first with Hello; the
centre answers Welcome, then BoardSnapshot / BoardDelta for those who may see the board, and AgentView for
the agent's own desk.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from console.domain.agent import AgentState, Presence, Role
from console.domain.errors import BadInput
from console.domain.events import LedgerEvent, MonitoringMode
from console.domain.figures import Delta, Snapshot
from console.domain.interaction import Phase
from console.domain.queue import Channel, SkillNeed

VERSION = 1


class _Versioned(msgspec.Struct):
    v: int = VERSION


_encoder = msgspec.json.Encoder()
_event_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(LedgerEvent)
_version_decoder = msgspec.json.Decoder(_Versioned)
_PREFIX = b'{"v":%d,' % VERSION
_PREFIX_TEXT = _PREFIX.decode()


def encode_event(event: LedgerEvent) -> bytes:
    """An event in its wire form, one line without the newline."""
    return _PREFIX + _encoder.encode(event)[1:]


def decode_event(data: bytes | str) -> LedgerEvent:
    """Read an event. Raises BadInput, saying where it does not fit."""
    try:
        event: LedgerEvent = _event_decoder.decode(data)
        ours = data.startswith(_PREFIX_TEXT) if isinstance(data, str) else data.startswith(_PREFIX)
        version = VERSION if ours else _version_decoder.decode(data).v
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadInput(f"not an event of ours: {fault}") from None
    if version > VERSION:
        raise BadInput(f"the event has version {version}, this program reads up to {VERSION}: update it")
    if event.at.tzinfo is None:
        raise BadInput("the event's time `at` has no time zone: write it with an offset or Z")
    return event


def decode_lines(lines: Iterable[bytes | str]) -> Iterator[LedgerEvent]:
    """Read events, one a line; empty lines are passed over. Raises BadInput with the number of the line."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield decode_event(line)
        except BadInput as fault:
            raise BadInput(f"line {number}: {fault}") from None


# ---------------------------------------------------------------- websocket frames


class Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="frame", tag=True, omit_defaults=True):
    """What every frame has: nothing but its kind."""


class Hello(Frame, frozen=True, kw_only=True, tag=True):
    """Client: who I am and what I know. `token` from sign-in; `last_sequence` resumes the board; `contact`
    makes this a desk that can be rung (a SIP URI with an unguessable user), `session` a UUIDv7 of this run
    of the desk.
    """

    token: str
    v: int = VERSION
    board: bool = False
    last_sequence: int | None = None
    contact: str = ""
    session: UUID | None = None


class Welcome(Frame, frozen=True, kw_only=True, tag=True):
    """Centre: accepted. `now` lets the client correct its clock; a heartbeat comes every `heartbeat_s`.
    `sip_domain` is the host and port of the switch, which dialled numbers belong to ("" is none).
    """

    user: str
    name: str
    role: Role
    now: datetime
    heartbeat_s: float
    sequence: int
    pause_reasons: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    sip_domain: str = ""


class BoardSnapshot(Frame, frozen=True, kw_only=True, tag=True):
    """Centre: the whole board."""

    snapshot: Snapshot


class BoardDelta(Frame, frozen=True, kw_only=True, tag=True):
    """Centre: what changed on the board."""

    delta: Delta


class OfferView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The interaction at an agent's desk, for the call card: queue, what was asked for, how long the
    customer waited. With `callback` the customer is rung once the agent has answered; `dialled` then.
    `outbound`: the agent makes this call. `attached`: SIP headers and variables that go along with it.
    """

    interaction: UUID
    offer: UUID
    queue: str
    queue_name: str
    customer: str
    customer_name: str = ""
    skills: tuple[SkillNeed, ...] = ()
    waiting_since: datetime
    offered_at: datetime
    answered_at: datetime | None = None
    callback: bool = False
    dialled: bool = False
    outbound: bool = False
    attached: dict[str, str] = {}


class ConsultView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The third party whom an agent asks: `target` as asked for, `name` of the colleague it is. `held`: the
    customer hears music; `together`: all three talk.
    """

    interaction: UUID
    target: str
    name: str = ""
    answered: bool = False
    together: bool = False
    held: bool = False


class RecordingView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The recording of the contact at hand. `stoppable`: somebody asked for it, so that the agent may end it;
    else it is the queue's.
    """

    paused: bool = False
    stoppable: bool = False


class AgentView(Frame, frozen=True, kw_only=True, tag=True):
    """Centre: the agent's own state, whole, each time it changes. `presence` is what it will be after the
    contact at hand, `reason` that of a pause; `waiting` counts those who wait by queue key.
    `wrap_up_extensions` is how often the wrap-up at hand can still be extended, each time by
    `wrap_up_extension_s`. `asks`: a third party can be asked, `consult` is who is. `dials`: the centre
    makes calls for the agent. `records`: calls
    can be recorded, `recording` is how this one is. `elsewhere`: calls ring at a telephone of the agent's
    that the centre only watches.
    """

    sequence: int
    at: datetime
    state: AgentState
    presence: Presence = Presence.READY
    since: datetime
    reason: str = ""
    queues: dict[str, str] = {}
    waiting: dict[str, int] = {}
    contact: OfferView | None = None
    wrap_up_interaction: UUID | None = None
    wrap_up_queue: str = ""
    wrap_up_until: datetime | None = None
    wrap_up_extensions: int = 0
    wrap_up_extension_s: float = 0.0
    elsewhere: bool = False
    asks: bool = False
    dials: bool = False
    consult: ConsultView | None = None
    records: bool = False
    recording: RecordingView | None = None


class RecordingOrder(StrEnum):
    """What can be asked about an interaction's recording."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


class MonitoringView(msgspec.Struct, frozen=True, kw_only=True):
    """A supervisor in the call of an agent; `since` None: the supervisor's phone still rings."""

    monitoring: UUID
    interaction: UUID
    supervisor: str
    agent: str
    mode: MonitoringMode
    since: datetime | None = None


class InteractionView(msgspec.Struct, frozen=True, kw_only=True):
    """One open interaction, as supervisors see it: where it is, what it asks for, who has it.

    `place` is the place in its queue (1 is next; None when it is in none, or rings). Until `wanted_until`
    it is for the agent `wanted` alone; `pulled` is the agent a supervisor gave it to. A `callback` keeps the
    place of a customer who hung up; it is not tried before `not_before`. `expected_s` is the wait from now on
    that is expected, None when there is nothing to go by. `ringing` are the agents who are rung, `agent` is
    who talks. `attached`: SIP headers and variables that go along with it.
    """

    interaction: UUID
    channel: Channel
    phase: Phase
    customer: str
    customer_name: str
    queue: str
    queue_name: str
    place: int | None
    arrived_at: datetime
    waiting_since: datetime
    skills: tuple[SkillNeed, ...]
    tier: int
    priority: int
    value: int
    wanted: str
    wanted_until: datetime | None
    pulled: str
    expected_s: float | None
    callback: bool
    tries: int
    not_before: datetime | None
    ringing: tuple[str, ...]
    agent: str
    attached: dict[str, str] = {}


class Heartbeat(Frame, frozen=True, kw_only=True, tag=True):
    """Both: still here. `sequence` is the newest that the sender knows (centre: that exists)."""

    now: datetime
    sequence: int = 0


class Command(Frame, frozen=True, kw_only=True, tag=True):
    """Client: do this; `number` names the reply. `action` is one of ready, pause (argument: reason; at once:
    a wrap-up ends, what rings goes to the next agent), pause_after (the same, after the contact at hand and
    its wrap-up), sign_out, end_wrap_up, extend_wrap_up, consult (argument: whom to ask; the customer hears
    music), swap, conference, complete, cancel_consult; record_start, record_stop, record_pause,
    record_resume for the call at hand.
    """

    number: int
    action: str
    argument: str = ""


class Reply(Frame, frozen=True, kw_only=True, tag=True):
    """Centre: the answer to a command; `error` is "" when it was done, else one line for the person."""

    number: int
    error: str = ""


class Farewell(Frame, frozen=True, kw_only=True, tag=True):
    """Centre: the connection ends; `reason` in words, `retry` whether to come back."""

    reason: str
    retry: bool = True


class PhoneAccess(Frame, frozen=True, kw_only=True, tag=True):
    """Centre: with this the agent's phone registers from now on; a later one takes its place, calls at hand
    go on. `uri` and `registrar` are SIP URIs, `transport` is udp, tcp or tls, `srtp` off, optional or
    required. Only over a safe connection; the password is never shown.
    """

    uri: str
    registrar: str
    username: str
    password: str
    transport: str = "tcp"
    srtp: str = "off"

    def __repr__(self) -> str:
        """Without the password."""
        return f"PhoneAccess(uri={self.uri!r}, registrar={self.registrar!r})"


ClientFrame = Hello | Command | Heartbeat
CentreFrame = Welcome | BoardSnapshot | BoardDelta | AgentView | PhoneAccess | Heartbeat | Reply | Farewell

_client_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ClientFrame)
_centre_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(CentreFrame)


def encode_frame(frame: Frame) -> bytes:
    """A frame in its wire form (UTF-8 JSON)."""
    return _encoder.encode(frame)


def decode_client_frame(data: bytes | str) -> ClientFrame:
    """Read what a client sent. Raises BadInput."""
    frame: ClientFrame = _decode_frame(_client_decoder, data)
    return frame


def decode_centre_frame(data: bytes | str) -> CentreFrame:
    """Read what the centre sent. Raises BadInput."""
    frame: CentreFrame = _decode_frame(_centre_decoder, data)
    return frame


def _decode_frame(decoder: "msgspec.json.Decoder[Any]", data: bytes | str) -> Any:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadInput(f"not a frame of ours: {fault}") from None
