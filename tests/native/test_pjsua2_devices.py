"""Our own build at real sound devices: PulseAudio's virtual ones, through ALSA's plug-in."""

import asyncio
import json
import math
import wave
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.telephony.sounds import tone_share
from tests.machine import Pulse
from tests.native.building import NativeBuild
from tests.telephony.far import FarEnd

pytestmark = [pytest.mark.sip, pytest.mark.audio, pytest.mark.timeout(1200)]
ENGINE = Path(__file__).with_name("engine_program.py")
DESCRIBE = "import msgspec; from console.telephony.pjsua_build import describe_build; " \
           "print(msgspec.json.encode(describe_build()).decode())"  # fmt: skip
RATE_HZ = 16_000
Begin = Callable[..., Awaitable[FarEnd]]


@pytest.fixture
def alsa(pulse: Pulse, tmp_path: Path) -> dict[str, str]:
    """Variables that make the private PulseAudio ALSA's default device, and the only one."""
    configuration = tmp_path / "asound.conf"
    configuration.write_text(
        'pcm.default { type pulse hint { show on description "PulseAudio" } }\nctl.default { type pulse }\n'
    )
    return {**pulse.env, "ALSA_CONFIG_PATH": str(configuration)}


@pytest.fixture
async def begin(native_build: NativeBuild, alsa: dict[str, str]) -> AsyncIterator[Begin]:
    """Starts engines, at the devices with `native`, and stops them all."""
    begun: list[FarEnd] = []

    async def run(**options: object) -> FarEnd:
        begun.append(await FarEnd.run(program=ENGINE, env={**alsa, **native_build.env}, **options))
        return begun[-1]

    yield run
    assert [await far.stop() for far in begun] == [0] * len(begun)


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """Six seconds of 500 Hz as a WAV file."""
    path = tmp_path / "voice.wav"
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        pcm = array("h", (int(9000 * math.sin(math.tau * 500 * i / RATE_HZ)) for i in range(RATE_HZ * 6)))
        out.writeframes(pcm.tobytes())
    return path


async def call(begin: Begin, **settings: object) -> tuple[FarEnd, FarEnd]:
    """A call in Opus between a far end with a tone of 900 Hz and a desk at the devices."""
    codecs = {"codecs": ["opus/48000/2"]}
    far = await begin(hz=900, settings=codecs, account={"auto_answer": True})
    desk = await begin(native=True, settings={**codecs, **settings})
    desk.do("dial", to=far.contact)
    await desk.fact("CallMediaChanged", active=True)
    return far, desk


def test_alsa_devices_are_listed(native_build: NativeBuild, alsa: dict[str, str]) -> None:
    done = native_build.run("-c", DESCRIBE, **alsa)
    assert json.loads(done.stdout)["devices"] == [
        {"name": "default", "driver": "ALSA", "inputs": 1, "outputs": 1}
    ]
    assert done.stderr.count("\n") < 20  # nothing is printed for the devices that are not there


async def test_a_call_goes_through_an_alsa_device(
    begin: Begin, pulse: Pulse, voice: Path, tmp_path: Path
) -> None:
    far, _ = await call(begin)
    heard = tmp_path / "speaker.raw"
    with pulse.hearing(heard):
        await is_heard_in(heard, 900)
    speaking = asyncio.ensure_future(asyncio.to_thread(pulse.say, voice))
    await far.hears(500)
    await speaking


async def is_heard_in(raw: Path, hz: int) -> None:
    """Wait until a tone is nearly all of the last half second of a recording."""
    while True:
        pcm = await asyncio.to_thread(raw.read_bytes)
        pcm = pcm[: len(pcm) // 2 * 2][-RATE_HZ:]
        if len(pcm) == RATE_HZ and tone_share(pcm, RATE_HZ, hz) > 0.9:
            return
        await asyncio.sleep(0.1)


@contextmanager
def echoing(pulse: Pulse) -> Iterator[None]:
    """A room in which the microphone hears the speaker."""
    room = pulse.pactl(
        "load-module", "module-loopback", "source=speaker.monitor", "sink=mic_in", "latency_msec=40"
    )
    try:
        yield
    finally:
        pulse.pactl("unload-module", room)


async def echo(far: FarEnd) -> float:
    """How loud the far end hears itself in the next half second."""
    mark = far.mark
    far.do("forget")
    await far.fact("Forgot", mark)
    await asyncio.sleep(0.5)
    return float((await far.hear(900))["loudness"])


async def test_the_canceller_takes_the_echo_away(begin: Begin, pulse: Pulse) -> None:
    with echoing(pulse):
        far, desk = await call(begin)
        await far.hears(900)
        plain = min([await echo(far) for _ in range(6)])
        desk.do("hang_up")
        await far.fact("CallDisconnected")
        assert plain > 0.02
        far, _ = await call(begin, echo_cancel_ms=200)
        for _ in range(60):  # it needs some seconds of sound to learn the room
            if await echo(far) < plain / 10:
                return
        pytest.fail("the far end still hears itself")
