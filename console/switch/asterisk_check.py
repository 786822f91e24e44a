"""`callboardctl asterisk check`: what is missing or wrong in a running Asterisk, and what to do about it.

It looks through the REST interface only, and with an application of its own: the centre may be at work. It
calls itself in the dialplan (see `asterisk_config.mark_of`), and plays every prompt from its very end.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from console.clock import Clock
from console.domain.errors import NetworkError
from console.switch.ari import Ari, AriAnswer, AriEvent
from console.switch.asterisk import AsteriskOptions
from console.switch.asterisk_check_tls import look_at_tls
from console.switch.asterisk_config import CHECKED, Plan, mark_of
from console.switch.asterisk_needs import lacks, missing, too_old
from console.switch.sip_probe import answers_tcp, answers_udp

_PART_S = 1.0
"""Clocks that differ by more are told: the ledger has both machines' times."""
_WAIT_S = 5.0
_AT_THE_END_MS = 3_600_000
_NAMED = 8
_CODECS = ("g722", "alaw", "ulaw")
_FORBIDDEN = 403
_WRITE = "`callboardctl asterisk config --out DIR` writes it; then `asterisk -rx 'core reload'`."

Fault = dict[str, str]
_T = TypeVar("_T")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an Asterisk should be like. `sip` is host:port for phones, `prompts` the names of our sounds.
    `tls_at` is host:port for phones over TLS, that trust `tls_ca` (a file, "" for the machine's).
    """

    options: AsteriskOptions
    plan: Plan
    sip: str = ""
    prompts: tuple[str, ...] = ()
    tls: bool = False
    tls_at: str = ""
    tls_ca: str = ""
    accounts: bool = False


class _System(msgspec.Struct):
    version: str = ""


class _Info(msgspec.Struct):
    system: _System = msgspec.field(default_factory=_System)


class _Module(msgspec.Struct):
    name: str
    status: str = ""


class _Ping(msgspec.Struct):
    timestamp: str = ""


class _Value(msgspec.Struct):
    value: str = ""


async def examine(wanted: Wanted, clock: Clock) -> dict[str, Any]:
    """Look at everything. The report: `ok`, `url`, `reachable`, `version`, ... and `faults`, each with
    `what`, `do` and perhaps `means` and `severe`; `ok` is False when one is severe.
    """
    check = _Check(wanted, clock)
    try:
        await check.all()
    except NetworkError as fault:
        check.fault(str(fault), "Look at Asterisk's log, and check again.", severe=True)
    finally:
        await check.close()
    ok = not any(fault.get("severe") == "yes" for fault in check.faults)
    return {"ok": ok, "url": wanted.options.url, **check.found, "faults": check.faults}


class _Check:
    """One look at one Asterisk."""

    def __init__(self, wanted: Wanted, clock: Clock) -> None:
        self.faults: list[Fault] = []
        self.found: dict[str, Any] = {"reachable": False}
        self._wanted = wanted
        self._clock = clock
        options = wanted.options
        self._ari = Ari(options.url, options.user, options.password, f"callboard-check-{uuid4().hex[:8]}")
        self._channel = f"callboard-check-{uuid4().hex}"
        self._there: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._played: dict[str, asyncio.Future[str]] = {}

    def fault(self, what: str, do: str, *, means: str = "", severe: bool = False) -> None:
        """Note what is wrong."""
        fault = {"what": what, "do": do}
        if means:
            fault["means"] = means
        if severe:
            fault["severe"] = "yes"
        self.faults.append(fault)

    async def all(self) -> None:
        """Everything, as far as it can be looked at. Raises NetworkError when the connection is lost."""
        await self._phones()
        await self._certificate()
        if not await self._reached() or not await self._version():
            return
        await self._modules()
        await self._clocks()
        await self._endpoint()
        if self._wanted.accounts:
            await self._accounts()
        self.found["centre_connected"] = (await self._get(f"applications/{self._wanted.options.app}")).ok
        if await self._dialplan():
            await self._sounds()

    async def close(self) -> None:
        """Leave nothing in Asterisk."""
        if self._ari.connected:
            self._ari.send("DELETE", f"channels/{self._channel}")
        await self._ari.close()

    # ------------------------------------------------------------------ one after the other

    async def _phones(self) -> None:
        sip = self._wanted.sip
        if not sip:
            return
        host, _, port = sip.rpartition(":")
        host = host.strip("[]")
        self.found["sip"] = sip
        self.found["sip_tcp"] = tcp = await answers_tcp(host, int(port))
        self.found["sip_udp"] = udp = await answers_udp(host, int(port))
        gone = [name for name, fine in (("tcp", tcp), ("udp", udp)) if not fine]
        if gone:
            self.fault(
                f"No SIP answers at {sip} over {' and '.join(gone).upper().replace('AND', 'and')}.",
                f"Give pjsip.conf a transport with protocol={' and one with protocol='.join(gone)} that "
                "binds there (see callboard/pjsip-transports.conf), open the firewall, or mend "
                "switch.asterisk.sip.",
                means="" if tcp else "Desks call over TCP.",
                severe=len(gone) > 1,
            )

    async def _certificate(self) -> None:
        if self._wanted.tls_at:
            now = self._clock.now()
            found, faults = await look_at_tls(self._wanted.tls_at, self._wanted.tls_ca, now)
            self.found |= found
            self.faults += faults

    async def _reached(self) -> bool:
        try:
            await self._ari.open(self._take, lambda: None)
        except NetworkError as fault:
            what, _, do = str(fault).partition(". ")
            self.fault(f"{what}.", do, means="No call can be taken.", severe=True)
            return False
        self.found["reachable"] = True
        return True

    async def _version(self) -> bool:
        try:
            said = await self._ari.download("asterisk/info")
        except NetworkError as fault:
            self.fault(f"{fault}", "Load the module res_ari_asterisk.", severe=True)
            return False
        self.found["version"] = version = msgspec.json.decode(said, type=_Info).system.version
        if words := too_old(version):
            self.fault(f"This is Asterisk {version}.", "Upgrade Asterisk.", means=f"{words}.", severe=True)
        elif words_too := lacks(version):
            self.fault(
                f"This is Asterisk {version}, older than 20.14, 21.9 and 22.4.",
                "Upgrade Asterisk when you can.",
                means=words_too,
            )
        return not words

    async def _modules(self) -> None:
        loaded = _read(await self._get("asterisk/modules"), list[_Module]) or []
        running = {one.name.removesuffix(".so") for one in loaded if one.status == "Running"}
        self.found["modules"] = len(running)
        if not running:
            self.fault("Asterisk does not tell which modules it has.", "Look at its log.")
            return
        gone = missing(running, tls=self._wanted.tls, fallback=bool(self._wanted.plan.fallback))
        for purpose, names in gone.items():
            self.fault(
                f"Modules are not loaded: {', '.join(names)}.",
                "Install them, and look for noload lines in modules.conf; then "
                + "; ".join(f"`asterisk -rx 'module load {name}'`" for name in names[:_NAMED]) + ".",
                means=f"They are for {purpose}.",
                severe=True,
            )  # fmt: skip

    async def _clocks(self) -> None:
        before = self._clock.now()
        ping = _read(await self._get("asterisk/ping"), _Ping)
        after = self._clock.now()
        with suppress(ValueError):
            theirs = datetime.strptime(ping.timestamp if ping else "", "%Y-%m-%dT%H:%M:%S.%f%z")
            off = theirs.astimezone(UTC) - (before + (after - before) / 2)
            self.found["clock_ahead_s"] = round(off.total_seconds(), 3)
            if abs(off) > timedelta(seconds=_PART_S) + (after - before):
                self.fault(
                    f"Asterisk's clock is {abs(off).total_seconds():.1f} s "
                    f"{'ahead of' if off > timedelta() else 'behind'} the one here.",
                    "Let both machines take their time from the same NTP server.",
                    means="Calls that nobody watched end at a wrong time in the figures.",
                )

    async def _endpoint(self) -> None:
        name = self._wanted.options.endpoint
        there = (await self._get(f"endpoints/PJSIP/{name}")).ok
        self.found["endpoint"] = there
        if not there:
            self.fault(
                f"There is no PJSIP endpoint “{name}”.",
                f"Include Callboard's pjsip.conf in Asterisk's: {_WRITE}",
                means="No desk and no customer can be called.",
                severe=True,
            )

    async def _accounts(self) -> None:
        """Whether accounts of phones can be made: an address of record that nobody uses, for a moment."""
        path = f"asterisk/config/dynamic/res_pjsip/aor/{self._channel}"
        made = await self._ask("PUT", path, {})
        self.found["accounts"] = made.ok
        if made.ok:
            await self._ask("DELETE", path, {})
        if made.ok or (made.status == _FORBIDDEN and "sorcery" not in made.body):
            return  # a user that may only read is told of elsewhere
        self.fault(
            f"Asterisk takes no accounts for phones ({made.status} {made.words}).",
            f"Include Callboard's sorcery.conf in Asterisk's, and restart it: {_WRITE}",
            means="No agent's phone can register, so no agent can be called.",
            severe=True,
        )

    async def _dialplan(self) -> bool:
        """Whether there is a channel of our own to look on."""
        plan = self._wanted.plan
        mark = mark_of(plan)
        query = {
            "endpoint": f"Local/{mark}@{CHECKED}/n",
            "app": self._ari.app,
            "channelId": self._channel,
            "callerId": "Callboard <check>",
        }
        answer = await self._ask("POST", "channels", query)
        if answer.status == _FORBIDDEN:
            self.fault(
                f"The user “{self._wanted.options.user}” may only read.",
                f"Set read_only=no in [{self._wanted.options.user}] of ari.conf.",
                means="No call can be taken.",
                severe=True,
            )
            return False
        if not answer.ok or not await self._comes():
            self.found["dialplan"] = await self._bare_dialplan()
            return False
        self.found["dialplan"] = "as written"
        await self._context()
        await self._codecs()
        return True

    async def _comes(self) -> bool:
        """Whether the dialplan takes the call."""
        try:
            return await asyncio.wait_for(self._there, _WAIT_S)
        except TimeoutError:
            return False

    async def _bare_dialplan(self) -> str:
        """What of the dialplan is there, when its mark is not."""
        self._channel = f"callboard-check-{uuid4().hex}"
        query = {"endpoint": "Local/x@nowhere", "app": self._ari.app, "channelId": self._channel}
        await self._ask("POST", "channels/create", query)
        if await self._context():
            self.fault(
                "The dialplan is not the one for these settings: older, of other settings, or changed.",
                f"Put the newest extensions.conf there. {_WRITE}",
                means="Callers may be lost while the centre is away.",
            )
            await self._codecs()
            return "another"
        return "missing"

    async def _context(self) -> bool:
        context = self._wanted.plan.context
        if await self._function(f"DIALPLAN_EXISTS({context},100,1)") != "0":
            return True
        self.fault(
            f"The dialplan has no context “{context}” that takes every number.",
            f"Include Callboard's extensions.conf in Asterisk's: {_WRITE}",
            means="Callers do not reach Callboard.",
            severe=True,
        )
        return False

    async def _codecs(self) -> None:
        endpoint = self._wanted.options.endpoint
        allowed = (await self._function(f"PJSIP_ENDPOINT({endpoint},allow)")).strip("()").split("|")
        self.found["codecs"] = [codec for codec in allowed if codec]
        if self.found["codecs"] and not set(allowed) & set(_CODECS):
            self.fault(
                f"The endpoint “{endpoint}” allows {', '.join(allowed)} only.",
                f"Write allow=!all,{','.join(_CODECS)} there.",
                means="Desks and most trunks speak none of these.",
                severe=True,
            )

    async def _sounds(self) -> None:
        """Each prompt is played from behind its end: it is over at once, and failed when there is no file."""
        options = self._wanted.options
        folder = f"{options.sounds.rstrip('/')}/{options.language}"
        gone = [name for name in self._wanted.prompts if not await self._plays(f"{folder}/{name}")]
        self.found["prompts"] = len(self._wanted.prompts) - len(gone)
        if gone:
            more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
            self.fault(
                f"Asterisk cannot play {', '.join(gone[:_NAMED])}{more} from {folder}.",
                "Copy the folder sounds there that `callboardctl asterisk config --out DIR` writes, readable "
                "for the user that Asterisk runs as; or mend switch.asterisk.sounds.",
                means="Callers hear silence instead.",
                severe=len(gone) == len(self._wanted.prompts),
            )

    async def _plays(self, file: str) -> bool:
        playback = f"callboard-check-{uuid4().hex}"
        over = self._played[playback] = asyncio.get_running_loop().create_future()
        query = {"media": f"sound:{file}", "playbackId": playback, "offsetms": str(_AT_THE_END_MS)}
        answer = await self._ask("POST", f"channels/{self._channel}/play", query)
        if not answer.ok:
            return False
        try:
            return bool(await asyncio.wait_for(over, _WAIT_S) == "done")
        except TimeoutError:
            return False

    # ------------------------------------------------------------------ asking

    def _take(self, event: AriEvent) -> None:
        if event.channel and event.channel.id == self._channel and not self._there.done():
            if event.type in {"StasisStart", "ChannelDestroyed"}:
                self._there.set_result(event.type == "StasisStart")
        elif event.type == "PlaybackFinished" and event.playback:
            over = self._played.pop(event.playback.id, None)
            if over is not None and not over.done():
                over.set_result(event.playback.state)

    async def _get(self, path: str) -> AriAnswer:
        return await self._ari.ask("GET", path)

    async def _ask(self, method: str, path: str, query: dict[str, str]) -> AriAnswer:
        return await self._ari.ask(method, path, query)

    async def _function(self, call: str) -> str:
        """A dialplan function, "" when it cannot be asked."""
        answer = await self._ask("GET", f"channels/{self._channel}/variable", {"variable": call})
        found = _read(answer, _Value)
        return found.value if found else ""


def _read(answer: AriAnswer, kind: type[_T]) -> _T | None:
    if not answer.ok:
        return None
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.MsgspecError:
        return None
