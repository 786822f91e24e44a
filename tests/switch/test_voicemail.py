"""A message from RTP to disk: lost, late and lying packets, silence, a full disk, a sudden death."""

import asyncio
import os
import resource
import signal
import struct
import sys
import wave
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.switch import codecs
from console.switch.media import Ports
from console.switch.voicemail import RATE, Message, Spoken, Track, wav_header
from tests.switch.world import names_in

FRAME = 160


def packet(at: int, payload: bytes, source: int = 7, seq: int = 0) -> bytes:
    return struct.pack("!BBHII", 0x80, 0, seq & 0xFFFF, at % 2**32, source) + payload


def tone(frames: int, hertz: int = 1000, loud: int = 8000) -> bytes:
    places = np.arange(frames * FRAME) / RATE
    return (loud * np.sin(2 * np.pi * hertz * places)).astype("<i2").tobytes()


def spoken(frames: int, start: int = 0) -> list[tuple[int, bytes]]:
    """Time stamps and PCMU payloads of a tone."""
    data = codecs.coder("PCMU").encode(tone(frames))
    return [(start + n * FRAME, data[n * FRAME : (n + 1) * FRAME]) for n in range(frames)]


def told(track: Track, packets: list[tuple[int, bytes]], elapsed: float = 1e6) -> bytes:
    return b"".join(track.take(packet(at, payload), elapsed) for at, payload in packets) + track.rest()


class TestTrack:
    """In order, without holes, and no longer than time."""

    def test_what_comes_in_order_is_kept_as_it_is(self) -> None:
        packets = spoken(50, start=2**32 - 20 * FRAME)  # the stamps run over the end of their 32 bits
        assert told(Track("PCMU"), packets) == codecs.coder("PCMU").decode(b"".join(p for _, p in packets))

    def test_two_that_changed_places_are_put_right(self) -> None:
        packets = spoken(20)
        right = told(Track("PCMU"), packets)
        packets[5], packets[6] = packets[6], packets[5]
        packets.insert(9, packets[8])
        assert told(Track("PCMU"), packets) == right

    def test_what_is_lost_is_silence_of_the_same_length(self) -> None:
        packets = spoken(50)
        whole = told(Track("PCMU"), packets)
        holed = told(Track("PCMU"), packets[:10] + packets[25:])
        assert len(holed) == len(whole)
        assert holed[: 10 * 320] == whole[: 10 * 320]
        assert holed[10 * 320 : 25 * 320] == bytes(15 * 320)
        assert holed[25 * 320 :] == whole[25 * 320 :]

    def test_a_sender_that_is_silent_for_a_while(self) -> None:
        """Silence suppression: the stamps go on."""
        packets = spoken(10) + spoken(10, start=200 * FRAME)
        assert len(told(Track("PCMU"), packets)) == 210 * 320

    def test_another_source_goes_on_where_the_last_ended(self) -> None:
        track = Track("PCMU")
        first = b"".join(track.take(packet(at, data), 9) for at, data in spoken(10, start=777))
        second = b"".join(track.take(packet(at, data, source=8), 9) for at, data in spoken(10, start=5))
        assert len(first + second + track.rest()) == 20 * 320

    @pytest.mark.parametrize("jump", [2**31, 2**31 - 1, 10**9, -(10**9), -90_000])
    def test_a_stamp_that_lies_fills_no_disk(self, jump: int) -> None:
        packets = spoken(20, start=100_000) + spoken(20, start=100_000 + jump)
        assert len(told(Track("PCMU"), packets, elapsed=0.8)) == 40 * 320

    def test_a_flood_is_no_longer_than_time(self) -> None:
        assert len(told(Track("PCMU"), spoken(5000), elapsed=2.0)) <= 2 * RATE * 3.2

    @pytest.mark.parametrize("codec", codecs.NAMES)
    def test_another_codec_in_the_middle(self, codec: str) -> None:
        track = Track("PCMU")
        out = b"".join(track.take(packet(at, data), 9) for at, data in spoken(10))
        out += track.use(codec)
        data = codecs.coder(codec).encode(tone(10))
        for n in range(10):
            out += track.take(packet((10 + n) * FRAME, data[n * FRAME : (n + 1) * FRAME]), 9)
        assert len(out + track.rest()) == 20 * 320

    @settings(deadline=None)
    @given(st.lists(st.binary(max_size=300), max_size=60), st.sampled_from(codecs.NAMES))
    def test_rubbish_is_survived(self, rubbish: list[bytes], codec: str) -> None:
        track = Track(codec)
        out = b"".join(track.take(struct.pack("!BB", 0x80, 0) + bytes(10) + data, 1.0) for data in rubbish)
        out += b"".join(track.take((data + bytes(12))[: max(12, len(data))], 1.0) for data in rubbish)
        assert len(out + track.rest()) <= 2 * RATE * 3


class TestSpoken:
    """What is worth keeping."""

    def test_silence_at_the_end_goes_and_in_the_middle_stays(self) -> None:
        said = Spoken()
        hush = bytes(50 * 320)
        out = said.take(tone(20)) + said.take(hush) + said.take(tone(20)) + said.take(hush)
        assert said.anything
        assert len(out) == 90 * 320
        assert len(said.tail()) == RATE, "half a second of 16-bit sound"

    def test_noise_of_a_quiet_line_and_a_click_are_no_message(self) -> None:
        chance = np.random.default_rng(1)
        said = Spoken()
        noise = (chance.standard_normal(FRAME * 500) * 60).astype("<i2").tobytes()
        assert said.take(noise) == b""
        said.take(tone(4))
        assert not said.anything

    @given(st.lists(st.integers(1, 900), max_size=40))
    def test_the_pieces_do_not_matter(self, cuts: list[int]) -> None:
        whole = bytes(3000) + tone(12) + bytes(7000) + tone(3)
        once = Spoken()
        expected = once.take(whole)
        said, out, rest = Spoken(), b"", whole
        for cut in cuts:
            out += said.take(rest[: 2 * cut])
            rest = rest[2 * cut :]
        assert out + said.take(rest) == expected
        assert said.frames == once.frames


async def recorded(message: Message, frames: int, codec: str = "PCMU") -> None:
    """Say something into a message; returns when it is closed."""
    port = Ports("127.0.0.1", 0, 0, Counter()).take()
    message.begin(port, codec)
    for at, payload in spoken(frames):
        message._heard(packet(at, payload))
    done = asyncio.Event()
    message.finish(done.set)
    async with asyncio.timeout(20):
        await done.wait()
        await message.task
    port.close()


def nothing() -> None:
    """Nobody is told."""


async def test_the_header_is_a_wav_header(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(wav_header(320) + bytes(320))
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 160)


async def test_a_disk_that_fills_up_is_told_and_leaves_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    failed = asyncio.Event()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    message = Message(tmp_path / "x.wav", 60, nothing, failed.set)
    port = Ports("127.0.0.1", 0, 0, Counter()).take()
    message.begin(port, "PCMU")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        message._began -= 60
        for at, payload in spoken(200):
            message._heard(packet(at, payload))
        async with asyncio.timeout(20):
            await failed.wait()
            await message.task
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    port.close()
    assert "cannot be written" in caplog.text
    assert (message.closed, message.seconds, names_in(tmp_path)) == (True, 0.0, [])
    message.finish(lambda: pytest.fail("it is closed already"))


async def test_a_disk_that_is_full_at_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    message = Message(tmp_path / "x.wav", 60, nothing, lambda: pytest.fail("nobody is there to hear it"))
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
        await recorded(message, 30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "cannot be written" in caplog.text
    assert (message.seconds, names_in(tmp_path)) == (0.0, [])


async def test_a_disk_that_never_answers_keeps_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A named pipe that nobody reads: opening it hangs, as a network drive does."""
    monkeypatch.setattr("console.switch.voicemail._PATIENCE_S", 0.2)
    pipe = tmp_path / "x.wav.part"
    os.mkfifo(pipe)
    message = Message(tmp_path / "x.wav", 60, nothing, nothing)
    done = asyncio.Event()
    message.finish(done.set)
    async with asyncio.timeout(20):
        await done.wait()
    assert "did not answer" in caplog.text
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # lets the writer go on
    async with asyncio.timeout(20):
        await message.task
    os.close(reader)
    assert message.seconds == 0.0
    assert names_in(tmp_path) == []


async def test_a_message_is_its_owners_and_clears_away_what_is_long_dead(tmp_path: Path) -> None:
    for name, age in (("dead.wav.part", 90_000), ("busy.wav.part", 3_600), ("old.wav", 900_000)):
        (tmp_path / name).write_bytes(b"x")
        at = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (at, at))
    message = Message(tmp_path / "x.wav", 60, nothing, nothing)
    message._began -= 60
    await recorded(message, 30)
    assert names_in(tmp_path) == ["busy.wav.part", "old.wav", "x.wav"]
    assert (tmp_path / "x.wav").stat().st_mode & 0o777 == 0o600


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.switch.test_voicemail import Message, nothing, packet, spoken
from console.switch.media import Ports
from collections import Counter

async def main():
    message = Message(Path(sys.argv[1]), 60, nothing, nothing)
    message.begin(Ports("127.0.0.1", 0, 0, Counter()).take(), "PCMU")
    message._began -= 60
    for at, payload in spoken(400):
        message._heard(packet(at, payload))
    while not message._chunks.empty():
        await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_sudden_death_leaves_no_half_message(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(tmp_path / "x.wav"), cwd=Path(__file__).parents[2]
    )
    assert await process.wait() == -signal.SIGKILL
    assert names_in(tmp_path) == ["x.wav.part"]
