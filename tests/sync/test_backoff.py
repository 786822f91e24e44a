import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.clock import SystemClock
from console.sync.backoff import Backoff, retry_after_s

CLOCK = SystemClock()
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@given(st.floats(0.01, 10), st.floats(0.01, 100), st.integers(0, 2**32), st.integers(1, 200))
def test_a_wait_is_never_beyond_its_bound(base: float, cap: float, seed: int, times: int) -> None:
    backoff = Backoff(base, cap, random.Random(seed))
    for failure in range(times):
        bound = min(cap, base * 2 ** min(failure, 100))
        assert 0 <= backoff.next_s() <= bound * 1.000001
    backoff.reset()
    assert backoff.bound_s == min(base, cap)


def test_waits_use_the_whole_range() -> None:
    backoff = Backoff(8.0, 8.0, random.Random(1))
    waits = [backoff.next_s() for _ in range(500)]
    assert min(waits) < 0.5
    assert max(waits) > 7.5
    assert 3.5 < sum(waits) / len(waits) < 4.5


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("7", 7),
        (" 30 ", 30),
        ("999999", 600),
        ("-5", 0),
        ("soon", 0),
        ("Sun, 22 Nov 2026 12:00:20 GMT", 20),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 22 Nov 2027 11:00:00 GMT", 600),
        ("1e3", 0),
        ("٣", 0),
        ("9" * 5000, 0),
    ],
)
def test_retry_after(header: str, seconds: float) -> None:
    assert retry_after_s(header, NOON) == seconds


@given(st.text())
def test_retry_after_reads_any_text(header: str) -> None:
    assert 0 <= retry_after_s(header, NOON) <= 600


def test_a_desk_tries_again_within_ten_seconds_however_long_the_centre_is_away() -> None:
    backoff = Backoff(draw=random.Random(2))
    waits = [backoff.next_s() for _ in range(300)]
    assert max(waits) <= 10.0
    assert len({round(wait, 3) for wait in waits}) > 250  # a thousand desks do not come in step
