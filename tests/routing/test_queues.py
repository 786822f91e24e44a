"""Lines, and doors."""

import random
from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.queue import Channel, Queue, SkillNeed
from console.domain.standing import InteractionStanding
from console.routing.policy import Demands, Hold, LineKey, fits, line_key
from console.routing.queues import Door, Lines, Place
from tests.routing.centre_world import START

NEEDS = ((), (SkillNeed("a", 5),), (SkillNeed("a"), SkillNeed("b", 3)))
SKILLS = ({}, {"a": 9}, {"a": 1, "b": 9}, {"a": 5, "b": 3})
HOLDS = (
    (Hold.OPEN, ""),
    (Hold.OPEN, "ada"),
    (Hold.RESERVED, "ada"),
    (Hold.PULLED, "bob"),
    (Hold.POSTPONED, ""),
)
CHANNELS = (Channel.VOICE, Channel.CHAT)


def _somebody(chance: random.Random, identity: UUID, number: int) -> InteractionStanding:
    since = START - timedelta(seconds=chance.randrange(5))
    return InteractionStanding(
        identity, number, chance.choice(CHANNELS), Address("sip:1@x"), "", since, since, since, since,
        queue=chance.choice("xy"), skills=chance.choice(NEEDS), tier=chance.randrange(3),
        priority=chance.randrange(3), returned=chance.random() < 0.2,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_lines_are_what_sorting_gives(chance: random.Random) -> None:
    lines, demands = Lines(), Demands()
    waiting = dict[UUID, tuple[InteractionStanding, Place]]()
    for number in range(60):
        identity = UUID(int=chance.randrange(25))
        if chance.random() < 0.3:
            waiting.pop(identity, None)
            lines.take(identity)
        else:
            standing = _somebody(chance, identity, number)
            hold, agent = chance.choice(HOLDS)
            place = Place(standing.queue, hold, agent, demands.of(standing), line_key(standing))
            waiting[identity] = standing, place
            assert lines.put(identity, place)
            assert not lines.put(identity, place)
        _compare(lines, waiting, chance)


def _compare(
    lines: Lines, waiting: dict[UUID, tuple[InteractionStanding, Place]], chance: random.Random
) -> None:
    channels = frozenset(chance.sample(CHANNELS, chance.randrange(3)))
    for queue in "xyz":
        order = sorted((p for _, p in waiting.values() if p.queue == queue), key=lambda place: place.key)
        assert lines.order(queue) == [place.key[-1] for place in order]
        assert [lines.ahead(queue, place.key) for place in order] == list(range(len(order)))
        for skills in SKILLS:
            agent = Agent(key="x", skills=skills, tiers={"x": 2})
            fitting = [
                place.key
                for place in order
                if (standing := waiting[place.key[-1]][0]).channel in channels
                and place.hold is Hold.OPEN
                and fits(skills, standing.skills)
                and (standing.tier == 0 or agent.tiers.get(queue, 1) <= standing.tier)
            ]
            assert lines.head(queue, agent, channels) == (fitting[0] if fitting else None)
    for name in ("ada", "bob"):
        for hold in Hold:
            heads = dict[str, LineKey]()
            for queue, key in lines.named(name, hold, channels):
                heads[queue] = min(key, heads.get(queue, key))
            mine = sorted(
                (place.key, place.queue)
                for standing, place in waiting.values()
                if place.agent == name and place.hold is hold and standing.channel in channels
            )
            assert heads == {queue: key for key, queue in reversed(mine)}


def test_a_key_beats_a_number_and_a_closed_queue_is_not_found() -> None:
    door = Door()
    door.open(Queue(key="first", numbers=("100", "second")))
    door.open(Queue(key="second", numbers=("100",)))
    assert (door.find("100"), door.find("second"), door.find("SECOND")) == ("first", "second", "second")
    door.close("first")
    assert (door.find("100"), door.find("first")) == ("second", None)
    door.open(Queue(key="second", numbers=("300",)))
    assert (door.find("100"), door.find("tel:300")) == (None, "second")
    assert door.find("") is None
