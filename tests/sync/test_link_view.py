import asyncio

from console.domain.agent import AgentState
from console.domain.events import LinkState
from console.domain.figures import Delta, Snapshot
from console.wire import (
    AgentView,
    BoardDelta,
    BoardSnapshot,
)
from tests.sync.rooms import Rooms
from tests.sync.small_centre import NOW, SmallCentre


async def heard(board: list[Snapshot], count: int) -> None:
    async with asyncio.timeout(10):
        while len(board) < count:  # noqa: ASYNC110 - a list, there is nothing to await
            await asyncio.sleep(0.005)


async def test_the_agents_own_state_is_handed_on(centre: SmallCentre, rooms: Rooms) -> None:
    views: list[AgentView] = []
    undo = rooms.link.on_agent(views.append)
    await rooms.online(centre)
    desk = await centre.desk()
    view = AgentView(sequence=5, at=NOW, state=AgentState.READY, since=NOW)
    await desk.say(view)
    await rooms.link.command("ready")
    assert rooms.link.agent_view == view
    assert views == [view]
    undo()
    await desk.say(view)
    await rooms.link.command("ready")
    assert len(views) == 1
    assert rooms.link.known_sequence() == 5


async def test_a_listener_that_fails_harms_nobody(centre: SmallCentre, rooms: Rooms) -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    views: list[AgentView] = []

    def fails(_: AgentView) -> None:
        raise KeyError("broken view")

    rooms.link.on_agent(fails)
    rooms.link.on_agent(views.append)
    await rooms.online(centre)
    await (await centre.desk()).say(AgentView(sequence=5, at=NOW, state=AgentState.READY, since=NOW))
    await rooms.link.command("ready")
    assert len(views) == 1
    assert rooms.link.state is LinkState.ONLINE
    assert len(told) == 1


async def test_the_board_is_kept_resumed_and_aged(centre: SmallCentre, rooms: Rooms) -> None:
    boards: list[Snapshot] = []
    rooms.link.on_board(boards.append)
    rooms.contact = ""
    rooms.link.want_board(True)
    assert rooms.link.board_age is None
    centre.sequence = 12
    await rooms.online(centre, "sven", "hidden")
    desk = await centre.desk()
    assert (desk.hello.board, desk.hello.last_sequence, desk.hello.contact) == (True, None, "")
    assert desk.hello.session is None
    await desk.say(
        BoardSnapshot(snapshot=Snapshot(sequence=10, at=NOW)),
        BoardDelta(delta=Delta(sequence=12, at=NOW, last_event_at=NOW, since=10)),
    )
    await heard(boards, 2)
    assert boards[-1] == Snapshot(sequence=12, at=NOW, last_event_at=NOW)
    assert rooms.link.board == boards[-1]
    assert rooms.link.board_age is not None
    await desk.close(1012)
    desk = await centre.desk()
    assert desk.hello.last_sequence == 12
    await rooms.until(LinkState.ONLINE)
    assert rooms.link.board == boards[-1]


async def test_a_gap_fetches_the_whole_board(centre: SmallCentre, rooms: Rooms) -> None:
    boards: list[Snapshot] = []
    rooms.link.on_board(boards.append)
    rooms.link.want_board(True)
    await rooms.online(centre)
    desk = await centre.desk()
    await desk.say(
        BoardSnapshot(snapshot=Snapshot(sequence=10, at=NOW)),
        BoardDelta(delta=Delta(sequence=30, at=NOW, since=20)),
    )
    await desk.gone()
    desk = await centre.desk()
    assert desk.hello.last_sequence is None
    await desk.say(BoardSnapshot(snapshot=Snapshot(sequence=31, at=NOW)))
    await heard(boards, 2)
    assert [board.sequence for board in boards] == [10, 31]


async def test_a_delta_before_any_board_fetches_the_whole(centre: SmallCentre, rooms: Rooms) -> None:
    rooms.link.want_board(True)
    await rooms.online(centre)
    desk = await centre.desk()
    await desk.say(BoardDelta(delta=Delta(sequence=30, at=NOW)))
    await desk.gone()
    assert (await centre.desk()).hello.last_sequence is None


async def test_a_centre_with_another_ledger_gets_no_old_board(centre: SmallCentre, rooms: Rooms) -> None:
    boards: list[Snapshot] = []
    rooms.link.on_board(boards.append)
    rooms.link.want_board(True)
    centre.sequence = 100
    await rooms.online(centre)
    desk = await centre.desk()
    await desk.say(BoardSnapshot(snapshot=Snapshot(sequence=100, at=NOW)))
    await heard(boards, 1)
    centre.sequence = 3
    await desk.close(1012)
    await centre.desk()
    await rooms.facts.wait(lambda: rooms.states()[-2:] == [LinkState.LOST, LinkState.ONLINE])
    assert rooms.link.board is None


async def test_a_board_wanted_later_is_fetched_and_one_not_wanted_is_let_go(
    centre: SmallCentre, rooms: Rooms
) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    await desk.say(BoardSnapshot(snapshot=Snapshot(sequence=10, at=NOW)))
    rooms.link.want_board(True)
    rooms.link.want_board(True)
    desk = await centre.desk()
    assert desk.hello.board
    boards: list[Snapshot] = []
    rooms.link.on_board(boards.append)
    await desk.say(BoardSnapshot(snapshot=Snapshot(sequence=11, at=NOW)))
    await heard(boards, 1)
    rooms.link.want_board(False)
    assert rooms.link.board is None
