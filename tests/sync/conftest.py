"""A running small centre, and a desk's rooms."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sync.rooms import Rooms
from tests.sync.small_centre import SmallCentre, small_centre


@pytest.fixture
async def centre() -> AsyncIterator[SmallCentre]:
    async with small_centre() as running:
        yield running


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    made = Rooms(tmp_path / "desk.db")
    yield made
    await made.link.stop()
    await made.database.close()
