"""The files that `callboardctl asterisk config` writes, and what is asked of an Asterisk; without one."""

import re
from pathlib import Path

import pytest

from console.__main__ import main
from console.settings import AsteriskNode, SwitchSettings
from console.switch.asterisk_files import files, plan_of
from console.switch.asterisk_needs import lacks, missing, too_old


@pytest.mark.parametrize("version", ["22.10.1+dfsg", "20.14.0", "21.9.2", "GIT-master-1a", "23.0.0"])
def test_a_new_asterisk_can_do_all(version: str) -> None:
    assert too_old(version) == lacks(version) == ""


@pytest.mark.parametrize("version", ["20.6.0~dfsg", "21.8.0", "22.3.0"])
def test_an_older_one_is_told_of(version: str) -> None:
    assert too_old(version) == ""
    assert "transfers" in lacks(version)


@pytest.mark.parametrize("version", ["16.28.0~dfsg", "18.20.1"])
def test_a_very_old_one_cannot_be_used(version: str) -> None:
    assert "needs Asterisk 20" in too_old(version)


def test_modules_are_asked_for_by_what_they_do() -> None:
    everything = {name for names in missing((), tls=True, fallback=True).values() for name in names}
    assert missing(everything, tls=True, fallback=True) == {}
    assert missing(everything - {"res_srtp", "app_queue"}, tls=False, fallback=False) == {}
    gone = missing(everything - {"res_srtp", "app_queue"}, tls=True, fallback=True)
    assert gone == {"encryption": ["res_srtp"], "the queue without a centre": ["app_queue"]}


def test_a_new_password_is_made_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLBOARD_ARI_PASSWORD", raising=False)
    assert main(["asterisk", "config", "--out", str(tmp_path)]) == 0
    secret = tmp_path / "ari-password"
    assert secret.stat().st_mode & 0o777 == 0o600
    password = secret.read_text().strip()
    assert len(password) > 20
    assert f"password = {password}\n" in (tmp_path / "callboard/ari.conf").read_text()
    assert (tmp_path / "callboard/ari.conf").stat().st_mode & 0o777 == 0o640


def test_config_shows_without_a_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBOARD_ARI_PASSWORD", "hidden-one")
    assert main(["asterisk", "config"]) == 0
    said = capsys.readouterr().out
    assert "hidden-one" not in said
    assert "password = CHANGE-ME" in said
    assert main(["asterisk", "config", "--out", "/dev/null/x"]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert main(["asterisk", "config", "--json"]) == 2
    assert main(["asterisk", "check", "--out", str(tmp_path)]) == 2


def test_several_nodes_know_each_other_by_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLBOARD_ARI_PASSWORD", "one-for-all")
    settings = tmp_path / "centre.toml"
    settings.write_text(
        '[switch]\nkind = "asterisk"\n'
        '[[switch.asterisk.nodes]]\nname = "a"\nurl = "https://a.example:8089"\n'
        '[[switch.asterisk.nodes]]\nname = "b"\nurl = "https://b.example:8089"\n'
    )
    assert main(["asterisk", "config", "--config", str(settings), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    texts = [(tmp_path / "out" / name / "callboard/extensions.conf") for name in "ab"]
    (secret,) = {re.search(r'"\$\{NODE\}" = "(\w{32})"', text.read_text())[1] for text in texts}  # type: ignore[index]
    assert {text.stat().st_mode & 0o777 for text in texts} == {0o640}
    assert secret not in said
    assert "one-for-all" not in said
    assert not (tmp_path / "out/ari-password").exists()
    main(["asterisk", "config", "--config", str(settings)])
    assert secret not in capsys.readouterr().out


def test_files_for_another_machine_are_encrypted_and_bound() -> None:
    node = AsteriskNode(name="a", url="https://pbx.example:8089", sip="pbx.example:5061", user="callboard")
    texts = files(plan_of(SwitchSettings(), node, "x"), node.url)
    assert "tlsbindaddr=0.0.0.0:8089" in texts["http.conf"]
    assert "bindaddr=127.0.0.1" in texts["http.conf"]
    assert "bind=0.0.0.0:5061" in texts["pjsip-transports.conf"]
    for name, text in texts.items():
        assert "media_address=0.0.0.0" not in text, name
        assert not re.search(r"^\[general\]$", text, re.MULTILINE), (
            f"{name} would hide Asterisk's own section"
        )
    assert "type=transport" not in texts["pjsip.conf"]
    assert "type=global" not in texts["pjsip.conf"]


def test_the_example_is_what_the_program_writes(capsys: pytest.CaptureFixture[str]) -> None:
    example = Path(__file__).parents[2] / "installer/asterisk/example.conf"
    assert main(["asterisk", "config"]) == 0
    written = capsys.readouterr().out
    assert written == example.read_text(), "callboardctl asterisk config > installer/asterisk/example.conf"
