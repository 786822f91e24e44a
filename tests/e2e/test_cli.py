"""`callboardctl` as scripts and checks see it: the contract of its commands, its errors and exit codes."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

_PROMISED = {
    "centre": ["--config", "--host", "--port", "--database"],
    "demo": [
        "--headless",
        "--duration",
        "--seed",
        "--agents",
        "--callers",
        "--report",
        "--switch",
        "--screenshots",
    ],
    "call": [
        "--to",
        "--from",
        "--password",
        "--registrar",
        "--play",
        "--record",
        "--answer",
        "--transport",
        "--srtp",
        "--dtmf",
        "--duration",
        "--report",
    ],
    "kpi": ["--events", "--at", "--json", "--database", "--catalogue", "--dimension", "--window", "--csv"],
    "explain": ["--events", "--database", "--json"],
    "simulate": ["--scenario", "--json", "--plot", "--csv", "--jobs"],
    "asterisk": ["check", "config", "--config", "--out", "--json"],
    "doctor": ["--json", "--centre", "--config"],
    "settings": ["--explain", "--json", "--data", "--policy", "--check-policy"],
    "provision-key": ["--out", "--show"],
    "provision-link": ["--key", "--issuer", "--days", "--set", "--from"],
    "migrate": ["--database"],
    "bench": ["--only"],
    "password": [],
}


def ctl(*arguments: str, stdin: str = "", timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.mark.parametrize("command", list(_PROMISED))
def test_every_promised_option_is_in_the_help(command: str) -> None:
    done = ctl(command, "--help")
    assert done.returncode == 0
    for option in [*_PROMISED[command], "--log-level", "--log-json"]:
        assert option in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nonsense"], 2, "nonsense"),
        (["demo", "--duration", "-3"], 2, "more than 0"),
        (["demo", "--switch", "nonsense"], 2, "asterisk"),
        (["centre", "--config", "/nowhere/centre.toml"], 1, "no such file"),
        (["centre", "--port", "70000"], 2, "65535"),
        (["centre", "--database", "nonsense"], 1, "database"),
        (["kpi", "--events", "/nowhere/events.jsonl", "--json"], 2, "/nowhere/events.jsonl"),
        (["kpi", "--events", "/dev/null", "--at", "noon", "--json"], 2, "ISO 8601"),
        (["kpi", "--json"], 2, "--events"),
        (["kpi", "--events", "/dev/null", "--window", "today"], 2, "--dimension"),
        (["kpi", "--events", "/dev/null", "--dimension", "mood", "--window", "today"], 2, "skill"),
        (["kpi", "--events", "/dev/null", "--dimension", "queue"], 2, "from and to"),
        (["explain", "me", "--events", "/dev/null"], 2, "UUID"),
        (["explain", "01920000-0000-7000-8000-000000000001", "--events", "/dev/null"], 2, "no interaction"),
        (["simulate", "--scenario", "/nowhere/day.toml"], 2, "/nowhere/day.toml"),
        (["call", "--report", "-"], 2, "--to"),
        (["call", "--to", "sip:a@127.0.0.1", "--report", "/nowhere/report.json"], 2, "/nowhere/report.json"),
        (["demo", "--report", "/nowhere/report.json"], 2, "/nowhere/report.json"),
        (["call", "--to", "not an address", "--report", "-"], 2, "not an address"),
        (["migrate", "--database", "sqlite:////nowhere/x.db"], 1, "/nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_one_line_that_says_what_to_do(arguments: list[str], code: int, told: str) -> None:
    done = ctl(*arguments)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    if not done.stderr.startswith("usage"):
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = tmp_path / "centre.toml"
        config.write_text('[switch]\nkind = "none"\n')
        port = taken.getsockname()[1]
        done = ctl(
            "centre",
            "--config",
            str(config),
            "--port",
            str(port),
            "--database",
            f"sqlite:///{tmp_path}/c.db",
        )
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_typo_in_the_settings_names_line_and_option(tmp_path: Path) -> None:
    config = tmp_path / "centre.toml"
    config.write_text("[server]\nprot = 1\n")
    done = ctl("centre", "--config", str(config))
    assert done.returncode == 1
    assert "centre.toml:2: server.prot" in done.stderr


def test_the_doctor_tells_what_works_and_what_to_do() -> None:
    done = ctl("doctor", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == (0 if report["ok"] else 1)
    assert {"version", "phone", "audio", "display", "network", "storage", "centre", "faults"} <= set(report)
    assert report["phone"]["version"]
    for fault in report["faults"]:
        assert fault["what"]
        assert fault["do"]
    away = ctl("doctor", "--json", "--centre", "http://127.0.0.1:9")
    assert away.returncode == 1
    assert "does not answer" in away.stdout


def test_a_password_becomes_an_argon2_hash() -> None:
    done = ctl("password", stdin="correct horse battery\n")
    assert done.returncode == 0
    assert done.stdout.startswith("$argon2id$")
    assert ctl("password", stdin="\n").returncode == 2


def test_figures_of_a_file(tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from console.clock import StoppedClock
    from console.domain import events as ev
    from console.domain.address import Address
    from console.domain.queue import Queue
    from console.wire import encode_event

    clock = StoppedClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
    lines = [
        ev.QueueConfigured(id=clock.new_id(), at=clock.now(), queue=Queue(key="support", threshold_s=20.0))
    ]
    for wait_s in (10.0, 30.0):
        interaction, arrived = clock.new_id(), clock.now()
        lines += [
            ev.InteractionArrived(
                id=clock.new_id(),
                at=arrived,
                interaction=interaction,
                customer=Address("sip:a@b"),
                called="support",
            ),
            ev.InteractionQueued(
                id=clock.new_id(), at=arrived, interaction=interaction, queue="support", waiting_since=arrived
            ),
            ev.InteractionAnswered(
                id=clock.new_id(),
                at=arrived + timedelta(seconds=wait_s),
                interaction=interaction,
                offer=clock.new_id(),
                queue="support",
                agent="ada",
            ),
        ]
        clock.move(60.0)
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(map(encode_event, lines)) + b"\n")
    done = ctl("kpi", "--events", str(file), "--at", clock.now().isoformat(), "--json")
    assert done.returncode == 0, done.stderr
    text = json.dumps(json.loads(done.stdout))
    assert '"value": 0.5' in text
    _check_tables(file, str(lines[1].interaction))  # type: ignore[union-attr]
    with file.open("ab") as more:
        more.write(b"{}\n")
    broken = ctl("kpi", "--events", str(file), "--json")
    assert broken.returncode == 2
    assert "line 8" in broken.stderr


def _check_tables(file: Path, interaction: str) -> None:
    """The same file as tables, and why its first call went as it did."""
    since = ("--from", "2026-11-22T12:00:00Z", "--to", "2026-11-22T13:00:00Z")
    table = (
        "kpi",
        "--events",
        str(file),
        "--dimension",
        "queue",
        "--metrics",
        "answered,service_level,asa_s",
    )
    csv = ctl(*table, *since, "--minutes", "15", "--csv", "-")
    assert csv.returncode == 0, csv.stderr
    header, row = csv.stdout.removeprefix("\ufeff").splitlines()
    assert header == ("Queue,Name,From (UTC),To (UTC),Answered,Service level (%),Average speed of answer (s)")
    assert row == "support,support,2026-11-22T12:00:00+00:00,2026-11-22T12:15:00+00:00,2,50,20"
    book = file.with_suffix(".xlsx")
    written = ctl(*table, "--window", "today", "--xlsx", str(book), "--json")
    assert written.returncode == 0, written.stderr
    assert json.loads(written.stdout)["rows"][0]["values"] == {
        "answered": 2,
        "service_level": 0.5,
        "asa_s": 20.0,
    }
    assert book.read_bytes().startswith(b"PK")
    assert "Service level: 50.0 %" in ctl(*table, "--window", "60").stdout
    why = ctl("explain", interaction, "--events", str(file))
    assert why.returncode == 0, why.stderr
    assert "came in on voice for support" in why.stdout
    steps = json.loads(ctl("explain", interaction, "--events", str(file), "--json").stdout)
    assert [step["what"] for step in steps] == [
        "InteractionArrived",
        "InteractionQueued",
        "InteractionAnswered",
    ]


def test_the_catalogue_of_metrics_is_told() -> None:
    told = ctl("kpi", "--catalogue")
    assert "| `service_level` |" in told.stdout
    listed = json.loads(ctl("kpi", "--catalogue", "--json").stdout)
    assert {"key", "name", "unit", "formula", "better"} <= set(listed[0])


def test_a_ready_centre_says_one_line_and_ends_on_sigterm(tmp_path: Path) -> None:
    config = tmp_path / "centre.toml"
    config.write_text("[switch]\nudp_port = 0\ntcp_port = 0\n")
    with (tmp_path / "centre.log").open("w") as log:
        centre = subprocess.Popen(
            [
                *(sys.executable, "-m", "console", "centre", "--config", str(config), "--port", "0"),
                *("--database", f"sqlite:///{tmp_path}/centre.db"),
            ],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert centre.stdout is not None
    first = centre.stdout.readline()
    centre.terminate()
    rest, _ = centre.communicate(timeout=60)
    assert first.startswith("listening on http://127.0.0.1:")
    assert rest == ""
    assert centre.returncode == 0
    assert "first start: sign in as “admin” with the password " in (tmp_path / "centre.log").read_text()
