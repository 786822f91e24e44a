"""Links from other programs: the number or address in them, and nothing else of what they ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.address import normalise_dialled
from console.domain.errors import BadInput
from console.domain.links import CallLink, ProvisionLink, is_link, parse_link


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("tel:+49-30-123.456", "+4930123456"),
        ("tel:+1(201)555-0123", "+12015550123"),
        ("TEL:+4930123456", "+4930123456"),
        ("tel://+4930123456", "+4930123456"),
        ("tel:%2B49%2030%20123456", "+4930123456"),
        ("tel:030/123456", "030123456"),
        ("tel:*21*0123456%23", "*21*0123456#"),
        ("  tel:110\n", "110"),
        ("callto:+4930123456", "+4930123456"),
        ("callto://+49 30 123456", "+4930123456"),
        ("callto:anna@example.org", "sip:anna@example.org"),
        ("callto:+4930123456?call", "+4930123456"),
        ("sip:anna@example.org", "sip:anna@example.org"),
        ("SIP:anna@example.org", "sip:anna@example.org"),
        ("sip://anna@example.org/", None),
        ("sip:anna@example.org:5070;transport=TCP", "sip:anna@example.org:5070;transport=tcp"),
        ("sips:anna@example.org", "sips:anna@example.org"),
        ("sip:+4930123456@gw.example;user=phone", "sip:+4930123456@gw.example"),
        ("sip:example.org", "sip:example.org"),
        ("sip:anna@[2001:db8::1]:5060", "sip:anna@[2001:db8::1]:5060"),
        ("sip:anna%2Eb@example.org", "sip:anna.b@example.org"),
    ],
)
def test_whom_a_link_asks_to_call(link: str, target: str | None) -> None:
    if target is None:
        with pytest.raises(BadInput):
            parse_link(link)
        return
    found = parse_link(link)
    assert isinstance(found, CallLink)
    assert found.target == target
    assert found.left_out == ()
    assert normalise_dialled(found.target, "pbx.example").user


def test_a_local_number_is_never_joined_to_its_context() -> None:
    assert parse_link("tel:911;phone-context=+1") == CallLink("911", context="+1")
    assert parse_link("tel:7042;phone-context=example.com") == CallLink("7042", context="example.com")
    assert parse_link("tel:+4930123;phone-context=+49") == CallLink("+4930123")


def test_an_extension_is_told_and_not_dialled() -> None:
    assert parse_link("tel:+4930123456;ext=12-34") == CallLink("+4930123456", extension="1234")
    assert parse_link("tel:+4930123456;ext=<b>") == CallLink("+4930123456")


def test_what_a_sip_link_asks_for_besides_is_named_and_left_out() -> None:
    link = (
        "sip:anna:secret@example.org;maddr=10.0.0.1;lr;method=REFER;transport=udp"
        "?Replaces=a%3Bto-tag%3Db&Subject=hello&body=x"
    )
    assert parse_link(link) == CallLink(
        "sip:anna@example.org;transport=udp",
        left_out=("body", "lr", "maddr", "method", "password", "replaces", "subject"),
    )


def test_a_context_in_the_user_of_a_sip_address_is_left_out() -> None:
    found = parse_link("sip:7042;phone-context=example.com@gw.example;user=phone")
    assert isinstance(found, CallLink)
    assert found.target == "sip:7042@gw.example"


@pytest.mark.parametrize(
    "link",
    [
        "tel:",
        "tel:+",
        "tel:+49-ABC",
        "tel:call-me",
        "tel:1-800-FLOWERS",
        "tel:" + "1" * 33,
        "tel:+49301\r\nRefer-To: x",
        "tel:+4930%0D%0A123",
        "tel:+4930%00123",
        "sip:",
        "sip:@",
        "sip:anna@",
        "sip:an na@example.org",
        "sip:anna%0d%0aVia@example.org",
        'sip:"anna"@example.org',
        "sip:<anna>@example.org",
        "sip:anna@example.org:0",
        "sip:anna@example.org:65536",
        "sip:anna@example.org:5060:1",
        "sip:anna@[::1",
        "sip:anna@exa_mple/../x",
        "sip:" + "a" * 600 + "@example.org",
        "sip:" + "a" * 100 + "@" + "b" * 200,
        "sip:аnna@example.org",  # the first letter is Cyrillic  # noqa: RUF001
        "callto:",
        "callboard:",
        "callboard://delete?all",
        "callboard://provisioning?x",
        "callboard://provision?" + "x" * 5000,
        "http://example.org",
        "javascript:alert(1)",
        "",
        "no link",
    ],
)
def test_a_bad_link_is_told_in_words(link: str) -> None:
    with pytest.raises(BadInput) as told:
        parse_link(link)
    assert len(str(told.value)) < 200
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    "link", ["callboard://provision?a=1&b=2", "CALLBOARD://Provision/?x", "callboard:provision?x"]
)
def test_a_link_with_settings_stays_whole(link: str) -> None:
    assert parse_link(link) == ProvisionLink(link)


@pytest.mark.parametrize(
    ("word", "link"),
    [
        ("tel:1", True),
        ("SIPS:x", True),
        ("callboard:", True),
        ("demo", False),
        ("http://x", False),
        ("", False),
    ],
)
def test_a_link_is_known_among_the_words_of_a_command(word: str, link: bool) -> None:
    assert is_link(word) is link


@given(st.sampled_from(["tel:", "sip:", "sips:", "callto:", "callboard:", ""]), st.text(max_size=80))
def test_whatever_comes_is_read_or_refused(scheme: str, rest: str) -> None:
    try:
        found = parse_link(scheme + rest)
    except BadInput:
        return
    if isinstance(found, CallLink):
        assert not set(found.target) & set('<>?"\r\n ')
        assert normalise_dialled(found.target, "pbx.example").uri.startswith("sip")
