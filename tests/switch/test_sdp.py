"""Session descriptions: what is read from them, and what we say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.errors import BadInput
from console.switch import sdp
from tests.switch.raw import sdp as written

OURS = ("PCMU", "PCMA", "G722")


def test_codecs_stand_in_their_order() -> None:
    remote = sdp.read(written(codecs="18 9 8 0 101"), OURS)
    assert remote.codecs == (("G722", 9), ("PCMA", 8), ("PCMU", 0))
    assert remote.digits == 101
    assert (remote.host, remote.port) == ("127.0.0.1", 40000)


def test_dynamic_numbers_for_our_codecs() -> None:
    text = written(codecs="96 97") + "a=rtpmap:96 opus/48000/2\r\na=rtpmap:97 PCMA/8000\r\n"
    remote = sdp.read(text, OURS)
    assert (remote.codec, remote.payload_type) == ("PCMA", 97)
    assert "m=audio 5000 RTP/AVP 97" in sdp.answer(("127.0.0.1", 5000), remote, 1)


@pytest.mark.parametrize(
    ("direction", "hears", "speaks", "holds", "answered"),
    [
        ("sendrecv", True, True, False, "sendrecv"),
        ("sendonly", False, True, True, "recvonly"),
        ("recvonly", True, False, False, "sendonly"),
        ("inactive", False, False, True, "inactive"),
    ],
)
def test_directions(direction: str, *, hears: bool, speaks: bool, holds: bool, answered: str) -> None:
    for text in (
        written() + f"a={direction}\r\n",
        written().replace("t=0 0", f"t=0 0\r\na={direction}"),
    ):
        remote = sdp.read(text, OURS)
        assert (remote.hears, remote.speaks, remote.holds) == (hears, speaks, holds)
        assert f"a={answered}\r\n" in sdp.answer(("127.0.0.1", 5000), remote, 1)


def test_an_old_phone_holds_with_address_zero() -> None:
    remote = sdp.read(written().replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"), OURS)
    assert remote.holds
    assert not remote.hears


def test_other_media_is_refused_in_its_place() -> None:
    text = written().replace("m=audio", "m=video 5004 RTP/AVP 99\r\nm=audio") + "m=audio 9 RTP/AVP 0\r\n"
    answer = sdp.answer(("127.0.0.1", 5000), sdp.read(text, OURS), 1)
    assert [line for line in answer.splitlines() if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 99",
        "m=audio 5000 RTP/AVP 0 101",
        "m=audio 0 RTP/AVP 0",
    ]


def test_what_we_offer_can_be_read() -> None:
    remote = sdp.read(sdp.offer(("127.0.0.1", 6000), ("PCMA", "PCMU"), 7), OURS)
    assert remote.codecs == (("PCMA", 8), ("PCMU", 0))
    assert remote.digits == sdp.DIGITS


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(BadInput):
        sdp.read(text, OURS)


@given(st.data())
def test_any_change_is_read_or_refused(data: st.DataObject) -> None:
    lines = written().splitlines()
    index = data.draw(st.integers(0, len(lines) - 1))
    lines[index] = lines[index][:2] + data.draw(st.text(max_size=40))
    try:
        remote = sdp.read("\r\n".join(lines), OURS)
    except BadInput:
        return
    assert remote.codecs
    assert 0 < remote.port <= 65535
