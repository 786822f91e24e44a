"""The live board: deltas make the same board as a snapshot, and the live board is what a refold gives."""

import random
from datetime import UTC, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from console.clock import StoppedClock
from console.domain.agent import AgentState
from console.domain.events import LedgerEvent
from console.domain.figures import ABANDONED_KEPT, SAMPLES_KEPT, Delta, Notice, Snapshot
from console.domain.queue import Queue
from console.metrics.board import Board
from console.metrics.snapshot import Fold
from console.sync.merge import merge
from tests.metrics.history import random_history
from tests.metrics.story import Story


def merged(old: Snapshot, delta: Delta) -> Snapshot:
    """The plainest reading of what a delta says; console.sync.merge is another, by somebody else."""
    queues = {row.queue.key: row for row in (*old.queues, *delta.queues)}
    agents = {row.agent: row for row in (*old.agents, *delta.agents)}
    for key in delta.removed_queues:
        queues.pop(key, None)
    for key in delta.removed_agents:
        agents.pop(key, None)
    gone = {*delta.new_day, *delta.removed_queues}
    callers = {c.interaction: c for c in old.abandoned if c.queue not in gone}
    callers |= {c.interaction: c for c in delta.abandoned}
    kept: list[object] = []
    for key in queues:
        own = sorted((c for c in callers.values() if c.queue == key), key=lambda c: (c.at, c.interaction))
        kept += own[-ABANDONED_KEPT:]
    intervals = {(i.start, i.queue): i for i in old.intervals if i.queue not in gone}
    intervals |= {(i.start, i.queue): i for i in delta.intervals}
    samples = {s.at: s for s in (*old.samples, *delta.samples)}
    windows = {(w.queue, w.minutes): w for w in old.windows if w.queue not in delta.removed_queues}
    windows |= {(w.queue, w.minutes): w for w in delta.windows}
    return Snapshot(
        sequence=delta.sequence,
        at=delta.at,
        queues=tuple(queues[key] for key in sorted(queues)),
        agents=tuple(agents[key] for key in sorted(agents)),
        total=delta.total or old.total,
        abandoned=tuple(sorted(kept, key=lambda c: (c.at, c.interaction))),
        intervals=tuple(intervals[key] for key in sorted(intervals)),
        samples=tuple(samples[key] for key in sorted(samples))[-SAMPLES_KEPT:],
        last_event_at=delta.last_event_at,
        windows=tuple(windows[key] for key in sorted(windows)),
        notices=old.notices if delta.notices is None else delta.notices,
    )


def refold(events: list[LedgerEvent]) -> Fold:
    fold = Fold()
    for sequence, event in enumerate(events, start=1):
        fold.apply(event, sequence)
    return fold


def test_deltas_make_the_board_that_a_snapshot_shows() -> None:
    for seed in range(6):
        chance = random.Random(seed)
        events = random_history(seed, calls=120)
        clock = StoppedClock(events[0].at)
        board = Board(clock)
        shown = board.snapshot()
        taken = 0
        for sequence, event in enumerate(events, start=1):
            clock.move_to(event.at)
            board.apply(event, sequence)
            if chance.random() < 0.05:
                board.sample()
            if chance.random() < 0.1:
                delta = board.take_delta()
                if delta is not None:
                    taken += 1
                    again = msgspec.json.decode(msgspec.json.encode(delta), type=Delta)
                    assert again.since == shown.sequence
                    synced = merge(merge(shown, again), again)
                    shown = merged(merged(shown, again), again)
                    same = shown == board.snapshot() == synced  # a diff of two boards takes minutes to print
                    assert same
        assert taken > 20


def test_notices_come_with_the_next_delta_and_once() -> None:
    clock = StoppedClock(datetime(2026, 11, 23, tzinfo=UTC))
    board = Board(clock)
    before = board.snapshot()
    away = Notice(kind="away", where="north", since=clock.now())
    board.notice((away,))
    delta = board.take_delta()
    assert delta is not None
    assert delta.notices == (away,)
    assert merge(before, delta) == merged(before, delta) == board.snapshot()
    assert board.take_delta() is None
    board.notice(())
    delta = board.take_delta()
    assert delta is not None
    assert merge(board.snapshot(), delta).notices == ()


def test_nothing_changed_is_no_delta() -> None:
    events = random_history(1, calls=10)
    clock = StoppedClock(events[-1].at)
    board = Board(clock)
    for sequence, event in enumerate(events, start=1):
        board.apply(event, sequence)
    assert board.take_delta() is not None
    assert board.take_delta() is None
    board.apply(events[-1], len(events))  # delivered twice
    assert board.take_delta() is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), looks=st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_live_board_is_what_a_refold_gives(seed: int, looks: list[float]) -> None:
    events = random_history(seed, calls=50)
    points = {int(look * (len(events) - 1)) + 1 for look in looks}
    clock = StoppedClock(events[0].at)
    board = Board(clock)
    for sequence, event in enumerate(events, start=1):
        clock.move_to(event.at)
        board.apply(event, sequence)
        if sequence in points:
            board.take_delta()
            live = msgspec.structs.replace(board.snapshot(), samples=(), windows=())
            same = live == refold(events[:sequence]).snapshot(clock.now())
            assert same


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), shuffled=st.randoms(use_true_random=False))
def test_facts_in_any_order_break_nothing(seed: int, shuffled: random.Random) -> None:
    """No centre writes this; whoever folds a damaged file still gets counts that fit together."""
    events = random_history(seed, calls=30)
    shuffled.shuffle(events)
    board = Board(StoppedClock(max(event.at for event in events)))
    shown = board.snapshot()
    for sequence, event in enumerate(events, start=1):
        board.apply(event, sequence)
        if sequence % 20 == 0 and (delta := board.take_delta()) is not None:
            shown = merge(shown, delta)
    fold = refold(events)
    whole = fold.snapshot(max(event.at for event in events))
    delta = board.take_delta()
    shown = merge(shown, delta) if delta is not None else shown
    same = whole == msgspec.structs.replace(shown, windows=())
    assert same
    waiting = {
        s.interaction.int for s in fold.standings.interactions.values() if s.phase in ("waiting", "offered")
    }
    assert set().union(*(row.waiting for row in fold.books.queues.values())) <= waiting
    signed_in = [row for row in whole.agents if row.state is not AgentState.OFFLINE]
    assert sum(whole.total.agents.values() if whole.total else ()) == len(signed_in)
    for row in whole.queues:
        assert min(row.agents.values(), default=1) > 0
        assert row.counts.answered_in_time <= row.counts.answered


def test_a_board_nobody_asks_does_not_grow_with_the_days() -> None:
    """What is kept for the next delta is bounded by the board, however long the ledger that is read."""
    story = Story(Queue(key="a"))
    for day in range(4):
        for number in range(ABANDONED_KEPT):
            begins = day * 86_400 + number * 100
            story.queued(begins, f"{day} {number}", "a").ended(begins + 6, f"{day} {number}")
    board = Board(StoppedClock(story.events[-1].at))
    shown = board.snapshot()
    for sequence, event in enumerate(story.events, start=1):
        board.apply(event, sequence)
    delta = board.take_delta()
    assert delta is not None
    assert len(delta.abandoned) == ABANDONED_KEPT
    assert len(delta.intervals) <= 2 * 96
    same = merge(shown, delta) == merged(shown, delta) == board.snapshot()
    assert same
    assert board._fold.calls.cases == {}
    assert board._fold.standings.interactions == {}
