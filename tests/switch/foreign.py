"""SIP programs of other people, to meet a switch: sipp and baresip."""

import asyncio
import subprocess
import tempfile
import time
from pathlib import Path

from console.demo.asterisk import free_port
from console.domain.events import EndedBy, InteractionAnswered, InteractionArrived, InteractionEnded
from tests.machine import stop
from tests.switch.world import World, write_tone

_CONFIG = """\
sip_listen {sip}
audio_source aufile,{folder}/tone.wav
audio_channels 1
rtp_ports {rtp}-{rtp_end}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_tmp account.so
module_app menu.so
"""
_SPEAKS_S = 30.0
_STARTS_S = 10.0


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


async def sipp_calls_sipp(world: World, transport: str) -> None:
    """Its own scenarios `uac` and `uas`; ten calls, each ended by the caller after half a second."""
    count = 10
    folder = Path(tempfile.mkdtemp(prefix="callboard-sipp-"))
    desk_port, media = free_port(), free_port()
    suffix = ";transport=tcp" if transport == "t1" else ""
    both = ("-i", "127.0.0.1", "-t", transport, "-m", str(count))
    desk = await sipp(
        folder, "-sn", "uas", "-p", str(desk_port), *both, "-mp", str(media // 2 * 2), "-rtp_echo"
    )
    world.on_fact = lambda fact: (
        world.ring(fact.interaction, f"sip:desk@127.0.0.1:{desk_port}{suffix}") and None
        if isinstance(fact, InteractionArrived)
        else None
    )
    target = world.tcp if transport == "t1" else world.udp
    caller = await sipp(folder, target, "-sn", "uac", "-s", "sales", *both, "-r", "20", "-d", "500")
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


class Baresip:
    """A telephone that speaks a tone, answers at once, and dials."""

    def __init__(self, folder: Path, tone: int, dials: str = "", *, user: str = "baresip") -> None:
        """Start it in a folder of its own; it is ready on return."""
        folder.mkdir()
        sip, rtp = f"127.0.0.1:{free_port()}", free_port() // 2 * 2
        self.contact = f"sip:{user}@{sip}"
        write_tone(folder / "tone.wav", tone, _SPEAKS_S, 8000)
        (folder / "config").write_text(_CONFIG.format(sip=sip, folder=folder, rtp=rtp, rtp_end=rtp + 9))
        account = f"<{self.contact};transport=udp>;regint=0;answermode=auto;audio_codecs=PCMU/8000/1\n"
        (folder / "accounts").write_text(account)
        order = ["-e", f"/dial {dials}"] if dials else []
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["baresip", "-4", "-f", str(folder), *order], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + _STARTS_S
        while "baresip is ready" not in (said := (folder / "log").read_text(errors="replace")):
            assert self._process.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(0.02)

    def stop(self) -> None:
        """It hangs up and ends."""
        stop(self._process)
