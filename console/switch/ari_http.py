"""REST requests over HTTP, one after the other, for an Asterisk whose socket brings events only.

Asterisk before 20.14, 21.9 and 22.4, as the 20.6 of Ubuntu 24.04. A request costs a millisecond there, and
an answer may come before an event that was first.
"""

import re
from typing import Any

import httpx
import msgspec

LEAST = {20: 14, 21: 9, 22: 4}
"""By major version the first minor one that takes REST requests over the websocket; later majors all do."""

_VERSION = re.compile(r"(\d+)\.(\d+)")
_ANSWER_S = 10.0


class Asked(msgspec.Struct):
    """A request, as the socket would carry it."""

    request_id: str
    method: str
    uri: str
    query_strings: list[dict[str, str]] = []
    message_body: str = ""


_ASKED = msgspec.json.Decoder(Asked)


def by_socket(version: str) -> bool:
    """Whether this Asterisk takes requests over its socket; of an unknown version that is assumed."""
    found = _VERSION.search(version)
    return found is None or int(found[2]) >= LEAST.get(int(found[1]), 0 if int(found[1]) > max(LEAST) else 99)


class Posting:
    """Keeps one connection; asks in the order in which it is told to."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._base = f"{url.rstrip('/')}/ari"
        self._client = httpx.AsyncClient(auth=(user, password), trust_env=False, timeout=_ANSWER_S)

    async def version(self) -> str:
        """Asterisk's; "" when it does not tell."""
        try:
            answer = await self._client.get(f"{self._base}/asterisk/info", params={"only": "system"})
            return str(answer.json()["system"]["version"]) if answer.is_success else ""
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return ""

    async def ask(self, data: bytes) -> dict[str, Any]:
        """Ask what the socket would have carried; returns what it would have brought. Status 0: no answer."""
        asked = _ASKED.decode(data)
        answer: dict[str, Any] = {"request_id": asked.request_id}
        try:
            got = await self._client.request(
                asked.method,
                f"{self._base}/{asked.uri}",
                params={one["name"]: one["value"] for one in asked.query_strings},
                content=asked.message_body or None,
                headers={"Content-Type": "application/json"} if asked.message_body else None,
            )
        except httpx.HTTPError as fault:
            return answer | {"status_code": 0, "reason_phrase": str(fault)}
        return answer | {
            "status_code": got.status_code,
            "reason_phrase": got.reason_phrase,
            "message_body": got.text,
        }

    async def close(self) -> None:
        """Give the connection back."""
        await self._client.aclose()
