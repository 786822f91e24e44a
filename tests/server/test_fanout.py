"""The board to many: snapshots, deltas, resuming, slow and stuck clients."""

import asyncio
from typing import Any

import msgspec
import pytest

from console.wire import (
    BoardDelta,
    BoardSnapshot,
    Welcome,
    encode_frame,
)

# ---------------------------------------------------------------- the board


async def test_the_board_comes_as_a_snapshot_then_as_deltas(running: Any) -> None:
    wire = await running.dial("sue", board=True)
    snapshot = (await wire.hear_a(BoardSnapshot)).snapshot
    assert snapshot.sequence == 3
    for reason in ("one", "two", "three"):
        sequence = running.centre.board.change(reason)
        delta = (await wire.hear_a(BoardDelta)).delta
        assert (delta.sequence, delta.agents[0].reason) == (sequence, reason)


async def watched(running: Any, count: int) -> list[int]:
    """Make so many deltas, each seen by a watcher before the next; their sequences."""
    wire = await running.dial("root", board=True)
    await wire.hear_a(BoardSnapshot)
    made = []
    for number in range(count):
        running.centre.board.change(f"change {number}")
        made.append((await wire.hear_a(BoardDelta)).delta.sequence)
    return made


async def test_who_comes_back_gets_what_was_missed(running: Any) -> None:
    made = await watched(running, 5)
    running.centre.ledger._last = made[-1]  # the ledger knows of them
    wire = await running.dial("sue", board=True, last_sequence=made[2])
    await wire.hear_a(Welcome)
    missed = [(await wire.hear_a(BoardDelta)).delta for _ in range(3)]
    assert [delta.sequence for delta in missed] == made[2:]
    assert running.metric("callboard_board_resumes_total") == 1


@pytest.mark.parametrize("last", [2, -1, 999, 10**30])
async def test_who_comes_back_from_an_unknown_time_gets_a_snapshot(running: Any, last: int) -> None:
    await watched(running, 2)
    wire = await running.dial("sue", board=True, last_sequence=last)
    await wire.hear_a(BoardSnapshot)
    assert running.metric("callboard_board_resumes_total") == 0


async def test_who_missed_nothing_waits_for_the_next_delta(running: Any) -> None:
    wire = await running.dial("sue", board=True, last_sequence=3)
    await wire.hear_a(Welcome)
    running.centre.board.change("next")
    assert isinstance(await wire.hear(), BoardDelta)


async def test_many_get_the_same_delta_encoded_once(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wires = [await running.dial("sue", board=True) for _ in range(20)]
    for wire in wires:
        await wire.hear_a(BoardSnapshot)
    encoded: list[str] = []
    from console.server import fanout

    def counting(frame: Any) -> str:
        encoded.append(type(frame).__name__)
        return encode_frame(frame).decode()

    monkeypatch.setattr(fanout, "text", counting)
    running.centre.board.change("once")
    heard = [await wire.hear_a(BoardDelta) for wire in wires]
    assert len({msgspec.json.encode(frame) for frame in heard}) == 1
    assert encoded.count("BoardDelta") == 1


async def test_a_slow_client_gets_a_fresh_snapshot_and_slows_nobody(running: Any) -> None:
    board = running.centre.board
    board.filler = "x" * 60_000
    slow, fast = await running.dial("sue", board=True), await running.dial("root", board=True)
    for wire in (slow, fast):
        await wire.hear_a(BoardSnapshot)
    slow.socket.transport.pause_reading()
    for number in range(400):
        board.change(str(number))
        assert (await fast.hear_a(BoardDelta)).delta.agents[0].reason == str(number)
        if running.metric("callboard_websocket_slow_clients_total"):
            break
    else:
        pytest.fail("the slow client was never noticed")
    last = board.change("the last")
    await fast.hear_a(BoardDelta)
    slow.socket.transport.resume_reading()
    fresh = (await slow.hear_a(BoardSnapshot)).snapshot
    assert (fresh.sequence, fresh.agents[0].reason) == (last, "the last")
    board.change("and on")
    assert (await slow.hear_a(BoardDelta)).delta.agents[0].reason == "and on"


async def test_a_client_that_takes_nothing_is_cut_off(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.server import live

    monkeypatch.setattr(live, "SLOW_S", 0.3)
    monkeypatch.setattr(live, "FAREWELL_S", 0.1)
    running = await start(heartbeat_s=0.2)
    board = running.centre.board
    board.filler = "x" * 60_000
    stuck = await running.dial("sue", board=True)
    await stuck.hear_a(BoardSnapshot)
    stuck.socket.transport.pause_reading()
    for number in range(10_000):
        board.change(str(number))
        await asyncio.sleep(0.01)
        if not running.metric("callboard_websocket_clients", role="supervisor"):
            break
    else:
        pytest.fail("the stuck client was never cut off")
    stuck.socket.transport.resume_reading()
    await stuck.socket.wait_closed()
