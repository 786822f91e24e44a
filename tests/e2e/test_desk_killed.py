"""A desk killed in a call: its record is delivered once, as lost, and the next call is served."""

import asyncio
import os
import sqlite3
import sys
from pathlib import Path

import pytest

from console.demo import scenario
from console.demo.floor import Floor, prepare_floor
from console.demo.peers import Voice
from console.demo.robots import RobotCustomer
from console.demo.scenario import BRISK
from console.demo.sound import CUSTOMER_TONES, DESK_TONE
from console.domain import events as ev
from console.domain.call import CallEnd
from console.ledger.ledger import Ledger

pytestmark = [pytest.mark.e2e, pytest.mark.sip]
PROGRAM = Path(__file__).with_name("desk_program.py")
ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 40.0


async def open_program(floor: Floor, folder: Path) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM), floor.url, floor.password, str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert await line_of(process) == "ready"
    return process


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), WAIT_S)).decode().strip()


def customer_of(floor: Floor) -> RobotCustomer:
    return RobotCustomer(
        f"sip:100@{floor.sip_udp}",
        Voice(tone=CUSTOMER_TONES[0], listens_for=(DESK_TONE,)),
        number="+49305555",
        patience_s=WAIT_S,
        talk_s=None,
    )


async def records_of(floor: Floor) -> list[ev.CallRecorded]:
    ledger = await Ledger.open(floor.database)
    records = [event async for _, event in ledger.read() if isinstance(event, ev.CallRecorded)]
    await ledger.close()
    return records


async def closed(desk: asyncio.subprocess.Process) -> int:
    """Have the desk close in order; its exit code."""
    assert desk.stdin is not None
    desk.stdin.write(b"\n")
    return await asyncio.wait_for(desk.wait(), WAIT_S)


async def delivered(ledger: Path, records: int) -> None:
    """Wait until the ledger has so many records of calls."""

    def count() -> int:
        database = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
        try:
            (found,) = database.execute("SELECT count(*) FROM events WHERE type = 'CallRecorded'").fetchone()
        finally:
            database.close()
        return int(found)

    async with asyncio.timeout(WAIT_S):
        while count() < records:  # noqa: ASYNC110 - another process' file tells nobody
            await asyncio.sleep(0.05)


async def test_a_desk_killed_in_a_call_comes_back_and_delivers_it_once(
    tmp_path: Path, free_port: int
) -> None:
    floor = prepare_floor(tmp_path, scenario.agents(0, 1), BRISK, port=free_port)
    await floor.start()
    desk = await open_program(floor, tmp_path / "desk")
    try:
        first, second = customer_of(floor), customer_of(floor)
        calling = asyncio.create_task(first.run())
        lost = (await line_of(desk)).removeprefix("answered ")
        await asyncio.wait_for(first.answered.wait(), WAIT_S)
        desk.kill()
        await desk.wait()
        desk = await open_program(floor, tmp_path / "desk")
        first.hang_up()
        await calling
        calling = asyncio.create_task(second.run())
        served = (await line_of(desk)).removeprefix("answered ")
        await asyncio.wait_for(second.answered.wait(), WAIT_S)
        second.hang_up()
        await calling
        await delivered(tmp_path / "centre.db", 2)
        assert await closed(desk) == 0
    finally:
        if desk.returncode is None:
            desk.kill()
            await desk.wait()
        await floor.stop()
    records = await records_of(floor)
    assert [(str(record.call), record.end) for record in records] == [
        (lost, CallEnd.LOST),
        (served, CallEnd.HUNG_UP_THERE),
    ]
    assert records[0].answered_at is not None
