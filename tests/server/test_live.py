"""The websocket: greeting, rights, board, desks, hostile frames, slow and vanished clients, the end."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

from console.clock import StoppedClock
from console.domain.agent import AgentState, Role
from console.domain.errors import Refused, StoreError
from console.wire import (
    AgentView,
    BoardDelta,
    BoardSnapshot,
    Command,
    Farewell,
    Heartbeat,
    Hello,
    Reply,
    Welcome,
    encode_frame,
)

SESSION = UUID("01920000-0000-7000-8000-000000000001")
OTHER = UUID("01920000-0000-7000-8000-000000000002")
DESK = {"contact": "sip:x7f3@127.0.0.1:5070", "session": SESSION}


async def farewell(wire: Any) -> tuple[Farewell, int]:
    return await wire.hear_a(Farewell), await wire.closed()


async def wait_until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.01)


# ---------------------------------------------------------------- greeting and rights


async def test_hello_is_answered_with_welcome(running: Any) -> None:
    wire = await running.dial("sue")
    welcome = await wire.hear()
    assert isinstance(welcome, Welcome)
    assert (welcome.user, welcome.name, welcome.role) == ("sue", "Sue", Role.SUPERVISOR)
    assert welcome.sequence == 3
    assert welcome.heartbeat_s == running.centre.settings.server.heartbeat_s
    assert welcome.pause_reasons == running.centre.settings.routing.pause_reasons
    assert welcome.dispositions == running.centre.settings.routing.dispositions


@pytest.mark.parametrize(
    ("hello", "code", "words"),
    [
        (Hello(token=""), 4401, "Sign in again"),
        (Hello(token="a.b"), 4401, "Sign in again"),
        (Hello(token="é.ü" * 1000), 4401, "Sign in again"),
        (Hello(token="", v=99), 4400, "update the centre"),
        (Heartbeat(now=datetime(2026, 1, 1, tzinfo=UTC)), 4400, "has to be a Hello"),
        (Command(number=1, action="ready"), 4400, "has to be a Hello"),
    ],
)
async def test_who_does_not_greet_properly_is_sent_away(
    running: Any, hello: Any, code: int, words: str
) -> None:
    wire = await running.plug()
    await wire.say(hello)
    said, closed = await farewell(wire)
    assert closed == code
    assert words in said.reason
    assert said.retry is False


async def test_an_agent_gets_the_own_view_and_never_the_board(running: Any) -> None:
    anna = await running.dial("anna", board=True)
    sue = await running.dial("sue", board=True)
    assert isinstance(await anna.hear(), Welcome)
    assert isinstance(await anna.hear(), AgentView)
    await sue.hear_a(BoardSnapshot)
    running.centre.board.change("Lunch")
    await sue.hear_a(BoardDelta)
    running.centre.view_changes("anna", AgentState.READY)
    view = await anna.hear()  # the very next frame: no board came between
    assert isinstance(view, AgentView)
    assert view.state is AgentState.READY


async def test_a_view_goes_to_its_agent_alone(running: Any) -> None:
    anna, ben = await running.dial("anna"), await running.dial("ben")
    for wire in (anna, ben):
        await wire.hear_a(AgentView)
    running.centre.view_changes("ben", AgentState.READY)
    running.centre.view_changes("anna", AgentState.WRAP_UP)
    assert (await anna.hear_a(AgentView)).state is AgentState.WRAP_UP


async def test_a_supervisor_who_is_no_agent_gets_no_view(running: Any) -> None:
    wire = await running.dial("sue", **DESK)
    await wire.hear_a(Welcome)
    await wire.say(Command(number=1, action="ready"))
    reply = await wire.hear()
    assert isinstance(reply, Reply)
    assert "not set up as an agent" in reply.error
    assert running.centre.asked == []


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


# ---------------------------------------------------------------- desks and commands


async def test_a_desk_is_linked_and_lost(running: Any) -> None:
    wire = await running.dial("anna", **DESK)
    await wire.hear_a(AgentView)
    assert running.centre.asked == [("linked", "anna", DESK["contact"], str(SESSION))]
    await wire.socket.close()
    await running.centre.has_heard(2)
    assert running.centre.asked[1] == ("lost", "anna", str(SESSION))


async def test_a_desk_that_dies_is_lost_too(running: Any) -> None:
    wire = await running.dial("anna", **DESK)
    await wire.hear_a(AgentView)
    wire.socket.transport.abort()
    await running.centre.has_heard(2)
    assert running.centre.asked[1] == ("lost", "anna", str(SESSION))


async def test_signing_in_elsewhere_replaces_the_first_desk(running: Any) -> None:
    first = await running.dial("anna", **DESK)
    await first.hear_a(AgentView)
    second = await running.dial("anna", contact="sip:new@127.0.0.1", session=OTHER)
    said, code = await farewell(first)
    assert (code, said.retry) == (4409, False)
    assert "signed in elsewhere" in said.reason
    await second.hear_a(AgentView)
    assert running.centre.asked == [
        ("linked", "anna", DESK["contact"], str(SESSION)),
        ("lost", "anna", str(SESSION)),
        ("linked", "anna", "sip:new@127.0.0.1", str(OTHER)),
    ]
    await second.socket.close()
    await running.centre.has_heard(4)
    assert running.centre.asked[3:] == [("lost", "anna", str(OTHER))]


async def test_the_same_desk_that_connects_anew_is_not_lost(running: Any) -> None:
    first = await running.dial("anna", **DESK)
    await first.hear_a(AgentView)
    second = await running.dial("anna", **DESK)
    said, _ = await farewell(first)
    assert said.retry is True
    await second.hear_a(AgentView)
    assert [what[0] for what in running.centre.asked] == ["linked", "linked"]


async def test_a_wallboard_of_the_same_user_replaces_no_desk(running: Any) -> None:
    desk = await running.dial("anna", **DESK)
    await desk.hear_a(AgentView)
    board = await running.dial("anna")
    await board.hear_a(AgentView)
    running.centre.view_changes("anna", AgentState.READY)
    assert (await desk.hear_a(AgentView)).state is AgentState.READY
    assert (await board.hear_a(AgentView)).state is AgentState.READY


@pytest.mark.parametrize(
    ("fault", "retry"), [(Refused("The centre is full."), False), (StoreError("disk"), True)]
)
async def test_a_desk_that_the_centre_does_not_take_is_told(
    running: Any, fault: Exception, retry: bool
) -> None:
    running.centre.fault = fault
    wire = await running.dial("anna", **DESK)
    said, code = await farewell(wire)
    assert (said.reason, said.retry, code) == (str(fault), retry, 4403)


@pytest.mark.parametrize("action", ["ready", "pause", "sign_out", "end_wrap_up"])
async def test_commands_reach_the_centre_and_are_answered(running: Any, action: str) -> None:
    wire = await running.dial("anna")
    await wire.say(Command(number=7, action=action, argument="Lunch"))
    assert await wire.hear_a(Reply) == Reply(number=7)
    assert running.centre.asked == [("command", "anna", action, "Lunch")]
    running.centre.fault = Refused("Not now.")
    await wire.say(Command(number=8, action=action))
    assert await wire.hear_a(Reply) == Reply(number=8, error="Not now.")


async def test_an_unknown_command_is_answered_in_words(running: Any) -> None:
    wire = await running.dial("anna")
    await wire.say(Command(number=1, action="make_coffee"))
    assert "make_coffee" in (await wire.hear_a(Reply)).error
    assert running.centre.asked == []


async def test_a_flood_of_commands_is_braked(running: Any) -> None:
    wire = await running.dial("anna")
    for number in range(60):
        await wire.say(Command(number=number, action="ready"))
    replies = [await wire.hear_a(Reply) for _ in range(60)]
    assert [reply.number for reply in replies] == list(range(60))
    braked = [reply for reply in replies if "Too many" in reply.error]
    assert 20 <= len(braked) <= 40
    assert len(running.centre.asked) == 60 - len(braked)


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


# ---------------------------------------------------------------- time and the end


async def test_heartbeats_come_and_tell_the_newest_sequence(start: Any) -> None:
    running = await start(heartbeat_s=0.2)
    wire = await running.dial("anna")
    for _ in range(2):
        assert (await wire.hear_a(Heartbeat)).sequence == 3
        await wire.say(Heartbeat(now=datetime.now(UTC)))


async def test_who_is_not_heard_of_is_sent_away(start: Any) -> None:
    running = await start(heartbeat_s=0.2)
    silent, alive = await running.dial("anna"), await running.dial("ben")

    async def keep_alive() -> None:
        while True:
            await alive.hear_a(Heartbeat)
            await alive.say(Heartbeat(now=datetime.now(UTC)))

    beating = asyncio.create_task(keep_alive())
    said, code = await farewell(silent)
    assert (code, said.retry) == (4408, True)
    assert not beating.done()
    beating.cancel()


async def test_who_says_nothing_at_all_is_sent_away(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.server import live

    monkeypatch.setattr(live, "HELLO_S", 0.1)
    wire = await (await start()).plug()
    assert (await farewell(wire))[1] == 4408


@pytest.mark.parametrize("how", ["expired", "signed out", "deleted", "new password"])
async def test_a_token_that_is_no_longer_good_ends_the_connection(start: Any, how: str) -> None:
    clock = StoppedClock(datetime(2026, 11, 22, tzinfo=UTC))
    running = await start(clock, heartbeat_s=0.2)
    centre = running.centre
    wire = await running.plug()
    token = running.token("anna")
    await wire.say(Hello(token=token))
    await wire.hear_a(AgentView)
    if how == "expired":
        clock.move(12 * 3600)
    elif how == "signed out":
        answer = await running.http.post("/api/v1/sign-out", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 204
    elif how == "deleted":
        await centre.users.delete("anna")
    else:
        clock.move(1)
        await centre.users.put(msgspec.structs.replace(centre.users.known("anna"), tokens_after=clock.now()))
    said, code = await farewell(wire)
    assert (code, said.retry) == (4401, False)
    assert "Sign in again" in said.reason


async def test_a_new_role_asks_the_client_to_come_again(start: Any) -> None:
    running = await start(heartbeat_s=0.2)
    wire = await running.dial("sue", board=True)
    await wire.hear_a(BoardSnapshot)
    users = running.centre.users
    await users.put(msgspec.structs.replace(users.known("sue"), role=Role.AGENT))
    said, code = await farewell(wire)
    assert (code, said.retry) == (4403, True)


async def test_stopping_says_farewell_to_all(running: Any) -> None:
    wires = [await running.dial(user, **(DESK if user == "anna" else {})) for user in ("anna", "sue", "root")]
    waiting = await running.plug()
    for wire in wires:
        await wire.hear_a(Welcome)
    await running.centre.has_heard(1)
    assert running.metric("callboard_websocket_clients", role="agent") == 1
    stopping = asyncio.create_task(running.server.stop())
    for wire in wires:
        said, code = await farewell(wire)
        assert (said.retry, code) == (True, 1012)
    await waiting.say(Hello(token=running.token("anna")))
    assert (await farewell(waiting))[0].retry is True
    await stopping
    assert running.centre.asked[-1] == ("lost", "anna", str(SESSION))
    assert running.centre.subscribers == 0
    assert [task for task in asyncio.all_tasks() if "console" in repr(task)] == []
    for role in ("agent", "supervisor", "admin"):
        assert running.metric("callboard_websocket_clients", role=role) == 0


async def test_coming_and_going_leaves_nothing_behind(running: Any) -> None:
    before = len(asyncio.all_tasks())
    live = running.app.state.live
    for number in range(30):
        wire = await running.dial("anna", contact="sip:a@127.0.0.1", session=uuid4(), board=True)
        if number % 3:
            await wire.hear_a(Welcome)
        if number % 2:
            wire.socket.transport.abort()
        else:
            await wire.socket.close()
    await wait_until(lambda: not live._connections and len(asyncio.all_tasks()) <= before)
    assert live._desks.count() == 0
    assert not any(live._of_agent.values())
    linked = [what for what in running.centre.asked if what[0] == "linked"]
    lost = [what for what in running.centre.asked if what[0] == "lost"]
    assert [what[-1] for what in linked] == [what[-1] for what in lost]
