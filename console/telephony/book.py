"""The book of live calls: engine events and commands become steps along the call's table, and facts on the
bus.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from console.bus import Bus
from console.clock import Clock
from console.domain.address import Address
from console.domain.call import CALL_TABLE, CallEnd, CallPhase, CallStep, Direction, Quality, next_call_phase
from console.domain.events import (
    CallAnswered,
    CallArrived,
    CallDialled,
    CallDigit,
    CallEnded,
    CallEvent,
    CallHeld,
    CallMuted,
    CallQualityMeasured,
    CallRang,
    CallResumed,
    CallTransferProgressed,
)
from console.telephony.engine import (
    CallConfirmed,
    CallDigitReceived,
    CallDisconnected,
    CallMediaChanged,
    CallProgress,
    CallStatistics,
    CommandFailed,
    EngineEvent,
    IncomingCall,
    TransferProgress,
)
from console.telephony.live import LiveCall, caller, centre_words, end_of

_E = TypeVar("_E", bound=CallEvent)
DIGITS = frozenset("0123456789*#ABCDabcd")


class CallBook:
    """All calls that are not over. An event that comes too late or twice changes nothing, tells nothing."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        *,
        arrived: Callable[[LiveCall], None],
        answered: Callable[[LiveCall], None],
    ) -> None:
        """`arrived` and `answered` are called before the fact is told: what must be quick comes first."""
        self._bus = bus
        self._clock = clock
        self._arrived = arrived
        self._answered = answered
        self._calls: dict[UUID, LiveCall] = {}
        self._handlers: dict[type[EngineEvent], Callable[[Any], None]] = {
            IncomingCall: self._on_incoming,
            CallProgress: self._on_progress,
            CallConfirmed: self._on_confirmed,
            CallMediaChanged: self._on_media,
            CallDigitReceived: self._on_digit,
            CallStatistics: self._on_statistics,
            TransferProgress: self._on_transfer,
            CallDisconnected: self._on_disconnected,
            CommandFailed: self._on_command_failed,
        }

    @property
    def calls(self) -> tuple[LiveCall, ...]:
        """All live calls, oldest first."""
        return tuple(self._calls.values())

    def get(self, call: UUID) -> LiveCall | None:
        """One live call."""
        return self._calls.get(call)

    def take(self, event: EngineEvent) -> None:
        """Write down what the engine told."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def dialled(self, call: UUID, peer: Address, account: str) -> None:
        """Write down an outgoing call."""
        self._calls[call] = LiveCall(
            call=call,
            direction=Direction.OUTGOING,
            peer=peer,
            account=account,
            phase=next_call_phase(CallPhase.NEW, CallStep.DIAL),
            started_at=self._clock.now(),
        )
        self._tell(CallDialled, call, peer=peer, account=account)

    def muted(self, call: UUID, *, muted: bool) -> None:
        """Write down that our microphone is cut off, or joined again."""
        self._change(call, muted=muted)
        self._tell(CallMuted, call, muted=muted)

    def digits_sent(self, call: UUID, digits: str) -> None:
        """Write down that digits went out."""
        for digit in digits:
            self._tell(CallDigit, call, digit=digit, sent=True)

    def end_all(self, end: CallEnd, reason: str) -> None:
        """The engine is gone: every call is over."""
        for live in self.calls:
            self._end(live.call, end, reason=reason)

    # ---- what the engine tells

    def _on_incoming(self, event: IncomingCall) -> None:
        words = centre_words(event.headers)
        peer = caller(event)
        live = LiveCall(
            call=event.call,
            direction=Direction.INCOMING,
            peer=peer,
            account=event.account,
            phase=next_call_phase(CallPhase.NEW, CallStep.ARRIVE),
            started_at=self._clock.now(),
            interaction=words.interaction,
            queue=words.queue,
            waited_s=words.waited_s,
            skills=words.skills,
            outbound=words.outbound,
            at_once=words.at_once,
        )
        self._calls[event.call] = live
        self._arrived(live)
        self._tell(
            CallArrived,
            event.call,
            peer=peer,
            account=event.account,
            interaction=words.interaction,
            queue=words.queue,
            waited_s=words.waited_s,
            skills=words.skills,
            outbound=words.outbound,
        )

    def _on_progress(self, event: CallProgress) -> None:
        if event.code >= 180 and self._step(event.call, CallStep.RING):
            self._tell(CallRang, event.call, early_media=event.early_media)

    def _on_confirmed(self, event: CallConfirmed) -> None:
        if not self._step(event.call, CallStep.ANSWER):
            return
        self._change(event.call, answered_at=self._clock.now())
        self._answered(self._calls[event.call])
        self._tell(CallAnswered, event.call)

    def _on_media(self, event: CallMediaChanged) -> None:
        live = self._calls.get(event.call)
        if live is None:
            return
        self._change(
            event.call,
            codec=event.codec or live.codec,
            encrypted=event.encrypted,
            held_there=event.hold == "remote",
        )
        if event.hold == "local" and live.phase is CallPhase.TALKING:
            self._step(event.call, CallStep.HOLD)
            self._change(event.call, held_since=self._clock.now())
            self._tell(CallHeld, event.call)
        elif event.hold != "local" and live.phase is CallPhase.HELD:
            self._step(event.call, CallStep.RESUME)
            self._change(event.call, held_since=None)
            self._tell(CallResumed, event.call)

    def _on_digit(self, event: CallDigitReceived) -> None:
        if event.call in self._calls and event.digit in DIGITS:
            self._tell(CallDigit, event.call, digit=event.digit, sent=False)

    def _on_statistics(self, event: CallStatistics) -> None:
        if event.call in self._calls:
            self._change(event.call, quality=event.interval)
            self._tell(CallQualityMeasured, event.call, quality=event.interval)

    def _on_transfer(self, event: TransferProgress) -> None:
        if event.call in self._calls:
            self._tell(CallTransferProgressed, event.call, code=event.code, final=event.final)

    def _on_disconnected(self, event: CallDisconnected) -> None:
        live = self._calls.get(event.call)
        if live is not None:
            rang = live.phase is CallPhase.RINGING
            end = end_of(live.direction, event, rang=rang)
            self._end(event.call, end, code=event.code, reason=event.reason, quality=event.quality)

    def _on_command_failed(self, event: CommandFailed) -> None:
        live = self._calls.get(event.call) if event.call else None
        if live is None:
            return
        if event.command == "dial" and live.phase is CallPhase.DIALLING:
            self._end(live.call, CallEnd.FAILED, reason=f"The call could not be made: {event.reason}.")
        elif event.command == "transfer":
            self._tell(CallTransferProgressed, live.call, code=0, final=True)

    # ---- inside

    def _step(self, call: UUID, step: CallStep) -> bool:
        """Move a call along the table; False when the event came too late or twice to mean anything."""
        live = self._calls.get(call)
        if live is None or (live.phase, step) not in CALL_TABLE:
            return False
        self._change(call, phase=next_call_phase(live.phase, step))
        return True

    def _change(self, call: UUID, **changes: object) -> None:
        self._calls[call] = msgspec.structs.replace(self._calls[call], **changes)

    def _end(
        self, call: UUID, end: CallEnd, *, code: int = 0, reason: str = "", quality: Quality | None = None
    ) -> None:
        live = self._calls.pop(call)
        next_call_phase(live.phase, CallStep.END)
        self._tell(CallEnded, call, end=end, sip_code=code, reason=reason, quality=quality)

    def _tell(self, kind: type[_E], call: UUID, **fields: Any) -> None:
        self._bus.publish(kind(id=self._clock.new_id(), at=self._clock.now(), call=call, **fields))
