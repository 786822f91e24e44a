"""Facts reach Qt once each, and what views ask for runs on the loop."""

import asyncio
import logging
from uuid import UUID

import pytest
from PySide6.QtWidgets import QApplication

from console.bus import Bus
from console.clock import StoppedClock
from console.domain.agent import AgentState
from console.domain.errors import BadInput, NetworkError
from console.domain.events import CallAnswered, CallHeld, LinkChanged, LinkState
from tests.ui.doubles import START, ScriptedLink
from ui.bridge import Bridge, Tasks

CALL = UUID(int=7)


def test_each_fact_becomes_one_signal(qapp: QApplication) -> None:
    clock, bus = StoppedClock(START), Bus()
    link = ScriptedLink(bus, clock)
    bridge = Bridge(bus, link)
    heard: list[object] = []
    for signal in (bridge.call, bridge.link, bridge.agent):
        signal.connect(heard.append)
    answered = CallAnswered(id=clock.new_id(), at=clock.now(), call=CALL)
    bus.publish(answered)
    link.become(LinkState.LOST, "gone")
    link.view(AgentState.READY)
    assert heard[0] is answered
    assert isinstance(heard[1], LinkChanged)
    assert heard[2] is link.agent_view
    bridge.stop()
    bridge.stop()
    bus.publish(CallHeld(id=clock.new_id(), at=clock.now(), call=CALL))
    link.view(AgentState.PAUSED)
    assert len(heard) == 3


async def _answer(value: object) -> object:
    await asyncio.sleep(0)
    if isinstance(value, Exception):
        raise value
    return value


def _others() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def test_an_answer_comes_back() -> None:
    tasks, came = Tasks(), asyncio.Queue[object]()
    tasks.run(_answer(42), came.put_nowait)
    assert await came.get() == 42
    await tasks.stop()


@pytest.mark.parametrize("fault", [NetworkError("The centre is away."), BadInput("Not a number.")])
async def test_a_fault_is_told_in_words(fault: Exception) -> None:
    tasks, told = Tasks(), asyncio.Queue[str]()
    tasks.run(_answer(fault), None, told.put_nowait)
    assert await told.get() == str(fault)
    tasks.report_to(told.put_nowait)
    tasks.run(_answer(fault))
    assert await told.get() == str(fault)
    await tasks.stop()


async def test_a_fault_that_nobody_shows_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    tasks.run(_answer(NetworkError("The centre is away.")))
    await asyncio.gather(*_others())
    assert "The centre is away." in caplog.text


async def test_our_own_bug_is_loud(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    tasks = Tasks()
    tasks.run(_answer(ZeroDivisionError("ours")))
    await asyncio.gather(*_others(), return_exceptions=True)
    await asyncio.sleep(0)
    assert "a task of the window failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_stopping_leaves_nothing_running() -> None:
    tasks, came = Tasks(), list[object]()
    tasks.run(asyncio.Event().wait(), came.append)
    await asyncio.sleep(0)
    await tasks.stop()
    assert came == []
    assert len(asyncio.all_tasks()) == 1
