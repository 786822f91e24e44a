"""The desk's settings file: read, kept, mended by hand, and written without losing a comment."""

from pathlib import Path

import msgspec
import pytest

from console.domain.errors import SettingsError
from console.settings import AudioSettings, DeskSettings, PhoneSettings, WindowSettings
from ui.app import load_settings, write_settings


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "desk.toml"
    settings = DeskSettings(
        centre="https://centre.example",
        phone=PhoneSettings(uri="sip:a@pbx.example", codecs=("PCMU",), auto_answer=True),
        audio=AudioSettings(ringer="Lautsprecher “Küche”"),
        window=WindowSettings(theme="dark"),
    )
    write_settings(file, settings)
    assert load_settings(file) == (settings, "")


def test_only_what_differs_is_written_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "desk.toml"
    file.write_text(
        '# ours\ncentre = "https://a.example"\n\n[window]\ntheme = "dark"  # eyes\nlanguage = "de"\n'
    )
    settings, fault = load_settings(file)
    assert fault == ""
    window = msgspec.structs.replace(settings.window, language="system")
    write_settings(file, msgspec.structs.replace(settings, window=window))
    text = file.read_text()
    assert "# ours" in text
    assert "# eyes" in text
    assert "language" not in text
    assert "keep_days" not in text


def test_a_bad_file_never_stops_the_phone_and_is_told(tmp_path: Path) -> None:
    file = tmp_path / "desk.toml"
    file.write_text("[window]\nthem = 'dark'\n")
    settings, fault = load_settings(file)
    assert settings == DeskSettings()
    assert "desk.toml:2: window.them" in fault
    assert load_settings(tmp_path / "none.toml") == (DeskSettings(), "")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "desk.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be written"):
        write_settings(tmp_path / "desk.toml", DeskSettings(user="ada"))
