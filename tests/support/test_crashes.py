"""What brings a program down is kept here, without secrets, few and small; it leaves by consent alone."""

import asyncio
import signal
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from console.clock import StoppedClock
from console.domain.errors import BadInput, NetworkError
from console.support.crashes import MOST, MOST_BYTES, Crashes, send
from tests.support.certificates import certificate

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOON)


@pytest.fixture
def crashes(tmp_path: Path, clock: StoppedClock) -> Crashes:
    return Crashes(tmp_path / "crashes", clock)


_PROGRAM = """
import asyncio, faulthandler, os, signal, sys, threading
from pathlib import Path
from console.clock import SystemClock
from console.support.crashes import Crashes
kind = sys.argv[2]
crashes = Crashes(Path(sys.argv[1]), SystemClock())
async def main():
    undo = crashes.catch(asyncio.get_running_loop())
    password = "hunter2"
    if kind == "thread":
        thread = threading.Thread(target=lambda: 1 // 0)
        thread.start()
        thread.join()
    elif kind == "loop":
        asyncio.get_running_loop().call_soon(lambda: 1 // 0)
        await asyncio.sleep(0.05)
    elif kind == "hard":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif kind == "exception":
        raise RuntimeError("password=hunter2 of sip:erika@example.org")
    undo()
asyncio.run(main())
"""


def crash(folder: Path, kind: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(folder), kind], check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize(("kind", "found"), [("thread", "ZeroDivisionError"), ("loop", "ZeroDivisionError")])
def test_a_program_goes_on_and_its_fault_is_kept(crashes: Crashes, kind: str, found: str) -> None:
    done = crash(crashes.folder, kind)
    assert done.returncode == 0
    assert found in done.stderr, "who was told before is told still"
    (report,) = crashes.unseen()
    assert report.kind == kind
    assert found in report.text
    assert (crashes.folder / f"{report.name}.json").stat().st_mode & 0o777 == 0o600


def test_what_ends_a_program_is_kept_without_secrets(crashes: Crashes) -> None:
    assert crash(crashes.folder, "exception").returncode == 1
    (report,) = crashes.unseen()
    assert "RuntimeError" in report.text
    assert "hunter2" not in report.text
    assert "erika" not in report.text


def test_a_hard_crash_is_taken_up_at_the_next_start(crashes: Crashes) -> None:
    assert crash(crashes.folder, "hard").returncode == -signal.SIGSEGV
    assert crashes.unseen() == []
    undo = crashes.catch()
    undo()
    (report,) = crashes.unseen()
    assert report.kind == "hard"
    assert "Segmentation fault" in report.text
    assert "main" in report.text
    assert not list(crashes.folder.glob("hard-*"))


def test_a_program_that_ends_well_leaves_nothing(crashes: Crashes) -> None:
    assert crash(crashes.folder, "none").returncode == 0
    assert crashes.all() == []
    assert list(crashes.folder.iterdir()) == []


def test_the_same_again_is_counted(crashes: Crashes) -> None:
    for _ in range(50):
        crashes.keep("loop", "ValueError: x")
    (report,) = crashes.all()
    assert report.times == 50


def test_few_and_small(crashes: Crashes, clock: StoppedClock) -> None:
    for number in range(MOST + 5):
        clock.move(1)
        crashes.keep("exception", f"fault {number}: " + "é" * MOST_BYTES)
    found = crashes.all()
    assert len(found) == MOST
    assert found[0].at == NOON + timedelta(seconds=MOST + 5)
    assert found[-1].at == NOON + timedelta(seconds=6)
    assert all(len(report.text.encode()) < MOST_BYTES + 100 for report in found)
    assert "left out" in found[0].text


def test_asked_once_and_deleted_for_good(crashes: Crashes) -> None:
    first = crashes.keep("exception", "one")
    crashes.keep("exception", "two")
    assert first is not None
    crashes.seen(first)
    assert [report.text for report in crashes.unseen()] == ["two"]
    for report in crashes.all():
        crashes.delete(report)
    assert list(crashes.folder.iterdir()) == []


def test_a_damaged_report_is_passed_over(crashes: Crashes) -> None:
    crashes.keep("exception", "one")
    (crashes.folder / "crash-20261122T120000-deadbeef.json").write_text("{half")
    assert [report.text for report in crashes.unseen()] == ["one"]


def test_a_folder_that_cannot_be_written_is_no_second_crash(tmp_path: Path, clock: StoppedClock) -> None:
    (tmp_path / "file").write_text("")
    crashes = Crashes(tmp_path / "file" / "crashes", clock)
    assert crashes.keep("exception", "one") is None
    undo = crashes.catch()
    undo()


class _Taking(BaseHTTPRequestHandler):
    got: list[bytes] = []  # noqa: RUF012 - one test's
    answer = 204

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(self.answer)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


async def test_a_report_is_sent_over_https_to_a_known_certificate_alone(
    crashes: Crashes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), _Taking)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"https://localhost:{server.server_port}/reports"
    report = crashes.keep("exception", "one")
    assert report is not None
    try:
        with pytest.raises(NetworkError, match="certificate"):
            await send(report, url)
        assert _Taking.got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        await send(report, url)
        assert b'"text":"one"' in _Taking.got[0]
        monkeypatch.setattr(_Taking, "answer", 500)
        with pytest.raises(NetworkError, match="500"):
            await send(report, url)
    finally:
        await asyncio.to_thread(server.shutdown)
        thread.join()
        server.server_close()
    with pytest.raises(NetworkError, match="kept"):
        await send(report, url)


@pytest.mark.parametrize("url", ["http://localhost/x", "", "ftp://x/y", "localhost"])
async def test_nothing_is_sent_in_the_clear(crashes: Crashes, url: str) -> None:
    report = crashes.keep("exception", "one")
    assert report is not None
    with pytest.raises(BadInput, match="https"):
        await send(report, url)
