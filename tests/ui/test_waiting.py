"""What the rows of those who wait say, and in which order they stand. Pure."""

from datetime import UTC, timedelta

import msgspec
import pytest

from console.domain.agent import AgentState
from console.domain.figures import AgentFigures
from console.domain.interaction import Phase
from console.domain.queue import SkillNeed
from tests.ui.waiting_sample import line, steps, waiting
from tests.ui.wallboard_sample import NOON
from ui.metrics import desk_words
from ui.metrics.explained import told
from ui.metrics.tongue import Tongue
from ui.metrics.waiting import (
    Known,
    LineColumn,
    asks,
    caller,
    for_whom,
    happening,
    in_line,
    line_order,
    line_text,
    number_words,
    shape,
    takers,
)
from ui.metrics.words import ENGLISH

EN, DE = Tongue("en", UTC), Tongue("de", UTC)
KNOWN = Known(NOON, {}, {"a0001": "Ana", "a0002": "Ben"})
C = LineColumn


def test_both_languages_have_the_same_words_and_fill_in_the_same() -> None:
    assert desk_words.ENGLISH.keys() == desk_words.GERMAN.keys()
    assert not desk_words.ENGLISH.keys() & ENGLISH.keys()
    for key, words in desk_words.ENGLISH.items():
        assert words.count("{") == desk_words.GERMAN[key].count("{"), key


def test_only_those_who_wait_or_ring_are_in_line() -> None:
    assert {row.phase for row in in_line(line(), "q0")} == {Phase.WAITING, Phase.OFFERED, Phase.DIALLED}
    assert [row.queue for row in in_line(line(), "q1")] == ["q1"]
    assert len(in_line(line(), "")) == len(line()) - 1


def test_the_line_stands_as_it_is_served_and_what_rings_is_first() -> None:
    rows = in_line(reversed(line()), "q0")
    rows.sort(key=lambda row: line_order(row, C.PLACE, KNOWN, EN))
    assert [row.place for row in rows] == [None, None, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("column", list(LineColumn))
def test_every_order_is_total(column: LineColumn) -> None:
    rows = [waiting(n, place=1, waiting_since=NOON, customer_name="") for n in range(5)]
    keys = [line_order(row, column, KNOWN, EN) for row in rows]
    assert len(set(keys)) == len(keys)
    assert len(sorted(keys)) == len(keys)  # each can be compared with each


@pytest.mark.parametrize(
    ("more", "english", "german"),
    [
        ({}, "waits", "wartet"),
        ({"phase": Phase.OFFERED, "ringing": ("a0001", "a0002")}, "rings at Ana, Ben",
         "klingelt bei Ana, Ben"),
        ({"phase": Phase.OFFERED, "ringing": ("a0001",), "callback": True}, "callback rings at Ana",
         "Rückruf klingelt bei Ana"),
        ({"phase": Phase.DIALLED, "callback": True}, "customer is called", "Kunde wird angerufen"),
        ({"callback": True}, "callback", "Rückruf"),
        ({"callback": True, "tries": 2, "not_before": NOON + timedelta(minutes=5)},
         "callback, tries: 2, not before 13:08", "Rückruf, Versuche: 2, nicht vor 13:08"),
        ({"callback": True, "tries": 2, "not_before": NOON - timedelta(minutes=5)}, "callback, tries: 2",
         "Rückruf, Versuche: 2"),
    ],
)  # fmt: skip
def test_what_happens_is_said(more: dict[str, object], english: str, german: str) -> None:
    row = waiting(1, **more)
    assert happening(row, KNOWN, EN) == english
    assert happening(row, KNOWN, DE) == german


def test_each_kind_has_a_shape_of_its_own() -> None:
    kinds = ({}, {"callback": True}, {"phase": Phase.OFFERED}, {"phase": Phase.DIALLED})
    assert len({shape(waiting(1, **more)) for more in kinds}) == len(kinds)


def test_for_whom_it_is_kept_and_for_how_long() -> None:
    soon = NOON + timedelta(seconds=20.5)
    assert for_whom(waiting(1, wanted="a0001", wanted_until=soon), KNOWN, EN) == "Ana, 21 s"
    assert for_whom(waiting(1, wanted="a0001", wanted_until=NOON), KNOWN, EN) == ""
    assert (
        for_whom(waiting(1, pulled="a0002", wanted="a0001", wanted_until=soon), KNOWN, DE) == "Ben, zugeteilt"
    )
    assert for_whom(waiting(1, pulled="gone"), KNOWN, EN) == "gone, given"


def test_what_it_asks_for() -> None:
    needs = (SkillNeed("english", 7), SkillNeed("law", 2, preferred=True))
    assert asks(needs, 2, EN) == "English 7+, Law 2+ preferred, tier 2 at most"
    assert asks((), 0, EN) == "-"


@pytest.mark.parametrize(
    ("customer", "name", "words"),
    [
        ("sip:+4930@x.example", "Anna", "Anna  +4930"),
        ("sip:+4930@x.example", "", "+4930"),
        ("sip:+4930@x.example", "+4930", "+4930"),
        ("", "", "-"),
    ],
)
def test_who_it_is(customer: str, name: str, words: str) -> None:
    assert caller(waiting(1, customer=customer, customer_name=name)) == words


def test_unknown_is_a_dash_and_never_a_number() -> None:
    row = waiting(1, place=None, expected_s=None)
    assert [line_text(row, column, KNOWN, EN) for column in (C.PLACE, C.EXPECTED)] == ["-", "-"]


def test_how_many_there_are() -> None:
    assert number_words(in_line(line(), "q0"), EN) == "7 wait, 2 ring"
    assert number_words([waiting(1)], DE) == "1 wartet"


def test_agents_who_are_free_are_offered_first_and_namesakes_are_told_apart() -> None:
    def agent(key: str, name: str, state: AgentState) -> AgentFigures:
        return AgentFigures(agent=key, name=name, state=state)

    rows = [
        agent("a", "Zoe", AgentState.ON_CONTACT),
        agent("b", "Ana", AgentState.PAUSED),
        agent("c", "Zoe", AgentState.READY),
        agent("d", "Off", AgentState.OFFLINE),
    ]
    assert takers(rows, EN) == [("c", "Zoe (c): Ready"), ("a", "Zoe (a): On a call"), ("b", "Ana: Paused")]


def test_an_explanation_begins_with_why_it_is_so_now() -> None:
    text = told(steps(), EN).splitlines()
    assert text[0] == "13:03:20  still waits in q0: number 1 of 7"
    assert text[1].strip() == "Cannot: Ana Novak (did not answer before, and is not ready again)"
    assert "      Got it: Ana Novak (idle for 93 s)" in text
    assert "      Could have had it: Ben Novak (idle for 12 s)" in text
    assert "      Could not: Chiara Novak (english 5 < 7; paused (Lunch))" in text
    assert told([], EN) == "The centre knows nothing of it."
    german = told(steps(), DE).splitlines()
    assert german[0] == "13:03:20  wartet noch in q0: Nummer 1 von 7"
    free = msgspec.structs.replace(steps()[-1], possible=steps()[1].possible)
    assert "Kann es haben: Ana Novak (seit 93 s frei)" in told([free], DE)
