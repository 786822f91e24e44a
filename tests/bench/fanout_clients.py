"""A program of its own for bench_fanout: many websocket clients, and how late each update reached them.

Arguments: URL, number of clients, seconds to listen, token ("" says nothing first). It prints `ready` once
all are connected and settled, then one JSON line with what it saw. An update carries the monotonic time
it was made at, in microseconds, as `"<number>us"`; both programs run on one machine and so share that clock.

The clients read the stream without taking frames apart, so that they cost little of the cores they share with
the server.
"""

import asyncio
import json
import re
import sys
from time import monotonic
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode

STAMP = re.compile(rb'"(\d+)us"')
SETTLE_S = 1.0


class Client(asyncio.Protocol):
    """One client: shakes hands, says Hello, then notes how late each update is once `listening`."""

    def __init__(self, path: str, token: str, delays: list[float]) -> None:
        self.path, self.token, self.delays = path, token, delays
        self.begun = asyncio.get_running_loop().create_future()
        self.listening = False
        self.head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if self.listening:
            now = monotonic()
            self.delays.extend(now - int(stamp) / 1e6 for stamp in STAMP.findall(data))
        elif not self.begun.done():
            self.head += data
            if b"\r\n\r\n" in self.head:
                assert b" 101 " in self.head, self.head
                self.begun.set_result(None)
                if self.token:
                    hello = json.dumps({"frame": "Hello", "token": self.token, "board": True}).encode()
                    self.transport.write(Frame(Opcode.TEXT, hello).serialize(mask=True))


async def main(url: str, count: int, seconds: float, token: str) -> None:
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    delays: list[float] = []
    clients = []
    for _ in range(count):
        _, client = await loop.create_connection(
            lambda: Client(parts.path, token, delays), parts.hostname, parts.port
        )
        await client.begun
        clients.append(client)
    await asyncio.sleep(SETTLE_S)
    for client in clients:
        client.listening = True
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.sleep(seconds)
    for client in clients:
        client.transport.abort()
    delays.sort()
    seen = {
        "updates": len(delays) / count,
        "p50_ms": delays[len(delays) // 2] * 1000,
        "p95_ms": delays[int(len(delays) * 0.95)] * 1000,
    }
    sys.stdout.write(json.dumps(seen) + "\n")
    sys.stdout.flush()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))
