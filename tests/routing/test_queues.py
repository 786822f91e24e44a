"""Lines, doors, and who is wanted."""

import random
from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.address import Address
from console.domain.queue import Channel, Queue, SkillNeed
from console.domain.standing import InteractionStanding
from console.routing.policy import fits, line_key
from console.routing.queues import Door, Lines, Wanted
from tests.routing.centre_world import START

NEEDS = ((), (SkillNeed("a", 5),), (SkillNeed("a"), SkillNeed("b", 3)))
SKILLS = ({}, {"a": 9}, {"a": 1, "b": 9}, {"a": 5, "b": 3})


@settings(max_examples=40, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_lines_are_what_sorting_gives(chance: random.Random) -> None:
    lines, waiting = Lines(), dict[UUID, InteractionStanding]()
    for number in range(60):
        identity = UUID(int=chance.randrange(25))
        if chance.random() < 0.3:
            waiting.pop(identity, None)
            lines.take(identity)
        else:
            since = START - timedelta(seconds=chance.randrange(5))
            standing = InteractionStanding(
                identity, number, Channel.VOICE, Address("sip:1@x"), "", since, since, since, since,
                queue=chance.choice("xy"), skills=chance.choice(NEEDS), priority=chance.randrange(3),
                returned=chance.random() < 0.2,
            )  # fmt: skip
            waiting[identity] = standing
            assert lines.put(standing)
            assert not lines.put(standing)
        for queue in "xyz":
            order = sorted((s for s in waiting.values() if s.queue == queue), key=line_key)
            assert lines.order(queue) == [s.interaction for s in order]
            assert [lines.ahead(s) for s in order] == list(range(len(order)))
            for skills in SKILLS:
                fitting = [s.interaction for s in order if fits(skills, s.skills)]
                head = lines.head(queue, skills)
                assert (head[1] if head else None) == (fitting[0] if fitting else None)


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


def test_wanted_is_one_agent_at_a_time() -> None:
    wanted, one, two = Wanted(), UUID(int=1), UUID(int=2)
    wanted.put(one, "ada")
    wanted.put(two, "ada")
    wanted.put(one, "bob")
    assert (list(wanted.of("ada")), list(wanted.of("bob")), wanted.agent(one)) == ([two], [one], "bob")
    wanted.put(one, "")
    assert (list(wanted.of("bob")), wanted.agent(one)) == ([], "")
