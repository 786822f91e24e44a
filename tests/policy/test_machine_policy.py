"""Policies of a machine: good ones, and all the bad ones that must never stop the phone."""

import os
import plistlib
from pathlib import Path
from typing import Any

import pytest

from console.domain.errors import SettingsError
from console.policy.file import MOST_BYTES, FilePolicy
from console.policy.keeping import LAST_GOOD, find_policy
from console.policy.machine import FirstOf, machine_policy
from console.policy.managed import ManagedPolicy
from console.policy.policy import Policy, read_policy
from console.policy.registry import RegistryPolicy

GOOD = """organisation = "Example IT"
contact = "it@example.org"
reason = "Rule 7."
trusted_keys = ["abc"]

[defaults]
window.theme = "dark"
centre = "https://centre.example.org"

[locks.phone]
srtp = "required"   # voices
codecs = [
  "PCMA",
  "G722",
]

[reasons]
phone.srtp = "Voices stay private."
"""


def _policy(text: str, folder: Path) -> Policy:
    file = folder / "policy.toml"
    file.write_text(text)
    raw = FilePolicy(file).read()
    assert raw is not None
    return read_policy(raw)


def test_a_good_one_says_who_what_where_and_why(tmp_path: Path) -> None:
    policy = _policy(GOOD, tmp_path)
    assert (policy.organisation, policy.contact, policy.trusted_keys) == (
        "Example IT",
        "it@example.org",
        ("abc",),
    )
    assert policy.defaults.values == {"window.theme": "dark", "centre": "https://centre.example.org"}
    assert policy.locks.values == {"phone.srtp": "required", "phone.codecs": ("PCMA", "G722")}
    assert policy.locks.places["phone.srtp"] == f"{tmp_path / 'policy.toml'}:11"
    assert policy.locks.places["phone.codecs"].endswith(":12")
    assert policy.defaults.places["centre"].endswith(":8")
    assert policy.locks.reason("phone.srtp") == "Voices stay private."
    assert policy.locks.reason("phone.codecs") == "Rule 7."


BAD = [
    ("[locks]\nphone.srtp = 7", r":2: locks\.phone\.srtp: Expected `str`"),
    ("[locks]\nphone.srtp = 'on'", r":2: locks\.phone\.srtp: .*none of off, optional, required"),
    ("[defaults]\n\nhistory.keep_days = -1", r":3: defaults\.history\.keep_days: "),
    ("[defaults]\nhistory.keep_days = 'x'", r":2: defaults\.history\.keep_days: "),
    ("[locks]\nphone.sound = 1", r":2: locks\.phone\.sound: there is no such option"),
    ("[locks]\nphone = 1", r":2: locks\.phone: "),
    ("[lock]\nphone.srtp = 'off'", r":1: lock: there is no such entry in a policy"),
    ("[reasons]\nphone.sound = 'x'", r":2: reasons\.phone\.sound: there is no such option"),
    ("[reasons]\nphone.srtp = 3", r":2: reasons\.phone\.srtp: a reason is a text"),
    ("organisation = 3", r":1: organisation: Expected `str`"),
    ("trusted_keys = 'abc'", r":1: trusted_keys: Expected `array`"),
    ("[locks\nphone", "not TOML"),
    ("[locks]\nphone.srtp = 'requ", "not TOML"),
    ("", "the file is empty"),
    ("\n \n", "the file is empty"),
    ("#" * (MOST_BYTES + 1), "too many"),
]


@pytest.mark.parametrize(("text", "told"), BAD)
def test_a_bad_one_is_told_with_its_line_and_the_last_good_one_holds(
    text: str, told: str, tmp_path: Path
) -> None:
    file, kept = tmp_path / "policy.toml", tmp_path / LAST_GOOD
    file.write_text(text)
    with pytest.raises(SettingsError, match=told):
        _policy(text, tmp_path)
    alone = find_policy(FilePolicy(file), kept, keep=True)
    assert alone.policy is None
    assert alone.fault.endswith("there was no good one before.")

    file.write_text(GOOD)
    good = find_policy(FilePolicy(file), kept, keep=True)
    assert good.fault == ""
    file.write_text(text)
    held = find_policy(FilePolicy(file), kept, keep=True)
    assert held.fault.endswith("the last good one holds.")
    assert held.policy is not None
    assert held.policy.locks.values == {"phone.srtp": "required", "phone.codecs": ("PCMA", "G722")}
    assert held.policy.locks.places["phone.srtp"] == f"{kept}:11"
    assert kept.read_text() == GOOD


@pytest.mark.parametrize("cut", range(1, len(GOOD) - 1, 7))
def test_cut_anywhere_it_is_told_or_it_is_good_toml(cut: int, tmp_path: Path) -> None:
    file, kept = tmp_path / "policy.toml", tmp_path / LAST_GOOD
    file.write_text(GOOD)
    find_policy(FilePolicy(file), kept, keep=True)
    file.write_text(GOOD[:cut])
    found = find_policy(FilePolicy(file), kept, keep=False)
    assert found.policy is not None
    if found.fault:
        assert found.policy.locks.values["phone.srtp"] == "required"
    else:
        read_policy(FilePolicy(file).read())  # type: ignore[arg-type]  # it is there


def test_one_that_cannot_be_read_is_no_policy_taken_away(tmp_path: Path) -> None:
    file, kept = tmp_path / "policy.toml", tmp_path / LAST_GOOD
    file.write_text(GOOD)
    find_policy(FilePolicy(file), kept, keep=True)
    file.unlink()
    for make in (
        lambda: file.mkdir(),
        lambda: os.mkfifo(file),  # would hold up whoever opens it
        lambda: file.symlink_to(file),
        lambda: file.write_bytes(b"\xff\xfe\x00"),
    ):
        make()
        found = find_policy(FilePolicy(file), kept, keep=True)
        assert "the last good one holds" in found.fault
        assert found.policy is not None
        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()


def test_taken_away_it_does_not_come_back(tmp_path: Path) -> None:
    file, kept = tmp_path / "policy.toml", tmp_path / LAST_GOOD
    file.write_text(GOOD)
    find_policy(FilePolicy(file), kept, keep=True)
    file.unlink()
    assert find_policy(FilePolicy(file), kept, keep=True).policy is None
    assert not kept.exists()
    file.write_text("[locks")
    assert find_policy(FilePolicy(file), kept, keep=True).policy is None


def test_looking_leaves_nothing_behind_and_a_bad_copy_is_no_harm(tmp_path: Path) -> None:
    file, kept = tmp_path / "policy.toml", tmp_path / LAST_GOOD
    file.write_text(GOOD)
    assert find_policy(FilePolicy(file), kept, keep=False).policy is not None
    assert not kept.exists()
    kept.write_text("[locks")
    file.write_text("[locks")
    found = find_policy(FilePolicy(file), kept, keep=True)
    assert found.policy is None
    assert "there was no good one before" in found.fault


def test_a_copy_that_cannot_be_kept_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(GOOD)
    (tmp_path / LAST_GOOD).mkdir()
    assert find_policy(FilePolicy(file), tmp_path / LAST_GOOD, keep=True).policy is not None
    assert "no copy of the policy could be kept" in caplog.text


def test_the_machines_own_goes_before_the_environments(tmp_path: Path) -> None:
    own, other = tmp_path / "own.toml", tmp_path / "other.toml"
    other.write_text('organisation = "Other"')
    both = FirstOf(FilePolicy(own), FilePolicy(other))
    raw = both.read()
    assert raw is not None
    assert raw.tables["organisation"] == "Other"
    own.write_text('organisation = "Own"')
    raw = both.read()
    assert raw is not None
    assert (raw.tables["organisation"], both.where) == ("Own", str(own))
    own.write_text("[")
    with pytest.raises(SettingsError):
        both.read()
    assert isinstance(machine_policy({}, "linux"), FilePolicy)
    assert isinstance(machine_policy({}, "darwin"), ManagedPolicy)
    assert isinstance(machine_policy({"CALLBOARD_POLICY": str(other)}, "linux"), FirstOf)


# ---- Windows: a registry that is none, with the calls of winreg; macOS: a real property list


class ScriptedRegistry:
    """What `winreg` does with a registry held in a table: key below HKLM -> values (content, type)."""

    HKEY_LOCAL_MACHINE = 0x80000002

    def __init__(self, keys: dict[str, dict[str, tuple[Any, int]]], fault: OSError | None = None) -> None:
        self.keys = keys
        self.fault = fault
        self.open = 0

    def OpenKey(self, key: Any, sub_key: str, reserved: int = 0, access: int = 0) -> Any:  # noqa: N802
        assert (key, reserved) == (self.HKEY_LOCAL_MACHINE, 0)
        assert access & 0x0100
        if self.fault is not None:
            raise self.fault
        if sub_key not in self.keys:
            raise FileNotFoundError(sub_key)
        self.open += 1
        return sub_key

    def EnumValue(self, key: Any, index: int) -> tuple[str, Any, int]:  # noqa: N802
        values = list(self.keys[key].items())
        if index >= len(values):
            raise OSError(22, "No more data is available", None, 259)
        name, (content, kind) = values[index]
        return name, content, kind

    def CloseKey(self, key: Any) -> None:  # noqa: N802
        self.open -= 1


KEY = r"Software\Policies\Callboard"
REG_SZ, REG_DWORD, REG_MULTI_SZ = 1, 4, 7


def test_a_registry_with_everything() -> None:
    registry = ScriptedRegistry(
        {
            KEY: {
                "Organisation": ("Example IT", REG_SZ),
                "Contact": ("it@example.org", REG_SZ),
                "TrustedKeys": (["abc", "def"], REG_MULTI_SZ),
            },
            rf"{KEY}\Defaults": {
                "start.autostart": (1, REG_DWORD),
                "history.keep_days": (30, REG_DWORD),
                "phone.codecs": (["PCMA", "G722"], REG_MULTI_SZ),
                "centre": ("https://centre.example.org", REG_SZ),
            },
            rf"{KEY}\Locks": {
                "phone.auto_answer": (0, REG_DWORD),
                "phone.srtp": ("required", REG_SZ),
                "updates.check": ("true", REG_SZ),
            },
            rf"{KEY}\Reasons": {"phone.srtp": ("Voices stay private.", REG_SZ)},
        }
    )
    raw = RegistryPolicy(registry).read()
    assert raw is not None
    policy = read_policy(raw)
    assert policy.defaults.values == {
        "start.autostart": True,
        "history.keep_days": 30,
        "phone.codecs": ("PCMA", "G722"),
        "centre": "https://centre.example.org",
    }
    assert policy.locks.values == {
        "phone.auto_answer": False,
        "phone.srtp": "required",
        "updates.check": True,
    }
    assert policy.locks.reason("phone.srtp") == "Voices stay private."
    assert policy.locks.places["phone.srtp"] == rf"HKLM\{KEY}\Locks\phone.srtp"
    assert policy.trusted_keys == ("abc", "def")
    assert registry.open == 0


def test_a_registrys_policy_is_kept_as_toml(tmp_path: Path) -> None:
    registry = ScriptedRegistry({KEY: {}, rf"{KEY}\Locks": {"phone.codecs": ("PCMA, G722", REG_SZ)}})
    kept = tmp_path / LAST_GOOD
    good = find_policy(RegistryPolicy(registry), kept, keep=True)
    assert good.fault == ""
    registry.keys[rf"{KEY}\Locks"]["phone.srtp"] = ("on", REG_SZ)
    found = find_policy(RegistryPolicy(registry), kept, keep=True)
    assert found.fault.startswith(rf"HKLM\{KEY}\Locks\phone.srtp: locks.phone.srtp: ")
    assert found.policy is not None
    assert found.policy.locks.values == {"phone.codecs": ("PCMA", "G722")}


def test_a_registry_without_a_policy_or_without_the_right() -> None:
    assert RegistryPolicy(ScriptedRegistry({})).read() is None
    assert RegistryPolicy(ScriptedRegistry({KEY: {}})).read() is None
    with pytest.raises(SettingsError, match="cannot be read"):
        RegistryPolicy(ScriptedRegistry({}, PermissionError(13, "Access is denied"))).read()
    raw = RegistryPolicy(ScriptedRegistry({KEY: {"Organization": ("x", REG_SZ)}})).read()
    assert raw is not None
    with pytest.raises(SettingsError, match="Organization: there is no such entry"):
        read_policy(raw)


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_managed_preferences(form: plistlib.PlistFormat, tmp_path: Path) -> None:
    file = tmp_path / "org.callboard.Callboard.plist"
    file.write_bytes(
        plistlib.dumps(
            {
                "Organisation": "Example IT",
                "TrustedKeys": ["abc"],
                "Defaults": {"start": {"autostart": True}, "history.keep_days": 30},
                "Locks": {"phone.srtp": "required"},
                "Reasons": {"phone.srtp": "Voices stay private."},
            },
            fmt=form,
        )
    )
    raw = ManagedPolicy(file).read()
    assert raw is not None
    policy = read_policy(raw)
    assert policy.defaults.values == {"start.autostart": True, "history.keep_days": 30}
    assert policy.locks.values == {"phone.srtp": "required"}
    assert policy.locks.places["phone.srtp"] == str(file)


@pytest.mark.parametrize(
    "content", [b"", b"<plist>", b"bplist00\xff", b"<?xml version='1.0'?><a/>", b"\x00" * 99]
)
def test_managed_preferences_that_are_none(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.plist"
    assert ManagedPolicy(file).read() is None
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"x\.plist: "):
        ManagedPolicy(file).read()
    file.write_bytes(plistlib.dumps(["no", "dictionary"]))
    with pytest.raises(SettingsError, match="no dictionary"):
        ManagedPolicy(file).read()
