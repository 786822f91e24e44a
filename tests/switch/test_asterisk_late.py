"""A centre whose Asterisk is not there yet: it waits, says so, and takes calls as soon as it can."""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.domain.events import InteractionArrived
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.test_asterisk import asterisk_sounds
from tests.switch.world import MUSIC, World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip]


@pytest.fixture
def server() -> Iterator[AsteriskServer]:
    folder = Path(tempfile.mkdtemp(prefix="cb-late-"))
    sounds = folder / "sounds"
    sounds.mkdir()
    asterisk_sounds(sounds)
    server = AsteriskServer(folder, sounds, rtp_first=25500, rtp_last=25999)
    yield server
    server.remove()


async def test_it_waits_and_then_takes_calls(
    server: AsteriskServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SystemClock()
    options = AsteriskOptions(url=server.url, password="ari-secret", sounds=server.plan.sounds)
    switch = AsteriskSwitch(options, clock)
    world = World(switch)
    with caplog.at_level(logging.ERROR):
        await switch.start(world.tell)
    assert "nobody listens there" in caplog.text
    assert "asked again" in caplog.text
    assert "ari-secret" not in caplog.text + repr(options)

    async def was(interaction: object) -> bool:
        return False

    await switch.adopt([], clock.now(), was)
    assert [one.connected for one in switch.connections] == [False]
    try:
        server.start()
        await world.until(lambda: switch.connections[0].connected)
        world.udp = world.tcp = f"127.0.0.1:{server.sip}"
        customer = world.call("100")
        arrived = await world.fact(InteractionArrived)
        switch.music(arrived.interaction, "hold-music")
        await world.hears(customer, MUSIC)
    finally:
        await world.close()


async def test_it_can_be_stopped_while_it_waits(server: AsteriskServer) -> None:
    switch = AsteriskSwitch(AsteriskOptions(url=server.url, password="x"), SystemClock())
    await switch.start(lambda event: None)
    await switch.stop()
    assert [one.connected for one in switch.connections] == [False]
