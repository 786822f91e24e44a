"""Every reason that the centre gives for a decision has its German: read from routing's sources."""

import ast
from pathlib import Path

import pytest

from ui.metrics.german_reasons import REASONS, german

ROUTING = Path(__file__).resolve().parents[2] / "console" / "routing"
FRAGMENTS = {
    " if there is", ", ", ", 1", ": 1", "1 s", "ended by the 1", "idle for 1", "it is 1",
    "last offered here 1 ago", "not to be tried yet", "pulled to 1", "waits for 1", " UTC", "1 1", "1 1 < 1",
    "1 < 1", " by 1", " until 1 UTC",
}  # fmt: skip
"""Parts of sentences that are tested whole, and what is the same in both languages."""


def _english(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)


def said() -> set[str]:
    """Return what reasons.py and explain.py say, 1 for what they fill in."""
    found = set()
    for name in ("reasons.py", "explain.py"):
        tree = ast.parse((ROUTING / name).read_text(encoding="utf-8"))
        inner = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        specs = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.FormattedValue) and node.format_spec
            for part in ast.walk(node.format_spec)
        }  # fmt: skip
        for_people = [
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "words"
        ]
        skipped = inner | docs | specs | {id(part) for node in for_people for part in ast.walk(node)}
        for node in ast.walk(tree):
            text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if (text or isinstance(node, ast.JoinedStr)) and id(node) not in skipped:
                assert isinstance(node, ast.JoinedStr | ast.Constant)
                found.add(_english(node))
    return {words for words in found if " " in words}


def test_every_reason_has_its_german() -> None:
    assert said(), "the sources say nothing: are they where they were?"
    missing = sorted(words for words in said() - FRAGMENTS if german(words.strip(", ")) == words.strip(", "))
    assert missing == []


def test_both_fill_in_as_much() -> None:
    assert {
        english for english, words in REASONS.items() if english.count("{}") != words.count("{}")
    } == set()


@pytest.mark.parametrize(
    ("english", "words"),
    [
        (
            "waits in sales (moved by sven): number 1 of 2, priority 3, waits 20 s for Ana, "
            "asks for english 7, tier 2 at most",
            "wartet in sales (verschoben, von sven): Nummer 1 von 2, Priorität 3, wartet 20 s auf Ana, "
            "verlangt english 7, höchstens Rang 2",
        ),
        (
            "offered to Ana: the longest idle of 2 who could have it "
            "(number 1 of 3, asks for english 7, tier 1)",
            "angeboten an Ana: der am längsten Freie von 2, die es haben konnten (Nummer 1 von 3, verlangt "
            "english 7, Rang 1)",
        ),
        (
            "still waits in sales: number 2 of 7, kept for Ana until 2026-11-22 10:00:00 UTC",
            "wartet noch in sales: Nummer 2 von 7, vorbehalten für Ana bis 2026-11-22 10:00:00 UTC",
        ),
        (
            "left sales after 60 s: overflow, on to billing",
            "verließ sales nach 60 s: übergelaufen, weiter zu billing",
        ),
        ("answered by Doe, Jane", "angenommen von Doe, Jane"),
        ("tier 3, and it asks for 2 at most so far", "Rang 3, und bisher ist höchstens 2 verlangt"),
        ("english 5 < 7", "english 5 < 7"),
        ("it is pulled to Ana", "es ist Ana zugeteilt"),
        ("it is waits for Ana", "es wartet auf Ana"),
        ("ended by the centre: callback failed", "beendet von der Zentrale: der Rückruf ist gescheitert"),
        ("last offered here 12 s ago, idle for 4 s", "hier zuletzt vor 12 s angeboten, seit 4 s frei"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_decision_is_told_in_german(english: str, words: str) -> None:
    assert german(english) == words
