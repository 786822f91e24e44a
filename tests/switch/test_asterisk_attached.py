"""Variables of an Asterisk's own dialplan that go along with a call, and those that are set in it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from console.clock import SystemClock
from console.domain.events import InteractionArrived
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch
from console.switch.asterisk_config import Plan, pieces
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.test_asterisk import asterisk_sounds
from tests.switch.world import World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip]
NAMES = ("TIER", "X-Customer-Id", "MISSING")
FRONT = """
[front]
exten => _.,1,Set(TIER=gold & silver, %50)
 same => n,Goto(callboard,${EXTEN},1)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[AsteriskServer]:
    folder = Path(tempfile.mkdtemp(prefix="cb-att-"))
    sounds = folder / "sounds"
    sounds.mkdir()
    asterisk_sounds(sounds)
    server = AsteriskServer(folder, sounds, rtp_first=27000, rtp_last=27499, attached=NAMES)
    etc = folder / "etc"
    (etc / "extensions.conf").write_text((etc / "extensions.conf").read_text() + FRONT)
    pjsip = (etc / "pjsip.conf").read_text()
    assert "context=callboard\n" in pjsip
    (etc / "pjsip.conf").write_text(pjsip.replace("context=callboard\n", "context=front\n"))
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def world(server: AsteriskServer) -> AsyncIterator[World]:
    options = AsteriskOptions(
        url=server.url, password="ari-secret", sounds=server.plan.sounds, attached=NAMES
    )
    new = World(AsteriskSwitch(options, SystemClock()))
    await new.switch.start(new.tell)
    new.udp = new.tcp = f"127.0.0.1:{server.sip}"
    yield new
    await new.close()


async def variable(server: AsteriskServer, name: str) -> str:
    """Of the one channel that there is."""
    async with httpx.AsyncClient(
        auth=("callboard", "ari-secret"), trust_env=False, base_url=f"{server.url}/ari"
    ) as client:
        (channel,) = (await client.get("/channels")).json()
        answer = await client.get(f"/channels/{channel['id']}/variable", params={"variable": name})
        return str(answer.json().get("value", ""))


async def test_what_the_dialplan_set_comes_along(world: World) -> None:
    await world.arrived(headers={"X-Customer-Id": "4711"})
    (arrived,) = world.of(InteractionArrived)
    assert arrived.attached == {"TIER": "gold & silver, %50", "X-Customer-Id": "4711"}


async def test_what_is_attached_is_a_variable_of_the_call(world: World, server: AsteriskServer) -> None:
    _, interaction = await world.arrived()
    assert isinstance(world.switch, AsteriskSwitch)
    world.switch.attach(interaction, {"TIER": "lead", "X-Customer-Id": "4712"})
    world.switch.attach(SystemClock().new_id(), {"TIER": "nobody"})
    async with asyncio.timeout(10):
        while await variable(server, "TIER") != "lead":
            continue
    assert await variable(server, "X-Customer-Id") == "", "a header is no variable"
    world.switch.attach(interaction, {"TIER": ""})
    async with asyncio.timeout(10):
        while await variable(server, "TIER"):
            continue


def test_without_names_the_dialplan_is_as_it_was() -> None:
    assert "GIVEN" not in pieces(Plan())["extensions.conf"]
    with_names = pieces(Plan(attached=("TIER", "X-A")))["extensions.conf"]
    assert "Set(GIVEN=TIER=${URIENCODE(${TIER})}&X-A=${URIENCODE(${PJSIP_HEADER(read,X-A)})})" in with_names
