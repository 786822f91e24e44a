"""One scripted call without a window: what `callboardctl call` does, and its report."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from console.bus import Bus
from console.clock import Clock
from console.domain.call import CallEnd, Quality
from console.domain.errors import BadInput, NetworkError, Refused
from console.domain.events import (
    CallAnswered,
    CallArrived,
    CallDialled,
    CallDigit,
    CallEnded,
    CallEvent,
    CallQualityMeasured,
    CallRang,
    RegistrationChanged,
)
from console.telephony.audio import AudioPort
from console.telephony.engine import Account, Engine, EngineSettings, Transport
from console.telephony.live import LiveCall
from console.telephony.phone import Phone
from console.telephony.sounds import WavPort, rms

MakeEngine = Callable[[EngineSettings, AudioPort], Engine]
_HOST = re.compile(r"^sips?:(?:[^@]*@)?(?P<host>\[[^\]]+\]|[^:;?]+)", re.IGNORECASE)
_DIGITS = re.compile(r"^[0-9*#A-Da-d]*$")
REGISTER_S = 15.0
GOODBYE_S = 4.0
ACCOUNT = "script"


class CallOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to do. `to` "" with `answer`: wait for a call.

    `duration_s` None: until the file is played, or the other side hangs up. `wait_s`: how long to wait for an
    answer, or for a call (0: for ever). `bind` "": the address from which `to` is reached.
    """

    to: str = ""
    answer: bool = False
    sender: str = ""
    password: str = ""
    username: str = ""
    registrar: str = ""
    play: Path | None = None
    record: Path | None = None
    transport: Transport = Transport.UDP
    srtp: bool = False
    dtmf: str = ""
    duration_s: float | None = None
    wait_s: float = 60.0
    bind: str = ""
    port: int = 0
    tls_verify: bool = True
    codecs: tuple[str, ...] = ("G722/16000", "PCMU/8000", "PCMA/8000")


class _Watch:
    """What happened to the one call, with times from the dialling or the arrival."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._clock = clock
        self.first: CallDialled | CallArrived | None = None
        self.rang_s: float | None = None
        self.answered_s: float | None = None
        self.ended_s: float | None = None
        self.end: CallEnded | None = None
        self.heard = ""
        self.last: Quality | None = None
        self.live: LiveCall | None = None
        self.registration: RegistrationChanged | None = None
        self.news = asyncio.Event()
        self._began = 0.0
        bus.subscribe(CallEvent, self._note)
        bus.subscribe(RegistrationChanged, self._registered)

    def _registered(self, fact: RegistrationChanged) -> None:
        self.registration = fact
        self.news.set()

    def _note(self, fact: CallEvent) -> None:
        now = self._clock.monotonic()
        if self.first is None and isinstance(fact, CallDialled | CallArrived):
            self.first, self._began = fact, now
        if self.first is not None and fact.call == self.first.call:
            self._note_mine(fact, round(now - self._began, 4))
        self.news.set()

    def _note_mine(self, fact: CallEvent, after: float) -> None:
        match fact:
            case CallRang() | CallArrived():
                self.rang_s = after if self.rang_s is None else self.rang_s
            case CallAnswered():
                self.answered_s = after
            case CallEnded():
                self.end, self.ended_s = fact, after
            case CallDigit(sent=False):
                self.heard += fact.digit
            case CallQualityMeasured():
                self.last = fact.quality

    async def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait for a fact; False when the time is over (0: no limit)."""

        async def look() -> None:
            while not done():
                self.news.clear()
                await self.news.wait()

        try:
            await asyncio.wait_for(look(), seconds or None)
        except TimeoutError:
            return False
        return True


async def run_call(
    options: CallOptions,
    make_engine: MakeEngine,
    clock: Clock,
    *,
    ready: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Make or take one call as told, and report it. `ready` gets our contact once a call can come in.

    The report's `exit_code` is 0 when the call was answered and ended in order, 1 otherwise. Raises
    BadInput for
    options that do not fit together, MediaFileError for a sound file that is none, NetworkError and Refused
    when
    there is nothing to call through.
    """
    _check(options)
    sound = WavPort(options.play, options.record)
    try:
        bind = options.bind or await _towards(options.to or options.registrar)
        settings = _engine_settings(options, bind)
        bus = Bus()
        watch = _Watch(bus, clock)
        phone = Phone(make_engine(settings, sound), bus, clock, auto_answer=lambda _: options.answer)
        phone.use_account(_account(options, bind))
        await phone.start(settings)
        try:
            await _converse(phone, watch, options, sound, ready)
        finally:
            await phone.stop()
    finally:
        sound.close()
    return _report(options, watch, sound)


async def _converse(
    phone: Phone, watch: _Watch, options: CallOptions, sound: WavPort, ready: Callable[[str], None] | None
) -> None:
    if options.registrar:
        await _register(watch)
    if options.answer:
        if ready is not None:
            ready(phone.contact(ACCOUNT))
    else:
        phone.dial(options.to)
    await watch.until(lambda: watch.answered_s is not None or watch.end is not None, options.wait_s)
    if watch.first is None:
        raise NetworkError(f"No call came within {options.wait_s:g} s.")
    call = watch.first.call
    watch.live = phone.live(call)
    if watch.answered_s is not None and watch.end is None:
        if options.dtmf:
            phone.send_digits(call, options.dtmf)
        await _talk(watch, options, sound)
    watch.live = phone.live(call) or watch.live
    phone.hang_up(call)
    await watch.until(lambda: watch.end is not None, GOODBYE_S)


async def _register(watch: _Watch) -> None:
    answered = await watch.until(lambda: watch.registration is not None, REGISTER_S)
    state = watch.registration
    if not answered or state is None or (not state.registered and not state.sip_code):
        raise NetworkError("The registrar does not answer. Check its address and the transport.")
    if not state.registered:
        raise Refused(
            f"The registrar refused: {state.sip_code} {state.reason}. Check the name and the password."
        )


async def _talk(watch: _Watch, options: CallOptions, sound: WavPort) -> None:
    if options.duration_s is not None:
        await watch.until(lambda: watch.end is not None, options.duration_s)
    elif options.play is None:
        await watch.until(lambda: watch.end is not None, 0)
    else:
        while not sound.played and watch.end is None:
            await watch.until(lambda: watch.end is not None, 0.1)


def _check(options: CallOptions) -> None:
    if bool(options.to) == options.answer:
        raise BadInput("Say either whom to call (--to sip:name@host) or to wait for a call (--answer).")
    if not _DIGITS.match(options.dtmf):
        raise BadInput(f"--dtmf: {options.dtmf!r} has other than 0-9, *, # and A-D in it.")
    for name, uri in (("--to", options.to), ("--from", options.sender), ("--registrar", options.registrar)):
        if uri and not _HOST.match(uri):
            raise BadInput(f"{name}: {uri!r} is no SIP address. It looks like sip:name@company.example.")
    if options.registrar and not options.sender:
        raise BadInput("--registrar needs --from sip:name@company.example: who to register.")


async def _towards(uri: str) -> str:
    """The address of this machine from which a SIP URI's host is reached; 127.0.0.1 for none."""
    found = _HOST.match(uri)
    if found is None:
        return "127.0.0.1"
    host = found["host"].strip("[]")
    loop = asyncio.get_running_loop()
    try:
        places = await loop.getaddrinfo(host, 5060, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(places[0][4])
            return str(ipaddress.ip_address(probe.getsockname()[0]))
    except OSError as fault:
        raise NetworkError(f"{host} cannot be reached: {fault.strerror or fault}. Check its name.") from None


def _engine_settings(options: CallOptions, bind: str) -> EngineSettings:
    port = {options.transport: options.port}
    return EngineSettings(
        bind=bind,
        udp_port=port.get(Transport.UDP, 0),
        tcp_port=port.get(Transport.TCP, 0),
        tls_port=port.get(Transport.TLS, 0),
        codecs=options.codecs,
        tls_verify=options.tls_verify,
    )


def _account(options: CallOptions, bind: str) -> Account:
    return Account(
        key=ACCOUNT,
        uri=options.sender or f"sip:callboard@{bind}",
        registrar=options.registrar,
        username=options.username,
        password=options.password,
        transport=options.transport,
        srtp="required" if options.srtp else "off",
    )


def _report(options: CallOptions, watch: _Watch, sound: WavPort) -> dict[str, Any]:
    end = watch.end
    quality = (end.quality if end is not None else None) or watch.last or Quality()
    answered = watch.answered_s is not None
    in_order = end is not None and end.end in {CallEnd.HUNG_UP_HERE, CallEnd.HUNG_UP_THERE}
    good = answered and in_order and not sound.fault
    return {
        "exit_code": 0 if good else 1,
        "direction": "incoming" if options.answer else "outgoing",
        "peer": watch.first.peer.uri if watch.first is not None else options.to,
        "transport": str(options.transport),
        "answered": answered,
        "end": str(end.end) if end is not None else "",
        "sip_code": end.sip_code if end is not None else 0,
        "reason": sound.fault or (end.reason if end is not None else "The other side did not agree to end."),
        "times": {
            "ringing_s": watch.rang_s,
            "answer_s": watch.answered_s,
            "end_s": watch.ended_s,
            "talk_s": _between(watch.answered_s, watch.ended_s),
        },
        "codec": quality.codec,
        "srtp": watch.live is not None and watch.live.encrypted,
        "mos": quality.mos,
        "wideband": quality.wideband,
        "packets": {"sent": quality.sent, "received": quality.received, "lost": quality.lost},
        "loss_percent": quality.loss_percent,
        "jitter_ms": quality.jitter_ms,
        "rtt_ms": quality.rtt_ms,
        "digits": {"sent": options.dtmf if answered else "", "heard": watch.heard},
        "heard_loudness": round(rms(sound.heard), 4),
        "played": str(options.play or ""),
        "recorded": str(options.record or ""),
    }


def _between(start: float | None, end: float | None) -> float | None:
    return round(end - start, 4) if start is not None and end is not None else None
