"""Recordings and supervisors in calls, on a real Asterisk."""

from pathlib import Path
from uuid import UUID

import pytest

from console.clock import SystemClock
from console.domain.address import Address
from console.domain.events import (
    InteractionAnswered,
    MonitoringMode,
    MonitoringStarted,
    RecordingEnded,
    RecordingStarted,
)
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch
from console.switch.switch import Known, Monitor, Record
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.contract_recording import BeingRecorded, passes, runs, sides_of
from tests.switch.contract_snoop import BeingListenedTo
from tests.switch.test_asterisk import server, world  # noqa: F401 - fixtures
from tests.switch.world import AGENT, CUSTOMER, World

CLOCK = SystemClock()


async def was(interaction: UUID) -> bool:
    """The ledger knows them all."""
    return True


pytestmark = [pytest.mark.asterisk, pytest.mark.sip]


class TestAsteriskRecording(BeingRecorded):
    """The contract's part about recordings."""


class TestAsteriskSnoop(BeingListenedTo):
    """The contract's part about supervisors."""


async def heard_and_recorded(at: World, contact: str, interaction: UUID, file: Path) -> Record:
    """A call that is recorded, and that a supervisor listens to."""
    switch = at.switch
    assert isinstance(switch, AsteriskSwitch)
    order = Record(interaction=interaction, recording=CLOCK.new_id(), file=file, queue="sales", by="anna")
    switch.record(order)
    await at.fact(RecordingStarted)
    listening = Monitor(
        interaction=interaction,
        monitoring=CLOCK.new_id(),
        supervisor="sue",
        agent="anna",
        contact=contact,
        mode=MonitoringMode.LISTEN,
    )
    switch.monitor(listening)
    await at.fact(MonitoringStarted)
    return order


async def killed(world: World, server: AsteriskServer) -> AsteriskSwitch:  # noqa: F811
    """What Asterisk sees of a kill -9 is a connection that ends. The next centre's switch is there."""
    dead = world.switch
    assert isinstance(dead, AsteriskSwitch)
    await dead._link.close()
    options = AsteriskOptions(url=server.url, password="ari-secret", sounds=server.plan.sounds)
    world.switch = switch = AsteriskSwitch(options, CLOCK)
    world.facts.clear()
    await switch.start(world.tell)
    return switch


async def test_a_recording_outlives_the_centre(server: AsteriskServer, world: World, tmp_path: Path) -> None:  # noqa: F811
    agent, supervisor = await world.agent(), await world.agent(others=(AGENT,))
    customer, interaction = await world.talking(agent)
    (answered,) = world.of(InteractionAnswered)
    file = tmp_path / "one.wav"
    order = await heard_and_recorded(world, supervisor.contact, interaction, file)
    await passes(world, customer, 60)
    switch = await killed(world, server)
    lost = Record(interaction=CLOCK.new_id(), recording=CLOCK.new_id(), file=tmp_path / "no.wav")
    assert await switch.find_recordings([order, lost]) == {order.recording}
    known = Known(
        interaction=interaction, customer=Address("sip:4711@x"), offer=answered.offer, agent=answered.agent
    )
    await switch.adopt([known], CLOCK.now(), was)
    await world.over(supervisor.calls[0])  # who listens must be known to somebody
    await passes(world, customer, 30)
    switch.pause_recording(order.recording, on=True, by="anna")
    await passes(world, customer, 30)
    customer.hang_up()
    fact = await world.fact(RecordingEnded)
    assert (fact.recording, fact.file, fact.reason) == (order.recording, "one.wav", "")
    left, right = sides_of(file)
    assert runs(left)[:2] == [CUSTOMER, 0]
    assert right[0] == AGENT
    assert fact.seconds > 2.2
    assert await switch.find_recordings([order]) == set(), "it is left at Asterisk"
