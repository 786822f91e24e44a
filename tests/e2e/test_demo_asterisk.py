"""The demo on a real Asterisk: the same day, the same books, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.asterisk]


def _asterisks(folder: Path) -> list[str]:
    """The Asterisk processes of a demo, which keeps its temporary files in `folder`."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"{folder}/callboard-asterisk-" in said and "/asterisk.conf" in said:
            found.append(said)
    return found


def _command(*more: str) -> list[str]:
    return [sys.executable, "-m", "console", "demo", "--headless", "--switch", "asterisk", *more]


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a path that is short enough for a socket."""
    return tmp_path_factory.mktemp("a")


def test_a_day_on_asterisk_balances_its_books(tmp_path: Path, short: Path) -> None:
    report = tmp_path / "report.json"
    day = ("--duration", "4", "--seed", "7", "--agents", "2", "--callers", "5")
    done = subprocess.run(
        _command(*day, "--report", str(report), "--folder", str(tmp_path / "demo")),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=os.environ | {"TMPDIR": str(short)},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    told = json.loads(report.read_text())
    assert told["balanced"] is True
    assert told["offered"] == 5 == told["answered"] + told["abandoned"]
    assert told["audio"]["two_way"] == told["audio"]["calls"] > 0
    assert told["history_rows"] == told["synced_rows"] > 0
    assert "Asterisk runs" in done.stdout
    log = (tmp_path / "demo/centre.log").read_text()
    assert "Traceback" not in log
    settings = (tmp_path / "demo/centre.toml").read_text()
    assert 'kind = "asterisk"' in settings
    assert _asterisks(short) == []
    assert list(short.iterdir()) == [], "nothing is left, the password least of all"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_who_stops_the_demo_stops_its_asterisk(how: signal.Signals, tmp_path: Path, short: Path) -> None:
    demo = subprocess.Popen(
        _command("--duration", "60", "--agents", "1", "--callers", "9", "--folder", str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(short)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if "signed in" in line or "offered" in line:
            break
    assert len(_asterisks(short)) == 1, said
    os.killpg(demo.pid, how)
    said, _ = demo.communicate(timeout=90)
    if how is signal.SIGINT:
        assert "the books balance" in said
        assert list(short.iterdir()) == []
    until = time.monotonic() + 20
    while _asterisks(short):
        assert time.monotonic() < until, "Asterisk outlived its demo"
        time.sleep(0.05)


def test_an_asterisk_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        _command(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"CALLBOARD_ASTERISK": str(tmp_path)},
    )
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert "usr/sbin/asterisk" in done.stderr
    assert "Traceback" not in done.stderr
