"""Options are declared once, and a wrong one is named with its line."""

from pathlib import Path

import pytest

from console.domain.errors import SettingsError
from console.settings import (
    AsteriskNode,
    AsteriskSettings,
    CentreSettings,
    DeskSettings,
    options,
    parse_settings,
    password_of,
    read_settings,
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[server]\nprot = 1", r"x:2: server\.prot: there is no such option"),
        ("[server]\nhost = 'a'\nport = 99999", r"x:3: server\.port: "),
        (
            "[[queues]]\nkey = 'a'\n\n[[queues]]\nkey = 'b'\nthreshold_s = 'x'",
            r"x:6: queues\[1\]\.threshold_s",
        ),
        ("[servr]", r"x:1: servr: there is no such option"),
        ("[server\nport = 1", r"x: not TOML.*line 1"),
        ("[[queues]]\nname = 'a'", r"x:1: .*key"),
        ("[[queues]]\nkey = 'a'\n[[queues]]\nkey = ''", r"x: the file: queue number 2 has an empty key"),
        ("[routing]\ngrace_s = -1", r"x:2: routing\.grace_s"),
        ("[switch]\nkind = 'asterix'", r"x:2: switch\.kind: .*use one of embedded, asterisk, "),
        ("[switch.asterisk]\nurl = 'pbx:8088'", r"x:2: switch\.asterisk\.url: .*http://HOST:8088"),
        ("[switch.asterisk]\nurl = 'http://me:secret@pbx'", r"x:2: switch\.asterisk\.url: .*password_file"),
        ("[switch.asterisk]\npassword = 'x'", r"x:2: switch\.asterisk\.password: there is no such option"),
        ("[switch.asterisk]\napp = 'a,b'", r"x:2: switch\.asterisk\.app: .*comma"),
        (
            "[[switch.asterisk.nodes]]\nname = 'a'\nurl = 'http://a'\n"
            "[[switch.asterisk.nodes]]\nname = 'a'\nurl = 'http://b'",
            r"x:\d: switch\.asterisk\.nodes\[1\]\.name: “a” is empty or there already",
        ),
    ],
)
def test_a_wrong_option_is_named_with_its_line(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse_settings(text, CentreSettings, "x")


def test_the_password_of_an_asterisk_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLBOARD_ARI_PASSWORD", raising=False)
    (node,) = AsteriskSettings().all_nodes()
    assert (node.user, node.sip) == ("callboard", "127.0.0.1:5060")
    with pytest.raises(SettingsError, match="CALLBOARD_ARI_PASSWORD is not set"):
        password_of(node)
    monkeypatch.setenv("CALLBOARD_ARI_PASSWORD", "from outside")
    assert password_of(node) == "from outside"
    file = tmp_path / "secret"
    (node,) = AsteriskSettings(password_file=str(file)).all_nodes()
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        password_of(node)
    file.write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        password_of(node)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="no text"):
        password_of(node)
    file.write_text("of the file\n")
    assert password_of(node) == "of the file"


def test_several_asterisks_take_what_they_lack_from_the_table() -> None:
    nodes = (
        AsteriskNode(name="a", url="https://a.example:8089"),
        AsteriskNode(name="b", url="http://[2001:db8::1]:8088", user="other", sip="b.example:5070"),
    )
    first, second = AsteriskSettings(user="me", password_file="kept", nodes=nodes).all_nodes()
    assert (first.user, first.password_file, first.sip) == ("me", "kept", "a.example:5060")
    assert (second.user, second.sip) == ("other", "b.example:5070")
    text = '[switch]\nkind = "asterisk"\n[switch.asterisk]\nurl = "http://pbx.example:8088"\n'
    (warning,) = parse_settings(text, CentreSettings).warnings()
    assert "in the clear" in warning[1]


def test_an_empty_file_is_all_defaults() -> None:
    assert parse_settings("", CentreSettings) == CentreSettings()
    assert parse_settings("", DeskSettings) == DeskSettings()


def test_a_missing_file_and_one_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        read_settings(tmp_path / "none.toml", CentreSettings)
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path / "x.toml", CentreSettings)


@pytest.mark.parametrize("kind", [CentreSettings, DeskSettings])
def test_every_option_of_a_section_has_a_help_text(kind: type) -> None:
    declared = list(options(kind))
    assert declared
    missing = [option.name for option in declared if not option.help and "." in option.name]
    assert missing == []
