"""Random days: nobody offered twice, lost, starved or overloaded; the same again after any restart."""

import os
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console import wire
from console.domain import events as ev
from console.domain.agent import Presence
from console.domain.interaction import Phase
from console.domain.standing import InteractionStanding
from tests.routing.centre_rules import AGENTS, QUEUES
from tests.routing.centre_world import World
from tests.routing.histories import History
from tests.routing.invariants import Audit, check, may_take

pytestmark = pytest.mark.timeout(120)
STEPS = 1500


class _Watched:
    """A history whose every decision is checked."""

    def __init__(self, seed: int, *, restart: str = "", mishaps: bool = False) -> None:
        self.history = History(seed, restart=restart, mishaps=mishaps)
        self.history.check = self._check
        self.audit = Audit()
        self.restarts = self.read = 0
        self.decided: set[object] = set()
        decide = self.history.world.router.decide
        del decide

    def _check(self) -> None:
        history = self.history
        ledger = history.world.ledger
        self.decided.update(event.id for event in history.router._decided)
        if history.restarts != self.restarts:
            self.restarts, self.audit.latest = history.restarts, None
        self.audit.walk(ledger, self.decided)
        now = max(history.world.clock.now(), history.router._latest)
        check(history.router, now)
        for event in ledger[self.read :]:
            if isinstance(event, ev.CallbackRequested):
                history.known[event.callback] = None
            if isinstance(event, ev.InteractionEnded):
                history.over.add(event.interaction)
        self.read = len(ledger)
        _nobody_is_lost(history)


def _nobody_is_lost(history: History) -> None:
    """Who came and did not go is there, and who is in no line has been told where to go."""
    there = {standing.interaction for standing in history.router.open_interactions()}
    assert there == set(history.known) - history.over
    for standing in history.router.open_interactions():
        if standing.phase is Phase.ARRIVED:
            assert _is_on_the_way(history, standing), standing


def _is_on_the_way(history: History, standing: InteractionStanding) -> bool:
    """Goodbye, a message, a callback that has taken over, or an address outside: the conductor's business."""
    if standing.voicemail or standing.refused or standing.left:
        return standing.voicemail or not standing.to
    target = standing.target.removeprefix("sip:").split("@")[0]
    if target and history.router.queue(target) is None:
        history.outside.add(standing.interaction)  # and stays there, should there be such a queue later
    return standing.interaction in history.outside


@pytest.mark.parametrize("seed", range(4))
def test_a_day(seed: int) -> None:
    watched = _Watched(seed)
    watched.history.run(STEPS)
    assert watched.audit.offers > 100


@pytest.mark.parametrize("seed", range(10, 14))
def test_a_day_of_mishaps(seed: int) -> None:
    """Facts told late, twice and out of order, a clock that is set forward and back, crashes."""
    watched = _Watched(seed, mishaps=True)
    watched.history.run(STEPS)
    assert watched.history.restarts
    assert watched.history.router.late_facts > 5


@pytest.mark.parametrize("restart", ["replay", "checkpoint"])
@pytest.mark.parametrize("seed", [20, 21])
def test_a_restart_changes_nothing(seed: int, restart: str) -> None:
    """The same day with and without restarts is the same ledger, to the last id."""
    undisturbed, disturbed = History(seed), History(seed, restart=restart)
    undisturbed.run(STEPS)
    disturbed.run(STEPS)
    assert disturbed.restarts > 12
    for ours, theirs in zip(undisturbed.world.ledger, disturbed.world.ledger, strict=False):
        assert ours == theirs
    assert len(undisturbed.world.ledger) == len(disturbed.world.ledger)
    assert disturbed.router.open_interactions() == undisturbed.router.open_interactions()


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(40, 1 << 32),
    restart=st.sampled_from(["", "replay", "checkpoint"]),
    mishaps=st.booleans(),
)
def test_any_day(seed: int, restart: str, mishaps: bool) -> None:
    """Whatever the day, with routers that take over from each other all the time."""
    _Watched(seed, restart=restart, mishaps=mishaps).history.run(250)


def test_everything_happens() -> None:
    """The days above are worth something: all of it occurs in them."""
    seen: Counter[str] = Counter()
    for seed in range(8):
        history = History(seed)
        history.run(STEPS)
        seen.update(type(event).__name__ for event in history.world.ledger)
        seen.update(str(event.reason) for event in history.world.ledger if hasattr(event, "reason"))
        offers = [event for event in history.world.ledger if isinstance(event, ev.InteractionOffered)]
        seen["broadcast"] += sum(
            one.interaction == other.interaction and one.at == other.at for one, other in pairwise(offers)
        )
        seen.update(event.wanted and "wanted" for event in history.world.ledger if hasattr(event, "wanted"))
    often = (
        *("InteractionRelaxed", "InteractionPrioritised", "CallbackProposed", "CallbackRequested", "wanted"),
        *("CallbackDialled", "WrapUpExtended", "DeskLost", "AgentNotResponding", "broadcast", "Declined"),
        *("full", "closed", "overflow", "transfer", "moved", "limit", "paused", "grace"),
    )
    rarely = (
        *("VoicemailStarted", "InteractionPulled", "QueueRemoved", "CustomerNotReached", "no_agents"),
        *("CallbackPostponed", "callback failed"),
    )
    for kind in (*often, *rarely):
        assert seen[kind] >= (6 if kind in often else 2), (kind, seen)


def _digest(seed: int) -> str:
    history = History(seed, mishaps=True)
    history.run(STEPS)
    return sha256(b"\n".join(wire.encode_event(event) for event in history.world.ledger)).hexdigest()


def test_decisions_do_not_depend_on_the_process() -> None:
    """Another process, with another order of hashes, decides the same."""
    program = "from tests.routing.test_histories import _digest; print(_digest(5))"
    for hash_seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.strip() == _digest(5)


@pytest.mark.parametrize("seed", range(30, 34))
def test_in_the_end_everybody_is_served(seed: int) -> None:
    """After any day, with all agents at work and answering, all who can be served are, one contact after the
    other: at most as many rounds as there are waiting.
    """
    history = History(seed)
    history.run(STEPS)
    world = history.world
    for queue in QUEUES:
        world.tell(ev.QueueConfigured, queue=queue)
    for agent in AGENTS:
        world.tell(ev.AgentConfigured, agent=agent)
        if history.router.agent(agent.key).presence is Presence.OFFLINE:
            world.sign_in(agent.key, ready=False)
        contact = f"sip:{agent.key}@y"
        world.tell(ev.DeskBack, agent=agent.key, contact=contact, session=world.clock.new_id())
    rounds = 2 * len(history.router.open_interactions()) + 30
    for _ in range(rounds):
        _serve(world)
        world.wait(15)
    for standing in history.router.open_interactions():
        later = standing.not_before is not None and standing.not_before > world.clock.now()
        if standing.phase is not Phase.ARRIVED and not later:
            assert not any(
                may_take(agent, standing, history.router.queue(standing.queue))
                and agent.agent.capacity_for(standing.channel)
                for agent in history.router.agents()
            ), standing


def _serve(world: World) -> None:
    """Everybody answers what rings, and ends what is talked about."""
    router = world.router
    for agent in AGENTS:
        if router.agent(agent.key).presence is not Presence.READY:
            world.tell(ev.AgentBecameReady, agent=agent.key)
    for standing in router.open_interactions():
        interaction = standing.interaction
        if standing.phase is Phase.OFFERED and standing.callback:
            offer = standing.open_offer
            world.tell(ev.CallbackDialled, interaction=interaction, offer=offer.offer, agent=offer.agent)
        elif standing.phase is Phase.OFFERED:
            world.answer(interaction)
        elif standing.phase is Phase.DIALLED:
            world.tell(
                ev.InteractionAnswered,
                interaction=interaction,
                offer=standing.offer,
                queue=standing.queue,
                agent=standing.agent,
            )
        elif standing.phase in {Phase.CONNECTED, Phase.HELD, Phase.ARRIVED}:
            world.end(interaction)
