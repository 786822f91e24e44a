"""One request of the signed-in user's to the centre, as a value; and what its answer means in words."""

from typing import Any, TypeVar

import msgspec

from console.domain.errors import BadInput, NetworkError, NotThere, Refused, TooLate
from console.sync.outbox import Answer

_T = TypeVar("_T")
_WORDS_MOST = 400
MOST_BYTES = 4_000_000
"""The longest answer that is taken where nothing else is said."""


class Request(msgspec.Struct, frozen=True):
    """A request: `path` from the root, `query` by name, `body` in JSON, and the longest answer taken."""

    method: str
    path: str
    query: dict[str, str] = {}
    body: bytes = b""
    most_bytes: int = MOST_BYTES


def checked(answer: Answer) -> bytes:
    """The body of an answer that says yes.

    Raises what the centre said no with, in its words: Refused (no right, a sign-in that is no longer good),
    NotThere, TooLate, BadInput; NetworkError when it could not do it.
    """
    if 200 <= answer.status < 300:
        return answer.body
    if answer.status == 401:
        raise Refused("The sign-in is no longer good. Sign in again.")
    words = detail(answer.body) or f"The centre answered HTTP {answer.status}."
    kinds = {400: BadInput, 403: Refused, 404: NotThere, 409: TooLate, 422: BadInput}
    raise kinds.get(answer.status, NetworkError)(words)


def decoded(answer: Answer, kind: type[_T]) -> _T:
    """An answer that says yes, read. Raises as `checked` does, and NetworkError for what cannot be read."""
    body = checked(answer)
    try:
        value: _T = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise NetworkError(f"The centre answered what cannot be read here: {fault}") from None
    return value


def detail(body: bytes) -> str:
    """What problem details (RFC 9457) say to the person, "" when they say nothing."""
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    said = found.get("detail") if isinstance(found, dict) else None
    return said[:_WORDS_MOST] if isinstance(said, str) else ""
