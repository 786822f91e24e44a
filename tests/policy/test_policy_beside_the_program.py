"""On Windows: what Group Policy says and what the installer's POLICY_FILE says are one policy."""

import sys
from pathlib import Path

import pytest

from console.domain.errors import SettingsError
from console.policy.machine import INSTALLED_FILE, machine_policy
from console.policy.policy import read_policy
from console.policy.registry import POLICY_KEY
from tests.installer.registry import Winreg

FILE = """
organisation = "Example Ltd"
[defaults]
centre = "https://file.example"
phone.transport = "tls"
[locks]
phone.srtp = "required"
"""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Winreg:
    made = Winreg()
    monkeypatch.setitem(sys.modules, "winreg", made)  # type: ignore[arg-type]
    return made


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "callboard.exe"))
    return tmp_path


def test_both_are_one_and_group_policy_counts_more(registry: Winreg, program: Path) -> None:
    (program / INSTALLED_FILE).write_text(FILE)
    registry.put(f"{POLICY_KEY}\\Defaults", "centre", "https://group.example")
    registry.put(f"{POLICY_KEY}\\Defaults", "history.keep_days", 30)
    raw = machine_policy({}, "win32").read()
    assert raw is not None
    policy = read_policy(raw)
    assert policy.organisation == "Example Ltd"
    assert policy.defaults.values == {
        "centre": "https://group.example",
        "history.keep_days": 30,
        "phone.transport": "tls",
    }
    assert policy.locks.values == {"phone.srtp": "required"}
    assert policy.defaults.places["centre"].startswith("HKLM")
    assert policy.locks.places["phone.srtp"].endswith(f"{INSTALLED_FILE}:7")


def test_each_alone_is_a_policy(registry: Winreg, program: Path) -> None:
    assert machine_policy({}, "win32").read() is None
    (program / INSTALLED_FILE).write_text(FILE)
    alone = machine_policy({}, "win32").read()
    assert alone is not None
    assert not alone.lenient
    (program / INSTALLED_FILE).unlink()
    registry.put(f"{POLICY_KEY}\\Locks", "phone.srtp", "off")
    group = machine_policy({}, "win32").read()
    assert group is not None
    assert read_policy(group).locks.values == {"phone.srtp": "off"}


def test_a_bad_file_is_told_with_its_line(registry: Winreg, program: Path) -> None:
    (program / INSTALLED_FILE).write_text("[locks]\nphone.srtp = 5\n")
    registry.put(f"{POLICY_KEY}\\Defaults", "centre", "https://group.example")
    raw = machine_policy({}, "win32").read()
    assert raw is not None
    with pytest.raises(SettingsError, match=rf"{INSTALLED_FILE}:2: locks\.phone\.srtp"):
        read_policy(raw)
