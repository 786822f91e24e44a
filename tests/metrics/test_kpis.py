"""The formulas on their vector, and where there is nothing to divide."""

import pytest

from console.domain.agent import AgentState
from console.domain.figures import Counts
from console.domain.queue import ServiceLevelFormula
from console.metrics import kpis

# 100 offered: 70 answered within T, 15 later; abandons 4 short, 3 more within T, 8 after T.
VECTOR = Counts(
    offered=100, answered=85, answered_in_time=70, abandoned=15, abandoned_in_time=7, short_abandoned=4,
    wait_answered_s=850.0, talk_s=8500.0, hold_s=850.0, wrap_up_s=1700.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "numerator", "denominator", "percent"),
    [
        (ServiceLevelFormula.ANSWERED_IN_TIME_OF_ANSWERED, 70, 85, 82.35),
        (ServiceLevelFormula.IN_TIME_OF_ALL, 77, 100, 77.00),
        (ServiceLevelFormula.ANSWERED_IN_TIME_OF_ALL, 70, 100, 70.00),
        (ServiceLevelFormula.ANSWERED_IN_TIME_OF_ALL_LESS_SHORT, 70, 96, 72.92),
        (ServiceLevelFormula.ANSWERED_IN_TIME_OF_DUE, 70, 93, 75.27),
    ],
)
def test_service_level(
    formula: ServiceLevelFormula, numerator: int, denominator: int, percent: float
) -> None:
    level = kpis.service_level(formula, VECTOR, 20.0)
    assert (level.numerator, level.denominator, level.threshold_s) == (numerator, denominator, 20.0)
    assert level.value is not None
    assert round(level.value * 100, 2) == percent


@pytest.mark.parametrize("formula", list(ServiceLevelFormula))
def test_nothing_to_divide_is_no_figure(formula: ServiceLevelFormula) -> None:
    assert kpis.service_level(formula, Counts(), 20.0).value is None
    only_short = Counts(offered=3, abandoned=3, abandoned_in_time=3, short_abandoned=3)
    if formula in (
        ServiceLevelFormula.ANSWERED_IN_TIME_OF_ALL_LESS_SHORT,
        ServiceLevelFormula.ANSWERED_IN_TIME_OF_DUE,
        ServiceLevelFormula.ANSWERED_IN_TIME_OF_ANSWERED,
    ):
        assert kpis.service_level(formula, only_short, 20.0).value is None


def test_the_rest() -> None:
    assert kpis.asa_s(VECTOR) == 10.0
    assert kpis.aht_s(VECTOR) == 130.0
    assert kpis.abandon_rate(VECTOR) == 15 / 96
    assert kpis.asa_s(Counts()) is kpis.aht_s(Counts()) is kpis.abandon_rate(Counts()) is None


def test_occupancy_leaves_pauses_out() -> None:
    spent = {
        AgentState.ON_CONTACT: 50.0,
        AgentState.HOLD: 5.0,
        AgentState.WRAP_UP: 5.0,
        AgentState.READY: 20.0,
        AgentState.PAUSED: 900.0,
    }
    assert kpis.occupancy(spent) == 0.75
    assert kpis.occupancy({AgentState.PAUSED: 900.0}) is None


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 5.0), (0.51, 6.0), (0.9, 9.0), (0.91, 10.0), (1.0, 10.0)]
)
def test_percentiles_are_of_the_nearest_rank(share: float, expected: float) -> None:
    assert kpis.percentile([float(value) for value in range(1, 11)], share) == expected
    assert kpis.percentile([], share) is None
