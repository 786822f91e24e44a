"""A board that goes on from a checkpoint is the board that never stopped."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.clock import StoppedClock
from console.domain.errors import BadInput
from console.domain.events import LedgerEvent
from console.metrics.board import Board
from console.metrics.checkpoint import from_bytes, to_bytes
from console.metrics.increments import merge_increments
from console.metrics.snapshot import Fold
from tests.metrics.history import random_history


def _disturbed(events: list[LedgerEvent], chance: random.Random) -> list[LedgerEvent]:
    """Some come late, some twice."""
    for _ in range(len(events) // 20):
        place = chance.randrange(len(events) - 6)
        event = events.pop(place)
        events.insert(place + chance.randrange(6), event)
        events.insert(chance.randrange(place, len(events)), event)
    return events


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), disturbed=st.booleans())
def test_a_fold_goes_on_exactly_from_any_point(seed: int, disturbed: bool) -> None:
    chance = random.Random(seed)
    events = random_history(seed, calls=40)
    if disturbed:
        events = _disturbed(events, chance)
    whole, parts = Fold(keep_increments=True), Fold(keep_increments=True)
    taken_whole, taken_parts = [], []
    now = events[0].at
    for sequence, event in enumerate(events, start=1):
        whole.apply(event, sequence)
        parts.apply(event, sequence)
        now = max(now, event.at)
        step = chance.random()
        if step < 0.05:
            again = Fold(keep_increments=True)
            again.load(parts.dump())
            parts = again
        elif step < 0.08:
            parts.snapshot(now)
        elif step < 0.1:
            taken_parts += parts.take_increments()
    same = whole.snapshot(now) == parts.snapshot(now)
    assert same
    taken_whole += whole.take_increments()
    taken_parts += parts.take_increments()
    assert _stored(taken_whole) == _stored(taken_parts)


def _stored(increments: list) -> dict:  # type: ignore[type-arg]
    merged = merge_increments(increments)
    told = {}
    for cell, tally in merged.items():
        counts = {name: value for name, value in tally.n.items() if value}
        pauses = {reason: spent for reason, spent in (tally.pauses or {}).items() if spent}
        waits = [waits.record() if waits else None for waits in (tally.answered_waits, tally.abandoned_waits)]
        if counts or pauses:
            told[cell] = (counts, pauses, waits)
    return told


def test_a_board_goes_on_with_its_samples_and_what_was_not_taken() -> None:
    events = random_history(11, calls=40)
    clock = StoppedClock(events[-1].at)
    board, half = Board(clock), len(events) // 2
    for sequence, event in enumerate(events[:half], start=1):
        board.apply(event, sequence)
    board.sample()
    again = Board(clock)
    again.load(board.dump())
    assert again.take_delta() is None
    for sequence, event in enumerate(events[half:], start=half + 1):
        board.apply(event, sequence)
        again.apply(event, sequence)
    same = again.snapshot() == board.snapshot()
    assert same
    assert again.snapshot().samples
    assert again.take_increments() == board.take_increments()


@pytest.mark.parametrize("data", [b"", b"\x00", b"rubbish", b"\x81\xa7version\x01", b"\x81\xa7version\x63"])
def test_what_is_no_checkpoint_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="checkpoint of figures"):
        Fold().load(data)


def test_a_checkpoint_cut_short_is_refused() -> None:
    data = Fold().dump()
    assert to_bytes(from_bytes(data)) == data
    with pytest.raises(BadInput, match="not a checkpoint of figures"):
        Fold().load(data[:-5])
