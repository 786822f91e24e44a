"""Who calls, and whom, from what a dialplan passes on of an INVITE. Pure."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote

from aiosipua import parse_uri

from console.domain.address import Address, parse_name_addr
from console.domain.attached import chosen
from console.domain.errors import BadInput
from console.switch.ari import Channel

_LONGEST_TEXT = 200


def who_calls(channel: Channel, arguments: Sequence[str]) -> tuple[Address, str]:
    """The customer and what was called, from the escaped From header and the called URI.

    A third argument is the address, host:port, that the call came from.
    """
    said = [unquote(argument) for argument in arguments]
    customer = _caller(said[0] if said else "", channel)
    called = _called(said[1]) if len(said) > 1 and said[1] else channel.dialplan.exten
    return customer, called


def came_from(customer: Address, arguments: Sequence[str]) -> str:
    """Where this customer's call came from, as a SIP URI; "" when nobody knows."""
    place = unquote(arguments[2]) if len(arguments) > 2 else ""
    try:
        user = parse_uri(customer.uri).user
        found = parse_uri(f"sip:{user}@{place}") if user and place else None
    except ValueError:
        return ""
    return f"sip:{user}@{place}" if found is not None and found.host and found.port else ""


def came_along(arguments: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """What the dialplan read of these headers and variables, its fourth argument."""
    if len(arguments) < 4 or not names:
        return {}
    said = dict(parse_qsl(arguments[3], errors="replace"))
    return chosen(names, said.get)


def _caller(said: str, channel: Channel) -> Address:
    """Who calls, from the From header, else from what Asterisk calls the caller."""
    try:
        return parse_name_addr(said)
    except BadInput:
        number = channel.caller.number or "anonymous"
        return Address(f"sip:{number}@anonymous.invalid"[:_LONGEST_TEXT], channel.caller.name[:_LONGEST_TEXT])


def _called(uri: str) -> str:
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "tel":
        return rest.partition(";")[0][:_LONGEST_TEXT]
    parsed = parse_uri(uri)
    return unquote((parsed.user or "").partition(":")[0] or parsed.host)[:_LONGEST_TEXT]
