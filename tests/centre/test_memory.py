"""Checkpoints and increments: a start goes on where a run stopped; nothing counts twice, nothing is lost."""

import logging
import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from console.centre import memory
from console.centre.memory import FORM, restore
from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.errors import StoreError
from console.domain.queue import CALLBACK, Queue
from console.ledger.checkpoints import Checkpoint, Checkpoints
from console.ledger.ledger import Ledger
from console.metrics.increments import Cell, Dimension, Increment, increment_of, merge_increments
from console.metrics.snapshot import Fold
from console.settings import CentreSettings, RoutingSettings
from console.switch.switch import Capability, Connection
from tests.centre.doubles import CLOCK, CONTACT, Room, SpySwitch

SETTINGS = CentreSettings(
    queues=(
        Queue(key="support", numbers=("100",), announce_every_s=0, wrap_up_s=10.0, ring_timeout_s=20.0),
        Queue(key="sales", numbers=("200",), announce_every_s=0, max_waiting=2, full_to=CALLBACK),
    ),
    agents=(
        Agent(key="ada", queues=("support", "sales")),
        Agent(key="ben", queues=("support",), skills={"english": 5}),
    ),
)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class SturdySwitch(SpySwitch):
    """A switch whose calls outlive the centre."""

    capabilities = frozenset({Capability.SURVIVES_RESTART, Capability.ORIGINATE, Capability.VOICEMAIL})
    connections = (Connection(name="north", connected=True, since=datetime(2026, 11, 22, tzinfo=UTC)),)

    def staff(self, contacts: object) -> None:
        self._note("staff", contacts)

    def strays(self, since: object) -> dict[str, list[object]]:
        return {}

    async def adopt(self, known: object, since: object, was: object) -> None:
        self._note("adopt", known)


async def opened(file: Path, clock: Any = CLOCK) -> Room:
    return await Room.open(file, SETTINGS, SturdySwitch(), clock)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = await opened(tmp_path / "centre.db")
    yield made
    await made.close()


def knows(room: Room) -> tuple[Any, ...]:
    """All that a centre shows, but for the time."""
    snapshot = room.centre.board.snapshot()
    agents = [room.centre.agent_view("ada")]  # of who never signed in, the state is since now
    return (
        snapshot.queues,
        snapshot.agents,
        snapshot.total,
        snapshot.abandoned,
        snapshot.intervals,
        [msgspec.structs.replace(view, at=NOON) for view in agents if view is not None],
        [msgspec.structs.replace(view, expected_s=None) for view in room.centre.supervision.views()],
    )


async def some_calls(room: Room) -> None:
    await room.link("ada")
    first = await room.arrive("100")
    await room.answer()
    await room.end(first)
    for called in ("100", "200", "200", "200"):
        await room.arrive(called)


async def test_a_start_goes_on_from_the_checkpoint_and_reads_only_what_came_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await opened(tmp_path / "centre.db")
    await some_calls(first)
    kept = first.centre.board.sequence
    first.centre._keeper.keep(kept)
    await first.centre._keeper._writing
    last = await first.arrive("100")
    before = knows(first)
    await first.crash()
    read: list[int] = []
    reading = Ledger.read

    def noticing(self: Ledger, after: int = 0, until: int | None = None) -> Any:
        read.append(after)
        return reading(self, after, until)

    monkeypatch.setattr(Ledger, "read", noticing)
    second = await opened(tmp_path / "centre.db")
    assert min(read) == kept
    assert knows(second) == before
    assert second.centre.router.interaction(last) is not None
    monkeypatch.undo()
    whole = await refolded(second)
    assert knows(second)[:5] == (*knows_of(whole),)
    await second.close()


async def refolded(room: Room) -> Fold:
    fold = Fold(keep_increments=True)
    async for sequence, event in room.ledger.read():
        fold.apply(event, sequence)
    return fold


def knows_of(fold: Fold) -> tuple[Any, ...]:
    snapshot = fold.snapshot(CLOCK.now())
    return snapshot.queues, snapshot.agents, snapshot.total, snapshot.abandoned, snapshot.intervals


async def test_at_stop_everything_is_kept(tmp_path: Path) -> None:
    first = await opened(tmp_path / "centre.db")
    await some_calls(first)
    before = knows(first)
    await first.close()
    second = await opened(tmp_path / "centre.db")
    restored = await restore(second.ledger, RoutingSettings(), CLOCK)
    assert restored.checkpoint == restored.sequence == restored.covered == second.centre.board.sequence
    assert knows(second) == before
    await second.close()


SPOILED = {
    "damaged": "UPDATE checkpoints SET body = x'00'",
    "of another form": "UPDATE checkpoints SET version = '0.0/0'",
    "ahead of the ledger": "UPDATE checkpoints SET sequence = sequence + 1000",
    "no part of the board": "DELETE FROM checkpoints WHERE kind = 'board'",
}


@pytest.mark.parametrize("spoiled", list(SPOILED))
async def test_a_checkpoint_that_is_not_good_is_passed_over_and_told(
    tmp_path: Path, spoiled: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = await opened(tmp_path / "centre.db")
    await some_calls(first)
    before, counted = knows(first), await all_increments(first)
    await first.close()
    ledger = await Ledger.open(f"sqlite:///{tmp_path / 'centre.db'}")
    await ledger.database.write(lambda connection: connection.execute(text(SPOILED[spoiled])))
    await ledger.close()
    with caplog.at_level(logging.WARNING):
        second = await opened(tmp_path / "centre.db")
    words = {"of another form": "it is of the form 0.0/0", "ahead of the ledger": "ahead of the ledger"}
    assert words.get(spoiled, spoiled) in caplog.text
    assert knows(second) == before
    assert await all_increments(second) == counted
    await second.close()


async def test_bytes_that_are_no_checkpoint_are_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = await opened(tmp_path / "centre.db")
    await some_calls(first)
    before = knows(first)
    await first.close()
    ledger = await Ledger.open(f"sqlite:///{tmp_path / 'centre.db'}")
    checkpoints = Checkpoints(ledger.database)
    (good,) = [one async for one in checkpoints.newest()]
    for kind in ("router", "board", "increments"):
        for junk in (b"", b"\xc1 junk", good.parts[0].body[:-3]):
            parts = tuple(
                msgspec.structs.replace(part, body=junk) if part.kind == kind else part for part in good.parts
            )
            await checkpoints.save(Checkpoint(sequence=good.sequence, made_at=NOON, parts=parts))
            with caplog.at_level(logging.WARNING):
                restored = await restore(ledger, RoutingSettings(), CLOCK)
            assert restored.checkpoint == 0
    await ledger.close()
    second = await opened(tmp_path / "centre.db")
    assert knows(second) == before
    await second.close()
    assert FORM


async def test_a_checkpoint_that_cannot_be_written_is_tried_again(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await some_calls(room)
    keeper = room.centre._keeper
    save = Checkpoints.save
    failures = iter([StoreError("the disk is full"), StoreError("the disk is full"), None])

    async def failing(self: Checkpoints, *arguments: Any) -> None:
        fault = next(failures, None)
        if fault is not None:
            raise fault
        await save(self, *arguments)

    monkeypatch.setattr(Checkpoints, "save", failing)
    keeper._quarter = -1  # a quarter hour is over
    counted = await all_increments(room)
    for _ in range(3):
        keeper.keep(room.centre.board.sequence)
        await keeper._writing
        assert await all_increments(room) == counted
    assert keeper._unwritten is None
    assert await Checkpoints(room.ledger.database).covered() == room.centre.board.sequence
    assert caplog.text.count("cannot be written") == 1


async def test_a_checkpoint_is_due_after_a_time_or_many_events(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = room.centre._keeper
    sequence = room.centre.board.sequence
    due = keeper.due_in_s(sequence)
    assert due is not None
    assert 0 < due <= memory.EVERY_S
    assert keeper.due_in_s(sequence + memory.EVERY_EVENTS) == 0
    keeper.keep(sequence)
    assert keeper.due_in_s(sequence + 1) is None  # it is being written
    await keeper._writing
    assert keeper.due_in_s(sequence) is None  # nothing new
    assert keeper.due_in_s(sequence + 1) is not None
    assert keeper.took_s > 0


async def test_the_pipeline_keeps_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "EVERY_EVENTS", 1)
    room = await opened(tmp_path / "centre.db")
    await some_calls(room)
    while not [one async for one in Checkpoints(room.ledger.database).newest()]:
        await room.arrive("100")
    await room.crash()


# ---------------------------------------------------------------- nothing twice, nothing lost


async def all_increments(room: Room) -> dict[Cell, Increment]:
    found: list[Increment] = []
    for dimension in Dimension:
        found += await room.centre.figures.increments(dimension, EVER, None)
    return shown(found)


def shown(increments: list[Increment]) -> dict[Cell, Increment]:
    made = {cell: increment_of(cell, tally) for cell, tally in merge_increments(increments).items()}
    return {cell: increment for cell, increment in made.items() if increment}


class Hours:
    """Random calls over hours, with crashes, lost checkpoints and people who read figures meanwhile."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.clock = StoppedClock(NOON)
        self.dice = random.Random(seed)
        self.folder = folder
        self.room: Room

    async def open(self) -> None:
        self.room = await opened(self.folder / "centre.db", self.clock)

    async def go_on(self) -> None:
        """One more thing happens."""
        self.clock.move(self.dice.uniform(0, 90))
        done = (
            *(self.arrive, self.arrive, self.answer, self.end, self.link),
            *(self.keep, self.keep, self.crash, self.look, self.wait),
        )
        await self.dice.choice(done)()

    async def tell(self, kind: Any, interaction: Any, **fields: Any) -> None:
        new = kind(id=self.clock.new_id(), at=self.clock.now(), interaction=interaction, **fields)
        self.room.switch.tell(new)
        await self.room.centre.settled()

    async def arrive(self) -> None:
        customer = Address(f"sip:+49{self.dice.randrange(3)}@x")
        called = self.dice.choice(("100", "200"))
        await self.tell(ev.InteractionArrived, self.clock.new_id(), called=called, customer=customer)

    async def answer(self) -> None:
        if self.room.switch.rings:
            ring = self.room.switch.rings.pop()
            fields = {"offer": ring.offer, "queue": ring.queue, "agent": ring.agent}
            await self.tell(ev.InteractionAnswered, ring.interaction, **fields)

    async def end(self) -> None:
        known = [one.interaction for one in self.room.centre.router.open_interactions()]
        if known:
            by = self.dice.choice((ev.EndedBy.CUSTOMER, ev.EndedBy.AGENT))
            await self.tell(ev.InteractionEnded, self.dice.choice(known), by=by)

    async def link(self) -> None:
        agent = self.dice.choice(("ada", "ben"))
        await self.room.centre.desk_linked(agent, CONTACT, self.clock.new_id())
        await self.room.centre.command(agent, self.dice.choice(("ready", "ready", "sign_out")), "")

    async def wait(self) -> None:
        self.clock.move(self.dice.uniform(0, 1800))

    async def look(self) -> None:
        await all_increments(self.room)
        for minutes in (None, 15, 60):
            self.room.centre.figures.reading(Dimension.AGENT, "ada", minutes)

    async def keep(self) -> None:
        keeper = self.room.centre._keeper
        await self.room.centre.settled()
        keeper.keep(self.room.centre.board.sequence)
        if self.dice.random() < 0.7:
            await keeper._writing

    async def crash(self) -> None:
        """The centre dies; sometimes checkpoints go with it. Another one starts."""
        await self.room.crash()
        ledger = await Ledger.open(f"sqlite:///{self.folder / 'centre.db'}")
        loss = self.dice.choice((LOSE_NONE, LOSE_NONE, LOSE_NEWEST, LOSE_ALL))
        await ledger.database.write(lambda connection: connection.execute(text(loss)))
        await ledger.close()
        self.clock.move(self.dice.uniform(0, 2400))
        await self.open()


LOSE_NONE = "DELETE FROM checkpoints WHERE 0"
LOSE_NEWEST = "DELETE FROM checkpoints WHERE sequence = (SELECT max(sequence) FROM checkpoints)"
LOSE_ALL = "DELETE FROM checkpoints"


@pytest.mark.parametrize("seed", range(int(os.environ.get("CALLBOARD_SEEDS", "10"))))
async def test_crashes_at_any_moment_count_nothing_twice_and_lose_nothing(tmp_path: Path, seed: int) -> None:
    hours = Hours(tmp_path, seed)
    await hours.open()
    for _ in range(60):
        await hours.go_on()
    assert await all_increments(hours.room) == shown((await refolded(hours.room)).take_increments())
    await hours.room.close()
    await hours.open()
    assert await all_increments(hours.room) == shown((await refolded(hours.room)).take_increments())
    await hours.room.close()


async def test_an_explanation_is_the_same_from_a_checkpoint_as_from_the_beginning(room: Room) -> None:
    await some_calls(room)
    keeper = room.centre._keeper
    keeper.keep(room.centre.board.sequence)
    await keeper._writing
    interaction = await room.arrive("100")
    kept = [one.sequence async for one in Checkpoints(room.ledger.database).newest()]
    assert 0 < kept[0] < room.centre.board.sequence
    explained = await room.centre.explaining.explain(interaction)
    await room.ledger.database.write(lambda connection: connection.execute(text(LOSE_ALL)))
    assert await room.centre.explaining.explain(interaction) == explained
    assert [step.what for step in explained] == ["InteractionArrived", "InteractionQueued", "StillWaits"]
    assert {one.agent for one in explained[-1].excluded} == {"ada", "ben"}
