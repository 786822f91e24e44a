"""The SIP engine on pjsua2: one thread on which every pjsua2 object is born, used and ended.

The thread sleeps in pjsua2's own poll; a command from another thread is queued and wakes it, so idling
costs nothing
and a command is carried out at once. pjsua2 has one endpoint a process: a second engine in it fails with
words.
"""

import asyncio
import atexit
import logging
import queue
import threading
from collections.abc import Callable
from uuid import UUID

import pjsua2 as pj

from console.clock import Clock, SystemClock
from console.telephony.audio import AudioPort
from console.telephony.audio_keeper import AudioKeeper
from console.telephony.engine import (
    Account,
    CommandFailed,
    EngineEvent,
    EngineFailed,
    EngineSettings,
    Transport,
)
from console.telephony.pjsua_calls import DeskCall
from console.telephony.pjsua_core import Core
from console.telephony.pjsua_desk import words_of
from console.telephony.wake import Waker

_log = logging.getLogger(__name__)
_STOP_S = 8.0
_ANSWER_S = 0.002  # how long an automatic answer may take to come back
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
        self._commands: queue.SimpleQueue[Callable[[Core], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._waker: Waker | None = None
        self._keeper = AudioKeeper(audio, self._audio_failed)

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
        waker = self._waker
        if waker is not None:
            waker.wake()
        thread.join(_STOP_S)
        if thread.is_alive():
            _log.error("the SIP engine did not stop in %s s", _STOP_S)

    def add_account(self, account: Account) -> None:
        """Add or replace an account by its key."""
        self._post("account", None, lambda core: core.accounts.add(account))

    def remove_account(self, key: str) -> None:
        """Unregister and forget an account."""
        self._post("account", None, lambda core: core.accounts.remove(key))

    def dial(self, call: UUID, account: str, uri: str, headers: dict[str, str]) -> None:
        """Call a SIP URI."""
        self._post("dial", call, lambda core: core.dial_in_turn(call, account, uri, headers))

    def answer(self, call: UUID) -> None:
        """Answer with 200."""
        self._on_call("answer", call, DeskCall.take)

    def hang_up(self, call: UUID, code: int = 0) -> None:
        """End it in whatever phase."""
        self._post("hang_up", call, lambda core: core.end_call(call, code))

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

        def refer(core: Core) -> None:
            live, other = core.call(call), core.call(consult)
            if live is not None and other is not None:
                live.refer_replacing(other)

        self._post("transfer", call, refer)

    def use_codecs(self, codecs: tuple[str, ...]) -> None:
        """Offer these codecs, in this order, from the next call on."""
        self._post("use codecs", None, lambda core: core.use_codecs(codecs))

    def network_changed(self) -> None:
        """Restart transports, re-register, re-INVITE."""
        self._post("network", None, Core.change_network)

    def reopen_audio(self) -> None:
        """Close and open the sound again."""
        self._post("audio", None, Core.reopen_audio)

    # ---- commands' way to the engine thread

    def _post(self, command: str, call: UUID | None, action: Callable[[Core], None]) -> None:
        self._commands.put(lambda core: core.carry_out(command, call, lambda: action(core)))
        waker = self._waker
        if waker is not None:
            waker.wake()

    def _on_call(self, command: str, call: UUID, action: Callable[[DeskCall], None]) -> None:
        def find_and_act(core: Core) -> None:
            live = core.call(call)
            if live is not None:  # else it ended meanwhile, which its event has told
                action(live)

        self._post(command, call, find_and_act)

    # ---- the engine thread

    def _run(self) -> None:
        if not _only_one.acquire(timeout=_STOP_S):
            self._fail("another SIP engine runs in this program already")
            return
        core = Core(self._settings, self._clock, self._keeper, self._hand_over)
        try:
            self._serve(core)
        except pj.Error as fault:
            self._fail(words_of(fault))
        except Exception as fault:  # noqa: BLE001  # told and logged; the thread ends in order
            _log.exception("the SIP engine died")
            self._fail(f"{type(fault).__name__}: {fault}")
        finally:
            self._end(core)

    def _serve(self, core: Core) -> None:
        core.open(self._audio, native=self._native)
        self._waker = Waker(self._settings.bind, core.accounts.port(Transport.UDP))
        self._obey(core)  # accounts given before the start are there when the start is told
        core.emit(core.started())
        core.settle()
        while not self._stopping:
            arrived = core.poll()
            self._obey(core, _ANSWER_S if arrived else 0.0)
            core.settle()

    def _obey(self, core: Core, patience_s: float = 0.0) -> None:
        """Carry out what was commanded.

        `patience_s`: wait so long for a first command; that is quicker than having the poll woken for it.
        """
        command = self._next_command(patience_s)
        while command is not None:
            command(core)
            command = self._next_command(0.0)

    def _next_command(self, patience_s: float) -> Callable[[Core], None] | None:
        try:
            return self._commands.get(timeout=patience_s) if patience_s else self._commands.get_nowait()
        except queue.Empty:
            return None

    def _end(self, core: Core) -> None:
        waker, self._waker = self._waker, None
        try:
            if waker is not None:
                waker.close()
            core.close()
        finally:
            while self._next_command(0.0) is not None:
                pass  # what was commanded too late is about calls that are over
            _only_one.release()

    # ---- the one hop, to the loop's thread

    def _hand_over(self, events: list[EngineEvent]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._hear, events)
        except RuntimeError:  # the loop is closed: nobody is left to tell
            _log.debug("nobody heard %s", events)

    def _hear(self, events: list[EngineEvent]) -> None:
        for event in events:
            self._sink(event)

    def _fail(self, reason: str) -> None:
        self._hand_over([EngineFailed(at=self._clock.monotonic(), reason=reason)])

    def _audio_failed(self, reason: str) -> None:
        self._sink(CommandFailed(at=self._clock.monotonic(), command="audio", call=None, reason=reason))
