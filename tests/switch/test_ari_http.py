"""An Asterisk whose socket brings events only: commands go over HTTP, and calls work all the same."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.domain.events import InteractionAnswered, InteractionEnded
from console.switch import ari
from console.switch.ari import Ari
from console.switch.ari_http import by_socket
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.test_asterisk import asterisk_sounds
from tests.switch.world import AGENT, World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip]


@pytest.mark.parametrize(
    ("version", "socket"),
    [
        ("20.6.0~dfsg+~cs6.13.40431414-2build5", False),
        ("20.14.0", True),
        ("21.8.1", False),
        ("22.3.0", False),
        ("22.10.1+dfsg", True),
        ("23.0.0", True),
        ("18.20.0", False),
        ("GIT-master-1234", True),
        ("", True),
    ],
)
def test_which_version_takes_requests_over_the_socket(version: str, socket: bool) -> None:
    assert by_socket(version) is socket


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AsteriskServer]:
    monkeypatch.setattr(ari, "by_socket", lambda version: False)
    folder = Path(tempfile.mkdtemp(prefix="cb-http-"))
    sounds = folder / "sounds"
    sounds.mkdir()
    asterisk_sounds(sounds)
    server = AsteriskServer(folder, sounds, rtp_first=25000, rtp_last=25499)
    server.start()
    yield server
    server.remove()


async def test_a_call_over_http(server: AsteriskServer) -> None:
    options = AsteriskOptions(url=server.url, password="ari-secret", sounds=server.plan.sounds)
    world = World(AsteriskSwitch(options, SystemClock()))
    await world.switch.start(world.tell)
    world.udp = world.tcp = f"127.0.0.1:{server.sip}"
    try:
        agent = await world.agent()
        customer, interaction = await world.talking(agent)
        await world.fact(InteractionAnswered)
        await world.hears(customer, AGENT)
        world.switch.hang_up(interaction, reason="test")
        assert (await world.fact(InteractionEnded)).reason == "test"
    finally:
        await world.close()

    asking = Ari(server.url, "callboard", "ari-secret", "other")
    await asking.open(lambda event: None, lambda: None)
    missing = await asking.ask("GET", "channels/none")
    assert (missing.status, missing.refused) == (404, True)
    answers = [asking.ask("GET", "asterisk/ping") for _ in range(20)]
    assert all(answer.ok for answer in await asyncio.gather(*answers))
    server.kill()
    await asking.close()
