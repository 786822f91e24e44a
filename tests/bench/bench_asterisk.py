"""A whole centre that drives an Asterisk, beside the same Asterisk's own app_queue.

From a caller's INVITE to the agent's INVITE, both seen from outside, at 5, 50 and 100 calls/s; what a call
costs the centre and Asterisk in CPU. app_queue answers as we do, without waiting for the caller's first media
(`Answer(,i)`), and shares nothing else: 200 members with contacts of their own, rrmemory, autofill.
Between the two stands the least that connects a call over ARI at all (`asterisk_least.py`): what it costs, no
centre in Python is below.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from console import paths
from tests.switch.asterisk_server import AsteriskServer

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

HERE = Path(__file__)
AGENTS = 200
TALK_S = 1.0
RATES = ((5, 100), (50, 1000), (100, 1500))
MOST_RATIO, MOST_CPU_MS = 1.3, 3.0


class Child:
    """A process that answers lines with lines of JSON."""

    def __init__(self, script: str, *words: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE.parent / script), *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE.parents[2],
            env={**os.environ, "PYTHONPATH": str(HERE.parents[2])},
        )  # fmt: skip
        self.first = self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "it ended"
        return line

    def ask(self, order: object = None) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self._line())  # type: ignore[no-any-return]

    def stop(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


class Bench(AsteriskServer):
    """An Asterisk with three ways in: `bench` is ours, `native` is app_queue's, `least` the least's."""

    def add_queue(self, port: int) -> None:
        """Add the members, whose contacts are at this port."""
        etc = self.folder / "etc"
        plan = etc / "extensions.conf"
        branch = (
            'exten => _.,1,GotoIf($["${EXTEN}"="native"]?native,s,1)\n'
            ' same => n,GotoIf($["${EXTEN}"="least"]?least,s,1)\n'
        )
        words = plan.read_text().replace("exten => _.,1,NoOp()\n", branch)
        assert branch in words
        plan.write_text(
            f"{words}[native]\nexten => s,1,Answer(,i)\n same => n,Queue(bench)\n same => n,Hangup()\n"
            "[least]\nexten => s,1,Stasis(least,arrived)\n same => n,Hangup()\n"
        )
        members = [f"bot{number}" for number in range(AGENTS)]
        with (etc / "pjsip.conf").open("a") as file:
            for name in members:
                file.write(
                    f"\n[{name}](callboard-endpoint)\ncontext=callboard\naors={name}\n"
                    f"[{name}]\ntype=aor\ncontact=sip:{name}@127.0.0.1:{port}\n"
                )
        lines = "".join(f"member => PJSIP/{name}\n" for name in members)
        (etc / "queues.conf").write_text(
            "[general]\npersistentmembers=no\nautofill=yes\nlog_membername_as_agent=no\n"
            f"[bench]\nstrategy=rrmemory\ntimeout=20\nringinuse=no\nwrapuptime=0\nautofill=yes\n{lines}"
        )

    def cpu_s(self) -> float:
        """CPU seconds used so far."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="cb-bench-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def _sounds(folder: Path) -> Path:
    """Our prompts as Asterisk finds them."""
    for file in (paths.resources() / "sounds").rglob("*.wav"):
        kept = folder / (file.parent.name if file.parent.name != "sounds" else "en")
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, kept / f"{file.stem}.wav16")
    return folder


def test_beside_app_queue(folder: Path) -> None:
    peers = Child("asterisk_peers.py")
    port = json.loads(peers.first)["agents"]
    server = Bench(folder, _sounds(folder / "sounds"), rtp_first=20000, rtp_last=29999)
    server.add_queue(port)
    server.start()
    database = folder / "centre.db"
    centre = Child("asterisk_centre.py", server.url, server.plan.sounds, database, AGENTS, port)
    least = Child("asterisk_least.py", server.url, AGENTS)
    assert (centre.first, least.first) == ("ready\n", "ready\n")
    drivers = {"native": None, "least": least, "bench": centre}
    first = 100_000
    seen: dict[tuple[str, int], tuple[float, float]] = {}
    try:
        for rate, calls in ((20, 60), *RATES):
            for user, driver in drivers.items():
                before, us = server.cpu_s(), _cpu_s(driver)
                report = peers.ask(
                    {"host": "127.0.0.1", "port": server.sip, "user": user, "rate": rate, "calls": calls,
                     "talk_s": TALK_S, "first": first}
                )  # fmt: skip
                first += calls
                cpu, us = (server.cpu_s() - before) / calls, (_cpu_s(driver) - us) / calls
                seen[user, rate] = _say(f"{user:6} {rate:3} calls/s, {calls:4} calls", report, cpu, us)
    finally:
        peers.stop()
        least.stop()
        centre.stop()
        server.remove()
    native, (_, floor) = seen["native", 50][0], seen["least", 50]
    for user in ("least", "bench"):
        p95, cost = seen[user, 50]
        print(
            f"\nat 50 calls/s, {user}: {p95 / native:.2f} times app_queue's p95 (target {MOST_RATIO}), "
            f"{cost:.2f} ms of CPU a call (target {MOST_CPU_MS}), {cost / floor:.2f} times the least's",
            end="",
        )


def _cpu_s(driver: Child | None) -> float:
    return driver.ask()["cpu_s"] if driver else 0.0


def _say(what: str, report: dict[str, Any], asterisk_s: float, us_s: float) -> tuple[float, float]:
    """Print a run; its p95 and the controller's CPU a call, in ms."""
    times = [1000 * each for each in report["seconds"]]
    p95 = quantiles(times, n=20)[-1]
    print(
        f"\n{what}: p50 {median(times):6.2f} ms, p95 {p95:6.2f} ms, most {max(times):6.1f}; never rung "
        f"{report['never']}, refused {report['refused']}; CPU a call: Asterisk {1000 * asterisk_s:.1f} ms, "
        f"controller {1000 * us_s:.2f} ms",
        end="",
    )
    assert (report["never"], report["refused"]) == (0, 0)
    return p95, 1000 * us_s
