"""What a call says, row by row."""

from datetime import timedelta
from uuid import UUID

import pytest

from console.domain.address import Address
from console.domain.agent import AgentState
from console.domain.call import CallEnd, CallPhase, Direction, Quality
from console.domain.events import CallEnded
from console.domain.queue import SkillNeed
from console.telephony.live import LiveCall
from tests.ui.doubles import START, words
from ui.telephony.presenter import (
    current,
    failure,
    focus_order,
    present_call,
    present_quality,
    queue_suggestions,
    ringing_here,
)

IN, OUT = Direction.INCOMING, Direction.OUTGOING
P = CallPhase


def call(direction: Direction, phase: CallPhase, number: int = 1, **more: object) -> LiveCall:
    told: dict[str, object] = {
        "peer": Address("sip:+4930@example.org", "Anna"),
        "account": "",
        "started_at": START,
    }
    return LiveCall(call=UUID(int=number), direction=direction, phase=phase, **(told | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("direction", "phase", "said", "state", "incoming", "connected"),
    [
        (IN, P.RINGING, "Incoming call", AgentState.OFFERED, True, False),
        (IN, P.TALKING, "Talking", AgentState.ON_CONTACT, False, True),
        (IN, P.HELD, "On hold", AgentState.HOLD, False, True),
        (OUT, P.DIALLING, "Calling…", AgentState.OFFERED, False, False),
        (OUT, P.RINGING, "Rings there", AgentState.OFFERED, False, False),
        (OUT, P.TALKING, "Talking", AgentState.ON_CONTACT, False, True),
        (OUT, P.ENDED, "Ended", AgentState.OFFERED, False, False),
    ],
)
def test_every_phase_has_its_words(
    direction: Direction, phase: CallPhase, said: str, state: AgentState, incoming: bool, connected: bool
) -> None:
    shown = present_call(call(direction, phase), words())
    assert (shown.words, shown.state, shown.incoming, shown.connected) == (said, state, incoming, connected)


def test_muted_is_said() -> None:
    assert present_call(call(IN, P.TALKING, muted=True), words()).words == "Muted"


def test_the_wait_goes_on_while_it_rings_and_stops_with_the_answer() -> None:
    ringing = present_call(call(IN, P.RINGING, waited_s=42.0), words())
    assert ringing.waiting_since == START - timedelta(seconds=42)
    talking = call(IN, P.TALKING, waited_s=42.0, answered_at=START + timedelta(seconds=6))
    shown = present_call(talking, words())
    assert (shown.waited_s, shown.waiting_since) == (48.0, None)


def test_the_time_counts_from_the_hold_while_held() -> None:
    held = call(IN, P.HELD, answered_at=START, held_since=START + timedelta(seconds=90))
    assert present_call(held, words()).since == START + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("peer", "name", "number"),
    [
        (Address("sip:+4930@example.org", "Anna"), "Anna", "+4930"),
        (Address("sip:+4930@example.org"), "+4930", ""),
        (Address("sip:anna@example.org", "anna"), "anna", ""),
        (Address(""), "Unknown caller", ""),
    ],
)
def test_who_it_is(peer: Address, name: str, number: str) -> None:
    shown = present_call(call(IN, P.TALKING, peer=peer), words())
    assert (shown.name, shown.number) == (name, number)


def test_the_skills_asked_for() -> None:
    asked = (SkillNeed("english", 5), SkillNeed("billing"))
    assert present_call(call(IN, P.RINGING, skills=asked), words()).skills == "English 5+, Billing 1+"


@pytest.mark.parametrize(
    ("mos", "bars", "word", "tone"),
    [
        (4.4, 4, "Very good", "good"), (4.0, 4, "Very good", "good"), (3.99, 3, "Good", "good"),
        (3.5, 3, "Good", "good"), (3.49, 2, "Fair", "warning"), (2.8, 2, "Fair", "warning"),
        (1.0, 1, "Poor", "critical"),
    ],
)  # fmt: skip
def test_quality_has_a_word_bars_and_a_number(mos: float, bars: int, word: str, tone: str) -> None:
    shown = present_quality(Quality(codec="PCMU", mos=mos, loss_percent=1.24), words())
    assert shown is not None
    assert (shown.bars, shown.word, shown.tone, shown.number) == (bars, word, tone, f"{mos:.1f}")
    assert "Lost 1.2 %" in shown.detail
    assert "PCMU" in shown.detail


def test_nothing_measured_is_not_shown() -> None:
    assert present_quality(None, words()) is None
    assert present_quality(Quality(codec="PCMU"), words()) is None


def test_german_numbers_have_a_comma() -> None:
    shown = present_quality(Quality(mos=4.25, wideband=True), words("de"))
    assert shown is not None
    assert shown.number == "4,2"
    assert "Breitband" in shown.detail


@pytest.mark.parametrize("end", list(CallEnd))
def test_a_call_that_came_to_nothing_says_why(end: CallEnd) -> None:
    fact = CallEnded(id=UUID(int=1), at=START, call=UUID(int=2), end=end, sip_code=486, reason="Busy Here")
    told = failure(fact, "Anna", words())
    assert bool(told) == (end in {CallEnd.BUSY, CallEnd.NO_ANSWER, CallEnd.REFUSED, CallEnd.FAILED})
    if end is CallEnd.FAILED:
        assert told == "The call to Anna failed (486 Busy Here)."


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [
        (404, "Not Found", "Anna cannot be found (404 Not Found). Check the number."),
        (484, "Address Incomplete", "Anna cannot be found (484 Address Incomplete). Check the number."),
        (403, "Forbidden", "You may not call Anna (403 Forbidden)."),
        (
            488,
            "Not Acceptable Here",
            "Your phone and Anna's have no codec or encryption in common (488 Not Acceptable Here). "
            "Tell your IT.",
        ),
        (603, "Decline", "The call to Anna was refused (603 Decline)."),
    ],
)
def test_a_refused_call_says_what_can_be_done(code: int, reason: str, told: str) -> None:
    fact = CallEnded(
        id=UUID(int=1), at=START, call=UUID(int=2), end=CallEnd.REFUSED, sip_code=code, reason=reason
    )
    assert failure(fact, "Anna", words()) == told


def test_the_order_of_the_cards_and_the_call_that_a_key_means() -> None:
    held, dialled = call(OUT, P.HELD, 1), call(OUT, P.DIALLING, 2)
    talking, ringing = call(IN, P.TALKING, 3), call(IN, P.RINGING, 4)
    every = [held, dialled, talking, ringing]
    assert focus_order(every) == [ringing, talking, dialled, held]
    assert current(every) is talking
    assert current([held, ringing]) is ringing
    assert current([held]) is held
    assert current([]) is None
    assert ringing_here(every) is ringing
    assert ringing_here([held, dialled]) is None


@pytest.mark.parametrize(
    ("typed", "values"),
    [("", ["s2", "sales", "vip"]), ("VI", ["vip"]), ("rückfr", ["sales"]), ("s", ["s2", "sales"]), ("x", [])],
)
def test_a_queue_is_found_by_name_and_key(typed: str, values: list[str]) -> None:
    queues = {"vip": "VIP", "sales": "Verkauf & RÜCKFRAGEN", "s2": "s2"}
    found = queue_suggestions(queues, typed)
    assert [value for _, value in found] == values
    assert queue_suggestions({}, typed) == []


def test_a_queue_named_as_its_key_is_not_said_twice() -> None:
    assert queue_suggestions({"s2": "s2", "vip": "VIP"}, "") == [("s2", "s2"), ("VIP   vip", "vip")]
