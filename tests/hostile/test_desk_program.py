"""`callboard` where it cannot show its windows, or is told to go: words, no traceback, no abort."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e


def _environment(**changes: str) -> dict[str, str]:
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    return {name: value for name, value in os.environ.items() if name not in hidden} | changes


@pytest.mark.parametrize("display", ["", ":4242", "nonsense", ":", ":x.0"])
def test_without_a_screen_it_is_one_line(display: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ui", "--data", str(tmp_path)],
        env=_environment(DISPLAY=display),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("callboard: there is no screen here.")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_go_it_closes_in_order(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "desk.toml").write_text("[phon]\n")  # told in the window, and no reason not to start
    program = subprocess.Popen(
        [sys.executable, "-m", "ui", "--data", str(tmp_path)],
        env=_environment(QT_QPA_PLATFORM="offscreen"),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + 30
        while not (tmp_path / "desk.db").exists():
            assert program.poll() is None
            assert time.monotonic() < until
        program.send_signal(number)
        said = program.communicate(timeout=30)[1]
    finally:
        program.kill()
        program.wait()
    assert program.returncode == 0, said
    assert "Traceback" not in said
