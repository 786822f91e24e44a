"""What every test can ask for: ports, sound, a screen; and what every test must do: leave nothing behind."""

import os
import shutil
import tempfile
from pathlib import Path

# Before Qt is imported: no test opens a window in front of a person, or touches their keyring or their files.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
_HOME = tempfile.mkdtemp(prefix="callboard-tests-")
for _name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR"):
    os.environ[f"XDG_{_name}"] = f"{_HOME}/{_name.lower()}"
    Path(os.environ[f"XDG_{_name}"]).mkdir(mode=0o700)

import asyncio
import gc
import inspect
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.machine import Display, Pulse

GRACE_S = 3.0


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the watches before a test's own fixtures (its loop among them) and behind those it shares."""
    for item in items:
        if isinstance(item, pytest.Function):
            names = [name for name in item.fixturenames if name != "_no_thread_left"]
            shared = [name for name in names if _is_shared(item, name)]
            own = [name for name in names if name not in shared]
            watches = ["_no_thread_left"] + ["_no_task_left"] * inspect.iscoroutinefunction(item.obj)
            item.fixturenames[:] = shared + watches + own


_LANES = {
    **dict.fromkeys(("e2e", "switch", "telephony", "sync", "hostile", "ui/test_audio.py"), "real"),
    **dict.fromkeys(("packages", "native"), "built"),
}
"""Tests that share a process when there are several: those with real calls, sound and programs, one after the
other, and those of what is built. All others go file by file.
"""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Lanes(config, log)


class Lanes(LoadScopeScheduling):
    """Gives whole lanes to processes."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].removeprefix("tests/")
        return _LANES.get(file) or _LANES.get(file.partition("/")[0], file)


def pytest_collection_finish() -> None:
    """Let the collector pass over all that the imports made: a collection after each test is then cheap."""
    gc.collect()
    gc.freeze()


def _is_shared(item: pytest.Function, name: str) -> bool:
    known = item._fixtureinfo.name2fixturedefs.get(name)
    return bool(known) and known[-1].scope != "function"


# ---- ports ----
def _both_free() -> int | None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        try:
            udp.bind(("127.0.0.1", port))
        except OSError:
            return None
        return port


@pytest.fixture
def free_ports() -> Callable[[int], list[int]]:
    """Return N ports of 127.0.0.1 free for UDP and TCP. Better still where it can be: bind port 0."""

    def choose(count: int) -> list[int]:
        found: set[int] = set()
        while len(found) < count:
            port = _both_free()
            if port is not None:
                found.add(port)
        return sorted(found)

    return choose


@pytest.fixture
def free_port(free_ports: Callable[[int], list[int]]) -> int:
    """A port of 127.0.0.1 that is free for UDP and TCP."""
    return free_ports(1)[0]


# ---- hardware ----
@pytest.fixture(scope="session")
def pulse() -> Iterator[Pulse]:
    """Private sound hardware for the session: speaker, microphone, more with `plugged` (tests/machine.py)."""
    server = Pulse(Path(tempfile.mkdtemp(prefix="pulse-", dir=_HOME)))
    server.start()
    before = {name: os.environ.get(name) for name in server.env}
    os.environ.update(server.env)
    yield server
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def _sound_before_qt(request: pytest.FixtureRequest) -> None:
    """Have the sound server up before any test touches QtMultimedia: a process looks for it once only."""
    if any("pulse" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("pulse")


@pytest.fixture(scope="session")
def xvfb() -> Iterator[Display]:
    """A private X screen, for programs started with its `env` (tests in this process stay offscreen)."""
    display = Display(Path(_HOME))
    display.start()
    yield display
    display.stop()


# ---- nothing left behind ----
@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Take away the handlers of a command run in this process: they write to a file closed since."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers).difference(before):
        root.removeHandler(handler)
    root.setLevel(level)


def _threads() -> set[threading.Thread]:
    """Return Python's own threads; those that C code brought along have no end that Python sees."""
    return {t for t in threading.enumerate() if not isinstance(t, threading._DummyThread)}


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """Fail a test that leaves a thread of its own, or (ResourceWarning is an error) a socket or a file.

    The collection makes what a test dropped in a circle speak up here, and not in some later test.
    """
    before = _threads()
    yield
    gc.collect()
    left = _threads() - before
    for thread in left:
        thread.join(GRACE_S)
    alive = sorted(t.name for t in left if t.is_alive())
    if alive:
        pytest.fail(f"threads left running: {', '.join(alive)}")


@pytest.fixture
async def _no_task_left() -> AsyncIterator[None]:
    """Fail a coroutine test that leaves tasks in the loop once its fixtures are down."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        _, pending = await asyncio.wait(left, timeout=GRACE_S)
        if pending:
            pytest.fail("tasks left running: " + ", ".join(sorted(str(t.get_coro()) for t in pending)))
