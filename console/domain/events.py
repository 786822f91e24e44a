"""The whole vocabulary of facts, one class each: past tense, frozen, with its time and its ids.

Three families:

* **centre facts** go to the ledger: interactions, offers, agents, configuration. All figures are folds over
  them.
* **desk facts** go over the desk's bus: calls, registration, devices. They never leave the desk, except
  that
* **records** (CallRecorded, CallNoted) are made at the desk and delivered to the ledger, once, by their id.

`id` is a UUIDv7 made at the source (RFC 9562 section 5.7), `at` an aware UTC time. `interaction` is the
UUIDv7 that the switch gave the contact on arrival; it travels to the desk in the header `X-Interaction-Id`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from console.domain.address import Address
from console.domain.agent import Agent, Role
from console.domain.call import CallEnd, Direction, Quality
from console.domain.queue import Channel, Queue, SkillNeed

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware time; a naive one is refused on the wire."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True, omit_defaults=True):
    """What every fact has: its own id and when it happened (aware UTC)."""

    id: UUID
    at: Moment


# ---------------------------------------------------------------- configuration


class QueueConfigured(Event, frozen=True, kw_only=True, tag=True):
    """A queue exists from now on with these settings; earlier figures keep the earlier ones."""

    queue: Queue


class QueueRemoved(Event, frozen=True, kw_only=True, tag=True):
    """A queue is no longer served."""

    queue: str


class AgentConfigured(Event, frozen=True, kw_only=True, tag=True):
    """An agent exists from now on with these skills and queues."""

    agent: Agent


class AgentRemoved(Event, frozen=True, kw_only=True, tag=True):
    """An agent is no longer known."""

    agent: str


# ---------------------------------------------------------------- interactions


class InteractionEvent(Event, frozen=True, kw_only=True, tag=True):
    """A fact about one interaction."""

    interaction: UUID


class InteractionArrived(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """A customer reached the switch (or another channel), having asked for `called`. `attached` is what came
    along (see domain.attached).
    """

    channel: Channel = Channel.VOICE
    customer: Address
    called: str
    attached: dict[str, str] = {}


class InteractionRefused(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The queue it asked for could not take it: no such queue, closed, full, no agents. `to` is where it goes
    (a queue, *voicemail, *callback); with "" the end follows.
    """

    reason: str
    queue: str = ""
    to: str = ""


class InteractionQueued(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """It waits in a queue from now on. `waiting_since` is when its wait began; a move does not reset it.

    `priority` holds the queue's, the customer's value included. For `wanted_s` seconds only the agent
    `wanted` may have it, then everybody (that one first). `estimate_s` is the wait expected on coming, None
    when there is nothing to go by. `by` is the supervisor who moved it.
    """

    queue: str
    skills: tuple[SkillNeed, ...] = ()
    tier: int = 0
    priority: int = 0
    value: int = 0
    waiting_since: Moment
    reason: str = "arrived"  # arrived, overflow, transfer, closed, full, no_agents, moved
    wanted: str = ""
    wanted_s: float = 0.0
    estimate_s: float | None = None
    by: str = ""


class LeaveReason(StrEnum):
    """Why an interaction flowed out of a queue without being answered there."""

    OVERFLOW = "overflow"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    FULL = "full"
    NO_AGENTS = "no_agents"
    CALLBACK = "callback"  # the caller asked for one


class InteractionLeftQueue(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """It flowed out of a queue. `to` is where it goes: a queue (InteractionQueued follows), *voicemail
    (VoicemailStarted), *callback (CallbackRequested); with "" InteractionEnded follows.
    """

    queue: str
    reason: LeaveReason
    to: str = ""


class InteractionRelaxed(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """It has waited long enough for other demands: step `step` (from 1) of its queue's `relax`."""

    step: int
    skills: tuple[SkillNeed, ...] = ()
    tier: int = 0


class InteractionPrioritised(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """A supervisor gave a waiting interaction another priority."""

    priority: int
    by: str


class InteractionAttached(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """Somebody attached more to an open interaction, or changed it; an empty value takes one away."""

    attached: dict[str, str]
    by: str


class InteractionPulled(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """A supervisor gave a waiting interaction to one agent, whatever the queues and skills: the agent gets it
    as soon as free, nobody else does.
    """

    agent: str
    by: str


class InteractionOffered(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """It is reserved for an agent, whose desk is rung for at most `ring_timeout_s` seconds."""

    offer: UUID
    queue: str
    agent: str
    ring_timeout_s: float


class OfferRinging(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The agent's desk said it rings (180)."""

    offer: UUID
    agent: str


class OfferEndReason(StrEnum):
    """Why an offer came to nothing."""

    NO_ANSWER = "no_answer"  # RONA: the agent becomes not responding
    DECLINED = "declined"  # the agent said no: paused
    BUSY = "busy"
    UNREACHABLE = "unreachable"  # the desk could not be rung, or vanished
    WITHDRAWN = "withdrawn"  # the customer left, or another agent has it


class OfferEnded(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """An offer came to nothing; the interaction, if it is still there, is back at the head of its queue."""

    offer: UUID
    agent: str
    reason: OfferEndReason


class InteractionAnswered(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """An agent and the customer talk from now on."""

    offer: UUID
    queue: str
    agent: str


class InteractionHeld(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The agent put the customer on hold."""

    agent: str


class InteractionResumed(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The agent took the customer back."""

    agent: str


class InteractionTransferred(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The agent passed the customer on; wrap-up begins for the agent, `target` is queue, agent or address.
    `attended`: the target was asked first, and has the customer already (InteractionAnswered follows at once
    when it is an agent).
    """

    agent: str
    target: str
    attended: bool = False


class ConsultStarted(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The agent on it asks a third party, who is called: `target` as asked for, `to` the agent it is, if any.
    InteractionHeld tells that the customer hears music meanwhile.
    """

    consult: UUID
    agent: str
    target: str
    to: str = ""


class ConsultAnswered(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The third party and the agent talk from now on."""

    consult: UUID
    agent: str


class ConferenceStarted(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """Customer, agent and third party hear each other from now on, until InteractionHeld or the consult's
    end.
    """

    consult: UUID
    agent: str


class ConsultEnded(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The third party is gone, the agent has the customer again (`reason` cancelled, left, busy, declined,
    no answer, failed, over). Also over with a transfer.
    """

    consult: UUID
    agent: str
    to: str = ""
    reason: str = ""


class DigitReceived(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The customer pressed a key (RFC 4733)."""

    digit: str


class PositionAnnounced(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The customer was told the place in the queue (1 is next), and the wait to expect if one was told."""

    position: int
    wait_s: float | None = None


class CallbackProposed(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The waiting customer was told which key asks for a callback."""


class CallbackRefused(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The customer asked to be called back, but the number must not be called: denied, not allowed, abroad,
    short (domain.tolls). The customer goes on waiting.
    """

    reason: str


class CallbackRequested(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The customer will be called back and keeps the place: the interaction `callback` waits from now on in
    `queue` with these demands. `interaction` is the call that asked, which ends.
    """

    callback: UUID
    queue: str
    customer: Address
    skills: tuple[SkillNeed, ...] = ()
    tier: int = 0
    priority: int = 0
    value: int = 0
    waiting_since: Moment


class CallbackDialled(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The agent answered the offer of a callback, or the own phone for an outbound call; the customer is
    being rung. InteractionAnswered or CustomerNotReached (InteractionEnded for an outbound call) follows.
    """

    offer: UUID
    agent: str


class CustomerNotReached(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The customer of a callback did not answer (`reason` busy, no answer, refused, failed)."""

    agent: str
    reason: str


class CallbackPostponed(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """A callback is not tried again before `until`; `tries` were made."""

    until: Moment
    tries: int


class OutboundRequested(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """An agent wants a customer called, for a queue (or a supervisor wants it, `by`): the agent's own phone
    is rung first. CallbackDialled tells that the agent is there and the customer is rung, InteractionAnswered
    that both talk; InteractionEnded comes at any time.
    """

    offer: UUID
    agent: str
    queue: str
    customer: Address
    by: str = ""


class VoicemailStarted(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The customer may leave a message for a queue, of at most `most_s` seconds."""

    queue: str
    most_s: float


class VoicemailLeft(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The customer left a message of `seconds`: `file` in the centre's folder of messages."""

    queue: str
    file: str
    seconds: float


class EndedBy(StrEnum):
    """Who ended an interaction."""

    CUSTOMER = "customer"
    AGENT = "agent"
    CENTRE = "centre"


class InteractionEnded(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """It is over. Ended while waiting or offered it is an abandon (by the customer) or a flow-out (by the
    centre).
    """

    by: EndedBy
    reason: str = ""


# ---------------------------------------------------------------- recorded and listened to


class RecordingStarted(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The customer's line is recorded from now on, for a queue (`by` "") or at somebody's order."""

    recording: UUID
    queue: str = ""
    agent: str = ""
    by: str = ""


class RecordingPaused(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """Silence is recorded on both sides from now on, as for a card's number."""

    recording: UUID
    by: str = ""


class RecordingResumed(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """What is said is recorded again."""

    recording: UUID
    by: str = ""


class RecordingEnded(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """A recording of `seconds` is complete: `file` in the centre's folder of recordings; "": nothing could be
    kept, `reason` says why. It may come after the interaction's end.
    """

    recording: UUID
    file: str
    seconds: float
    reason: str = ""


class MonitoringMode(StrEnum):
    """How a supervisor is in a call: unheard, heard by the agent, or heard by all."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


class MonitoringStarted(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """A supervisor's phone has answered and hears the call of an agent."""

    monitoring: UUID
    supervisor: str
    agent: str
    mode: MonitoringMode


class MonitoringChanged(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The supervisor is in the call in another mode now."""

    monitoring: UUID
    mode: MonitoringMode


class MonitoringEnded(InteractionEvent, frozen=True, kw_only=True, tag=True):
    """The supervisor is out of the call, or never got in; `reason` says why."""

    monitoring: UUID
    supervisor: str
    reason: str = ""


# ---------------------------------------------------------------- agents


class AgentEvent(Event, frozen=True, kw_only=True, tag=True):
    """A fact about one agent."""

    agent: str


class AgentSignedIn(AgentEvent, frozen=True, kw_only=True, tag=True):
    """An agent's desk is linked and can be rung at `contact` (a SIP URI). Presence begins as paused, reason
    `sign-in`.
    """

    contact: str
    session: UUID


class AgentSignedOut(AgentEvent, frozen=True, kw_only=True, tag=True):
    """The agent left, or the grace time of a vanished desk ran out (`reason` grace)."""

    reason: str = ""


class DeskLost(AgentEvent, frozen=True, kw_only=True, tag=True):
    """The desk's link is gone; the agent keeps the state for `grace_s` seconds and is offered nothing."""

    grace_s: float


class DeskBack(AgentEvent, frozen=True, kw_only=True, tag=True):
    """The desk is linked again within the grace time, at `contact`."""

    contact: str
    session: UUID


class AgentBecameReady(AgentEvent, frozen=True, kw_only=True, tag=True):
    """The agent takes contacts from now on."""


class AgentPaused(AgentEvent, frozen=True, kw_only=True, tag=True):
    """The agent takes no contacts, for this reason; a contact at hand goes on, and its wrap-up too. With
    `now` a wrap-up ends, none follows the contact at hand, and what rings goes to the next agent.
    """

    reason: str
    now: bool = False


class AgentNotResponding(AgentEvent, frozen=True, kw_only=True, tag=True):
    """An offer was not answered (RONA); no offers until the agent becomes ready again."""


class WrapUpStarted(AgentEvent, frozen=True, kw_only=True, tag=True):
    """After-contact work on an interaction, for at most `limit_s` seconds (0: no limit)."""

    interaction: UUID
    queue: str
    limit_s: float
    channel: Channel = Channel.VOICE


class WrapUpExtended(AgentEvent, frozen=True, kw_only=True, tag=True):
    """The agent needs longer: the whole wrap-up may now take `limit_s` seconds from its start."""

    interaction: UUID
    limit_s: float


class WrapUpEnded(AgentEvent, frozen=True, kw_only=True, tag=True):
    """After-contact work is over: the agent finished it, or the limit did (`reason` done, limit, paused,
    signed out).
    """

    interaction: UUID
    reason: str = "done"


# ---------------------------------------------------------------- records, made at the desk for the ledger


class CallRecorded(Event, frozen=True, kw_only=True, tag=True):
    """One finished call as the desk saw it: a row of the agent's history. `id` is the record's own and the
    key.
    """

    call: UUID
    agent: str = ""
    interaction: UUID | None = None
    direction: Direction
    peer: Address
    queue: str = ""
    started_at: Moment
    answered_at: Moment | None = None
    ended_at: Moment
    end: CallEnd
    sip_code: int = 0
    quality: Quality | None = None
    held_s: float = 0.0


class CallNoted(Event, frozen=True, kw_only=True, tag=True):
    """The agent wrote a disposition or a note on a call; the last one counts."""

    call: UUID
    agent: str = ""
    interaction: UUID | None = None
    disposition: str = ""
    note: str = ""


# ---------------------------------------------------------------- the desk's own facts (never on the wire)


class DeskEvent(Event, frozen=True, kw_only=True, tag=True):
    """A fact that concerns this desk alone."""


class CallEvent(DeskEvent, frozen=True, kw_only=True, tag=True):
    """A fact about one call on this desk; `call` is the desk's UUIDv7 for it."""

    call: UUID


class CallArrived(CallEvent, frozen=True, kw_only=True, tag=True):
    """A call rings here; `outbound`: so that we reach a customer whom the centre calls for us."""

    peer: Address
    account: str = ""
    interaction: UUID | None = None
    queue: str = ""
    waited_s: float | None = None
    skills: tuple[SkillNeed, ...] = ()
    outbound: bool = False


class CallDialled(CallEvent, frozen=True, kw_only=True, tag=True):
    """We called somebody."""

    peer: Address
    account: str = ""


class CallRang(CallEvent, frozen=True, kw_only=True, tag=True):
    """The other side rings (180 or 183 came)."""

    early_media: bool = False


class CallAnswered(CallEvent, frozen=True, kw_only=True, tag=True):
    """Both sides can talk."""


class CallHeld(CallEvent, frozen=True, kw_only=True, tag=True):
    """We put the other side on hold."""


class CallResumed(CallEvent, frozen=True, kw_only=True, tag=True):
    """We took the other side back."""


class CallMuted(CallEvent, frozen=True, kw_only=True, tag=True):
    """Our microphone was cut off from the call, or joined again."""

    muted: bool


class CallDigit(CallEvent, frozen=True, kw_only=True, tag=True):
    """A DTMF digit went out or came in."""

    digit: str
    sent: bool


class CallQualityMeasured(CallEvent, frozen=True, kw_only=True, tag=True):
    """How the call sounded in the last interval."""

    quality: Quality


class CallTransferProgressed(CallEvent, frozen=True, kw_only=True, tag=True):
    """A transfer that we asked for moved on: the sipfrag's status (RFC 3515)."""

    code: int
    final: bool


class CallEnded(CallEvent, frozen=True, kw_only=True, tag=True):
    """The call is over. `quality` is that of the whole call, None when no sound flowed."""

    end: CallEnd
    sip_code: int = 0
    reason: str = ""
    quality: Quality | None = None


class RegistrationChanged(DeskEvent, frozen=True, kw_only=True, tag=True):
    """A SIP account's standing with its registrar changed."""

    account: str
    registered: bool
    sip_code: int = 0
    reason: str = ""


class StrangerRefused(DeskEvent, frozen=True, kw_only=True, tag=True):
    """A call from nobody we know was refused without ringing (a scanner's ghost call)."""

    source: str
    uri: str = ""


class UnencryptedRefused(DeskEvent, frozen=True, kw_only=True, tag=True):
    """A call was refused without ringing because its sound was not to be encrypted, which this phone asks
    for.
    """

    account: str
    source: str


class AudioDevicesChanged(DeskEvent, frozen=True, kw_only=True, tag=True):
    """Sound devices were plugged or pulled; `speaker`, `microphone`, `ringer` are those in use now ("" is
    none).
    """

    speaker: str
    microphone: str
    ringer: str


class LinkState(StrEnum):
    """How the desk stands with its centre."""

    NONE = "none"  # no centre configured: a plain SIP phone
    SIGNED_OUT = "signed_out"
    CONNECTING = "connecting"
    ONLINE = "online"
    LOST = "lost"  # trying again
    REFUSED = "refused"  # password or token not accepted


class LinkChanged(DeskEvent, frozen=True, kw_only=True, tag=True):
    """The link to the centre changed."""

    state: LinkState
    reason: str = ""
    user: str = ""
    role: Role | None = None


class HistoryChanged(DeskEvent, frozen=True, kw_only=True, tag=True):
    """A row of the local history was written; `unsynced` rows still wait for the centre."""

    call: UUID
    unsynced: int


LedgerEvent = (
    QueueConfigured
    | QueueRemoved
    | AgentConfigured
    | AgentRemoved
    | InteractionArrived
    | InteractionRefused
    | InteractionQueued
    | InteractionLeftQueue
    | InteractionRelaxed
    | InteractionPrioritised
    | InteractionAttached
    | InteractionPulled
    | InteractionOffered
    | OfferRinging
    | OfferEnded
    | InteractionAnswered
    | InteractionHeld
    | InteractionResumed
    | InteractionTransferred
    | ConsultStarted
    | ConsultAnswered
    | ConferenceStarted
    | ConsultEnded
    | DigitReceived
    | PositionAnnounced
    | CallbackProposed
    | CallbackRefused
    | CallbackRequested
    | CallbackDialled
    | CustomerNotReached
    | CallbackPostponed
    | OutboundRequested
    | VoicemailStarted
    | VoicemailLeft
    | RecordingStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingEnded
    | MonitoringStarted
    | MonitoringChanged
    | MonitoringEnded
    | InteractionEnded
    | AgentSignedIn
    | AgentSignedOut
    | DeskLost
    | DeskBack
    | AgentBecameReady
    | AgentPaused
    | AgentNotResponding
    | WrapUpStarted
    | WrapUpExtended
    | WrapUpEnded
    | CallRecorded
    | CallNoted
)
