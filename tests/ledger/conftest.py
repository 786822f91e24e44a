"""Ledgers to test on: a fresh SQLite file, and a fresh database on a real PostgreSQL."""

import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest
import pytest_asyncio

from console.clock import StoppedClock
from console.ledger.ledger import Ledger

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOON)


class PostgresServer:
    """A real PostgreSQL of our own in a folder, on a Unix socket alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        debian = next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), "")
        found = debian or shutil.which("initdb")
        assert found, "the e2e tests need PostgreSQL: apt-get install postgresql"
        self._bin = Path(found).parent
        self._user = "postgres" if os.geteuid() == 0 else None  # it will not run as root
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", str(folder / "data"), "-U", "callboard", "--auth=trust", "--no-sync")
        self._start()

    def _start(self) -> None:
        options = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-c", "listen_addresses=", "-F"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), *options], user=self._user, cwd="/", stdout=log, stderr=log
            )
        ready = [str(self._bin / "pg_isready"), "-q", "-h", str(self.folder)]
        until = monotonic() + 60
        while subprocess.run(ready, check=False, cwd="/").returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert monotonic() < until, "PostgreSQL does not answer"

    def fresh(self) -> str:
        name = f"ledger_{uuid4().hex}"
        self._run("createdb", "-h", str(self.folder), "-U", "callboard", name)
        return f"postgresql+psycopg://callboard@/{name}?host={self.folder}"

    def restart(self) -> None:
        """As after an update: connections break."""
        self.stop()
        self._start()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)  # "fast": sessions are ended
        self._process.wait(60)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._bin / program), *arguments],
            check=True,
            user=self._user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            timeout=60,
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    folder = Path(f"/tmp/callboard-postgres-{uuid4().hex[:8]}")  # a socket's path must be short
    folder.mkdir(mode=0o755)
    server = PostgresServer(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.e2e)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'centre.sqlite'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.fresh()


@pytest_asyncio.fixture
async def ledger(url: str) -> AsyncIterator[Ledger]:
    opened = await Ledger.open(url)
    yield opened
    await opened.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> Callable[[str], str]:
    return lambda name="centre.sqlite": f"sqlite:///{tmp_path / name}"
