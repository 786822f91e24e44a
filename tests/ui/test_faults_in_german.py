"""What the rooms below the windows say of a fault has its German too: read from their sources."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import BadInput
from ui.widgets.german_faults import FAULTS
from ui.widgets.words import Words, words_for

ROOT = Path(__file__).resolve().parents[2]
SPEAKERS = (
    "console/centre/asking.py",
    "console/centre/numbers.py",
    "console/centre/outbound.py",
    "console/centre/c*.py",
    "console/centre/monitoring.py",
    "console/centre/recording.py",
    "console/routing/commands.py",
    "console/desk.py",
    "console/domain/address.py",
    "console/domain/links.py",
    "console/history/*.py",
    "console/centre/supervision.py",
    "console/centre/watched.py",
    "console/server/auth.py",
    "console/server/desks.py",
    "console/server/fanout.py",
    "console/server/figures.py",
    "console/server/live.py",
    "console/policy/keeping.py",
    "console/policy/provisioned.py",
    "console/provision/link.py",
    "console/settings/writing.py",
    "console/store/*.py",
    "console/sync/*.py",
    "console/telephony/accounts.py",
    "console/telephony/live.py",
    "console/telephony/phone.py",
    "ui/app.py",
    "ui/shell/instance.py",
    "ui/telephony/audio.py",
)
"""Whose words can come before a person's eyes at the desk."""

FOR_OTHERS = {
    # a caller of the code, or another program than ours at the wire
    "not an address: {}",
    "the desk's contact is not a SIP address",
    "There is no list of {} calls. There is: {}.",
    "The first frame has to be a Hello.",
    "Hello was said before.",
    "cannot be transferred to {}",
    # a program that asks for figures over REST
    "timezone “{}” is not known. It looks like Europe/Berlin.",
    "Give either window, or from and to.",
    "The centre has no keys: leave key out.",
    "Give from and to, or a window (now, 15, 30, 60, today).",
    "{} is no time with its zone: write it like 2026-11-22T12:00:00Z.",
    "{} has to be a quarter of an hour, like 12:00, 12:15, 12:30 or 12:45.",
    "There is no metric “{}”. GET /api/v1/metrics lists them.",
    "{} does not exist by {}, only by {}.",
    # the administrator, at a terminal
    "“{}” is no trunk; use host:port or sip:gateway.example;transport=tcp",
    "A password has {} to {} characters.",
    # in the list of a bundle for support
    "{} cannot be read: {}",
    # before there is a window
    "{}: cannot be written; it says which Callboard runs.",
    "Callboard is running already ({}, process {}) and does not answer. End it, then start again.",
    "{} belongs to somebody else or is open to others. Have it removed, then start again.",
    "{}: cannot be made: {}.",
    "such a link cannot be made: {}",
    "the link would have {} characters, {} at most are taken: set fewer options",
}
FAULT_KINDS = {"AudioError", "BadInput", "EnvironmentFault", "NetworkError", "Refused", "SettingsError",
               "StoreError", "NotThere", "TooLate"}  # fmt: skip


def _english(node: ast.AST) -> str:
    """The words of a string, `{}` for what is filled in; "" for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def _sentences(tree: ast.AST) -> Iterator[str]:
    """Strings that end as a sentence, that a fault is raised with, or that say why a connection failed."""
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        words = _english(node) if id(node) not in parts | docstrings else ""
        if words.endswith(".") and len(words.split()) > 2:
            yield words
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            if getattr(node.exc.func, "id", "") in FAULT_KINDS:
                yield _english(node.exc.args[0])
        elif isinstance(node, ast.FunctionDef) and node.name == "in_words":
            yield from (_english(end.value) for end in ast.walk(node) if isinstance(end, ast.Return)
                        and end.value is not None)  # fmt: skip


def told() -> set[str]:
    """Return all that the rooms below tell a person at the desk."""
    found: set[str] = set()
    for name in SPEAKERS:
        files = sorted(ROOT.glob(name))
        assert files, f"{name} is no longer there: name the place where its words went"
        for file in files:
            found |= set(_sentences(ast.parse(file.read_text(encoding="utf-8"))))
    return found - {""}


def test_every_fault_has_its_german() -> None:
    missing = sorted(told() - FOR_OTHERS - set(FAULTS))
    assert missing == [], (
        "give ui/widgets/german_faults.py their German, or FOR_OTHERS who reads them instead"
    )


def test_no_german_is_left_over() -> None:
    assert sorted(set(FAULTS) - told()) == []


def test_both_fill_in_as_much() -> None:
    assert {
        english for english, german in FAULTS.items() if english.count("{}") != german.count("{}")
    } == set()


def test_what_the_rooms_tell_is_found() -> None:
    source = """
def f(x):
    '''Not this one, it is a docstring.'''
    if x:
        raise NetworkError(f"{x}: cannot be had: {f}")
    raise ValueError("no fault of the world")

def in_words(x):
    return "no answer in time"

WORDS = {1: "the disk is full. Free some space."}
"""
    assert set(_sentences(ast.parse(source))) == {
        "{}: cannot be had: {}",
        "no answer in time",
        "the disk is full. Free some space.",
    }


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("This call is not on hold.", "Dieser Anruf wird nicht gehalten."),
        (
            "https://c.example cannot be reached: nothing listens there (is the centre running?).",
            "https://c.example ist nicht erreichbar: dort antwortet niemand (läuft die Zentrale?).",
        ),
        (
            "/home/a/desk.db: the disk is full. Free some space; what was not written is tried again. "
            "(database or disk is full)",
            "/home/a/desk.db: Die Platte ist voll. Schaffen Sie Platz; was nicht geschrieben wurde, wird "
            "erneut versucht. (database or disk is full)",
        ),
        (
            "/home/a (b)/x.csv: the export cannot be written: Permission denied. Choose another place.",
            "/home/a (b)/x.csv: Der Export kann nicht geschrieben werden: Permission denied. Wählen Sie "
            "einen anderen Ort.",
        ),
        ("“a\nb” cannot be dialled. Enter a number or an address like sip:name@host.example.",
         "„a\nb“ kann nicht gewählt werden. Geben Sie eine Nummer ein oder eine Adresse wie "
         "sip:name@host.example."),
        ("The centre has words of its own", "The centre has words of its own"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_fault_is_told_in_german(english: str, german: str) -> None:
    assert words_for("de").fault(english) == german
    assert words_for("en").fault(english) == english


def test_braces_in_what_is_filled_in_do_no_harm() -> None:
    assert words_for("de").fault("There is no pause reason “{0} {x}”.") == (
        "Einen Pausengrund „{0} {x}“ gibt es nicht."
    )


def test_the_sentence_that_says_most_wins() -> None:
    faults = Words("de", {}, {"{}: {}": "wide", "{}: gone": "near {}"})
    assert faults.fault("a: gone") == "near a"


def test_a_real_fault_is_told_in_german() -> None:
    from console.domain.address import normalise_dialled

    with pytest.raises(BadInput) as fault:
        normalise_dialled("support", "")
    assert words_for("de").fault(str(fault.value)).startswith("Es gibt keinen Server, über den „support“")
