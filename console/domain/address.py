"""Addresses: who is at the other end of an interaction, on any channel.

A SIP address follows RFC 3261 section 19.1, a telephone number E.164 / RFC 3966.
"""

import re

import msgspec

from console.domain.errors import BadInput

_SIP = re.compile(
    r"^(?P<scheme>sips?):(?:(?P<user>[^@;?<>\s]+)@)?(?P<host>\[[0-9a-fA-F:.]+\]|[^:;?@<>\s]+)(?::(?P<port>\d{1,5}))?(?P<rest>[;?]\S*)?$"
)
_NUMBER = re.compile(r"^\+?[0-9*#]{1,32}$")
_LAST_PORT = 65535
_FILLER = re.compile(r"[\s().\-/]+")
_NAME_ADDR = re.compile(r'^\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^<"]*?))\s*<(?P<uri>[^<>]+)>')


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """One end of an interaction.

    `uri` is the address in its channel's own form (`sip:anna@example.org`, `tel:+4930123456`, `mailto:...`);
    `name` is what the network showed for it, possibly empty.
    """

    uri: str
    name: str = ""

    @property
    def user(self) -> str:
        """The part a person would dial or say: the number or the user, without scheme and host."""
        scheme, _, rest = self.uri.partition(":")
        if not rest:
            return self.uri
        if scheme in {"sip", "sips"}:
            found = _SIP.match(self.uri)
            return (found["user"] or found["host"]) if found else rest
        return re.split(r"[;?]", rest, maxsplit=1)[0]

    @property
    def shown(self) -> str:
        """What to show for it: the name if there is one, else the number or user."""
        return self.name or self.user


def parse_name_addr(text: str) -> Address:
    """Read a `From`/`To` header value, `"Anna" <sip:anna@host>;tag=x` or a bare URI (RFC 3261 20.10).

    Raises BadInput when there is no URI in it.
    """
    found = _NAME_ADDR.match(text)
    if found:
        name = found["quoted"] if found["quoted"] is not None else (found["plain"] or "")
        return Address(found["uri"].strip(), re.sub(r"\\(.)", r"\1", name).strip())
    uri = text.split(";", 1)[0].strip()
    if ":" not in uri or " " in uri:
        raise BadInput(f"not an address: {text[:80]!r}")
    return Address(uri)


def normalise_dialled(text: str, domain: str = "") -> Address:
    """Turn what a person typed (number, name, SIP address, `tel:` link) into an address to call.

    `domain` is the host (and port) that bare numbers and names belong to. Raises BadInput, in words for the
    person who typed it, when it cannot be dialled.
    """
    typed = _without_telephone_scheme(text.strip())
    if not typed:
        raise BadInput("Enter a number, a name or a SIP address.")
    if "<" in typed:
        return parse_name_addr(typed)
    candidate = typed if typed.lower().startswith(("sip:", "sips:")) else _in_domain(typed, domain)
    if not _SIP.match(candidate):
        raise BadInput(
            f"“{text.strip()}” cannot be dialled. Enter a number or an address like sip:name@host.example."
        )
    return Address(candidate)


def _without_telephone_scheme(typed: str) -> str:
    for scheme in ("tel:", "callto:"):
        if typed.lower().startswith(scheme):
            return typed[len(scheme) :].split(";", 1)[0].lstrip("/")
    return typed


def _in_domain(typed: str, domain: str) -> str:
    number = _FILLER.sub("", typed)
    user = number if _NUMBER.match(number) else typed
    if "@" in user:
        return f"sip:{user}"
    if not domain:
        raise BadInput(
            f"There is no server to reach “{typed}” through. Dial a full address, like sip:name@host.example."
        )
    return f"sip:{user}@{domain}"


def trunk_of(text: str) -> tuple[str, str]:
    """Where numbers are called, `host`, `host:port` or a SIP URI, as host (with port) and parameters.

    `sip:gateway.example:5070;transport=tcp` is `gateway.example:5070` and `;transport=tcp`. Raises BadInput.
    """
    bare = text.strip()
    found = _SIP.match(bare if bare.lower().startswith(("sip:", "sips:")) else f"sip:{bare}")
    if found is None or not 0 < int(found["port"] or 1) <= _LAST_PORT or "?" in (found["rest"] or ""):
        raise BadInput(f"“{text}” is no trunk; use host:port or sip:gateway.example;transport=tcp")
    return (found["host"] + (f":{found['port']}" if found["port"] else ""), found["rest"] or "")


def number_of(text: str) -> str:
    """A telephone number without what only makes it easier to read (RFC 3966 5.1.1); "" when it is none."""
    bare = _FILLER.sub("", text)
    return bare if _NUMBER.match(bare) and any(sign.isdigit() for sign in bare) else ""
