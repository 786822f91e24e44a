"""The desk's HTTP requests to its centre: sign-in, and the delivery of records."""

import socket
import ssl

import httpx
import msgspec

from console.domain.errors import NetworkError, Refused
from console.sync.outbox import Answer
from console.sync.place import Place, SignedIn
from console.sync.request import Request

_TIMEOUT_S = 10.0
_MOST_BYTES = 4_000_000
_READ_S = 60.0  # a year of figures is worked out before the first byte comes


_signed_in = msgspec.json.Decoder(SignedIn)


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

    async def ask(self, request: Request, token: str) -> Answer:
        """Carry a request of the signed-in user's. Raises NetworkError when there is no answer."""
        return await self._carry(request, token, _READ_S)

    async def _post(self, path: str, body: bytes, token: str = "") -> Answer:
        return await self._carry(Request("POST", path, body=body), token, _TIMEOUT_S)

    async def _carry(self, request: Request, token: str, read_s: float) -> Answer:
        headers = {"content-type": "application/json"} if request.body else {}
        if token:
            headers["authorization"] = f"Bearer {token}"
        try:
            async with self._client.stream(
                request.method,
                request.path,
                params=request.query or None,
                content=request.body or None,
                headers=headers,
                timeout=httpx.Timeout(_TIMEOUT_S, read=read_s),
            ) as response:
                data = bytearray()
                async for piece in response.aiter_bytes():
                    data += piece
                    if len(data) > request.most_bytes:
                        raise NetworkError(f"{self._place.base} sent an answer without end.")
                return Answer(response.status_code, bytes(data), response.headers.get("retry-after", ""))
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
        if isinstance(cause, socket.gaierror):
            return "the name is not known (is it spelt right?)"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there (is the centre running?)"
        cause = cause.__cause__ or cause.__context__
    if isinstance(fault, (TimeoutError, httpx.TimeoutException)):
        return "no answer in time"
    return str(fault) or type(fault).__name__
