"""Back to routing after a restart: 10,000 who wait and 1,000 agents, after 200,000 events, from ledger and
checkpoint; beside the same start without a checkpoint.

A start is over when an agent who comes back is rung for the one who waits longest. Every caller has to be in
place: the switch is one whose calls outlive the centre.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from console.centre.centre import Centre
from console.centre.memory import EVERY_S, REST, Keeper, restore
from console.clock import StoppedClock, SystemClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.queue import Queue, SkillNeed
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.settings import CentreSettings, RoutingSettings, SwitchSettings
from console.switch.switch import Capability, Connection
from tests.centre.doubles import CONTACT, SpySwitch

pytestmark = pytest.mark.bench

AGENTS, QUEUES, WAITING, BEFORE, AFTER = 1_000, 50, 10_000, 200_000, 2_000
TARGET_S = 2.0
AT_LEAST = 3.0
CLOCK = SystemClock()


class SturdySwitch(SpySwitch):
    """Its calls outlive the centre."""

    capabilities = frozenset({Capability.SURVIVES_RESTART, Capability.ORIGINATE, Capability.VOICEMAIL})
    connections = (Connection(name="north", connected=True, since=datetime(2026, 11, 22, tzinfo=UTC)),)

    def staff(self, contacts: object) -> None:
        self._note("staff", contacts)

    def strays(self, since: object) -> dict[str, list[object]]:
        return {}

    async def adopt(self, known: object, since: object, was: object) -> None:
        self._note("adopt", known)


class Day:
    """The events of a day that ends with everybody in a meeting and the queues full."""

    def __init__(self) -> None:
        self.clock = StoppedClock(CLOCK.now() - timedelta(hours=10))
        self.agents = [f"agent{number:04}" for number in range(AGENTS)]
        self.queues = [f"queue{number:02}" for number in range(QUEUES)]
        self.calls = 0

    def common(self) -> dict[str, object]:
        self.clock.move(0.05)
        return {"id": self.clock.new_id(), "at": self.clock.now()}

    def configured(self) -> Iterator[ev.LedgerEvent]:
        skills = (SkillNeed("english", 3),)
        for key in self.queues:
            queue = Queue(key=key, skills=skills, announce_every_s=0, wrap_up_s=0)
            yield ev.QueueConfigured(queue=queue, **self.common())  # type: ignore[arg-type]
        for number, key in enumerate(self.agents):
            served = tuple(self.queues[(number + step) % QUEUES] for step in range(5))
            agent = Agent(key=key, queues=served, skills={"english": 5})
            yield ev.AgentConfigured(agent=agent, **self.common())  # type: ignore[arg-type]
            yield ev.AgentSignedIn(agent=key, contact=CONTACT, session=self.clock.new_id(), **self.common())  # type: ignore[arg-type]
            yield ev.AgentPaused(agent=key, reason="Meeting", **self.common())  # type: ignore[arg-type]

    def arrives(self) -> Iterator[ev.LedgerEvent]:
        self.calls += 1
        interaction, queue = self.clock.new_id(), self.queues[self.calls % QUEUES]
        common = self.common()
        caller = Address(f"sip:+4930{self.calls % 5000:06}@carrier.example")
        yield ev.InteractionArrived(interaction=interaction, customer=caller, called=queue, **common)  # type: ignore[arg-type]
        common = self.common()
        yield ev.InteractionQueued(
            interaction=interaction, queue=queue, skills=(SkillNeed("english", 3),),
            waiting_since=common["at"], **common,
        )  # type: ignore[arg-type] # fmt: skip

    def call(self) -> Iterator[ev.LedgerEvent]:
        """A whole call, answered by an agent of the queue."""
        first, *rest = self.arrives()
        yield from (first, *rest)
        assert isinstance(first, ev.InteractionArrived)
        agent = self.agents[self.calls % AGENTS]
        fields = {"interaction": first.interaction, "agent": agent, "queue": first.called}
        offer = self.clock.new_id()
        yield ev.InteractionOffered(offer=offer, ring_timeout_s=20.0, **fields, **self.common())  # type: ignore[arg-type]
        yield ev.InteractionAnswered(offer=offer, **fields, **self.common())  # type: ignore[arg-type]
        yield ev.InteractionEnded(
            interaction=first.interaction,
            by=ev.EndedBy.CUSTOMER,
            **self.common(),  # type: ignore[arg-type]
        )

    def before(self) -> Iterator[ev.LedgerEvent]:
        """Some 200,000 events, then 10,000 callers."""
        yield from self.configured()
        for _ in range(BEFORE // 5):
            yield from self.call()
        for _ in range(WAITING):
            yield from self.arrives()


async def _write(url: str, events: list[ev.LedgerEvent]) -> None:
    ledger = await Ledger.open(url)
    for start in range(0, len(events), 5000):
        await ledger.append(events[start : start + 5000])
    await ledger.close()


async def _started(url: str, folder: Path) -> tuple[float, UUID, int]:
    """A start to the first ring; who was rung for, and how many are in place."""
    ledger = await Ledger.open(url)
    switch = SturdySwitch()
    settings = CentreSettings(switch=SwitchSettings(messages=str(folder / "messages")))
    begun = CLOCK.monotonic()
    centre = Centre(settings, CLOCK, ledger, await Users.open(ledger.database), switch)
    await centre.start()
    await centre.desk_linked("agent0000", CONTACT, CLOCK.new_id())
    await centre.submit(ev.AgentBecameReady(id=CLOCK.new_id(), at=CLOCK.now(), agent="agent0000"))
    took = CLOCK.monotonic() - begun
    (ring,) = switch.rings
    waiting = len(centre.router.open_interactions())
    await centre.submit(
        ev.AgentPaused(id=CLOCK.new_id(), at=CLOCK.now(), agent="agent0000", reason="Meeting", now=True)
    )
    await centre.stop()
    await ledger.close()
    return took, ring.interaction, waiting


async def test_back_to_routing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'centre.db'}"
    day = Day()
    await _write(url, list(day.before()))
    whole_s, first, waiting = await _started(url, tmp_path)  # and leaves a checkpoint behind at its end
    assert waiting == WAITING
    await _write(url, [event for _ in range(AFTER // 5) for event in day.call()])
    from_checkpoint = [await _started(url, tmp_path) for _ in range(3)]
    best_s = min(took for took, _, _ in from_checkpoint)
    for _, rung_for, in_place in from_checkpoint:
        assert (rung_for, in_place) == (first, WAITING)
    ledger = await Ledger.open(url)
    size = await ledger.database.read(
        lambda connection: connection.scalar(
            text("SELECT sum(length(body)) FROM checkpoints GROUP BY sequence ORDER BY sequence DESC LIMIT 1")
        )
    )
    events = await ledger.count()
    await ledger.close()
    print(
        f"back to routing with {WAITING:,} waiting and {AGENTS:,} agents, {events:,} events: "
        f"{best_s:.2f} s from a checkpoint of {size / 1e6:.1f} MB and what came after "
        f"(target {TARGET_S:g} s: {'met' if best_s < TARGET_S else 'MISSED'}), "
        f"{whole_s:.2f} s from the ledger alone: {whole_s / best_s:.1f} times as long"
    )
    assert whole_s / best_s >= AT_LEAST


async def test_what_a_checkpoint_costs_the_loop(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'centre.db'}"
    day = Day()
    await _write(url, [*day.configured(), *(event for _ in range(WAITING) for event in day.arrives())])
    ledger = await Ledger.open(url)
    restored = await restore(ledger, RoutingSettings(), CLOCK)
    keeper = Keeper(ledger, restored, CLOCK)
    costs = []
    for _ in range(5):
        keeper.keep(restored.sequence)
        costs.append(keeper.took_s)
        await keeper.finish(restored.sequence)
    await ledger.close()
    print(
        f"a checkpoint of {WAITING:,} waiting and {AGENTS:,} agents: {min(costs) * 1000:.0f} ms of the loop, "
        f"so one every {max(EVERY_S, REST * min(costs)):.0f} s at most"
    )
    assert all(cost > 0 for cost in costs)
