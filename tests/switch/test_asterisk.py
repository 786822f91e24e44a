"""A real Asterisk, driven over its REST interface, keeps the contract of the port."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.contract import SwitchContract
from tests.switch.contract_consult import Asking, Three
from tests.switch.contract_outbound import CallingOut
from tests.switch.world import ATTACHED, World, make_sounds

pytestmark = [pytest.mark.asterisk, pytest.mark.sip]


def asterisk_sounds(folder: Path) -> Path:
    """The sounds of the contract suite as Asterisk finds them: by language, and 16 kHz by their ending."""
    made = make_sounds(folder / "made")
    kept = folder / "en"
    kept.mkdir()
    for file in made.glob("*.wav"):
        shutil.move(file, kept / f"{file.stem}.wav16")
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[AsteriskServer]:
    folder = Path(tempfile.mkdtemp(prefix="cb-ast-"))  # short: it holds a socket
    sounds = folder / "sounds"
    sounds.mkdir()
    asterisk_sounds(sounds)
    server = AsteriskServer(folder, sounds, rtp_first=20000, rtp_last=21999, attached=ATTACHED)
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def world(server: AsteriskServer) -> AsyncIterator[World]:
    options = AsteriskOptions(
        url=server.url, password="ari-secret", sounds=server.plan.sounds, attached=ATTACHED
    )
    switch = AsteriskSwitch(options, SystemClock())
    new = World(switch)
    await switch.start(new.tell)
    new.udp = new.tcp = f"127.0.0.1:{server.sip}"
    yield new
    await new.close()


class TestAsteriskSwitch(SwitchContract, Asking, Three, CallingOut):
    """Every test of the contract, on a real Asterisk."""
