"""Explanations of real histories: the winner is who was rung, and every reason is true."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import pytest

from console.domain import events as ev
from console.domain.agent import CAPACITY, Agent, Presence
from console.domain.interaction import Phase
from console.domain.queue import Queue, Relaxation, SkillNeed, Strategy
from console.domain.standing import AgentStanding, InteractionStanding
from console.domain.standings import Standings
from console.routing.explain import Decision, Excluded, explain, words
from console.routing.reasons import Obstacle
from tests.routing.centre_world import World
from tests.routing.naive import Naive
from tests.routing.test_matcher import Centre


def _numbered(ledger: Iterable[ev.LedgerEvent], first: int = 1) -> list[tuple[int, ev.LedgerEvent]]:
    return list(enumerate(ledger, start=first))


def _offers(decisions: Iterable[Decision]) -> list[Decision]:
    return [step for step in decisions if step.what == "InteractionOffered"]


def _true(
    naive: Naive, agent: AgentStanding, standing: InteractionStanding, held: tuple[int, str]
) -> set[str]:
    """What is in an agent's way, looked up plainly."""
    channel, known = standing.channel, agent.agent
    busy = list(agent.channels.values())
    kept = held[0] != 2 and (held[0] == 3 or known.key != held[1])
    asked = known.key == held[1] and held[0] != 3
    if agent.presence is Presence.OFFLINE:
        found = {Obstacle.OFFLINE: True}
    else:
        found = {
            Obstacle.PAUSED: agent.presence is Presence.PAUSED,
            Obstacle.NOT_RESPONDING: agent.presence is Presence.NOT_RESPONDING,
            Obstacle.DESK_GONE: agent.lost_since is not None,
        }
    rung = agent.open_offer is not None
    found[Obstacle.RUNG] = rung
    found[Obstacle.CAPACITY] = not rung and busy.count(channel) >= known.capacity.get(
        channel, CAPACITY[channel]
    )
    found[Obstacle.BUSY] = not rung and any(
        other is not channel and channel not in naive.interrupts.get(other, ()) for other in busy
    )
    found[Obstacle.KEPT] = kept
    open_to_fit = not kept and not asked
    found[Obstacle.QUEUE] = open_to_fit and standing.queue not in known.queues
    found[Obstacle.TIER] = open_to_fit and 0 < standing.tier < known.tiers.get(standing.queue, 1)
    found[Obstacle.SKILL] = open_to_fit and any(
        not need.preferred and known.skills.get(need.skill, 0) < need.level for need in standing.skills
    )
    return {obstacle for obstacle, holds in found.items() if holds}


def _check(centre: Centre, interaction: UUID, seen: Counter[str]) -> None:
    """Fold the ledger plainly beside the explanation, and compare at each offer."""
    ledger = _numbered(centre.world.ledger)
    offers = {step.sequence: step for step in _offers(explain(ledger, interaction, centre.world.settings))}
    standings = Standings()
    naive = Naive(standings, centre.world.settings.on_top)
    rung: list[str] = []
    for sequence, event in ledger:
        offered = isinstance(event, ev.InteractionOffered) and event.interaction == interaction
        if offered and standings.interactions[interaction].phase is Phase.WAITING:
            step = offers.pop(sequence)
            standing = standings.interactions[interaction]
            assert step.agents == naive.takers(standing, event.at)
            assert tuple(one.agent for one in step.possible[: len(step.agents)]) == step.agents
            able = {key for key, one in standings.agents.items() if naive.may(one, standing, event.at)}
            assert {one.agent for one in step.possible} == able
            held = naive.holder(standing, event.at)
            queue = [key for key, one in standings.agents.items()
                     if standing.queue in one.agent.queues or key == held[1]]  # fmt: skip
            assert {one.agent for one in step.excluded} == set(queue) - able
            for one in step.excluded:
                truth = _true(naive, standings.agents[one.agent], standing, held)
                assert {reason.obstacle for reason in one.reasons} == truth
                seen.update(truth)
            rung = list(step.agents)
        if offered:
            assert event.agent == rung.pop(0)
        standings.apply(event)
    assert offers == {}


def test_winners_and_reasons_are_true_on_random_histories() -> None:
    seen: Counter[str] = Counter()
    for seed in range(4):
        centre = Centre(seed, agents=7)
        for _ in range(150):
            centre.step()
        rung = Counter(
            event.interaction for event in centre.world.ledger if isinstance(event, ev.InteractionOffered)
        )
        for interaction, _ in rung.most_common(25):
            _check(centre, interaction, seen)
    for obstacle in Obstacle:
        if obstacle is not Obstacle.QUEUE:  # only who was asked for by name and left has no such queue
            assert seen[obstacle] > 0, (obstacle, seen)


def _support(**fields: object) -> Queue:
    return Queue(
        key="support", skills=(SkillNeed("english", 7),), tier=1, wrap_up_s=0.0,
        relax=(Relaxation(after_s=30.0, skills=(SkillNeed("english", 5),)),), **fields,
    )  # type: ignore[arg-type]  # fmt: skip


AGENTS = (
    Agent(key="ada", name="Ada Lovelace", queues=("support",), skills={"english": 5}),
    Agent(key="bob", queues=("support",), skills={"english": 6}),
    Agent(key="cyd", queues=("support",), skills={"english": 3}),
    Agent(key="dan", queues=("support",), skills={"english": 9}, tiers={"support": 2}),
    Agent(key="eve", queues=("support",), skills={"english": 9}),
    Agent(key="fay", queues=("support",), skills={"english": 9}),
    Agent(key="gus", queues=("other",)),
)


def _story() -> tuple[World, UUID]:
    """Relaxed after 30 s, offered to Ada, who declines, then to Bob, who answers."""
    world = World((_support(ring_timeout_s=15.0, max_wait_s=300.0),), AGENTS)
    for agent in AGENTS:
        if agent.key != "fay":
            world.sign_in(agent.key)
        world.wait(1.0)
    world.tell(ev.AgentPaused, agent="eve", reason="Lunch")
    call = world.call("support")
    world.wait(31.0)
    world.end_offer(call, ev.OfferEndReason.DECLINED)
    world.answer(call)
    world.end(call)
    return world, call


def test_a_whole_story_in_words() -> None:
    world, call = _story()
    decisions = explain(_numbered(world.ledger), call, world.settings)
    told = [step.why for step in decisions]
    assert told == [
        "came in on voice for support",
        "waits in support (arrived): number 1 of 1, priority 0, asks for english 7, tier 1",
        "step 1 of its queue: asks for english 5, tier 1 now",
        "offered to Ada Lovelace: the longest idle of 2 who could have it"
        " (number 1 of 1, asks for english 5, tier 1)",
        "Ada Lovelace declined",
        "offered to bob: the only one who could have it (number 1 of 1, asks for english 5, tier 1)",
        "answered by bob",
        "ended by the customer",
    ]
    first, second = _offers(decisions)
    assert [(one.agent, one.claim) for one in first.possible] == [
        ("ada", "idle for 37 s"),
        ("bob", "idle for 36 s"),
    ]
    assert _reasons(first.excluded) == {
        "cyd": ["english 3 < 5"],
        "dan": ["tier 2, and it asks for 1 at most so far"],
        "eve": ["paused (Lunch)"],
        "fay": ["not signed in"],
    }
    assert _reasons(second.excluded)["ada"] == ["paused (Declined)"]
    lines = words(decisions)
    assert "    got it: Ada Lovelace (idle for 37 s)" in lines
    assert "    could have had it: bob (idle for 36 s)" in lines
    assert "    could not: cyd (english 3 < 5)" in lines
    assert lines[0].startswith("2026-11-23 09:00:07 UTC  #")


def _reasons(excluded: Iterable[Excluded]) -> dict[str, list[str]]:
    return {one.agent: [reason.words for reason in one.reasons] for one in excluded}


def test_a_checkpoint_and_what_came_after_say_the_same() -> None:
    world, call = _story()
    whole = explain(_numbered(world.ledger), call, world.settings)
    for cut in range(len(world.ledger)):
        router = World((), ()).router
        for event in world.ledger[:cut]:
            router.apply(event)
        later = explain(_numbered(world.ledger[cut:], cut + 1), call, world.settings, dumped=router.dump())
        assert later == [step for step in whole if step.sequence > cut]


def test_why_it_still_waits() -> None:
    world = World((_support(),), AGENTS)
    world.sign_in("cyd")
    call = world.call("support")
    *_, last = explain(_numbered(world.ledger), call, world.settings)
    assert (last.what, last.why) == ("StillWaits", "still waits in support: number 1 of 1")
    assert _reasons(last.excluded)["cyd"] == ["english 3 < 7"]
    assert _reasons(last.excluded)["ada"] == ["not signed in", "english 5 < 7"]
    alone = World((_support(),), ())
    call = alone.call("support")
    *_, last = explain(_numbered(alone.ledger), call, alone.settings)
    assert last.why.endswith("nobody serves that queue")


def test_a_named_agent_and_a_supervisor_are_given_as_the_reason() -> None:
    world = World((_support(),), AGENTS)
    for key in ("eve", "fay", "gus"):
        world.sign_in(key)
    call = world.call("support")
    world.answer(call)
    world.tell(ev.InteractionTransferred, interaction=call, agent="eve", target="gus")
    world.end_offer(call, ev.OfferEndReason.BUSY)
    world.tell(ev.InteractionPulled, interaction=call, agent="dan", by="sue")
    decisions = explain(_numbered(world.ledger), call, world.settings)
    assert "it asks for this agent" in _offers(decisions)[1].why
    pulled = World((_support(),), AGENTS)
    call = pulled.call("support")
    pulled.sign_in("dan", ready=False)
    pulled.tell(ev.InteractionPulled, interaction=call, agent="dan", by="sue")
    pulled.sign_in("eve")
    pulled.tell(ev.AgentBecameReady, agent="dan")
    (offer,) = _offers(explain(_numbered(pulled.ledger), call, pulled.settings))
    assert offer.why.startswith("offered to dan: a supervisor pulled it there")
    assert _reasons(offer.excluded)["eve"] == ["it is pulled to dan"]


@pytest.mark.parametrize(
    ("strategy", "claim"),
    [
        (Strategy.ROUND_ROBIN, "nothing offered here yet, idle for 5 s"),
        (Strategy.FEWEST_CONTACTS, "0 contacts, idle for 5 s"),
        (Strategy.LEAST_TALK_TIME, "0 s of talk, idle for 5 s"),
        (Strategy.TOP_DOWN, "tier 1, idle for 5 s"),
        (Strategy.WEIGHTED_RANDOM, "weight 1"),
        (Strategy.BROADCAST, "idle for 5 s"),
    ],
)
def test_each_strategy_has_its_words(strategy: Strategy, claim: str) -> None:
    queue = Queue(key="q", strategy=strategy)
    world = World((queue,), tuple(Agent(key=key, queues=("q",)) for key in "ab"))
    for key in "ab":
        world.sign_in(key)
    world.wait(5.0)
    call = world.call("q")
    (offer,) = _offers(explain(_numbered(world.ledger), call, world.settings))
    assert [one.claim for one in offer.possible] == [claim, claim]
    assert set(offer.agents) == ({"a", "b"} if strategy is Strategy.BROADCAST else {world.rung(call)})


def test_what_is_not_in_the_ledger_has_no_story() -> None:
    world, _ = _story()
    assert explain(_numbered(world.ledger), UUID(int=1), world.settings) == []
