"""What the embedded switch does at its limits: ports, number of calls, silence, strangers, missing sounds."""

import asyncio
import logging
import os
import socket
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.domain.errors import NetworkError
from console.domain.events import (
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    InteractionEvent,
    OfferEnded,
    OfferEndReason,
)
from console.settings import SwitchSettings
from console.switch.embedded import EmbeddedSwitch
from console.switch.media import Ports
from tests.switch.world import AGENT, CUSTOMER, MUSIC, ONE, TWO, World, make_sounds, write_tone

pytestmark = pytest.mark.sip
Make = Callable[..., "asyncio.Future[World]"]


@pytest.mark.parametrize("which", ["udp_port", "tcp_port"])
async def test_a_port_in_use_is_said_in_words(tmp_path: Path, which: str) -> None:
    kind = socket.SOCK_DGRAM if which == "udp_port" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        port = holder.getsockname()[1]
        settings = SwitchSettings(**{"udp_port": 0, "tcp_port": 0, which: port})
        switch = EmbeddedSwitch(settings, SystemClock(), tmp_path)
        with pytest.raises(NetworkError, match=rf"127\.0\.0\.1:{port}.*\[switch\]"):
            await switch.start(lambda event: None)
        with pytest.raises(NetworkError, match="not started"):
            _ = switch.addresses
        await switch.stop()


async def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    settings = SwitchSettings(host="192.0.2.1", udp_port=0, tcp_port=0)
    with pytest.raises(NetworkError, match=r"192\.0\.2\.1"):
        await EmbeddedSwitch(settings, SystemClock(), tmp_path).start(lambda event: None)


async def test_calls_beyond_the_limit_get_503(make: Callable[..., object]) -> None:
    world: World = await make(max_calls=2)  # type: ignore[misc]
    first, _ = await world.arrived(number="1")
    await world.arrived(number="2")
    third = world.call(number="3")
    await world.until(third.ended.is_set)
    assert (third.result.code, third.result.ended_by) == (503, "refused")
    first.hang_up()
    await world.ended()
    await world.arrived(number="4")


async def test_no_rtp_port_left_is_503(make: Callable[..., object], free_port: int) -> None:
    first = free_port + free_port % 2
    world: World = await make(rtp_first=first, rtp_last=first)  # type: ignore[misc]
    customer, _ = await world.arrived(number="1")
    second = world.call(number="2")
    await world.until(second.ended.is_set)
    assert second.result.code == 503
    customer.hang_up()
    await world.ended()
    await world.arrived(number="3")


@pytest.mark.parametrize("place", ["127.0.0.1:99999", "127.0.0.1:-1", "switch"])
async def test_what_cannot_be_called_is_told_and_harms_nobody(
    make: Callable[..., object], place: str
) -> None:
    world: World = await make()  # type: ignore[misc]
    _, interaction = await world.arrived()
    uri = f"sip:nobody@{world.udp if place == 'switch' else place}"
    world.ring(interaction, uri)
    assert (await world.fact(OfferEnded)).reason is OfferEndReason.UNREACHABLE
    world.switch.connect(interaction, uri)
    fact = await world.ended()
    assert fact.by is EndedBy.CENTRE
    assert fact.reason.startswith("transfer failed")
    assert len(world.of(InteractionArrived)) == 1, "it called itself"


async def test_who_has_an_agent_rings_no_other(make: Callable[..., object]) -> None:
    """An offer that crosses the answer: routing hears of that in a moment and takes the offer back."""
    world: World = await make()  # type: ignore[misc]
    agent, other = await world.agent(), await world.agent()
    customer, interaction = await world.talking(agent)
    world.ring(interaction, other.contact, agent="bert")
    await world.hears(customer, AGENT)
    customer.hang_up()
    await world.ended()
    assert other.calls == []


@pytest.mark.parametrize("who", ["customer", "agent"])
async def test_who_vanishes_without_a_word(make: Callable[..., object], who: str) -> None:
    world: World = await make(media_timeout_s=0.5)  # type: ignore[misc]
    agent = await world.agent()
    customer, _ = await world.talking(agent)
    if who == "customer":
        assert customer.sound is not None
        customer.sound.sounding = False
    else:
        agent.mute(on=True)
    fact = await world.ended()
    assert fact.reason == "media lost"
    assert fact.by is (EndedBy.CUSTOMER if who == "customer" else EndedBy.AGENT)


async def test_silence_on_hold_is_no_loss(make: Callable[..., object]) -> None:
    world: World = await make(media_timeout_s=0.4)  # type: ignore[misc]
    agent = await world.agent()
    customer, _ = await world.talking(agent)
    agent.hold(on=True)  # its robot sends nothing while it holds
    await world.hears(customer, MUSIC, times=8)
    agent.hold(on=False)
    await world.hears(customer, AGENT)


def rtp(payload: bytes, seq: int = 1, kind: int = 0, first: int = 0x80) -> bytes:
    return struct.pack("!BBHII", first, kind, seq, seq * 160, 99) + payload


async def test_strangers_are_not_heard(make: Callable[..., object]) -> None:
    world: World = await make()  # type: ignore[misc]
    agent = await world.agent()
    customer, interaction = await world.talking(agent)
    assert isinstance(world.switch, EmbeddedSwitch)
    assert customer.sound is not None
    target = customer.sound.peer
    assert target is not None
    tone = b"\x00" * 160
    for host in ("127.0.0.1", "127.0.0.9"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((host, 0))
            for seq in range(50):
                stranger.sendto(rtp(tone, seq), target)
    await world.until(lambda: world.switch.metrics["rtp_strangers"] >= 100)  # type: ignore[attr-defined]
    await world.agent_hears(agent, CUSTOMER)
    customer.hang_up()
    await world.ended()
    (statistics,) = [each for each in world.switch.statistics() if each.interaction == interaction]
    assert statistics.from_customer <= customer.sound.sent


async def test_rubbish_on_the_sound_port(make: Callable[..., object]) -> None:
    world: World = await make()  # type: ignore[misc]
    agent = await world.agent()
    customer, _ = await world.talking(agent)
    assert customer.sound is not None
    for data in (
        b"",
        b"\x80",
        os.urandom(1400),
        rtp(b"", kind=101),
        rtp(b"\xff\xff\xff\xff", kind=101),
        rtp(b"x" * 160, kind=77),
        rtp(b"", first=0x8F),
        rtp(b"\xff" * 4, first=0xB0),
        rtp(b"\xff" * 160, first=0x90),
    ):
        customer.sound.send_raw(data)
    await world.agent_hears(agent, CUSTOMER)
    await world.hears(customer, AGENT)


async def test_a_missing_and_a_broken_sound_are_silence_and_one_line_each(
    make: Callable[..., object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_sounds(tmp_path / "sounds")
    (folder / "broken.wav").write_bytes(b"RIFF no sound at all")
    with caplog.at_level(logging.ERROR):
        world: World = await make()  # type: ignore[misc]
        customer, interaction = await world.arrived()
        world.switch.music(interaction, "hold-music")
        for _ in range(3):
            world.switch.play(interaction, ["missing", "broken", "../hold-music", "one"])
            await world.hears(customer, ONE)
        world.switch.music(interaction, "missing")
        world.switch.hang_up(interaction, reason="bye", after=["missing"])
        assert (await world.ended()).reason == "bye"
    lines = [record.getMessage() for record in caplog.records if "silence" in record.getMessage()]
    assert sum("no sound 'missing'" in line for line in lines) == 1
    assert sum("broken.wav" in line for line in lines) == 1


async def test_prompts_in_the_chosen_language(make: Callable[..., object], tmp_path: Path) -> None:
    german = tmp_path / "sounds" / "de"
    german.mkdir(parents=True)
    write_tone(german / "one.wav", TWO, 0.5)
    world: World = await make(language="de")  # type: ignore[misc]
    customer, interaction = await world.arrived()
    world.switch.play(interaction, ["one"])
    await world.hears(customer, TWO)
    world.switch.music(interaction, "hold-music")
    await world.hears(customer, MUSIC)


async def test_a_listener_that_fails_harms_no_call(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fails(event: InteractionEvent) -> None:
        raise RuntimeError("the listener's own fault")

    switch = EmbeddedSwitch(
        SwitchSettings(udp_port=0, tcp_port=0), SystemClock(), make_sounds(tmp_path / "s"), t1_s=0.05
    )
    world = World(switch)
    await switch.start(fails)
    world.udp, world.tcp = switch.addresses
    customer = world.call()
    await world.until(customer.in_call.is_set)
    await world.close()
    assert "the listener failed on InteractionArrived" in caplog.text


async def test_no_task_error_is_logged_in_a_call(
    make: Callable[..., object], caplog: pytest.LogCaptureFixture
) -> None:
    """The libraries' assertion on Python 3.11 does not reach the log."""
    with caplog.at_level(logging.WARNING):
        world: World = await make()  # type: ignore[misc]
        agent = await world.agent(tcp=True)
        customer, _ = await world.talking(agent)
        customer.hang_up()
        await world.ended()
        await world.over(agent.calls[0])
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
    assert world.of(InteractionAnswered)


async def test_ports_that_are_still_out_at_the_end_are_closed() -> None:
    """A call whose CANCEL nobody answered keeps its port until the switch stops, and no longer."""
    ports = Ports("127.0.0.1", 0, 0, Counter())
    given = [ports.take(), ports.take()]
    given[0].close()
    ports.close()
    assert all(port._sock.fileno() == -1 for port in given)
