"""The demo's centre as a process of its own: settings written, started, found, ended."""

import asyncio
import secrets
from pathlib import Path

import msgspec
import tomlkit

from console import paths
from console.demo import scenario
from console.demo.scenario import Pace
from console.domain.agent import Agent
from console.domain.errors import EnvironmentFault
from console.server.auth import hash_password
from console.settings import (
    AsteriskSettings,
    CentreSettings,
    RoutingSettings,
    ServerSettings,
    SwitchSettings,
    UserSettings,
)

_START_S = 30.0
_STOP_S = 15.0
_SWITCH = "switch: SIP on udp "


class Floor:
    """A running centre process. The parent's end of its standard input keeps it alive: it dies with the
    parent.
    """

    def __init__(self, folder: Path, password: str, database: str) -> None:
        """Made by `open_floor`."""
        self.folder = folder
        self.password = password
        self.database = database
        self.url = ""
        self.sip_udp = ""
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The centre's process id."""
        return self._process.pid if self._process is not None else 0

    async def start(self, log_level: str = "warning") -> None:
        """Start it and wait until it listens. Raises EnvironmentFault with its own words when it does not."""
        with (self.folder / "centre.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *paths.program("console"),
                "centre",
                "--config",
                str(self.folder / "centre.toml"),
                "--until-stdin-closes",
                "--log-level",
                log_level,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl+C is for the parent, which ends it in order
            )
        try:
            await asyncio.wait_for(self._read_until_ready(), _START_S)
        except TimeoutError:
            await self.stop()
            raise EnvironmentFault(
                f"the centre did not start within {_START_S:.0f} s: {self._last_words()}"
            ) from None

    async def stop(self) -> None:
        """Drain and end it; killed when it does not end."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def kill(self) -> None:
        """As a crash would: SIGKILL."""
        if self._process is not None:
            self._process.kill()

    async def _read_until_ready(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            line = raw.decode(errors="replace").strip()
            if line.startswith("listening on "):
                self.url = line.removeprefix("listening on ")
                self.sip_udp = self._switch_address()
                return
        await self._process.wait()
        raise EnvironmentFault(f"the centre did not start: {self._last_words()}")

    def _switch_address(self) -> str:
        """Where its switch takes SIP over UDP: the last start's line in its log."""
        told = [line for line in self._log() if line.startswith(_SWITCH)]
        return told[-1].removeprefix(_SWITCH).split()[0] if told else ""

    def _log(self) -> list[str]:
        return (self.folder / "centre.log").read_text(errors="replace").strip().splitlines()

    def _last_words(self) -> str:
        lines = self._log()
        return lines[-1] if lines else "it said nothing"


def prepare_floor(
    folder: Path,
    robots: tuple[Agent, ...],
    pace: Pace,
    port: int = 0,
    asterisk: AsteriskSettings | None = None,
) -> Floor:
    """Write the demo centre's settings into `folder`: a fresh password for everybody; port 0: a free one.
    Without an `asterisk` it has the embedded switch.
    """
    password = secrets.token_urlsafe(9)
    hashed = hash_password(password)
    database = f"sqlite:///{folder / 'centre.db'}"
    users = tuple(
        UserSettings(name=name, role=role, shown=shown, password_hash=hashed)
        for name, role, shown in scenario.people(robots)
    )
    settings = CentreSettings(
        server=ServerSettings(port=port, database=database, heartbeat_s=2.0, drain_s=1.0),
        switch=SwitchSettings(udp_port=0, tcp_port=0)
        if asterisk is None
        else SwitchSettings(kind="asterisk", asterisk=asterisk),
        routing=RoutingSettings(grace_s=10.0),
        queues=scenario.queues(pace),
        agents=robots,
        users=users,
    )
    document = tomlkit.dumps(msgspec.to_builtins(settings, enc_hook=None))
    file = folder / "centre.toml"
    file.touch(mode=0o600)
    file.write_text(document, encoding="utf-8")
    return Floor(folder, password, database)
