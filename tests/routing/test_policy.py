"""The pure rules: who fits, what comes first, and who may have what waits."""

from datetime import timedelta
from uuid import UUID

import pytest

from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.queue import Channel, Queue, SkillNeed
from console.domain.standing import InteractionStanding
from console.routing.policy import (
    Hold,
    ageing_of,
    choice_key,
    demand_of,
    fits,
    hold_of,
    line_key,
    micros,
    preferred_met,
    qualifies,
    urgency,
)
from tests.routing.centre_world import START


def _waiting(number: int, *, wait_s: float = 0, **fields: object) -> InteractionStanding:
    since = START - timedelta(seconds=wait_s)
    return InteractionStanding(
        UUID(int=number), number, Channel.VOICE, Address("sip:1@x"), "a", since, since, since, since, **fields
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("skills", "needs", "fit"),
    [
        ({}, (), True),
        ({"a": 5}, (SkillNeed("a", 5),), True),
        ({"a": 4}, (SkillNeed("a", 5),), False),
        ({"a": 9}, (SkillNeed("a", 5), SkillNeed("b")), False),
        ({"a": 9}, (SkillNeed("a", 5), SkillNeed("b", preferred=True)), True),
        ({"a": 9, "b": 1}, (SkillNeed("a", 5), SkillNeed("b")), True),
        ({"A": 9}, (SkillNeed("a"),), False),
    ],
)
def test_fits(skills: dict[str, int], needs: tuple[SkillNeed, ...], fit: bool) -> None:
    assert fits(skills, needs) is fit
    assert qualifies(Agent(key="x", skills=skills), "q", demand_of(_waiting(1, skills=needs))) is fit


@pytest.mark.parametrize(
    ("limit", "tiers", "may"),
    [(0, {"q": 9}, True), (1, {}, True), (1, {"q": 2}, False), (2, {"q": 2}, True), (1, {"r": 2}, True)],
)
def test_the_tier_of_an_agent_is_that_of_the_queue(limit: int, tiers: dict[str, int], may: bool) -> None:
    assert qualifies(Agent(key="x", tiers=tiers), "q", demand_of(_waiting(1, tier=limit))) is may


def test_preferred_needs_are_counted_at_their_level() -> None:
    needs = (SkillNeed("a"), SkillNeed("b", 3, preferred=True), SkillNeed("c", 7, preferred=True))
    demand = demand_of(_waiting(1, skills=needs))
    assert [
        preferred_met(Agent(key="x", skills=skills), demand)
        for skills in ({}, {"a": 9}, {"b": 2, "c": 7}, {"b": 3, "c": 9})
    ] == [0, 0, 1, 2]


def test_the_order_of_a_line() -> None:
    line = [
        _waiting(1, wait_s=50),
        _waiting(2, wait_s=90),
        _waiting(3, wait_s=1, priority=3),
        _waiting(4, wait_s=2, returned=True),
        _waiting(5, wait_s=90),
    ]
    assert [standing.number for standing in sorted(line, key=line_key)] == [4, 3, 2, 5, 1]


def test_with_ageing_a_long_wait_overtakes_a_priority() -> None:
    line = [
        _waiting(1, wait_s=0, priority=3),
        _waiting(2, wait_s=29),
        _waiting(3, wait_s=31),
        _waiting(4, wait_s=20, priority=1),  # as urgent as number 1, and waits longer
    ]
    ageing = ageing_of(Queue(key="q", ageing_s=10.0))
    assert [standing.number for standing in sorted(line, key=lambda s: line_key(s, ageing))] == [3, 4, 1, 2]
    now, later = micros(START), micros(START + timedelta(seconds=100))
    assert [urgency(line_key(s, ageing), ageing, now) for s in line] == [3.0, 2.9, 3.1, 3.0]
    assert [urgency(line_key(s, ageing), ageing, later) for s in line] == [13.0, 12.9, 13.1, 13.0]
    assert [urgency(line_key(s), 0, later) for s in line] == [3, 0, 0, 1]


def test_an_agent_chooses_what_came_back_then_urgency_then_the_own_order() -> None:
    first, second, third = _waiting(1), _waiting(2, wait_s=99), _waiting(3, priority=1)
    back = _waiting(4, returned=True)
    keys = [(choice_key(line_key(s), 0, micros(START), order), s.number)
            for order, s in enumerate((first, second, third, back))]  # fmt: skip
    assert [number for _, number in sorted(keys)] == [4, 3, 1, 2]
    aged = [
        (choice_key(line_key(first), 0, micros(START), 0), 1),
        (choice_key(line_key(second, 90_000_000), 90_000_000, micros(START), 1), 2),
    ]
    assert [number for _, number in sorted(aged)] == [2, 1]


def test_who_may_have_it_and_until_when() -> None:
    soon, later = START + timedelta(seconds=1), START + timedelta(seconds=9)

    def held(here: tuple[str, ...], **fields: object) -> tuple[Hold, str, object]:
        return hold_of(_waiting(1, **fields), START, here.__contains__)

    assert held(()) == (Hold.OPEN, "", None)
    assert held(("ada",), wanted="ada", wanted_until=soon) == (Hold.RESERVED, "ada", soon)
    assert held((), wanted="ada", wanted_until=soon) == (Hold.OPEN, "ada", None)
    assert held(("ada",), wanted="ada", wanted_until=START) == (Hold.OPEN, "ada", None)
    assert held(("ada",), wanted="ada", wanted_until=soon, returned=True) == (Hold.OPEN, "ada", None)
    assert held(("ada",), pulled="ada", returned=True) == (Hold.PULLED, "ada", None)
    assert held(("ada",), wanted="ada") == (Hold.OPEN, "ada", None)
    assert held(("ada", "bob"), wanted="ada", wanted_until=soon, pulled="bob") == (Hold.PULLED, "bob", None)
    assert held(("ada",), wanted="ada", wanted_until=soon, pulled="bob") == (Hold.RESERVED, "ada", soon)
    assert held(("ada",), pulled="ada", not_before=later) == (Hold.POSTPONED, "", later)
    assert held(("ada",), pulled="ada", not_before=START) == (Hold.PULLED, "ada", None)
