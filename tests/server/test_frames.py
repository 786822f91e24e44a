"""Hostile clients: what is no frame ends that connection alone."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

from console.wire import (
    AgentView,
    BoardDelta,
    BoardSnapshot,
    Command,
    Heartbeat,
    Hello,
    encode_frame,
)
from tests.server.asking import DESK, farewell

# ---------------------------------------------------------------- hostile clients


@pytest.mark.parametrize(
    "junk",
    [
        *("", "{", "null", "[]", "7", '"x"', "{}", '{"frame":"Nope"}', '{"frame":"Hello"}'),
        *('{"frame":"Hello","token":7}', '{"frame":"Hello","token":"x","session":"no"}'),
        *("[" * 30_000, '{"frame":' * 5_000, b"\x00\xff\xfe", "☎" * 1000),
    ],
)
@pytest.mark.parametrize("greeted", [False, True])
async def test_what_is_no_frame_ends_this_connection_alone(
    running: Any, junk: str | bytes, greeted: bool
) -> None:
    watcher = await running.dial("root", board=True)
    await watcher.hear_a(BoardSnapshot)
    wire = await running.plug()
    if greeted:
        await wire.say(Hello(token=running.token("anna")))
        await wire.hear_a(AgentView)
    await wire.socket.send(junk)
    said, code = await farewell(wire)
    assert code == 4400
    assert said.reason
    assert running.metric("callboard_websocket_bad_frames_total") == 1
    running.centre.board.change("undisturbed")
    assert (await watcher.hear_a(BoardDelta)).delta.agents[0].reason == "undisturbed"


async def test_a_frame_that_is_too_big_ends_the_connection(running: Any) -> None:
    wire = await running.dial("anna")
    await wire.hear_a(AgentView)
    await wire.socket.send("x" * 200_000)
    assert await wire.closed() == 1009


async def test_a_text_frame_that_is_not_utf8_ends_this_connection_alone(running: Any, caplog: Any) -> None:
    watcher = await running.dial("root", board=True)
    await watcher.hear_a(BoardSnapshot)
    wire = await running.dial("anna")
    await wire.hear_a(AgentView)
    wire.socket.transport.write(WireFrame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True))
    assert await wire.closed() == 1007
    running.centre.board.change("undisturbed")
    await watcher.hear_a(BoardDelta)
    assert running.metric("callboard_websocket_bad_frames_total") == 1
    assert "Traceback" not in caplog.text


async def test_a_second_hello_ends_the_connection(running: Any) -> None:
    wire = await running.dial("anna")
    await wire.say(Hello(token=running.token("anna")))
    said, code = await farewell(wire)
    assert (code, said.reason) == (4400, "Hello was said before.")


async def test_any_bytes_leave_the_server_standing(running: Any) -> None:
    chance = random.Random(2)
    frames = [
        encode_frame(Hello(token=running.token("anna"), **DESK)),
        encode_frame(Command(number=1, action="ready", argument="x")),
        encode_frame(Heartbeat(now=datetime.now(UTC))),
    ]
    for number in range(150):
        wire = await (running.dial("anna") if number % 2 else running.plug())
        data = bytearray(chance.choice(frames))
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(data))
            data[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        await wire.socket.send(bytes(data) if number % 3 else data.decode(errors="replace"))
        wire.socket.transport.abort() if number % 7 == 0 else await wire.socket.close()
    last = await running.dial("root", board=True)
    await last.hear_a(BoardSnapshot)
    assert running.metric("callboard_websocket_bad_frames_total") > 30
