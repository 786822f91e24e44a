"""Student's t against its tables, and intervals that hold the truth as often as they say."""

from random import Random

import pytest

from console.simulator.confidence import Estimate, batch_means, controlled, estimate, t_quantile


@pytest.mark.parametrize(
    ("share", "freedom", "table"),
    [
        (0.975, 1, 12.7062), (0.995, 1, 63.6567), (0.975, 2, 4.3027), (0.95, 3, 2.3534), (0.975, 3, 3.1824),
        (0.975, 9, 2.2622), (0.975, 10, 2.2281),
        (0.995, 29, 2.7564), (0.995, 39, 2.7079), (0.975, 999, 1.9623),
    ],
)  # fmt: skip
def test_quantiles_are_those_of_the_tables(share: float, freedom: int, table: float) -> None:
    assert t_quantile(share, freedom) == pytest.approx(table, abs=6e-5)


def test_what_is_not_there_is_left_out() -> None:
    assert estimate([]) is None
    assert estimate([None]) is None
    assert estimate([3.0, None]) == Estimate(3.0)
    assert estimate([3.0, None]).half_width is None  # type: ignore[union-attr]


def test_a_known_interval() -> None:
    """1, 2, 3, 4: mean 2.5, deviation 1.2910; 3.1824 * 1.2910 / 2 = 2.0543."""
    made = estimate([1.0, 2.0, 3.0, 4.0])
    assert made is not None
    assert (made.mean, made.half_width) == (2.5, pytest.approx(2.0543, abs=1e-4))
    assert made.relative_width == pytest.approx(2 * 2.0543 / 2.5, abs=1e-4)


def test_intervals_of_independent_values_hold_the_truth_as_often_as_they_say() -> None:
    dice, held, rounds = Random(5), 0, 2000
    for _ in range(rounds):
        made = estimate([dice.gauss(10, 3) for _ in range(8)], 0.9)
        held += made is not None and made.low is not None and made.low <= 10 <= (made.high or 0)
    assert held / rounds == pytest.approx(0.9, abs=0.025)


def test_batches_are_wider_where_values_hang_together() -> None:
    """Values that follow each other closely say less than as many that do not."""
    dice = Random(3)
    loose = [dice.gauss(0, 1) for _ in range(40_000)]
    tied, last = [], 0.0
    for value in loose:
        last = 0.95 * last + value * (1 - 0.95**2) ** 0.5  # of the same spread
        tied.append(last)
    narrow, wide = batch_means(loose, 20), batch_means(tied, 20)
    assert narrow is not None
    assert wide is not None
    assert wide.half_width > 3 * narrow.half_width  # type: ignore[operator]


def test_a_rest_that_fills_no_batch_is_left_out_at_the_beginning() -> None:
    made = batch_means([100.0, 1.0, 1.0, 3.0, 3.0], 2)
    assert made is not None
    assert made.mean == 2.0
    assert batch_means([1.0], 2) is None


def test_control_variates_take_out_what_chance_explains() -> None:
    """A mean of 5 of which most of the spread comes from a control with a known mean of 2."""
    dice = Random(4)
    control = [dice.gauss(2, 1) for _ in range(40)]
    values = [5 + 3 * (value - 2) + dice.gauss(0, 0.2) for value in control]
    made, plain = controlled(values, [control], [2.0], 0.95), estimate(values)
    assert made.low is not None
    assert made.high is not None
    assert made.low <= 5 <= made.high
    assert plain is not None
    assert made.half_width < plain.half_width / 5  # type: ignore[operator]


def test_controlled_intervals_hold_the_truth_as_often_as_they_say() -> None:
    dice, held, rounds = Random(6), 0, 1000
    for _ in range(rounds):
        control = [dice.gauss(0, 1) for _ in range(12)]
        made = controlled([7 + value + dice.gauss(0, 2) for value in control], [control], [0.0], 0.9)
        held += made.low is not None and made.low <= 7 <= (made.high or 0)
    assert held / rounds == pytest.approx(0.9, abs=0.03)
