"""A server of the scripted centre on a free port, and clients for it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from websockets.asyncio.client import ClientConnection, connect

from console.clock import Clock, SystemClock
from console.server.app import build_app
from console.server.run import Server, serve
from console.settings import ServerSettings
from console.wire import CentreFrame, Hello, decode_centre_frame, encode_frame
from tests.server import scripted_centre


class Wire:
    """A websocket client that speaks frames."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, frame: Any) -> None:
        await self.socket.send(encode_frame(frame).decode())

    async def hear(self) -> CentreFrame:
        return decode_centre_frame(await self.socket.recv())

    async def hear_a(self, kind: type[Any]) -> Any:
        """The next frame of that class; others are passed over."""
        while True:
            frame = await self.hear()
            if isinstance(frame, kind):
                return frame

    async def closed(self) -> int:
        """Wait for the end; its close code."""
        await self.socket.wait_closed()
        code = self.socket.close_code
        assert code is not None
        return code


class Running:
    """A running server and its scripted centre."""

    def __init__(self, server: Server, app: Litestar, centre: Any, stack: AsyncExitStack) -> None:
        self.server = server
        self.app = app
        self.centre = centre
        self.http = httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False)
        self._stack = stack

    def another_app(self) -> Litestar:
        """A second application over the same centre."""
        return build_app(self.centre, self.centre.clock)

    def token(self, user: str) -> str:
        """A token without the cost of a password."""
        known = self.centre.users.known(user)
        assert known is not None
        token: str = self.app.state.services.tokens.issue(known)[0]
        return token

    def headers(self, user: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(user)}"}

    async def ask(self, user: str, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.http.request(method, path, headers=self.headers(user), **more)

    async def plug(self) -> Wire:
        """A websocket that has not said anything yet."""
        url = self.server.url.replace("http", "ws", 1) + "/api/v1/live"
        return Wire(await self._stack.enter_async_context(connect(url, ping_interval=None, proxy=None)))

    async def dial(self, user: str, **hello: Any) -> Wire:
        """A websocket that has said Hello."""
        wire = await self.plug()
        await wire.say(Hello(token=self.token(user), **hello))
        return wire

    def metric(self, name: str, **labels: str) -> float:
        value = self.app.state.services.gauges.registry.get_sample_value(name, labels)
        return 0.0 if value is None else value


Start = Callable[..., Awaitable[Running]]


@pytest_asyncio.fixture
async def start(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Start]:
    """Starts servers with these [server] settings; all are stopped at the end."""
    async with AsyncExitStack() as stack:

        async def begin(clock: Clock | None = None, **server: Any) -> Running:
            clock = clock or SystemClock()
            folder = tmp_path_factory.mktemp("centre")
            settings = ServerSettings(**{"board_interval_ms": 10, **server})
            centre = await scripted_centre.made(folder, clock, settings)
            stack.push_async_callback(centre.ledger.close)
            app = build_app(centre, clock)
            served = await serve(app, "127.0.0.1", 0)
            stack.push_async_callback(served.stop)
            running = Running(served, app, centre, stack)
            stack.push_async_callback(running.http.aclose)
            return running

        yield begin


@pytest_asyncio.fixture
async def running(start: Start) -> Running:
    return await start()


@pytest.fixture
def password() -> str:
    return str(scripted_centre.PASSWORD)
