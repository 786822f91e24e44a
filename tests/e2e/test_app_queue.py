"""A real centre process that watches a real Asterisk's own queues, with SIP callers and agents around."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.bus import Bus
from console.clock import SystemClock
from console.demo.robots import Plan, RobotAgent, RobotCustomer
from console.domain import events as ev
from console.domain.agent import AgentState, Presence
from console.domain.errors import EnvironmentFault
from console.ledger.ledger import Ledger
from console.metrics.snapshot import Fold
from console.server.auth import hash_password
from console.switch.ami import Ami, Place
from console.switch.queue_log import entries, facts
from console.sync.link import Link
from tests.centre.doubles import SpySwitch
from tests.switch.pbx import Pbx
from tests.switch.world import World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip, pytest.mark.e2e]

ROOT = Path(__file__).parents[2]
CLOCK = SystemClock()
SECRET = "ami-secret"
PASSWORD = "correct horse"
CONFIG = """[server]
port = 0
database = "sqlite:///{folder}/centre.db"
[switch]
kind = "app_queue"
[switch.app_queue]
port = {port}
secret_file = "{folder}/ami-secret"
queue_log = "{log}"
interface = "{{extension}}"
state_interface = "Custom:free"
[switch.app_queue.agents]
anna = "{anna}"
[[queues]]
key = "support"
wrap_up_s = 0
announce_every_s = 0
[[agents]]
key = "anna"
name = "Anna Berg"
queues = ["support"]
[[users]]
name = "anna"
role = "agent"
password_hash = "{hash}"
[[users]]
name = "boss"
role = "admin"
password_hash = "{hash}"
"""


class Watching:
    """A centre process, and people around the Asterisk that it watches."""

    def __init__(self, pbx: Pbx, folder: Path) -> None:
        self.pbx = pbx
        self.folder = folder
        self.world = World(SpySwitch())
        self.world.udp = self.world.tcp = f"127.0.0.1:{pbx.sip}"
        self.ami = Ami(Place(port=pbx.ami, secret=SECRET), lambda event: None)
        self.http = httpx.AsyncClient(trust_env=False, timeout=20)
        self.config = folder / "centre.toml"
        self.errors = folder / "centre.log"
        self.desk: Link | None = None
        self.url = ""
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> RobotAgent:
        """Write the settings, start, and link Anna's desk. Her telephone answers by itself."""
        phone = await self.world.agent(Plan(answer_after_s=0.2, talk_s=None))
        (self.folder / "ami-secret").write_text(f"{SECRET}\n")
        text = CONFIG.format(
            folder=self.folder,
            port=self.pbx.ami,
            log=self.pbx.folder / "log/queue_log",
            anna=f"PJSIP/callboard-out/{phone.contact}",
            hash=hash_password(PASSWORD),
        )
        self.config.write_text(text)
        await self.ami.open()
        await self.start()
        self.desk = Link(Bus(), CLOCK, None, contact=lambda: "sip:anna@127.0.0.1")
        await self.desk.sign_in(self.url, "anna", PASSWORD)
        return phone

    async def start(self) -> None:
        with self.errors.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "console", "centre", "--config", str(self.config),
                "--log-level", "debug",
                cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log, env=os.environ,
            )  # fmt: skip
        assert self._process.stdout is not None
        said = (await asyncio.wait_for(self._process.stdout.readline(), 60)).decode()
        assert said.startswith("listening on "), self.errors.read_text()
        self.url = said.split()[-1]
        signed = await self.http.post(
            f"{self.url}/api/v1/sign-in", json={"user": "boss", "password": PASSWORD}
        )
        self.http.headers["Authorization"] = f"Bearer {signed.json()['token']}"

    async def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        self._process = None

    async def close(self) -> None:
        if self.desk is not None:
            await self.desk.stop()
        await self.world.close()
        for member in await self.members():
            await self.ami.ask("QueueRemove", Queue=member["Queue"], Interface=member["Location"])
        await self.ami.close()
        await self.http.aclose()
        if self._process is not None:
            if self._process.returncode is None:
                self._process.terminate()
            assert await asyncio.wait_for(self._process.wait(), 30) == 0, self.errors.read_text()

    async def get(self, path: str) -> Any:
        answer = await self.http.get(f"{self.url}/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def members(self) -> list[dict[str, str]]:
        return [dict(one) for one in await self.ami.list("QueueStatus") if one.get("Event") == "QueueMember"]

    async def command(self, action: str, argument: str = "") -> None:
        assert self.desk is not None
        await self.desk.command(action, argument)

    async def pause_elsewhere(self, reason: str) -> None:
        """As a feature code would: "" ends the pause."""
        (member,) = await self.members()
        paused = "true" if reason else "false"
        await self.ami.ask("QueuePause", Interface=member["Location"], Paused=paused, Reason=reason)

    async def until(self, holds: Callable[[Any], bool], look: Callable[[], Any]) -> Any:
        """Wait until what a look finds is as wanted."""
        async with asyncio.timeout(20):
            while True:
                found = await look()
                if holds(found):
                    return found
                await asyncio.sleep(0.05)

    async def until_state(self, state: AgentState, reason: str = "") -> dict[str, Any]:
        async def look() -> Any:
            return next(one for one in (await self.get("board"))["agents"] if one["agent"] == "anna")

        found: dict[str, Any] = await self.until(
            lambda row: row["state"] == state.value and row.get("reason", "") == reason, look
        )
        return found

    async def facts(self) -> list[ev.LedgerEvent]:
        ledger = await Ledger.open(f"sqlite:///{self.folder / 'centre.db'}")
        found = [event async for _, event in ledger.read()]
        await ledger.close()
        return found

    async def until_facts(self, kind: type[ev.InteractionEvent], count: int) -> list[Any]:
        async def look() -> Any:
            return [one for one in await self.facts() if isinstance(one, kind)]

        found: list[Any] = await self.until(lambda facts: len(facts) >= count, look)
        return found

    async def figures(self) -> dict[str, Any]:
        found = await self.get("figures?dimension=queue&key=support&window=today")
        values: dict[str, Any] = found["rows"][0]["values"]
        return values

    async def ctl(self, *words: str) -> Any:
        """What callboardctl says as JSON."""
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console", *words, cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=os.environ,
        )  # fmt: skip
        said, complaint = await asyncio.wait_for(done.communicate(), 60)
        assert done.returncode == 0, complaint.decode()
        return json.loads(said)


@pytest.fixture(scope="module")
def pbx() -> Iterator[Pbx]:
    server = Pbx(Path(tempfile.mkdtemp(prefix="cb-watch-")))
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def scene(pbx: Pbx, tmp_path: Path) -> AsyncIterator[Watching]:
    made = Watching(pbx, tmp_path)
    yield made
    await made.close()


def agrees(told: list[ev.LedgerEvent], log: Path, since: datetime) -> Fold:
    """Each call once, the books balance, and queue_log tells of the same ones at the same times."""
    ids = [one.id for one in told]
    assert len(ids) == len(set(ids))
    fold = Fold()
    for sequence, event in enumerate(told, start=1):
        fold.apply(event, sequence)
    assert fold.standings.ignored == 0
    board = fold.snapshot(CLOCK.now()).total
    assert board is not None
    total = board.counts
    assert total.offered == total.answered + total.abandoned + total.flowed_out
    logged = facts(entries(log, since))
    for kind in (ev.InteractionArrived, ev.InteractionAnswered, ev.InteractionEnded):
        ours = {one.interaction: one.at for one in told if isinstance(one, kind)}
        theirs = {one.interaction: one.at for one in logged if isinstance(one, kind)}
        assert ours.keys() == theirs.keys(), kind
        assert all(abs((ours[key] - at).total_seconds()) <= 1.5 for key, at in theirs.items()), kind
    counted = Counter((one.interaction, type(one)) for one in told if isinstance(one, ev.InteractionEnded))
    assert set(counted.values()) == {1}
    return fold


async def three_calls(scene: Watching) -> None:
    """One gives up, one waits too long, Anna serves one."""
    abandoned = scene.world.call("support", number="0301")
    await scene.until_facts(ev.InteractionQueued, 1)
    abandoned.hang_up()
    await scene.until_facts(ev.InteractionEnded, 1)
    scene.world.call("short", number="0302")
    await scene.until_facts(ev.InteractionEnded, 2)
    await scene.command("ready")
    await scene.until_state(AgentState.READY)
    served = scene.world.call("support", number="0303")
    await scene.until_facts(ev.InteractionAnswered, 1)
    await scene.until_state(AgentState.ON_CONTACT)
    (seen,) = await scene.get("interactions")
    assert (seen["agent"], seen["customer"]) == ("anna", "sip:0303@asterisk")
    refused = await scene.http.post(
        f"{scene.url}/api/v1/interactions/{seen['interaction']}/priority", json={"priority": 5}
    )
    assert refused.status_code == 400
    assert "watches Asterisk's own queues" in refused.text
    served.hang_up()
    await scene.until_facts(ev.InteractionEnded, 3)


async def test_figures_are_what_happened(scene: Watching) -> None:
    since = CLOCK.now()
    await scene.open()
    await scene.until_state(AgentState.PAUSED, "sign-in")
    await three_calls(scene)
    told = await scene.facts()
    agrees(told, scene.pbx.folder / "log/queue_log", since)
    assert {one.agent for one in told if isinstance(one, ev.InteractionOffered)} == {"anna"}
    values = await scene.figures()
    wanted = {"offered": 3, "answered": 1, "abandoned": 1, "flowed_out": 1}
    assert {key: values[key] for key in wanted} == wanted
    database = f"sqlite:///{scene.folder / 'centre.db'}"
    kpis, by_hand = await asyncio.gather(
        scene.ctl("kpi", "--database", database, "--json"),
        scene.ctl("kpi", "--asterisk", "--config", str(scene.config), "--json"),
    )
    assert {key: kpis["total"]["counts"][key] for key in wanted} == wanted

    (beside,) = await scene.get("asterisk/counters")
    both = {one["key"]: (one["theirs"], one["ours"]) for one in beside["counters"]}
    assert both["completed"] == (1, 1)
    assert both["abandoned"] == (2, 1)  # the one whose time ran out too
    assert by_hand[0]["counters"] == beside["counters"]

    log = scene.errors.read_text()
    assert SECRET not in log
    assert PASSWORD not in log


async def test_agents_work_in_asterisks_queue_from_the_desk_and_from_elsewhere(scene: Watching) -> None:
    await scene.open()
    await scene.until_state(AgentState.PAUSED, "sign-in")
    (member,) = await scene.members()
    assert (member["Queue"], member["Paused"], member["Name"]) == ("support", "1", "Anna Berg")
    await scene.command("ready")
    await scene.until_state(AgentState.READY)
    await scene.pause_elsewhere("fire drill")
    await scene.until_state(AgentState.PAUSED, "fire drill")
    await scene.command("pause", "Lunch")
    await scene.until_state(AgentState.PAUSED, "Lunch")
    assert [one["PausedReason"] for one in await scene.members()] == ["Lunch"]
    with pytest.raises(EnvironmentFault, match="wrapuptime"):
        await scene.command("end_wrap_up")
    await scene.command("sign_out")
    await scene.until_state(AgentState.OFFLINE)
    assert await scene.members() == []
    await scene.command("ready")
    await scene.until_state(AgentState.READY)


async def unwatched(scene: Watching, *leave: RobotCustomer) -> None:
    """What happens without a centre: one comes and gives up, `leave` hang up, one is answered."""
    log = scene.pbx.folder / "log/queue_log"
    third = scene.world.call("support", number="0313")
    await scene.world.until(lambda: "|0313|" in log.read_text(), "the caller who came meanwhile")
    for one in (third, *leave):
        one.hang_up()

    def after() -> str:
        return log.read_text().split("|0313|")[-1]

    await scene.world.until(lambda: "COMPLETECALLER" in after(), "the end of the talk")
    await scene.world.until(lambda: after().count("|ABANDON|") == 2, "who gave up")
    await scene.pause_elsewhere("")
    await scene.world.until(lambda: "|CONNECT|" in after(), "an answer that nobody watched")


async def test_a_centre_that_is_killed_amid_calls_misses_and_doubles_nothing(scene: Watching) -> None:
    since = CLOCK.now()
    await scene.open()
    await scene.until_state(AgentState.PAUSED, "sign-in")
    await scene.command("ready")
    await scene.until_state(AgentState.READY)
    first = scene.world.call("support", number="0311")
    await scene.until_facts(ev.InteractionAnswered, 1)
    await scene.pause_elsewhere("Meeting")
    second = scene.world.call("support", number="0312")
    fourth = scene.world.call("support", number="0314")
    await scene.until_facts(ev.InteractionQueued, 3)

    await scene.kill()
    await unwatched(scene, second, first)
    await scene.start()
    await scene.until_facts(ev.InteractionAnswered, 2)
    await scene.until_state(AgentState.ON_CONTACT)
    fifth = scene.world.call("support", number="0315")
    await scene.until_facts(ev.InteractionArrived, 5)
    fifth.hang_up()
    fourth.hang_up()
    await scene.until_facts(ev.InteractionEnded, 5)

    told = await scene.facts()
    fold = agrees(told, scene.pbx.folder / "log/queue_log", since)
    counted = Counter(type(one).__name__ for one in told if isinstance(one, ev.InteractionEvent))
    assert (counted["InteractionArrived"], counted["InteractionAnswered"]) == (5, 2)
    assert (counted["InteractionQueued"], counted["InteractionEnded"]) == (5, 5)
    numbers = [one.customer.user for one in told if isinstance(one, ev.InteractionArrived)]
    assert sorted(numbers) == ["0311", "0312", "0313", "0314", "0315"]
    assert fold.standings.agents["anna"].presence is Presence.READY
