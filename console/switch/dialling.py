"""Where the customer of a callback is called, and what that one sees as the caller. Pure."""

from urllib.parse import quote, unquote

from aiosipua import parse_uri

from console.domain.address import number_of, trunk_of
from console.domain.errors import BadInput

_SIP = ("sip:", "sips:")


def target_of(call_out: str, trunk: str, last_contact: str = "") -> str:
    """The SIP URI that is called for a number or a SIP URI.

    A number, or a URI whose user is one, is called over the trunk. Without a trunk a URI is called at
    `last_contact`, where this customer's last call came from, or else as it stands. Raises BadInput for what
    is neither, and for a bare number without a trunk.
    """
    text = call_out.strip()
    scheme, _, rest = text.partition(":")
    is_sip = text.lower().startswith(_SIP)
    if is_sip:
        number = number_of(unquote(parse_uri(text).user or ""))
    else:
        number = number_of(rest.partition(";")[0] if scheme.lower() == "tel" else text)
    if trunk and number:
        host, parameters = trunk_of(trunk)
        return f"sip:{_user(number)}@{host}{parameters}"
    if is_sip:
        return last_contact or text
    if number:
        raise BadInput(f"{number} is a number, and [switch] trunk does not say where numbers are called")
    raise BadInput(f"{call_out[:60]!r} is neither a number nor a SIP address")


def shown_as(caller: str, here: str) -> str:
    """The SIP URI that a called customer sees for a number, a SIP URI or a queue's key.

    `here` is our own host and port, for what has none.
    """
    text = caller.strip()
    if text.lower().startswith(_SIP):
        return text
    return f"sip:{_user(number_of(text) or text) or 'callboard'}@{here}"


def _user(text: str) -> str:
    return quote(text, safe="+*")
