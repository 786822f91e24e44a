"""Each strategy, tier, preference and capacity rule by itself, through a real router."""

import itertools
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import CAPACITY, INTERRUPTS, Agent
from console.domain.interaction import Phase
from console.domain.queue import Channel, Queue, Relaxation, SkillNeed, Strategy
from console.routing.strategies import lot
from tests.routing.centre_world import START, World

CHI_SQUARE_999 = {2: 13.82, 3: 16.27, 4: 18.47}
"""The 99.9 % points of the chi-square distribution by degrees of freedom."""


def _world(queue: Queue, *agents: Agent) -> World:
    world = World((queue,), agents)
    for agent in agents:
        world.sign_in(agent.key)
    return world


def _agents(names: str, **fields: object) -> tuple[Agent, ...]:
    return tuple(Agent(key=name, queues=("q",), **fields) for name in names)  # type: ignore[arg-type]


def _queue(strategy: Strategy = Strategy.LONGEST_IDLE, **fields: object) -> Queue:
    return Queue(key="q", strategy=strategy, wrap_up_s=0.0, **fields)  # type: ignore[arg-type]


def _contact(world: World, seconds: float = 10.0) -> str:
    """Somebody calls, is answered, talks, and is gone: who had it?"""
    call = world.call("q")
    agent = world.rung(call)
    world.answer(call)
    world.wait(seconds)
    world.end(call)
    return agent


def _arrives(world: World, channel: Channel, called: str = "q") -> UUID:
    interaction = world.clock.new_id()
    world.tell(
        ev.InteractionArrived, interaction=interaction, channel=channel,
        customer=Address("sip:anna@customer.example"), called=called,
    )  # fmt: skip
    return interaction


def test_longest_idle_goes_round_by_who_is_free_longest() -> None:
    world = _world(_queue(), *_agents("abc"))
    assert [_contact(world) for _ in range(5)] == ["a", "b", "c", "a", "b"]
    world.tell(ev.AgentPaused, agent="c", reason="Lunch")
    world.tell(ev.AgentBecameReady, agent="c")
    assert [_contact(world) for _ in range(3)] == ["a", "b", "c"]


def test_round_robin_keeps_the_turn_through_a_pause() -> None:
    world = _world(_queue(Strategy.ROUND_ROBIN), *_agents("abc"))
    assert [_contact(world) for _ in range(4)] == ["a", "b", "c", "a"]
    world.tell(ev.AgentPaused, agent="b", reason="Lunch")
    world.tell(ev.AgentBecameReady, agent="b")
    assert [_contact(world) for _ in range(3)] == ["b", "c", "a"]


def test_fewest_contacts_since_the_sign_in() -> None:
    world = _world(_queue(Strategy.FEWEST_CONTACTS), *_agents("ab"))
    assert Counter(_contact(world) for _ in range(6)) == {"a": 3, "b": 3}
    world.tell(ev.AgentSignedOut, agent="b")
    assert [_contact(world) for _ in range(2)] == ["a", "a"]
    world.sign_in("b")
    assert [_contact(world) for _ in range(5)] == ["b"] * 5


def test_least_talk_time_evens_out_seconds_not_calls() -> None:
    world = _world(_queue(Strategy.LEAST_TALK_TIME), *_agents("ab"))
    assert _contact(world, 60.0) == "a"
    assert [_contact(world, 10.0) for _ in range(6)] == ["b"] * 6  # at 60 s both, "a" is free longer
    assert _contact(world, 1.0) == "a"
    assert _contact(world, 1.0) == "b"


def test_top_down_takes_the_first_tier_as_long_as_somebody_of_it_is_free() -> None:
    first = Agent(key="z", queues=("q",))
    world = _world(_queue(Strategy.TOP_DOWN), first, *_agents("ab", tiers={"q": 2}))
    assert [_contact(world) for _ in range(3)] == ["z", "z", "z"]
    taken = world.call("q")
    assert world.rung(taken) == "z"
    assert [_contact(world) for _ in range(2)] == ["a", "b"]


def test_lots_are_drawn_by_weight() -> None:
    weights = {"a": 1, "b": 2, "c": 4, "d": 3}
    agents = tuple(Agent(key=key, queues=("q",), weights={"q": weight}) for key, weight in weights.items())
    world = _world(_queue(Strategy.WEIGHTED_RANDOM), *agents)
    draws = 4000
    drawn = Counter(_contact(world, 1.0) for _ in range(draws))
    expected = {key: draws * weight / sum(weights.values()) for key, weight in weights.items()}
    chi_square = sum((drawn[key] - expected[key]) ** 2 / expected[key] for key in weights)
    assert chi_square < CHI_SQUARE_999[len(weights) - 1], drawn


def test_lots_do_not_follow_one_another() -> None:
    """Who had the last one has the next by weight alone: pairs are as independent as lots are."""
    world = _world(_queue(Strategy.WEIGHTED_RANDOM), *_agents("ab"))
    drawn = [_contact(world, 1.0) for _ in range(4000)]
    pairs = Counter(itertools.pairwise(drawn))
    expected = sum(pairs.values()) / 4
    assert sum((count - expected) ** 2 / expected for count in pairs.values()) < CHI_SQUARE_999[3]


def test_a_ledger_read_again_draws_the_same_lots() -> None:
    def drawn() -> list[str]:
        world = _world(_queue(Strategy.WEIGHTED_RANDOM), *_agents("abcdefgh"))
        return [_contact(world, 1.0) for _ in range(100)]

    first = drawn()
    assert first == drawn()
    assert len(set(first)) == 8


def test_who_comes_back_draws_anew() -> None:
    world = _world(_queue(Strategy.WEIGHTED_RANDOM), *_agents("abcdefgh"))
    standing = world.router.interaction(world.call("q"))
    lots = set()
    for number in range(20):
        standing.offer = UUID(int=number)
        lots.add(lot(standing, 1000))
    assert len(lots) > 15


def test_a_broadcast_rings_all_and_one_wins() -> None:
    world = _world(_queue(Strategy.BROADCAST), *_agents("abc"), Agent(key="d", queues=()))
    call = world.call("q")
    offers = list(world.router.interaction(call).open_offers.values())
    assert sorted(offer.agent for offer in offers) == ["a", "b", "c"]
    won = offers[1]
    decided = world.tell(
        ev.InteractionAnswered, interaction=call, offer=won.offer, queue="q", agent=won.agent
    )
    ended = [event for event in decided if isinstance(event, ev.OfferEnded)]
    assert {(event.agent, event.reason) for event in ended} == {
        (offer.agent, ev.OfferEndReason.WITHDRAWN) for offer in (offers[0], offers[2])
    }
    standing = world.router.interaction(call)
    assert (standing.phase, standing.agent, standing.open_offers) == (Phase.CONNECTED, won.agent, {})
    assert [key for key in "abc" if world.router.agent(key).free] == [offers[0].agent, offers[2].agent]


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
def test_of_answers_that_cross_the_last_one_heard_has_it_alone(order: tuple[str, ...]) -> None:
    """Two desks answer at once: whatever the order of the facts, one agent talks and nobody else is busy."""
    world = _world(_queue(Strategy.BROADCAST), *_agents("abc"))
    call = world.call("q")
    offers = {offer.agent: offer for offer in world.router.interaction(call).open_offers.values()}
    for key in order[:2]:
        world.only_tell(
            ev.InteractionAnswered, interaction=call, offer=offers[key].offer, queue="q", agent=key
        )
    world.decide()
    talks = [key for key in "abc" if call in world.router.agent(key).work]
    assert talks == [world.router.interaction(call).agent]


def test_a_broadcast_rings_no_more_than_it_may_the_longest_idle() -> None:
    world = _world(_queue(Strategy.BROADCAST, broadcast_most=2), *_agents("dabc"))
    call = world.call("q")
    assert [offer.agent for offer in world.router.interaction(call).open_offers.values()] == ["d", "a"]
    world.wait(25.0)  # nobody answers: the others are next
    assert [offer.agent for offer in world.router.interaction(call).open_offers.values()] == ["b", "c"]


def test_more_of_the_preferred_needs_beat_the_strategy_and_keep_nobody_out() -> None:
    needs = (
        SkillNeed("english"),
        SkillNeed("tech", 5, preferred=True),
        SkillNeed("german", 3, preferred=True),
    )
    skills = {"a": {}, "b": {"tech": 4}, "c": {"tech": 5}, "d": {"tech": 9, "german": 3}, "e": {"german": 9}}
    agents = [Agent(key=key, queues=("q",), skills={"english": 1, **more}) for key, more in skills.items()]
    world = _world(_queue(skills=needs), Agent(key="0", queues=("q",), skills={"tech": 9}), *agents)
    assert [world.rung(world.call("q")) for _ in range(6)] == ["d", "c", "e", "a", "b", ""]


def test_demands_relax_step_by_step() -> None:
    relax = (
        Relaxation(after_s=30.0, skills=(SkillNeed("english", 5),)),
        Relaxation(after_s=60.0, skills=(), tier=2),
    )
    queue = _queue(skills=(SkillNeed("english", 7),), tier=1, relax=relax, ring_timeout_s=1000.0)
    world = _world(
        queue,
        Agent(key="second", queues=("q",), tiers={"q": 2}),
        Agent(key="five", queues=("q",), skills={"english": 5}),
        Agent(key="third", queues=("q",), tiers={"q": 3}),
    )
    calls = [world.call("q") for _ in range(3)]
    begin = world.clock.now()
    rung = [
        ((event.at - begin).total_seconds(), event.agent)
        for event in world.wait(100.0)
        if isinstance(event, ev.InteractionOffered)
    ]
    assert rung == [(30.0, "five"), (60.0, "second")]
    assert [world.rung(call) for call in calls] == ["five", "second", ""]


def test_ageing_lets_a_long_wait_overtake_across_queues() -> None:
    queues = (
        Queue(key="dear", priority=5, wrap_up_s=0.0),
        Queue(key="cheap", priority=0, ageing_s=10.0, wrap_up_s=0.0),
    )
    for waited, first in ((45.0, "dear"), (55.0, "cheap")):
        world = World(queues, (Agent(key="a", queues=("dear", "cheap")),))
        cheap = world.call("cheap")
        world.wait(waited)
        dear = world.call("dear")
        world.sign_in("a")
        assert world.rung({"dear": dear, "cheap": cheap}[first]) == "a"


@pytest.mark.parametrize(("at_work", "comes"), list(itertools.product(Channel, Channel)))
def test_what_may_come_on_top_of_what(at_work: Channel, comes: Channel) -> None:
    """Every pair of channels, also the same twice: by the table and the capacity, nothing else."""
    world = World((_queue(),), _agents("a"))
    world.sign_in("a")
    first = _arrives(world, at_work)
    world.answer(first)
    second = _arrives(world, comes)
    may = comes in INTERRUPTS.get(at_work, ()) if comes is not at_work else CAPACITY[comes] > 1
    assert (world.rung(second) == "a") is may


@pytest.mark.parametrize("channel", list(Channel))
def test_the_capacity_of_a_channel_is_filled_and_not_exceeded(channel: Channel) -> None:
    world = World((_queue(),), _agents("a"))
    world.sign_in("a")
    taken = []
    for _ in range(CAPACITY[channel] + 2):
        one = _arrives(world, channel)
        if world.rung(one):
            taken.append(one)
            world.answer(one)
    assert len(taken) == CAPACITY[channel]
    world.end(taken[0])
    assert sum(bool(world.rung(one.interaction)) for one in world.router.open_interactions()) == 1


def test_a_pulled_one_waits_for_its_agent_and_comes_before_all_else() -> None:
    world = World((_queue(), Queue(key="r")), (*_agents("ab"), Agent(key="c", queues=("r",))))
    first, pulled = world.call("q"), world.call("q")
    world.sign_in("c")
    world.tell(ev.AgentPaused, agent="c", reason="Lunch")
    world.tell(ev.InteractionPulled, interaction=pulled, agent="c", by="sue")
    world.sign_in("a")
    assert (world.rung(first), world.rung(pulled)) == ("a", "")
    world.sign_in("b")
    assert world.rung(pulled) == ""
    other = world.call("r")
    world.tell(ev.AgentBecameReady, agent="c")
    assert (world.rung(pulled), world.rung(other)) == ("c", "")


def test_patience_for_a_named_agent_ends_by_itself() -> None:
    world = _world(_queue(named_agent_s=20.0), *_agents("abc"))
    taken = world.call("q")
    world.answer(taken)
    busy = world.call("q")
    world.answer(busy)
    assert world.router.interaction(busy).agent == "b"
    world.tell(ev.InteractionTransferred, interaction=taken, agent="a", target="b")
    assert world.rung(taken) == ""  # "a" and "c" are free, but it waits for "b"
    world.wait(19.0)
    assert world.rung(taken) == ""
    world.wait(2.0)
    assert world.rung(taken) == "c"


def test_patience_ends_when_the_named_agent_leaves() -> None:
    world = _world(_queue(named_agent_s=20.0), *_agents("abc"))
    taken = world.call("q")
    world.answer(taken)
    world.tell(ev.AgentPaused, agent="b", reason="Lunch")
    world.tell(ev.InteractionTransferred, interaction=taken, agent="a", target="b")
    assert world.rung(taken) == ""
    world.tell(ev.AgentSignedOut, agent="b")
    assert world.rung(taken) == "c"


def test_a_callback_is_not_offered_before_its_time_and_keeps_its_place() -> None:
    world = World((_queue(),), _agents("a"))
    call = world.call("q", uri="sip:+4930123456@carrier.example")
    callback = world.clock.new_id()
    world.tell(
        ev.CallbackRequested, interaction=call, callback=callback, queue="q",
        customer=Address("sip:+4930123456@carrier.example"), waiting_since=START,
    )  # fmt: skip
    world.end(call)
    until = world.clock.now() + timedelta(seconds=30)
    world.tell(ev.CallbackPostponed, interaction=callback, until=until, tries=1)
    world.wait(5.0)
    later = world.call("q")
    assert world.router.waiting("q") == [callback, later]
    world.sign_in("a")
    assert (world.rung(callback), world.rung(later)) == ("", "a")
    world.end(later)
    assert world.rung(callback) == ""
    world.wait(26.0)
    assert world.rung(callback) == "a"
