"""What people and networks write as an address."""

import pytest

from console.domain.address import Address, normalise_dialled, parse_name_addr
from console.domain.errors import BadInput


@pytest.mark.parametrize(
    ("typed", "uri"),
    [
        ("100", "sip:100@pbx.example"),
        (" +49 (30) 123-456 ", "sip:+4930123456@pbx.example"),
        ("anna", "sip:anna@pbx.example"),
        ("anna@other.example", "sip:anna@other.example"),
        ("sip:anna@other.example:5070;transport=tcp", "sip:anna@other.example:5070;transport=tcp"),
        ("sips:anna@other.example", "sips:anna@other.example"),
        ("tel:+49-30-123456;ext=1", "sip:+4930123456@pbx.example"),
        ("callto://100", "sip:100@pbx.example"),
        ("sip:[::1]:5060", "sip:[::1]:5060"),
        ('"Anna" <sip:anna@x.example>', "sip:anna@x.example"),
        ("*21#", "sip:*21#@pbx.example"),
    ],
)
def test_what_can_be_dialled(typed: str, uri: str) -> None:
    assert normalise_dialled(typed, "pbx.example").uri == uri


@pytest.mark.parametrize("typed", ["", "   ", "sip:", "two words", "sip:a b@c", "a\r\nb: c", "anna@", "<>"])
def test_what_cannot_be_dialled_is_told_in_words(typed: str) -> None:
    with pytest.raises(BadInput) as told:
        normalise_dialled(typed, "pbx.example")
    assert str(told.value)


def test_a_bare_number_needs_a_server() -> None:
    with pytest.raises(BadInput, match="no server"):
        normalise_dialled("100")


@pytest.mark.parametrize(
    ("header", "uri", "name"),
    [
        ('"Anna \\"A\\" Smith" <sip:anna@x.example>;tag=1', "sip:anna@x.example", 'Anna "A" Smith'),
        ("Anna <sip:anna@x.example>", "sip:anna@x.example", "Anna"),
        ("<sip:anna@x.example>;tag=9", "sip:anna@x.example", ""),
        ("sip:anna@x.example;tag=9", "sip:anna@x.example", ""),
    ],
)
def test_from_headers(header: str, uri: str, name: str) -> None:
    assert parse_name_addr(header) == Address(uri, name)


def test_a_header_without_an_address_is_refused() -> None:
    with pytest.raises(BadInput):
        parse_name_addr("Anna")


@pytest.mark.parametrize(
    ("uri", "user"),
    [
        ("sip:anna@x.example;transport=tcp", "anna"),
        ("tel:+4930123;ext=1", "+4930123"),
        ("sip:x.example", "x.example"),
        ("nonsense", "nonsense"),
        ("mailto:a@b.example", "a@b.example"),
    ],
)
def test_the_part_a_person_would_say(uri: str, user: str) -> None:
    assert Address(uri).user == user
    assert Address(uri, "Name").shown == "Name"
