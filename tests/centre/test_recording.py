"""Which calls a centre has recorded, by queue and by order, and who may listen: what the switch is told."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest

from console.domain import events as ev
from console.domain.agent import Agent
from console.domain.errors import BadInput, NotThere, Refused, TooLate
from console.domain.queue import Queue, Recorded
from console.settings import CentreSettings, RoutingSettings, SwitchSettings
from console.switch.switch import Capability, Monitor, Record
from console.wire import RecordingOrder, RecordingView
from tests.centre.doubles import CLOCK, Room, SpySwitch

LISTEN, WHISPER, _ = ev.MonitoringMode
START, STOP, PAUSE, RESUME = RecordingOrder
_F = TypeVar("_F", bound=ev.InteractionEvent)


class Recorder(SpySwitch):
    """One that records and lets supervisors in, or says it does."""

    capabilities = SpySwitch.capabilities | {Capability.RECORDING, Capability.SNOOP}

    def record(self, order: Record) -> None:
        self._note("record", order)

    def pause_recording(self, recording: UUID, *, on: bool, by: str = "") -> None:
        self._note("pause" if on else "unpause", (recording, by))

    def stop_recording(self, recording: UUID) -> None:
        self._note("stop recording", recording)

    async def find_recordings(self, begun: Sequence[Record]) -> set[UUID]:
        return set()

    def monitor(self, order: Monitor) -> None:
        self._note("monitor", order)

    def change_monitoring(self, monitoring: UUID, mode: ev.MonitoringMode) -> None:
        self._note("change", (monitoring, mode))

    def end_monitoring(self, monitoring: UUID) -> None:
        self._note("end", monitoring)


Open = Callable[..., Awaitable[Room]]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    rooms: list[Room] = []

    async def open_room(record: Recorded, switch: SpySwitch) -> Room:
        settings = CentreSettings(
            routing=RoutingSettings(pause_reasons=("Lunch",)),
            switch=SwitchSettings(messages=str(tmp_path / "messages")),
            queues=(
                Queue(key="support", numbers=("100",), record=record),
                Queue(key="private", numbers=("200",)),
            ),
            agents=(Agent(key="ada", queues=("support", "private")),),
        )
        rooms.append(await Room.open(tmp_path / f"{len(rooms)}.db", settings, switch))
        return rooms[-1]

    yield open_room
    for room in rooms:
        await room.close()


async def told(room: Room, kind: type[_F], interaction: UUID, **fields: object) -> None:
    """The switch tells a fact."""
    room.switch.tell(kind(id=CLOCK.new_id(), at=CLOCK.now(), interaction=interaction, **fields))
    await room.centre.settled()


async def talking(room: Room, queue: str = "support") -> UUID:
    """A customer whom ada has answered."""
    interaction = await room.arrive()
    offer = CLOCK.new_id()
    await told(room, ev.InteractionAnswered, interaction, offer=offer, queue=queue, agent="ada")
    return interaction


async def test_a_queue_s_calls_are_recorded_beside_the_messages(opened: Open, tmp_path: Path) -> None:
    room = await opened(Recorded.ON, Recorder())
    interaction = await talking(room)
    (order,) = room.switch.told("record")
    assert isinstance(order, Record)
    assert (order.interaction, order.queue, order.agent, order.by) == (interaction, "support", "ada", "")
    assert order.file == tmp_path / "recordings" / f"{order.recording}.wav"
    recording = room.centre.supervision.recording
    with pytest.raises(Refused, match="pause it, but not stop it"):
        recording.command("ada", "record_stop")
    recording.command("ada", "record_pause")
    assert room.switch.told("pause") == [(order.recording, "ada")]
    recording.order("sue", interaction, STOP)
    assert room.switch.told("stop recording") == [order.recording]
    await told(room, ev.RecordingEnded, interaction, recording=order.recording, file="x.wav", seconds=1.0)
    with pytest.raises(TooLate, match="not recorded"):
        recording.order("sue", interaction, PAUSE)


async def test_a_call_that_comes_to_a_queue_that_is_not_recorded_is_not_any_more(opened: Open) -> None:
    room = await opened(Recorded.ON, Recorder())
    interaction = await talking(room)
    await told(room, ev.InteractionAnswered, interaction, offer=CLOCK.new_id(), queue="private", agent="ada")
    (order,) = room.switch.told("record")
    assert isinstance(order, Record)
    assert room.switch.told("stop recording") == [order.recording]


async def test_other_calls_are_recorded_when_somebody_asks(opened: Open) -> None:
    room = await opened(Recorded.OFF, Recorder())
    interaction = await talking(room)
    assert room.switch.told("record") == []
    await room.centre.command("ada", "record_start", "")
    (order,) = room.switch.told("record")
    assert isinstance(order, Record)
    assert (order.interaction, order.by) == (interaction, "ada")
    await room.centre.command("ada", "record_stop", "")
    assert room.switch.told("stop recording") == [order.recording]
    with pytest.raises(NotThere):
        room.centre.supervision.recording.order("sue", CLOCK.new_id(), START)
    waiting = await room.arrive()
    with pytest.raises(TooLate, match="nothing to record yet"):
        room.centre.supervision.recording.order("sue", waiting, START)


async def test_a_switch_that_cannot_says_what_to_do(opened: Open) -> None:
    room = await opened(Recorded.ON, SpySwitch())
    interaction = await talking(room)
    with pytest.raises(Refused, match="cannot record calls: connect an Asterisk"):
        await room.centre.command("ada", "record_start", "")
    with pytest.raises(Refused, match="connect an Asterisk"):
        room.centre.supervision.monitoring.monitor("sue", interaction, LISTEN, "sip:sue@10.0.0.7")


async def test_supervisors_see_who_listens(opened: Open) -> None:
    room = await opened(Recorded.OFF, Recorder())
    interaction = await talking(room)
    listening = room.centre.supervision.monitoring
    for contact, words in (("", "Where is your phone"), ("tel:1", "SIP address"), ("sip:a b", "SIP address")):
        with pytest.raises(BadInput, match=words):
            listening.monitor("sue", interaction, LISTEN, contact)
    with pytest.raises(BadInput, match="your own call"):
        listening.monitor("ada", interaction, LISTEN, "sip:sue@10.0.0.7")
    view = listening.monitor("sue", interaction, LISTEN, "sip:sue@10.0.0.7")
    assert listening.views() == [view]
    assert view.since is None
    with pytest.raises(TooLate, match="in a call already"):
        listening.monitor("sue", interaction, LISTEN, "sip:sue@10.0.0.7")
    about = {"monitoring": view.monitoring, "supervisor": "sue"}
    await told(room, ev.MonitoringStarted, interaction, agent="ada", mode=LISTEN, **about)
    assert listening.views()[0].since is not None
    with pytest.raises(Refused, match="sue who listens"):
        listening.change("max", view.monitoring, WHISPER)
    listening.change("sue", view.monitoring, WHISPER)
    assert room.switch.told("change") == [(view.monitoring, WHISPER)]
    await told(room, ev.MonitoringChanged, interaction, monitoring=view.monitoring, mode=WHISPER)
    assert listening.views()[0].mode is WHISPER
    listening.end("sue", view.monitoring)
    assert room.switch.told("end") == [view.monitoring]
    await told(room, ev.MonitoringEnded, interaction, reason="ended", **about)
    assert listening.views() == []
    with pytest.raises(NotThere):
        listening.end("sue", view.monitoring)


async def test_an_agent_s_desk_is_told_how_its_call_is_recorded(opened: Open) -> None:
    room = await opened(Recorded.ON, Recorder())
    await room.link("ada")
    interaction = await room.arrive()
    await room.answer()
    (order,) = room.switch.told("record")
    assert isinstance(order, Record)
    views = [room.centre.agent_view("ada")]
    await told(
        room, ev.RecordingStarted, interaction, recording=order.recording, queue="support", agent="ada"
    )
    views.append(room.centre.agent_view("ada"))
    for kind in (ev.RecordingPaused, ev.RecordingResumed):
        await told(room, kind, interaction, recording=order.recording, by="ada")
        views.append(room.centre.agent_view("ada"))
    await told(room, ev.RecordingEnded, interaction, recording=order.recording, file="", seconds=1.0)
    views.append(room.centre.agent_view("ada"))
    shown = [view and view.recording for view in views]
    on = RecordingView()
    assert shown == [None, on, RecordingView(paused=True), on, None]
    assert all(view and view.records for view in views)


async def test_a_switch_that_cannot_record_says_so_to_the_desk(opened: Open) -> None:
    room = await opened(Recorded.ON, SpySwitch())
    view = room.centre.agent_view("ada")
    assert view is not None
    assert not view.records
