"""Chaos: everybody does everything at the wrong moment, and the centre's account still is the true one."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
import tomlkit

from console.bus import Bus
from console.demo import scenario
from console.demo.floor import prepare_floor
from console.domain import events as ev
from console.domain.agent import AgentState, Work
from console.domain.figures import Snapshot
from console.domain.interaction import Phase
from console.domain.standings import Standings
from console.ledger.ledger import Ledger
from console.metrics.report import kpi_report
from console.metrics.snapshot import Fold
from console.sync.link import Link
from tests.e2e.crowd import CLOCK, GRACE_S, PACE, Account, Crowd

pytestmark = [pytest.mark.e2e, pytest.mark.sip, pytest.mark.timeout(180)]
SEED = int(os.environ.get("CHAOS_SEED", "3"))
AGENTS = 7
BURSTS, BURST, AFTERWARDS = 7, 9, 5
NEAR_S = 1.6
"""An answer and an end this close: sound takes time to be recognised, and a hold may come between."""

Facts = list[tuple[int, ev.LedgerEvent]]
_BUSY = {AgentState.OFFERED, AgentState.ON_CONTACT, AgentState.HOLD, AgentState.WRAP_UP}


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[tuple[Crowd, Link]]:
    floor = prepare_floor(tmp_path, scenario.agents(AGENTS, SEED), PACE)
    _sharpen(tmp_path / "centre.toml")
    await floor.start()
    crowd = Crowd(floor, SEED)
    watch = Link(Bus(), CLOCK, None, contact=lambda: "")
    watch.want_board(wanted=True)
    try:
        await watch.sign_in(floor.url, scenario.SUPERVISOR, floor.password)
        await crowd.open(AGENTS)
        yield crowd, watch
    finally:
        await crowd.close()
        await watch.stop()
        await floor.stop()


def _sharpen(file: Path) -> None:
    """Short grace and media times, an overflow chain, and a queue that is soon full."""
    document = tomlkit.parse(file.read_text())
    document["routing"]["grace_s"] = GRACE_S
    document["switch"]["media_timeout_s"] = 2.0
    for queue in document["queues"]:
        if queue["key"] == "sales":
            queue["max_waiting"] = 5
        if queue["key"] == "support":
            queue.update({"max_wait_s": 6.0, "overflow_to": "sales"})
    file.write_text(tomlkit.dumps(document))


async def test_the_ledger_tells_what_everybody_lived_through(day: tuple[Crowd, Link]) -> None:
    crowd, watch = day
    dice = random.Random(SEED)
    for burst in range(BURSTS):
        for number in range(BURST):
            crowd.call(burst * BURST + number)
        await asyncio.sleep(dice.uniform(1.0, 3.0))
    async with asyncio.timeout(60):
        await crowd.all_gone()
        await crowd.calm()
        await _quiet(watch)
        for number in range(AFTERWARDS):  # the centre still works for everybody
            crowd.call(BURSTS * BURST + number, calm=True)
        await crowd.all_gone()
        board = await _quiet(watch)
    facts = await _read(crowd.floor.database, board.sequence)
    log = (crowd.floor.folder / "centre.log").read_text()
    assert "Traceback" not in log, log
    assert "come to rest" not in log, log
    _each_ended_once(facts)
    _nobody_had_two_at_once(facts)
    _at_rest(facts)
    _figures_agree(facts, board)
    _accounts_agree(facts, crowd)
    _sound_went_both_ways(facts, crowd)
    for what in ("busy", "unreachable", "let ring", "cross the time-out", "transfer refused", "crash"):
        assert crowd.did[what], f"nobody did: {what}; {crowd.did}"


async def _quiet(watch: Link) -> Snapshot:
    """Wait until nobody waits, rings, talks or wraps up, and every agent is ready again."""
    changed = asyncio.Event()
    undo = watch.on_board(lambda _: changed.set())
    while not _is_quiet(watch.board):
        await changed.wait()
        changed.clear()
    undo()
    assert watch.board is not None
    return watch.board


def _is_quiet(board: Snapshot | None) -> bool:
    if board is None or board.total is None or board.total.waiting_since:
        return False
    return all(row.state is AgentState.READY for row in board.agents if row.agent != scenario.DESK)


async def _read(database: str, until: int) -> Facts:
    ledger = await Ledger.open(database)
    facts = [(number, event) async for number, event in ledger.read() if number <= until]
    await ledger.close()
    return facts


def _each_ended_once(facts: Facts) -> None:
    arrived = Counter(event.interaction for _, event in facts if isinstance(event, ev.InteractionArrived))
    ends = Counter(event.interaction for _, event in facts if isinstance(event, ev.InteractionEnded))
    assert set(arrived.values()) == {1}
    assert ends == arrived


def _nobody_had_two_at_once(facts: Facts) -> None:
    """No second offer, no second contact, and no offer to somebody who was not ready for it."""
    standings = Standings()
    open_offers: dict[str, set[object]] = {}
    for number, event in facts:
        if isinstance(event, ev.InteractionOffered):
            agent = standings.agents[event.agent]
            assert agent.free, f"{number}: an offer to {event.agent}, who is {agent.state} and {agent.work}"
            offers = open_offers.setdefault(event.agent, set())
            offers.add(event.offer)
            assert len(offers) == 1, f"{number}: {event.agent} has {len(offers)} open offers"
        if isinstance(event, ev.OfferEnded | ev.InteractionAnswered):
            open_offers.get(event.agent, set()).discard(event.offer)
        if isinstance(event, ev.InteractionEnded):
            standing = standings.interactions.get(event.interaction)
            if standing is not None and standing.open_offer is not None:
                open_offers[standing.open_offer.agent].discard(standing.open_offer.offer)
        standings.apply(event)
        for agent in standings.agents.values():
            live = [work for work in agent.work.values() if work in {Work.TALKING, Work.HELD}]
            assert len(live) <= 1, f"{number}: {agent.agent.key} has {len(live)} contacts"


def _at_rest(facts: Facts) -> None:
    standings = Standings()
    for _, event in facts:
        standings.apply(event)
    assert standings.interactions == {}
    for agent in standings.agents.values():
        assert agent.state not in _BUSY, f"{agent.agent.key} is stuck in {agent.state}"
        assert (agent.work, agent.wrap_ups, agent.open_offer) == ({}, {}, None)


def _figures_agree(facts: Facts, board: Snapshot) -> None:
    fold = Fold()
    for number, event in facts:
        fold.apply(event, number)
    again = fold.snapshot(board.at)
    assert board.sequence == again.sequence
    assert board.queues == again.queues
    assert board.agents == again.agents
    assert board.total == again.total
    assert board.abandoned == again.abandoned
    assert board.intervals == again.intervals
    assert again.total is not None
    counts = again.total.counts
    report = kpi_report([event for _, event in facts])["total"]["counts"]
    for name in ("offered", "answered", "abandoned", "short_abandoned", "flowed_out", "requeued"):
        assert report[name] == getattr(counts, name), name
    queued = {event.interaction for _, event in facts if isinstance(event, ev.InteractionQueued)}
    assert counts.offered == len(queued) == counts.answered + counts.abandoned + counts.flowed_out


class _Story:
    """One interaction in the ledger."""

    def __init__(self, arrived: ev.InteractionArrived) -> None:
        self.arrived = arrived
        self.answers: list[ev.InteractionAnswered] = []
        self.outside = False
        self.end: ev.InteractionEnded | None = None
        self.phase = Phase.ARRIVED


def _stories(facts: Facts) -> dict[str, _Story]:
    found: dict[object, _Story] = {}
    for _, event in facts:
        if isinstance(event, ev.InteractionArrived):
            found[event.interaction] = _Story(event)
        elif isinstance(event, ev.InteractionAnswered):
            found[event.interaction].answers.append(event)
        elif isinstance(event, ev.InteractionTransferred):
            found[event.interaction].outside |= event.target.startswith("sip:")
        elif isinstance(event, ev.InteractionEnded):
            found[event.interaction].end = event
    return {story.arrived.customer.user: story for story in found.values()}


def _accounts_agree(facts: Facts, crowd: Crowd) -> None:
    stories = _stories(facts)
    heard = set(_talks(facts, NEAR_S)) - crowd.crashed
    wrong = [
        f"{account.number} {account.result}: {fault}; {_told(facts, stories[account.number])}"
        for account in crowd.accounts
        if (fault := _fault(account, stories.get(account.number), heard))
    ]
    assert wrong == []
    connected = {account.number for account in crowd.accounts if account.result.arrived}
    assert connected <= set(stories)
    assert set(stories) <= {account.number for account in crowd.accounts}


def _told(facts: Facts, story: _Story) -> list[str]:
    """An interaction's facts in words, for whoever has to find out."""
    return [
        f"{event.at:%M:%S.%f} {type(event).__name__} {getattr(event, 'agent', '')}"
        for _, event in facts
        if getattr(event, "interaction", None) == story.arrived.interaction
    ]


def _fault(account: Account, story: _Story | None, heard: set[UUID | None]) -> str:
    """What customer and ledger tell differently of one call; "" when they agree."""
    result = account.result
    if story is None or story.end is None:
        return "" if not result.arrived else "the ledger does not know it"
    if result.heard and not story.answers:
        return "heard an agent, but nobody answered"
    if result.arrived and not result.heard and story.arrived.interaction in heard:
        return f"more than {NEAR_S} s with an agent and heard nothing"
    by_customer = story.end.by is ev.EndedBy.CUSTOMER
    apart_s = abs((account.ended_at - story.end.at).total_seconds())
    if result.arrived and by_customer != (result.ended_by == "customer") and apart_s > 0.3:
        return f"ended by {story.end.by} ({story.end.reason}) {apart_s:.1f} s apart"
    return ""


def _sound_went_both_ways(facts: Facts, crowd: Crowd) -> None:
    """In every talk of 0.8 s, with a customer and a desk that lived through it: each heard the other."""
    present = {account.number: account for account in crowd.accounts if account.result.arrived}
    people = {story.arrived.interaction: user for user, story in _stories(facts).items()}
    desks = {call.interaction for desk in crowd.desks for call in desk.calls if call.heard and call.received}
    talks = [talk for talk in _talks(facts, 0.8) if talk not in crowd.crashed and people[talk] in present]
    assert len(talks) >= AFTERWARDS
    assert [talk for talk in talks if talk not in desks] == [], "a desk heard nothing"
    assert [present[people[talk]] for talk in talks if not present[people[talk]].result.heard] == []
    assert all(present[people[talk]].result.received for talk in talks)


def _talks(facts: Facts, least_s: float) -> list[UUID]:
    """The interactions with a talk that long, without hold and before any transfer."""
    began: dict[UUID, datetime] = {}
    found = []
    for _, event in facts:
        if isinstance(event, ev.InteractionAnswered):
            began[event.interaction] = event.at
        elif isinstance(event, ev.InteractionHeld | ev.InteractionTransferred | ev.InteractionEnded):
            since = began.pop(event.interaction, None)
            if since is not None and (event.at - since).total_seconds() >= least_s:
                found.append(event.interaction)
    return found
