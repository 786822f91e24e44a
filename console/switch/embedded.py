"""The embedded voice switch: SIP and RTP in this process, for demo, training, LAN and small teams.

Messages and codecs are aiosipua's and aiortp's; transactions, dialogs and the relay are ours (see
`transactions`, `legs`, `media`: the libraries do not retransmit requests, and a session object per call
would cost too much).
"""

import asyncio
import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID

from aiosipua import SipRequest, SipUri, create_dialog_from_request, parse_uri
from aiosipua.dialog import Dialog
from aiosipua.utils import generate_call_id, generate_tag

from console.clock import Clock
from console.domain.address import Address, parse_name_addr
from console.domain.attached import chosen
from console.domain.errors import BadInput, NetworkError
from console.domain.events import InteractionArrived, InteractionEvent
from console.settings import SwitchSettings
from console.switch import codecs
from console.switch.callbacks import Callback
from console.switch.calls import Call
from console.switch.dialling import shown_as, target_of
from console.switch.hub import Joined, Party
from console.switch.legs import Leg, Owner, by_liking
from console.switch.media import Ports, RtpPort
from console.switch.player import Player
from console.switch.sdp import NoCommonCodec
from console.switch.sounds import Sounds
from console.switch.switch import Capability, LegStatistics, Ring
from console.switch.ticker import Ticker
from console.switch.transactions import T1_S, ServerTransaction
from console.switch.voicemail import Message
from console.switch.ways import Ways, contact_of
from console.switch.wire import Flow

_log = logging.getLogger(__name__)
_LONGEST_TEXT = 200
_KEPT = 10_000
_MESSAGES_S = 12.0
"""So long the disk may take over messages that are being recorded when the switch stops."""
_SIP_PORT = 5060
_LAST_PORT = 65535


class EmbeddedSwitch:
    """The port `Switch` on this machine's own sockets.

    `metrics` counts what was refused, dropped and repeated. `t1_s` is RFC 3261's T1, smaller only in tests.
    """

    def __init__(
        self,
        settings: SwitchSettings,
        clock: Clock,
        sounds: Path,
        *,
        t1_s: float = T1_S,
    ) -> None:
        self.metrics: Counter[str] = Counter()
        self._settings = settings
        self._clock = clock
        self._sounds = Sounds(sounds, settings.language)
        self._t1 = t1_s
        self._tell: Callable[[InteractionEvent], None] = lambda event: None
        self.refuses: Callable[[str], str] = lambda target: ""
        self._calls: dict[UUID, Call] = {}
        self._callbacks: dict[UUID, Callback] = {}
        self._messages: set[asyncio.Task[None]] = set()
        self._contacts: OrderedDict[str, str] = OrderedDict()
        self._ended: deque[LegStatistics] = deque(maxlen=_KEPT)
        self._ports = Ports(settings.host, settings.rtp_first, settings.rtp_last, self.metrics)
        self._ticker = Ticker(self.metrics)
        self._ways: Ways | None = None
        self._watcher: asyncio.TimerHandle | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Blind transfer, transcoding, callbacks and voicemail."""
        return frozenset(
            {
                Capability.BLIND_TRANSFER,
                Capability.TRANSCODING,
                Capability.ORIGINATE,
                Capability.VOICEMAIL,
            }
        )

    @property
    def addresses(self) -> tuple[str, str]:
        """Where SIP is listened for: UDP and TCP, each `host:port`."""
        if self._ways is None:
            raise NetworkError("The switch is not started: it has no addresses yet.")
        udp, tcp = self._ways.wire.udp, self._ways.wire.tcp
        return (f"{udp[0]}:{udp[1]}", f"{tcp[0]}:{tcp[1]}")

    @property
    def open_calls(self) -> int:
        """Customers on the switch now."""
        return len(self._calls)

    async def start(self, tell: Callable[[InteractionEvent], None]) -> None:
        """Listen; every fact goes to `tell`. Raises NetworkError when a port is in use."""
        self._tell = tell
        await asyncio.to_thread(self._sounds.warm)
        ways = Ways(codecs.NAMES, self.metrics, self._arrive, self._t1)
        await ways.wire.open(self._settings.host, self._settings.udp_port, self._settings.tcp_port)
        self._ways = ways
        self._watch()

    async def stop(self) -> None:
        """End all calls and close all sockets."""
        for call in tuple(self._calls.values()):
            call.hang_up("switch stopped", ())
        for callback in tuple(self._callbacks.values()):
            callback.stop()
        if self._messages:
            await asyncio.wait(self._messages, timeout=_MESSAGES_S)
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None
        self._ticker.stop()
        if self._ways is not None:
            ways, self._ways = self._ways, None
            await ways.close()
        self._ports.close()

    # ------------------------------------------------------------------ commands

    def play(self, interaction: UUID, prompts: Sequence[str]) -> None:
        """Speak prompts, then go back to music."""
        if call := self._calls.get(interaction):
            call.play(prompts)

    def music(self, interaction: UUID, name: str) -> None:
        """Play hold music to a customer who waits; "" is silence."""
        if call := self._calls.get(interaction):
            call.music(name)

    def ring(self, order: Ring) -> None:
        """Ring an agent; for a callback (`call_out`) then the customer, unless that one is here already."""
        if call := self._calls.get(order.interaction):
            call.ring(order)
        elif order.call_out and self._ways is not None:
            callback = self._callbacks.get(order.interaction) or Callback(self, order.interaction)
            self._callbacks[order.interaction] = callback
            callback.ring(order)

    def cancel(self, offer: UUID, *, elsewhere: bool = False) -> None:
        """Stop ringing."""
        parties: list[Call | Callback] = [*self._calls.values(), *self._callbacks.values()]
        for party in parties:
            if party.cancel(offer, elsewhere=elsewhere):
                return

    def hang_up(self, interaction: UUID, *, reason: str = "", after: Sequence[str] = ()) -> None:
        """End an interaction in any phase, after speaking `after`."""
        if party := self._party(interaction):
            party.hang_up(reason, after)

    def voicemail(
        self, interaction: UUID, *, queue: str, greeting: Sequence[str], file: Path, most_s: float
    ) -> None:
        """Speak a greeting, beep, record until `#`, the end of the time or of the call."""
        if call := self._calls.get(interaction):
            call.voicemail(queue, greeting, file, most_s)

    def hold(self, interaction: UUID) -> None:
        """Put the customer on hold from the centre's side."""
        if call := self._calls.get(interaction):
            call.hold()

    def resume(self, interaction: UUID) -> None:
        """Join customer and agent again."""
        if call := self._calls.get(interaction):
            call.resume()

    def release_agent(self, interaction: UUID) -> None:
        """End the agent's leg only."""
        if party := self._party(interaction):
            party.release_agent()

    def connect(self, interaction: UUID, uri: str) -> None:
        """Connect the customer to an outside SIP address."""
        if call := self._calls.get(interaction):
            call.connect(uri)

    def guard(self, refuses: Callable[[str], str]) -> None:
        """Ask this before a phone's own transfer is taken; callbacks are checked by the settings."""
        self.refuses = refuses

    def statistics(self) -> list[LegStatistics]:
        """Of the last 10,000 interactions that ended."""
        return list(self._ended)

    def _party(self, interaction: UUID) -> Call | Callback | None:
        return self._calls.get(interaction) or self._callbacks.get(interaction)

    # ------------------------------------------------------------------ for the calls

    def fact(self, kind: type[InteractionEvent], party: Party, **fields: object) -> None:
        """Tell a fact; a listener that fails is logged and disturbs no call."""
        event = kind(id=self._clock.new_id(), at=self._clock.now(), interaction=party.interaction, **fields)
        try:
            self._tell(event)
        except Exception:  # noqa: BLE001
            _log.exception("the listener failed on %s", kind.__name__)

    def dial(self, owner: Owner, to: str, caller: tuple[str, str]) -> Leg:
        """A leg towards a SIP URI. Raises NetworkError when it is none, is our own, or no port is free."""
        target = parse_uri(to)
        sound = target.scheme in {"sip", "sips"} and target.host and " " not in to
        if self._ways is None or not sound or not 0 < (target.port or _SIP_PORT) <= _LAST_PORT:
            raise NetworkError(f"{to!r} is no SIP address that can be called")
        if self._ways.wire.leads_here(target):
            raise NetworkError(f"{to!r} leads back to this switch, where nobody has that number")
        uri, name = caller
        shown = name.replace("\\", "").replace('"', "'").replace("\r", " ").replace("\n", " ")
        dialog = Dialog(
            call_id=generate_call_id(self._settings.host),
            local_tag=generate_tag(),
            local_uri=uri if uri.startswith(("sip:", "sips:")) else "sip:unknown@callboard.invalid",
            remote_uri=to.partition(";")[0],
            remote_target=to,
        )
        leg = Leg(self._ways, dialog, self._ports.take(), owner)
        leg.shown = shown
        return leg

    def dial_out(self, owner: Owner, order: Ring) -> Leg:
        """A leg towards the customer of a callback, over the trunk or where that customer called from.

        Raises NetworkError when there is no way there.
        """
        try:
            to = target_of(order.call_out, self._settings.trunk, self._contacts.get(order.call_out, ""))
        except BadInput as fault:
            raise NetworkError(str(fault)) from None
        why = self._settings.refuses(Address(order.call_out)) or self._settings.refuses(Address(to))
        if why:  # routing refuses it on asking; here is who was promised one before the rule was changed
            raise NetworkError(f"the number must not be called: {why} by [switch.callbacks]")
        if self._ways is None:
            raise NetworkError("the switch is stopped")
        host = f"{self._ways.wire.udp[0]}:{self._ways.wire.udp[1]}"
        return self.dial(owner, to, (shown_as(order.call_out_from or order.queue, host), order.call_out_name))

    def player(self, leg: Leg, spoken: Callable[[], None]) -> Player:
        """What a leg hears from us."""
        player = Player(leg.port, self._sounds, self._ticker, spoken)
        player.use(by_liking(leg)[0])
        return player

    def message(
        self, file: Path, most_s: float, over: Callable[[], None], failed: Callable[[], None]
    ) -> Message:
        """A message to be recorded."""
        message = Message(file, most_s, over, failed)
        self._messages.add(message.task)
        message.task.add_done_callback(self._messages.discard)
        return message

    def is_ours(self, uri: SipUri) -> bool:
        """Whether this is one of our own SIP addresses."""
        return self._ways is not None and self._ways.wire.is_ours(uri)

    def over(self, call: Party, statistics: LegStatistics) -> None:
        """A call is over."""
        self._calls.pop(call.interaction, None)
        self._ended.append(statistics)

    def reached(self, callback: Party, called: str) -> Joined:
        """The customer of a callback is there."""
        self._callbacks.pop(callback.interaction, None)
        call = self._calls[callback.interaction] = Call(self, callback.interaction, called)
        self.metrics["calls"] += 1
        return call

    def given_up(self, callback: Party) -> None:
        """A callback rings nobody any more."""
        self._callbacks.pop(callback.interaction, None)

    # ------------------------------------------------------------------ arriving

    def _arrive(self, request: SipRequest, flow: Flow, transaction: ServerTransaction) -> None:
        """A customer calls: answer at once, then tell."""
        ways = self._ways
        if ways is None:
            return
        try:
            port = self._room()
        except NetworkError as fault:
            self.metrics["calls_refused_full"] += 1
            _log.warning("a call was refused: %s", fault)
            ways.answer(transaction, 503, {"Retry-After": "10"})
            return
        call = Call(self, self._clock.new_id(), called_of(request))
        leg = Leg(ways, create_dialog_from_request(request), port, call)
        leg.signalling = flow.peer[0]
        ways.know(leg, flow)
        try:
            leg.accept(transaction)
        except BadInput as fault:
            code = 488 if isinstance(fault, NoCommonCodec) else 400
            self.metrics["calls_refused_sdp"] += 1
            leg.discard()
            ways.answer(transaction, code)
            return
        attached = chosen(self._settings.attached, request.headers.get_first)
        self._begin(call, leg, caller_of(request), contact_of(request), attached)

    def _room(self) -> RtpPort:
        if len(self._calls) >= self._settings.max_calls:
            raise NetworkError(f"{len(self._calls)} calls are all that [switch] max_calls allows")
        return self._ports.take()

    def _begin(self, call: Call, leg: Leg, customer: Address, contact: str, attached: dict[str, str]) -> None:
        self._contacts[customer.uri] = contact
        self._contacts.move_to_end(customer.uri)
        if len(self._contacts) > _KEPT:
            self._contacts.popitem(last=False)
        self._calls[call.interaction] = call
        call.begin(leg, (customer.uri, customer.name))
        self.metrics["calls"] += 1
        self.fact(InteractionArrived, call, customer=customer, called=call.called, attached=attached)

    def _watch(self) -> None:
        now = self._clock.monotonic()
        for call in tuple(self._calls.values()):
            call.watch(now, self._settings.media_timeout_s)
        period = min(1.0, self._settings.media_timeout_s / 4)
        self._watcher = asyncio.get_running_loop().call_later(period, self._watch)


def called_of(request: SipRequest) -> str:
    """What the customer asked for: the user part of the request URI, unescaped.

    The host when there is no user.
    """
    scheme, _, rest = request.uri.partition(":")
    if scheme.lower() == "tel":
        return rest.partition(";")[0][:_LONGEST_TEXT]
    uri = parse_uri(request.uri)
    return unquote((uri.user or "").partition(":")[0] or uri.host)[:_LONGEST_TEXT]


def caller_of(request: SipRequest) -> Address:
    """The customer, from the From header; what is unreadable there is anonymous, never a reason to refuse."""
    try:
        address = parse_name_addr(request.headers.get_first("from") or "")
    except BadInput:
        return Address("sip:anonymous@anonymous.invalid")
    return Address(_printable(address.uri), _printable(address.name))


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:_LONGEST_TEXT]
