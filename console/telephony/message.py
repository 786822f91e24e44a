"""Reading of a raw SIP message: as much of it as the desk needs, bounded, and never failing on rubbish (RFC
3261 7.3).
"""

import re

MAX_HEAD = 32_768
MAX_HEADERS = 100
MAX_VALUE = 1_024

_COMPACT = {
    "i": "call-id",
    "m": "contact",
    "e": "content-encoding",
    "l": "content-length",
    "c": "content-type",
    "f": "from",
    "s": "subject",
    "k": "supported",
    "t": "to",
    "v": "via",
    "r": "refer-to",
    "b": "referred-by",
}
_USER = re.compile(r"^sips?:([^@;?\s]*)@", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


def request_uri(whole: str) -> str:
    """The request URI of a request, or "" when the first line is none."""
    parts = whole.split(None, 2)[:2]
    return parts[1][:MAX_VALUE] if len(parts) == 2 else ""


def user_of(uri: str) -> str:
    """The user part of a SIP URI, unescaped (RFC 3261 19.1.4), without password; "" when it has none."""
    found = _USER.match(uri)
    if not found:
        return ""
    return _ESCAPE.sub(lambda code: chr(int(code[1], 16)), found[1].partition(":")[0])


def user_asked_for(whole: str) -> str:
    """The user in a request's URI, read the short way: our 180 waits for it."""
    uri = whole.split(" ", 2)[1]
    if "%" in uri or "@" not in uri:
        return user_of(uri)
    return uri.partition("@")[0].partition(":")[2].partition(":")[0].partition(";")[0]


def headers_of(whole: str) -> dict[str, str]:
    """The headers of a message by lower-case full name, first value of each.

    Continued lines are joined; what lies beyond MAX_HEAD characters or MAX_HEADERS headers is left out, and
    values
    are cut at MAX_VALUE.
    """
    head = whole[:MAX_HEAD].replace("\r\n", "\n").partition("\n\n")[0]
    found: dict[str, str] = {}
    for line in re.sub(r"\n[ \t]+", " ", head).split("\n")[1 : MAX_HEADERS + 1]:
        name, colon, value = line.partition(":")
        if colon and name.strip():
            key = name.strip().lower()
            found.setdefault(_COMPACT.get(key, key), value.strip()[:MAX_VALUE])
    return found


def completed_elsewhere(whole: str) -> bool:
    """Whether a CANCEL or BYE says that another phone took the call (RFC 3326, cause 200)."""
    reason = headers_of(whole).get("reason", "").lower()
    return "elsewhere" in reason or re.search(r"cause\s*=\s*200\b", reason) is not None
