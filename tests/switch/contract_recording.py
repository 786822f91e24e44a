"""The part of the contract suite about recordings (see `contract`): who says what is on which side."""

import wave
from itertools import groupby, pairwise
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from console.clock import SystemClock
from console.demo import tones
from console.demo.robots import RobotCustomer
from console.domain.events import (
    InteractionHeld,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
)
from console.switch.switch import Capability, Record, Recording
from tests.switch.world import AGENT, CUSTOMER, MUSIC, OTHER_AGENT, World, names_in

_PIECE = 800
"""Samples that are looked at together: 0.1 s."""
_QUIET = 50.0


def sides_of(file: Path) -> tuple[list[int], list[int]]:
    """The loudest frequency in each tenth of a second, left and right; 0: silence."""
    with wave.open(str(file)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 2, 2)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)
    pieces = samples[: len(samples) // _PIECE * _PIECE].reshape(-1, _PIECE, 2).astype(float)
    return _loudest(pieces[:, :, 0]), _loudest(pieces[:, :, 1])


def _loudest(pieces: np.ndarray) -> list[int]:
    spectra = np.abs(np.fft.rfft(pieces * np.hanning(_PIECE)))
    found = np.argmax(spectra, axis=1) * 10
    loud = np.sqrt((pieces**2).mean(axis=1)) > _QUIET
    return [int(one) if is_loud else 0 for one, is_loud in zip(found, loud, strict=True)]


def speaks(side: list[int], voice: int) -> bool:
    """Whether one voice speaks all the time and nobody else's does. A busy machine may break one piece in ten
    of what the robots send.
    """
    inner = side[1:-2]
    others = {AGENT, OTHER_AGENT, CUSTOMER, MUSIC} - {voice}
    return inner.count(voice) >= max(1.0, 0.9 * len(inner)) and not others & set(inner)


def runs(side: list[int]) -> list[int]:
    """What follows what, without what lasts only a tenth of a second, where two meet."""
    lasting = [one for one, after in pairwise(side) if one == after]
    return [one for one, _ in groupby(lasting)]


class Numbers:
    """In place of `os`: what begins with a random number begins with this one."""

    def __init__(self, first: int) -> None:
        self._first = first

    def urandom(self, size: int) -> bytes:
        return self._first.to_bytes(size, "big")


async def passes(world: World, customer: RobotCustomer, packets: int) -> None:
    """Wait until the customer has sent or would have sent so much: 50 are a second."""
    assert customer.sound is not None
    received = customer.sound.received
    await world.until(lambda: customer.sound is not None and customer.sound.received >= received + packets)


class NothingRecorded:
    """The same of a switch that has not Capability.RECORDING: there are no such commands to be ignored."""

    async def test_it_has_no_recordings(self, world: World) -> None:
        assert Capability.RECORDING not in world.switch.capabilities
        assert not isinstance(world.switch, Recording)


class BeingRecorded:
    """A customer's line is written to a file."""

    @pytest.fixture
    def recorder(self, world: World) -> Recording:
        """The switch."""
        assert Capability.RECORDING in world.switch.capabilities
        assert isinstance(world.switch, Recording)
        return world.switch

    @staticmethod
    async def begin(world: World, recorder: Recording, interaction: UUID, file: Path) -> UUID:
        recording = SystemClock().new_id()
        recorder.record(
            Record(
                interaction=interaction, recording=recording, file=file, queue="sales", agent="anna", by="sue"
            )
        )
        count = len(world.of(RecordingStarted)) + 1
        fact = await world.fact(RecordingStarted, count)
        assert (fact.interaction, fact.recording) == (interaction, recording)
        assert (fact.queue, fact.agent, fact.by) == ("sales", "anna", "sue")
        return recording

    async def test_each_side_has_its_own_voice(
        self, world: World, recorder: Recording, tmp_path: Path
    ) -> None:
        agent = await world.agent()
        customer, interaction = await world.talking(agent)
        recording = await self.begin(world, recorder, interaction, tmp_path / "one.wav")
        assert customer.sound is not None
        before = customer.sound.received
        await passes(world, customer, 60)
        customer.hang_up()
        await world.ended()
        heard = customer.sound.received - before
        fact = await world.fact(RecordingEnded)
        assert (fact.recording, fact.file, fact.reason) == (recording, "one.wav", "")
        assert fact.seconds == pytest.approx(heard / 50, abs=0.3)
        left, right = sides_of(tmp_path / "one.wav")
        assert speaks(left, CUSTOMER)
        assert speaks(right, AGENT)
        assert len(left) == pytest.approx(fact.seconds * 10, abs=1)
        assert names_in(tmp_path) == ["one.wav"]

    async def test_what_is_said_in_a_pause_is_silence_of_its_length(
        self, world: World, recorder: Recording, tmp_path: Path
    ) -> None:
        agent = await world.agent()
        customer, interaction = await world.talking(agent)
        recording = await self.begin(world, recorder, interaction, tmp_path / "one.wav")
        await passes(world, customer, 30)
        recorder.pause_recording(recording, on=True, by="anna")
        assert (await world.fact(RecordingPaused)).by == "anna"
        await passes(world, customer, 50)
        recorder.pause_recording(recording, on=False, by="anna")
        await world.fact(RecordingResumed)
        await passes(world, customer, 30)
        recorder.stop_recording(recording)
        fact = await world.fact(RecordingEnded)
        for side, voice in zip(sides_of(tmp_path / "one.wav"), (CUSTOMER, AGENT), strict=True):
            assert runs(side) == [voice, 0, voice]
            assert side.count(0) == pytest.approx(10, abs=2)
        assert fact.seconds == pytest.approx(2.2, abs=0.4)
        await world.hears(customer, AGENT)  # the call itself goes on

    async def test_a_side_that_sends_nothing_keeps_its_time(
        self, world: World, recorder: Recording, tmp_path: Path
    ) -> None:
        agent = await world.agent()
        customer, interaction = await world.talking(agent)
        recording = await self.begin(world, recorder, interaction, tmp_path / "one.wav")
        assert customer.sound is not None
        await passes(world, customer, 30)
        customer.sound.sounding = False
        await passes(world, customer, 50)
        customer.sound.sounding = True
        await passes(world, customer, 30)
        recorder.stop_recording(recording)
        await world.fact(RecordingEnded)
        left, right = sides_of(tmp_path / "one.wav")
        assert runs(left) == [CUSTOMER, 0, CUSTOMER]
        assert runs(right) == [AGENT]
        assert left.count(0) == pytest.approx(10, abs=2)

    @pytest.mark.parametrize("first", [1000, 40000])
    async def test_it_goes_on_through_hold_and_with_another_agent(
        self,
        world: World,
        recorder: Recording,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        first: int,
    ) -> None:
        """Also when the next one's RTP begins with lower numbers than the last one's had."""
        monkeypatch.setattr(tones, "os", Numbers(first))
        agent, other = await world.agent(), await world.agent(tone=OTHER_AGENT)
        customer, interaction = await world.talking(agent)
        await self.begin(world, recorder, interaction, tmp_path / "one.wav")
        await passes(world, customer, 30)
        world.switch.hold(interaction)
        await world.fact(InteractionHeld)
        await world.hears(customer, MUSIC)
        await passes(world, customer, 20)
        world.switch.resume(interaction)
        await world.hears(customer, AGENT)
        await passes(world, customer, 25)
        world.switch.release_agent(interaction)
        await world.hears(customer, MUSIC)
        await passes(world, customer, 20)
        monkeypatch.setattr(tones, "os", Numbers(20000))
        world.ring(interaction, other.contact, agent="ben")
        await world.hears(customer, OTHER_AGENT)
        await passes(world, customer, 30)
        customer.hang_up()
        await world.fact(RecordingEnded)
        left, right = sides_of(tmp_path / "one.wav")
        assert speaks(left, CUSTOMER)
        assert [one for one, _ in groupby(filter(None, runs(right)))] == [
            AGENT,
            MUSIC,
            AGENT,
            MUSIC,
            OTHER_AGENT,
        ]
        assert len(world.of(RecordingStarted)) == 1

    async def test_what_is_over_cannot_be_recorded(
        self, world: World, recorder: Recording, tmp_path: Path
    ) -> None:
        customer, interaction = await world.arrived()
        customer.hang_up()
        await world.ended()
        order = Record(interaction=interaction, recording=SystemClock().new_id(), file=tmp_path / "one.wav")
        recorder.record(order)
        fact = await world.fact(RecordingEnded)
        assert (fact.file, fact.seconds, fact.reason) == ("", 0.0, "the call is over")
        recorder.pause_recording(order.recording, on=True)
        recorder.stop_recording(order.recording)
        assert len(world.of(RecordingEnded)) == 1

    async def test_a_centre_that_comes_back_finds_it(
        self, world: World, recorder: Recording, tmp_path: Path
    ) -> None:
        """As after kill -9: the next one knows only what the ledger has."""
        lost = Record(
            interaction=SystemClock().new_id(), recording=SystemClock().new_id(), file=tmp_path / "no.wav"
        )
        assert await recorder.find_recordings([lost]) == set()
