"""The embedded switch in a world of robots."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.settings import SwitchSettings
from console.switch.embedded import EmbeddedSwitch
from tests.switch.world import World, make_sounds


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    settings = SwitchSettings(udp_port=0, tcp_port=0)
    switch = EmbeddedSwitch(settings, SystemClock(), make_sounds(tmp_path / "sounds"), t1_s=0.05)
    world = World(switch)
    await switch.start(world.tell)
    world.udp, world.tcp = switch.addresses
    yield world
    await world.close()
