"""The embedded voice switch: SIP and RTP in this process, for demo, training, LAN and small teams.

Messages and codecs are aiosipua's and aiortp's; transactions, dialogs and the relay are ours (see
`transactions`, `legs`, `media`: the libraries do not retransmit requests, and a session object per call
would cost too much).
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID

from aiosipua import SipRequest, create_dialog_from_request, parse_uri
from aiosipua.dialog import Dialog
from aiosipua.utils import generate_call_id, generate_tag

from console.clock import Clock
from console.domain.address import Address, parse_name_addr
from console.domain.errors import BadInput, NetworkError
from console.domain.events import InteractionArrived, InteractionEvent
from console.settings import SwitchSettings
from console.switch import codecs
from console.switch.calls import Call
from console.switch.legs import Leg, Owner
from console.switch.media import Ports, RtpPort
from console.switch.player import Player
from console.switch.sdp import NoCommonCodec
from console.switch.sounds import Sounds
from console.switch.switch import Capability, LegStatistics, Ring
from console.switch.ticker import Ticker
from console.switch.transactions import T1_S, ServerTransaction
from console.switch.ways import Ways
from console.switch.wire import Flow

_log = logging.getLogger(__name__)
_LONGEST_TEXT = 200
_KEPT = 10_000
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
        self._calls: dict[UUID, Call] = {}
        self._offers: dict[UUID, Call] = {}
        self._ended: deque[LegStatistics] = deque(maxlen=_KEPT)
        self._ports = Ports(settings.host, settings.rtp_first, settings.rtp_last, self.metrics)
        self._ticker = Ticker(self.metrics)
        self._ways: Ways | None = None
        self._watcher: asyncio.TimerHandle | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Blind transfer and transcoding."""
        return frozenset({Capability.BLIND_TRANSFER, Capability.TRANSCODING})

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
        """Ring an agent."""
        if call := self._calls.get(order.interaction):
            call.ring(order)

    def cancel(self, offer: UUID, *, elsewhere: bool = False) -> None:
        """Stop ringing."""
        for call in self._calls.values():
            if call.cancel(offer, elsewhere=elsewhere):
                return

    def hang_up(self, interaction: UUID, *, reason: str = "", after: Sequence[str] = ()) -> None:
        """End an interaction in any phase, after speaking `after`."""
        if call := self._calls.get(interaction):
            call.hang_up(reason, after)

    def voicemail(
        self, interaction: UUID, *, queue: str, greeting: Sequence[str], file: Path, most_s: float
    ) -> None:
        """Say goodbye: it cannot record yet, and does not claim to (no Capability.VOICEMAIL)."""
        del queue, greeting, file, most_s
        self.hang_up(interaction, reason="no voicemail", after=("goodbye",))

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
        if call := self._calls.get(interaction):
            call.release_agent()

    def connect(self, interaction: UUID, uri: str) -> None:
        """Connect the customer to an outside SIP address."""
        if call := self._calls.get(interaction):
            call.connect(uri)

    def statistics(self) -> list[LegStatistics]:
        """Of the last 10,000 interactions that ended."""
        return list(self._ended)

    # ------------------------------------------------------------------ for the calls

    def fact(self, kind: type[InteractionEvent], call: Call, **fields: object) -> None:
        """Tell a fact; a listener that fails is logged and disturbs no call."""
        event = kind(id=self._clock.new_id(), at=self._clock.now(), interaction=call.interaction, **fields)
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
        if self.is_ours(target.host, target.port):
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

    def is_ours(self, host: str, port: int | None) -> bool:
        """Whether this is one of our own SIP addresses."""
        if self._ways is None:
            return False
        ours = (self._ways.wire.udp, self._ways.wire.tcp)
        here = self._settings.host in {host, "0.0.0.0", "::"}
        return here and (port is None or port in {address[1] for address in ours})

    def over(self, call: Call, statistics: LegStatistics) -> None:
        """A call is over."""
        self._calls.pop(call.interaction, None)
        self._ended.append(statistics)

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
        self._begin(call, leg, caller_of(request))

    def _room(self) -> RtpPort:
        if len(self._calls) >= self._settings.max_calls:
            raise NetworkError(f"{len(self._calls)} calls are all that [switch] max_calls allows")
        return self._ports.take()

    def _begin(self, call: Call, leg: Leg, customer: Address) -> None:
        player = Player(leg.port, self._sounds, self._ticker, call.spoken)
        player.use(leg.remote.codec if leg.remote is not None else codecs.NAMES[0])
        self._calls[call.interaction] = call
        call.begin(leg, player, (customer.uri, customer.name))
        self.metrics["calls"] += 1
        self.fact(InteractionArrived, call, customer=customer, called=call.called)

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
