"""One call on the desk: its phases and the table of steps between them (RFC 3261 seen from the phone)."""

from enum import StrEnum

import msgspec

from console.domain.errors import IllegalTransition


class Direction(StrEnum):
    """Who began the call, seen from this desk."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class CallPhase(StrEnum):
    """Where a call stands."""

    NEW = "new"
    DIALLING = "dialling"  # outgoing, INVITE sent
    RINGING = "ringing"  # incoming: rings here; outgoing: 180 heard
    TALKING = "talking"
    HELD = "held"
    ENDED = "ended"


class CallStep(StrEnum):
    """What can happen to a call."""

    DIAL = "dial"
    ARRIVE = "arrive"
    RING = "ring"
    ANSWER = "answer"
    HOLD = "hold"
    RESUME = "resume"
    END = "end"


CALL_TABLE: dict[tuple[CallPhase, CallStep], CallPhase] = {
    (CallPhase.NEW, CallStep.DIAL): CallPhase.DIALLING,
    (CallPhase.NEW, CallStep.ARRIVE): CallPhase.RINGING,
    (CallPhase.NEW, CallStep.END): CallPhase.ENDED,
    (CallPhase.DIALLING, CallStep.RING): CallPhase.RINGING,
    (CallPhase.DIALLING, CallStep.ANSWER): CallPhase.TALKING,
    (CallPhase.DIALLING, CallStep.END): CallPhase.ENDED,
    (CallPhase.RINGING, CallStep.RING): CallPhase.RINGING,
    (CallPhase.RINGING, CallStep.ANSWER): CallPhase.TALKING,
    (CallPhase.RINGING, CallStep.END): CallPhase.ENDED,
    (CallPhase.TALKING, CallStep.HOLD): CallPhase.HELD,
    (CallPhase.TALKING, CallStep.END): CallPhase.ENDED,
    (CallPhase.HELD, CallStep.RESUME): CallPhase.TALKING,
    (CallPhase.HELD, CallStep.END): CallPhase.ENDED,
}


def next_call_phase(phase: CallPhase, step: CallStep) -> CallPhase:
    """The phase after `step`. Raises IllegalTransition when the table has no such step."""
    try:
        return CALL_TABLE[phase, step]
    except KeyError:
        raise IllegalTransition(f"a call that is {phase} cannot {step}") from None


class CallEnd(StrEnum):
    """Why a call ended, in the words of history."""

    HUNG_UP_HERE = "hung_up_here"
    HUNG_UP_THERE = "hung_up_there"
    MISSED = "missed"  # the caller gave up before we answered
    DECLINED = "declined"  # by us
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CANCELLED = "cancelled"  # we gave up before they answered
    REFUSED = "refused"  # the network said no (4xx, 5xx, 6xx)
    ELSEWHERE = "elsewhere"  # answered on another device, or offered to another agent
    FAILED = "failed"  # network or device
    LOST = "lost"  # the program died in the call


class Quality(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a call sounded over one interval or as a whole (RTCP, RFC 3550; MOS by the E-model, ITU-T G.107).

    `mos` 1.0 to 4.5, None until there is something to judge; `loss_percent` of received packets, `jitter_ms`,
    `rtt_ms` round trip; counts are RTP packets. `wideband` says that `mos` is on the G.107.1 scale.
    """

    codec: str = ""
    mos: float | None = None
    loss_percent: float = 0.0
    jitter_ms: float = 0.0
    rtt_ms: float = 0.0
    sent: int = 0
    received: int = 0
    lost: int = 0
    wideband: bool = False
