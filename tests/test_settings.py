"""Options are declared once, and a wrong one is named with its line."""

from pathlib import Path

import pytest

from console.domain.errors import SettingsError
from console.settings import CentreSettings, DeskSettings, options, parse_settings, read_settings


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
    ],
)
def test_a_wrong_option_is_named_with_its_line(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse_settings(text, CentreSettings, "x")


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
