"""Tallies as bytes: the same after as before, and not opened before they are used."""

from typing import Any

import msgspec
import pytest

from console.domain.queue import ServiceLevelFormula
from console.metrics.kept import NAMES, KeptTally, opened_all, packed, packed_all
from console.metrics.tally import FIELDS, Tally
from console.metrics.waits import EXACT


def _busy(waits: int = 3) -> Tally:
    tally = Tally()
    for number in range(waits):
        tally.answer(number * 1_000_000, in_time=number < 20)
    tally.abandon(7_000_000, ServiceLevelFormula.IN_TIME_OF_ALL, in_time=True, short=False)
    tally.estimate(10_000_000, 9_000_000)
    tally.n["in_paused_us"] -= 5_000_000
    tally.pause("Mittag ☕", 60_000_000)
    return tally


def _said(tally: Tally) -> tuple[Any, ...]:
    return (dict(tally.n), tally.answered_waits, tally.abandoned_waits, tally.pauses)


def _kept(tally: Tally) -> KeptTally:
    return KeptTally(bytes(packed(tally)))


@pytest.mark.parametrize("tally", [Tally(), _busy(), _busy(EXACT + 50)], ids=["nothing", "few", "many"])
def test_says_the_same(tally: Tally) -> None:
    assert _said(_kept(tally)) == _said(tally)
    assert bool(_kept(tally)) == bool(tally)
    assert _kept(tally).counts() == tally.counts()


def test_every_count_has_its_number() -> None:
    tally = Tally()
    tally.n.update((name, at - 5) for at, name in enumerate(sorted(FIELDS)))
    assert dict(_kept(tally).n) == dict(tally.n)
    assert len(NAMES) == len(FIELDS)


def test_goes_on_as_the_other_one() -> None:
    tally, kept = _busy(), _kept(_busy())
    for one in (tally, kept):
        one.pause("Mittag ☕", 1)
        one.answer(5, in_time=False)
        one.merge(_kept(_busy()))
    assert _said(kept) == _said(tally)
    assert _said(_kept(kept)) == _said(tally), "what was written after the opening goes into the bytes"


@pytest.mark.parametrize("field", ["n", "answered_waits", "abandoned_waits", "pauses"])
def test_whatever_is_read_first(field: str) -> None:
    assert getattr(_kept(_busy()), field) == getattr(_busy(), field)


def test_is_not_opened_to_be_packed_again() -> None:
    kept = KeptTally(b"\xc1 never read")
    assert bytes(packed(kept)) == b"\xc1 never read"
    with pytest.raises(msgspec.MsgspecError):
        bool(kept)
    with pytest.raises(AttributeError):
        _ = kept.nothing_of_the_kind


def test_shut_only_where_it_is_wanted() -> None:
    tallies: dict[int, Tally] = {3: _busy(), 1: Tally(), 2: _kept(_busy(5))}
    forms = packed_all(tallies, shut=False)
    assert type(tallies[3]) is Tally
    assert bool(tallies[2])  # opens it
    assert packed_all(tallies, shut=True) == forms
    assert list(tallies) == [3, 1, 2]
    assert all(isinstance(tally, KeptTally) and tally.form for tally in tallies.values())
    assert {at: _said(tally) for at, tally in opened_all(forms).items()} == {
        3: _said(_busy()),
        1: _said(Tally()),
        2: _said(_busy(5)),
    }
