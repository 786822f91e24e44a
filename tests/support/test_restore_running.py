"""A centre with calls under way, backed up and restored elsewhere: the same figures, and it starts there."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.clock import SystemClock
from console.demo import scenario
from console.demo.floor import Floor, prepare_floor
from console.demo.hands import InnerHand
from console.demo.peers import Voice
from console.demo.robots import RobotCustomer
from console.demo.scenario import BRISK
from console.demo.sound import AGENT_TONES, CUSTOMER_TONES, DESK_TONE
from console.domain.events import InteractionAnswered
from console.ledger.ledger import Ledger
from console.telephony.pjsua import PjsuaEngine
from console.wire import encode_event

pytestmark = [pytest.mark.e2e, pytest.mark.sip]

_CALLERS = 4


def ctl(*words: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "console", *map(str, words)], check=True, capture_output=True, text=True
    )
    return done.stdout


async def _answered(database: str) -> None:
    """Until somebody talks: another program's ledger tells nobody."""
    async with asyncio.timeout(30):
        while True:
            ledger = await Ledger.open(database)
            found = await ledger.of_types([InteractionAnswered])
            await ledger.close()
            if found:
                return
            await asyncio.sleep(0.1)


async def _calls(floor: Floor) -> None:
    voice = Voice(tone=CUSTOMER_TONES[0], listens_for=(*AGENT_TONES, DESK_TONE))
    callers = [
        RobotCustomer(f"sip:100@{floor.sip_udp}", voice, number=f"+4930{n:04d}", patience_s=5.0, talk_s=3.0)
        for n in range(_CALLERS)
    ]
    await asyncio.gather(*(caller.run() for caller in callers))


def _kpi(*words: object) -> Any:
    return json.loads(ctl("kpi", *words, "--json"))


async def _backed_up_at_work(floor: Floor, desk: Path, file: Path) -> None:
    """A backup made while somebody talks; then the day goes on to its end."""
    await floor.start()
    hand = InnerHand(floor, SystemClock(), {}, PjsuaEngine, desk)
    try:
        await hand.open()
        calls = asyncio.create_task(_calls(floor))
        await _answered(floor.database)
        await asyncio.to_thread(ctl, "backup", "--config", floor.folder / "centre.toml", "--to", file)
        assert not calls.done(), "the backup was to be made while somebody talks"
        await calls
        await hand.finish()
    finally:
        await hand.close()
        await floor.stop()


async def _until(database: str, copy: str, lines: Path) -> str:
    """Write the events that a copy should hold to `lines`; return the moment of the last."""
    ledger = await Ledger.open(copy)
    last = await ledger.last_sequence()
    await ledger.close()
    ledger = await Ledger.open(database)
    assert await ledger.last_sequence() > last
    begun = [event async for _, event in ledger.read(0, last)]
    await ledger.close()
    lines.write_bytes(b"".join(encode_event(event) + b"\n" for event in begun))  # noqa: ASYNC240 - small
    return begun[-1].at.isoformat()


async def test_a_running_centre_is_restored_elsewhere_with_the_same_figures(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "b.tar.gz"
    here.mkdir()
    floor = prepare_floor(here, scenario.agents(0, 1), BRISK)
    await _backed_up_at_work(floor, tmp_path / "desk", file)
    database = f"sqlite:///{there / 'centre.db'}"
    to = ("--config", there / "centre.toml", "--database", database, "--messages", there / "messages")
    await asyncio.to_thread(ctl, "restore", "--from", file, *to)

    lines = tmp_path / "events.jsonl"
    at = ("--at", await _until(floor.database, database, lines))
    restored = await asyncio.to_thread(_kpi, "--database", database, *at)
    assert restored == await asyncio.to_thread(_kpi, "--events", lines, *at)
    assert restored["total"]["counts"]["offered"] == _CALLERS

    text = (there / "centre.toml").read_text()
    (there / "centre.toml").write_text(text.replace(str(here), str(there)))
    again = Floor(there, floor.password, database)
    await again.start()
    await again.stop()
    after = await asyncio.to_thread(_kpi, "--database", database)
    assert after["total"]["counts"]["offered"] == _CALLERS
    assert after["total"]["waiting"] == 0, "what a dead centre left open is closed at the start"
