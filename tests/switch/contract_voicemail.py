"""The part of the contract suite about voicemail (see `contract`): what the customer says is in the file."""

import wave
from pathlib import Path

import numpy as np
import pytest

from console.demo.robots import Plan, RobotCustomer
from console.domain.events import DigitReceived, EndedBy, InteractionAnswered, OfferRinging, VoicemailLeft
from console.switch.switch import Capability
from tests.switch.world import BEEP, CUSTOMER, GOODBYE, MUSIC, ONE, World, names_in

LONG_S = 60.0


def heard_in(file: Path) -> tuple[float, float]:
    """A WAV file's seconds and its loudest frequency; asserts its form."""
    with wave.open(str(file)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return len(samples) / 8000, float(np.argmax(spectrum) * 8000 / len(samples))


def block(file: Path) -> None:
    """Put a folder where the file is to be: it can be written, but not renamed."""
    file.mkdir()


async def speaks(world: World, customer: RobotCustomer, seconds: float) -> None:
    """Wait until the customer has said so much."""
    assert customer.sound is not None
    sent = customer.sound.sent
    await world.until(lambda: customer.sound is not None and customer.sound.sent > sent + 50 * seconds)


def quiet(customer: RobotCustomer) -> None:
    """The customer says nothing, and the line is silent too."""
    assert customer.sound is not None
    customer.sound.sounding = False


class LeavingAMessage:
    """A customer speaks to a file."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """Where the message goes."""
        folder = tmp_path / "messages"
        folder.mkdir()
        return folder / "one.wav"

    @pytest.mark.parametrize("codec", ["PCMU", "PCMA", "G722"])
    async def test_what_is_said_after_the_beep_is_kept(self, world: World, file: Path, codec: str) -> None:
        assert Capability.VOICEMAIL in world.switch.capabilities
        customer, interaction = await world.arrived(codec=codec)
        world.switch.voicemail(interaction, queue="sales", greeting=["one"], file=file, most_s=LONG_S)
        await world.hears(customer, ONE)
        await world.hears(customer, BEEP)
        assert customer.ear.heard[ONE] >= 2
        await speaks(world, customer, 1.5)
        assert names_in(file.parent) == ["one.wav.part"], "it is not complete yet"
        customer.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        assert world.names() == ["InteractionArrived", "VoicemailLeft", "InteractionEnded"]
        fact = world.of(VoicemailLeft)[0]
        assert (fact.interaction, fact.queue, fact.file) == (interaction, "sales", "one.wav")
        seconds, hertz = heard_in(file)
        assert fact.seconds == pytest.approx(seconds, abs=0.01)
        assert seconds > 1.0
        assert hertz == pytest.approx(CUSTOMER, abs=5)
        assert names_in(file.parent) == ["one.wav"]

    async def test_the_hash_key_ends_it_with_a_goodbye(self, world: World, file: Path) -> None:
        customer, interaction = await world.arrived()
        customer.press("#")
        await world.fact(DigitReceived)
        world.switch.voicemail(interaction, queue="sales", greeting=["one"], file=file, most_s=LONG_S)
        await world.hears(customer, BEEP)
        await speaks(world, customer, 1.0)
        customer.press("5")
        customer.press("#")
        await world.hears(customer, GOODBYE)
        fact = await world.ended()
        assert (fact.by, fact.reason) == (EndedBy.CENTRE, "voicemail")
        await world.until(customer.ended.is_set)
        assert world.of(VoicemailLeft)[0].seconds > 0.5

    async def test_the_time_is_over(self, world: World, file: Path) -> None:
        customer, interaction = await world.arrived()
        world.switch.voicemail(interaction, queue="sales", greeting=[], file=file, most_s=0.8)
        await world.hears(customer, GOODBYE)
        assert (await world.ended()).by is EndedBy.CENTRE
        assert 0.4 < world.of(VoicemailLeft)[0].seconds <= 0.9
        await world.until(customer.ended.is_set)

    async def test_nothing_said_is_no_message(self, world: World, file: Path) -> None:
        customer, interaction = await world.arrived()
        quiet(customer)
        world.switch.voicemail(interaction, queue="sales", greeting=["one"], file=file, most_s=0.4)
        await world.hears(customer, BEEP)
        assert (await world.ended()).by is EndedBy.CENTRE
        assert world.of(VoicemailLeft) == []
        assert names_in(file.parent) == []

    async def test_who_leaves_during_the_greeting_left_no_message(self, world: World, file: Path) -> None:
        customer, interaction = await world.arrived()
        world.switch.voicemail(interaction, queue="sales", greeting=["one", "two"], file=file, most_s=LONG_S)
        await world.hears(customer, ONE, times=1)
        customer.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        assert world.names() == ["InteractionArrived", "InteractionEnded"]
        assert names_in(file.parent) == []

    @pytest.mark.parametrize("after", [[], ["one"]])
    async def test_the_centre_ends_it_and_the_message_is_kept(
        self, world: World, file: Path, after: list[str]
    ) -> None:
        customer, interaction = await world.arrived()
        world.switch.voicemail(interaction, queue="sales", greeting=[], file=file, most_s=LONG_S)
        await world.hears(customer, BEEP)
        await speaks(world, customer, 1.0)
        world.switch.hang_up(interaction, reason="closing", after=after)
        fact = await world.ended()
        assert (fact.by, fact.reason) == (EndedBy.CENTRE, "closing")
        assert world.of(VoicemailLeft)
        assert names_in(file.parent) == ["one.wav"]

    async def test_the_folder_is_not_there(
        self, world: World, file: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        customer, interaction = await world.arrived()
        away = file.parent / "gone" / "one.wav"
        world.switch.voicemail(interaction, queue="sales", greeting=["one"] * 9, file=away, most_s=LONG_S)
        await world.hears(customer, GOODBYE)
        fact = await world.ended()
        assert (fact.by, fact.reason) == (EndedBy.CENTRE, "voicemail failed")
        assert world.of(VoicemailLeft) == []
        assert "one.wav" in caplog.text
        assert "cannot be written" in caplog.text

    async def test_the_final_name_cannot_be_taken(
        self, world: World, file: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        block(file)
        customer, interaction = await world.arrived()
        world.switch.voicemail(interaction, queue="sales", greeting=[], file=file, most_s=LONG_S)
        await world.hears(customer, BEEP)
        await speaks(world, customer, 1.0)
        customer.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        assert world.of(VoicemailLeft) == []
        assert "cannot be written" in caplog.text
        assert names_in(file.parent) == ["one.wav"]

    async def test_whoever_rang_for_it_rings_no_more(self, world: World, file: Path) -> None:
        agent = await world.agent()
        slow, interaction = await world.arrived()
        ringing = await world.agent(Plan(answer_after_s=None))
        world.switch.music(interaction, "hold-music")
        await world.hears(slow, MUSIC)
        world.ring(interaction, ringing.contact)
        await world.fact(OfferRinging)
        world.switch.voicemail(interaction, queue="sales", greeting=[], file=file, most_s=LONG_S)
        await world.over(ringing.calls[0])
        world.ring(interaction, agent.contact)
        world.switch.play(interaction, ["two"])
        world.switch.music(interaction, "hold-music")
        world.switch.connect(interaction, agent.contact)
        world.switch.release_agent(interaction)
        world.switch.voicemail(interaction, queue="other", greeting=[], file=file, most_s=LONG_S)
        await world.hears(slow, BEEP)
        music = slow.ear.heard[MUSIC]
        await speaks(world, slow, 0.6)
        assert slow.ear.heard[MUSIC] == music, "music under a message"
        slow.hang_up()
        await world.ended()
        assert world.of(VoicemailLeft)[0].queue == "sales"
        assert (agent.calls, world.of(InteractionAnswered)) == ([], [])

    async def test_stopping_keeps_what_was_said(self, world: World, file: Path) -> None:
        customer, interaction = await world.arrived()
        world.switch.voicemail(interaction, queue="sales", greeting=[], file=file, most_s=LONG_S)
        await world.hears(customer, BEEP)
        await speaks(world, customer, 1.0)
        await world.switch.stop()
        assert world.names()[-2:] == ["VoicemailLeft", "InteractionEnded"]
        assert heard_in(file)[1] == pytest.approx(CUSTOMER, abs=5)

    async def test_many_messages_at_once(self, world: World, file: Path) -> None:
        count = 10
        customers = []
        for number in range(count):
            customer, interaction = await world.arrived(number=str(number))
            place = file.with_name(f"{number}.wav")
            world.switch.voicemail(interaction, queue="sales", greeting=[], file=place, most_s=LONG_S)
            customers.append(customer)
        await world.until(lambda: all(each.ear.heard[BEEP] for each in customers))
        await speaks(world, customers[0], 1.5)
        for customer in customers:
            customer.hang_up()
        await world.ended(count)
        assert {fact.file for fact in world.of(VoicemailLeft)} == {f"{n}.wav" for n in range(count)}
        assert names_in(file.parent) == sorted(f"{n}.wav" for n in range(count))
        for number in range(count):
            assert heard_in(file.with_name(f"{number}.wav"))[1] == pytest.approx(CUSTOMER, abs=5)
