"""The other side of bench_switch: robots in their own process. Prints contacts, reads an address, reports."""

import asyncio
import json
import sys
from collections import Counter
from typing import Any

from console.demo.peers import Voice
from console.demo.robots import RobotAgent, RobotCustomer
from console.switch.ticker import Ticker


def voice(tone: int, other: int, ticker: Ticker, codec: str = "PCMU") -> Voice:
    return Voice(tone=tone, listens_for=(other,), codecs=(codec,), ticker=ticker)


async def talk(options: dict[str, Any]) -> None:
    """Bridged calls that talk for a while."""
    ticker = Ticker(Counter())
    agents = [RobotAgent(voice(600, 1000, ticker, options["codec"])) for _ in range(options["calls"])]
    for agent in agents:
        await agent.start()
    address = await _address([agent.contact for agent in agents])
    customers = [
        RobotCustomer(
            f"sip:q@{address}", voice(1000, 600, ticker), number=str(index), talk_s=options["seconds"]
        )
        for index in range(options["calls"])
    ]
    began = asyncio.get_running_loop().time()
    results = await asyncio.gather(*(customer.run() for customer in customers))
    elapsed = asyncio.get_running_loop().time() - began
    for agent in agents:
        await agent.stop()
    calls = [call for agent in agents for call in agent.calls]
    _say(
        {
            "elapsed": elapsed,
            "sent": sum(each.sent for each in (*results, *calls)),
            "lost": sum(each.lost for each in (*results, *calls)),
            "two_way": min(sum(each.heard for each in results), sum(each.heard for each in calls)),
        }
    )
    ticker.stop()


async def wait(options: dict[str, Any]) -> None:
    """Callers whom nobody answers."""
    ticker = Ticker(Counter())
    address = await _address([])
    customers = [
        RobotCustomer(
            f"sip:q@{address}",
            voice(1000, 600, ticker),
            number=str(index),
            patience_s=options["seconds"],
        )
        for index in range(options["calls"])
    ]
    began = asyncio.get_running_loop().time()
    results = await asyncio.gather(*(customer.run() for customer in customers))
    _say(
        {
            "elapsed": asyncio.get_running_loop().time() - began,
            "received": sum(each.received for each in results),
            "expected": int(50 * sum(each.waited for each in results)),
            "lost": sum(each.lost for each in results),
        }
    )
    ticker.stop()


async def latency(options: dict[str, Any]) -> None:
    """One call after the other: from its INVITE to the one that the agent gets."""
    ticker = Ticker(Counter())
    loop = asyncio.get_running_loop()
    rang = asyncio.Event()
    agent = RobotAgent(voice(600, 1000, ticker))
    times: list[float] = []
    began = 0.0

    def ringing(_: object) -> None:
        if not rang.is_set():
            times.append(loop.time() - began)
            rang.set()

    agent.on_change = ringing
    await agent.start()
    address = await _address([agent.contact] * options["calls"])
    for index in range(options["calls"]):
        rang.clear()
        customer = RobotCustomer(f"sip:q@{address}", voice(1000, 600, ticker), number=str(index), talk_s=None)
        began = loop.time()
        task = loop.create_task(customer.run())
        await rang.wait()
        await customer.in_call.wait()
        customer.hang_up()
        await task
    await agent.stop()
    _say({"seconds": times})
    ticker.stop()


async def _address(contacts: list[str]) -> str:
    _say(contacts)
    return (await asyncio.to_thread(sys.stdin.readline)).strip()


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    work = {"talk": talk, "wait": wait, "latency": latency}[sys.argv[1]]
    asyncio.run(work(json.loads(sys.argv[2])))
