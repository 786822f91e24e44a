"""A client of Asterisk's manager interface (AMI): signs in, asks, and passes events on.

Thin and our own. panoramisk 1.4 (MIT; its newest release, years old) does the same and tells of lost
connections too, but it has no types, takes each packet for whole characters (one that is cut at the edge is
dropped), and sends unanswered actions again after it has reconnected: a sign-in or a pause could come late.
Protocol: Asterisk's documentation, "Asterisk Manager TCP IP API".
"""

import asyncio
import hashlib
import itertools
import logging
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from console.domain.errors import NetworkError

AmiEvent = Mapping[str, str]
"""The fields of an event, an answer or a line of a list, by name."""

_ANSWER_S = 10.0
_MOST_BYTES = 1 << 20
_log = logging.getLogger(__name__)


class Unwelcome(NetworkError):
    """Asterisk refuses the manager user, or the secret."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a manager interface is, and as whom to sign in. `certificates` is a PEM file with the authority
    to trust ("": the system's). The secret is never shown.
    """

    host: str = "127.0.0.1"
    port: int = 5038
    user: str = "callboard"
    secret: str = ""
    tls: bool = False
    certificates: str = ""

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Place({self.user!r} at {self.host}:{self.port})"


class Ami:
    """One signed-in connection. The secret is not sent: a hash with a challenge of Asterisk's is."""

    def __init__(self, place: Place, take: Callable[[AmiEvent], None]) -> None:
        """`take` gets every event in the order in which Asterisk sends them."""
        self._place = place
        self._address = (place.host, place.port)
        self._take = take
        self._numbers = itertools.count(1)
        self._asked: dict[str, asyncio.Future[AmiEvent]] = {}
        self._lists: dict[str, list[AmiEvent]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self.lost = asyncio.Event()
        """Set once the connection is gone."""

    async def open(self) -> None:
        """Connect and sign in. Raises NetworkError, saying what to do."""
        host, port = self._address
        reader = await self._connected(host, port)
        greeting = await self._greeting(reader)
        if not greeting.startswith(b"Asterisk Call Manager"):
            await self.close()
            raise NetworkError(
                f"At {host}:{port} there is no manager interface of an Asterisk. Mend host, port and tls."
            )
        self.lost.clear()
        self._reading = asyncio.create_task(self._read(reader), name="ami")
        try:
            challenge = await self.ask("Challenge", AuthType="md5")
            words = (challenge.get("Challenge", "") + self._place.secret).encode()
            key = hashlib.md5(words, usedforsecurity=False).hexdigest()
            answer = await self.ask("Login", AuthType="md5", Username=self._place.user, Key=key)
        except NetworkError:
            await self.close()
            raise
        if answer.get("Response") != "Success":
            await self.close()
            raise Unwelcome(
                f"Asterisk at {host}:{port} refuses the manager user “{self._place.user}”: "
                f"{answer.get('Message', '')}. Name and secret have to be those in its manager.conf."
            )

    async def close(self) -> None:
        """Disconnect. Idempotent."""
        reading, self._reading = self._reading, None
        if reading is not None and reading is not asyncio.current_task():
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        self._gone()

    async def ask(self, action: str, **fields: str) -> AmiEvent:
        """Send an action; returns the answer. Raises NetworkError when none comes."""
        return await self._send(f"callboard-{next(self._numbers)}", action, fields)

    async def list(self, action: str, **fields: str) -> list[AmiEvent]:
        """The lines of a list that an action asks for. Raises NetworkError; so when it is refused."""
        key = f"callboard-{next(self._numbers)}"
        lines = self._lists[key] = []
        try:
            answer = await self._send(key, action, fields)
        finally:
            del self._lists[key]
        if answer.get("Response") == "Error":
            raise NetworkError(f"Asterisk refuses {action}: {answer.get('Message', '')}")
        return lines

    # ------------------------------------------------------------------ inside

    async def _connected(self, host: str, port: int) -> asyncio.StreamReader:
        context = self._context()
        try:
            async with asyncio.timeout(_ANSWER_S):
                reader, self._writer = await asyncio.open_connection(
                    host, port, limit=_MOST_BYTES, ssl=context
                )
        except ssl.SSLCertVerificationError as fault:
            raise NetworkError(
                f"Asterisk's certificate at {host}:{port} is not trusted ({fault.verify_message}). Name the "
                "PEM file of the authority that signed it."
            ) from None
        except (OSError, TimeoutError) as fault:
            raise NetworkError(
                f"Asterisk's manager interface at {host}:{port} cannot be reached "
                f"({str(fault) or 'no answer'}). Is it enabled in manager.conf, and open to this machine?"
            ) from None
        return reader

    def _context(self) -> ssl.SSLContext | None:
        if not self._place.tls:
            return None
        file = self._place.certificates
        try:
            return ssl.create_default_context(cafile=file or None)
        except OSError as fault:  # SSLError is one
            raise NetworkError(
                f"The certificates in {file} cannot be used ({fault.strerror or fault}). "
                "It has to be a PEM file."
            ) from None

    async def _greeting(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await reader.readline()
        except (OSError, TimeoutError, ValueError):
            return b""

    async def _send(self, key: str, action: str, fields: Mapping[str, str]) -> AmiEvent:
        writer = self._writer
        if writer is None or self.lost.is_set():
            raise NetworkError("there is no connection to Asterisk's manager interface")
        lines = {"Action": action, "ActionID": key, **fields}
        if any(sign in text for text in lines.values() for sign in "\r\n"):
            raise NetworkError(f"a line break does not belong into {action}")
        answer: asyncio.Future[AmiEvent] = asyncio.get_running_loop().create_future()
        self._asked[key] = answer
        try:
            writer.write("".join(f"{name}: {text}\r\n" for name, text in lines.items()).encode() + b"\r\n")
            async with asyncio.timeout(_ANSWER_S):
                await writer.drain()
                return await answer
        except (OSError, TimeoutError) as fault:
            raise NetworkError(f"Asterisk's manager interface did not answer {action}: {fault}") from None
        finally:
            del self._asked[key]

    async def _read(self, reader: asyncio.StreamReader) -> None:
        fields: dict[str, str] = {}
        try:
            while raw := await reader.readline():
                line = raw.decode(errors="replace").rstrip("\r\n")
                name, colon, text = line.partition(":")
                if colon:
                    fields[name] = text.strip()
                elif not line and fields:
                    self._message(fields)
                    fields = {}
        except (OSError, ValueError) as fault:  # ValueError: a line beyond every measure
            _log.error("the connection to Asterisk's manager interface broke: %s", fault)
        self._gone()

    def _message(self, fields: AmiEvent) -> None:
        key = fields.get("ActionID", "")
        asked = self._asked.get(key)
        lines = self._lists.get(key)
        if "Response" in fields:
            begins = lines is not None and fields.get("EventList", "").lower() == "start"
            if asked is not None and not asked.done() and not begins:
                asked.set_result(fields)
        elif asked is not None and lines is not None:
            if fields.get("EventList", "").lower() == "complete":
                if not asked.done():
                    asked.set_result(fields)
            else:
                lines.append(fields)
        elif "Event" in fields:
            try:
                self._take(fields)
            except Exception:  # noqa: BLE001 - our bug, told loudly; the other events go on
                _log.exception("an event %s was not understood", fields["Event"])

    def _gone(self) -> None:
        self.lost.set()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(NetworkError("the connection to Asterisk's manager interface is lost"))
