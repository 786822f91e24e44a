"""The agent's phone: live calls over any engine, each step checked against the call's table, told on the bus.

Commands return at once; what they bring about comes back as facts. A command about a call that ended
meanwhile does
nothing: that race is the normal case. One call talks at a time: answering or dialling another holds it by
itself.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from console.bus import Bus
from console.clock import Clock
from console.domain.address import normalise_dialled
from console.domain.call import CallEnd, CallPhase, Direction
from console.domain.errors import AudioError, BadInput, NetworkError
from console.domain.events import RegistrationChanged, StrangerRefused, UnencryptedRefused
from console.telephony.accounts import CENTRE_KEY
from console.telephony.audio import Ringer
from console.telephony.book import DIGITS, CallBook
from console.telephony.engine import (
    Account,
    AccountState,
    CommandFailed,
    Engine,
    EngineEvent,
    EngineFailed,
    EngineSettings,
    EngineStarted,
    StrangerTurnedAway,
    Transport,
    UnencryptedTurnedAway,
)
from console.telephony.live import LiveCall, domain_of, words_for_registration

_log = logging.getLogger(__name__)
START_S = 10.0


def _never(_call: LiveCall) -> bool:
    return False


class Phone:
    """See the module's docstring. Use it on the loop's thread only."""

    def __init__(
        self,
        engine: Engine,
        bus: Bus,
        clock: Clock,
        *,
        ringer: Ringer | None = None,
        auto_answer: Callable[[LiveCall], bool] = _never,
    ) -> None:
        """`auto_answer` is asked for every call that arrives; True answers it at once."""
        self._engine = engine
        self._bus = bus
        self._clock = clock
        self._book = CallBook(bus, clock, arrived=self._arrived, answered=self._answered)
        self._ringer = ringer
        self._ringing = False
        self._running = False
        self._auto_answer = auto_answer
        self._accounts: dict[str, Account] = {}
        self._settings = EngineSettings()
        self._started: EngineStarted | None = None
        self._starting: asyncio.Future[EngineStarted] | None = None
        self._handlers: dict[type[EngineEvent], Callable[[Any], None]] = {
            EngineStarted: self._on_started,
            EngineFailed: self._on_engine_failed,
            AccountState: self._on_account,
            StrangerTurnedAway: self._on_stranger,
            UnencryptedTurnedAway: self._on_unencrypted,
            CommandFailed: self._on_command_failed,
        }

    # ---- life

    async def start(self, settings: EngineSettings | None = None) -> EngineStarted:
        """Start the engine; `settings` are those that the engine was made with (they name our contact's
        host).

        Raises NetworkError when it cannot listen.
        """
        if settings is not None:
            self._settings = settings
        self._starting = asyncio.get_running_loop().create_future()
        for account in self._accounts.values():
            self._engine.add_account(account)
        self._running = True
        self._engine.start(self.on_event)
        try:
            return await asyncio.wait_for(self._starting, START_S)
        except TimeoutError:
            raise NetworkError("The phone did not start in time. Start the program again.") from None
        finally:
            self._starting = None

    async def stop(self) -> None:
        """End all calls, stop the engine; returns once the last facts about it are told. Idempotent."""
        self._running = False
        await asyncio.to_thread(self._engine.stop)
        await asyncio.sleep(0)  # the engine's last events are queued on the loop before this
        self._book.end_all(CallEnd.HUNG_UP_HERE, "the phone was closed")
        self._ring_as_needed()
        self._started = None

    # ---- reads

    @property
    def calls(self) -> tuple[LiveCall, ...]:
        """All live calls, oldest first."""
        return self._book.calls

    def live(self, call: UUID) -> LiveCall | None:
        """One live call."""
        return self._book.get(call)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts in use, in the order in which they came."""
        return tuple(self._accounts.values())

    @property
    def started(self) -> EngineStarted | None:
        """Where the engine listens; None while it does not."""
        return self._started

    def contact(self, key: str, host: str = "", transport: Transport | None = None) -> str:
        """The SIP URI at which an account is rung without a registrar, for the centre; "" while not
        listening.

        `host` is this machine's address as the centre sees it; by default the address that the engine is
        bound to. `transport` is the account's unless another is asked for.
        """
        account, started = self._accounts.get(key), self._started
        if account is None or started is None:
            return ""
        user = account.contact_user or account.uri.partition(":")[2].partition("@")[0]
        ports = {
            Transport.UDP: started.udp_port,
            Transport.TCP: started.tcp_port,
            Transport.TLS: started.tls_port,
        }
        kind = transport or account.transport
        suffix = "" if kind is Transport.UDP else f";transport={kind}"
        place = host or self._settings.bind or "127.0.0.1"
        return f"sip:{user}@{place}:{ports[kind]}{suffix}"

    def answer_when(self, wanted: Callable[[LiveCall], bool]) -> None:
        """Calls of which `wanted` is True when they arrive are answered at once."""
        self._auto_answer = wanted

    # ---- commands

    def use_account(self, account: Account) -> None:
        """Add or replace an account; one given before the start is there when the phone has started."""
        self._accounts[account.key] = account
        if self._running:
            self._engine.add_account(account)

    def drop_account(self, key: str) -> None:
        """Unregister and forget an account."""
        if self._accounts.pop(key, None) is not None and self._running:
            self._engine.remove_account(key)

    def dial(self, text: str, account: str | None = None) -> UUID:
        """Call what a person typed, from `account` (default: the first). Raises BadInput with words for the
        person.
        """
        chosen = self._account(account)
        peer = normalise_dialled(text, domain_of(chosen))
        call = self._clock.new_id()
        self._hold_others(call)
        self._engine.dial(call, chosen.key, peer.uri, {})
        self._book.dialled(call, peer, chosen.key)
        return call

    def answer(self, call: UUID) -> None:
        """Answer a call that rings here, holding the one that talks."""
        live = self._book.get(call)
        if live is not None and _rings_here(live):
            self._hold_others(call)
            self._engine.answer(call)

    def decline(self, call: UUID) -> None:
        """Refuse a call that rings here."""
        live = self._book.get(call)
        if live is not None and _rings_here(live):
            self._engine.hang_up(call, 603)

    def hang_up(self, call: UUID) -> None:
        """End a call in whatever phase."""
        if self._book.get(call) is not None:
            self._engine.hang_up(call)

    def hold(self, call: UUID) -> None:
        """Put the other side on hold."""
        if self._is(call, CallPhase.TALKING, CallPhase.HELD, "Only a call in progress can be held."):
            self._engine.hold(call)

    def resume(self, call: UUID) -> None:
        """Take the other side back, holding whoever else talks."""
        if self._is(call, CallPhase.HELD, CallPhase.TALKING, "This call is not on hold."):
            self._hold_others(call)
            self._engine.resume(call)

    def mute(self, call: UUID, *, muted: bool) -> None:
        """Cut the microphone off from a call, or join it again."""
        live = self._book.get(call)
        if live is None or live.muted == muted:
            return
        self._engine.mute(call, muted=muted)
        self._book.muted(call, muted=muted)

    def send_digits(self, call: UUID, digits: str) -> None:
        """Send DTMF into a call that talks. Raises BadInput for anything but 0-9 * # A-D."""
        if not digits or not DIGITS.issuperset(digits):
            raise BadInput("Only the keys 0 to 9, * and # can be sent.")
        if not self._is(call, CallPhase.TALKING, None, "Keys can be sent once the call is answered."):
            return
        self._engine.send_digits(call, digits)
        self._book.digits_sent(call, digits)

    def transfer(self, call: UUID, target: str) -> None:
        """Pass the other side on to what a person typed (blind). Raises BadInput in words for the person."""
        live = self._book.get(call)
        if live is None:
            return
        if live.answered_at is None:
            raise BadInput("Only a call in progress can be transferred.")
        to = normalise_dialled(target, domain_of(self._account(live.account)))
        self._engine.transfer(call, to.uri)

    def transfer_attended(self, call: UUID, consult: UUID) -> None:
        """Join the other side of `call` with that of `consult`, and leave both. Raises BadInput when not
        answered.
        """
        first, second = self._book.get(call), self._book.get(consult)
        if first is None or second is None:
            return
        if call == consult or first.answered_at is None or second.answered_at is None:
            raise BadInput("Both calls must be answered before they can be joined.")
        self._engine.transfer_attended(call, consult)

    def use_codecs(self, codecs: tuple[str, ...]) -> None:
        """Offer these codecs, in this order, from the next call on."""
        self._engine.use_codecs(codecs)

    def network_changed(self) -> None:
        """The machine's addresses changed, or it woke up."""
        self._engine.network_changed()

    def reopen_audio(self) -> None:
        """The sound devices changed."""
        self._engine.reopen_audio()

    # ---- what the engine tells

    def on_event(self, event: EngineEvent) -> None:
        """Take an engine's event. One about a call that is over here is late, and passed over."""
        handler = self._handlers.get(type(event), self._book.take)
        handler(event)
        self._ring_as_needed()

    def _on_started(self, event: EngineStarted) -> None:
        self._started = event
        if self._starting is not None and not self._starting.done():
            self._starting.set_result(event)

    def _on_engine_failed(self, event: EngineFailed) -> None:
        self._started = None
        words = f"The phone cannot make calls: {event.reason}."
        if self._starting is not None and not self._starting.done():
            self._starting.set_exception(NetworkError(words))
        _log.error("the SIP engine failed: %s", event.reason)
        self._book.end_all(CallEnd.FAILED, words)
        for key in self._accounts:
            self._tell_registration(key, registered=False, code=0, reason=words)

    def _on_account(self, event: AccountState) -> None:
        registered = 200 <= event.code < 300 and event.expires_s > 0
        account = self._accounts.get(event.account)
        reason = words_for_registration(
            event.code,
            event.reason,
            event.certificate,
            tls=account is not None and account.transport is Transport.TLS,
            given=event.account == CENTRE_KEY,
        )
        self._tell_registration(event.account, registered=registered, code=event.code, reason=reason)

    def _on_stranger(self, event: StrangerTurnedAway) -> None:
        fact = StrangerRefused(
            id=self._clock.new_id(), at=self._clock.now(), source=event.source, uri=event.uri
        )
        self._bus.publish(fact)

    def _on_unencrypted(self, event: UnencryptedTurnedAway) -> None:
        _log.warning("refused a call from %s: it offered no encrypted sound (SRTP)", event.source)
        fact = UnencryptedRefused(
            id=self._clock.new_id(), at=self._clock.now(), account=event.account, source=event.source
        )
        self._bus.publish(fact)

    def _on_command_failed(self, event: CommandFailed) -> None:
        _log.warning("%s failed: %s", event.command, event.reason)
        self._book.take(event)

    # ---- inside

    def _arrived(self, live: LiveCall) -> None:
        if self._auto_answer(live):
            self._hold_others(live.call)
            self._engine.answer(live.call)

    def _answered(self, live: LiveCall) -> None:
        self._hold_others(live.call)

    def _account(self, key: str | None) -> Account:
        if key is None:
            key = next(iter(self._accounts), None)
        account = self._accounts.get(key) if key is not None else None
        if account is None:
            raise BadInput("This phone has no SIP account yet. Sign in, or set one up in the settings.")
        return account

    def _is(self, call: UUID, wanted: CallPhase, already: CallPhase | None, words: str) -> bool:
        live = self._book.get(call)
        if live is None or live.phase is already:
            return False
        if live.phase is not wanted:
            raise BadInput(words)
        return True

    def _hold_others(self, call: UUID) -> None:
        for other in self._book.calls:
            if other.call != call and other.phase is CallPhase.TALKING:
                self._engine.hold(other.call)

    def _ring_as_needed(self) -> None:
        wanted = any(_rings_here(live) for live in self._book.calls)
        if self._ringer is None or wanted == self._ringing:
            return
        self._ringing = wanted
        try:
            if wanted:
                self._ringer.start()
            else:
                self._ringer.stop()
        except AudioError as fault:
            _log.warning("cannot ring: %s", fault)

    def _tell_registration(self, key: str, *, registered: bool, code: int, reason: str) -> None:
        fact = RegistrationChanged(
            id=self._clock.new_id(),
            at=self._clock.now(),
            account=key,
            registered=registered,
            sip_code=code,
            reason=reason,
        )
        self._bus.publish(fact)


def _rings_here(live: LiveCall) -> bool:
    return live.direction is Direction.INCOMING and live.phase is CallPhase.RINGING
