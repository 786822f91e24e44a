"""`callboardctl asterisk check|config` where queues are watched, on a real Asterisk; the secret's ways."""

import json
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from console.demo.asterisk import free_port
from console.domain.errors import SettingsError
from console.settings import AppQueueSettings, CentreSettings, parse_settings, secret_of
from console.switch.ami import Place
from tests.switch.pbx import Pbx

_WRITTEN = "#include callboard/manager.conf\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pbx, Path]]:
    """An Asterisk with the piece of manager.conf that `config --out` wrote, and the secret's file."""
    server = Pbx(Path(tempfile.mkdtemp(prefix="cb-amic-")))
    out = tmp_path_factory.mktemp("out")
    assert (
        main(["asterisk", "config", "--config", str(_settings(out, server, secret="")), "--out", str(out)])
        == 0
    )
    etc = server.folder / "etc"
    (etc / "callboard").mkdir()
    (etc / "callboard/manager.conf").write_text((out / "callboard/manager.conf").read_text())
    (etc / "manager.conf").write_text(f"[general]\nbindaddr=127.0.0.1\nport={server.ami}\n{_WRITTEN}"
                                      "[poor]\nsecret=poor\nread=call,agent\nwrite=call\n")  # fmt: skip
    server.start()
    yield server, out / "ami-secret"
    server.remove()


def _settings(folder: Path, server: Pbx, *, secret: str, more: str = "", head: str = "") -> Path:
    file = folder / "centre.toml"
    log = server.folder / "log/queue_log"
    file.write_text(
        f'[switch]\nkind = "app_queue"\n[switch.app_queue]\nport = {server.ami}\nsecret_file = "{secret}"\n'
        f'queue_log = "{log}"\n{head}\n{more}'
    )
    return file


def _check(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["asterisk", "check", "--config", str(config), "--json"])
    (report,) = json.loads(capsys.readouterr().out)["nodes"]
    return code, report


@pytest.mark.asterisk
def test_what_config_wrote_is_all_that_is_needed(
    made: tuple[Pbx, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server, secret = made
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    code, report = _check(_settings(tmp_path, server, secret=str(secret)), capsys)
    assert (code, report["faults"]) == (0, [])
    assert report["version"].startswith("22.")
    assert (report["queues"], report["queue_log"]) == (["support"], True)
    assert main(["asterisk", "check", "--config", str(tmp_path / "centre.toml")]) == 0
    shown = capsys.readouterr().out
    assert "Nothing is wrong." in shown
    assert secret.read_text().strip() not in shown
    assert main(["asterisk", "config", "--config", str(tmp_path / "centre.toml")]) == 0
    assert "write=agent,reporting" in (shown := capsys.readouterr().out)
    assert secret.read_text().strip() not in shown


@pytest.mark.asterisk
def test_each_fault_is_told_with_what_to_do(
    made: tuple[Pbx, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server, secret = made
    key = '[[queues]]\nkey = "sales"\n'
    code, report = _check(_settings(tmp_path, server, secret=str(secret), more=key), capsys)
    assert code == 1
    assert "no queue “sales”" in report["faults"][0]["what"]
    assert "support" in report["faults"][0]["do"]

    poor = tmp_path / "poor"
    poor.write_text("poor\n")
    code, report = _check(_settings(tmp_path, server, secret=str(poor), head='user = "poor"'), capsys)
    assert {"QueuePause", "CoreShowChannels"} <= {
        one["what"].split()[-1].strip(".") for one in report["faults"]
    }

    wrong = tmp_path / "wrong"
    wrong.write_text("no\n")
    wrong.chmod(0o666)
    code, report = _check(_settings(tmp_path, server, secret=str(wrong)), capsys)
    assert code == 1
    assert "refuses the manager user “callboard”" in report["faults"][0]["what"]
    assert any("chmod 640" in one["do"] for one in report["faults"])

    code, report = _check(_settings(tmp_path, server, secret="/nowhere/secret"), capsys)
    assert (code, report["reachable"]) == (1, False)

    gone = _settings(tmp_path, server, secret=str(secret))
    gone.write_text(gone.read_text().replace(f"port = {server.ami}", f"port = {free_port()}")
                    .replace("queue_log = ", 'host = "127.0.0.1"\nqueue_log = '))  # fmt: skip
    code, report = _check(gone, capsys)
    assert code == 1
    assert "manager.conf" in report["faults"][0]["what"] + report["faults"][0]["do"]


@pytest.mark.asterisk
def test_the_doctor_looks_at_it_too(
    made: tuple[Pbx, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server, secret = made
    config = _settings(tmp_path, server, secret=str(secret))
    config.write_text(config.read_text().replace("queue_log =", "# queue_log ="))
    main(["doctor", "--json", "--config", str(config)])
    report = json.loads(capsys.readouterr().out)
    assert report["asterisks"][0]["reachable"] is True
    assert "No queue_log is named." in [one["what"] for one in report["faults"]]


def test_the_secret_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLBOARD_AMI_SECRET", raising=False)
    with pytest.raises(SettingsError, match="CALLBOARD_AMI_SECRET"):
        secret_of(AppQueueSettings())
    monkeypatch.setenv("CALLBOARD_AMI_SECRET", "from here")
    assert secret_of(AppQueueSettings()) == "from here"
    file = tmp_path / "secret"
    file.write_text(" of the file \n")
    assert secret_of(AppQueueSettings(secret_file=str(file))) == "of the file"
    file.write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        secret_of(AppQueueSettings(secret_file=str(file)))
    assert "of the file" not in repr(Place(secret="of the file"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('interface = "PJSIP/anna"', "extension"),
        ('host = ""', "empty"),
        ("port = 0", "1 to 65535"),
        ('[switch.app_queue.agents]\na = "1"\nb = "1"', "already"),
    ],
)
def test_settings_that_cannot_be_are_told(line: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse_settings(f'[switch]\nkind = "app_queue"\n[switch.app_queue]\n{line}\n', CentreSettings)
