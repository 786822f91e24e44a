"""Where a customer's call came from, for the call back."""

import pytest

from console.domain.address import Address
from console.switch.asterisk_callers import came_from

ADA = Address("sip:+4930123@pbx.example", "Ada")


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (["f", "t", "192.0.2.7:5071"], "sip:+4930123@192.0.2.7:5071"),
        (["f", "t", "[2001:db8::7]:5071"], "sip:+4930123@[2001:db8::7]:5071"),
        (["f", "t", ""], ""),
        (["f", "t"], ""),
        ([], ""),
        (["f", "t", "nonsense"], ""),
        (["f", "t", "a b:c"], ""),
    ],
)
def test_the_place_is_the_address_of_the_sender(said: list[str], place: str) -> None:
    assert came_from(ADA, said) == place


def test_who_has_no_number_cannot_be_called_back() -> None:
    assert came_from(Address("sip:pbx.example", ""), ["f", "t", "192.0.2.7:5071"]) == ""
