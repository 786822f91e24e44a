"""A running small centre, and a desk's rooms."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.sync.backoff import Backoff
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


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Rooms]:
    """Rooms that wait for minutes before they try again by themselves."""
    made = Rooms(tmp_path / "desk.db", Backoff(1000, 1000, random.Random(1)))
    yield made
    await made.link.stop()
    await made.database.close()
