"""Is a SIP request fit to be acted upon? Pure.

The cases are those of RFC 3261 and of RFC 4475's torture messages.
"""

import re

import msgspec
from aiosipua import SipRequest, SipResponse

METHODS = ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "UPDATE", "INFO", "REFER", "NOTIFY")
ALLOW = ", ".join(METHODS)
UNDERSTOOD = frozenset({"replaces", "norefersub"})
"""Option tags (RFC 3261 20.32) that a peer may require of us."""

_START = re.compile(rb"^[A-Za-z0-9.!%*_+`'~-]+ [^\s<>\"]+ SIP/2\.0\r?$")
_VERSION = re.compile(rb" SIP/(\d+\.\d+)\s*$", re.IGNORECASE)
_SINGLE = ("from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type")
_NEEDED = ("via", "from", "to", "call-id", "cseq")
_ADDRESS = re.compile(
    r'^\s*(?:"(?:[^"\\]|\\.)*"\s*|[^<">]*?)<[^<>]+>\s*(?:;.*)?$|^[^<">\s][^<">]*$', re.DOTALL
)
_VIA = re.compile(
    r"^\s*SIP\s*/\s*2\.0\s*/\s*[A-Za-z0-9-]+\s+[^\s;,]+(?:\s*:\s*\d{1,5})?\s*(?:;.*)?$", re.DOTALL
)


class Fault(msgspec.Struct, frozen=True):
    """Why a request is refused, as a SIP status."""

    code: int
    reason: str
    headers: dict[str, str] = {}


def check(data: bytes, message: SipRequest | SipResponse) -> Fault | None:
    """What is wrong with a message (`data` is it on the wire), or None.

    A response with a fault is dropped.
    """
    if isinstance(message, SipResponse):
        return None if _response_fits(message) else Fault(400, "Bad Response")
    bad = _start_line(data) or _end_of_headers(data) or _headers(message) or _numbers(data, message)
    return bad or _ability(message)


def _response_fits(response: SipResponse) -> bool:
    return 100 <= response.status_code <= 699 and all(response.headers.get(name) for name in _NEEDED)


def _start_line(data: bytes) -> Fault | None:
    line = data.split(b"\n", 1)[0]
    if _START.match(line):
        return None
    version = _VERSION.search(line)
    if version and version[1] != b"2.0":
        return Fault(505, "Version Not Supported")
    return Fault(400, "Malformed Request Line")


def _end_of_headers(data: bytes) -> Fault | None:
    """A datagram that was cut off among its headers says less than its sender meant (RFC 3261 7)."""
    whole = b"\r\n\r\n" in data or b"\n\n" in data
    return None if whole else Fault(400, "No Empty Line After The Headers")


def _headers(request: SipRequest) -> Fault | None:
    for name in _NEEDED:
        if not request.headers.get_first(name):
            return Fault(400, f"Missing {name.title()} Header")
    for name in _SINGLE:
        if len(request.headers.get(name)) > 1:
            return Fault(400, f"More Than One {name.title()} Header")
    for name in ("from", "to"):
        if not _ADDRESS.match(request.headers.get_first(name) or ""):
            return Fault(400, f"Malformed {name.title()} Header")
    if not all(_VIA.match(value) for value in request.headers.get("via")):
        return Fault(400, "Malformed Via Header")
    return None


def _numbers(data: bytes, request: SipRequest) -> Fault | None:
    number, _, method = (request.headers.get_first("cseq") or "").strip().partition(" ")
    if not number.isascii() or not number.isdigit() or int(number[:12]) >= 2**31:
        return Fault(400, "Malformed CSeq Header")
    if method.strip() != request.method:
        return Fault(400, "CSeq Does Not Match The Method")
    hops = request.headers.get_first("max-forwards")
    if hops is not None and not (hops.isascii() and hops.isdigit() and int(hops[:6]) <= 255):
        return Fault(400, "Malformed Max-Forwards Header")
    length = request.headers.get_first("content-length")
    if length is None:
        return None
    if not (length.isascii() and length.isdigit()) or int(length[:12]) > _body_length(data):
        return Fault(400, "Content-Length Does Not Fit The Body")
    return None


def _body_length(data: bytes) -> int:
    for blank in (b"\r\n\r\n", b"\n\n"):
        _, found, body = data.partition(blank)
        if found:
            return len(body)
    return 0


def _ability(request: SipRequest) -> Fault | None:
    if request.method not in METHODS:
        return Fault(405, "Method Not Allowed", {"Allow": ALLOW})
    if request.uri.partition(":")[0].lower() not in {"sip", "sips", "tel"}:
        return Fault(416, "Unsupported URI Scheme")
    missing = [tag for tag in request.headers.get("require") if tag.lower() not in UNDERSTOOD]
    if missing and request.method not in {"ACK", "CANCEL"}:
        return Fault(420, "Bad Extension", {"Unsupported": ", ".join(missing)})
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    encoded = (request.headers.get_first("content-encoding") or "identity").lower()
    if request.method in {"INVITE", "UPDATE"} and request.body and kind not in {"", "application/sdp"}:
        return Fault(415, "Unsupported Media Type", {"Accept": "application/sdp"})
    if request.body and encoded != "identity":
        return Fault(415, "Unsupported Media Type", {"Accept-Encoding": "identity"})
    return None
