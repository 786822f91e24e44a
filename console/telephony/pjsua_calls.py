"""One live call in pjsua2: its callbacks turned into events, commands on it, sound as its hold and mute ask
for.

Everything here runs on the engine thread. A callback must never raise (an exception would cross C code and
end the
program), so each is guarded.
"""

import logging
import random
from typing import Any
from uuid import UUID

import pjsua2 as pj

from console.domain.call import Quality
from console.telephony.engine import (
    CallConfirmed,
    CallDigitReceived,
    CallDisconnected,
    CallMediaChanged,
    CallProgress,
    CallStatistics,
    CommandFailed,
    EngineEvent,
    TransferProgress,
)
from console.telephony.message import completed_elsewhere
from console.telephony.pjsua_desk import Desk, guarded, words_of
from console.telephony.pjsua_setup import call_defaults
from console.telephony.quality import Meter, Reading

_log = logging.getLogger(__name__)
STATISTICS_S = 1.0
GOODBYE_S = 1.5  # how long the other side may take to agree that it is over
RETRY_S = 0.05
GIVE_UP_S = 4.0
_ACTIVE = (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD)
_HOLD = {pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: "local", pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: "remote"}


class DeskCall(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    """A call of ours; kept by the engine until pjsua2 says DISCONNECTED.

    `hushed`: nothing is told about it (a stranger's call being refused, one whose end was told already).
    """

    hushed = False
    _media: Any = None
    _index = -1
    _meter: Meter | None = None
    _measured_at = _retry_at = _give_up_at = _over_at = 0.0
    _by_us = _taken = _answered = _elsewhere = False
    _muted = _held = _wants_held = _changing = _updating = False

    def __init__(self, desk: Desk, account: Any, *, key: UUID, call_id: int = -1) -> None:
        """A new outgoing call, or pjsua2's `call_id` that came in."""
        super().__init__(account, call_id)
        self.key = key
        self.outgoing = call_id < 0
        self._account = account
        self._desk = desk

    @property
    def sounds(self) -> bool:
        """Whether sound flows, or could."""
        return self._media is not None

    @property
    def over(self) -> bool:
        """Whether it is over for us; the other side may still have to agree."""
        return self.hushed or self._by_us

    @property
    def takes_itself(self) -> bool:
        """Whether it rings here for an account that answers by itself."""
        rings = not (self.outgoing or self._taken or self._answered)
        return rings and bool(self._account.settings.auto_answer)

    # ---- commands

    def ring(self) -> None:
        """Send 180."""
        self._reply(180)

    def take(self) -> None:
        """Send 200."""
        self._taken = True
        self._reply(200)

    def refuse(self, code: int) -> None:
        """Send a final refusal and tell nobody."""
        self.hushed = True
        self._by_us = True
        self._reply(code)

    def end(self, code: int = 0) -> None:
        """CANCEL, refusal with `code`, or BYE. If the other side does not agree in time it is over all the
        same.
        """
        if self._by_us:
            return
        self._by_us = True
        self._over_at = self._desk.now() + GOODBYE_S
        self._silence()
        parameters = pj.CallOpParam()
        if not self.outgoing and not self._answered:
            parameters.statusCode = code or pj.PJSIP_SC_DECLINE
        try:
            self.hangup(parameters)
        except pj.Error as fault:
            _log.debug("hang-up: %s", words_of(fault))
            self._tell_end(0, words_of(fault))

    def want_held(self, *, held: bool) -> None:
        """Hold or take back; our sound is cut off at once, the signalling follows as soon as it may."""
        self._wants_held = held
        self._give_up_at = self._desk.now() + GIVE_UP_S
        self._apply_sound()
        self._signal_hold()

    def set_muted(self, *, muted: bool) -> None:
        """Cut our sound off, or join it again."""
        self._muted = muted
        self._apply_sound()

    def digits(self, digits: str) -> None:
        """Send DTMF as RTP events."""
        self.dialDtmf(digits)

    def refer(self, uri: str) -> None:
        """Ask the other side to call `uri`."""
        self.xfer(uri, call_defaults())

    def refer_replacing(self, consult: "DeskCall") -> None:
        """Ask the other side to take the place of ours in `consult`."""
        self.xferReplaces(consult, call_defaults())

    def inherit(self, *, muted: bool, meter: Meter | None) -> None:
        """Go on where a call stood whose dialog this one replaces."""
        self._answered = True
        self._muted = muted
        self._meter = meter
        self._measured_at = self._desk.now()

    def tick(self, now: float) -> None:
        """What time brings: statistics, a hold tried again, an end that was not agreed to."""
        if self._over_at and now >= self._over_at:
            self._tell_end(*self._outcome(0, "the other side did not answer our hanging up"))
        if self._retry_at and now >= self._retry_at:
            self._signal_hold()
        if self._answered and now - self._measured_at >= STATISTICS_S:
            self._measure(now)

    # ---- pjsua2's callbacks

    @guarded
    def onCallState(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """The dialog moved. On the way to our own 180 nothing is done: it goes out after this."""
        event = parameters.e
        if (
            self.outgoing
            or event.type != pj.PJSIP_EVENT_TSX_STATE
            or event.body.tsxState.tsx.statusCode >= 200
        ):
            self._follow(event)

    def _follow(self, event: Any) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._note_reason(event)
            self._tell_end(*self._outcome(info.lastStatusCode, info.lastReason))
            self._media = None
            self._desk.forget(self)
        elif self._by_us or self.hushed:
            return
        elif info.state == pj.PJSIP_INV_STATE_EARLY and self.outgoing:
            early = self._media is not None
            self._emit(CallProgress(at=self._now, call=self.key, code=info.lastStatusCode, early_media=early))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._answered = True
            self._measured_at = self._now
            self._emit(CallConfirmed(at=self._now, call=self.key, remote=info.remoteUri))
            self._signal_hold()

    @guarded
    def onCallMediaState(self, _parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """Media was negotiated, anew perhaps. The answer that says so goes out after this, so it is looked
        at later.
        """
        self._desk.media_changed(self)

    def take_media(self) -> None:
        """Look at the media that was negotiated: sound, hold, codec."""
        if self.hushed:
            return
        info = self.getInfo()  # must outlive what is looked at in it
        found = [media for media in info.media if media.type == pj.PJMEDIA_TYPE_AUDIO]
        status = found[0].status if found else pj.PJSUA_CALL_MEDIA_NONE
        self._index = found[0].index if found else -1
        sounding = status in _ACTIVE or status == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD
        self._media = self.getAudioMedia(self._index) if sounding else None
        self._held = status == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD
        self._changing = False
        self._apply_sound()
        codec, encrypted = self._stream()
        self._emit(
            CallMediaChanged(
                at=self._now,
                call=self.key,
                active=status in _ACTIVE,
                hold=_HOLD.get(status, ""),
                codec=codec,
                encrypted=encrypted,
            )
        )
        self._signal_hold()

    @guarded
    def onCallTsxState(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """A transaction moved: look for a refused re-INVITE of ours, and for why a caller cancels."""
        event = parameters.e
        self._note_reason(event)
        if not self._answered or event.type != pj.PJSIP_EVENT_TSX_STATE:
            return
        transaction = event.body.tsxState.tsx
        if transaction.method == "UPDATE" and transaction.role == pj.PJSIP_ROLE_UAC:
            self._updating = transaction.statusCode < 200
            self._retry_at = 0.0 if self._updating else self._now
        if not self._changing:
            return
        refused = transaction.statusCode >= 300 and transaction.method == "INVITE"
        if refused and transaction.role == pj.PJSIP_ROLE_UAC and transaction.statusCode not in (401, 407):
            self._changing = False
            if transaction.statusCode == 491:  # both sides at once: RFC 3261 14.1
                self._retry_at = self._now + random.uniform(0.1, 2.0)
            else:
                self._hold_failed(f"the other side refused it ({transaction.statusCode})")

    @guarded
    def onDtmfDigit(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """A key was pressed at the other side."""
        self._emit(CallDigitReceived(at=self._now, call=self.key, digit=parameters.digit))

    @guarded
    def onCallTransferRequest(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """The other side wants us to call somebody: a desk does not let itself be sent."""
        parameters.statusCode = pj.PJSIP_SC_DECLINE

    @guarded
    def onCallReplaced(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """Another dialog took this one's place (RFC 3891): the call goes on in it, under the same key."""
        heir = DeskCall(self._desk, self._account, key=self.key, call_id=parameters.newCallId)
        heir.inherit(muted=self._muted, meter=self._meter)
        parameters.newCall = heir
        self.hushed = True
        self._desk.take_over(self, heir)

    @guarded
    def onCallTransferStatus(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """The other side tells how our transfer goes; at its good end our own leg is done with."""
        final = bool(parameters.finalNotify)
        self._emit(TransferProgress(at=self._now, call=self.key, code=parameters.statusCode, final=final))
        if final and 200 <= parameters.statusCode < 300:
            self.end()

    # ---- inside

    @property
    def _now(self) -> float:
        return self._desk.now()

    def _emit(self, event: EngineEvent) -> None:
        if not self.hushed:
            self._desk.emit(event)

    def _reply(self, code: int) -> None:
        parameters = pj.CallOpParam()
        parameters.statusCode = code
        self.answer(parameters)

    def _apply_sound(self) -> None:
        if self._media is None:
            return
        if self._held or self._wants_held or self._by_us:
            self._desk.mixer.part(self._media)
        else:
            self._desk.mixer.join(self._media, heard=not self._muted)

    def _silence(self) -> None:
        if self._media is not None:
            self._desk.mixer.part(self._media)

    def _signal_hold(self) -> None:
        self._retry_at = 0.0
        if self._updating:  # pjsua2 settles on one codec: an offer amid that would have the old direction
            return
        if self._held == self._wants_held or self._changing or not self._answered or self._by_us:
            return
        parameters = call_defaults()
        try:
            if self._wants_held:
                self.setHold(parameters)
            else:
                parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
                self.reinvite(parameters)
            self._changing = True
        except pj.Error as fault:  # another re-INVITE is under way
            if self._now > self._give_up_at:
                self._hold_failed(words_of(fault))
            else:
                self._retry_at = self._now + RETRY_S

    def _hold_failed(self, reason: str) -> None:
        command = "hold" if self._wants_held else "resume"
        self._wants_held = self._held
        self._apply_sound()
        self._emit(CommandFailed(at=self._now, command=command, call=self.key, reason=reason))

    def _note_reason(self, event: Any) -> None:
        if event.type != pj.PJSIP_EVENT_TSX_STATE:
            return
        state = event.body.tsxState
        if state.type == pj.PJSIP_EVENT_RX_MSG and state.src.rdata.wholeMsg[:7] in {"CANCEL ", "BYE sip"}:
            self._elsewhere = self._elsewhere or completed_elsewhere(state.src.rdata.wholeMsg)

    def _tell_end(self, code: int, reason: str) -> None:
        self._over_at = 0.0
        self._measure(self._now, told=False)
        self._emit(
            CallDisconnected(
                at=self._now,
                call=self.key,
                code=code,
                reason=reason,
                by_us=self._by_us,
                answered=self._answered,
                elsewhere=self._elsewhere,
                quality=self._meter.total if self._meter is not None else None,
            )
        )
        self.hushed = True

    def _outcome(self, code: int, reason: str) -> tuple[int, str]:
        """The code that ended the call as SIP has it, where pjsua2 gives that of our own asking."""
        if self._by_us and self._answered:
            return 200, "Normal call clearing"
        if self._by_us and self.outgoing:
            return 487, "Request Terminated"
        return code, reason

    def _stream(self) -> tuple[str, bool]:
        try:
            stream = self.getStreamInfo(self._index)
        except pj.Error:
            return "", False
        codec = f"{stream.codecName}/{stream.codecClockRate}" if stream.codecName else ""
        return codec, bool(stream.proto & pj.PJMEDIA_TP_PROFILE_SRTP)

    def _measure(self, now: float, *, told: bool = True) -> None:
        self._measured_at = now
        if self._media is None or self.hushed:
            return
        try:
            statistics = self.getStreamStat(self._index)
        except pj.Error:
            return  # between two streams
        rtcp = statistics.rtcp
        if self._meter is None:
            self._meter = Meter()
        interval = self._meter.add(
            Reading(
                codec=self._stream()[0],
                sent=rtcp.txStat.pkt,
                received=rtcp.rxStat.pkt,
                lost=rtcp.rxStat.loss,
                jitter_ms=rtcp.rxStat.jitterUsec.last / 1000,
                rtt_ms=rtcp.rttUsec.last / 1000,
                buffer_ms=statistics.jbuf.avgDelayMsec,
            )
        )
        if told:
            total = self._meter.total or Quality(codec=interval.codec)
            self._emit(CallStatistics(at=now, call=self.key, interval=interval, total=total))
