"""Links that other programs hand over: whom one asks to call (tel, sip, sips, callto), or what to set up.

A link comes from anywhere, a web page or a mail, so it is read as a proposal: of a SIP URI only the address
and its transport are taken, never headers (RFC 3261 19.1.1 leaves them to the one who dials; `Replaces` would
take over somebody's call), passwords or routing parameters. Nothing here calls anybody.
"""

import re
from urllib.parse import unquote

import msgspec

from console.domain.address import number_of
from console.domain.errors import BadInput

SCHEMES = ("tel", "sip", "sips", "callto", "callboard")
LONGEST = 4096
"""Characters of the longest link that is looked at."""

_LONGEST_CALL = 512
_LONGEST_TARGET = 256  # what the dial field takes
_TRANSPORTS = {"udp", "tcp", "tls"}
_LOCAL = re.compile(r"^[0-9A-Fa-f*#]{1,32}$")
_SEPARATORS = re.compile(r"[\s().\-/]+")
_EXTENSION = re.compile(r"^[0-9*#]{1,16}$")
_USER = re.compile(r"^[\w.!~*'()&=+$,/#-]{1,128}$", re.ASCII)  # no letters that only look like others
_HOST = re.compile(r"^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\.?)$")
_LAST_PORT = 65535
_UNNAMED = re.compile(r"[^a-z0-9-]+")
_PROVISION = re.compile(r"^callboard:(?://)?provision/?\?", re.IGNORECASE)


class CallLink(msgspec.Struct, frozen=True):
    """Whom a link asks to call: `target` as a person would type it into the dial field.

    `extension` is what to dial once the call is answered (RFC 3966 3.5), `context` where a local number is
    valid (`+49` or a domain; 5.1.5 forbids to join the two), `left_out` what the link asked for besides, by
    name.
    """

    target: str
    extension: str = ""
    context: str = ""
    left_out: tuple[str, ...] = ()


class ProvisionLink(msgspec.Struct, frozen=True):
    """A link with settings, whole: whether it may be believed is for others to find out."""

    text: str


Link = CallLink | ProvisionLink


def is_link(text: str) -> bool:
    """Whether a word of a command line is meant as a link, good or bad."""
    scheme, colon, _ = text.strip().partition(":")
    return bool(colon) and scheme.lower() in SCHEMES


def parse_link(text: str) -> Link:
    """Read a link. Raises BadInput, in words for the person before the window."""
    link = text.strip()
    if len(link) > LONGEST or any(not sign.isprintable() for sign in unquote(link)):
        raise BadInput(f"The link “{_short(link)}” is damaged. Ask for the number, and type it in.")
    scheme, _, rest = link.partition(":")
    kind = scheme.lower()
    if kind == "callboard":
        return _for_callboard(link)
    if kind not in SCHEMES:
        raise BadInput(f"“{_short(link)}” is no link for a telephone. It begins with tel:, sip: or callto:.")
    if len(link) > _LONGEST_CALL:
        raise BadInput(f"The link “{_short(link)}” is damaged. Ask for the number, and type it in.")
    if kind == "tel":
        return _telephone(rest, link)
    if kind == "callto":
        return _callto(rest, link)
    return _sip(kind, rest, link)


def _short(link: str) -> str:
    clean = "".join(sign if sign.isprintable() else "·" for sign in link)
    return clean if len(clean) <= 60 else f"{clean[:57]}…"


def _for_callboard(link: str) -> ProvisionLink:
    if not _PROVISION.match(link):
        raise BadInput(
            f"“{_short(link)}” asks for what this version does not know. It may be for a newer Callboard."
        )
    return ProvisionLink(link)


def _telephone(rest: str, link: str) -> CallLink:
    """RFC 3966 section 3, and what web pages make of it: slashes, spaces, escapes, no context."""
    subscriber, *parameters = unquote(rest).lstrip("/").split("?", 1)[0].split(";")
    given = dict(_parameter(parameter) for parameter in parameters if parameter)
    bare = _SEPARATORS.sub("", subscriber)
    if not (number_of(bare) or (_LOCAL.match(bare) and any(sign.isdigit() for sign in bare))):
        raise BadInput(f"There is no telephone number in “{_short(link)}”. Ask for it, and type it in.")
    extension = _SEPARATORS.sub("", given.pop("ext", ""))
    context = given.pop("phone-context", "") if not bare.startswith("+") else ""
    return CallLink(
        bare,
        extension if _EXTENSION.match(extension) else "",
        _short(context),
        tuple(sorted(name for name in given if name not in {"phone-context", "isub"})),
    )


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return _UNNAMED.sub("", name.lower())[:32] or "?", value.strip()


def _callto(rest: str, link: str) -> CallLink:
    """No standard: a number, or an address without its scheme."""
    whom = rest.lstrip("/")
    if "@" in whom:
        return _sip("sip", whom, link)
    return _telephone(whom, link)


def _sip(scheme: str, rest: str, link: str) -> CallLink:
    """RFC 3261 19.1: user and host, port, transport; all else is named and left out."""
    address, question, headers = rest.lstrip("/").partition("?")
    address, *parameters = _after_user(address)
    user, _, place = address.rpartition("@")
    user, colon, _ = user.partition(":")
    name = unquote(user)
    host, port = _host_and_port(place)
    target = f"{scheme}:{name}@{place}" if user else f"{scheme}:{place}"
    good = _HOST.match(host) and _port_is_good(port) and (not user or _USER.match(name))
    if not good or len(target) > _LONGEST_TARGET - len(";transport=udp"):
        raise BadInput(
            f"There is no SIP address in “{_short(link)}”. It looks like sip:name@company.example."
        )
    given = dict(_parameter(parameter) for parameter in parameters if parameter)
    transport = given.pop("transport", "").lower()
    given.pop("user", None)
    left_out = {*given, *_header_names(headers if question else "")} | ({"password"} if colon else set())
    target += f";transport={transport}" if transport in _TRANSPORTS else ""
    return CallLink(target, left_out=tuple(sorted(left_out)))


def _after_user(address: str) -> list[str]:
    """Split off the URI's parameters: a semicolon before the @ belongs to the user part."""
    user, at, place = address.rpartition("@")
    host, *parameters = place.split(";")
    return [f"{user.split(';')[0]}{at}{host}", *parameters]


def _host_and_port(place: str) -> tuple[str, str]:
    if place.startswith("["):
        host, bracket, rest = place.partition("]")
        return host + bracket, rest.removeprefix(":") if rest.startswith(":") or not rest else "x"
    host, colon, port = place.partition(":")
    return host, port if not colon or port else "x"


def _port_is_good(port: str) -> bool:
    """Whether it is a port's number, or nothing."""
    return not port or (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= _LAST_PORT)


def _header_names(headers: str) -> set[str]:
    return {_parameter(header)[0] for header in headers.split("&") if header}
