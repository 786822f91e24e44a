"""Serve the application on a socket of our own, inside a loop that belongs to somebody else."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from litestar import Litestar
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from console.domain.errors import NetworkError, SettingsError
from console.server.frames import FRAME_MOST, TRANSPORT

SEND_BUFFER = 256 * 1024
"""Bytes that the kernel holds for a client: what is stale beyond it stays here, where it can be dropped."""
BACKLOG = 2048
DRAIN_S = 5


class _WebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol that also hands over two short cuts: cut the connection, write a finished frame."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        scope: Any = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"][TRANSPORT] = {"abort": self.transport.abort, "push": self.push}

    def send_receive_event_to_app(self) -> None:
        """Refuse text that is not UTF-8 (RFC 6455 8.1) as uvicorn does, but leave no traceback in the log."""
        try:
            if self.curr_msg_data_type == "text":
                b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self.frames = []
            self.conn.send_close(1007)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def push(self, wire: bytes) -> bool:
        """Write a finished frame past the protocol's state, which sending does not change; False: not now."""
        if not self.writable.is_set() or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(wire)
        return True


class _Uvicorn(uvicorn.Server):
    """uvicorn that leaves the signals to the program, says when it is up and stops when it is told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.leave = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:  # uvicorn would end the program
            raise NetworkError("the server could not start; what it says above tells why") from None
        self.up.set()

    async def main_loop(self) -> None:
        """Renew the date header each second (uvicorn's own loop wakes ten times as often)."""
        while not self.leave.is_set():
            await self.on_tick(0)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.leave.wait(), 1.0)


class Server:
    """A running server: `host`, `port` and `url` are real; `stop` ends it with a farewell to all."""

    def __init__(self, app: Litestar, server: _Uvicorn, listening: socket.socket, *, tls: bool) -> None:
        """Not for callers: see `serve`."""
        self.host, self.port = listening.getsockname()[:2]
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self.url = f"{'https' if tls else 'http'}://{shown}:{self.port}"
        self._app = app
        self._server = server
        self._listening = listening
        self._task = asyncio.create_task(server.serve(sockets=[listening]))

    async def up(self) -> None:
        """Wait until it answers. Raises what kept it from starting."""
        waiting = asyncio.create_task(self._server.up.wait())
        await asyncio.wait([waiting, self._task], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done():
            self._listening.close()
            await self._task

    async def stop(self) -> None:
        """Say farewell to the websockets, end what is under way (a few seconds at most), close."""
        await self._app.state.live.stop()
        self._server.leave.set()
        await asyncio.wait([self._task])
        self._listening.close()
        self._task.result()


async def serve(app: Litestar, host: str, port: int, *, certificate: str = "", key: str = "") -> Server:
    """Serve `app`; port 0 takes a free one. Returns once requests are answered.

    Raises NetworkError when the address cannot be had, SettingsError when certificate or key cannot be used.
    """
    tls = _tls_checked(certificate, key)
    listening = _listen(host, port)
    try:
        config = uvicorn.Config(
            app,
            loop="none",
            http="h11",
            ws=_WebSocket,
            ws_max_size=FRAME_MOST,
            ws_ping_interval=None,  # the frames' own heartbeat tells both sides, and is seen by both
            ws_per_message_deflate=False,  # a delta is small, and would be packed anew for each client
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=DRAIN_S,
            ssl_certfile=certificate or None,
            ssl_keyfile=key or None,
        )
        server = Server(app, _Uvicorn(config), listening, tls=tls)
    except BaseException:
        listening.close()
        raise
    await server.up()
    return server


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises NetworkError, in words."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    except (OSError, OverflowError) as fault:
        listening.close()
        raise NetworkError(_why(fault, host, port)) from None
    return listening


def _why(fault: Exception, host: str, port: int) -> str:
    number = getattr(fault, "errno", None)
    if number == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program. Stop it, or choose another with --port."
    if number == errno.EACCES:
        return f"port {port} needs rights this user does not have. Choose one above 1023 with --port."
    if number == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine. Choose another with --host (0.0.0.0 is all of them)."
    return f"cannot listen on {host}:{port}: {fault}. Check --host and --port."


def _tls_checked(certificate: str, key: str) -> bool:
    """Whether TLS is wanted, having tried the files. Raises SettingsError, in words."""
    if not certificate and not key:
        return False
    if not certificate or not key:
        raise SettingsError("TLS needs both server.tls_certificate and server.tls_key; only one is set.")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except FileNotFoundError:
        raise SettingsError(f"TLS: {certificate} or {key} does not exist.") from None
    except (ssl.SSLError, OSError) as fault:
        words = f"TLS: {certificate} and {key} cannot be used as certificate and key (PEM): {fault}"
        raise SettingsError(words) from None
    return True
