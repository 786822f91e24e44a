"""A program of its own for bench_fanout: so many updates a second, from the centre's server or a bare one.

Arguments: `ours` or `bare`, updates a second, folder. It prints a JSON line with the URL and a token, then on
each line it is sent the CPU seconds it has used so far; it ends with its standard input.
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import uvicorn
from litestar import Litestar, WebSocket, websocket

from console.clock import SystemClock
from console.domain.agent import AgentState, Role
from console.domain.figures import AgentFigures, Delta, QueueFigures, ServiceLevel, Snapshot
from console.domain.queue import Queue
from console.ledger.ledger import Ledger
from console.ledger.users import User, Users
from console.server.app import build_app
from console.server.run import serve
from console.settings import CentreSettings, ServerSettings

FILL = "x" * 120
Socket = WebSocket[Any, Any, Any]


def stamp() -> str:
    return f"{int(monotonic() * 1e6)}us"


class Board:
    """A board that has a new update of some 300 bytes each time it is asked."""

    def __init__(self) -> None:
        self.sequence = 0

    def _row(self) -> AgentFigures:
        return AgentFigures(agent=FILL, name=stamp(), state=AgentState.READY)

    def snapshot(self) -> Snapshot:
        queue = Queue(key="sales")
        level = ServiceLevel(queue.formula, None, 0, 0, 20)
        row = QueueFigures(queue=queue, service_level=level)
        return Snapshot(sequence=self.sequence, at=datetime.now(UTC), queues=(row,))

    def take_delta(self) -> Delta:
        self.sequence += 1
        return Delta(sequence=self.sequence, at=datetime.now(UTC), agents=(self._row(),))


class Centre:
    """As much of a centre as the board needs."""

    sip_domain = ""
    writing = True

    def __init__(self, ledger: Ledger, users: Users, settings: CentreSettings) -> None:
        self.ledger, self.users, self.settings, self.board = ledger, users, settings, Board()

    def is_agent(self, user: str) -> bool:
        return False

    def on_agent_view(self, handler: Any) -> Any:
        return lambda: None


async def ours(rate: int, folder: Path) -> tuple[str, str]:
    clock = SystemClock()
    ledger = await Ledger.open(f"sqlite:///{folder / 'centre.sqlite'}")
    users = await Users.open(ledger.database)
    long_ago = clock.now() - timedelta(days=1)
    user = User(name="sue", role=Role.SUPERVISOR, password_hash="", tokens_after=long_ago)
    await users.put(user)
    server = ServerSettings(board_interval_ms=1000 // rate, heartbeat_s=60)
    app = build_app(Centre(ledger, users, CentreSettings(server=server)), clock)  # type: ignore[arg-type]
    served = await serve(app, "127.0.0.1", 0)
    return f"{served.url.replace('http', 'ws')}/api/v1/live", app.state.services.tokens.issue(user)[0]


async def bare(rate: int) -> tuple[str, str]:
    """The shortest Litestar broadcaster: every socket in a set, one loop that sends to each."""
    sockets: set[Socket] = set()

    @websocket("/")
    async def live(socket: Socket) -> None:
        await socket.accept()
        sockets.add(socket)
        try:
            while True:
                await socket.receive_text()
        finally:
            sockets.discard(socket)

    async def broadcast() -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + 1 / rate, loop.time())
            await asyncio.sleep(due - loop.time())
            text = json.dumps({"stamp": stamp(), "fill": FILL, "more": FILL})
            for socket in tuple(sockets):
                await socket.send_text(text)

    config = uvicorn.Config(
        Litestar([live], logging_config=None, openapi_config=None),
        port=0,
        log_config=None,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
    )
    server = uvicorn.Server(config)
    background.append(asyncio.create_task(server.serve()))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    background.append(asyncio.create_task(broadcast()))
    return f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/", ""


background: list[asyncio.Task[None]] = []


async def main(kind: str, rate: int, folder: Path) -> None:
    url, token = await (ours(rate, folder) if kind == "ours" else bare(rate))
    sys.stdout.write(json.dumps({"url": url, "token": token}) + "\n")
    sys.stdout.flush()
    while await asyncio.to_thread(sys.stdin.readline):
        sys.stdout.write(f"{process_time()}\n")
        sys.stdout.flush()
    os._exit(0)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
