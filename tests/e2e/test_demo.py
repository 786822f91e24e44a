"""The demo as a whole: real SIP and RTP, real processes, books that balance."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def _demo(tmp_path: Path, *more: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    report = tmp_path / "report.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "console", "demo", "--headless", "--duration", "6", "--seed", "7"),
            *("--agents", "2", "--callers", "6", "--report", str(report), "--folder", str(tmp_path / "demo")),
            *more,
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert report.exists(), f"{done.stdout}\n{done.stderr}"
    return done, json.loads(report.read_text())


Day = tuple[Path, subprocess.CompletedProcess[str], dict[str, Any]]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """The folder of a headless day, how it went, and its report."""
    folder = tmp_path_factory.mktemp("day")
    return folder, *_demo(folder)


def test_a_headless_day_balances_its_books(day: Day) -> None:
    folder, done, report = day
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert report["offered"] == 6
    assert report["answered"] + report["abandoned"] == 6
    assert report["in_queue"] == 0
    assert report["audio"]["two_way"] == report["audio"]["calls"] > 0
    assert report["history_rows"] == report["synced_rows"] > 0
    assert report["unsynced_rows"] == 0
    assert report["ledger_events"] > 6 * 5
    level = report["service_level"]
    assert level["formula"] == "answered_in_time_of_all_less_short"
    assert level["value"] == pytest.approx(level["inputs"]["numerator"] / level["inputs"]["denominator"])
    assert report["asa_s"] >= 0
    assert report["aht_s"] > 0
    assert "board" not in report
    log = (folder / "demo" / "centre.log").read_text()
    assert "Traceback" not in log


def test_who_is_called_back_is_in_the_books(tmp_path: Path) -> None:
    """One robot and the desk for many callers: several wait long enough to be asked, whoever comes first."""
    more = ("--callbacks", "--agents", "1", "--callers", "24", "--duration", "8", "--seed", "9")
    done, report = _demo(tmp_path, *more)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    called_back = report["callbacks"]
    assert called_back["asked"] >= called_back["done"] > 0
    assert report["offered"] == 24
    assert report["answered"] + report["abandoned"] + report["flowed_out"] + report["in_queue"] == 24
    assert report["flowed_out"] >= called_back["asked"]
    assert report["balanced"] is True


def test_with_windows_there_are_pictures_and_the_time_to_paint(tmp_path: Path) -> None:
    done, report = _demo(tmp_path, "--screenshots", str(tmp_path / "shots"))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert report["board"]["event_to_paint_ms_p95"] > 0
    taken = {file.name for file in (tmp_path / "shots").glob("*.png") if file.stat().st_size > 10_000}
    assert {"agent-ready.png", "agent-after-work.png", "wallboard-end.png"} <= taken


def test_figures_of_the_file_equal_those_of_the_day(day: Day, tmp_path: Path) -> None:
    folder, _, report = day
    lines = tmp_path / "events.jsonl"
    script = (
        "import asyncio, sys\n"
        "from console.ledger.ledger import Ledger\n"
        "from console.wire import encode_event\n"
        "async def main():\n"
        "    ledger = await Ledger.open(sys.argv[1])\n"
        "    async for _, event in ledger.read():\n"
        "        sys.stdout.buffer.write(encode_event(event) + b'\\n')\n"
        "    await ledger.close()\n"
        "asyncio.run(main())\n"
    )
    dumped = subprocess.run(
        [sys.executable, "-c", script, f"sqlite:///{folder}/demo/centre.db"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    lines.write_bytes(dumped.stdout)
    kpi = subprocess.run(
        [sys.executable, "-m", "console", "kpi", "--events", str(lines), "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    counts = json.loads(kpi.stdout)["total"]["counts"]
    for key in ("offered", "answered", "abandoned", "short_abandoned"):
        assert counts.get(key, 0) == report[key]


def test_a_killed_demo_takes_its_centre_along(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [
            *(sys.executable, "-m", "console", "demo", "--headless", "--duration", "60", "--agents", "1"),
            *("--callers", "5", "--folder", str(tmp_path)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    for line in demo.stdout:
        if "signed in" in line:
            break
    children = _children(demo.pid)
    assert children
    demo.send_signal(signal.SIGKILL)
    demo.wait()
    demo.stdout.close()
    until = time.monotonic() + 20
    while any(_alive(pid) for pid in children):
        assert time.monotonic() < until, "the centre outlived its demo"


def test_an_interrupted_demo_closes_its_books(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [
            *(sys.executable, "-m", "console", "demo", "--headless", "--duration", "60", "--agents", "2"),
            *("--callers", "40", "--folder", str(tmp_path)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert demo.stdout is not None
    for line in demo.stdout:
        if "offered" in line:
            break
    os.killpg(demo.pid, signal.SIGINT)
    said, _ = demo.communicate(timeout=90)
    assert "the books balance" in said
    assert "Traceback" not in said
    assert demo.returncode == 0


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"
