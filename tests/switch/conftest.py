"""The embedded switch in a world of robots."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.settings import SwitchSettings
from console.switch.embedded import EmbeddedSwitch
from tests.switch.world import ATTACHED, World, make_sounds


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[..., object]]:
    """Makes worlds with settings of their own."""
    made: list[World] = []

    async def world(**options: object) -> World:
        settings = SwitchSettings(**{"udp_port": 0, "tcp_port": 0, **options})  # type: ignore[arg-type]
        switch = EmbeddedSwitch(settings, SystemClock(), make_sounds(tmp_path / "sounds"), t1_s=0.05)
        new = World(switch)
        await switch.start(new.tell)
        new.udp, new.tcp = switch.addresses
        made.append(new)
        return new

    yield world
    for each in made:
        await each.close()


@pytest.fixture
async def world(make: Callable[..., object]) -> World:
    return await make(attached=ATTACHED)  # type: ignore[misc,no-any-return]
