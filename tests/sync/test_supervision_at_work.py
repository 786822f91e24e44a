"""A supervisor's client with the real centre behind its real server: orders, reasons, a file of figures."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from console.bus import Bus
from console.domain.agent import Agent, Role
from console.domain.errors import BadInput, NotThere, TooLate
from console.domain.events import (
    InteractionAnswered,
    MonitoringChanged,
    MonitoringEnded,
    MonitoringMode,
    MonitoringStarted,
)
from console.domain.queue import Queue
from console.ledger.users import User
from console.server.app import build_app
from console.server.auth import hash_password
from console.server.run import serve
from console.settings import CentreSettings
from console.sync.link import Link
from console.sync.supervision import Supervision
from tests.centre.doubles import CLOCK, Room
from tests.centre.test_recording import Recorder, told

PASSWORD = "a long password for sue"
SETTINGS = CentreSettings(
    queues=(
        Queue(key="support", name="Support", numbers=("100",), announce_every_s=0),
        Queue(key="sales", name="Sales", numbers=("200",), announce_every_s=0),
    ),
    agents=(Agent(key="ada", name="Ada", queues=("support",)), Agent(key="ben", queues=("sales",))),
)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = await Room.open(tmp_path / "centre.db", SETTINGS, Recorder())
    yield made
    await made.close()


@pytest.fixture
async def supervision(room: Room) -> AsyncIterator[Supervision]:
    since = CLOCK.now() - timedelta(seconds=1)
    known = hash_password(PASSWORD)
    await room.centre.users.put(
        User(name="sue", role=Role.SUPERVISOR, password_hash=known, tokens_after=since)
    )
    server = await serve(build_app(room.centre, CLOCK), "127.0.0.1", 0)
    link = Link(Bus(), CLOCK, None, contact=lambda: "")
    await link.sign_in(server.url, "sue", PASSWORD)
    yield Supervision(link)
    await link.stop()
    await server.stop()


async def test_a_supervisor_sees_moves_prioritises_gives_and_is_told_why(
    room: Room, supervision: Supervision
) -> None:
    first, second = await room.arrive("100"), await room.arrive("100")
    assert [(row.interaction, row.place) for row in await supervision.interactions()] == [
        (first, 1),
        (second, 2),
    ]
    assert (await supervision.prioritise(second, 5)).priority == 5
    assert [row.interaction for row in await supervision.interactions()] == [second, first]
    assert (await supervision.move(second, "sales")).queue_name == "Sales"
    steps = await supervision.explain(second)
    assert "moved by sue" in steps[-2].why
    assert steps[-1].what == "StillWaits"
    assert [other.name for other in steps[-1].excluded] == ["ben"]
    with pytest.raises(TooLate, match="not signed in"):
        await supervision.pull(first, "ben")
    await room.link("ben", ready=False)
    assert (await supervision.pull(first, "ben")).pulled == "ben"
    with pytest.raises(NotThere, match="no queue"):
        await supervision.move(first, "elsewhere")


async def test_figures_come_as_a_file(room: Room, supervision: Supervision, tmp_path: Path) -> None:
    await room.arrive("100")
    day = CLOCK.now().replace(hour=0, minute=0, second=0, microsecond=0)
    query = {
        "dimension": "queue", "from": day.isoformat(), "to": (day + timedelta(days=1)).isoformat(),
        "minutes": "day", "timezone": "Europe/Berlin",
    }  # fmt: skip
    for kind, begin in (("csv", b"\xef\xbb\xbfQueue,Name,"), ("xlsx", b"PK")):
        file = tmp_path / f"figures.{kind}"
        await supervision.export(query, kind, file)
        assert file.read_bytes().startswith(begin)
    assert b"support,Support," in (tmp_path / "figures.csv").read_bytes()


async def test_a_supervisor_is_in_a_call_changes_how_and_leaves(room: Room, supervision: Supervision) -> None:
    call = await room.arrive("100")
    with pytest.raises(TooLate, match="nothing to listen to"):
        await supervision.monitor(call, MonitoringMode.LISTEN, "sip:sue@10.0.0.7")
    await told(room, InteractionAnswered, call, offer=CLOCK.new_id(), queue="support", agent="ada")
    with pytest.raises(BadInput, match="Where is your phone"):
        await supervision.monitor(call, MonitoringMode.LISTEN)
    view = await supervision.monitor(call, MonitoringMode.LISTEN, "sip:sue@10.0.0.7")
    assert (view.supervisor, view.agent, view.since) == ("sue", "ada", None)
    assert await supervision.monitorings() == [view]
    with pytest.raises(TooLate, match="leave that one first"):
        await supervision.monitor(call, MonitoringMode.BARGE, "sip:sue@10.0.0.7")
    one = view.monitoring
    await told(
        room,
        MonitoringStarted,
        call,
        monitoring=one,
        supervisor="sue",
        agent="ada",
        mode=MonitoringMode.LISTEN,
    )
    assert (await supervision.change_monitoring(one, MonitoringMode.WHISPER)).mode is view.mode
    assert room.switch.told("change") == [(one, MonitoringMode.WHISPER)]
    await told(room, MonitoringChanged, call, monitoring=one, mode=MonitoringMode.WHISPER)
    (inside,) = await supervision.monitorings()
    assert inside.mode is MonitoringMode.WHISPER
    assert inside.since is not None
    await supervision.end_monitoring(one)
    await told(room, MonitoringEnded, call, monitoring=one, supervisor="sue")
    assert await supervision.monitorings() == []
    with pytest.raises(NotThere, match="any more"):
        await supervision.end_monitoring(one)
