"""A disk that is full under a running centre: facts wait in memory, callers too, and nothing is lost."""

import asyncio
import resource
from pathlib import Path

import httpx
import pytest

from console.demo import scenario
from console.demo.floor import prepare_floor
from console.demo.peers import Voice
from console.demo.robots import RobotCustomer
from console.demo.scenario import BRISK
from console.demo.sound import CUSTOMER_TONES
from console.domain import events as ev
from console.ledger.ledger import Ledger

pytestmark = [pytest.mark.e2e, pytest.mark.sip]

_NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


async def _said(log: Path, words: str) -> None:
    """Wait until a program that is not ours to ask has logged something."""
    async with asyncio.timeout(30):
        while words not in await asyncio.to_thread(log.read_text):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.05)


async def _offered(url: str, health: int = 200) -> float:
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.get("/health")).status_code == health
        page = (await http.get("/metrics")).text
    (line,) = (one for one in page.splitlines() if one.startswith("callboard_ledger_events "))
    return float(line.split()[1])


async def test_facts_wait_for_room_and_none_is_lost(tmp_path: Path) -> None:
    floor = prepare_floor(tmp_path, scenario.agents(2, 1), BRISK)
    voice = Voice(tone=CUSTOMER_TONES[0], listens_for=())
    log = tmp_path / "centre.log"
    await floor.start()
    try:
        before = await _offered(floor.url)
        grown = (tmp_path / "centre.db-wal").stat().st_size
        resource.prlimit(floor.pid, resource.RLIMIT_FSIZE, (grown, resource.RLIM_INFINITY))
        callers = [
            RobotCustomer(f"sip:100@{floor.sip_udp}", voice, number=f"+4930{n}", patience_s=60.0, talk_s=1.0)
            for n in range(3)
        ]
        calls = [asyncio.create_task(caller.run()) for caller in callers]
        await asyncio.wait_for(asyncio.gather(*(caller.in_call.wait() for caller in callers)), 30)
        await _said(log, "the disk is full")
        assert await _offered(floor.url, health=503) == before
        resource.prlimit(floor.pid, resource.RLIMIT_FSIZE, _NO_LIMIT)
        await _said(log, "can be written again")
        for caller in callers:
            caller.hang_up()
        await asyncio.gather(*calls)
    finally:
        await floor.stop()
    assert "Traceback" not in log.read_text()
    ledger = await Ledger.open(floor.database)
    kinds = [type(event) async for _, event in ledger.read()]
    await ledger.close()
    assert kinds.count(ev.InteractionArrived) == kinds.count(ev.InteractionEnded) == 3
