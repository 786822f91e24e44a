"""Percentiles of waits: exact while few, within a share of the exact one beyond; whatever the parts."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.metrics.waits import ERROR, EXACT, Waits, waits_of

SHARES = (0.01, 0.5, 0.9, 0.95, 0.999, 1.0)


def _drawn(seed: int, number: int) -> list[int]:
    """Waits in microseconds: short ones, minutes, and a few of days."""
    chance = random.Random(seed)
    spread = chance.choice((0.1, 1.0, 3.0))
    return [int(chance.lognormvariate(math.log(30e6), spread)) for _ in range(number)]


def _exact(waits_us: list[int], share: float) -> float:
    return sorted(waits_us)[max(math.ceil(len(waits_us) * share), 1) - 1] / 1e6


@pytest.mark.parametrize("number", [1, 2, EXACT])
def test_few_waits_are_exact(number: int) -> None:
    waits_us = _drawn(number, number)
    assert [Waits(waits_us).percentile(share) for share in SHARES] == [
        _exact(waits_us, share) for share in SHARES
    ]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 32), number=st.integers(EXACT + 1, 5000))
def test_many_waits_are_within_the_error_that_is_told(seed: int, number: int) -> None:
    waits_us = _drawn(seed, number)
    waits = Waits(waits_us)
    for share in SHARES:
        found, exact = waits.percentile(share), _exact(waits_us, share)
        assert found is not None
        if exact <= 0.01:  # counts as none
            assert found == 0.0
        else:
            assert abs(found - exact) <= exact * ERROR * (1 + 1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 32), number=st.integers(1, 3000), parts=st.integers(1, 9))
def test_the_parts_and_their_order_change_nothing(seed: int, number: int, parts: int) -> None:
    waits_us = _drawn(seed, number)
    whole = Waits(waits_us)
    random.Random(seed).shuffle(waits_us)
    merged = Waits()
    for part in range(parts):
        merged.merge(waits_of(Waits(waits_us[part::parts]).record()))
    assert merged == whole
    assert len(merged) == number


def test_none_is_no_percentile_and_no_wait_is_none() -> None:
    assert Waits().percentile(0.5) is None
    assert Waits([0] * (EXACT + 1)).percentile(0.5) == 0.0


@pytest.mark.parametrize("parts", [([5], [2**40]), ([2**40], [5]), ([2**40, 1], [2**41]), ([7], [])])
def test_waits_of_hours_are_kept_with_short_ones(parts: tuple[list[int], list[int]]) -> None:
    first, second = parts
    merged = Waits(first)
    merged.merge(Waits(second))
    added = Waits(first)
    for wait_us in second:
        added.add(wait_us)
    assert merged.record().few == added.record().few == tuple(sorted(first + second))
    assert waits_of(merged.record()) == added
