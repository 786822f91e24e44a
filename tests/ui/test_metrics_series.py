"""What the graphs draw, and where the tiles stand."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.agent import AgentState
from console.domain.figures import Counts, Interval, Sample, Snapshot
from tests.ui.wallboard_sample import NOON, board_of
from ui.metrics.graphs import recent
from ui.metrics.grid import Kind, arrange
from ui.metrics.series import (
    LINES,
    Line,
    agent_bands,
    call_bars,
    service_steps,
    styled,
    thinned,
    waiting_lines,
)


def sample(
    second: float, waiting: dict[str, int] | None = None, agents: dict[AgentState, int] | None = None
) -> Sample:
    return Sample(at=NOON + timedelta(seconds=second), waiting=waiting or {}, agents=agents or {})


def test_a_queue_that_a_sample_does_not_name_had_nobody_waiting() -> None:
    lines = waiting_lines([sample(0, {"a": 2}), sample(2, {"b": 1})], ("a", "b"))
    assert {line.key: line.y for line in lines} == {"a": (2.0, 0.0), "b": (0.0, 1.0)}


def test_only_the_busiest_queues_get_a_line_and_one_may_be_alone() -> None:
    many = [sample(0, {f"q{n:02}": n for n in range(50)})]
    keys = [f"q{n:02}" for n in range(50)]
    lines = waiting_lines(many, keys)
    assert [line.key for line in lines] == [f"q{n}" for n in range(50 - LINES, 50)]
    assert [line.y for line in waiting_lines(many, keys, "q07")] == [(7.0,)]


def test_a_line_keeps_its_style_and_no_two_share_one() -> None:
    first = styled([Line(key, (), ()) for key in "abc"], {})
    assert first == {"a": 0, "b": 1, "c": 2}
    second = styled([Line(key, (), ()) for key in "xbc"], first)
    assert second == {"x": 0, "b": 1, "c": 2}
    assert styled([Line(key, (), ()) for key in "cyz"], second) == {"c": 2, "y": 0, "z": 1}


def test_bands_stand_on_each_other_and_leave_out_empty_states() -> None:
    ready, call = AgentState.READY, AgentState.ON_CONTACT
    bands = agent_bands([sample(0, agents={ready: 3, call: 2}), sample(2, agents={call: 4})])
    assert [band.state for band in bands] == [call, ready]
    assert bands[0].high == bands[1].low == (2.0, 4.0)
    assert bands[1].high == (5.0, 4.0)
    assert (bands[0].now, bands[1].now) == (4, 0)


def test_an_interval_without_a_service_level_is_a_gap_not_nought() -> None:
    start = NOON.replace(minute=0, second=0)
    rows = (
        Interval(
            start=start + timedelta(minutes=30), service_level=0.5, counts=Counts(offered=4, answered=3)
        ),
        Interval(start=start, service_level=None),
        Interval(start=start, queue="sales", service_level=1.0),
    )
    board = Snapshot(sequence=1, at=NOON, intervals=rows)
    assert service_steps(board).y == (50.0,)
    assert service_steps(board, "sales").y == (100.0,)
    bars = call_bars(board)
    assert bars.offered == (0, 4)
    assert bars.x[0] < bars.x[1]


def test_recent_is_the_last_half_hour_and_thinning_keeps_first_places() -> None:
    samples = tuple(sample(2 * step) for step in range(3000))
    kept = recent(samples)
    assert kept[-1] is samples[-1]
    assert samples[-1].at - kept[0].at <= timedelta(minutes=30, seconds=2)
    thin = thinned(kept)
    assert 100 < len(thin) <= 260
    assert thin[-1] is samples[-1]
    later = thinned(recent((*samples, sample(6000))))
    assert [one.at for one in thin[1:-1] if one.at >= later[1].at] == [
        one.at for one in later[1:] if one.at <= thin[-2].at
    ]


def test_no_samples_no_trouble() -> None:
    assert recent(()) == ()
    assert thinned(()) == ()
    assert waiting_lines([], ["a"])[0].y == ()
    assert agent_bands([]) == []


@given(
    tiles=st.integers(1, 120),
    width=st.floats(300, 4000),
    height=st.floats(120, 2500),
    scale=st.sampled_from([0.66, 0.8, 1.0, 1.34, 2.66]),
)
def test_tiles_never_overlap_nor_leave_the_board(
    tiles: int, width: float, height: float, scale: float
) -> None:
    grid = arrange(tiles, width, height, scale)
    places = [grid.place(number) for number in range(min(tiles, grid.room))]
    assert grid.room * grid.pages(tiles) >= tiles
    for number, one in enumerate(places):
        assert one.x >= 0
        assert one.x + one.width <= width + 1e-6
        for other in places[number + 1 :]:
            apart = (
                one.x + one.width <= other.x + 1e-6
                or other.x + other.width <= one.x + 1e-6
                or one.y + one.height <= other.y + 1e-6
                or other.y + other.height <= one.y + 1e-6
            )
            assert apart


@pytest.mark.parametrize(("tiles", "kind"), [(3, Kind.LARGE), (12, Kind.SMALL), (50, Kind.ROW)])
def test_few_queues_get_large_cards_and_many_get_rows(tiles: int, kind: Kind) -> None:
    assert arrange(tiles, 826, 430, 1.0).kind is kind


def test_sample_boards_hold_what_they_promise() -> None:
    board = board_of(50, 1000)
    assert (len(board.queues), len(board.agents)) == (50, 1000)
    assert msgspec.structs.replace(board) == board
