"""What the switch is told for each decision: voicemail, callbacks, closed queues, broadcasts, words."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.domain.errors import Refused, TooLate
from console.domain.queue import CALLBACK, VOICEMAIL, Holiday, Queue, Strategy
from console.settings import CentreSettings, RoutingSettings, SwitchSettings
from console.switch.switch import Capability
from tests.centre.doubles import CLOCK, Room, SpySwitch

_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_EVERY_DAY = tuple(
    Holiday(day=f"{month:02}-{day:02}")
    for month in range(1, 13)
    for day in range(1, _LONGEST.get(month, 31) + 1)
)
"""Closed all the year."""
AGENTS = (Agent(key="ada", queues=("support",)), Agent(key="ben", queues=("support",)))
QUEUE = Queue(key="support", name="Support", numbers=("100",), announce_every_s=0, wrap_up_s=20.0)

Open = Callable[..., Awaitable[Room]]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    rooms: list[Room] = []

    async def open_room(*queues: Queue, switch: SpySwitch | None = None, trunk: str = "") -> Room:
        settings = CentreSettings(
            routing=RoutingSettings(pause_reasons=("Lunch",)),
            switch=SwitchSettings(messages=str(tmp_path / "messages"), trunk=trunk),
            queues=queues,
            agents=AGENTS,
        )
        rooms.append(await Room.open(tmp_path / f"centre{len(rooms)}.db", settings, switch))
        return rooms[-1]

    yield open_room
    for room in rooms:
        await room.close()


def queue(**more: object) -> Queue:
    return msgspec.structs.replace(QUEUE, **more)


async def test_a_closed_queue_says_so_and_hangs_up(opened: Open) -> None:
    room = await opened(queue(holidays=_EVERY_DAY))
    await room.arrive()
    assert room.switch.told("hang_up") == ["closed"]
    assert room.switch.told("hang_up after") == [("closed", "goodbye")]


async def test_a_closed_queue_takes_messages(opened: Open, tmp_path: Path) -> None:
    room = await opened(queue(holidays=_EVERY_DAY, closed_to=VOICEMAIL, voicemail_most_s=33.0))
    interaction = await room.arrive()
    (told,) = room.switch.told("voicemail")
    file = tmp_path / "messages" / f"{interaction}.wav"
    assert told == (interaction, "support", ("closed", "voicemail-greeting", "beep"), file, 33.0)
    assert file.parent.stat().st_mode & 0o077 == 0
    assert room.switch.told("hang_up") == []


async def test_a_full_queue_sends_on_with_a_word(opened: Open) -> None:
    other = Queue(key="other", music="hold-beep", announce_every_s=0)
    room = await opened(queue(max_waiting=1, full_to="other"), other)
    await room.arrive()
    await room.arrive()
    assert room.switch.told("music") == ["hold-music", "hold-beep"]
    assert room.switch.told("play") == [("welcome", "please-hold"), ("queue-full",)]


async def test_a_switch_without_voicemail_says_goodbye(opened: Open) -> None:
    switch = SpySwitch()
    switch.capabilities = frozenset()
    room = await opened(queue(holidays=_EVERY_DAY, closed_to=VOICEMAIL), switch=switch)
    await room.arrive()
    assert (switch.told("voicemail"), switch.told("hang_up after")) == ([], [("closed", "goodbye")])


async def test_who_shows_a_costly_number_is_told_so_and_waits_on(opened: Open) -> None:
    room = await opened(queue(callback_after_s=0.01), trunk="gate.example")
    interaction = await room.arrive()
    await room.tell(ev.CallbackProposed, interaction)
    await room.tell(ev.DigitReceived, interaction, digit="1")
    assert room.switch.told("play")[-1] == ("callback-refused", "please-hold")
    assert room.switch.told("hang_up") == []
    (view,) = room.centre.supervision.views()
    assert (view.interaction, view.place, view.callback) == (interaction, 1, False)
    row = room.centre.board.snapshot().queues[0]
    assert (row.counts.callbacks_refused, row.counts.callbacks_asked, len(row.waiting_since)) == (1, 0, 1)


async def test_who_asks_for_a_callback_keeps_the_place_and_is_called(opened: Open) -> None:
    room = await opened(queue(full_to=CALLBACK, max_waiting=1))
    first = await room.arrive()
    second = await room.arrive()
    assert room.switch.told("hang_up") == ["callback"]
    assert room.switch.told("hang_up after") == [("callback-confirmed",)]
    await room.end(second)
    (view,) = [view for view in room.centre.supervision.views() if view.callback]
    assert (view.queue, view.place, view.customer) == ("support", 2, "sip:+4930@x.example")
    await room.end(first)
    await room.link("ada")
    (ring,) = room.switch.rings
    assert (ring.interaction, ring.call_out, ring.call_out_from) == (
        view.interaction,
        "sip:+4930@x.example",
        "100",
    )
    assert ring.headers["X-Callback"] == "1"
    shown = room.centre.agent_view("ada")
    assert shown is not None
    assert shown.contact is not None
    assert (shown.contact.callback, shown.contact.dialled) == (True, False)
    await room.tell(ev.CallbackDialled, view.interaction, offer=ring.offer, agent="ada")
    shown = room.centre.agent_view("ada")
    assert shown is not None
    assert shown.contact is not None
    assert (shown.state, shown.contact.dialled) == (AgentState.ON_CONTACT, True)
    await room.tell(ev.CustomerNotReached, view.interaction, agent="ada", reason="busy")
    assert room.state("ada") is AgentState.READY
    (later,) = [view for view in room.centre.supervision.views() if view.callback]
    assert later.not_before is not None
    assert later.tries == 1


async def test_a_switch_that_cannot_call_out_keeps_no_callback_waiting(opened: Open) -> None:
    switch = SpySwitch()
    switch.capabilities = frozenset({Capability.VOICEMAIL})
    room = await opened(queue(max_waiting=1, full_to=CALLBACK), switch=switch)
    await room.arrive()
    await room.arrive()
    await room.centre.settled()
    assert switch.told("hang_up") == ["callback"]
    assert switch.told("hang_up after") == [("goodbye",)]
    assert not [view for view in room.centre.supervision.views() if view.callback]


async def test_a_broadcast_rings_all_and_the_first_answer_wins(opened: Open) -> None:
    room = await opened(queue(strategy=Strategy.BROADCAST))
    await room.link("ada")
    await room.link("ben")
    interaction = await room.arrive()
    assert sorted(ring.agent for ring in room.switch.rings) == ["ada", "ben"]
    won = next(ring for ring in room.switch.rings if ring.agent == "ben")
    lost = next(ring for ring in room.switch.rings if ring.agent == "ada")
    shown = room.centre.agent_view("ada")
    assert shown is not None
    assert shown.contact is not None
    assert shown.contact.offer == lost.offer
    await room.tell(ev.InteractionAnswered, interaction, offer=won.offer, queue="support", agent="ben")
    assert room.switch.told("cancel elsewhere") == [lost.offer]
    assert (room.state("ada"), room.state("ben")) == (AgentState.READY, AgentState.ON_CONTACT)


async def test_a_wrap_up_is_extended_as_often_as_may_be_and_a_pause_ends_it(opened: Open) -> None:
    room = await opened(queue(wrap_up_extensions=1, wrap_up_extension_s=15.0))
    await room.link("ada")
    interaction = await room.arrive()
    await room.answer()
    with pytest.raises(TooLate):
        await room.centre.command("ada", "extend_wrap_up", "")
    await room.end(interaction)
    before = room.centre.agent_view("ada")
    assert before is not None
    assert (before.wrap_up_extensions, before.wrap_up_extension_s) == (1, 15.0)
    await room.centre.command("ada", "extend_wrap_up", "")
    after = room.centre.agent_view("ada")
    assert after is not None
    assert after.wrap_up_until is not None
    assert before.wrap_up_until is not None
    assert (after.wrap_up_until - before.wrap_up_until).total_seconds() == 15.0
    assert after.wrap_up_extensions == 0
    with pytest.raises(TooLate, match="as often as can be"):
        await room.centre.command("ada", "extend_wrap_up", "")
    await room.centre.command("ada", "pause_after", "Lunch")
    assert room.state("ada") is AgentState.WRAP_UP
    with pytest.raises(Refused):
        await room.centre.command("ada", "pause", "Nap")
    await room.centre.command("ada", "pause", "Lunch")
    assert room.state("ada") is AgentState.PAUSED


async def test_a_pause_at_once_gives_what_rings_to_the_next(opened: Open) -> None:
    room = await opened(QUEUE)
    await room.link("ada")
    await room.arrive()
    await room.link("ben")
    assert [ring.agent for ring in room.switch.rings] == ["ada"]
    await room.centre.command("ada", "pause", "Lunch")
    assert [ring.agent for ring in room.switch.rings] == ["ada", "ben"]
    assert (room.state("ada"), room.state("ben")) == (AgentState.PAUSED, AgentState.OFFERED)


async def test_callers_are_told_place_wait_and_key(opened: Open) -> None:
    room = await opened(queue(callback_after_s=0.05, callback_digit="5"))
    first = await room.arrive()
    while ("please-press", "number-5", "to-be-called-back") not in room.switch.told("play"):
        await room.switch.commanded()
    await room.tell(ev.DigitReceived, first, digit="5")
    assert room.switch.told("hang_up") == ["callback"]
    assert room.switch.told("hang_up after") == [("callback-confirmed",)]


async def test_draining_does_not_wait_for_callbacks(opened: Open) -> None:
    room = await opened(queue(max_waiting=1, full_to=CALLBACK))
    first, second = await room.arrive(), await room.arrive()
    await room.end(second)
    await room.end(first)
    assert len(room.centre.supervision.views()) == 1
    began = CLOCK.monotonic()
    await room.centre.drain(60.0)
    assert CLOCK.monotonic() - began < 30
