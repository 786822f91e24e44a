"""A centre on a real Asterisk that is killed again and again amid a crowd: every call is told once."""

import asyncio
import random

import pytest

from console.demo.robots import Plan, RobotCustomer
from console.domain import events as ev
from tests.e2e.test_asterisk_kill import Killed, centre, check_books, fallback, server
from tests.switch.world import AGENT, OTHER_AGENT

pytestmark = [pytest.mark.asterisk, pytest.mark.sip, pytest.mark.e2e]

__all__ = ["centre", "fallback", "server"]

_KILLS = 3
_SEED = 7


async def crowd(of: Killed, dice: random.Random, until: asyncio.Event) -> list[RobotCustomer]:
    """People who call, wait, talk and hang up at any moment."""
    called: list[RobotCustomer] = []
    loop = asyncio.get_running_loop()
    while not until.is_set():
        customer = of.people.call("100", number=str(len(called)))
        called.append(customer)
        loop.call_later(dice.uniform(0.5, 4.0), customer.hang_up)
        await asyncio.wait({asyncio.ensure_future(until.wait())}, timeout=dice.uniform(0.05, 0.3))
    return called


async def test_every_call_is_told_once_however_often_the_centre_dies(fallback: Killed) -> None:
    dice = random.Random(_SEED)
    for key, tone in (("ann", AGENT), ("ben", OTHER_AGENT), ("cy", AGENT)):
        plan = Plan(answer_after_s=dice.uniform(0.0, 0.5), talk_s=dice.uniform(0.5, 2.0))
        fallback.desks[key] = await fallback.people.agent(plan, tone=tone)
    await fallback.start()
    over = asyncio.Event()
    calling = asyncio.create_task(crowd(fallback, dice, over))
    for _ in range(_KILLS):
        await asyncio.wait({calling}, timeout=dice.uniform(0.5, 2.5))
        await fallback.kill()
        await asyncio.wait({calling}, timeout=dice.uniform(0.0, 1.5))
        await fallback.start()
    over.set()
    called = await calling
    await fallback.people.until(lambda: all(one.ended.is_set() for one in called), "the last call's end")
    arrived = sum(one.result.arrived for one in called)
    await fallback.until_fact(ev.InteractionEnded, arrived)
    await fallback.stop()
    ends = check_books(await fallback.facts())
    assert len(ends) == arrived
    assert await fallback.left() == ([], [])
