"""SIP programs of other people: sipp as a caller and as a desk."""

import asyncio
import socket
import tempfile
from pathlib import Path

import pytest

from console.domain.events import EndedBy, InteractionAnswered, InteractionArrived, InteractionEnded
from tests.switch.world import World

pytestmark = pytest.mark.sip


async def sipp(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        "sipp",
        *arguments,
        "-nostdin",
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


def _port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_sipp_calls_a_sipp_desk(world: World, transport: str) -> None:
    """Its own scenarios `uac` and `uas`; ten calls, each ended by the caller after half a second."""
    count = 10
    folder = Path(tempfile.mkdtemp(prefix="callboard-sipp-"))
    desk_port, media = _port(), _port()
    suffix = ";transport=tcp" if transport == "t1" else ""
    desk = await sipp(
        folder,
        "-sn",
        "uas",
        "-i",
        "127.0.0.1",
        "-p",
        str(desk_port),
        "-t",
        transport,
        "-m",
        str(count),
        "-mp",
        str(media // 2 * 2),
        "-rtp_echo",
    )
    world.on_fact = lambda fact: (
        world.ring(fact.interaction, f"sip:desk@127.0.0.1:{desk_port}{suffix}") and None
        if isinstance(fact, InteractionArrived)
        else None
    )
    target = world.tcp if transport == "t1" else world.udp
    caller = await sipp(
        folder,
        target,
        "-sn",
        "uac",
        "-s",
        "sales",
        "-i",
        "127.0.0.1",
        "-t",
        transport,
        "-m",
        str(count),
        "-r",
        "20",
        "-d",
        "500",
    )
    try:
        async with asyncio.timeout(30):
            assert await caller.wait() == 0, "sipp's caller saw something it did not expect"
            await world.ended(count)
            assert await desk.wait() == 0, "sipp's desk saw something it did not expect"
    finally:
        for process in (caller, desk):
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert len(world.of(InteractionAnswered)) == count
    assert {fact.by for fact in world.of(InteractionEnded)} == {EndedBy.CUSTOMER}
