"""A small real centre on 127.0.0.1 that tests can make misbehave: sign-in, records, websocket on one port."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import uvicorn

from console.bus import Bus
from console.domain.agent import Role
from console.domain.events import Event, LedgerEvent
from console.wire import (
    ClientFrame,
    Command,
    Farewell,
    Frame,
    Hello,
    Reply,
    Welcome,
    decode_client_frame,
    decode_event,
    encode_frame,
)

_NO_ROUTE = b'{"detail":"no such route"}'
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Desk:
    """The centre's end of one websocket."""

    def __init__(self, hello: Hello, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self.hello = hello
        self._send = send
        self.heard: asyncio.Queue[ClientFrame | None] = asyncio.Queue()

    async def say(self, *frames: Frame) -> None:
        for frame in frames:
            await self.say_text(encode_frame(frame).decode())

    async def say_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def say_bytes(self, data: bytes) -> None:
        await self._send({"type": "websocket.send", "bytes": data})

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def next(self, kind: type[Any]) -> Any:
        """The next frame of that kind; fails when the desk has gone instead."""
        async with asyncio.timeout(10):
            while True:
                frame = await self.heard.get()
                assert frame is not None, f"the desk left before it sent a {kind.__name__}"
                if isinstance(frame, kind):
                    return frame

    async def gone(self) -> None:
        async with asyncio.timeout(10):
            while await self.heard.get() is not None:
                pass


class SmallCentre:
    """Starts, stops and starts again on the same port. What it committed is in `ledger`, by id."""

    def __init__(self) -> None:
        self.passwords = {"anna": "secret", "sven": "hidden"}
        self.roles = {"anna": Role.AGENT, "sven": Role.SUPERVISOR}
        self.ledger: dict[UUID, LedgerEvent] = {}
        self.deliveries: list[list[UUID]] = []
        self.refusing: dict[UUID, str] = {}
        self.answer_records: Callable[[bytes], tuple[int, dict[str, str], bytes] | None] = lambda body: None
        self.answer_sign_in: Callable[[bytes], tuple[int, bytes] | None] = lambda body: None
        self.answers: dict[tuple[str, str], tuple[int, bytes]] = {}
        self.asked: list[tuple[str, str, str, bytes]] = []
        self.heartbeat_s = 5.0
        self.sequence = 0
        self.now = NOW
        self.refuse_upgrade = 0
        self.bad_tokens = False
        self.welcomes = True
        self.serve_desk: Callable[[Desk], Awaitable[None]] | None = None
        self.desks: asyncio.Queue[Desk] = asyncio.Queue()
        self._socket: socket.socket | None = None
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.certificate: Path | None = None  # with its key in the same file: HTTPS

    @property
    def url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self._port}"

    async def start(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", self._port))
        self._port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self,
            ws="websockets-sansio",
            lifespan="off",
            log_level="critical",
            ws_ping_interval=None,
            timeout_graceful_shutdown=1,
            ssl_certfile=self.certificate,
        )
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has only the flag
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self._server is not None and self._task is not None and self._socket is not None:
            self._server.should_exit = True
            await self._task
            self._socket.close()
            self._server = self._task = self._socket = None

    async def desk(self) -> Desk:
        """The next desk that was let in."""
        async with asyncio.timeout(10):
            return await self.desks.get()

    # ------------------------------------------------------------ ASGI

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._live(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, headers, answer = self._answer(scope, body)
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, scope: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if scope["path"] == "/api/v1/sign-in":
            return self._sign_in(body)
        if scope["path"] == "/api/v1/records":
            given = dict(scope["headers"]).get(b"authorization", b"").decode()
            if self.bad_tokens or given not in {f"Bearer token-of-{user}" for user in self.passwords}:
                return 401, {}, b'{"detail":"token"}'
            return self.answer_records(body) or self._records(body)
        self.asked.append((scope["method"], scope["path"], scope["query_string"].decode(), body))
        given = dict(scope["headers"]).get(b"authorization", b"").decode()
        if given not in {f"Bearer token-of-{user}" for user in self.passwords}:
            return 401, {}, b'{"detail":"token"}'
        status, answer = self.answers.get((scope["method"], scope["path"]), (404, _NO_ROUTE))
        return status, {}, answer

    def _sign_in(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        special = self.answer_sign_in(body)
        if special:
            return special[0], {}, special[1]
        asked = msgspec.json.decode(body, type=dict[str, str])
        user = asked["user"]
        if self.passwords.get(user) != asked["password"]:
            return 401, {}, b'{"detail":"no"}'
        answer = {
            "token": f"token-of-{user}",
            "expires_at": self.now,
            "user": user,
            "name": user.title(),
            "role": self.roles[user],
        }
        return 201, {}, msgspec.json.encode(answer)

    def _records(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        taken, refused = [], []
        for raw in msgspec.json.decode(body, type=dict[str, list[msgspec.Raw]])["records"]:
            event = decode_event(bytes(raw))
            if event.id in self.refusing:
                refused.append({"id": event.id, "reason": self.refusing[event.id]})
            else:
                self.ledger.setdefault(event.id, event)
                taken.append(event.id)
        self.deliveries.append(taken)
        return 201, {}, msgspec.json.encode({"acknowledged": taken, "refused": refused})

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if self.refuse_upgrade:
            await send(
                {"type": "websocket.http.response.start", "status": self.refuse_upgrade, "headers": []}
            )
            await send({"type": "websocket.http.response.body", "body": b""})
            return
        await send({"type": "websocket.accept"})
        first = await receive()
        if first["type"] == "websocket.disconnect":
            return
        hello = decode_client_frame(first["text"])
        assert isinstance(hello, Hello)
        desk = Desk(hello, send)
        user = hello.token.removeprefix("token-of-")
        if self.bad_tokens or user not in self.passwords:
            await desk.say(Farewell(reason="The token has expired.", retry=False))
            await desk.close(1000)
            return
        if self.welcomes:
            await desk.say(
                Welcome(
                    user=user,
                    name=user.title(),
                    role=self.roles[user],
                    now=self.now,
                    heartbeat_s=self.heartbeat_s,
                    sequence=self.sequence,
                    pause_reasons=("Lunch",),
                    dispositions=("Solved",),
                )
            )
        self.desks.put_nowait(desk)
        await self._converse(desk, receive)

    async def _converse(self, desk: Desk, receive: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                desk.heard.put_nowait(None)
                return
            frame = decode_client_frame(message.get("text") or message["bytes"])
            desk.heard.put_nowait(frame)
            if isinstance(frame, Command) and frame.action == "ready":
                await desk.say(Reply(number=frame.number))
            elif isinstance(frame, Command) and frame.action in {"pause", "sign_out"}:
                error = "" if frame.argument in {"Lunch", ""} else f"There is no reason “{frame.argument}”."
                await desk.say(Reply(number=frame.number, error=error))


class Facts:
    """Waits for facts on a bus, those before included."""

    def __init__(self, bus: Bus) -> None:
        self.seen: list[Event] = []
        self._changed = asyncio.Event()
        self._stop = bus.subscribe(Event, self._on_event)

    def _on_event(self, event: Event) -> None:
        self.seen.append(event)
        self._changed.set()

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.seen if isinstance(event, kind)]

    async def wait(self, holds: Callable[[], bool]) -> None:
        """Until it holds, looked at after every fact."""
        async with asyncio.timeout(20):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


@contextlib.asynccontextmanager
async def small_centre() -> AsyncIterator[SmallCentre]:
    centre = SmallCentre()
    await centre.start()
    try:
        yield centre
    finally:
        await centre.stop()
