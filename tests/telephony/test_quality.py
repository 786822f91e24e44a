"""The E-model against figures worked out by hand from G.107 and G.113, and the rule of three in five."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.call import Quality
from console.telephony.quality import (
    Meter,
    QualityWatch,
    Reading,
    complaints,
    mos_of,
    quality_between,
    rating,
)


def test_g711_at_its_best() -> None:
    assert rating("PCMU/8000", delay_ms=0, loss_percent=0) == pytest.approx(93.2)
    assert mos_of("PCMU/8000", delay_ms=0, loss_percent=0) == 4.41


def test_delay_costs_more_beyond_177_ms() -> None:
    assert rating("PCMA", delay_ms=100, loss_percent=0) == pytest.approx(93.2 - 2.4)
    assert rating("PCMA", delay_ms=277.3, loss_percent=0) == pytest.approx(93.2 - 0.024 * 277.3 - 11)


def test_loss_costs_by_the_codecs_own_robustness() -> None:
    assert rating("PCMU", delay_ms=0, loss_percent=5) == pytest.approx(93.2 - 95 * 5 / (5 + 25.1))
    assert rating("G729", delay_ms=0, loss_percent=0) == pytest.approx(93.2 - 11)
    assert rating("iLBC", delay_ms=0, loss_percent=3) < rating("iLBC", delay_ms=0, loss_percent=0)


def test_wideband_is_flagged_and_on_its_own_scale() -> None:
    quality = quality_between(None, Reading(codec="G722/16000", received=50))
    assert quality.wideband
    assert rating("G722/16000", delay_ms=0, loss_percent=0) == pytest.approx((129 - 13) / 1.29)
    assert not quality_between(None, Reading(codec="speex/8000", received=50)).wideband
    assert quality_between(None, Reading(codec="speex/16000", received=50)).wideband


@given(st.text(max_size=12), st.floats(-10, 1e6), st.floats(-5, 300))
def test_mos_stays_on_its_scale_for_anything(codec: str, delay: float, loss: float) -> None:
    assert 1.0 <= mos_of(codec, delay_ms=delay, loss_percent=loss) <= 4.5


def test_nothing_received_is_no_judgement() -> None:
    assert quality_between(None, Reading(codec="PCMU", sent=50)).mos is None
    assert Meter().total is None


def test_an_interval_is_the_difference_of_two_readings() -> None:
    first = Reading(codec="PCMU", sent=100, received=100, lost=2)
    second = Reading(codec="PCMU", sent=150, received=145, lost=7, jitter_ms=3, rtt_ms=40, buffer_ms=20)
    interval = quality_between(first, second)
    assert (interval.sent, interval.received, interval.lost, interval.loss_percent) == (50, 45, 5, 10.0)
    assert interval.mos == mos_of("PCMU", delay_ms=40, loss_percent=10)


def test_the_total_goes_across_restarts_of_the_stream() -> None:
    meter = Meter()
    meter.add(Reading(codec="PCMU", sent=50, received=50))
    meter.add(Reading(codec="PCMU", sent=100, received=100, lost=1))
    meter.add(Reading(codec="PCMU", sent=10, received=10))  # held and taken back
    total = meter.total
    assert total is not None
    assert (total.sent, total.received, total.lost) == (110, 110, 1)


BAD = Quality(codec="PCMU", mos=3.0, loss_percent=5.0, jitter_ms=50, rtt_ms=500)
GOOD = Quality(codec="PCMU", mos=4.2)


def test_complaints_name_what_is_wrong() -> None:
    assert complaints(BAD) == ("delay", "jitter", "loss", "mos")
    assert complaints(GOOD) == ()
    assert complaints(Quality()) == ()


def test_warns_at_three_of_five_and_clears() -> None:
    watch = QualityWatch()
    assert [bool(watch.add(one)) for one in (BAD, GOOD, BAD, GOOD, BAD)] == [False] * 4 + [True]
    assert [bool(watch.add(GOOD)) for _ in range(3)] == [False, False, False]
    assert [bool(watch.add(BAD)) for _ in range(3)] == [False, False, True]
