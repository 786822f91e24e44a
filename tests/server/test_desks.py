"""Desks that come, go and replace each other; the commands of agents."""

from typing import Any

import pytest

from console.domain.agent import AgentState
from console.domain.errors import Refused, StoreError
from console.wire import (
    AgentView,
    Command,
    Reply,
)
from tests.server.asking import DESK, OTHER, SESSION, farewell

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
