"""The catalogue: every entry whole, and the table that people read made of it."""

import dataclasses

import pytest

from console.domain.figures import Counts
from console.metrics.catalogue import CATALOGUE, markdown, metrics_for, values
from console.metrics.increments import Dimension
from console.metrics.metric import Better
from console.metrics.reading import Reading

_INPUTS = {*Counts.__struct_fields__, *(field.name for field in dataclasses.fields(Reading))}


@pytest.mark.parametrize("key", CATALOGUE)
def test_every_entry_is_whole(key: str) -> None:
    metric = CATALOGUE[key]
    assert metric.key == key
    assert metric.name
    assert metric.formula
    assert metric.dimensions
    assert set(metric.inputs) <= _INPUTS
    assert metric.inputs or key == "adherence"
    assert (metric.warning is None) == (metric.critical is None)
    nothing = metric.value(Reading(Counts()))
    assert nothing in (None, 0), "nothing to divide is no figure"
    assert metric.level(nothing) == "" or nothing == 0


def test_names_are_apart() -> None:
    assert len({metric.name for metric in CATALOGUE.values()}) == len(CATALOGUE)


def test_limits_call_for_attention_on_the_side_that_is_not_good() -> None:
    level, rate = CATALOGUE["service_level"], CATALOGUE["abandon_rate"]
    assert [level.level(value) for value in (0.9, 0.8, 0.7, None)] == ["", "warning", "critical", ""]
    assert [rate.level(value) for value in (0.01, 0.05, 0.2)] == ["", "warning", "critical"]
    assert all(metric.level(0.99) == "" for metric in CATALOGUE.values() if metric.better is Better.NEITHER)


@pytest.mark.parametrize("dimension", list(Dimension))
def test_values_are_of_the_dimension_only(dimension: Dimension) -> None:
    told = values(Reading(Counts(offered=2, answered=1, talk_s=30.0)), dimension)
    assert list(told) == [metric.key for metric in metrics_for(dimension)]
    assert told["att_s"] == 30.0


def test_the_placeholder_says_that_it_is_one() -> None:
    assert "no schedules yet" in CATALOGUE["adherence"].formula


def test_the_table_has_a_line_for_each() -> None:
    lines = markdown().splitlines()
    assert len(lines) == len(CATALOGUE) + 2
    assert {line.count(" | ") for line in lines} == {7}
    assert all(f"| `{key}` |" in line for key, line in zip(CATALOGUE, lines[2:], strict=True))
