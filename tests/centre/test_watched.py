"""A centre that watches a real Asterisk's queues: what it finds there, wrap-up, and starts without a log."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.centre import watched
from console.centre.watched import WatchedCentre
from console.clock import SystemClock
from console.demo.robots import Plan
from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.domain.errors import Refused
from console.domain.interaction import Phase
from console.domain.queue import Queue
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.settings import AppQueueSettings, CentreSettings, SwitchSettings
from console.switch.ami import Ami, Place
from tests.centre.doubles import SpySwitch
from tests.switch.pbx import Pbx
from tests.switch.world import World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip]

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def pbx() -> Iterator[Pbx]:
    server = Pbx(Path(tempfile.mkdtemp(prefix="cb-wcen-")), fixed="frida")
    server.start()
    yield server
    server.remove()


class Scene:
    """Asterisk with a member, people, and a centre that may come later."""

    def __init__(self, pbx: Pbx, folder: Path) -> None:
        self.pbx = pbx
        self.world = World(SpySwitch())
        self.world.udp = self.world.tcp = f"127.0.0.1:{pbx.sip}"
        self.ami = Ami(Place(port=pbx.ami, secret="ami-secret"), lambda event: None)
        self.interface = ""
        self.centre: WatchedCentre | None = None
        self._secret = folder / "secret"
        self._secret.write_text("ami-secret\n")
        self._database = f"sqlite:///{folder / 'c.db'}"
        self._ledger: Ledger | None = None

    async def member(self) -> None:
        await self.ami.open()
        phone = await self.world.agent(Plan(answer_after_s=0.1, talk_s=None))
        self.interface = f"PJSIP/callboard-out/{phone.contact}"
        said = await self.ami.ask(
            "QueueAdd",
            Queue="support",
            Interface=self.interface,
            MemberName="Anna",
            StateInterface="Custom:a",
        )
        assert said["Response"] == "Success"
        await self.ami.ask("QueuePause", Interface=f"PJSIP/{self.pbx.fixed}", Paused="true", Reason="Away")

    async def watch(self, *, log: bool, settings: CentreSettings | None = None) -> WatchedCentre:
        app_queue = AppQueueSettings(
            port=self.pbx.ami,
            secret_file=str(self._secret),
            queue_log=str(self.pbx.folder / "log/queue_log") if log else "",
        )
        switch = SwitchSettings(kind="app_queue", app_queue=app_queue)
        self._ledger = await Ledger.open(self._database)
        users = await Users.open(self._ledger.database)
        whole = replace(settings or CentreSettings(), switch=switch)
        self.centre = WatchedCentre(whole, CLOCK, self._ledger, users)
        await self.centre.start()
        await asyncio.wait_for(self.centre.watch.connected.wait(), 10)
        await self.centre.settled()
        return self.centre

    async def leave(self) -> None:
        assert self.centre is not None
        assert self._ledger is not None
        await self.centre.stop()
        await self._ledger.close()
        self.centre = None

    async def facts(self) -> list[ev.LedgerEvent]:
        assert self._ledger is not None
        return [event async for _, event in self._ledger.read()]

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        await self.world.until(holds, what)

    async def channels(self, count: int, talking: int) -> None:
        """Wait until Asterisk has so many, so many of them in a conversation."""
        async with asyncio.timeout(10):
            while True:
                there = await self.ami.list("CoreShowChannels")
                if (len(there), sum(bool(one["BridgeId"]) for one in there)) == (count, talking):
                    return
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        if self.centre is not None:
            await self.leave()
        await self.world.close()
        await self.ami.ask("QueueRemove", Queue="support", Interface=self.interface)
        await self.ami.close()


@pytest.fixture
async def scene(pbx: Pbx, tmp_path: Path) -> AsyncIterator[Scene]:
    made = Scene(pbx, tmp_path)
    await made.member()
    yield made
    await made.close()


def state_of(centre: WatchedCentre, agent: str) -> AgentState:
    standing = centre.router.agent(agent)
    return standing.state if standing is not None else AgentState.OFFLINE


@pytest.mark.parametrize("log", [True, False])
async def test_what_is_there_is_found_at_the_first_start(scene: Scene, *, log: bool) -> None:
    talking = scene.world.call("support", number="0401")
    await scene.channels(2, talking=2)
    await scene.ami.ask("QueuePause", Interface=scene.interface, Paused="true", Reason="Lunch")
    waiting = scene.world.call("support", number="0402")
    await scene.channels(3, talking=2)
    centre = await scene.watch(log=log)
    queue = centre.router.queue("support")
    assert queue is not None
    assert (queue.threshold_s, queue.wrap_up_s) == (20, 0)
    standings = {one.customer.user: one for one in centre.router.open_interactions()}
    assert {user: one.phase for user, one in standings.items()} == {
        "0401": Phase.CONNECTED,
        "0402": Phase.WAITING,
    }
    assert standings["0401"].agent == "Anna"
    assert state_of(centre, "Anna") is AgentState.ON_CONTACT
    agent = centre.router.agent("Anna")
    assert agent is not None
    assert agent.agent.queues == ("support",)
    talking.hang_up()
    waiting.hang_up()
    await scene.until(lambda: not centre.router.open_interactions(), "the end")
    assert state_of(centre, "Anna") is AgentState.PAUSED
    assert centre.router.late_facts == 0


async def test_a_start_without_a_log_finds_what_is_still_there(scene: Scene) -> None:
    centre = await scene.watch(log=False)
    talking = scene.world.call("support", number="0411")
    await scene.until(lambda: state_of(centre, "Anna") is AgentState.ON_CONTACT, "the talk")
    await scene.ami.ask("QueuePause", Interface=scene.interface, Paused="true", Reason="Lunch")
    gone = scene.world.call("support", number="0412")
    stays = scene.world.call("support", number="0413")
    await scene.until(lambda: len(centre.router.open_interactions()) == 3, "three calls")
    await scene.leave()
    gone.hang_up()
    await scene.channels(3, talking=2)
    centre = await scene.watch(log=False)
    phases = {one.customer.user: one.phase for one in centre.router.open_interactions()}
    assert phases == {"0411": Phase.CONNECTED, "0413": Phase.WAITING}
    talking.hang_up()
    await scene.ami.ask("QueuePause", Interface=scene.interface, Paused="false", Reason="")
    (waits,) = (one for one in centre.router.open_interactions() if one.customer.user == "0413")
    await scene.until(lambda: waits.phase is Phase.CONNECTED, "the next talk")
    stays.hang_up()
    await scene.until(lambda: not centre.router.open_interactions(), "the end")
    facts = await scene.facts()
    answered = [one for one in facts if isinstance(one, ev.InteractionAnswered)]
    arrived = [one for one in facts if isinstance(one, ev.InteractionArrived)]
    assert (len(arrived), len(answered)) == (3, 2)
    assert len({one.id for one in facts}) == len(facts)
    assert centre.router.late_facts == 0


async def test_wrap_up_takes_as_long_as_the_settings_say_and_nobody_is_offered_anything(scene: Scene) -> None:
    settings = CentreSettings(
        queues=(Queue(key="support", wrap_up_s=0.4, announce_every_s=0.1, max_wait_s=0.1),),
        agents=(Agent(key="Anna", queues=("support",)),),
    )
    centre = await scene.watch(log=True, settings=settings)
    call = scene.world.call("support")
    await scene.until(lambda: state_of(centre, "Anna") is AgentState.ON_CONTACT, "the talk")
    call.hang_up()
    await scene.until(lambda: state_of(centre, "Anna") is AgentState.WRAP_UP, "the wrap-up")
    view = centre.agent_view("Anna")
    assert view is not None
    assert view.wrap_up_extensions == 0
    await scene.until(lambda: state_of(centre, "Anna") is AgentState.READY, "its end")
    await centre.settled()
    facts = await scene.facts()
    started, ended = (
        [one for one in facts if isinstance(one, kind)] for kind in (ev.WrapUpStarted, ev.WrapUpEnded)
    )
    assert len(started) == len(ended) == 1
    assert (ended[0].at - started[0].at).total_seconds() == pytest.approx(0.4)
    ours = (ev.PositionAnnounced, ev.InteractionLeftQueue, ev.InteractionRefused, ev.AgentNotResponding)
    assert not [one for one in facts if isinstance(one, ours)]


async def test_a_desk_signs_in_once_and_stays_out_when_its_agent_signed_off_elsewhere(scene: Scene) -> None:
    settings = CentreSettings(
        queues=(Queue(key="support"),), agents=(Agent(key="dora", queues=("support",)),)
    )
    centre = await scene.watch(log=True, settings=settings)
    session = CLOCK.new_id()
    await centre.desk_linked("dora", "sip:dora@127.0.0.1", session)
    await scene.until(lambda: state_of(centre, "dora") is AgentState.PAUSED, "the sign-in")
    await centre.command("dora", "ready", "")
    await scene.until(lambda: state_of(centre, "dora") is AgentState.READY, "ready")
    await centre.desk_lost("dora", session)
    assert state_of(centre, "dora") is AgentState.READY
    await scene.ami.ask("QueueRemove", Queue="support", Interface="PJSIP/dora")
    await scene.until(lambda: state_of(centre, "dora") is AgentState.OFFLINE, "the sign-off")
    await centre.desk_linked("dora", "sip:dora@127.0.0.1", session)
    members = [one for one in await scene.ami.list("QueueStatus") if one.get("Event") == "QueueMember"]
    assert {one["Name"] for one in members} == {"Anna", "PJSIP/frida"}


async def test_a_fixed_member_who_signs_out_stays_paused(scene: Scene) -> None:
    centre = await scene.watch(log=True)
    fixed = scene.pbx.fixed
    await centre.command(fixed, "ready", "")
    await scene.until(lambda: state_of(centre, fixed) is AgentState.READY, "the fixed member")
    await centre.command(fixed, "sign_out", "")
    await scene.until(lambda: state_of(centre, fixed) is AgentState.PAUSED, "the pause")
    standing = centre.router.agent(fixed)
    assert standing is not None
    assert standing.reason == "signed off"


async def test_asterisks_own_counters_come_to_the_board(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "_COMPARE_EVERY_S", 0.05)
    centre = await scene.watch(log=True)
    await scene.until(lambda: bool(centre.board.snapshot().theirs), "the counters")
    (before,) = centre.board.snapshot().theirs
    call = scene.world.call("support", number="0421")
    await scene.until(lambda: state_of(centre, "Anna") is AgentState.ON_CONTACT, "the talk")
    call.hang_up()
    await scene.until(
        lambda: centre.board.snapshot().theirs[0].completed == before.completed + 1, "one completed"
    )
    (after,) = centre.board.snapshot().theirs
    assert (after.queue, after.abandoned) == ("support", before.abandoned)


async def test_what_asterisk_refuses_is_said_in_words(scene: Scene) -> None:
    settings = CentreSettings(
        queues=(Queue(key="support"),), agents=(Agent(key="bert"), Agent(key="cleo", queues=("support",)))
    )
    centre = await scene.watch(log=True, settings=settings)
    await centre.desk_linked("bert", "sip:bert@127.0.0.1", CLOCK.new_id())
    with pytest.raises(Refused, match="No queue is given"):
        await centre.command("bert", "ready", "")
    with pytest.raises(Refused, match="not signed in as an agent"):
        await centre.command("nobody", "ready", "")
    with pytest.raises(Refused, match="no pause reason"):
        await centre.command("cleo", "pause", "Because")
    await centre.watch.stop()
    assert centre.out_of_reach == ("127.0.0.1",)
    with pytest.raises(Refused, match="cannot be reached"):
        await centre.command("cleo", "ready", "")
