"""A real Asterisk's own queues watched over its manager interface: facts equal to what its people did."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from msgspec.structs import replace

from console.clock import SystemClock
from console.demo.asterisk import free_port
from console.demo.robots import Plan, RobotAgent
from console.domain.errors import NetworkError
from console.domain.events import (
    AgentBecameReady,
    AgentEvent,
    AgentPaused,
    AgentSignedIn,
    AgentSignedOut,
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    InteractionEnded,
    InteractionEvent,
    InteractionHeld,
    InteractionLeftQueue,
    InteractionOffered,
    InteractionQueued,
    InteractionResumed,
    InteractionTransferred,
    LeaveReason,
    OfferEnded,
)
from console.domain.standings import Standings
from console.switch.ami import Ami, Place
from console.switch.ami_watch import AmiWatch
from console.switch.queue_log import entries, facts
from tests.switch.certificates import Authority
from tests.switch.pbx import Pbx
from tests.switch.world import World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip]

_E = TypeVar("_E")


class Silent:
    """The switch of a world in which Asterisk does everything."""

    async def stop(self) -> None:
        """There is nothing."""


class Scene:
    """People around an Asterisk, and what was told of them."""

    def __init__(self, pbx: Pbx) -> None:
        self.pbx = pbx
        self.world = World(Silent())  # type: ignore[arg-type]
        self.world.udp = self.world.tcp = f"127.0.0.1:{pbx.sip}"
        self.told: list[InteractionEvent | AgentEvent] = []
        self.watch = AmiWatch(pbx.watched(), SystemClock())
        self.signed: list[str] = []

    def of(self, kind: type[_E]) -> list[_E]:
        return [one for one in self.told if isinstance(one, kind)]

    async def fact(self, kind: type[_E], count: int = 1) -> _E:
        self.world.facts = self.told  # type: ignore[assignment]
        await self.world.until(lambda: len(self.of(kind)) >= count, kind.__name__)
        return self.of(kind)[count - 1]

    async def open(self) -> None:
        await self.watch.start(self.told.append)
        await asyncio.wait_for(self.watch.connected.wait(), 10)

    async def signed_in(self, name: str, plan: Plan | None = None) -> RobotAgent:
        agent = await self.world.agent(plan)
        interface = f"PJSIP/callboard-out/{agent.contact}"
        await self.watch.sign_in("support", interface, name, state=f"Custom:{name}")
        self.signed.append(interface)
        return agent

    async def close(self) -> None:
        if self.watch.connected.is_set():
            for interface in self.signed:
                await self.watch.sign_off("support", interface)
        await self.watch.stop()
        await self.world.close()

    def agrees(self) -> None:
        """All that was told fits, nothing twice, and queue_log tells of the same calls."""
        standings = Standings()
        for event in self.told:
            standings.apply(event)  # type: ignore[arg-type]
        assert standings.ignored == 0
        assert standings.interactions == {}
        ids = [one.id for one in self.told]
        assert len(ids) == len(set(ids))
        mine = {one.interaction for one in self.of(InteractionArrived)}
        logged = facts(entries(self.pbx.folder / "log/queue_log", self.of(InteractionArrived)[0].at))
        kept = (InteractionArrived, InteractionAnswered, InteractionEnded)
        for kind in kept:
            ours = {one.interaction: one.at for one in self.of(kind)}
            theirs = {one.interaction: one.at for one in logged if isinstance(one, kind)}
            theirs = {key: at for key, at in theirs.items() if key in mine}
            assert ours.keys() == theirs.keys()
            assert all(abs((ours[key] - at).total_seconds()) <= 1.5 for key, at in theirs.items())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pbx(authority: Authority) -> Iterator[Pbx]:
    server = Pbx(Path(tempfile.mkdtemp(prefix="cb-ami-")), authority.sign("pbx", "127.0.0.1"))
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def scene(pbx: Pbx) -> AsyncIterator[Scene]:
    new = Scene(pbx)
    await new.open()
    yield new
    await new.close()


async def test_an_answered_call(scene: Scene) -> None:
    agent = await scene.signed_in("anna")
    customer = scene.world.call("support", number="4712")
    answered = await scene.fact(InteractionAnswered)
    assert (answered.agent, answered.queue) == ("anna", "support")
    assert len(agent.calls) == 1
    customer.hang_up()
    ended = await scene.fact(InteractionEnded)
    assert ended.by is EndedBy.CUSTOMER
    arrived = scene.of(InteractionArrived)[0]
    assert (arrived.customer.user, arrived.called) == ("4712", "support")
    assert arrived.at <= scene.of(InteractionOffered)[0].at <= answered.at < ended.at
    scene.agrees()


async def test_an_abandoned_call_and_asterisks_own_count(scene: Scene) -> None:
    before = (await scene.watch.counters())[0]
    customer = scene.world.call("support")
    await scene.fact(InteractionQueued)
    customer.hang_up()
    ended = await scene.fact(InteractionEnded)
    assert ended.by is EndedBy.CUSTOMER
    assert not scene.of(InteractionAnswered)
    after = (await scene.watch.counters())[0]
    assert (after.abandoned - before.abandoned, after.completed - before.completed) == (1, 0)
    scene.agrees()


async def test_agents_sign_in_pause_and_sign_off(scene: Scene) -> None:
    await scene.watch.sign_in("support", "PJSIP/nobody", "bert", penalty=3)
    await scene.fact(AgentBecameReady)
    await scene.watch.pause("PJSIP/nobody", "lunch")
    paused = await scene.fact(AgentPaused)
    assert (paused.agent, paused.reason) == ("nobody", "lunch")
    await scene.watch.pause("PJSIP/nobody", "", paused=False)
    await scene.fact(AgentBecameReady, 2)
    await scene.watch.sign_off("support", "PJSIP/nobody")
    assert (await scene.fact(AgentSignedOut)).agent == "nobody"
    assert len(scene.of(AgentSignedIn)) == 1
    with pytest.raises(NetworkError, match="QueueRemove"):
        await scene.watch.sign_off("support", "PJSIP/nobody")


async def test_the_connection_is_cut_in_the_middle_of_calls(scene: Scene) -> None:
    await scene.signed_in("anna")
    talking = scene.world.call("support")
    await scene.fact(InteractionAnswered)
    waiting = scene.world.call("support")
    await scene.fact(InteractionQueued, 2)
    writer = scene.watch._ami._writer
    assert writer is not None
    scene.watch.connected.clear()
    writer.transport.abort()
    waiting.hang_up()
    talking.hang_up()
    await asyncio.wait_for(scene.watch.connected.wait(), 10)
    await scene.fact(InteractionEnded, 2)
    assert len(scene.of(InteractionArrived)) == 2
    assert len(scene.of(InteractionAnswered)) == 1
    scene.agrees()


async def test_a_wrong_secret_is_told(pbx: Pbx) -> None:
    ami = Ami(Place(port=pbx.ami, secret="wrong"), lambda event: None)
    with pytest.raises(NetworkError, match=r"refuses the manager user “callboard”"):
        await ami.open()
    nobody = Ami(Place(port=free_port(), secret="wrong"), lambda event: None)
    with pytest.raises(NetworkError, match=r"manager\.conf"):
        await nobody.open()


async def test_over_tls_the_certificate_is_checked(pbx: Pbx, authority: Authority) -> None:
    place = Place(port=pbx.ami_tls, secret="ami-secret", tls=True, certificates=str(authority.file))
    ami = Ami(place, lambda event: None)
    await ami.open()
    assert (await ami.ask("Ping"))["Response"] == "Success"
    await ami.close()
    stranger = Ami(Place(port=pbx.ami_tls, secret="ami-secret", tls=True), lambda event: None)
    with pytest.raises(NetworkError, match=r"certificate at 127\.0\.0\.1.* is not trusted"):
        await stranger.open()
    lost = Ami(replace(place, certificates="/nowhere.pem"), lambda event: None)
    with pytest.raises(NetworkError, match=r"/nowhere\.pem"):
        await lost.open()


async def test_a_ring_without_answer_and_then_answered(scene: Scene) -> None:
    await scene.signed_in("anna", Plan(answer_after_s=None))
    customer = scene.world.call("support")
    ended = await scene.fact(OfferEnded)
    assert ended.agent == "anna"
    customer.hang_up()
    await scene.fact(InteractionEnded)
    scene.agrees()


async def test_hold_and_the_agents_hang_up(scene: Scene) -> None:
    await scene.signed_in("anna", Plan(hold_after_s=0.1, hold_s=0.2, talk_s=0.8))
    scene.world.call("support")
    held = await scene.fact(InteractionHeld)
    resumed = await scene.fact(InteractionResumed)
    ended = await scene.fact(InteractionEnded)
    assert held.agent == "anna"
    assert held.at < resumed.at < ended.at
    assert ended.by is EndedBy.AGENT
    scene.agrees()


async def test_a_blind_transfer(scene: Scene) -> None:
    there = f"sip:away@{scene.world.udp}"
    await scene.signed_in("anna", Plan(talk_s=0.3, transfer_to=there))
    customer = scene.world.call("support")
    moved = await scene.fact(InteractionTransferred)
    assert (moved.agent, moved.target) == ("anna", "away")
    customer.hang_up()
    ended = await scene.fact(InteractionEnded)
    assert ended.at >= moved.at
    assert ended.by is EndedBy.CUSTOMER


async def test_a_wait_that_takes_too_long(scene: Scene) -> None:
    scene.world.call("short")
    left = await scene.fact(InteractionLeftQueue)
    assert left.reason is LeaveReason.TIMEOUT
    ended = await scene.fact(InteractionEnded)
    assert ended.by is EndedBy.CENTRE
    assert not scene.of(InteractionAnswered)
    scene.agrees()


async def test_asterisk_starts_again_amid_calls() -> None:
    server = Pbx(Path(tempfile.mkdtemp(prefix="cb-ami-")))
    server.start()
    scene = Scene(server)
    try:
        await scene.open()
        await scene.signed_in("anna")
        scene.world.call("support")
        await scene.fact(InteractionAnswered)
        scene.world.call("support")
        await scene.fact(InteractionQueued, 2)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await scene.fact(InteractionEnded, 2)
        assert {one.by for one in scene.of(InteractionEnded)} == {EndedBy.CENTRE}
        assert len(scene.of(InteractionArrived)) == 2
        scene.signed.clear()
        scene.agrees()
    finally:
        await scene.close()
        server.remove()
