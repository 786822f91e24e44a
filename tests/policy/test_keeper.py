"""One desk's settings from everywhere; what the person changes, nothing else, goes into the person's file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from console.domain.errors import SettingsError
from console.policy.explain import explained, listed, told
from console.policy.file import FilePolicy
from console.policy.keeper import Keeper
from console.policy.provisioned import ByCentre, ByLink, Provisioned
from console.policy.resolve import Rank
from console.settings import AudioSettings, DeskSettings, PhoneSettings, WindowSettings
from console.settings.writing import change_settings

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
POLICY = """organisation = "Example IT"
trusted_keys = ["k1"]
[defaults]
window.theme = "dark"
history.keep_days = 90
[locks]
phone.srtp = "required"
"""


def _keeper(folder: Path, user: str = "", policy: str = POLICY, **more: object) -> Keeper:
    (folder / "policy.toml").write_text(policy)
    if user:
        (folder / "desk.toml").write_text(user)
    return Keeper(folder, folder, FilePolicy(folder / "policy.toml"), **more)  # type: ignore[arg-type]


def _given(**values: object) -> Provisioned:
    named = {name.replace("__", "."): value for name, value in values.items()}
    centre = ByCentre(centre="https://c.example", user="ada", at=NOW, values=named, trusted_keys=("k2", "k1"))
    return Provisioned(centre=centre)


def test_each_place_has_its_say(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path, 'user = "ada"\n\n[phone]\nsrtp = "off"\ntransport = "tcp"\n')
    keeper.provision(_given(phone__transport="tls", history__keep_days=7))
    settings = keeper.settings
    assert (settings.phone.srtp, settings.phone.transport) == ("required", "tcp")
    assert (settings.history.keep_days, settings.window.theme, settings.user) == (7, "dark", "ada")
    assert keeper.origin("phone.transport").place == f"{tmp_path / 'desk.toml'}:5"
    assert keeper.origin("phone.srtp").place == f"{tmp_path / 'policy.toml'}:7"
    assert keeper.origin("history.keep_days").source == "the centre https://c.example"
    assert keeper.given("phone.transport").value == "tls"
    assert keeper.trusted_keys() == {"k1": "Example IT", "k2": "the centre https://c.example"}
    assert keeper.faults == []
    again = Keeper(tmp_path, tmp_path, FilePolicy(tmp_path / "policy.toml"))
    assert again.settings == settings


def test_only_what_the_person_changed_is_written_and_comments_stay(tmp_path: Path) -> None:
    text = '# ours\ncentre = "https://a.example"\n\n[window]\nlanguage = "de"  # mine\n'
    keeper = _keeper(tmp_path, text)
    keeper.provision(_given(phone__uri="sip:ada@pbx.example"))
    keeper.change(keeper.settings)
    assert keeper.file.read_text() == text

    phone = msgspec.structs.replace(keeper.settings.phone, transport="tls", srtp="off")
    keeper.change(msgspec.structs.replace(keeper.settings, phone=phone))
    assert keeper.settings.phone.transport == "tls"
    assert keeper.settings.phone.srtp == "required"  # the lock stands
    assert keeper.file.read_text() == text + '\n[phone]\ntransport = "tls"\n'
    assert keeper.origin("phone.transport").rank is Rank.USER

    window = msgspec.structs.replace(keeper.settings.window, language="system", theme="light")
    keeper.change(msgspec.structs.replace(keeper.settings, window=window))
    assert "language" not in keeper.file.read_text()
    assert 'theme = "light"' in keeper.file.read_text()
    window = msgspec.structs.replace(keeper.settings.window, theme="dark")  # what holds anyway
    keeper.change(msgspec.structs.replace(keeper.settings, window=window))
    assert "theme" not in keeper.file.read_text()
    assert keeper.origin("window.theme").rank is Rank.DEFAULT


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path, policy='organisation = "x"')
    settings = DeskSettings(
        centre="https://centre.example",
        phone=PhoneSettings(uri="sip:a@pbx.example", codecs=("PCMU",), auto_answer=True),
        audio=AudioSettings(ringer="Lautsprecher “Küche”"),
        window=WindowSettings(theme="dark"),
    )
    keeper.change(settings)
    assert _keeper(tmp_path, policy='organisation = "x"').settings == settings


def test_a_user_file_in_other_forms_is_changed_in_them(tmp_path: Path) -> None:
    file = tmp_path / "desk.toml"
    for text in ('phone.transport = "tcp"\n', 'phone = { transport = "tcp" }\n', '[phone]\ntransport="tcp"'):
        file.write_text(text)
        change_settings(file, {"phone.transport": "tls", "window.theme": "dark"})
        keeper = _keeper(tmp_path)
        assert (keeper.settings.phone.transport, keeper.settings.window.theme) == ("tls", "dark")


def test_a_bad_user_file_never_stops_the_phone_and_loses_nothing(tmp_path: Path) -> None:
    bad = "[window]\nthem = 'dark'\n"
    keeper = _keeper(tmp_path, bad)
    assert "desk.toml:2: window.them" in keeper.faults[0]
    assert keeper.settings.window.theme == "dark"  # the policy's
    keeper.change(msgspec.structs.replace(keeper.settings, user="ada"))
    assert keeper.settings.user == "ada"
    assert keeper.file.read_text() == bad
    keeper = _keeper(tmp_path, "[window]\ntheme = 'purple'\n")
    assert "desk.toml:2: window.theme: “purple” is none of light, dark, system" in keeper.faults[0]


def test_the_command_line_goes_before_the_file_but_not_before_a_lock(tmp_path: Path) -> None:
    policy = POLICY + 'centre = "https://it.example"\n'
    keeper = _keeper(tmp_path, 'user = "ada"\n', policy, asked={"user": "bea", "centre": "https://x.example"})
    assert (keeper.settings.user, keeper.settings.centre) == ("bea", "https://it.example")
    assert keeper.origin("user").source == "the command line"
    assert keeper.faults == ["centre is locked by Example IT: what the command line says is not used"]
    keeper.change(msgspec.structs.replace(keeper.settings, user="cleo"))
    assert keeper.settings.user == "cleo"
    assert 'user = "cleo"' in keeper.file.read_text()


def test_nothing_is_written_where_nothing_is_kept(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path, keeps=False)
    keeper.provision(_given(phone__transport="tls"))
    keeper.change(msgspec.structs.replace(keeper.settings, user="ada"))
    assert keeper.settings.user == "ada"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["policy.toml"]


def test_a_file_that_cannot_be_written_is_told_and_the_change_holds(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path)
    keeper.file.mkdir()
    with pytest.raises(SettingsError, match="cannot be written"):
        keeper.change(msgspec.structs.replace(keeper.settings, user="ada"))
    assert keeper.settings.user == "ada"


def test_links_and_the_centre(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path)
    first = ByLink(issuer="A", key="k", at=NOW, values={"window.theme": "light", "user": "one"})
    second = ByLink(issuer="B", key="k", at=NOW, values={"user": "two"})
    keeper.provision(keeper.provisioned.with_link(first).with_link(second))
    assert (keeper.settings.user, keeper.origin("user").source) == ("two", "a link of B")
    assert [link.issuer for link in keeper.provisioned.links] == ["B", "A"]
    assert keeper.provisioned.links[1].values == {"window.theme": "light"}
    centre = _given(user="ada").centre
    keeper.provision(msgspec.structs.replace(keeper.provisioned, centre=centre))
    assert keeper.settings.user == "ada"
    keeper.reload()
    assert (keeper.settings.user, keeper.settings.window.theme) == ("ada", "light")


def test_what_a_newer_centre_gives_is_passed_over_where_it_is_not_known(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path)
    keeper.provision(_given(phone__transport="carrier-pigeon", phone__wings=2, window__theme="light"))
    assert keeper.settings.phone.transport == "udp"
    assert keeper.settings.window.theme == "light"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xff", b'{"links": 3}', b"[" * 100_000])
def test_a_spoilt_file_of_provisioning_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "provisioned.json").write_bytes(content)
    keeper = _keeper(tmp_path)
    assert "provisioned.json: what was provisioned cannot be read" in keeper.faults[0]
    keeper.provision(_given(window__theme="light"))
    keeper.reload()
    assert keeper.faults == []


def test_every_value_says_where_it_came_from(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path, 'user = "ada"\n')
    keeper.provision(_given(phone__codecs=["PCMA"]))
    found = json.loads(json.dumps(explained(keeper)))
    rows = {row["name"]: row for row in found["settings"]}
    assert rows.keys() == keeper.resolved.origins.keys()
    assert (rows["user"]["from"], rows["user"]["place"]) == ("user", f"{tmp_path / 'desk.toml'}:1")
    assert (rows["phone.srtp"]["from"], rows["phone.srtp"]["source"]) == ("lock", "Example IT")
    assert rows["phone.codecs"]["value"] == ["PCMA"]
    assert rows["phone.bind"]["from"] == "built_in"
    lines = told(keeper)
    assert any("locked by policy (Example IT)" in line and "policy.toml:7" in line for line in lines)
    assert 'phone.codecs = ["PCMA"]' in listed(keeper)
    assert "phone.auto_answer = false" in listed(keeper)
