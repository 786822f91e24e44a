"""What a queue log tells of calls that were served without a centre."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.switch import queue_log
from console.switch.asterisk_fallback import strays

BEGIN = 1_795_410_000
SINCE = datetime.fromtimestamp(BEGIN, UTC)
WHO = "%22Zo%C3%AB%22%20%3Csip%3A4711%40pbx.example%3E|sip%3A100%40pbx.example"


def log(folder: Path, *lines: str) -> Path:
    file = folder / "queue_log"
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def at(seconds: int) -> datetime:
    return SINCE + timedelta(seconds=seconds)


def test_a_served_call_an_abandoned_one_and_one_that_goes_on(tmp_path: Path) -> None:
    file = log(
        tmp_path,
        f"{BEGIN}|a.1|fallback|NONE|CALLBOARD|{WHO}",
        f"{BEGIN}|a.1|fallback|NONE|ENTERQUEUE||4711|1",
        f"{BEGIN + 1}|a.2|fallback|NONE|CALLBOARD|{WHO}",
        f"{BEGIN + 2}|a.9|other|NONE|CALLBOARD|{WHO}",
        f"{BEGIN + 3}|a.1|fallback|ann|CONNECT|3|b.1|1",
        f"{BEGIN + 4}|a.2|fallback|NONE|ABANDON|1|1|3",
        f"{BEGIN + 9}|a.1|fallback|ann|COMPLETEAGENT|3|6|1",
        f"{BEGIN + 10}|a.3|fallback|NONE|CALLBOARD|{WHO}",
    )
    served, left, there = strays(file, "fallback", SINCE)
    assert (served.customer.uri, served.customer.name, served.called) == (
        "sip:4711@pbx.example",
        "Zoë",
        "100",
    )
    assert (served.agent, served.arrived_at, served.answered_at, served.ended_at) == (
        "ann",
        at(0),
        at(3),
        at(9),
    )
    assert served.by_agent
    assert (left.agent, left.answered_at, left.ended_at, left.by_agent) == ("", None, at(4), False)
    assert there.ended_at is None
    assert len({served.key, left.key, there.key}) == 3


def test_a_restart_of_asterisk_ends_what_went_on(tmp_path: Path) -> None:
    file = log(
        tmp_path,
        f"{BEGIN}|a.1|fallback|NONE|CALLBOARD|{WHO}",
        f"{BEGIN + 7}|NONE|NONE|NONE|QUEUESTART|",
    )
    (found,) = strays(file, "fallback", SINCE)
    assert found.ended_at == at(7)


def test_lines_that_are_none_and_lines_of_before_are_passed_over(tmp_path: Path) -> None:
    file = log(
        tmp_path,
        f"{BEGIN - 100}|a.0|fallback|NONE|CALLBOARD|{WHO}",
        "no line at all",
        f"x|a.1|fallback|NONE|CALLBOARD|{WHO}",
        f"{BEGIN}|a.1|fallback|NONE|CALLBOARD|%ff|nonsense",
        f"{BEGIN + 1}|a.5|fallback|ann|CONNECT|3|b.1|1",
        "",
    )
    (found,) = strays(file, "fallback", SINCE)
    assert found.customer.uri == "sip:anonymous@anonymous.invalid"


def test_of_a_long_log_only_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_log, "_BLOCK", 200)
    old = [f"{BEGIN - 5000 + number}|o.{number}|fallback|NONE|CALLBOARD|{WHO}" for number in range(4000)]
    new = [f"{BEGIN + number}|n.{number}|fallback|NONE|CALLBOARD|{WHO}" for number in range(40)]
    found = strays(log(tmp_path, *old, *new), "fallback", SINCE)
    assert [one.arrived_at for one in found] == [at(number) for number in range(40)]


def test_a_log_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        strays(tmp_path / "queue_log", "fallback", SINCE)
