"""What a call says: a live call to words, times and what can be done with it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from console.domain.address import Address
from console.domain.agent import AgentState
from console.domain.call import CallEnd, CallPhase, Direction, Quality
from console.domain.events import CallEnded
from ui.telephony.services import Call, Callback, Contact
from ui.widgets.words import Words

_GOOD, _FAIR, _POOR = 4.0, 3.5, 2.8  # MOS; below 3.5 a call is worth a warning (ITU-T G.107 annex B)


_NO_TIME = timedelta(0)

_UNKNOWN = frozenset({404, 410, 484, 485, 604})
_FORBIDDEN = frozenset({401, 403, 407})
_NOTHING_IN_COMMON = frozenset({415, 488, 606})


@dataclass(frozen=True)
class QualityShown:
    """How a call sounds: 0 to 4 `bars`, a word, the number, and the rest in `detail`."""

    bars: int
    word: str
    number: str
    tone: str
    detail: str


@dataclass(frozen=True)
class CallShown:
    """A call card as it is shown. `since` is what the running time counts from."""

    call: UUID
    name: str
    number: str
    words: str
    state: AgentState
    since: datetime
    incoming: bool  # rings here and waits for an answer
    held: bool
    muted: bool
    connected: bool
    queue: str
    waited_s: float | None
    waiting_since: datetime | None  # while it rings the wait goes on
    skills: str
    quality: QualityShown | None
    encrypted: bool
    callback_since: datetime | None = None  # when the customer who is called back had called
    reaching: bool = False  # of a callback, or our own call: we are there, the customer is rung


def present_call(
    call: Call, words: Words, callback: Callback | None = None, offset: timedelta = _NO_TIME
) -> CallShown:
    """How a live call is shown. `callback` is what the centre tells of it when it is one, by a clock that is
    `offset` ahead of ours.
    """
    shown = _present(call, words)
    if callback is None:
        return shown
    reaching = shown.connected and callback.answered_at is None
    name, number = _customer(callback, words)
    said = shown.words
    if reaching:
        said = words("Calling the customer…")
    elif shown.incoming:
        said = words("Your call") if callback.outbound else words("Callback")
    return replace(
        shown,
        name=name,
        number=number,
        words=said,
        state=AgentState.OFFERED if reaching else shown.state,
        waited_s=None,
        waiting_since=None,
        callback_since=None if callback.outbound else callback.waiting_since - offset,
        reaching=reaching,
    )


def not_reached(shown: CallShown, fact: CallEnded, words: Words) -> str:
    """What to tell of a callback that ended before the customer was there; "" where the agent ended it."""
    if not shown.reaching or fact.end is CallEnd.HUNG_UP_HERE:
        return ""
    if shown.callback_since is None:
        return words("{name} could not be reached.", name=shown.name)
    return words("{name} could not be reached. The centre sees to the next try.", name=shown.name)


def _customer(callback: Callback, words: Words) -> tuple[str, str]:
    number = Address(callback.customer, "").user
    return (callback.customer_name, number) if callback.customer_name else (number or words("Customer"), "")


def _present(call: Call, words: Words) -> CallShown:
    incoming = call.direction is Direction.INCOMING and call.phase in {CallPhase.NEW, CallPhase.RINGING}
    connected = call.phase in {CallPhase.TALKING, CallPhase.HELD}
    name, number = _who(call, words)
    return CallShown(
        call=call.call,
        name=name,
        number=number,
        words=_phase_words(call, words),
        state=_state(call),
        since=_since(call),
        incoming=incoming,
        held=call.phase is CallPhase.HELD,
        muted=call.muted,
        connected=connected,
        queue=call.queue,
        waited_s=_waited(call),
        waiting_since=call.started_at - timedelta(seconds=call.waited_s or 0.0)
        if incoming and call.waited_s is not None
        else None,
        skills=", ".join(f"{need.skill.capitalize()} {need.level}+" for need in call.skills),
        quality=present_quality(call.quality, words) if connected else None,
        encrypted=call.encrypted,
    )


def present_quality(quality: Quality | None, words: Words) -> QualityShown | None:
    """How a call sounds, in word, bars and number; None while nothing was measured."""
    if quality is None or quality.mos is None:
        return None
    mos = quality.mos
    bars, word, tone = next(
        (shown for least, shown in _SCALE if mos >= least),
        (1, "Poor", "critical"),
    )
    return QualityShown(
        bars=bars,
        word=words(word),
        number=f"{mos:.1f}" if words.language == "en" else f"{mos:.1f}".replace(".", ","),
        tone=tone,
        detail=_quality_detail(quality, words),
    )


_SCALE = (
    (_GOOD, (4, "Very good", "good")),
    (_FAIR, (3, "Good", "good")),
    (_POOR, (2, "Fair", "warning")),
)


def _quality_detail(quality: Quality, words: Words) -> str:
    scale = words("wideband scale") if quality.wideband else words("telephone scale")
    lines = [
        words("Sound quality (MOS) from 1 to 4.5, {scale}", scale=scale),
        words("Lost {loss} % · jitter {jitter} ms · round trip {rtt} ms").format(
            loss=f"{quality.loss_percent:.1f}", jitter=f"{quality.jitter_ms:.0f}", rtt=f"{quality.rtt_ms:.0f}"
        ),
    ]
    if quality.codec:
        lines.append(words("Codec {codec}", codec=quality.codec))
    return "\n".join(lines)


def focus_order(calls: Sequence[Call]) -> list[Call]:
    """The calls in the order of their cards: what rings, what talks, what is dialled, what is held."""
    return sorted(calls, key=lambda call: (_rank(call), call.started_at))


def current(calls: Sequence[Call]) -> Call | None:
    """The call that a key means: the one being talked on, else dialled, else ringing here, else held."""
    order = {CallPhase.TALKING: 0, CallPhase.DIALLING: 1, CallPhase.RINGING: 2, CallPhase.NEW: 2}
    return min(calls, key=lambda call: order.get(call.phase, 3), default=None)


def ringing_here(calls: Sequence[Call]) -> Call | None:
    """The call that waits for an answer, the oldest first."""
    for call in calls:
        if call.direction is Direction.INCOMING and call.phase in {CallPhase.NEW, CallPhase.RINGING}:
            return call
    return None


def failure(fact: CallEnded, name: str, words: Words) -> str:
    """Why a call that we made came to nothing, for the person; "" when there is nothing to explain. Codes as
    in RFC 3261, section 21.
    """
    if fact.end is CallEnd.BUSY:
        return words("{name} is busy.", name=name)
    if fact.end is CallEnd.NO_ANSWER:
        return words("{name} does not answer.", name=name)
    if fact.end not in {CallEnd.REFUSED, CallEnd.FAILED}:
        return ""
    return _refused(fact, name, words)


def _refused(fact: CallEnded, name: str, words: Words) -> str:
    why = _why(fact, words)
    if fact.sip_code in _UNKNOWN:
        return words("{name} cannot be found{why}. Check the number.", name=name, why=why)
    if fact.sip_code in _FORBIDDEN:
        return words("You may not call {name}{why}.", name=name, why=why)
    if fact.sip_code in _NOTHING_IN_COMMON:
        return words(
            "Your phone and {name}'s have no codec or encryption in common{why}. Tell your IT.",
            name=name,
            why=why,
        )
    if fact.end is CallEnd.REFUSED:
        return words("The call to {name} was refused{why}.", name=name, why=why)
    return words("The call to {name} failed{why}.", name=name, why=why)


def _why(fact: CallEnded, words: Words) -> str:
    told = " ".join(str(part) for part in (fact.sip_code or "", words.fault(fact.reason)) if part)
    return f" ({told})" if told else ""


def suggestion(contact: Contact) -> tuple[str, str]:
    """Somebody the history knows: the words in the list, and what is dialled."""
    address = contact.address.uri
    told = contact.number or address
    shown = f"{contact.name}   {told}" if contact.name and contact.name != told else told
    return shown, address


def queue_suggestions(queues: Mapping[str, str], typed: str) -> list[tuple[str, str]]:
    """The centre's queues (key to name) that `typed` may mean, all for "": words, and what is dialled."""
    wanted = typed.casefold()
    return [
        (name if name == key else f"{name}   {key}", key)
        for key, name in sorted(queues.items(), key=lambda item: item[1].casefold())
        if wanted in name.casefold() or wanted in key.casefold()
    ]


def _rank(call: Call) -> int:
    if call.direction is Direction.INCOMING and call.phase in {CallPhase.NEW, CallPhase.RINGING}:
        return 0
    return {CallPhase.TALKING: 1, CallPhase.HELD: 3}.get(call.phase, 2)


def _who(call: Call, words: Words) -> tuple[str, str]:
    number = call.peer.user
    if not call.peer.name:
        return number or words("Unknown caller"), ""
    return call.peer.name, number if number != call.peer.name else ""


def _phase_words(call: Call, words: Words) -> str:
    if call.phase in {CallPhase.NEW, CallPhase.RINGING}:
        incoming = call.direction is Direction.INCOMING
        return words("Incoming call") if incoming else words("Rings there")
    return {
        CallPhase.DIALLING: words("Calling…"),
        CallPhase.TALKING: words("Muted") if call.muted else words("Talking"),
        CallPhase.HELD: words("On hold"),
    }.get(call.phase, words("Ended"))


def _state(call: Call) -> AgentState:
    if call.phase is CallPhase.HELD:
        return AgentState.HOLD
    return AgentState.ON_CONTACT if call.phase is CallPhase.TALKING else AgentState.OFFERED


def _since(call: Call) -> datetime:
    if call.phase is CallPhase.HELD and call.held_since is not None:
        return call.held_since
    return call.answered_at or call.started_at


def _waited(call: Call) -> float | None:
    if call.waited_s is None:
        return None
    rang = (call.answered_at - call.started_at).total_seconds() if call.answered_at else 0.0
    return call.waited_s + rang
