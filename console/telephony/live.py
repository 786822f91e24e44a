"""A live call as the desk sees it, and the pure readings around it: headers, names, why it ended."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote
from uuid import UUID

import msgspec

from console.domain.address import Address, parse_name_addr
from console.domain.call import CallEnd, CallPhase, Direction, Quality
from console.domain.errors import BadInput
from console.domain.queue import SkillNeed
from console.telephony.engine import Account, CallDisconnected, CertificateFault, IncomingCall

MAX_SKILLS = 50
MAX_NAME = 200
_REFUSED_ENDS = {
    408: CallEnd.NO_ANSWER,
    480: CallEnd.NO_ANSWER,
    486: CallEnd.BUSY,
    600: CallEnd.BUSY,
    487: CallEnd.NO_ANSWER,
    0: CallEnd.FAILED,
    503: CallEnd.FAILED,
}


class LiveCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call that is not over. Times are aware UTC; `quality` is that of the last interval.

    `held_there`: the other side holds us. `queue`, `waited_s`, `skills`, `interaction` are what the centre
    said; `outbound`: it rings us so that we reach a customer, `at_once`: and is to be taken without asking.
    """

    call: UUID
    direction: Direction
    peer: Address
    account: str
    phase: CallPhase
    started_at: datetime
    answered_at: datetime | None = None
    held_since: datetime | None = None
    held_there: bool = False
    muted: bool = False
    interaction: UUID | None = None
    queue: str = ""
    waited_s: float | None = None
    skills: tuple[SkillNeed, ...] = ()
    quality: Quality | None = None
    codec: str = ""
    encrypted: bool = False
    outbound: bool = False
    at_once: bool = False


class CentreWords(msgspec.Struct, frozen=True):
    """What the centre says of a call in the headers of its INVITE."""

    interaction: UUID | None = None
    queue: str = ""
    waited_s: float | None = None
    skills: tuple[SkillNeed, ...] = ()
    outbound: bool = False
    at_once: bool = False


def centre_words(headers: Mapping[str, str]) -> CentreWords:
    """Read X-Interaction-Id, X-Queue, X-Waited-S, X-Skills, X-Outbound and Answer-Mode (RFC 5373); what is
    malformed counts as not there.
    """
    return CentreWords(
        interaction=_uuid(headers.get("x-interaction-id", "")),
        queue=_shown(unquote(headers.get("x-queue", ""), errors="replace")),
        waited_s=_seconds(headers.get("x-waited-s", "")),
        skills=_skills(headers.get("x-skills", "")),
        outbound=headers.get("x-outbound", "").strip() == "1",
        at_once=headers.get("answer-mode", "").partition(";")[0].strip().lower() == "auto",
    )


def caller(event: IncomingCall) -> Address:
    """Who calls, from the From header; `anonymous` when it says nothing usable."""
    try:
        address = parse_name_addr(event.from_header)
    except BadInput:
        return Address("sip:anonymous@anonymous.invalid")
    return Address(_shown(address.uri), _shown(address.name))


def domain_of(account: Account) -> str:
    """Host and port that bare numbers belong to: the registrar's, else the address's own."""
    for uri in (account.registrar, account.uri):
        host = uri.partition(":")[2].rpartition("@")[2].partition(";")[0].partition("?")[0]
        if host:
            return host
    return ""


_CERTIFICATE = {
    CertificateFault.UNTRUSTED: (
        "The registrar's certificate is not from an authority that is trusted here. Nothing was sent. "
        "Set phone.tls_ca to its authority's file, or ask your IT."
    ),
    CertificateFault.NAME: (
        "The registrar's certificate is for another name than it is called by. Nothing was sent. "
        "Check the registrar's name, or ask your IT for a certificate with that name."
    ),
    CertificateFault.EXPIRED: (
        "The registrar's certificate has expired, or is not good yet. Nothing was sent. "
        "Check this computer's date, or ask your IT to renew the certificate."
    ),
}


_NO_TLS = re.compile(r"PJ_EEOF|PJ_ETIMEDOUT|Unknown error 4[789]\d{4}|(?i:ssl|tls)")
"""OpenSSL's own errors have no words in every build."""


def words_for_registration(
    code: int,
    reason: str,
    certificate: CertificateFault = CertificateFault.NONE,
    *,
    tls: bool = False,
    given: bool = False,
) -> str:
    """What a registration's outcome means, for the person; 0: no answer came. `tls`: it was tried so.
    `given`: the centre gave the account, nobody typed it.
    """
    if not code:
        return "The registrar does not answer."
    if "TLS_ECERTVERIF" in reason:
        return _CERTIFICATE.get(certificate, _CERTIFICATE[CertificateFault.UNTRUSTED])
    if "ERESOLVE" in reason:
        return "The registrar's name is not known on the network. Check it, and the network."
    if code in {502, 503} and reason not in _SAID_BY_REGISTRARS:
        return _unreached(reason, tls=tls)
    return _refused(code, reason, given=given) if code in {401, 403, 407} else reason


def _refused(code: int, reason: str, *, given: bool) -> str:
    if not given:
        return f"The registrar refuses the name or the password ({code} {reason}). Check both."
    return (
        f"The telephone system refuses the password that the centre gave this phone ({code} {reason}). "
        "Sign out and in again; if that does not help, ask your IT."
    )


_SAID_BY_REGISTRARS = frozenset({"Bad Gateway", "Service Unavailable"})


def _unreached(reason: str, *, tls: bool) -> str:
    """No connection came about."""
    if tls and _NO_TLS.search(reason):
        return (
            "What answers at the registrar's address does not speak TLS, or none that is safe. Nothing was "
            "sent. Check the port (SIP over TLS is mostly at 5061), or ask your IT."
        )
    return f"The registrar cannot be reached: {in_words(reason)}. Check its address and the network."


def in_words(reason: str) -> str:
    """Why no connection came about, for a person."""
    if reason.startswith("Connection refused"):
        return "nobody listens there"
    if "timed out" in reason:
        return "there was no answer in time"
    if "unreachable" in reason or reason.startswith("No route"):
        return "there is no way to it on this network"
    return reason


def end_of(direction: Direction, event: CallDisconnected, *, rang: bool) -> CallEnd:
    """Why a call ended, in the words of history. `rang`: an outgoing call was heard ringing."""
    if event.answered:
        return _end_of_talk(event)
    if direction is Direction.INCOMING:
        return _end_of_ringing(event)
    if event.by_us:
        return CallEnd.CANCELLED
    if event.code == 408 and not rang:
        return CallEnd.FAILED
    return _REFUSED_ENDS.get(event.code, CallEnd.REFUSED)


def _end_of_talk(event: CallDisconnected) -> CallEnd:
    if event.by_us:
        return CallEnd.HUNG_UP_HERE
    return CallEnd.FAILED if event.code in {0, 408, 481, 500, 503} else CallEnd.HUNG_UP_THERE


def _end_of_ringing(event: CallDisconnected) -> CallEnd:
    if event.by_us:
        return CallEnd.DECLINED
    if event.elsewhere:
        return CallEnd.ELSEWHERE
    return CallEnd.MISSED if event.code == 487 else CallEnd.FAILED


def _shown(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:MAX_NAME].strip()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _skills(text: str) -> tuple[SkillNeed, ...]:
    found = []
    for part in text.split(",")[:MAX_SKILLS]:
        name, _, level = part.strip().partition(":")
        if name:
            known = level.strip().isascii() and level.strip().isdigit()
            found.append(SkillNeed(_shown(name), min(10, max(1, int(level[:3]))) if known else 1))
    return tuple(found)
