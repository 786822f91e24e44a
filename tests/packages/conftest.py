"""Packages built once for all tests, and clean systems with and without them."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.packages.roots import SUITES, Base, Root, running

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
_AHEAD = pytest.StashKey["subprocess.Popen[bytes]"]()
OLD, NOW, NEW = "0.0.9-1", "", "9.0.0-1"


class Built:
    """The packages under test by version; another version is the same files under another number."""

    def __init__(self, folder: Path) -> None:
        """Build the program's own version, unless that of the same sources is there."""
        self.folder = folder
        self.work = BUILD / "packages"
        self.files: dict[tuple[str, str], Path] = {}
        command = [sys.executable, str(ROOT / "installer/packages/build.py"), "--quick", *pjsua2()]
        done = subprocess.run(
            [*command, "--work", str(self.work), "--out", str(folder)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, env=clean_env(), check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.fail(f"the packages do not build:\n{done.stdout}{done.stderr}")
        self.version = ""
        for file in folder.glob("*.deb"):
            name, self.version, _ = file.name.split("_")
            self.files[name, NOW] = file

    def deb(self, name: str, version: str = NOW) -> Path:
        """Return the file of a package."""
        if (name, version) not in self.files:
            self.files[name, version] = self._numbered(name, version)
        return self.files[name, version]

    def _numbered(self, name: str, version: str) -> Path:
        """Pack what was staged once more; the number stands in the control file and in the scripts."""
        staged = self.folder / f"{name}-{version}"
        subprocess.run(["cp", "-al", str(self.work / "stage" / name), str(staged)], check=True)
        for file in (staged / "DEBIAN").iterdir():
            content, mode = file.read_bytes(), file.stat().st_mode
            file.unlink()  # it is the same file as the staged one
            file.write_bytes(content.replace(self.version.encode(), version.encode()))
            file.chmod(mode)
        made = self.folder / f"{name}_{version}.deb"
        pack = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(staged), str(made)]
        subprocess.run(pack, check=True, capture_output=True)
        return made


def pjsua2() -> list[str]:
    """Return which phone is packed: our own, made where need be, or the wheel CALLBOARD_PJSUA2."""
    ready = os.environ.get("CALLBOARD_PJSUA2")
    return ["--pjsua2", ready] if ready else ["--own-pjsua2"]


def clean_env() -> dict[str, str]:
    """Return an environment to build in, without what other tests set for windows."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "QT_"))}
    return {**env, "SOURCE_DATE_EPOCH": "1700000000"}  # a commit alone is no reason to build anew


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make ready what takes minutes to make, on the time that other tests spend waiting (see `ahead`)."""
    slow = any(item.path.parent.name in {"native", "packages"} for item in session.items)
    if slow and not session.config.option.collectonly and not hasattr(session.config, "workerinput"):
        BUILD.mkdir(exist_ok=True)
        with (BUILD / "ahead.log").open("wb") as log:
            session.config.stash[_AHEAD] = subprocess.Popen(
                ["nice", "-n", "19", sys.executable, "-m", "tests.packages.ahead"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, start_new_session=True,
            )  # fmt: skip


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End it where nobody waited for it."""
    making = session.config.stash.get(_AHEAD, None)
    if making is not None:
        if making.poll() is None:
            os.killpg(making.pid, signal.SIGKILL)
        making.wait()


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one process makes packages and clean systems of this checkout at a time."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def clean_bases() -> dict[str, Base]:
    """Return the clean systems, which are made from now on where they are not there."""
    folder = BUILD / "roots"
    folder.mkdir(parents=True, exist_ok=True)
    return {suite: Base(suite, folder) for suite in SUITES}


@pytest.fixture(scope="session")
def bases() -> Iterator[dict[str, Base]]:
    with alone():
        yield clean_bases()


@pytest.fixture(scope="session")
def built(bases: dict[str, Base], tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the packages; the clean systems are made meanwhile."""
    return Built(tmp_path_factory.mktemp("packages"))


class Installed:
    """A layer for other roots: the older version of both packages installed, and a centre that has run."""

    def __init__(self, base: Base, built: Built, room: Path) -> None:
        """Install, run, and keep what was written."""
        self.base = base
        with running(base, room / "making") as root:
            root.ok("apt-get", "--quiet", "update")
            self.before = root.files()
            done = root.install(built.deb("callboard", OLD), built.deb("callboard-centre", OLD))
            assert done.returncode == 0, done.stdout + done.stderr
            words = ("--duration", "3", "--agents", "2", "--callers", "3", "--folder", "/tmp/day")
            root.ok("callboardctl", "demo", "--headless", *words, timeout=120)
            owner = ("-o", "callboard-centre", "-g", "callboard-centre", "-m", "600")
            root.ok("install", *owner, "/tmp/day/centre.db", "/var/lib/callboard/centre.db")
            started = root.start(*centre_command())
            assert started.stdout is not None
            said = ""
            for line in started.stdout:
                said += line
                if line.startswith("listening on"):
                    break
            root.ok("sh", "-c", "kill -TERM $(pidof callboardctl)")
            said += started.communicate(timeout=60)[0]
            assert started.returncode == 0, said
            self.layer = root.keep(room / "layer")
        self._built = built

    def debs(self) -> list[Path]:
        """Return the packages that are installed."""
        return [self._built.deb("callboard", OLD), self._built.deb("callboard-centre", OLD)]


def centre_command() -> list[str]:
    """Return how systemd would start the centre: the unit's command and environment, as the unit's user."""
    unit = (ROOT / "installer/linux/callboard-centre.service").read_text().splitlines()
    line = next(each for each in unit if each.startswith("ExecStart=")).removeprefix("ExecStart=")
    env = next(each for each in unit if each.startswith("Environment=")).removeprefix("Environment=")
    user = ("--reuid=callboard-centre", "--regid=callboard-centre", "--init-groups")
    return ["setpriv", *user, "env", *env.split(), *line.split()]


@pytest.fixture(scope="session", params=SUITES)
def installed(
    request: pytest.FixtureRequest,
    bases: dict[str, Base],
    built: Built,
    tmp_path_factory: pytest.TempPathFactory,
) -> Installed:
    return Installed(bases[request.param], built, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def root(installed: Installed, tmp_path: Path) -> Iterator[Root]:
    """Return a system of its own with the older packages installed."""
    with running(installed.base, tmp_path / "room", lower=[installed.layer]) as made:
        yield made


@pytest.fixture
def events(root: Root) -> Callable[[], int]:
    """Return what counts the facts in the centre's ledger."""

    def count() -> int:
        said = root.ok("callboardctl", "migrate", "--database", "sqlite:////var/lib/callboard/centre.db")
        return int(said.split(" holds ")[1].split()[0])

    return count


def report(root: Root, path: str) -> dict[str, object]:
    """Return a JSON report that a program left in a root."""
    read: dict[str, object] = json.loads((root.path / path.lstrip("/")).read_text())
    return read
