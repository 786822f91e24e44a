"""The queue_log of Asterisk: kinds of lines, rotation, cut lines, and the calls in it through the fold."""

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.events import (
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    InteractionEnded,
    InteractionEvent,
    InteractionLeftQueue,
    InteractionOffered,
    InteractionQueued,
    InteractionTransferred,
    LeaveReason,
    OfferEnded,
    OfferEndReason,
)
from console.domain.standings import Standings
from console.switch.queue_call import Note, Step
from console.switch.queue_calls import QueueCalls
from console.switch.queue_log import Entry, entries, facts, parse

_START = 1795366100
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_ANSWERED = f"""{_START}|NONE|NONE|NONE|QUEUESTART|
{_START + 1}|pbx-1.0|support|NONE|ENTERQUEUE||05551|1
{_START + 4}|pbx-1.0|support|Agent One|RINGNOANSWER|3000
{_START + 9}|pbx-1.0|support|Agent Two|CONNECT|8|pbx-1.2|4
{_START + 19}|pbx-1.0|support|Agent Two|COMPLETEAGENT|8|10|1
"""


def at(second: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=_START + second)


def read(text: str) -> list[InteractionEvent]:
    found = [parse(line) for line in text.splitlines()]
    return facts(one for one in found if one is not None)


def shape(told: list[InteractionEvent]) -> list[tuple[str, float]]:
    return [(type(one).__name__, (one.at - at(0)).total_seconds()) for one in told]


def test_an_answered_call_has_true_times() -> None:
    told = read(_ANSWERED)
    assert shape(told) == [
        ("InteractionArrived", 1.0),
        ("InteractionQueued", 1.0),
        ("InteractionOffered", 1.0),
        ("OfferEnded", 4.0),
        ("InteractionOffered", 5.0),
        ("InteractionAnswered", 9.0),
        ("InteractionEnded", 19.0),
    ]
    assert isinstance(told[0], InteractionArrived)
    assert told[0].customer.user == "05551"
    assert isinstance(told[3], OfferEnded)
    assert told[3].reason is OfferEndReason.NO_ANSWER
    assert isinstance(told[-1], InteractionEnded)
    assert told[-1].by is EndedBy.AGENT


def test_a_second_reading_tells_the_same() -> None:
    assert read(_ANSWERED) == read(_ANSWERED)
    assert len({one.id for one in read(_ANSWERED)}) == 7


def test_the_older_layout_without_ring_times() -> None:
    told = read(
        "100|1.0|q|NONE|ENTERQUEUE||0\n105|1.0|q|SIP/8|CONNECT|5\n109|1.0|q|SIP/8|COMPLETECALLER|5|4\n"
    )
    assert [type(one) for one in told] == [
        InteractionArrived,
        InteractionQueued,
        InteractionOffered,
        InteractionAnswered,
        InteractionEnded,
    ]


def test_abandoned_is_ended_by_the_customer_while_waiting() -> None:
    told = read("100|1.0|q|NONE|ENTERQUEUE||0|1\n107|1.0|q|NONE|ABANDON|1|1|7\n")
    last = told[-1]
    assert isinstance(last, InteractionEnded)
    assert last.by is EndedBy.CUSTOMER
    assert InteractionAnswered not in {type(one) for one in told}


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("EXITWITHTIMEOUT|1|1|9", LeaveReason.TIMEOUT),
        ("EXITWITHTIMEOUT|1", LeaveReason.TIMEOUT),
        ("EXITEMPTY|1|1|9", LeaveReason.NO_AGENTS),
        ("EXITWITHKEY|5|1|1|9", LeaveReason.OVERFLOW),
    ],
)
def test_flowing_out_and_then_another_queue(verb: str, reason: LeaveReason) -> None:
    told = read(f"100|1.0|q|NONE|ENTERQUEUE||0|1\n109|1.0|q|NONE|{verb}\n")
    out = [one for one in told if isinstance(one, InteractionLeftQueue)]
    assert [one.reason for one in out] == [reason]
    assert isinstance(told[-1], InteractionEnded)
    told = read(
        f"100|1.0|q|NONE|ENTERQUEUE||0|1\n109|1.0|q|NONE|{verb}\n110|1.0|r|NONE|ENTERQUEUE||0|1\n"
        "115|1.0|r|NONE|ABANDON|1|1|5\n"
    )
    queued = [one for one in told if isinstance(one, InteractionQueued)]
    assert [(one.queue, one.reason) for one in queued] == [("q", "arrived"), ("r", "overflow")]
    assert queued[1].waiting_since == queued[0].at
    assert len([one for one in told if isinstance(one, InteractionEnded)]) == 1


@pytest.mark.parametrize(
    "verb", ["BLINDTRANSFER|200|ctx|2|5|1", "ATTENDEDTRANSFER|BRIDGE|200|2|5|1", "TRANSFER|200|ctx|2|5"]
)
def test_transfers(verb: str) -> None:
    told = read(f"100|1.0|q|NONE|ENTERQUEUE||0|1\n102|1.0|q|A|CONNECT|2|1.1|1\n107|1.0|q|A|{verb}\n")
    moved = [one for one in told if isinstance(one, InteractionTransferred)]
    assert [(one.agent, one.target) for one in moved] == [("A", "200")]


def test_asterisk_started_again_ends_what_was_going_on() -> None:
    told = read(
        "100|1.0|q|NONE|ENTERQUEUE||0|1\n100|2.0|q|NONE|ENTERQUEUE||0|2\n103|1.0|q|A|CONNECT|3|1.1|1\n"
        "110|NONE|NONE|NONE|QUEUESTART|\n"
    )
    ends = [one for one in told if isinstance(one, InteractionEnded)]
    assert len(ends) == 2
    assert {one.by for one in ends} == {EndedBy.CENTRE}


def test_fractions_and_rubbish() -> None:
    entry = parse("1795366101.25|1.0|q|NONE|ABANDON|1|2|7\r\n")
    assert entry is not None
    assert entry.at == at(1.25)
    assert (entry.number(2), entry.number(7), entry.text(9)) == (7.0, 0.0, "")
    for line in ("", "|", "x|1|q|NONE|ABANDON", "1|2|3", "²|1|q|a|ABANDON", "9" * 40 + "|1|q|a|ABANDON"):
        assert parse(line) is None


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    entry = parse(text)
    assert entry is None or isinstance(facts([entry]), list)


def test_rotation_and_a_half_written_line(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    with gzip.open(tmp_path / "queue_log.2.gz", "wb") as file:
        file.write(b"100|1.0|q|NONE|ENTERQUEUE||0|1\n")
    (tmp_path / "queue_log.1").write_text("105|1.0|q|A|CONNECT|5|1.1|5\n")
    log.write_text("109|1.0|q|A|COMPLETECALLER|5|4|1\n110|2.0|q|NONE|ENTERQU")
    for age, name in enumerate(("queue_log.1", "queue_log.2.gz")):
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert [one.verb for one in entries(log, _LONG_AGO)] == ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"]
    after = datetime(1970, 1, 1, 0, 1, 49, 900000, tzinfo=UTC)
    assert [one.verb for one in entries(log, after)] == ["COMPLETECALLER"]
    with log.open("a") as more:
        more.write("EUE||0|1\n")
    assert [one.verb for one in entries(log, after)] == ["COMPLETECALLER", "ENTERQUEUE"]


_NOTES = [
    Note(step=Step.JOINED, at=at(0), key="1.0", queue="q", number="05"),
    Note(step=Step.CALLED, at=at(1), key="1.0", queue="q", agent="A"),
    Note(step=Step.RANG_OUT, at=at(4), key="1.0", queue="q", agent="A", rang_s=3.0),
    Note(step=Step.CALLED, at=at(5), key="1.0", queue="q", agent="B"),
    Note(step=Step.LEFT, at=at(7), key="1.0", queue="q"),
    Note(step=Step.CONNECTED, at=at(7), key="1.0", queue="q", agent="B", rang_s=2.0),
    Note(step=Step.COMPLETED, at=at(19), key="1.0", queue="q", agent="B"),
    Note(step=Step.HUNG_UP, at=at(19), key="1.0"),
]


def told_of(notes: list[Note]) -> list[InteractionEvent]:
    told: list[InteractionEvent] = []
    calls = QueueCalls(told.append)
    for note in notes:
        calls.take(note)
    calls.settle(at(60))
    calls.settle(at(61))
    assert calls.going_on == frozenset()
    return told


@given(st.permutations(_NOTES))
def test_any_order_of_notes_folds_to_the_same(notes: list[Note]) -> None:
    told = told_of(notes)
    standings = Standings()
    for event in told:
        standings.apply(event)  # type: ignore[arg-type]
    assert standings.ignored == 0
    assert standings.interactions == {}
    kept = (InteractionArrived, InteractionQueued, InteractionAnswered, InteractionEnded)
    assert [one for one in told if isinstance(one, kept)] == [
        one for one in told_of(_NOTES) if isinstance(one, kept)
    ]


@given(
    st.permutations(
        [_NOTES[0], _NOTES[1], _NOTES[4], _NOTES[7], Note(step=Step.ABANDONED, at=at(7), key="1.0")]
    )
)
def test_an_abandon_in_any_order(notes: list[Note]) -> None:
    told = told_of(notes)
    last = told[-1]
    assert isinstance(last, InteractionEnded)
    assert (last.at, last.by) == (at(7), EndedBy.CUSTOMER)
    assert InteractionLeftQueue not in {type(one) for one in told}


def test_entries_are_values() -> None:
    assert parse("5|NONE|NONE|NONE|QUEUESTART|") == Entry(
        at=datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC), call="", queue="", agent="", verb="QUEUESTART"
    )


_TIMED_OUT = [_NOTES[0], _NOTES[1], _NOTES[4], _NOTES[7], Note(step=Step.GAVE_UP, at=at(7), key="1.0")]


@given(st.permutations([*_TIMED_OUT, Note(step=Step.GOES, at=at(7), key="1.0")]))
def test_giving_up_is_an_abandon_when_the_caller_hangs_up(notes: list[Note]) -> None:
    told = told_of(notes)
    assert isinstance(told[-1], InteractionEnded)
    assert (told[-1].at, told[-1].by) == (at(7), EndedBy.CUSTOMER)
    assert InteractionLeftQueue not in {type(one) for one in told}


@given(st.permutations(_TIMED_OUT))
def test_giving_up_alone_is_a_time_out(notes: list[Note]) -> None:
    told = told_of(notes)
    out = [one for one in told if isinstance(one, InteractionLeftQueue)]
    assert [(one.at, one.reason) for one in out] == [(at(7), LeaveReason.TIMEOUT)]
