import pytest

from console.domain.events import LinkState
from console.domain.figures import Snapshot
from console.wire import BoardSnapshot
from tests.sync.rooms import Rooms
from tests.sync.small_centre import NOW, SmallCentre

BAD = [
    "",
    "null",
    "[]",
    "{}",
    '{"frame":"Nonsense"}',
    '{"frame":"Welcome"}',
    '{"frame":"Reply","number":"one"}',
    '{"frame":"BoardDelta","delta":{"sequence":-1}}',
    "[" * 100_000,
    '{"frame":"Heartbeat","now":"yesterday"}',
    '{"frame":"Reply","number":1e999}',
    "\x00",
    "x" * 1_000_000,
]


async def test_frames_of_any_shape_are_counted_and_harm_nothing(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    for text in BAD:
        await desk.say_text(text)
    await desk.say_bytes(b"\xff\xfe\xfd")
    await rooms.link.command("ready")
    assert rooms.link.bad_frames == len(BAD) + 1
    assert rooms.states() == [LinkState.CONNECTING, LinkState.ONLINE]


async def test_a_frame_too_long_ends_the_connection_not_the_program(
    centre: SmallCentre, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.sync.conversation.MOST_BYTES", 100_000)
    await rooms.online(centre)
    await (await centre.desk()).say_text("x" * 200_000)
    await rooms.until(LinkState.LOST)
    assert "more than 100000 bytes" in rooms.link.reason
    await rooms.until(LinkState.ONLINE)


async def test_a_flood_of_nonsense_is_hung_up_on(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    for _ in range(150):
        await desk.say_text("nonsense")
    await rooms.until(LinkState.LOST)
    assert "cannot read" in rooms.link.reason


async def test_a_centre_that_never_welcomes_is_given_up(
    centre: SmallCentre, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.sync.conversation.OPEN_S", 0.2)
    centre.welcomes = False
    await rooms.link.sign_in(centre.url, "anna", "secret")
    await rooms.until(LinkState.LOST)
    assert "no answer in time" in rooms.link.reason


NONSENSE = [
    '{"frame":"Heartbeat","now":"2026-11-22T12:00:00"}',
    '{"frame":"BoardDelta","delta":{"sequence":10,"at":"2026-11-22T12:00:00"}}',
    '{"frame":"BoardDelta","delta":{"sequence":11,"at":"2026-11-22T12:00:00Z","samples":['
    '{"at":"2026-11-22T12:00:00"},{"at":"2026-11-22T12:00:00Z"}]}}',
]


async def test_times_without_a_zone_are_counted_and_harm_nothing(centre: SmallCentre, rooms: Rooms) -> None:
    rooms.link.want_board(True)
    await rooms.online(centre)
    desk = await centre.desk()
    await desk.say(BoardSnapshot(snapshot=Snapshot(sequence=10, at=NOW)))
    for text in NONSENSE:
        await desk.say_text(text)
    await rooms.link.command("ready")
    assert rooms.link.bad_frames == len(NONSENSE)
    assert rooms.link.board == Snapshot(sequence=10, at=NOW)


async def test_a_welcome_without_a_zone_is_no_centres(centre: SmallCentre, rooms: Rooms) -> None:
    centre.now = NOW.replace(tzinfo=None)
    await rooms.link.sign_in(centre.url, "anna", "secret")
    await rooms.until(LinkState.LOST)
    assert "not a Callboard centre" in rooms.link.reason
    centre.now = NOW
    await rooms.until(LinkState.ONLINE)
