"""What goes along with an interaction: names that can be, values as they are kept, what changes later."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from console.domain import events as ev
from console.domain.address import Address
from console.domain.attached import LONGEST, MOST, chosen, merged, name_faults, printable
from console.domain.standings import Standings
from console.settings import CentreSettings, SwitchSettings


@pytest.mark.parametrize("name", ["X-Customer-Id", "x-tier", "X_1", "TIER", "customer_id", "X-" + "a" * 62])
def test_names_that_can_be(name: str) -> None:
    assert list(name_faults([name])) == []


@pytest.mark.parametrize(
    "name",
    [
        *("", "1X", "A B", "A-B", "TIER)", "CHANNEL(language)", "${EXTEN}", "X-" + "a" * 63, "X-Ä", "a,b"),
        *("X-Queue", "x-queue-key", "X-Interaction-Id", "X-Callboard-Node", "CALLBOARD_INTERACTION", "FROM"),
    ],
)
def test_names_that_cannot(name: str) -> None:
    (fault,) = name_faults([name])
    assert f"“{name}” is" in fault


def test_not_too_many_names() -> None:
    names = [f"A{place}" for place in range(MOST)]
    assert list(name_faults(names)) == []
    assert list(name_faults([*names, "B"])) == [f"at most {MOST} names"]


def test_the_settings_say_so() -> None:
    settings = CentreSettings(switch=SwitchSettings(attached=("TIER", "no good")))
    ((option, words),) = [fault for fault in settings.faults() if fault[0] == "switch.attached"]
    assert words.startswith("“no good” is no name")
    assert option == "switch.attached"


def test_values_are_kept_as_they_can_be_shown() -> None:
    said = {"A": " one\r\nX-Evil: 1\0 ", "B": "b" * 999, "C": "", "D": "\t \n"}
    kept = chosen(["A", "B", "C", "D", "E"], said.get)
    assert kept == {"A": "oneX-Evil: 1", "B": "b" * LONGEST}
    assert printable("Grüße, 日本") == "Grüße, 日本"


def test_the_later_value_counts_and_an_empty_one_takes_away() -> None:
    assert merged({"A": "1", "B": "2"}, {"B": "3", "A": "", "C": ""}) == {"B": "3"}


def test_it_stays_with_the_interaction() -> None:
    standings, call, at = Standings(), UUID(int=1), datetime(2026, 1, 1, tzinfo=UTC)
    came = {"TIER": "gold", "X-Id": "1"}
    facts = [
        ev.InteractionArrived(
            id=UUID(int=2), at=at, interaction=call, customer=Address("sip:1@x"), called="a", attached=came
        ),
        ev.InteractionAttached(id=UUID(int=3), at=at, interaction=call, attached={"X-Id": "2"}, by="eve"),
    ]
    for fact in facts:
        assert standings.apply(fact) == ()
    known = standings.interactions[call]
    assert known.attached == {"TIER": "gold", "X-Id": "2"}
    assert came["X-Id"] == "1", "the fact is as it was"
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(known), type=type(known))
    assert kept.attached == known.attached
    standings.apply(
        ev.InteractionAttached(id=UUID(int=4), at=at, interaction=UUID(int=9), attached={}, by="e")
    )
    assert standings.ignored == 1


def test_who_is_called_back_has_what_the_call_had() -> None:
    standings, call, back, at = Standings(), UUID(int=1), UUID(int=5), datetime(2026, 1, 1, tzinfo=UTC)
    who = Address("sip:1@x")
    standings.apply(
        ev.InteractionArrived(
            id=UUID(int=2), at=at, interaction=call, customer=who, called="a", attached={"TIER": "gold"}
        )
    )
    standings.apply(
        ev.CallbackRequested(
            id=UUID(int=3), at=at, interaction=call, callback=back, queue="a", customer=who, waiting_since=at
        )
    )
    assert standings.interactions[back].attached == {"TIER": "gold"}
    more = ev.InteractionAttached(id=UUID(int=4), at=at, interaction=back, attached={"A": "1"}, by="eve")
    standings.apply(more)
    assert standings.interactions[call].attached == {"TIER": "gold"}
