"""The SIP engine on pjsua2: one thread on which every pjsua2 object is born, used and ended.

The thread sleeps in pjsua2's own poll. A command from another thread is queued and a keep-alive datagram
(CRLF, which
SIP ignores: RFC 5626 4.4.1) sent to our own SIP port, so the poll returns within a tenth of a millisecond
and idling
costs nothing. pjsua2 has one endpoint a process: a second engine in it waits for nothing and fails with
words.
"""

import asyncio
import gc
import logging
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pjsua2 as pj

from console.clock import Clock, SystemClock
from console.domain.errors import AudioError
from console.telephony.audio import AudioPort
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
from console.telephony.message import headers_of, request_uri, user_of
from console.telephony.pjsua_accounts import Accounts, DeskAccount
from console.telephony.pjsua_calls import DeskCall, words_of
from console.telephony.pjsua_setup import (
    call_defaults,
    choose_codecs,
    endpoint_config,
    keep_quiet,
    with_transport,
)
from console.telephony.pjsua_sound import Mixer

_log = logging.getLogger(__name__)
_IDLE_MS = 100
_BUSY_MS = 20
_STOP_S = 8.0
_GOODBYE_S = 1.0
_DO_NOT_LISTEN = 1  # PJSUA_DESTROY_NO_RX_MSG: do not wait for answers that we have waited for already
_only_one = threading.Lock()


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
        self._wake_socket: socket.socket | None = None
        self._calls: dict[UUID, DeskCall] = {}
        self._dead: list[Any] = []
        self._sounding = False
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
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sip-engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End all calls, unregister, end the thread; idempotent. Takes up to some seconds if a registrar is
        silent.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
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
        self._post("dial", call, lambda: self._dial(call, account, uri, headers))

    def answer(self, call: UUID) -> None:
        """Answer with 200."""
        self._on_call("answer", call, DeskCall.take)

    def hang_up(self, call: UUID, code: int = 0) -> None:
        """End it in whatever phase."""
        self._on_call("hang_up", call, lambda live: live.end(code))

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
        def carry_out() -> None:
            try:
                action()
            except pj.Error as fault:
                self.emit(CommandFailed(at=self.now(), command=command, call=call, reason=words_of(fault)))

        self._commands.put(carry_out)
        self._wake()

    def _on_call(self, command: str, call: UUID, action: Callable[[DeskCall], None]) -> None:
        def find_and_act() -> None:
            live = self._calls.get(call)
            if live is not None:  # else it ended meanwhile, which its event has told
                action(live)

        self._post(command, call, find_and_act)

    def _wake(self) -> None:
        waker = self._wake_socket
        if waker is None:
            return
        try:
            waker.send(b"\r\n")
        except OSError as fault:
            _log.debug("cannot wake the engine (%s); its own pace has to do", fault)

    # ---- the engine thread

    def _run(self) -> None:
        if not _only_one.acquire(timeout=_STOP_S):
            self.emit(EngineFailed(at=self.now(), reason="another SIP engine runs in this program already"))
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
            _only_one.release()

    def _open(self) -> None:
        self._calls.clear()
        self._endpoint = endpoint = pj.Endpoint()
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
        self._wake_socket = _waker(self._settings.bind, accounts.port(Transport.UDP))
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
        while not self._stopping:
            self._turn(_BUSY_MS if self._calls else _IDLE_MS)

    def _turn(self, wait_ms: int) -> None:
        self._endpoint.libHandleEvents(wait_ms)
        self._obey()
        now = self.now()
        for live in tuple(self._calls.values()):
            live.tick(now)
        if self._accounts is not None:
            self._accounts.tick(now)
        self._open_audio(wanted=any(live.sounds for live in self._calls.values()))
        self._dead.clear()  # here, outside their own callbacks

    def _obey(self) -> None:
        while not self._commands.empty():
            self._commands.get()()

    def _close(self) -> None:
        try:
            self._end_calls()
        except pj.Error as fault:
            _log.warning("while stopping: %s", words_of(fault))
        self._open_audio(wanted=False)
        waker, self._wake_socket = self._wake_socket, None
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
        endpoint, self._endpoint = self._endpoint, None
        gc.collect()
        if endpoint is not None:
            endpoint.libDestroy(_DO_NOT_LISTEN)

    # ---- commands, carried out

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
        live = DeskCall(self, account, key)
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

    # ---- told by pjsua2's objects, on the engine thread

    def emit(self, event: EngineEvent) -> None:
        """Hand an event over to the loop's thread: the one hop."""
        try:
            self._loop.call_soon_threadsafe(self._sink, event)
        except RuntimeError:  # the loop is closed: nobody is left to tell
            _log.debug("nobody heard %s", type(event).__name__)

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

    def on_invite(self, account: DeskAccount, call_id: int, rdata: Any) -> None:
        """Ring if it is for one of ours and there is room; 404 and 486 otherwise. 180 goes out before all
        else.
        """
        whole = rdata.wholeMsg
        uri = request_uri(whole)
        mine = self._accounts.rung_as(user_of(uri))
        live = DeskCall(self, account, self._clock.new_id(), call_id)
        room = len(self._calls) < self._settings.max_calls
        self._calls[live.key] = live
        if mine is None or not room:
            live.refuse(404 if mine is None else 486)
            if mine is None:
                self.emit(StrangerTurnedAway(at=self.now(), source=rdata.srcAddress, uri=uri))
            return
        live.ring()
        headers = headers_of(whole)
        self.emit(
            IncomingCall(
                at=self.now(),
                call=live.key,
                account=mine.settings.key,
                from_header=headers.get("from", ""),
                to_header=headers.get("to", ""),
                source=rdata.srcAddress,
                headers=headers,
            )
        )

    # ---- sound

    def _open_audio(self, *, wanted: bool) -> None:
        if self._audio is None or wanted == self._sounding:
            return
        self._sounding = wanted
        self._on_loop(self._start_audio if wanted else self._audio.stop)

    def _start_audio(self) -> None:
        try:
            if self._audio is not None:
                self._audio.start()
        except AudioError as fault:
            self._sink(CommandFailed(at=self.now(), command="audio", call=None, reason=str(fault)))

    def _reopen_audio(self) -> None:
        if self._sounding:
            self._open_audio(wanted=False)
            self._open_audio(wanted=True)
        self.mixer.reopen()

    def _on_loop(self, action: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(action)
        except RuntimeError:
            _log.debug("the loop is gone; its sound is too")


def _waker(bind: str, port: int) -> socket.socket:
    host = bind if bind not in {"", "0.0.0.0"} else "127.0.0.1"
    waker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    waker.connect((host, port))
    waker.settimeout(0)
    return waker
