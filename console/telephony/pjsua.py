"""The SIP engine on pjsua2: one thread on which every pjsua2 object is born, used and ended.

The thread sleeps in pjsua2's own poll; a command from another thread is queued and wakes it, so idling
costs nothing
and a command is carried out at once. pjsua2 has one endpoint a process: a second engine in it fails with
words.
"""

import asyncio
import atexit
import contextlib
import gc
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pjsua2 as pj

from console.clock import Clock, SystemClock
from console.telephony.audio import AudioPort
from console.telephony.audio_keeper import AudioKeeper
from console.telephony.budget import CallBudget
from console.telephony.engine import (
    Account,
    CommandFailed,
    EngineEvent,
    EngineFailed,
    EngineSettings,
    EngineStarted,
    IncomingCall,
    StrangerTurnedAway,
    Transport,
)
from console.telephony.message import headers_of, request_uri, user_asked_for
from console.telephony.pjsua_accounts import Accounts, DeskAccount
from console.telephony.pjsua_calls import DeskCall, guarded, never_sent, words_of
from console.telephony.pjsua_setup import (
    call_defaults,
    choose_codecs,
    endpoint_config,
    keep_quiet,
    with_transport,
)
from console.telephony.pjsua_sound import Mixer
from console.telephony.wake import Waker

_log = logging.getLogger(__name__)
_IDLE_MS = 100
_BUSY_MS = 20
_STOP_S = 8.0
_GOODBYE_S = 1.0
_ANSWER_S = 0.002  # how long an automatic answer may take to come back
_DO_NOT_LISTEN = 1  # PJSUA_DESTROY_NO_RX_MSG: do not wait for answers that we have waited for already
_only_one = threading.Lock()


class _Endpoint(pj.Endpoint):  # type: ignore[misc]  # pjsua2 has no types
    """pjsua2's one endpoint; asks the engine which account an INVITE goes to."""

    def __init__(self, engine: "PjsuaEngine") -> None:
        super().__init__()
        self._engine = engine

    @guarded
    def onSelectAccount(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """An INVITE came in; nothing was made for it yet."""
        parameters.accountIndex = self._engine.receiver_of(parameters.rdata.wholeMsg)


class PjsuaEngine:
    """The port `Engine` on pjsua2. May be started again after a stop."""

    def __init__(
        self,
        settings: EngineSettings,
        audio: AudioPort | None = None,
        *,
        clock: Clock | None = None,
        use_native_device: bool = False,
    ) -> None:
        """`audio` is started and stopped on the loop's thread, with the first and after the last call that
        sounds.

        `use_native_device`: with no `audio`, use the sound device of this build of pjsua2, if it has one.
        """
        self._settings = settings
        self._audio = audio
        self._clock = clock or SystemClock()
        self._native = use_native_device
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._waker: Waker | None = None
        self._invite = ""
        self._arriving: list[DeskCall] = []
        self._told: list[EngineEvent] = []
        self._later: list[Callable[[], None]] = []
        self._budget = CallBudget()
        self._waiting: dict[UUID, Callable[[], None]] = {}
        self._calls: dict[UUID, DeskCall] = {}
        self._dead: list[Any] = []
        self._keeper = AudioKeeper(audio, self._audio_failed)
        self._endpoint: Any = None
        self._accounts: Any = None  # Accounts, while the thread runs
        self.mixer: Any = None  # Mixer, while the thread runs

    # ---- the port: any thread

    def start(self, sink: Callable[[EngineEvent], None]) -> None:
        """Begin; EngineStarted or EngineFailed follows on the calling loop's thread."""
        if self._thread is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._sink = sink
        self._keeper.loop = self._loop
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sip-engine", daemon=True)
        atexit.register(self.stop)  # pjsua2's objects must not outlive its library at the program's end
        self._thread.start()

    def stop(self) -> None:
        """End all calls, unregister, end the thread; idempotent. Takes up to some seconds if a registrar is
        silent.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        atexit.unregister(self.stop)
        self._stopping = True
        self._wake()
        thread.join(_STOP_S)
        if thread.is_alive():
            _log.error("the SIP engine did not stop in %s s", _STOP_S)

    def add_account(self, account: Account) -> None:
        """Add or replace an account by its key."""
        self._post("account", None, lambda: self._accounts.add(account))

    def remove_account(self, key: str) -> None:
        """Unregister and forget an account."""
        self._post("account", None, lambda: self._accounts.remove(key))

    def dial(self, call: UUID, account: str, uri: str, headers: dict[str, str]) -> None:
        """Call a SIP URI."""
        self._post("dial", call, lambda: self._dial_in_turn(call, account, uri, headers))

    def answer(self, call: UUID) -> None:
        """Answer with 200."""
        self._on_call("answer", call, DeskCall.take)

    def hang_up(self, call: UUID, code: int = 0) -> None:
        """End it in whatever phase."""
        self._post("hang_up", call, lambda: self._end_call(call, code))

    def hold(self, call: UUID) -> None:
        """Hold."""
        self._on_call("hold", call, lambda live: live.want_held(held=True))

    def resume(self, call: UUID) -> None:
        """Take back."""
        self._on_call("resume", call, lambda live: live.want_held(held=False))

    def mute(self, call: UUID, *, muted: bool) -> None:
        """Cut our sound off, or join it again."""
        self._on_call("mute", call, lambda live: live.set_muted(muted=muted))

    def send_digits(self, call: UUID, digits: str) -> None:
        """Send DTMF."""
        self._on_call("send_digits", call, lambda live: live.digits(digits))

    def transfer(self, call: UUID, uri: str) -> None:
        """Blind transfer."""
        self._on_call("transfer", call, lambda live: live.refer(uri))

    def transfer_attended(self, call: UUID, consult: UUID) -> None:
        """Attended transfer: the other side of `call` takes our place in `consult`."""

        def refer(live: DeskCall) -> None:
            other = self._calls.get(consult)
            if other is not None:
                live.refer_replacing(other)

        self._on_call("transfer", call, refer)

    def network_changed(self) -> None:
        """Restart transports, re-register, re-INVITE."""
        self._post("network", None, self._change_network)

    def reopen_audio(self) -> None:
        """Close and open the sound again."""
        self._post("audio", None, self._reopen_audio)

    # ---- commands' way to the engine thread

    def _post(self, command: str, call: UUID | None, action: Callable[[], None]) -> None:
        self._commands.put(self._careful(command, call, action))
        self._wake()

    def _careful(self, command: str, call: UUID | None, action: Callable[[], None]) -> Callable[[], None]:
        def carry_out() -> None:
            try:
                action()
            except pj.Error as fault:
                self.emit(CommandFailed(at=self.now(), command=command, call=call, reason=words_of(fault)))

        return carry_out

    def _on_call(self, command: str, call: UUID, action: Callable[[DeskCall], None]) -> None:
        def find_and_act() -> None:
            live = self._calls.get(call)
            if live is not None:  # else it ended meanwhile, which its event has told
                action(live)

        self._post(command, call, find_and_act)

    def _wake(self) -> None:
        waker = self._waker
        if waker is not None:
            waker.wake()

    # ---- the engine thread

    def _run(self) -> None:
        if not _only_one.acquire(timeout=_STOP_S):
            self.emit(EngineFailed(at=self.now(), reason="another SIP engine runs in this program already"))
            self._tell()
            return
        try:
            self._open()
            self._serve()
        except pj.Error as fault:
            self.emit(EngineFailed(at=self.now(), reason=words_of(fault)))
        except Exception as fault:  # noqa: BLE001  # told and logged; the thread ends in order
            _log.exception("the SIP engine died")
            self.emit(EngineFailed(at=self.now(), reason=f"{type(fault).__name__}: {fault}"))
        finally:
            self._close()
            self._tell()
            _only_one.release()

    def _open(self) -> None:
        self._calls.clear()
        self._endpoint = endpoint = _Endpoint(self)
        keep_quiet()
        endpoint.libCreate()
        endpoint.libInit(endpoint_config(self._settings))
        self._accounts = accounts = Accounts(self, endpoint, self._settings)
        accounts.listen(Transport.UDP, self._settings.udp_port)
        accounts.listen(Transport.TCP, self._settings.tcp_port)
        if self._settings.tls_port:
            accounts.listen(Transport.TLS, self._settings.tls_port)
        self.mixer = Mixer(endpoint, self._audio, native=self._native)
        endpoint.libStart()
        choose_codecs(endpoint, self._settings.codecs)
        accounts.welcome_strangers()
        self._waker = Waker(self._settings.bind, accounts.port(Transport.UDP))
        self._obey()  # accounts given before the start are there when the start is told
        self.emit(
            EngineStarted(
                at=self.now(),
                udp_port=accounts.port(Transport.UDP),
                tcp_port=accounts.port(Transport.TCP),
                tls_port=accounts.port(Transport.TLS),
            )
        )

    def _serve(self) -> None:
        self._tell()
        while not self._stopping:
            self._turn(_BUSY_MS if self._calls else _IDLE_MS)

    def _turn(self, wait_ms: int) -> None:
        self._endpoint.libHandleEvents(wait_ms)
        arrived = bool(self._arriving)
        self._tell()
        self._obey(_ANSWER_S if arrived else 0.0)
        now = self.now()
        for live in tuple(self._calls.values()):
            live.tick(now)
        if self._accounts is not None:
            self._accounts.tick(now)
        self._keeper.want(sound=any(live.sounds for live in self._calls.values()))
        self._dead.clear()  # here, outside their own callbacks
        self._tell()

    def _obey(self, patience_s: float = 0.0) -> None:
        """Carry out what was commanded; `patience_s`: wait so long for a first command, as waking a poll
        costs more.
        """
        with contextlib.suppress(queue.Empty):
            self._commands.get(timeout=patience_s)() if patience_s else self._commands.get_nowait()()
            while True:
                self._commands.get_nowait()()
        while self._waiting and self._budget.spend(self.now()):
            self._waiting.pop(next(iter(self._waiting)))()

    def _close(self) -> None:
        try:
            self._end_calls()
        except pj.Error as fault:
            _log.warning("while stopping: %s", words_of(fault))
        self._keeper.want(sound=False)
        waker, self._waker = self._waker, None
        if waker is not None:
            waker.close()
        self._destroy()

    def _end_calls(self) -> None:
        """Say goodbye to callers and registrars, and hear them say it, within reason."""
        for live in tuple(self._calls.values()):
            live.end()
        if self._accounts is not None:
            self._accounts.unregister()
        until = self.now() + _GOODBYE_S
        while self.now() < until and (self._calls or (self._accounts and self._accounts.registered)):
            self._turn(_BUSY_MS)

    def _destroy(self) -> None:
        """Drop every pjsua2 object before its library goes (one destroyed after it would end the program)."""
        if self.mixer is not None:
            self.mixer.close()
        self.mixer = None
        if self._accounts is not None:
            self._accounts.close(self._dead.append)
        self._accounts = None
        self._calls.clear()
        self._dead.clear()
        while not self._commands.empty():
            self._commands.get()
        self._waiting.clear()
        endpoint, self._endpoint = self._endpoint, None
        gc.collect()
        if endpoint is not None:
            endpoint.libDestroy(_DO_NOT_LISTEN)

    # ---- commands, carried out

    def _dial_in_turn(self, key: UUID, account: str, uri: str, headers: dict[str, str]) -> None:
        """Dial as soon as the budget of call beginnings allows, which for a person's dialling is at once."""
        self._waiting[key] = self._careful("dial", key, lambda: self._dial(key, account, uri, headers))

    def _dial(self, key: UUID, account_key: str, uri: str, headers: dict[str, str]) -> None:
        account = self._accounts.get(account_key)
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

    def _change_network(self) -> None:
        self._endpoint.handleIpChange(pj.IpChangeParam())
        self._accounts.renew()

    def _end_call(self, key: UUID, code: int) -> None:
        live = self._calls.get(key)
        if live is not None:
            live.end(code)
        elif self._waiting.pop(key, None) is not None:
            self.emit(never_sent(self.now(), key))

    def _reopen_audio(self) -> None:
        self._keeper.reopen()
        self.mixer.reopen()

    def _audio_failed(self, reason: str) -> None:
        self._sink(CommandFailed(at=self.now(), command="audio", call=None, reason=reason))

    # ---- told by pjsua2's objects, on the engine thread

    def emit(self, event: EngineEvent) -> None:
        """Have an event told at the end of this turn: waking the loop amid pjsua2's work would hold that
        up.
        """
        self._told.append(event)

    def later(self, action: Callable[[], None]) -> None:
        """Have something done at the end of this turn."""
        self._later.append(action)

    def _tell(self) -> None:
        """Hand the events over to the loop's thread: the one hop."""
        for live in self._arriving:
            if not live.over:
                self._calls[live.key] = live
        self._arriving.clear()
        while self._later:
            self._later.pop(0)()
        events, self._told = self._told, []
        if not events:
            return
        try:
            self._loop.call_soon_threadsafe(self._hear, events)
        except RuntimeError:  # the loop is closed: nobody is left to tell
            _log.debug("nobody heard %s", events)

    def _hear(self, events: list[EngineEvent]) -> None:
        for event in events:
            self._sink(event)

    def new_id(self) -> UUID:
        """A fresh id for a call that came in."""
        return self._clock.new_id()

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.monotonic()

    def forget(self, call: DeskCall) -> None:
        """The call is over: drop its object at the end of this turn."""
        self._calls.pop(call.key, None)
        self._dead.append(call)

    def take_over(self, old: DeskCall, new: DeskCall) -> None:
        """`new` replaces `old` under the same key (RFC 3891)."""
        self._calls[old.key] = new

    def receiver_of(self, invite: str) -> int:
        """pjsua2's number of the account to take an INVITE: nobody's for strangers, and when there are too
        many.
        """
        self._invite = invite
        receiver: int = self._accounts.receiver(user_asked_for(invite))
        if receiver == self._accounts.nobody or self._budget.spend(self._clock.monotonic()):
            return receiver
        return int(self._accounts.nobody)

    def on_invite(self, account: DeskAccount, call_id: int, source: str) -> None:
        """Ring if it is for one of ours and there is room; 404 and 486 otherwise.

        pjsua2 sends the 180 when this returns, so all that can wait is left for later.
        """
        live = DeskCall(self, account, call_id=call_id)
        room = len(self._calls) < self._settings.max_calls
        self._arriving.append(live)
        if account.strangers or not room:
            self._turn_away(live, source)
            return
        live.ring()
        if account.settings.auto_answer and not self._calls:
            live.take()
        invite = self._invite
        self._later.append(lambda: self._tell_arrival(live, account, invite, source))

    def _turn_away(self, live: DeskCall, source: str) -> None:
        known = self._accounts.knows(user_asked_for(self._invite))
        live.refuse(486 if known else 404)
        if not known:
            self.emit(StrangerTurnedAway(at=self.now(), source=source, uri=request_uri(self._invite)))

    def _tell_arrival(self, live: DeskCall, account: DeskAccount, whole: str, source: str) -> None:
        headers = headers_of(whole)
        self._told.insert(
            0,
            IncomingCall(
                at=self.now(),
                call=live.key,
                account=account.settings.key,
                from_header=headers.get("from", ""),
                to_header=headers.get("to", ""),
                source=source,
                headers=headers,
            ),
        )
