"""The sounds that come with the programs: all there, one format, one level, and a loop without a click."""

import tomllib
import wave
from pathlib import Path

import numpy as np
import pytest

SOUNDS = Path(__file__).resolve().parent.parent / "resources" / "sounds"
MANIFEST = tomllib.loads((SOUNDS / "manifest.toml").read_text())
FILES = {line["file"]: line for line in MANIFEST["sound"]}
LANGUAGES = {"en": "", "de": "de/"}


def _samples(name: str) -> np.ndarray:
    with wave.open(str(SOUNDS / name)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def test_the_manifest_and_the_files_agree() -> None:
    assert set(FILES) == {str(path.relative_to(SOUNDS).as_posix()) for path in SOUNDS.rglob("*.wav")}
    assert {line["licence"] for line in FILES.values()} == {"CC0-1.0"}


def test_all_sounds_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in SOUNDS.rglob("*.wav")) < 4_500_000


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_sound_is_as_long_as_told_and_neither_faint_nor_clipped(name: str) -> None:
    sound = _samples(name)
    assert len(sound) / 16_000 == pytest.approx(FILES[name]["seconds"], abs=0.01)
    heard = sound[np.abs(sound) > 0.02 * np.max(np.abs(sound))]
    assert -25 < 10 * np.log10(np.mean(heard**2)) < -17
    assert np.max(np.abs(sound)) < 0.9


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_sound_begins_and_ends_without_a_click(name: str) -> None:
    sound = _samples(name)
    if FILES[name]["kind"] == "music":
        inside = np.quantile(np.abs(np.diff(sound)), 0.999)
        assert abs(sound[0] - sound[-1]) < inside
    else:
        assert max(abs(sound[0]), abs(sound[-1])) < 0.01


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_position_up_to_99_can_be_said(language: str) -> None:
    missing = []
    for number in range(100):
        tens, unit = number // 10 * 10, number % 10
        parts = [f"number-{number}"]
        if number > 20 and unit:
            parts = [part.format(tens=tens, unit=unit) for part in MANIFEST["compose"][language]]
        missing += [part for part in parts if f"{LANGUAGES[language]}{part}.wav" not in FILES]
    assert missing == []


def test_both_languages_say_the_same() -> None:
    english = {name for name, line in FILES.items() if line["language"] == "en"}
    german = {name.removeprefix("de/") for name, line in FILES.items() if line["language"] == "de"}
    assert german - english == {"and.wav", "number-one.wav"}
    assert english - german == set()
