"""A model board that changes at random, its deltas, and the desk's copy of it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.agent import AgentState
from console.domain.figures import (
    ABANDONED_KEPT,
    SAMPLES_KEPT,
    AbandonedCaller,
    AgentFigures,
    Counts,
    Delta,
    Interval,
    QueueFigures,
    Sample,
    ServiceLevel,
    Snapshot,
    Window,
)
from console.domain.queue import Queue, ServiceLevelFormula
from console.sync.merge import Gap, merge

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LEVEL = ServiceLevel(ServiceLevelFormula.IN_TIME_OF_ALL, None, 0, 0, 20.0)

step = st.one_of(
    st.tuples(st.just("queue"), st.sampled_from("abcd"), st.integers(0, 9)),
    st.tuples(st.just("agent"), st.sampled_from("uvwxyz"), st.integers(0, 9)),
    st.tuples(st.just("remove queue"), st.sampled_from("abcd"), st.just(0)),
    st.tuples(st.just("remove agent"), st.sampled_from("uvwxyz"), st.just(0)),
    st.tuples(st.just("abandon"), st.sampled_from("abcd"), st.integers(0, 200)),
    st.tuples(st.just("interval"), st.sampled_from(["a", "b", ""]), st.integers(0, 5)),
    st.tuples(st.just("sample"), st.just(""), st.integers(0, 9)),
    st.tuples(st.just("new day"), st.sampled_from(["a", "b", ""]), st.just(0)),
    st.tuples(st.just("total"), st.just(""), st.integers(0, 9)),
)


def queue(key: str, number: int) -> QueueFigures:
    return QueueFigures(queue=Queue(key=key), counts=Counts(offered=number), service_level=LEVEL)


class Model:
    """The centre's side, as simple as can be; notes what changed since the last delta."""

    def __init__(self) -> None:
        self.sequence = 0
        self.taken_at = 0
        self.queues: dict[str, QueueFigures] = {}
        self.agents: dict[str, AgentFigures] = {}
        self.total: QueueFigures | None = None
        self.abandoned: dict[UUID, AbandonedCaller] = {}
        self.intervals: dict[tuple[datetime, str], Interval] = {}
        self.samples: list[Sample] = []
        self.dirty: dict[str, set[object]] = {}
        self.clear()

    def clear(self) -> None:
        names = (
            "queues",
            "agents",
            "abandoned",
            "intervals",
            "samples",
            "gone_queues",
            "gone_agents",
            "days",
        )
        self.dirty = {name: set() for name in names}
        self.total_dirty = False

    @property
    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.sequence)

    def apply(self, kind: str, key: str, number: int) -> None:
        self.sequence += 1
        getattr(self, "_" + kind.replace(" ", "_"))(key, number)

    def _queue(self, key: str, number: int) -> None:
        self.queues[key] = queue(key, number)
        self.dirty["queues"].add(key)
        self.dirty["gone_queues"].discard(key)

    def _agent(self, key: str, number: int) -> None:
        self.agents[key] = AgentFigures(agent=key, name=key, state=AgentState.READY, answered=number)
        self.dirty["agents"].add(key)
        self.dirty["gone_agents"].discard(key)

    def _remove_queue(self, key: str, number: int) -> None:
        if self.queues.pop(key, None) is not None:
            self._forget_day(key)
            self.dirty["queues"].discard(key)
            self.dirty["gone_queues"].add(key)

    def _remove_agent(self, key: str, number: int) -> None:
        if self.agents.pop(key, None) is not None:
            self.dirty["agents"].discard(key)
            self.dirty["gone_agents"].add(key)

    def _abandon(self, key: str, number: int) -> None:
        if key in self.queues:
            id_ = UUID(int=self.sequence)
            self.abandoned[id_] = AbandonedCaller(
                interaction=id_, at=self.now, queue=key, customer="x", waited_s=float(number)
            )
            self.dirty["abandoned"].add(id_)

    def _interval(self, key: str, number: int) -> None:
        if key in self.queues or not key:
            start = NOON + timedelta(minutes=15 * number)
            self.intervals[start, key] = Interval(start=start, queue=key, waiting_max=self.sequence)
            self.dirty["intervals"].add((start, key))

    def _sample(self, key: str, number: int) -> None:
        self.samples.append(Sample(at=self.now, waiting={"a": number}))
        self.dirty["samples"].add(self.now)

    def _new_day(self, key: str, number: int) -> None:
        self._forget_day(key)
        self.dirty["days"].add(key)

    def _forget_day(self, key: str) -> None:
        self.abandoned = {id_: row for id_, row in self.abandoned.items() if row.queue != key}
        self.intervals = {at: row for at, row in self.intervals.items() if row.queue != key}

    def _total(self, key: str, number: int) -> None:
        self.total = queue("", number)
        self.total_dirty = True

    def snapshot(self) -> Snapshot:
        return Snapshot(
            sequence=self.sequence,
            at=self.now,
            queues=tuple(self.queues[key] for key in sorted(self.queues)),
            agents=tuple(self.agents[key] for key in sorted(self.agents)),
            total=self.total,
            abandoned=tuple(sorted(self.abandoned.values(), key=lambda row: (row.at, row.interaction))),
            intervals=tuple(self.intervals[key] for key in sorted(self.intervals)),
            samples=tuple(self.samples),
            last_event_at=self.now,
        )

    def take_delta(self) -> Delta:
        whole, dirty = self.snapshot(), self.dirty
        delta = Delta(
            sequence=self.sequence,
            at=self.now,
            queues=tuple(row for row in whole.queues if row.queue.key in dirty["queues"]),
            agents=tuple(row for row in whole.agents if row.agent in dirty["agents"]),
            total=self.total if self.total_dirty else None,
            abandoned=tuple(row for row in whole.abandoned if row.interaction in dirty["abandoned"]),
            intervals=tuple(row for row in whole.intervals if (row.start, row.queue) in dirty["intervals"]),
            samples=tuple(row for row in whole.samples if row.at in dirty["samples"]),
            removed_queues=tuple(sorted(map(str, dirty["gone_queues"]))),
            removed_agents=tuple(sorted(map(str, dirty["gone_agents"]))),
            new_day=tuple(sorted(map(str, dirty["days"]))),
            last_event_at=self.now,
            since=self.taken_at,
        )
        self.clear()
        self.taken_at = self.sequence
        return delta


def carried(delta: Delta) -> Delta:
    """The delta after its way over the wire."""
    return msgspec.json.decode(msgspec.json.encode(delta), type=Delta)


def without_readded(steps: list[tuple[str, str, int]], cuts: set[int]) -> bool:
    """Whether no queue goes and returns within one delta: its callers of before cannot be told apart."""
    removed: set[str] = set()
    for index, (kind, key, _) in enumerate(steps):
        if index in cuts:
            removed.clear()
        if kind == "remove queue":
            removed.add(key)
        elif kind == "queue" and key in removed:
            return False
    return True


histories = st.tuples(st.lists(step, max_size=80), st.sets(st.integers(0, 79), max_size=20)).filter(
    lambda drawn: without_readded(*drawn)
)


@settings(max_examples=300)
@given(histories, st.integers(0, 79))
def test_a_snapshot_and_its_deltas_are_the_later_snapshot(
    drawn: tuple[list[tuple[str, str, int]], set[int]], begin: int
) -> None:
    steps, cuts = drawn
    model = Model()
    board: Snapshot | None = None
    for index, (kind, key, number) in enumerate(steps):
        if index in cuts:
            delta = carried(model.take_delta())
            board = board and merge(board, delta)
            if board is not None:
                assert board == model.snapshot()
                assert merge(board, delta) == board
        if index == begin:
            board = model.snapshot()
        model.apply(kind, key, number)
    if board is not None:
        assert merge(board, carried(model.take_delta())) == model.snapshot()


@given(st.lists(step, min_size=2, max_size=40), st.data())
def test_deltas_older_than_the_snapshot_change_nothing(
    steps: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    model = Model()
    deltas = []
    for kind, key, number in steps:
        model.apply(kind, key, number)
        deltas.append(model.take_delta())
    board = model.snapshot()
    for delta in data.draw(st.permutations(deltas[:-1])):
        assert merge(board, delta) is board


def test_a_delta_that_follows_a_newer_state_is_a_gap() -> None:
    board = Snapshot(sequence=10, at=NOON)
    merge(board, Delta(sequence=12, at=NOON, since=10))
    merge(board, Delta(sequence=12, at=NOON, since=9))
    with pytest.raises(Gap, match="stands at 10"):
        merge(board, Delta(sequence=12, at=NOON, since=11))


def test_rows_that_a_delta_does_not_name_stay_the_same_objects() -> None:
    board = Snapshot(sequence=1, at=NOON, queues=(queue("a", 1), queue("b", 2)))
    merged = merge(board, Delta(sequence=2, at=NOON, queues=(queue("b", 3),)))
    assert merged.queues[0] is board.queues[0]
    assert merged.queues[1].counts.offered == 3
    assert merge(board, Delta(sequence=2, at=NOON)).queues is board.queues


def test_samples_and_abandoned_callers_are_bounded() -> None:
    board = Snapshot(sequence=0, at=NOON)
    for number in range(1, 1500):
        at = NOON + timedelta(seconds=number)
        caller = AbandonedCaller(
            interaction=UUID(int=number), at=at, queue="ab"[number % 2], customer="x", waited_s=1.0
        )
        delta = Delta(sequence=number, at=at, samples=(Sample(at=at),), abandoned=(caller,))
        board = merge(board, delta)
    assert len(board.samples) == SAMPLES_KEPT
    assert board.samples[-1].at == board.at
    of_a = [row for row in board.abandoned if row.queue == "a"]
    assert len(of_a) == len(board.abandoned) - len(of_a) == ABANDONED_KEPT
    assert of_a[-1].interaction == UUID(int=1498)


def test_windows_are_replaced_by_queue_and_length_and_go_with_their_queue() -> None:
    def window(key: str, minutes: int, offered: int) -> Window:
        return Window(queue=key, minutes=minutes, counts=Counts(offered=offered))

    before = Snapshot(
        sequence=1, at=NOON, windows=(window("", 15, 3), window("a", 15, 1), window("a", 60, 2)),
        queues=(queue("a", 1),),
    )  # fmt: skip
    after = merge(before, Delta(sequence=2, at=NOON, windows=(window("a", 15, 9), window("a", 30, 5))))
    told = [(row.queue, row.minutes, row.counts.offered) for row in after.windows]
    assert told == [("", 15, 3), ("a", 15, 9), ("a", 30, 5), ("a", 60, 2)]
    assert after.windows[0] is before.windows[0]
    gone = merge(after, Delta(sequence=3, at=NOON, removed_queues=("a",)))
    assert [row.queue for row in gone.windows] == [""]
