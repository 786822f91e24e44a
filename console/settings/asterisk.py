"""`[switch.asterisk]`: where the Asterisk servers are, and what is meant for us there."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from console.domain.errors import SettingsError
from console.domain.plan import Fault
from console.settings.declaration import Section, chosen, number, told

PASSWORD = "CALLBOARD_ARI_PASSWORD"
"""The environment variable for the password where no file is named."""

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_SIP = 5060
_LONGEST = 1024
_SRTP = ("off", "optional", "required")
_CHOICES = {
    "phones": ("registered", "called"),
    "phone_transport": ("udp", "tcp", "tls"),
    "phone_srtp": _SRTP,
}


class AsteriskNode(Section, frozen=True, kw_only=True):
    """`[[switch.asterisk.nodes]]`: one Asterisk of several; what is empty is as in `[switch.asterisk]`."""

    name: Annotated[str, told("What the board calls this Asterisk; no two have the same.")]
    url: Annotated[str, told("Its HTTP address.")]
    sip: Annotated[str, told("Where phones reach it, host:port.")] = ""
    user: Annotated[str, told("Its user in ari.conf.")] = ""
    password_file: Annotated[str, told("File with that user's password alone.")] = ""


class AsteriskSettings(Section, frozen=True, kw_only=True):
    """`[switch.asterisk]`: used with `switch.kind = "asterisk"`."""

    url: Annotated[str, told("Asterisk's HTTP address; https for TLS.")] = "http://127.0.0.1:8088"
    user: Annotated[str, told("Our user in ari.conf.")] = "callboard"
    password_file: Annotated[
        str,
        told(
            f"File with that user's password alone; empty: the environment variable {PASSWORD}. The password "
            "itself never stands in this file."
        ),
    ] = ""
    app: Annotated[str, told("Our Stasis application in the dialplan.")] = "callboard"
    context: Annotated[str, told("Our context in the dialplan.")] = "callboard"
    endpoint: Annotated[str, told("PJSIP endpoint by which desks and customers are called.")] = (
        "callboard-out"
    )
    sounds: Annotated[str, told("Folder of the prompts on Asterisk's machine.")] = (
        "/usr/share/callboard/asterisk-sounds"
    )
    sip: Annotated[
        str, told("Where phones reach Asterisk, host:port; empty: port 5060 of the host in url.")
    ] = ""
    fallback: Annotated[
        str, told("app_queue queue that takes callers while the centre is away; empty: they are turned away.")
    ] = ""
    queue_log: Annotated[
        str,
        told(
            "Asterisk's queue_log where the centre can read it: tells of the calls that fallback served. "
            "Empty: those do not appear in the figures."
        ),
    ] = ""
    phones: Annotated[
        str,
        chosen(
            "registered: each agent's phone has an account of its own at Asterisk, made by the centre; "
            "called: Asterisk calls phones at the address that they tell, without a password.",
            "registered",
            "called",
        ),
    ] = "registered"
    phone_transport: Annotated[
        str, chosen("How phones reach Asterisk: udp, tcp or tls.", "udp", "tcp", "tls")
    ] = "tcp"
    phone_srtp: Annotated[
        str,
        chosen("Encrypted sound between phones and Asterisk: off, optional or required.", *_SRTP),
    ] = "off"
    phone_password_hours: Annotated[
        float,
        number(
            "Hours after which phones get another password, besides each sign-in.", least=0.0001, most=8760
        ),
    ] = 12.0
    tls_port: Annotated[
        int, number("Where Asterisk takes SIP over TLS, on the host of sip.", least=1, most=65535)
    ] = 5061
    tls_certificate: Annotated[
        str, told("File on Asterisk's machine with the certificate that phones check.")
    ] = "/etc/asterisk/keys/callboard.crt"
    tls_key: Annotated[str, told("File on Asterisk's machine with that certificate's key.")] = (
        "/etc/asterisk/keys/callboard.key"
    )
    tls_ca: Annotated[
        str,
        told(
            "File here with that certificate's authority, for `callboardctl asterisk check`; empty: those "
            "that this machine trusts. Desks have phone.tls_ca."
        ),
    ] = ""
    nodes: tuple[AsteriskNode, ...] = ()

    @property
    def renew_after(self) -> timedelta:
        """How old a phone's password may get."""
        return timedelta(hours=self.phone_password_hours)

    def phones_at(self, node: AsteriskNode) -> str:
        """Where phones register at a node of `all_nodes`, host:port."""
        if self.phone_transport != "tls":
            return node.sip
        return f"{node.sip.rpartition(':')[0]}:{self.tls_port}"

    def all_nodes(self) -> tuple[AsteriskNode, ...]:
        """Every Asterisk, with nothing left empty but password_file and the name of an only one."""
        given = self.nodes or (AsteriskNode(name="", url=self.url, sip=self.sip),)
        return tuple(
            AsteriskNode(
                name=node.name,
                url=node.url,
                sip=node.sip or f"{_bracketed(urlsplit(node.url).hostname or '')}:{_SIP}",
                user=node.user or self.user,
                password_file=node.password_file or self.password_file,
            )
            for node in given
        )

    def faults(self) -> Iterator[Fault]:
        """What cannot be, as options below this table and words."""
        for option in ("user", "app", "context", "endpoint", "sounds"):
            if not getattr(self, option).strip() or any(sign in getattr(self, option) for sign in ",;\n"):
                yield option, "this is empty, or has a comma, semicolon or line break"
        yield from _not_chosen(self)
        if words := _wrong(self.url):
            yield "url", words
        seen: set[str] = set()
        for index, node in enumerate(self.nodes):
            if not node.name or node.name in seen:
                yield f"nodes[{index}].name", f"“{node.name}” is empty or there already"
            seen.add(node.name)
            if words := _wrong(node.url):
                yield f"nodes[{index}].url", words

    def warnings(self) -> Iterator[Fault]:
        """What may be meant but is not safe."""
        if self.phone_srtp != "off" and self.phone_transport != "tls":
            yield "phone_srtp", "the keys of the sound travel in the clear: set phone_transport to tls too"
        for node in self.all_nodes():
            parts = urlsplit(node.url)
            if parts.scheme == "http" and parts.hostname not in _HERE:
                yield "url", f"{node.url} carries the password in the clear over the network: use https"


def _not_chosen(settings: AsteriskSettings) -> Iterator[Fault]:
    for option, known in _CHOICES.items():
        if getattr(settings, option) not in known:
            yield option, f"“{getattr(settings, option)}” is none of {', '.join(known)}"


def password_of(node: AsteriskNode) -> str:
    """The password of a node's user. Raises SettingsError when there is none, with what to do."""
    if not node.password_file:
        found = os.environ.get(PASSWORD, "")
        if found:
            return found
        raise SettingsError(
            f"switch.asterisk.password_file: it is empty and {PASSWORD} is not set, so nothing tells the "
            f"password of “{node.user}” at {node.url}. Write it into a file that only the centre can read, "
            "and name that file."
        )
    try:
        found = Path(node.password_file).read_text(encoding="utf-8")[:_LONGEST].strip()
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise SettingsError(
            f"switch.asterisk.password_file: {node.password_file} cannot be read: {why}. It has to hold "
            f"the password of “{node.user}” in ari.conf, readable for the centre."
        ) from None
    if not found:
        raise SettingsError(f"switch.asterisk.password_file: {node.password_file} is empty")
    return found


def _wrong(url: str) -> str:
    try:
        parts: SplitResult = urlsplit(url)
        ok = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "this is no address; write http://HOST:8088 or https://HOST:8089"
    if parts.username is not None or parts.password is not None:
        return "user and password do not belong into an address; use user and password_file"
    return "" if ok else "this is no HTTP address; write http://HOST:8088 or https://HOST:8089"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
