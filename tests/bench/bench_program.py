"""The desk as a program beside linphone-desktop and Twinkle, where they are installed: start, memory, idle
work.

Start: from exec to a mapped window on a private X screen, warm (median of five after one that warms the
caches). Memory: the proportional set size of the whole process tree five seconds after. Idle: processor
time of the tree over five seconds, in per cent of one core.
"""

import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.machine import Display

pytestmark = pytest.mark.bench

_TRIES = 5
_SETTLE_S = 5.0
_PROGRAMS = {
    "callboard": ([sys.executable, "-m", "ui"], "Callboard"),
    "linphone": (["dbus-run-session", "linphone"], "Linphone"),
    "twinkle": (["twinkle"], "Twinkle"),
}


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _tree(int(child))
    return found


def _memory_mb(pid: int) -> float:
    total = 0
    for each in _tree(pid):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def _cpu_s(pid: int) -> float:
    ticks = 0
    for each in _tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _mapped(display: Display, title: str) -> bool:
    found = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", title],
        env={**os.environ, **display.env},
        capture_output=True,
        text=True,
        check=False,
    )
    return bool(found.stdout.split())


def _once(name: str, display: Display, home: Path, *, settle: bool) -> tuple[float, float, float]:
    command, title = _PROGRAMS[name]
    env = {**os.environ, **display.env, "HOME": str(home)}
    for variable in ("CONFIG", "DATA", "STATE", "CACHE"):
        env[f"XDG_{variable}_HOME"] = str(home / variable.lower())
    env.pop("QT_QPA_PLATFORM", None)
    began = time.perf_counter()
    program = subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not _mapped(display, title):
            if program.poll() is not None or time.perf_counter() - began > 30:
                pytest.fail(f"{name} opened no window")
        started = time.perf_counter() - began
        if not settle:
            return started, 0.0, 0.0
        select_nothing(_SETTLE_S)
        memory, before = _memory_mb(program.pid), _cpu_s(program.pid)
        select_nothing(_SETTLE_S)
        return started, memory, (_cpu_s(program.pid) - before) / _SETTLE_S * 100
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        while _mapped(display, title):
            select_nothing(0.05)


def select_nothing(seconds: float) -> None:
    """Let the measured program alone for a while."""
    import select

    select.select([], [], [], seconds)


def test_start_and_size_beside_others(xvfb: Display, tmp_path: Path) -> None:
    figures: dict[str, tuple[float, float, float]] = {}
    for name in _PROGRAMS:
        if name != "callboard" and shutil.which(name) is None:
            print(f"{name:10} is not installed here")
            continue
        home = tmp_path / name
        home.mkdir()
        _once(name, xvfb, home, settle=False)
        starts = [_once(name, xvfb, home, settle=False)[0] for _ in range(_TRIES)]
        _, memory, idle = _once(name, xvfb, home, settle=True)
        figures[name] = (statistics.median(starts), memory, idle)
        start, memory, idle = figures[name]
        print(f"{name:10} window after {start:5.2f} s, {memory:6.1f} MB, idle {idle:4.1f} % of a core")
    ours = figures["callboard"]
    for name in figures.keys() - {"callboard"}:
        theirs = figures[name]
        print(f"callboard / {name}: start {ours[0] / theirs[0]:.2f}, memory {ours[1] / theirs[1]:.2f}")
    if "linphone" in figures:
        assert ours[1] < figures["linphone"][1]
