"""The websocket: greeting and rights, heartbeats, tokens that end, the farewell."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from console.clock import StoppedClock
from console.domain.agent import AgentState, Role
from console.wire import (
    AgentView,
    BoardDelta,
    BoardSnapshot,
    Command,
    Heartbeat,
    Hello,
    Reply,
    Welcome,
)
from tests.server.asking import DESK, SESSION, farewell, wait_until

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
    assert welcome.sip_domain == running.centre.sip_domain == "127.0.0.1:5060"


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
