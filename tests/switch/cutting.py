"""A TCP relay between a switch and its Asterisk that can be stopped, cut and opened again."""

import asyncio
from contextlib import suppress


class Relay:
    """Passes bytes on both ways while it is open."""

    def __init__(self, port: int) -> None:
        """`port` is where it passes them on to."""
        self.port = 0
        self._to = port
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def hold(self) -> None:
        """Nothing gets through, and nobody is told."""
        self._open.clear()

    def cut(self) -> None:
        """Every connection breaks; new ones get nowhere until `open`."""
        self._open.clear()
        for writer in self._writers:
            writer.transport.abort()

    def open(self) -> None:
        """Everything gets through."""
        self._open.set()

    async def stop(self) -> None:
        self.open()
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._open.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
            self._writers.add(far_writer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, far_writer))
                group.create_task(self._pass(far_reader, writer))
            self._writers.discard(far_writer)
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
        writer.transport.abort()
