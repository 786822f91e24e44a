"""Where the customer of a callback is called, and what that one sees as the caller."""

import logging
from collections.abc import Callable
from urllib.parse import quote, unquote

from aiosipua import parse_uri

from console.domain.address import number_of, trunk_of
from console.domain.errors import BadInput

_SIP = ("sip:", "sips:")
_log = logging.getLogger(__name__)


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


def over_trunk(uri: str, trunk: str) -> str:
    """A SIP URI as it is called: its number over the trunk, all else where it points."""
    return target_of(uri, trunk) if uri.lower().startswith(_SIP) else uri


def refused_transfer(refuses: Callable[[str], str], agent: str, target: str) -> str:
    """Why an agent's phone may not pass a customer on to there, which is logged; "" when it may."""
    why = refuses(target)
    if why:
        _log.warning("agent %s may not transfer to %r: %s by [switch.callbacks]", agent, target[:60], why)
    return why


def _user(text: str) -> str:
    return quote(text, safe="+*")
