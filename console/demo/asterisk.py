"""An Asterisk of our own for the demo and the tests: fetched once, laid out in a folder, run without root.

It is Debian's build, unpacked by installer/asterisk/fetch.sh without touching what is installed; or what the
environment variable CALLBOARD_ASTERISK names, a folder with such a tree (`/` is the Asterisk installed here).
"""

import asyncio
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx

from console import paths
from console.domain.errors import EnvironmentFault
from console.settings import AsteriskSettings
from console.switch.asterisk_config import Plan, pieces
from console.switch.asterisk_sounds import lay_sounds

PLACE = "CALLBOARD_ASTERISK"

_BOOT_S = 30.0
_LOOK_S = 0.05
_RTP = (16384, 32767)
"""Below the ports that systems hand out for connections; Asterisk passes over those in use."""

_MODULES = ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib")
_LOADERS = ("usr/lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
_UNUSED = """app_agent_pool app_amd app_confbridge app_directory app_followme app_meetme app_minivm app_page
app_sla app_voicemail app_voicemail_imap app_voicemail_odbc cdr_csv cdr_custom cdr_manager cdr_odbc cdr_pgsql
cdr_adaptive_odbc cdr_radius cdr_sqlite3_custom cdr_tds cel_custom cel_manager cel_odbc cel_pgsql cel_radius
cel_sqlite3_custom cel_tds chan_audiosocket chan_console chan_iax2 chan_motif chan_unistim func_odbc func_curl
pbx_ael pbx_dundi pbx_lua pbx_realtime res_adsi res_ael_share res_audiosocket res_calendar
res_calendar_caldav res_calendar_ews res_calendar_exchange res_calendar_icalendar res_config_curl
res_config_ldap res_config_odbc res_config_pgsql res_config_sqlite3 res_curl res_fax res_fax_spandsp res_hep
res_hep_pjsip res_hep_rtcp res_http_media_cache res_http_post res_odbc res_odbc_transaction res_parking
res_phoneprov res_pjsip_aoc res_pjsip_config_wizard res_pjsip_geolocation res_geolocation
res_pjsip_phoneprov_provider res_pjsip_publish_asterisk res_pjsip_stir_shaken res_pjsip_t38 res_prometheus
res_realtime res_resolver_unbound res_rtp_multicast res_smdi res_snmp res_sorcery_realtime res_speech_aeap
res_aeap res_statsd res_stir_shaken res_stun_monitor res_xmpp res_stasis_test res_timing_pthread
res_clialiases"""
_BARE = ["acl", "codecs", "cli", "pjproject", "queuerules", "websocket_client", "dsp", "dnsmgr"]
_TONES = """[general]
country=us
[us]
description=US
ringcadence=2000,4000
dial=350+440
busy=480+620/500,0/500
ring=440+480/2000,0/4000
congestion=480+620/250,0/250
"""


def fetching() -> tuple[list[str], Path]:
    """The command that fetches Asterisk, and the folder that holds its files afterwards. Nothing to do: no
    command. Raises EnvironmentFault.
    """
    named = os.environ.get(PLACE, "")
    if named:
        if not (Path(named) / "usr/sbin/asterisk").is_file():
            raise EnvironmentFault(
                f"{PLACE} is {named}, but there is no usr/sbin/asterisk in it. Name the folder above usr, "
                "as / for an Asterisk that is installed here."
            )
        return [], Path(named)
    house = Path(__file__).resolve().parents[2]
    recipe = house / "installer/asterisk/fetch.sh"
    if not recipe.is_file():
        raise EnvironmentFault(
            "an Asterisk can be fetched from the source tree only. Install one with your system's packages "
            f"and set {PLACE}=/, or use --switch embedded."
        )
    cache = house / "build/asterisk"
    return ["bash", str(recipe), str(cache)], cache / "root"


async def fetched(say: Callable[[str], None]) -> Path:
    """Asterisk's files, fetched when they are not there yet. Raises EnvironmentFault."""
    command, root = await asyncio.to_thread(fetching)
    if command:
        if not (root / "usr/sbin/asterisk").is_file():
            say(f"Asterisk is fetched into {root.parent}, once; this takes a minute")
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            said, _ = await process.communicate()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if process.returncode:
            words = said.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise EnvironmentFault(
                f"Asterisk cannot be fetched: {words[0]} It needs Debian's or Ubuntu's apt and its mirror. "
                f"Install an Asterisk and set {PLACE}=/, or use --switch embedded."
            )
    return root


def lay_out(folder: Path, root: Path, plan: Plan, rtp: tuple[int, int] = _RTP) -> None:
    """Write all that an Asterisk in `folder` needs; only what is meant for us is loaded and listens."""
    etc = folder / "etc"
    for name in ("etc", "run", "log", "spool/recording", "spool/tmp", "var/keys", "var/moh", "cache"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    texts = {f"{name}.conf": "" for name in _BARE}
    texts |= {f"{name}.conf": "[general]\n" for name in ("features", "udptl", "ccss")}
    texts |= {f"{name}.conf": "[general]\nenable=no\n" for name in ("cdr", "cel")}
    texts |= pieces(plan)
    texts["asterisk.conf"] = _main_file(folder, root)
    texts["modules.conf"] = "[modules]\nautoload=yes\n" + "".join(
        f"noload => {name}.so\n" for name in _UNUSED.split()
    )
    texts["logger.conf"] = "[general]\n[logfiles]\nfull => notice,warning,error\n"
    texts["rtp.conf"] = f"[general]\nrtpstart={rtp[0]}\nrtpend={rtp[1]}\nstrictrtp=no\nicesupport=no\n"
    texts["indications.conf"] = _TONES
    texts["extconfig.conf"] = "[settings]\n"
    texts["cli_permissions.conf"] = "[general]\ndefault_perm=permit\n"
    for name, text in texts.items():
        etc.joinpath(name).write_text(text)


def _main_file(folder: Path, root: Path) -> str:
    lib = next((lib for lib in _MODULES if (root / lib / "asterisk/modules").is_dir()), _MODULES[0])
    data = root / "usr/share/asterisk"
    return (
        f"[directories]\nastcachedir => {folder}/cache\nastetcdir => {folder}/etc\n"
        f"astmoddir => {root}/{lib}/asterisk/modules\nastvarlibdir => {folder}/var\n"
        f"astdbdir => {folder}/var\nastkeydir => {folder}/var\nastdatadir => {data}\n"
        f"astagidir => {data}/agi-bin\nastspooldir => {folder}/spool\nastrundir => {folder}/run\n"
        f"astlogdir => {folder}/log\nastsbindir => {root}/usr/sbin\n"
        "[options]\nverbose = 0\nnocolor = yes\nsystemname = callboard\nentityid = 02:00:00:00:00:01\n"
        "documentation_language = en_US\nlive_dangerously = no\n"
    )


def command(folder: Path, root: Path) -> list[str]:
    """How the Asterisk laid out in `folder` is run in the foreground; it dies with whoever started it."""
    program = [str(root / "usr/sbin/asterisk")]
    loader = next((root / each for each in _LOADERS if (root / each).exists()), None)
    if loader is not None and root != Path("/"):
        libraries = root / "usr/lib/x86_64-linux-gnu"
        program = [str(loader), "--inhibit-cache", "--library-path", str(libraries), *program]
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    return [*guard, *program, "-C", str(folder / "etc/asterisk.conf"), "-f", "-n"]


def free_port() -> int:
    """A port of this machine that is free for UDP and TCP now."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class OwnAsterisk:
    """One Asterisk on free ports of 127.0.0.1, with a dialplan of ours, for as long as somebody needs it."""

    def __init__(self, root: Path) -> None:
        """`root` is what `fetched` returned."""
        self.folder = Path(tempfile.mkdtemp(prefix="callboard-asterisk-"))  # short: it holds a socket
        self.plan = Plan(
            host="127.0.0.1",
            sip_port=free_port(),
            http_port=free_port(),
            password=secrets.token_urlsafe(12),
            sounds=str(self.folder / "sounds"),
            open_to_all=True,
        )
        self._root = root
        self._process: asyncio.subprocess.Process | None = None

    @property
    def settings(self) -> AsteriskSettings:
        """What a centre is told of it."""
        return AsteriskSettings(
            url=f"http://127.0.0.1:{self.plan.http_port}",
            password_file=str(self.folder / "ari-password"),
            sounds=self.plan.sounds,
            sip=f"127.0.0.1:{self.plan.sip_port}",
            phones="called",  # robots have no accounts
        )

    async def start(self) -> None:
        """Start, and wait until it is booted. Raises EnvironmentFault with its own words."""
        await asyncio.to_thread(self._prepare)
        with (self.folder / "log/out.txt").open("wb") as out:
            self._process = await asyncio.create_subprocess_exec(
                *command(self.folder, self._root),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl+C is for the parent, which ends it in order
            )
        try:
            async with asyncio.timeout(_BOOT_S):
                await self._until_booted(self._process)
        except TimeoutError:
            await self.stop()
            raise EnvironmentFault(f"Asterisk did not start within {_BOOT_S:.0f} s") from None

    async def stop(self) -> None:
        """Kill it, and leave nothing: its state is nobody's. Idempotent."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    def _prepare(self) -> None:
        lay_out(self.folder, self._root, self.plan)
        secret = self.folder / "ari-password"
        secret.touch(mode=0o600)
        secret.write_text(self.plan.password)
        lay_sounds(paths.resources() / "sounds", Path(self.plan.sounds))

    async def _until_booted(self, process: asyncio.subprocess.Process) -> None:
        async with httpx.AsyncClient(auth=(self.plan.user, self.plan.password), trust_env=False) as client:
            while not await self._booted(client):
                if process.returncode is not None:
                    words = self._last_words()
                    await self.stop()
                    raise EnvironmentFault(f"Asterisk ended while it started: {words}")
                await asyncio.sleep(_LOOK_S)

    async def _booted(self, client: httpx.AsyncClient) -> bool:
        try:
            answer = await client.get(f"{self.settings.url}/ari/asterisk/info", params={"only": "status"})
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK

    def _last_words(self) -> str:
        said = [file.read_text(errors="replace").strip() for file in (self.folder / "log").glob("*")]
        return next((text.splitlines()[-1] for text in said if text), "it said nothing")
