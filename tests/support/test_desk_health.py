"""The desk as a program: it logs to a file of its own, and a hard crash is found at the next start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.clock import StoppedClock
from console.support.crashes import Crashes

pytestmark = pytest.mark.e2e

_PATIENCE_S = 60


@contextmanager
def desk(folder: Path) -> Iterator[subprocess.Popen[str]]:
    program = subprocess.Popen(
        [sys.executable, "-m", "ui", "--data", str(folder), "--log-level", "info"],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


def until(fact: Callable[[], object], program: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + _PATIENCE_S
    while not fact():
        assert program.poll() is None, "the desk ended"
        assert time.monotonic() < limit
        time.sleep(0.05)  # another program tells nobody


def test_a_hard_crash_is_found_at_the_next_start_and_the_log_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    crashes = Crashes(folder / "crashes", StoppedClock(datetime(2026, 11, 22, 12, tzinfo=UTC)))
    with desk(folder) as program:
        until(lambda: (folder / "desk.db").exists() and list(crashes.folder.glob("hard-*")), program)
        program.send_signal(signal.SIGSEGV)
        program.communicate(timeout=_PATIENCE_S)
        assert program.returncode == -signal.SIGSEGV
    assert crashes.all() == []
    with desk(folder) as program:
        until(crashes.all, program)
        until(lambda: not crashes.unseen(), program)  # the window has told of it
        program.send_signal(signal.SIGTERM)
        said = program.communicate(timeout=_PATIENCE_S)[1]
        assert program.returncode == 0, said
    (report,) = crashes.all()
    assert report.kind == "hard"
    assert "Segmentation fault" in report.text
    assert not list(crashes.folder.glob("hard-*"))
    assert (folder / "logs" / "desk.log").stat().st_mode & 0o777 == 0o600
    with desk(folder) as program:
        until(lambda: list(crashes.folder.glob("hard-*")), program)
        program.send_signal(signal.SIGTERM)
        program.communicate(timeout=_PATIENCE_S)
    assert len(crashes.all()) == 1, "told once, and a run that ends well adds none"
