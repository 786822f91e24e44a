"""Links that bring settings: `callboard://provision?d=CONTENT&k=KEY&s=SIGNATURE`.

CONTENT is JSON as base64url: the form's version, who issued it, until when it is good, and options of
desk.toml by dotted name. SIGNATURE is Ed25519 (RFC 8032) over a fixed word and CONTENT as it stands in the
link, KEY the public key it was made with: it names the issuer, and counts only when it is trusted already. No
secret may stand in a link: it is seen in mails, logs and the browser's history.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from console.domain.errors import BadInput, Refused, SettingsError, SignatureFault
from console.domain.links import LONGEST
from console.policy.provisioned import ByLink
from console.settings.values import provisionable
from console.signature import public_of, sign_bytes, verify_bytes

VERSION = 1
DAYS_MOST = 366.0
_WORD = b"callboard provisioning link 1\n"
_PARTS = ("d", "k", "s")
_Issuer = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a link says."""

    v: int
    issuer: _Issuer
    expires: Annotated[datetime, msgspec.Meta(tz=True)]
    values: Annotated[dict[str, Any], msgspec.Meta(min_length=1)]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A link that may be believed: what it brings, and whose word that rests on."""

    issuer: str
    key: str
    trusted_by: str
    expires: datetime
    values: dict[str, Any]

    def taken(self, at: datetime) -> ByLink:
        """What is kept when the person agrees."""
        return ByLink(issuer=self.issuer, key=self.key, at=at, values=msgspec.to_builtins(self.values))


def make_link(secret_key: str, issuer: str, values: Mapping[str, Any], expires: datetime) -> str:
    """A link that sets `values` (by dotted name) until `expires`.

    Raises SettingsError for an option that is not there, not fitting, or not for links; SignatureFault for a
    key that is none; BadInput when nothing is set or the link gets too long.
    """
    checked = msgspec.to_builtins(provisionable(values))
    data = msgspec.json.encode(Content(v=VERSION, issuer=issuer, expires=expires, values=checked))
    try:
        msgspec.json.decode(data, type=Content)
    except msgspec.ValidationError as fault:
        raise BadInput(f"such a link cannot be made: {fault}") from None
    text = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    signature = sign_bytes(secret_key, _WORD + text.encode())
    link = f"callboard://provision?d={text}&k={public_of(secret_key)}&s={signature}"
    if len(link) > LONGEST:
        raise BadInput(
            f"the link would have {len(link)} characters, {LONGEST} at most are taken: set fewer options"
        )
    return link


def read_link(link: str, trusted: Mapping[str, str], now: datetime) -> Offered:
    """What a link offers. `trusted` are public keys, each with whose word it is.

    Raises BadInput when it is no such link, Refused when it may not be believed: a stranger's key, a wrong
    signature, expired, or options that no link may set.
    """
    parts = _parts(link)
    if not trusted:
        raise Refused(
            "Nobody may set this computer up by a link yet. Sign in to your centre first, or ask your IT."
        )
    if parts["k"] not in trusted:
        raise Refused(
            "This link is signed by somebody this computer does not know. Nothing was changed. Ask your IT "
            "whether it is theirs."
        )
    try:
        verify_bytes(parts["k"], _WORD + parts["d"].encode(), parts["s"])
    except SignatureFault:
        raise Refused(
            "The signature of this link is wrong: it was changed or damaged on its way. Nothing was changed. "
            "Ask for a new one."
        ) from None
    content = _content(parts["d"])
    if content.expires <= now:
        raise Refused(
            f"This link was good until {content.expires:%Y-%m-%d %H:%M} UTC. Nothing was changed. "
            "Ask for a new one."
        )
    if content.expires > now + timedelta(days=DAYS_MOST + 1):
        raise Refused("This link says it is good for more than a year: such links are not taken.")
    try:
        values = provisionable(content.values)
    except SettingsError as fault:
        raise Refused(f"This link sets what cannot be set so: {str(fault).rstrip('.')}.") from None
    return Offered(
        issuer=content.issuer,
        key=parts["k"],
        trusted_by=trusted[parts["k"]],
        expires=content.expires,
        values=values,
    )


def _parts(link: str) -> dict[str, str]:
    """The three parts of a link. Raises BadInput."""
    if len(link) > LONGEST:
        raise BadInput("This link is too long to be one with settings. Ask for a new one.")
    try:
        found = urlsplit(link.strip())
        pairs = parse_qsl(found.query, keep_blank_values=True, strict_parsing=True, max_num_fields=9)
    except ValueError:
        raise BadInput(_NO_LINK) from None
    ours = found.scheme == "callboard" and (found.netloc or found.path).strip("/").lower() == "provision"
    if not ours or tuple(sorted(name for name, _ in pairs)) != _PARTS or not link.isascii():
        raise BadInput(_NO_LINK)
    return dict(pairs)


_NO_LINK = "This is no link with settings, or a part of it is missing. Open it anew, or ask for a new one."


def _content(text: str) -> Content:
    """What was signed. Raises BadInput: a trusted issuer's version of the program may be newer than this."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        content = msgspec.json.decode(data, type=Content)
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        raise BadInput("What this link says cannot be read here. A newer Callboard may be needed.") from None
    if content.v != VERSION:
        raise BadInput("What this link says cannot be read here. A newer Callboard may be needed.")
    return content
