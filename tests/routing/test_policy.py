"""The pure rules: who fits, and what comes first."""

from datetime import timedelta
from uuid import UUID

import pytest

from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.queue import Channel, SkillNeed
from console.domain.standing import AgentStanding, InteractionStanding
from console.routing.policy import choose, fits, idle_key, line_key
from tests.routing.centre_world import START


def _waiting(
    number: int, *, wait_s: float = 0, priority: int = 0, returned: bool = False
) -> InteractionStanding:
    since = START - timedelta(seconds=wait_s)
    return InteractionStanding(
        UUID(int=number), number, Channel.VOICE, Address("sip:1@x"), "a", since, since, since, since,
        priority=priority, returned=returned,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("skills", "needs", "fit"),
    [
        ({}, (), True),
        ({"a": 5}, (SkillNeed("a", 5),), True),
        ({"a": 4}, (SkillNeed("a", 5),), False),
        ({"a": 9}, (SkillNeed("a", 5), SkillNeed("b")), False),
        ({"a": 9, "b": 1}, (SkillNeed("a", 5), SkillNeed("b")), True),
        ({"A": 9}, (SkillNeed("a"),), False),
    ],
)
def test_fits(skills: dict[str, int], needs: tuple[SkillNeed, ...], fit: bool) -> None:
    assert fits(skills, needs) is fit


def test_the_order_of_a_line() -> None:
    line = [
        _waiting(1, wait_s=50),
        _waiting(2, wait_s=90),
        _waiting(3, wait_s=1, priority=3),
        _waiting(4, wait_s=2, returned=True),
        _waiting(5, wait_s=90),
    ]
    assert [standing.number for standing in sorted(line, key=line_key)] == [4, 3, 2, 5, 1]


def test_an_agent_chooses_priority_then_the_own_order() -> None:
    first, second, third = _waiting(1), _waiting(2, wait_s=99), _waiting(3, priority=1)
    heads = [(line_key(standing), standing.interaction) for standing in (first, second, third)]
    assert choose(heads) == third.interaction
    assert choose(heads[:2]) == first.interaction
    assert choose([]) is None


def test_idle_the_longest_and_by_name_at_the_same_moment() -> None:
    agents = [AgentStanding(Agent(key=key), idle_since=START + timedelta(seconds=at)) for key, at in
              (("b", 1), ("a", 1), ("c", 0))]  # fmt: skip
    assert [standing.agent.key for standing in sorted(agents, key=idle_key)] == ["c", "a", "b"]
