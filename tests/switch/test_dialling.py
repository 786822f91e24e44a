"""Where a customer is called back: over the trunk, where the last call came from, or as the address says."""

import pytest

from console.domain.address import number_of, trunk_of
from console.domain.errors import BadInput, SettingsError
from console.settings import CentreSettings, parse_settings
from console.switch.dialling import shown_as, target_of


@pytest.mark.parametrize(
    ("call_out", "trunk", "last", "target"),
    [
        ("+49 30 / 123-4", "gate.example", "", "sip:+49301234@gate.example"),
        ("tel:+49301234;phone-context=x", "gate.example:5070", "", "sip:+49301234@gate.example:5070"),
        ("030123", "sip:gate.example;transport=tcp", "", "sip:030123@gate.example;transport=tcp"),
        ("sip:+4930123@provider.example", "10.0.0.1", "", "sip:+4930123@10.0.0.1"),
        ("sip:%2B4930123@provider.example", "10.0.0.1", "", "sip:+4930123@10.0.0.1"),
        ("*21#", "10.0.0.1", "", "sip:*21%23@10.0.0.1"),
        ("sip:anna@home.example", "10.0.0.1", "", "sip:anna@home.example"),
        ("sip:anna@home.example", "", "", "sip:anna@home.example"),
        ("sip:anna@home.example", "", "sip:a1@192.0.2.7:5062", "sip:a1@192.0.2.7:5062"),
        ("sip:+4930123@home.example", "10.0.0.1", "sip:a1@192.0.2.7:5062", "sip:+4930123@10.0.0.1"),
    ],
)
def test_targets(call_out: str, trunk: str, last: str, target: str) -> None:
    assert target_of(call_out, trunk, last) == target


@pytest.mark.parametrize(
    "call_out", ["+49301234", "tel:030123", "anna", "", "mailto:a@b.example", "Anna <x>"]
)
def test_what_cannot_be_called_without_a_trunk(call_out: str) -> None:
    with pytest.raises(BadInput):
        target_of(call_out, "")


@pytest.mark.parametrize("call_out", ["anna", "", "mailto:a@b.example", "tel:anna", "1\r\nX: y"])
def test_what_cannot_be_called_at_all(call_out: str) -> None:
    with pytest.raises(BadInput, match="neither"):
        target_of(call_out, "gate.example")


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        ("+49 30 123-0", "sip:+49301230@here:5060"),
        ("sales", "sip:sales@here:5060"),
        ("Größe & Co <x>", "sip:Gr%C3%B6%C3%9Fe%20%26%20Co%20%3Cx%3E@here:5060"),
        ("sip:sales@company.example", "sip:sales@company.example"),
        ("", "sip:callboard@here:5060"),
    ],
)
def test_what_the_customer_sees(caller: str, seen: str) -> None:
    assert shown_as(caller, "here:5060") == seen


def test_numbers_and_trunks() -> None:
    assert (number_of("(030) 12.34"), number_of("+"), number_of("12a"), number_of("")) == (
        "0301234",
        "",
        "",
        "",
    )
    assert trunk_of("[::1]:5070") == ("[::1]:5070", "")
    assert trunk_of("sip:user@gate.example") == ("gate.example", "")


@pytest.mark.parametrize(
    "trunk", ["gate example", "gate:70000", "gate:0", "sip:", "<gate>", "a?b=c", "gate:x"]
)
def test_a_trunk_that_is_none_is_told_at_load(trunk: str) -> None:
    with pytest.raises(SettingsError, match=r"centre\.toml:2: switch\.trunk: .*trunk"):
        parse_settings(f'[switch]\ntrunk = "{trunk}"\n', CentreSettings, "centre.toml")
    good = parse_settings('[switch]\ntrunk = "gate.example:5070"\n', CentreSettings)
    assert good.switch.trunk == "gate.example:5070"
