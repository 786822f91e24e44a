"""A live call as the desk sees it, and the pure readings around it: headers, names, why it ended."""

import math
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote
from uuid import UUID

import msgspec

from console.domain.address import Address, parse_name_addr
from console.domain.call import CallEnd, CallPhase, Direction, Quality
from console.domain.errors import BadInput
from console.domain.queue import SkillNeed
from console.telephony.engine import Account, CallDisconnected, IncomingCall

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
    said.
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


class CentreWords(msgspec.Struct, frozen=True):
    """What the centre says of a call in the headers of its INVITE."""

    interaction: UUID | None = None
    queue: str = ""
    waited_s: float | None = None
    skills: tuple[SkillNeed, ...] = ()


def centre_words(headers: Mapping[str, str]) -> CentreWords:
    """Read X-Interaction-Id, X-Queue, X-Waited-S and X-Skills; what is malformed counts as not there."""
    return CentreWords(
        interaction=_uuid(headers.get("x-interaction-id", "")),
        queue=_shown(unquote(headers.get("x-queue", ""), errors="replace")),
        waited_s=_seconds(headers.get("x-waited-s", "")),
        skills=_skills(headers.get("x-skills", "")),
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


def words_for_registration(code: int, reason: str) -> str:
    """What a registration's outcome means, for the person; 0: no answer came."""
    if not code:
        return "The registrar does not answer. Trying again."
    if "TLS_ECERTVERIF" in reason:
        return (
            "The registrar's certificate is not from an authority that is trusted here, or not for its name. "
            "Nothing was sent. Check the registrar's name, or set phone.tls_ca to its authority's file."
        )
    if "ERESOLVE" in reason:
        return "The registrar's name is not known on the network. Check it, and the network. Trying again."
    if code in {401, 403, 407}:
        return f"The registrar refuses the name or the password ({code} {reason}). Check both."
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
