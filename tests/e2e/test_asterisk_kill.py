"""kill -9 of the centre with a real Asterisk: who talks goes on talking, who waits keeps music and place."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from console.clock import SystemClock
from console.demo.robots import Plan, RobotAgent, RobotCustomer
from console.domain import events as ev
from console.ledger.ledger import Ledger
from console.metrics.snapshot import Fold
from console.switch.asterisk_config import pieces
from tests.centre.doubles import SpySwitch
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.test_asterisk import asterisk_sounds
from tests.switch.test_asterisk_life import answer
from tests.switch.world import AGENT, BEEP, MUSIC, OTHER_AGENT, World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip, pytest.mark.e2e]

CLOCK = SystemClock()
RINGS = Plan(answer_after_s=None)
QUEUE = "callboard-fallback"
ROOT = Path(__file__).parents[2]


class Killed:
    """A centre process on an Asterisk, with people around."""

    def __init__(self, server: AsteriskServer, database: Path) -> None:
        self.server = server
        self.database = database
        self.people = World(SpySwitch())
        self.people.udp = self.people.tcp = f"127.0.0.1:{server.sip}"
        self.desks: dict[str, RobotAgent] = {}
        self.queue = ""
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> float:
        """Start the centre; returns how many seconds it took to take up its calls."""
        asked = {
            "url": self.server.url,
            "sounds": self.server.plan.sounds,
            "database": str(self.database),
            "messages": str(self.database.parent / "messages"),
            "fallback": self.queue,
            "queue_log": str(self.server.folder / "log/queue_log"),
            "agents": {key: desk.contact for key, desk in self.desks.items()},
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.e2e.asterisk_child", json.dumps(asked), cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert self._process.stdout is not None
        said = await asyncio.wait_for(self._process.stdout.readline(), 60)
        assert said.startswith(b"ready "), said
        return float(said.split()[1])

    async def kill(self) -> datetime:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        self._process = None
        return CLOCK.now()

    def command(self, agent: str, action: str, argument: str = "") -> None:
        """What an agent asks the centre for."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{agent}|{action}|{argument}\n".encode())

    async def stop(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await asyncio.wait_for(self._process.wait(), 30)
            self._process = None

    async def facts(self) -> list[ev.LedgerEvent]:
        ledger = await Ledger.open(f"sqlite:///{self.database}")
        facts = [event async for _, event in ledger.read()]
        await ledger.close()
        return facts

    async def until_fact(self, kind: type[ev.InteractionEvent], count: int) -> list[ev.InteractionEvent]:
        """Wait until the ledger has so many of a class."""
        async with asyncio.timeout(20):
            while True:
                found = [fact for fact in await self.facts() if isinstance(fact, kind)]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.05)

    async def until_rung(self, agent: str) -> None:
        """Wait until Asterisk would ring an agent by itself."""
        kept = self.server.folder / "var/astdb.sqlite3"
        await self.people.until(lambda: f"callboard-{agent}".encode() in kept.read_bytes(), "the member")

    async def left(self) -> tuple[list[str], list[str]]:
        """The channels and bridges that Asterisk has."""
        async with httpx.AsyncClient(auth=("callboard", "ari-secret"), trust_env=False) as client:
            found = [
                (await client.get(f"{self.server.url}/ari/{what}")).json() for what in ("channels", "bridges")
            ]
        return [each["id"] for each in found[0]], [each["id"] for each in found[1]]


@pytest.fixture(scope="module")
def server() -> Iterator[AsteriskServer]:
    folder = Path(tempfile.mkdtemp(prefix="cb-kill-"))
    sounds = folder / "sounds"
    sounds.mkdir()
    asterisk_sounds(sounds)
    server = AsteriskServer(folder, sounds, rtp_first=22000, rtp_last=23999)
    for name, text in pieces(replace(server.plan, fallback=QUEUE)).items():
        (folder / "etc" / name).write_text(text)
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def fallback(centre: Killed) -> Killed:
    centre.queue = QUEUE
    return centre


@pytest.fixture
async def centre(server: AsteriskServer, tmp_path: Path) -> AsyncIterator[Killed]:
    made = Killed(server, tmp_path / "centre.db")
    yield made
    await made.people.close()
    await made.stop()


def check_books(facts: list[ev.LedgerEvent]) -> dict[UUID, ev.InteractionEnded]:
    """Every call arrived once, ended once and was answered once at most, and the figures add up."""
    arrived = Counter(one.interaction for one in facts if isinstance(one, ev.InteractionArrived))
    ended = Counter(one.interaction for one in facts if isinstance(one, ev.InteractionEnded))
    answered = Counter(one.interaction for one in facts if isinstance(one, ev.InteractionAnswered))
    assert set(arrived) == set(ended)
    assert {*arrived.values(), *ended.values(), *answered.values()} == {1}
    fold = Fold()
    for sequence, fact in enumerate(facts, start=1):
        fold.apply(fact, sequence)
    total = fold.snapshot(CLOCK.now()).total
    assert total is not None
    counts = total.counts
    assert counts.offered == len(arrived) == counts.answered + counts.abandoned + counts.flowed_out
    return {one.interaction: one for one in facts if isinstance(one, ev.InteractionEnded)}


def ends_by_number(facts: list[ev.LedgerEvent]) -> dict[str, ev.InteractionEnded]:
    """The ends by the customers' numbers; nobody was queued twice."""
    ends = check_books(facts)
    queued = Counter(one.interaction for one in facts if isinstance(one, ev.InteractionQueued))
    assert set(queued.values()) == {1}, "nobody lost the place"
    return {
        str(one.customer.user): ends[one.interaction]
        for one in facts
        if isinstance(one, ev.InteractionArrived)
    }


async def busy(centre: Killed) -> dict[str, RobotCustomer]:
    """Two who talk and three who wait, in this order: 1 to 5."""
    people = centre.people
    centre.desks["ann"] = await people.agent(tone=AGENT)
    centre.desks["ben"] = await people.agent(tone=OTHER_AGENT)
    await centre.start()
    customers = {}
    for number, tone in (("1", AGENT), ("2", OTHER_AGENT), ("3", MUSIC), ("4", MUSIC), ("5", MUSIC)):
        customers[number] = people.call("100", number=number)
        await people.hears(customers[number], tone)
    await centre.until_fact(ev.InteractionQueued, 5)
    return customers


async def test_a_killed_centre_drops_no_call(centre: Killed) -> None:
    people = centre.people
    customers = await busy(centre)
    talks, leaves, waits, gives_up, last = customers.values()
    ann, ben = centre.desks.values()
    killed_at = await centre.kill()
    for customer, tone in ((talks, AGENT), (leaves, OTHER_AGENT), (waits, MUSIC), (last, MUSIC)):
        await people.hears(customer, tone, times=5)
    await people.agent_hears(ann, 1000, times=5)
    leaves.hang_up()
    await people.over(ben.calls[0])  # nobody here said so: Asterisk did
    gives_up.hang_up()
    await people.until(lambda: gives_up.ended.is_set())
    await people.hears(waits, MUSIC, times=5)
    back_at = CLOCK.now()

    await centre.start()
    await people.hears(waits, OTHER_AGENT)  # who was first in the line is first now
    assert talks.result.ended_by == ""
    await people.hears(talks, AGENT)
    await people.hears(last, MUSIC)
    talks.hang_up()
    await people.hears(last, AGENT)
    for customer in (waits, last):
        customer.hang_up()
    await centre.until_fact(ev.InteractionEnded, 5)
    await centre.stop()
    assert await centre.left() == ([], [])

    by_number = ends_by_number(await centre.facts())
    for number in ("2", "4"):
        assert killed_at < by_number[number].at < back_at, "the true time of an end that nobody saw"
        assert by_number[number].by is ev.EndedBy.CUSTOMER
    for number in ("1", "3", "5"):
        assert by_number[number].at > back_at


async def test_who_calls_without_a_centre_is_served_and_told_of_afterwards(fallback: Killed) -> None:
    people = fallback.people
    fallback.desks["ann"] = await people.agent(tone=AGENT)
    await fallback.start()
    await fallback.until_rung("ann")
    await fallback.kill()
    served = people.call("100", number="71", name="Zoë")
    await people.hears(served, AGENT)
    gives_up, stays = [people.call("100", number=number) for number in ("72", "73")]
    for customer in (gives_up, stays):
        await people.hears(customer, MUSIC)
    gives_up.hang_up()
    await people.until(lambda: gives_up.ended.is_set())
    await fallback.start()
    await fallback.until_fact(ev.InteractionEnded, 1)
    served.hang_up()
    await people.hears(stays, AGENT)
    stays.hang_up()
    await fallback.until_fact(ev.InteractionEnded, 3)
    await fallback.kill()
    await fallback.start()  # reads the same log again
    again = people.call("100", number="74")
    await people.hears(again, AGENT)
    again.hang_up()
    await fallback.until_fact(ev.InteractionEnded, 4)
    await fallback.stop()
    facts = await fallback.facts()
    ends, answers = ends_by_number(facts), [one for one in facts if isinstance(one, ev.InteractionAnswered)]
    assert set(ends) == {"71", "72", "73", "74"}
    assert [one.agent for one in answers] == ["ann"] * 3
    assert ends["72"].by is ev.EndedBy.CUSTOMER


async def test_a_ring_and_a_message_go_on(centre: Killed) -> None:
    people = centre.people
    ann = centre.desks["ann"] = await people.agent(RINGS)
    await centre.start()
    waits = people.call("100", number="1")
    await people.until(lambda: bool(ann.calls), "the ring")
    await centre.until_fact(ev.OfferRinging, 1)
    speaks = people.call("200", number="2")
    await centre.until_fact(ev.VoicemailStarted, 1)
    await people.hears(speaks, BEEP)
    await asyncio.wait({asyncio.ensure_future(speaks.ended.wait())}, timeout=1.0)
    await centre.kill()
    await centre.start()
    answer(ann)
    await people.hears(waits, AGENT)
    assert len(ann.calls) == 1, "the same ring"
    speaks.hang_up()
    await centre.until_fact(ev.VoicemailLeft, 1)
    hasty = people.call("200", number="3")
    await people.hears(hasty, BEEP)
    await asyncio.wait({asyncio.ensure_future(hasty.ended.wait())}, timeout=1.0)
    await centre.kill()
    hasty.hang_up()
    await people.until(lambda: hasty.ended.is_set())
    await centre.start()
    await centre.until_fact(ev.VoicemailLeft, 2)
    waits.hang_up()
    await centre.until_fact(ev.InteractionEnded, 3)
    await centre.stop()
    assert await centre.left() == ([], [])
    check_books(await centre.facts())
