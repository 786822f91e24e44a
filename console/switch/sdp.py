"""Session descriptions (RFC 4566, RFC 3264): what the other side offers or answers, and what we say. Pure."""

import ipaddress
from collections.abc import Iterable, Sequence

import msgspec
from aiosipua import (
    ConnectionData,
    MediaDescription,
    Origin,
    SdpMessage,
    parse_sdp,
    serialize_sdp,
)

from console.domain.errors import BadInput

STATIC = {"PCMU": 0, "PCMA": 8, "G722": 9}
"""Our codecs and their static payload types (RFC 3551); all three count time in 1/8000 s."""

DIGITS = 101
"""The payload type that we offer for telephone events (RFC 4733)."""

_FACING = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_PROTOCOLS = {"RTP/AVP", "RTP/AVPF"}


class NoCommonCodec(BadInput):
    """A well-formed description without a codec, address or protocol of ours (488)."""


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """What the other side can hear: where, and in which codecs (name, payload type) in its order."""

    host: str
    port: int
    codecs: tuple[tuple[str, int], ...]
    digits: int | None = None
    direction: str = "sendrecv"
    media: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    chosen: int = 0

    @property
    def hears(self) -> bool:
        """It wants sound from us."""
        return self.direction in {"sendrecv", "recvonly"} and self.port > 0 and self.host != "0.0.0.0"

    @property
    def speaks(self) -> bool:
        """It sends sound to us."""
        return self.direction in {"sendrecv", "sendonly"} and self.port > 0

    @property
    def holds(self) -> bool:
        """It put us on hold: it hears us no more (RFC 3264 8.4, and c=0.0.0.0 of older phones)."""
        return self.direction in {"sendonly", "inactive"} or self.host == "0.0.0.0"

    @property
    def codec(self) -> str:
        """The codec it likes best of ours."""
        return self.codecs[0][0]

    @property
    def payload_type(self) -> int:
        """That codec's number."""
        return self.codecs[0][1]


def read(text: str, ours: Iterable[str]) -> Remote:
    """Read an offer or an answer, keeping of its codecs only `ours`.

    Raises BadInput when it is no session description, NoCommonCodec when nothing in it is for us.
    """
    try:
        sdp = parse_sdp(text)
    except (ValueError, IndexError, TypeError) as fault:
        raise BadInput(f"not a session description: {fault}") from None
    for index, media in enumerate(sdp.media):
        if media.media == "audio" and media.proto in _PROTOCOLS and media.port > 0:
            return _remote(sdp, index, set(ours))
    raise NoCommonCodec("no RTP/AVP audio in the session description")


def _remote(sdp: SdpMessage, index: int, ours: set[str]) -> Remote:
    media = sdp.media[index]
    where = media.connection or sdp.connection
    if where is None or media.port > 65535:
        raise BadInput("no address for the sound in the session description")
    try:
        ipaddress.ip_address(where.address)
    except ValueError:
        raise NoCommonCodec(f"the sound's address is no IP address: {where.address[:80]}") from None
    codecs = tuple(
        (codec.encoding_name.upper(), codec.payload_type)
        for codec in media.codecs
        if codec.encoding_name.upper() in ours
        and codec.clock_rate == 8000
        and (codec.channels or 1) == 1
        and 0 <= codec.payload_type <= 127
    )
    if not codecs:
        raise NoCommonCodec(f"none of our codecs in the session description: {' '.join(media.formats)[:200]}")
    events = [c.payload_type for c in media.codecs if c.encoding_name.lower() == "telephone-event"]
    direction = media.direction if _has_direction(media.attributes) else _session_direction(sdp)
    return Remote(
        host=where.address,
        port=media.port,
        codecs=codecs,
        digits=events[0] if events else None,
        direction=direction,
        media=tuple((m.media, m.proto, tuple(m.formats)) for m in sdp.media),
        chosen=index,
    )


def _has_direction(attributes: dict[str, list[str]]) -> bool:
    return any(name in attributes for name in _FACING)


def _session_direction(sdp: SdpMessage) -> str:
    for name in _FACING:
        if name in sdp.attributes:
            return name
    return "sendrecv"


def facing(direction: str) -> str:
    """Our direction for theirs (RFC 3264 6.1)."""
    return _FACING[direction]


def offer(address: tuple[str, int], codecs: Sequence[str], session: int, version: int = 1) -> str:
    """Our offer: these codecs in this order, and telephone events."""
    kinds = [(name, STATIC[name]) for name in codecs]
    return _say(address, [_audio(address[1], kinds, DIGITS, "sendrecv")], session, version)


def answer(
    address: tuple[str, int], remote: Remote, session: int, version: int = 1, *, direction: str | None = None
) -> str:
    """Our answer to an offer: its first codec of ours and its telephone events.

    Its other media refused (port 0).
    """
    ours = direction or facing(remote.direction)
    media = [
        _audio(address[1], list(remote.codecs[:1]), remote.digits, ours, protocol)
        if index == remote.chosen
        else MediaDescription(media=kind, port=0, proto=protocol, formats=list(formats))
        for index, (kind, protocol, formats) in enumerate(remote.media)
    ]
    return _say(address, media, session, version)


def _audio(
    port: int,
    kinds: list[tuple[str, int]],
    digits: int | None,
    direction: str,
    protocol: str = "RTP/AVP",
) -> MediaDescription:
    maps = [f"{number} {name}/8000" for name, number in kinds]
    formats = [str(number) for _, number in kinds]
    attributes: dict[str, list[str]] = {"rtpmap": maps}
    if digits is not None:
        maps.append(f"{digits} telephone-event/8000")
        formats.append(str(digits))
        attributes["fmtp"] = [f"{digits} 0-15"]
    attributes["ptime"] = ["20"]
    attributes[direction] = []
    return MediaDescription(media="audio", port=port, proto=protocol, formats=formats, attributes=attributes)


def _say(address: tuple[str, int], media: list[MediaDescription], session: int, version: int) -> str:
    kind = "IP6" if ":" in address[0] else "IP4"
    origin = Origin("callboard", str(session), str(version), "IN", kind, address[0])
    connection = ConnectionData("IN", kind, address[0])
    return serialize_sdp(SdpMessage(origin=origin, session_name="-", connection=connection, media=media))
