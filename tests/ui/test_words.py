"""Every sentence of the agent's window has its German, and none is left over."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.settings import DeskSettings, RoutingSettings, options
from ui.history.presenter import _ENDS
from ui.routing.presenter import _AFTER, _NOW, _WORDS
from ui.settings.form import _CHOICES, _LABELS, SECTIONS
from ui.shell.actions import TABLE
from ui.telephony.presenter import _SCALE
from ui.widgets.german import GERMAN
from ui.widgets.times import _WEEKDAYS
from ui.widgets.words import Words, words_for

UI = Path(__file__).resolve().parents[2] / "ui"
ROOMS = ("widgets", "telephony", "history", "routing", "settings", "shell", "")


def _called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in {"words", "_words"} and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
        elif name == "count" and len(node.args) == len(("number", "one", "many")):
            yield from (str(word.value) for word in node.args[1:] if isinstance(word, ast.Constant))


def said() -> set[str]:
    """Return all English that the sources say through a table of words."""
    found: set[str] = set()
    for room in ROOMS:
        for path in sorted((UI / room).glob("*.py")) if room else [UI / "demo.py", UI / "__main__.py"]:
            if room == "telephony" and path.name == "audio.py":
                continue
            found |= set(_called(ast.parse(path.read_text())))
    found |= {spec.words for spec in TABLE.values()} | set(_ENDS.values()) | set(_WORDS.values())
    found |= set(_AFTER.values()) | set(_NOW.values())
    found |= set(_LABELS.values()) | {title for title, _ in SECTIONS} | set(_WEEKDAYS)
    found |= {said for choices in _CHOICES.values() for _, said in choices}
    found |= {word for _, (_, word, _) in _SCALE} | {"Poor"}
    found |= {option.help for option in options(DeskSettings) if option.help}
    routing = RoutingSettings()
    return found | set(routing.pause_reasons) | set(routing.dispositions)


def test_every_sentence_has_its_german() -> None:
    assert sorted(said() - set(GERMAN)) == []


def test_no_german_is_left_over() -> None:
    assert sorted(set(GERMAN) - said()) == []


def test_both_fill_in_the_same() -> None:
    def holes(text: str) -> list[str]:
        return sorted(re.findall(r"{(\w+)}", text))

    assert {english for english, german in GERMAN.items() if holes(english) != holes(german)} == set()


@pytest.mark.parametrize(("choice", "answer"), [("en", "Answer"), ("de", "Annehmen"), ("klingon", "Answer")])
def test_a_language_is_chosen(choice: str, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6.QtCore import QLocale

    monkeypatch.setattr(QLocale, "system", lambda: QLocale("en_GB"))
    assert words_for(choice)("Answer") == answer


def test_what_the_table_misses_is_shown_in_english() -> None:
    assert Words("de", {})("{n} calls", n=3) == "3 calls"


def test_one_and_many() -> None:
    words = Words()
    assert (words.count(1, "one call", "{n} calls"), words.count(2, "one call", "{n} calls")) == (
        "one call",
        "2 calls",
    )
