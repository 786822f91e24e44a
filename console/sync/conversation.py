"""One websocket to the centre, from Hello to its end."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from console.clock import Clock
from console.domain.errors import BadInput, NetworkError
from console.sync.http import in_words
from console.sync.place import Place
from console.wire import (
    CentreFrame,
    Farewell,
    Frame,
    Heartbeat,
    Hello,
    Welcome,
    decode_centre_frame,
    encode_frame,
)

_log = logging.getLogger(__name__)
# At debug level websockets writes down headers and frames, and with them the token.
_wire_log = logging.getLogger(f"{__name__}.websocket")
_wire_log.setLevel(logging.INFO)

OPEN_S = 10.0
"""Seconds for the connection, and for the Welcome after it."""

SILENCE = 2.5
"""Heartbeats without a word after which the centre counts as gone."""

MOST_BYTES = 16 * 1024 * 1024
"""The longest frame taken: a board of 1,000 agents and 50 queues is below 1 MB."""

MOST_BAD = 100
"""Frames that cannot be read before we hang up: whoever talks there is no centre."""

_HEARTBEATS_S = (0.05, 60.0)
# What values of the right type and the wrong sense lead to: a time without a zone, a year without end.
_NONSENSE = (TypeError, ValueError, OverflowError)
_NOT_LET_IN = {1008, 3000, 3003, 4001, 4003, 4401, 4403}  # close codes for a token or right that is missing


class Ending(msgspec.Struct, frozen=True):
    """How a conversation ended. `retry`: come back; if not, a new sign-in is needed.

    `welcomed`: it had begun.
    """

    reason: str
    retry: bool = True
    welcomed: bool = False


class Listener(Protocol):
    """Who hears what the centre says."""

    def hello(self) -> Hello:
        """What to say first."""
        ...

    def welcomed(self, frame: Welcome, round_trip_s: float) -> None:
        """The centre let us in."""
        ...

    def heard(self, frame: CentreFrame) -> bool:
        """A frame after the Welcome; False hangs up, to begin anew."""
        ...

    def misheard(self, fault: BadInput) -> None:
        """A frame that is none of ours."""
        ...

    def known_sequence(self) -> int:
        """The newest sequence that this desk knows, for the heartbeat."""
        ...


class Conversation:
    """One connection. `run` holds it until its end; `send` puts in a word meanwhile."""

    def __init__(self, place: Place, tls: ssl.SSLContext | None, clock: Clock, listener: Listener) -> None:
        """Nothing is opened until `run`."""
        self._place = place
        self._tls = tls
        self._clock = clock
        self._listener = listener
        self._socket: ClientConnection | None = None
        self._closing: asyncio.Task[None] | None = None
        self._bad = 0
        self._welcomed = False

    async def run(self) -> Ending:
        """Connect, say Hello, listen. Returns how it ended; raises nothing but cancellation."""
        ending = await self._run()
        return msgspec.structs.replace(ending, welcomed=self._welcomed)

    async def send(self, frame: Frame) -> None:
        """Send a frame. Raises NetworkError when there is no connection (any more), or it takes nothing."""
        if self._socket is None:
            raise NetworkError("There is no connection to the centre right now. Try again when it is back.")
        try:
            async with asyncio.timeout(OPEN_S):
                await self._socket.send(encode_frame(frame).decode())
        except (ConnectionClosed, TimeoutError):
            raise NetworkError(
                "The connection to the centre was just lost. Try again when it is back."
            ) from None

    def hang_up(self) -> None:
        """End it from this side; `run` returns soon."""
        if self._socket is not None and self._closing is None:
            self._closing = asyncio.create_task(self._socket.close(), name="link hang-up")

    async def _run(self) -> Ending:
        hello = self._listener.hello()
        try:
            async with self._connected(hello.token) as socket:
                return await self._talk(socket, hello)
        except ConnectionClosed as fault:
            return _of_close(fault)
        except (OSError, WebSocketException) as fault:
            return self._of_fault(fault)

    def _of_fault(self, fault: OSError | WebSocketException) -> Ending:
        where = self._place.base
        if isinstance(fault, InvalidStatus):
            return _of_status(fault.response.status_code)
        if isinstance(fault, InvalidURI):
            return Ending(f"{where} is not the address of a centre: {fault}.", retry=False)
        if isinstance(fault, InvalidHandshake):
            return Ending(f"What answers at {where} is not a Callboard centre: {fault}.")
        return Ending(f"{where} cannot be reached: {in_words(fault)}.")

    @contextlib.asynccontextmanager
    async def _connected(self, token: str) -> AsyncIterator[ClientConnection]:
        opening = connect(
            self._place.live,
            additional_headers={"Authorization": f"Bearer {token}"},
            user_agent_header="Callboard",
            proxy=None if self._place.loopback else True,
            open_timeout=OPEN_S,
            close_timeout=2.0,
            ping_interval=None,  # our own heartbeats carry more
            max_size=MOST_BYTES,
            ssl=self._tls,
            logger=_wire_log,
        )
        async with opening as socket:
            self._socket = socket
            try:
                yield socket
            finally:
                self._socket = None
                if self._closing is not None:
                    await asyncio.gather(self._closing, return_exceptions=True)

    async def _talk(self, socket: ClientConnection, hello: Hello) -> Ending:
        said_at = self._clock.monotonic()
        await socket.send(encode_frame(hello).decode())
        async with asyncio.timeout(OPEN_S):
            first = await self._first(socket)
        if isinstance(first, Farewell):
            return Ending(first.reason, first.retry)
        heartbeat_s = min(max(first.heartbeat_s, _HEARTBEATS_S[0]), _HEARTBEATS_S[1])
        self._welcomed = True
        try:
            self._listener.welcomed(first, self._clock.monotonic() - said_at)
        except _NONSENSE as fault:
            self._misheard(BadInput(f"a Welcome that makes no sense: {fault}"))
            return Ending(f"What answers at {self._place.base} is not a Callboard centre.")
        beating = asyncio.create_task(self._beat(socket, heartbeat_s), name="link heartbeat")
        try:
            return await self._listen(socket, heartbeat_s * SILENCE)
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _first(self, socket: ClientConnection) -> Welcome | Farewell:
        while True:
            frame = self._read(await socket.recv())
            if isinstance(frame, (Welcome, Farewell)):
                return frame
            if self._bad > MOST_BAD:
                return Farewell(reason=f"What answers at {self._place.base} is not a Callboard centre.")

    async def _listen(self, socket: ClientConnection, patience_s: float) -> Ending:
        while True:
            try:
                async with asyncio.timeout(patience_s):
                    frame = self._read(await socket.recv())
            except TimeoutError:
                # Nobody there answers a closing handshake either.
                socket.transport.abort()
                return Ending(f"The centre has not been heard for {patience_s:.0f} s.")
            if isinstance(frame, Farewell):
                return Ending(frame.reason, frame.retry)
            if frame is not None and not self._heard(frame):
                return Ending("The board is fetched anew.")
            if self._bad > MOST_BAD:
                return Ending("The centre sends what this program cannot read. Update this program.")

    def _read(self, data: str | bytes) -> CentreFrame | None:
        try:
            return decode_centre_frame(data)
        except BadInput as fault:
            self._misheard(fault)
            return None

    def _heard(self, frame: CentreFrame) -> bool:
        try:
            return self._listener.heard(frame)
        except _NONSENSE as fault:
            self._misheard(BadInput(f"a {type(frame).__name__} that makes no sense: {fault}"))
            return True

    def _misheard(self, fault: BadInput) -> None:
        self._bad += 1
        if self._bad == 1:
            _log.warning("the centre sent what cannot be read: %s", fault)
        self._listener.misheard(fault)

    async def _beat(self, socket: ClientConnection, every_s: float) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(every_s)
                beat = Heartbeat(now=self._clock.now(), sequence=self._listener.known_sequence())
                await socket.send(encode_frame(beat).decode())


def _of_close(fault: ConnectionClosed) -> Ending:
    code = fault.rcvd.code if fault.rcvd else 1006
    words = (fault.rcvd.reason if fault.rcvd else "") or "The connection to the centre was lost."
    if code in _NOT_LET_IN:
        return Ending(words, retry=False)
    if fault.sent is not None and fault.sent.code == 1009:
        words = f"The centre sent a frame of more than {MOST_BYTES} bytes."
    return Ending(words)


def _of_status(status: int) -> Ending:
    if status in {401, 403}:
        return Ending("The sign-in is no longer good. Sign in again.", retry=False)
    return Ending(f"The centre answered HTTP {status}.")
