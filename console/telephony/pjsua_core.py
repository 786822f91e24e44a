"""What lives on the engine's thread: pjsua2's endpoint, accounts, calls and sound, and what they tell.

An object of it serves one run of the library, from `open` to `close`. pjsua2 sends an answer only after the
callback
that asked for it, so callbacks do the least, and the rest is done and told at the end of the turn.
"""

import gc
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pjsua2 as pj

from console.clock import Clock
from console.telephony.audio import AudioPort
from console.telephony.audio_keeper import AudioKeeper
from console.telephony.budget import CallBudget
from console.telephony.engine import (
    CommandFailed,
    EngineEvent,
    EngineSettings,
    EngineStarted,
    IncomingCall,
    StrangerTurnedAway,
    Transport,
    UnencryptedTurnedAway,
)
from console.telephony.message import headers_of, request_uri, user_asked_for
from console.telephony.pjsua_accounts import Accounts, DeskAccount
from console.telephony.pjsua_calls import DeskCall
from console.telephony.pjsua_desk import guarded, never_sent, words_of
from console.telephony.pjsua_setup import (
    call_defaults,
    choose_codecs,
    endpoint_config,
    keep_quiet,
    with_transport,
)
from console.telephony.pjsua_sound import Mixer

_log = logging.getLogger(__name__)
BUSY_MS = 20
IDLE_MS = 100
_NOT_ACCEPTABLE = 488
_GOODBYE_S = 1.0
_DO_NOT_LISTEN = 1  # PJSUA_DESTROY_NO_RX_MSG: do not wait for answers that we have waited for already


class _Endpoint(pj.Endpoint):  # type: ignore[misc]  # pjsua2 has no types
    """pjsua2's one endpoint; asks the core which account an INVITE goes to."""

    def __init__(self, core: "Core") -> None:
        super().__init__()
        self._core = core

    @guarded
    def onSelectAccount(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """An INVITE came in; nothing was made for it yet."""
        parameters.accountIndex = self._core.receiver_of(parameters.rdata.wholeMsg)

    @guarded
    def onTransportState(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """A connection was made or is over."""
        if parameters.state == pj.PJSIP_TP_STATE_DISCONNECTED:
            tls = parameters.tlsInfo
            self._core.connection_ended(parameters.type, 0 if tls.isEmpty() else tls.verifyStatus)

    @guarded
    def onRejectedIncomingCall(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """pjsua2 refused an INVITE by itself, before any call was made of it."""
        received = parameters.rdata
        self._core.on_refused(parameters.statusCode, received.wholeMsg, received.srcAddress)

    @guarded
    def onIpChangeProgress(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """A step of moving to new addresses is done; a listener that was started anew has no guard yet."""
        if parameters.op == pj.PJSUA_IP_CHANGE_OP_RESTART_LIS:
            self._core.accounts.guard()


class Core:
    """See the module's docstring. All of it belongs to the engine's thread."""

    def __init__(
        self,
        settings: EngineSettings,
        clock: Clock,
        keeper: AudioKeeper,
        hand_over: Callable[[list[EngineEvent]], None],
    ) -> None:
        """`hand_over` is given what happened, at the end of each turn."""
        self._settings = settings
        self._clock = clock
        self._keeper = keeper
        self._hand_over = hand_over
        self._invite = ""
        self._arrived = False
        self._told: list[EngineEvent] = []
        self._later: list[Callable[[], None]] = []
        self._budget = CallBudget()
        self._waiting: dict[UUID, Callable[[], None]] = {}
        self._calls: dict[UUID, DeskCall] = {}
        self._replaced: dict[UUID, DeskCall] = {}
        self._endpoint: Any = None
        self.accounts: Any = None  # Accounts, from open to close
        self.mixer: Any = None  # Mixer, from open to close

    # ---- life

    def open(self, audio: AudioPort | None, *, native: bool) -> None:
        """Start the library and listen. Raises pj.Error, of a port in use for instance."""
        self._endpoint = endpoint = _Endpoint(self)
        keep_quiet()
        endpoint.libCreate()
        endpoint.libInit(endpoint_config(self._settings))
        self.accounts = accounts = Accounts(self, endpoint, self._settings)
        accounts.listen(Transport.UDP, self._settings.udp_port)
        accounts.listen(Transport.TCP, self._settings.tcp_port)
        if self._settings.tls_port:
            accounts.listen(Transport.TLS, self._settings.tls_port)
        self.mixer = Mixer(endpoint, audio, native=native)
        endpoint.libStart()
        choose_codecs(endpoint, self._settings.codecs)
        accounts.welcome_strangers()

    def started(self) -> EngineStarted:
        """Where we listen."""
        port = self.accounts.port
        return EngineStarted(
            at=self.now(),
            udp_port=port(Transport.UDP),
            tcp_port=port(Transport.TCP),
            tls_port=port(Transport.TLS),
        )

    def poll(self, wait_ms: int = 0) -> bool:
        """Let pjsua2 work, after waiting for something to do; returns whether an INVITE came in."""
        self._endpoint.libHandleEvents(wait_ms or (BUSY_MS if self._calls else IDLE_MS))
        arrived, self._arrived = self._arrived, False
        self._tell()
        return arrived

    def settle(self) -> None:
        """What comes after the commands of a turn: waiting calls, what time brings, what is done with."""
        now = self.now()
        while self._waiting and self._budget.spend(now):
            key, dial = next(iter(self._waiting.items()))
            del self._waiting[key]
            self.carry_out("dial", key, dial)
        for live in tuple(self._calls.values()):
            live.tick(now)
        self._take_what_rings_alone()
        self.accounts.tick(now)
        self._keeper.want(sound=any(live.sounds for live in self._calls.values()))
        self._tell()

    def carry_out(self, command: str, call: UUID | None, action: Callable[[], None]) -> None:
        """Do what was commanded; what pjsua2 has against it is told."""
        try:
            action()
        except pj.Error as fault:
            self.emit(CommandFailed(at=self.now(), command=command, call=call, reason=words_of(fault)))

    def close(self) -> None:
        """End all calls and the library, however far it was opened."""
        try:
            if self.accounts is not None:
                self._end_calls()
        except pj.Error as fault:
            _log.warning("while stopping: %s", words_of(fault))
        self._keeper.want(sound=False)
        self._destroy()
        self._tell()

    def _end_calls(self) -> None:
        """Say goodbye to callers and registrars, and hear them say it, within reason."""
        for live in tuple(self._calls.values()):
            live.end()
        self.accounts.unregister()
        until = self.now() + _GOODBYE_S
        while self.now() < until and (self._calls or self.accounts.registered):
            self.poll(BUSY_MS)
            self.settle()

    def _destroy(self) -> None:
        """Drop every pjsua2 object before its library goes (one destroyed after it would end the program)."""
        if self.mixer is not None:
            self.mixer.close()
        self.mixer = None
        if self.accounts is not None:
            self.accounts.close()
        self.accounts = None
        self._calls.clear()
        self._replaced.clear()
        self._waiting.clear()
        endpoint, self._endpoint = self._endpoint, None
        gc.collect()
        if endpoint is not None:
            endpoint.libDestroy(_DO_NOT_LISTEN)

    # ---- commands

    def call(self, key: UUID) -> DeskCall | None:
        """A live call."""
        return self._calls.get(key)

    def dial_in_turn(self, key: UUID, account: str, uri: str, headers: dict[str, str]) -> None:
        """Dial as soon as the budget of call beginnings allows, which for a person's dialling is at once."""
        self._waiting[key] = lambda: self._dial(key, account, uri, headers)

    def _dial(self, key: UUID, account_key: str, uri: str, headers: dict[str, str]) -> None:
        account = self.accounts.get(account_key)
        if account is None:
            reason = "there is no such account on this phone any more"
            self.emit(CommandFailed(at=self.now(), command="dial", call=key, reason=reason))
            return
        parameters = call_defaults()
        parameters.opt.videoCount = 0
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            parameters.txOption.headers.append(header)
        live = DeskCall(self, account, key=key)
        self._calls[key] = live
        try:
            live.makeCall(with_transport(uri, account.settings.transport), parameters)
        except pj.Error:
            live.hushed = True
            self.forget(live)
            raise

    def use_codecs(self, codecs: tuple[str, ...]) -> None:
        """Offer these codecs from the next call on."""
        choose_codecs(self._endpoint, codecs)

    def change_network(self) -> None:
        """Our addresses changed: new transports, contacts, and re-INVITEs for live calls."""
        self._endpoint.handleIpChange(pj.IpChangeParam())
        self.accounts.renew()

    def end_call(self, key: UUID, code: int) -> None:
        """End a call in whatever phase, also one whose dialling waits."""
        live = self._calls.get(key)
        if live is not None:
            live.end(code)
        elif self._waiting.pop(key, None) is not None:
            self.emit(never_sent(self.now(), key))

    def reopen_audio(self) -> None:
        """Close and open the sound again."""
        self._keeper.reopen()
        self.mixer.reopen()

    # ---- told by pjsua2's objects, on the engine thread

    def emit(self, event: EngineEvent) -> None:
        """Have an event told at the end of this turn: waking the loop amid pjsua2's work would hold that
        up.
        """
        self._told.append(event)

    def registrar_moved(self) -> None:
        """Have the registrar let in at the end of this turn."""
        self._later.append(self.accounts.guard)

    def connection_ended(self, kind: str, doubts: int) -> None:
        """A connection is over; `doubts` are what was wrong with the other side's certificate."""
        if self.accounts is not None:
            self.accounts.connection_ended(kind, doubts)

    def media_changed(self, call: DeskCall) -> None:
        """Have a call look at its media at the end of this turn."""
        key = call.key
        self._later.append(lambda: self._look_at_media(key))

    def _look_at_media(self, key: UUID) -> None:
        live = self._calls.get(key)
        if live is not None:
            live.take_media()

    def _tell(self) -> None:
        """Hand over what was emitted, after what was left for later."""
        while self._later:
            self._later.pop(0)()
        events, self._told = self._told, []
        if events:
            self._hand_over(events)

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.monotonic()

    def forget(self, call: DeskCall) -> None:
        """The call is over: drop its object, now.

        pjsua2 gives its number to the next call, perhaps before this turn ends, and an object that is dropped
        later would end that one. So nothing else may hold on to a call: what comes later has its key.
        """
        for calls in (self._calls, self._replaced):
            if calls.get(call.key) is call:
                del calls[call.key]

    def take_over(self, old: DeskCall, new: DeskCall) -> None:
        """`new` replaces `old` under the same key (RFC 3891)."""
        self._calls[old.key] = new
        self._replaced[old.key] = old  # until pjsua2 has ended it

    def receiver_of(self, invite: str) -> int:
        """pjsua2's number of the account to take an INVITE: nobody's for strangers, and when there are too
        many.
        """
        self._invite = invite
        receiver: int = self.accounts.receiver(user_asked_for(invite))
        if receiver == self.accounts.nobody or self._budget.spend(self._clock.monotonic()):
            return receiver
        return int(self.accounts.nobody)

    def on_invite(self, account: DeskAccount, call_id: int, source: str) -> None:
        """Ring if it is for one of ours and there is room; 404 and 486 otherwise.

        pjsua2 sends the 180 when this returns, so all that can wait is left for later.
        """
        room = len(self._calls) < self._settings.max_calls
        live = DeskCall(self, account, key=self._clock.new_id(), call_id=call_id)
        self._calls[live.key] = live
        self._arrived = True
        if account.strangers or not room:
            self._turn_away(live, source)
            return
        live.ring()
        self._take_what_rings_alone()
        key, invite = live.key, self._invite
        self._later.append(lambda: self._tell_arrival(key, account, invite, source))

    def on_refused(self, code: int, invite: str, source: str) -> None:
        """Tell of a call that did not ring because its sound would not have been encrypted."""
        account = self.accounts.rung_by(user_asked_for(invite))
        if account is None or code != _NOT_ACCEPTABLE or "\na=crypto:" in invite:
            return
        if account.settings.srtp == "required":
            key = account.settings.key
            self.emit(UnencryptedTurnedAway(at=self.now(), account=key, source=source))

    def _take_what_rings_alone(self) -> None:
        """Answer for an account that answers by itself, at the latest when the call before is over: a centre
        that died in a call and is back may ring with the next one before that call is hung up.
        """
        up = [live for live in self._calls.values() if not live.over]
        if len(up) == 1 and up[0].takes_itself:
            self.carry_out("answer", up[0].key, up[0].take)

    def _turn_away(self, live: DeskCall, source: str) -> None:
        known = self.accounts.knows(user_asked_for(self._invite))
        live.refuse(486 if known else 404)
        if not known:
            self.emit(StrangerTurnedAway(at=self.now(), source=source, uri=request_uri(self._invite)))

    def _tell_arrival(self, key: UUID, account: DeskAccount, whole: str, source: str) -> None:
        headers = headers_of(whole)
        self._told.insert(
            0,
            IncomingCall(
                at=self.now(),
                call=key,
                account=account.settings.key,
                from_header=headers.get("from", ""),
                to_header=headers.get("to", ""),
                source=source,
                headers=headers,
            ),
        )
