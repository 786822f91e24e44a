"""A thin typed client of Asterisk's REST interface: one websocket for events, commands and their answers.

Asterisk 20.14, 21.9 and 22.4 take REST requests over the socket that brings the events ("ARI REST over
WebSocket" in Asterisk's documentation). One socket keeps the order: commands are carried out as they were
sent, and an answer cannot overtake the events before it; a request costs a seventh of one over HTTP. The
client libraries there are speak HTTP beside the socket; websockets, which we have, does all that is needed.
"""

import asyncio
import logging
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import cast
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from console.domain.errors import NetworkError
from console.switch.ari_http import Posting, by_socket
from console.switch.ari_socket import AriSocket

_log = logging.getLogger(__name__)
_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.WARNING)  # at debug it would write down passwords
_OPEN_S = 5.0
_ANSWER_S = 10.0
_LARGEST = 16 * 2**20
_REFUSED = 300
_LOST = "the connection was lost"
_GONE = frozenset({404, 409, 412, 422})
"""The channel, bridge or playback is over or leaving: a race, not a fault."""


class Caller(msgspec.Struct):
    """Name and number of a side."""

    name: str = ""
    number: str = ""


class Dialplan(msgspec.Struct):
    """Where in the dialplan."""

    context: str = ""
    exten: str = ""


class Channel(msgspec.Struct):
    """A channel in an event (`Channel` in Asterisk's models)."""

    id: str
    name: str = ""
    state: str = ""
    caller: Caller = msgspec.field(default_factory=Caller)
    dialplan: Dialplan = msgspec.field(default_factory=Dialplan)
    channelvars: dict[str, str] = {}
    creationtime: str = ""


class Named(msgspec.Struct):
    """A playback (`id`), a recording (`name`) or a bridge (`id`)."""

    id: str = ""
    name: str = ""
    state: str = ""
    cause: str = ""
    duration: float | None = None


class Bridge(msgspec.Struct):
    """A bridge and the ids of the channels in it."""

    id: str
    channels: list[str] = []
    creationtime: str = ""


class Endpoint(msgspec.Struct):
    """A PJSIP endpoint; `state` is online or offline."""

    resource: str = ""
    state: str = ""


class Parameter(msgspec.Struct):
    """More of a transfer's target."""

    parameter_name: str
    parameter_value: str


class Destination(msgspec.Struct):
    """Whom a REFER asks for: `destination` (the user part), or a dialog (`protocol_id`)."""

    destination: str = ""
    protocol_id: str = ""
    additional_protocol_params: list[Parameter] = []


class ReferTo(msgspec.Struct):
    """Where a REFER points."""

    requested_destination: Destination
    destination_channel: Channel | None = None


class ReferredBy(msgspec.Struct):
    """Who sent a REFER."""

    source_channel: Channel


class AriEvent(msgspec.Struct):
    """An event, or an answer: what its type has of these. `state` is how a transfer went."""

    type: str
    channel: Channel | None = None
    peer: Channel | None = None
    playback: Named | None = None
    recording: Named | None = None
    endpoint: Endpoint | None = None
    refer_to: ReferTo | None = None
    referred_by: ReferredBy | None = None
    state: str = ""
    args: list[str] = []
    digit: str = ""
    dialstatus: str = ""
    cause: int = 0
    tech_cause: int = 0
    request_id: str = ""
    status_code: int = 0
    reason_phrase: str = ""
    message_body: str = ""


class AriAnswer(msgspec.Struct, frozen=True):
    """What came of a request: the status as in HTTP, and the JSON text."""

    status: int
    words: str
    body: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 0 < self.status < _REFUSED

    @property
    def refused(self) -> bool:
        """Whether Asterisk said no; not when nobody knows, because the connection was lost."""
        return self.status >= _REFUSED


_DECODER = msgspec.json.Decoder(AriEvent)
_ENCODER = msgspec.json.Encoder()
_Answered = Callable[[AriAnswer], None]


class Ari:
    """One connection to one Asterisk. Everything happens on the loop's thread."""

    def __init__(self, url: str, user: str, password: str, app: str) -> None:
        """`url` is Asterisk's HTTP address, as http://pbx.example:8088 (https for TLS)."""
        self.url = url
        self.app = app
        self.requests = 0
        self.nobody = False
        """Whether at the last try to connect nobody listened there: no Asterisk runs."""
        self._user = user
        self._password = password
        self._socket: AriSocket | None = None
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        self._waiting: dict[str, tuple[str, _Answered | None]] = {}

    @property
    def connected(self) -> bool:
        """Whether the socket is there."""
        return self._socket is not None

    async def open(self, on_event: Callable[[AriEvent], None], on_lost: Callable[[], None]) -> None:
        """Connect. Raises NetworkError, with what to do, when Asterisk is not there or refuses."""
        self.nobody = False
        await self._end_tasks()
        try:
            connection = await connect(
                self._address(),
                additional_headers={"Authorization": _basic(self._user, self._password)},
                open_timeout=_OPEN_S,
                max_size=_LARGEST,
                compression=None,
                create_connection=AriSocket,
                proxy=None,
                logger=_wire_log,
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as fault:
            self.nobody = isinstance(fault, ConnectionRefusedError)
            raise NetworkError(
                f"Asterisk's REST interface cannot be used at {self.url}: {why_not(fault, self._user)}"
            ) from None
        self._socket = cast(AriSocket, connection)
        self._reader = asyncio.create_task(self._read(self._socket, on_event, on_lost))
        self._writer = asyncio.create_task(self._write(self._socket))

    async def close(self) -> None:
        """Send what is still to be sent, then disconnect. Calls go on in Asterisk."""
        socket, self._socket = self._socket, None
        if socket is None:
            await self._end_tasks()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_OPEN_S):
                await self._out.join()
        await socket.close()
        await self._end_tasks()

    async def _end_tasks(self) -> None:
        for task in (self._reader, self._writer):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._reader = self._writer = None
        self._out = asyncio.Queue()

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        body: object = None,
        answered: _Answered | None = None,
    ) -> None:
        """Ask for something; commands are done in the order of asking.

        Without `answered` a refusal is logged, unless it says that what was meant is over. While there is
        no connection nothing is asked, and the answer is that.
        """
        if self._socket is None:
            if answered is not None:
                asyncio.get_running_loop().call_soon(answered, AriAnswer(0, _LOST))
            return
        self.requests += 1
        identity = str(self.requests)
        asked: dict[str, object] = {
            "type": "RESTRequest",
            "request_id": identity,
            "method": method,
            "uri": path,
        }
        if query:
            asked["query_strings"] = [{"name": name, "value": str(value)} for name, value in query.items()]
        if body is not None:
            asked["content_type"] = "application/json"
            asked["message_body"] = _ENCODER.encode(body).decode()
        self._waiting[identity] = (f"{method} {path}", answered)
        self._out.put_nowait(_ENCODER.encode(asked))

    async def ask(self, method: str, path: str, query: Mapping[str, str | int] | None = None) -> AriAnswer:
        """Ask and wait for the answer. Raises NetworkError when none comes."""
        got: asyncio.Future[AriAnswer] = asyncio.get_running_loop().create_future()

        def take(answer: AriAnswer) -> None:
            if not got.done():
                got.set_result(answer)

        self.send(method, path, query, answered=take)
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await got
        except TimeoutError:
            raise NetworkError(f"Asterisk at {self.url} did not answer to {method} {path}") from None

    async def download(self, path: str) -> bytes:
        """A file, which the socket cannot carry. Raises NetworkError."""
        try:
            async with httpx.AsyncClient(auth=(self._user, self._password), trust_env=False) as client:
                answer = await client.get(f"{self.url.rstrip('/')}/ari/{path}", timeout=_ANSWER_S)
                answer.raise_for_status()
                return answer.content
        except httpx.HTTPError as fault:
            raise NetworkError(f"{path} cannot be had from Asterisk at {self.url}: {fault}") from None

    # ------------------------------------------------------------------ inside

    def _address(self) -> str:
        parts = urlsplit(self.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        path = f"{parts.path.rstrip('/')}/ari/events"
        return urlunsplit((scheme, parts.netloc, path, f"app={quote(self.app)}", ""))

    async def _write(self, socket: AriSocket) -> None:
        posting = Posting(self.url, self._user, self._password)
        try:
            if by_socket(await posting.version()):
                await self._send(socket)
            else:
                await self._post(posting)
        finally:
            await posting.close()

    async def _post(self, posting: Posting) -> None:
        while True:
            data = await self._out.get()
            try:
                said = await posting.ask(data)
                self._answer(AriEvent(type="RESTResponse", **said))
            except Exception:  # noqa: BLE001
                _log.exception("an answer of Asterisk could not be dealt with")
            finally:
                self._out.task_done()

    async def _send(self, socket: AriSocket) -> None:
        while True:
            together = [await self._out.get()]
            while not self._out.empty():
                together.append(self._out.get_nowait())
            try:
                await socket.say(together)
            except ConnectionClosed:
                _log.warning("a command to Asterisk at %s was lost with the connection", self.url)
            finally:
                for _ in together:
                    self._out.task_done()

    async def _read(
        self, socket: AriSocket, on_event: Callable[[AriEvent], None], on_lost: Callable[[], None]
    ) -> None:
        socket.hear(lambda data: self._take(data, on_event))
        with suppress(ConnectionClosed):
            async for data in socket:  # nothing but its end: Asterisk sends no message in pieces
                self._take(data, on_event)
        if self._socket is socket:
            self._socket = None
            self._give_up()
            on_lost()

    def _take(self, data: str | bytes | bytearray | memoryview, on_event: Callable[[AriEvent], None]) -> None:
        try:
            event = _DECODER.decode(data)
        except msgspec.MsgspecError as fault:
            _log.warning("Asterisk at %s sent what is no event: %s", self.url, fault)
            return
        try:
            if event.type == "RESTResponse":
                self._answer(event)
            else:
                on_event(event)
        except Exception:  # noqa: BLE001
            _log.exception("an event of Asterisk could not be dealt with: %s", event.type)

    def _answer(self, event: AriEvent) -> None:
        asked, answered = self._waiting.pop(event.request_id, ("", None))
        answer = AriAnswer(event.status_code, event.reason_phrase, event.message_body)
        if answered is not None:
            answered(answer)
        elif not answer.ok and answer.status not in _GONE:
            _log.warning("Asterisk refused %s: %s %s %s", asked, answer.status, answer.words, answer.body)

    def _give_up(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for _, answered in waiting.values():
            if answered is not None:
                answered(AriAnswer(0, _LOST))


def why_not(fault: Exception, user: str) -> str:
    """What a fault in connecting means, and what to do."""
    status = fault.response.status_code if isinstance(fault, InvalidStatus) else 0
    if status == 401:
        return (
            f"it refuses the user “{user}” or its password. Compare [{user}] in ari.conf with "
            "switch.asterisk.user and password_file."
        )
    if status:
        return (
            f"its HTTP server answers {status} for it: the module res_ari is not loaded, or ari.conf has "
            "enabled=no. Set enabled=yes there, then `asterisk -rx 'module load res_ari'`."
        )
    if isinstance(fault, ssl.SSLError):
        return (
            f"the TLS connection fails ({fault.reason or fault}). Have http.conf name a certificate that "
            "this machine trusts for that host, and the address its TLS port."
        )
    if isinstance(fault, ConnectionRefusedError):
        return "nobody listens there. Start Asterisk, and have http.conf say enabled=yes with this port."
    if isinstance(fault, TimeoutError):
        return f"no answer within {_OPEN_S:.0f} s. Look at the address, and at firewalls between."
    return f"{fault}. Look at the address, and whether an Asterisk answers there."


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
