"""Reading SIP messages and the centre's headers: well formed, malformed, oversized."""

from hypothesis import given
from hypothesis import strategies as st

from console.domain.call import Direction
from console.telephony.engine import Account, CallDisconnected, IncomingCall
from console.telephony.live import caller, centre_words, domain_of, end_of
from console.telephony.message import (
    MAX_VALUE,
    completed_elsewhere,
    headers_of,
    request_uri,
    user_asked_for,
    user_of,
)

INVITE = (
    "INVITE sip:an%6Ea:pw;x=1@host:5060;transport=tcp SIP/2.0\r\nf: <sip:b@h>\r\nX-Long: one\r\n  two\r\n"
    "X-Queue: first\r\nX-Queue: second\r\nno colon here\r\n\r\nX-Body: no\r\n"
)


def test_the_uri_and_its_user() -> None:
    assert request_uri(INVITE).startswith("sip:an%6Ea")
    assert user_of("sip:an%6Ea:pw@host") == "anna"
    assert user_asked_for(INVITE) == user_of("sip:an%6Ea:pw;x=1@host:5060")
    assert user_asked_for("INVITE sip:cb-1@127.0.0.1:5 SIP/2.0\r\n") == "cb-1"
    assert user_of("sip:host") == user_of("tel:5") == request_uri("") == ""


def test_headers_first_value_full_name_unfolded_without_body() -> None:
    assert headers_of(INVITE) == {"from": "<sip:b@h>", "x-long": "one two", "x-queue": "first"}


def test_headers_are_bounded() -> None:
    many = "INVITE x SIP/2.0\r\n" + "".join(f"H{number}: {'v' * 3000}\r\n" for number in range(500)) + "\r\n"
    found = headers_of(many)
    assert len(found) <= 100
    assert max(map(len, found.values())) == MAX_VALUE


@given(st.text(max_size=300))
def test_rubbish_reads_as_nothing_or_something_but_never_fails(text: str) -> None:
    headers_of(text)
    request_uri(text)
    user_of(text)
    completed_elsewhere(text)
    words = centre_words({"x-interaction-id": text, "x-queue": text, "x-waited-s": text, "x-skills": text})
    assert words.waited_s is None or words.waited_s >= 0
    assert all(1 <= need.level <= 10 for need in words.skills)
    caller(IncomingCall(at=0, call=None, account="", from_header=text, to_header="", source=""))  # type: ignore[arg-type]


def test_completed_elsewhere() -> None:
    assert completed_elsewhere(
        'CANCEL x SIP/2.0\r\nReason: SIP;cause=200;text="Call completed elsewhere"\r\n\r\n'
    )
    assert completed_elsewhere("CANCEL x SIP/2.0\r\nReason: SIP ; cause = 200\r\n\r\n")
    assert not completed_elsewhere("CANCEL x SIP/2.0\r\nReason: SIP;cause=487\r\n\r\n")
    assert not completed_elsewhere("CANCEL x SIP/2.0\r\n\r\n")


def test_domain_of_an_account() -> None:
    assert domain_of(Account(key="a", uri="sip:anna@here:5070")) == "here:5070"
    assert domain_of(Account(key="a", uri="sip:anna@here", registrar="sip:pbx;transport=tls")) == "pbx"


def test_a_code_that_no_rfc_knows_is_a_refusal() -> None:
    event = CallDisconnected(at=0, call=None, code=699, reason="", by_us=False, answered=False)  # type: ignore[arg-type]
    assert end_of(Direction.OUTGOING, event, rang=True) == "refused"
