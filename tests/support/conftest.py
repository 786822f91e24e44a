"""A ledger with a day's facts in it, and the settings of its centre; PostgreSQL as in the ledger's tests."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from console.clock import StoppedClock
from console.domain.agent import Role
from console.ledger.ledger import Ledger
from console.ledger.users import User, Users
from tests.ledger.conftest import postgres as postgres
from tests.ledger.facts import arrived, ready

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVENTS = 40


async def fill(url: str) -> Ledger:
    """A ledger with EVENTS facts and a user, open."""
    clock = StoppedClock(NOON)
    ledger = await Ledger.open(url)
    users = await Users.open(ledger.database)
    await users.put(User(name="ada", role=Role.AGENT, password_hash="$argon2id$x", tokens_after=NOON))
    for _ in range(EVENTS // 2):
        clock.move(1)
        await ledger.append([ready(clock), arrived(clock, clock.new_id())])
    return ledger


class House:
    """A centre's folder: settings, ledger, voicemail."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.url = url or f"sqlite:///{folder / 'centre.db'}"
        self.config = folder / "centre.toml"
        self.messages = folder / "messages"
        folder.mkdir(exist_ok=True)
        self.messages.mkdir()
        self.passwords = folder / "passwords"
        self.passwords.mkdir()
        (self.passwords / "ada").write_text("sesame")
        (self.messages / "one.wav").write_bytes(b"RIFF" + bytes(4000))
        (self.messages / "two.wav.part").write_bytes(b"RIFF")
        self.config.write_text(
            f'[server]\ndatabase = "{self.url}"\n[switch]\nmessages = "{self.messages}"\n'
            f'[provision]\npasswords = "{self.passwords}"\n'
        )


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A centre whose ledger is open, as one that runs has it."""
    made = House(tmp_path / "here")
    ledger = await fill(made.url)
    yield made
    await ledger.close()


@pytest.fixture
def resting(tmp_path: Path) -> House:
    """A centre that is stopped."""
    made = House(tmp_path / "there")

    async def make() -> None:
        await (await fill(made.url)).close()

    asyncio.run(make())
    return made
