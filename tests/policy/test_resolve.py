"""Precedence: lock, user, provisioned, policy default, built-in; for any layers in any order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.policy.resolve import Layer, Rank, resolve
from console.settings import DeskSettings, Option, options
from console.settings.values import desk_values, flat, nested, settings_of, value_of

OPTIONS = {option.name: option for option in options(DeskSettings)}


def values_of(option: Option) -> st.SearchStrategy[Any]:
    """Return values that fit a declared option."""
    if option.choices:
        return st.sampled_from(option.choices)
    if option.kind == "true or false":
        return st.booleans()
    if option.kind == "whole number":
        return st.integers(int(option.least or 0), int(option.most or 100))
    if option.kind == "number":
        return st.floats(option.least, option.most, allow_nan=False)
    if option.kind.startswith("list"):
        return st.lists(st.text(max_size=5), max_size=3).map(tuple)
    return st.text(max_size=8)


SOME = st.lists(st.sampled_from(sorted(OPTIONS)), unique=True, max_size=6).flatmap(
    lambda names: st.fixed_dictionaries({name: values_of(OPTIONS[name]) for name in names})
)
LAYERS = st.lists(
    st.builds(
        lambda rank, values, at: Layer(rank=rank, source=f"{rank.name} {at}", values=values),
        st.sampled_from([rank for rank in Rank if rank is not Rank.BUILT_IN]),
        SOME,
        st.integers(0, 99),
    ),
    max_size=6,
)


@given(LAYERS)
def test_the_first_rank_that_says_something_decides(layers: list[Layer]) -> None:
    resolved = resolve(layers)
    assert set(resolved.origins) == set(OPTIONS)
    for name, origin in resolved.origins.items():
        having = [layer for layer in layers if name in layer.values]
        if not having:
            assert (origin.rank, origin.value) == (Rank.BUILT_IN, OPTIONS[name].default)
            continue
        rank = min(layer.rank for layer in having)
        winner = next(layer for layer in having if layer.rank == rank)  # the first named of one rank
        assert (origin.rank, origin.value, origin.source) == (rank, winner.values[name], winner.source)
        assert origin.locked == (rank is Rank.LOCK)
    for name, origin in resolved.origins.items():
        assert value_of(resolved.settings, name) == origin.value


@given(LAYERS, SOME)
def test_nothing_below_moves_what_is_locked(layers: list[Layer], locked: dict[str, Any]) -> None:
    alone = [layer for layer in layers if layer.rank is not Rank.LOCK]
    lock = Layer(rank=Rank.LOCK, source="IT", values=locked)
    for order in ([lock, *alone], [*alone, lock]):
        resolved = resolve(order)
        assert {name: resolved.origins[name].value for name in locked} == locked
        for name in OPTIONS.keys() - locked.keys():
            assert resolved.origins[name] == resolve(alone).origins[name]


@given(SOME)
def test_values_go_into_tables_and_back(values: dict[str, Any]) -> None:
    assert flat(nested(values)) == values
    assert desk_values(values) == values
    made = settings_of(values, DeskSettings)
    assert {name: value_of(made, name) for name in values} == values


def test_without_any_layer_all_is_built_in() -> None:
    assert resolve(()).settings == DeskSettings()


@pytest.mark.parametrize(
    ("name", "reason"),
    [("phone.srtp", "voices"), ("phone.bind", "the whole table"), ("centre", "rule 7")],
)
def test_a_reason_is_of_the_option_its_table_or_all(name: str, reason: str) -> None:
    reasons = {"": "rule 7", "phone": "the whole table", "phone.srtp": "voices"}
    layer = Layer(rank=Rank.LOCK, source="IT", values={}, reasons=reasons)
    assert layer.reason(name) == reason
