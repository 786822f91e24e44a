"""Phrases put together from prompts: right, and every prompt is there in both languages."""

import pytest

from console.paths import resources
from console.switch import phrases


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (0, ["number-0"], ["number-0"]),
        (20, ["number-20"], ["number-20"]),
        (21, ["number-20", "number-1"], ["number-one", "and", "number-20"]),
        (57, ["number-50", "number-7"], ["number-7", "and", "number-50"]),
        (90, ["number-90"], ["number-90"]),
        (100, [], []),
        (-1, [], []),
    ],
)
def test_numbers(value: int, english: list[str], german: list[str]) -> None:
    assert list(phrases.number(value)) == english
    assert list(phrases.number(value, "de")) == german


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, ["less-than-a-minute"]),
        (59.9, ["less-than-a-minute"]),
        (60, ["one-minute"]),
        (89, ["one-minute"]),
        (91, ["number-2", "minutes"]),
        (25 * 60, ["number-20", "number-5", "minutes"]),
    ],
)
def test_the_expected_wait(seconds: float, said: list[str]) -> None:
    assert list(phrases.expected_wait(seconds)) == ["expected-wait", *said]


def test_what_nobody_wants_to_hear_is_not_said() -> None:
    assert phrases.expected_wait(100 * 60) == phrases.place(100) == phrases.callback_offer("x") == ()
    assert phrases.callback_offer("") == phrases.callback_offer("12") == ()


def test_keys() -> None:
    assert phrases.callback_offer("1") == ("please-press", "number-1", "to-be-called-back")
    assert phrases.callback_offer("*")[1] == "star"
    assert phrases.callback_offer("#")[1] == "hash"


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_prompt_of_every_phrase_is_there(language: str) -> None:
    said = {"beep", "ringback", "goodbye", "voicemail-greeting", "callback-confirmed", "closed", "no-agents"}
    for value in range(100):
        said.update(phrases.place(value, language), phrases.expected_wait(60.0 * value, language))
    for key in "0123456789*#":
        said.update(phrases.callback_offer(key))
    folder = resources() / "sounds"
    for name in said:
        own = folder / language / f"{name}.wav"
        tones = {"beep", "ringback"}
        assert own.is_file() or ((language == "en" or name in tones) and (folder / f"{name}.wav").is_file())
