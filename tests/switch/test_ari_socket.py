"""The socket to Asterisk against a real websocket server: order, pieces, what came early, and its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK

from console.switch.ari_socket import AriSocket


@asynccontextmanager
async def joined() -> AsyncIterator[tuple[AriSocket, ServerConnection]]:
    """Both ends of a connection."""
    there: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def serving(connection: ServerConnection) -> None:
        there.set_result(connection)
        await connection.wait_closed()

    async with serve(serving, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        where = f"ws://127.0.0.1:{port}/"
        async with connect(where, create_connection=AriSocket, compression=None, proxy=None) as socket:
            assert isinstance(socket, AriSocket)
            yield socket, await there


async def test_messages_are_handed_on_in_order_also_those_that_came_early() -> None:
    async with joined() as (socket, there):
        for number in range(100):
            await there.send(str(number))
        await (await there.ping())  # they are all there
        heard: list[str] = []
        socket.hear(lambda data: heard.append(bytes(data).decode()))
        assert heard == [str(number) for number in range(100)]
        for number in range(100, 200):
            await there.send(str(number))
        await (await there.ping())
        assert heard == [str(number) for number in range(200)]


async def test_a_message_in_pieces_is_read_as_websockets_does() -> None:
    async with joined() as (socket, there):
        heard: list[bytes] = []
        socket.hear(lambda data: heard.append(bytes(data)))
        await there.send(["one ", "two"])
        assert (await socket.recv(), heard) == ("one two", [])


async def test_what_is_said_together_arrives_as_messages_of_its_own() -> None:
    async with joined() as (socket, there):
        await socket.say([b"one", "zwölf".encode(), b"x" * 1_000_000])
        assert [await there.recv() for _ in range(3)] == ["one", "zwölf", "x" * 1_000_000]


async def test_its_end_is_told_to_who_reads_and_who_speaks() -> None:
    async with joined() as (socket, there):
        socket.hear(lambda data: None)
        await there.close()
        with pytest.raises(ConnectionClosedOK):
            await socket.recv()
        with pytest.raises(ConnectionClosed):
            await socket.say([b"too late"])


async def test_it_ends_with_the_closing_handshake() -> None:
    async with joined() as (socket, there):
        await socket.say([b"the last"])
        await socket.close()
        assert await there.recv() == "the last"
        await there.wait_closed()
        assert (socket.close_code, there.close_code) == (1000, 1000)
