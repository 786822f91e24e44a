"""The desk's HTTP requests to its centre: sign-in, and the delivery of records."""

import ipaddress
import ssl
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import msgspec

from console.domain.agent import Role
from console.domain.errors import NetworkError, Refused, SettingsError
from console.sync.outbox import Answer

_TIMEOUT_S = 10.0
_MOST_BYTES = 4_000_000


class SignedIn(msgspec.Struct, frozen=True):
    """What a sign-in gives. The token is kept in memory only, and never shown."""

    token: str
    user: str
    role: Role
    expires_at: datetime | None = None
    name: str = ""

    def __repr__(self) -> str:
        return f"SignedIn(user={self.user!r}, role={self.role.value!r})"


_signed_in = msgspec.json.Decoder(SignedIn)


class Place(msgspec.Struct, frozen=True):
    """Where a centre is: `base` for HTTP, `live` for the websocket. `loopback`: on this machine."""

    base: str
    live: str
    secure: bool
    loopback: bool


def read_url(url: str) -> Place:
    """Read the centre's URL from the settings. Raises SettingsError when it is none."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable or parts.username or parts.query or parts.fragment:
        # The text itself is not repeated where it may hold a password.
        shown = "This" if "@" in url else f"“{url}”"
        raise SettingsError(
            f"{shown} is not a centre's address. It looks like https://centre.company.example."
        )
    secure = parts.scheme == "https"
    rest = f"{parts.netloc}{parts.path.rstrip('/')}"
    live = f"{'wss' if secure else 'ws'}://{rest}/api/v1/live"
    return Place(f"{parts.scheme}://{rest}", live, secure, _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class CentreHttp:
    """One centre over HTTP. The client's connection pool is closed by `close`."""

    def __init__(self, place: Place, tls: ssl.SSLContext | None) -> None:
        """`tls` verifies the centre's certificate; None for plain HTTP."""
        self._place = place
        # A proxy from the environment is for the company's network, not for this machine.
        self._client = httpx.AsyncClient(
            base_url=place.base,
            verify=tls if tls is not None else False,
            timeout=_TIMEOUT_S,
            trust_env=not place.loopback,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def sign_in(self, user: str, password: str) -> SignedIn:
        """Sign in. Raises Refused with the reason, or NetworkError."""
        answer = await self._post(
            "/api/v1/sign-in", msgspec.json.encode({"user": user, "password": password})
        )
        if answer.status in {401, 403}:
            raise Refused(
                "Name or password is not right. Check both; the administrator can set a new password."
            )
        if answer.status == 429:
            raise Refused("Too many attempts to sign in. Wait a minute, then try again.")
        if answer.status not in {200, 201}:
            raise NetworkError(
                f"{self._place.base} answered HTTP {answer.status} to the sign-in. "
                "Check the centre's address in the settings."
            )
        try:
            return _signed_in.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise NetworkError(
                f"What answers at {self._place.base} is not a Callboard centre. Check the address."
            ) from None

    async def deliver(self, token: str, body: bytes) -> Answer:
        """POST records. Raises NetworkError when there is no answer."""
        return await self._post("/api/v1/records", body, token)

    async def _post(self, path: str, body: bytes, token: str = "") -> Answer:
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        try:
            async with self._client.stream("POST", path, content=body, headers=headers) as response:
                data = b""
                async for piece in response.aiter_bytes():
                    data += piece
                    if len(data) > _MOST_BYTES:
                        raise NetworkError(f"{self._place.base} sent an answer without end.")
                return Answer(response.status_code, data, response.headers.get("retry-after", ""))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as fault:
            raise NetworkError(f"{self._place.base} cannot be reached: {in_words(fault)}.") from fault


def in_words(fault: BaseException) -> str:
    """Why a connection failed, in words for a person."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate cannot be trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return f"no secure connection ({cause.reason or 'TLS failed'})"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there (is the centre running?)"
        cause = cause.__cause__ or cause.__context__
    if isinstance(fault, (TimeoutError, httpx.TimeoutException)):
        return "no answer in time"
    return str(fault) or type(fault).__name__
