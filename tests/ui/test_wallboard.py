"""The real window: what it says equals the snapshot, stale is shown as stale, keys, sizes, themes, pace."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from console.domain.events import LinkState
from console.domain.figures import Delta, Snapshot
from tests.ui.wallboard_sample import EN, LONG, NOON, Opener, board_of, merged
from ui.metrics.freshness import Health
from ui.metrics.grid import Kind
from ui.metrics.presenter import strip, tile
from ui.metrics.rows import AgentColumn
from ui.metrics.tongue import Tongue
from ui.widgets.look import Look


def test_what_it_says_equals_the_snapshot_to_the_digit(opened: Opener) -> None:
    board = board_of(12, 60)
    window, _service, clock = opened(board)
    wanted = tuple(tile(row, clock.now(), EN) for row in board.queues)
    assert window.tile_views == wanted
    assert window.strip_view == strip(board, wanted, clock.now(), EN)
    assert window.agents_model.rowCount() == 60
    by_name = {row.agent: row for row in board.agents}
    for place, key in enumerate(window.agents_model.shown):
        row = by_name[key]
        assert window.agents_model.index(place, AgentColumn.AGENT).data() == row.name
        assert window.agents_model.index(place, AgentColumn.ANSWERED).data() == str(row.answered)
    assert window.callers_model.rowCount() == len(board.abandoned)
    assert window.agents.number.text() == "60"


def test_a_change_is_painted_and_measured(opened: Opener, qtbot: QtBot) -> None:
    board = board_of(3, 24)
    window, service, _clock = opened(board)
    row = board.queues[0]
    grown = msgspec.structs.replace(row, counts=msgspec.structs.replace(row.counts, abandoned=16))
    delta = Delta(sequence=1001, at=board.at, queues=(grown,), total=board.total, last_event_at=board.at)
    with qtbot.waitSignal(window.pace.painted):
        service.tell(merged(board, delta))
    assert window.tile_views[0].abandoned.text == "16"
    assert len(window.event_to_paint_ms) >= 1


def test_a_change_that_is_not_on_the_screen_is_not_measured(opened: Opener, qtbot: QtBot) -> None:
    board = board_of(3, 1000)
    window, service, clock = opened(board)
    qtbot.waitUntil(lambda: not window.pace.measuring)
    frames, last = window.pace.frames, window.agents_model.shown[-1]
    rows = tuple(
        msgspec.structs.replace(row, answered=row.answered + 1) if row.agent == last else row
        for row in board.agents
    )
    service.tell(msgspec.structs.replace(board, agents=rows))
    qtbot.waitUntil(lambda: window.pace.frames > frames)
    qtbot.waitUntil(lambda: not window.pace.measuring)
    clock.move(5)  # were it still being measured, the next paint would say 5 s
    first = board.queues[0]
    changed = msgspec.structs.replace(first, counts=msgspec.structs.replace(first.counts, abandoned=99))
    with qtbot.waitSignal(window.pace.painted):
        service.tell(msgspec.structs.replace(board, queues=(changed, *board.queues[1:])))
    assert set(window.event_to_paint_ms) == {0.0}


def test_many_changes_make_few_frames(opened: Opener, qtbot: QtBot) -> None:
    board = board_of(3, 24)
    window, service, _clock = opened(board)
    qtbot.waitUntil(lambda: not window.pace.busy)
    before = window.pace.frames
    for number in range(500):
        board = msgspec.structs.replace(board, sequence=2000 + number)
        service.tell(board)
    qtbot.waitUntil(lambda: window.pace.frames > before)
    assert window.pace.frames - before <= 2


def test_stale_figures_dim_and_say_since_when(opened: Opener) -> None:
    window, _service, clock = opened(board_of(3, 24), late_s=1.0)
    assert window.banner.isHidden()
    assert window.veil.isHidden()
    clock.move(13)
    window.tick()
    assert window.banner.words == "No news from the centre for 14 s, figures are from 14:03:20"
    assert not window.veil.isHidden()
    longest = window.tile_views[1].longest.text
    clock.move(60)
    window.tick()
    assert "for 74 s" in window.banner.words
    assert window.tile_views[1].longest.text == longest


def test_news_clears_the_banner(opened: Opener, qtbot: QtBot) -> None:
    board = board_of(3, 24)
    window, service, clock = opened(board, late_s=30)
    assert window.health is Health.STALE
    service.tell(msgspec.structs.replace(board, at=clock.now()))
    qtbot.waitUntil(lambda: window.banner.isHidden())
    assert window.veil.isHidden()
    assert window.health is Health.LIVE


def test_a_quiet_centre_that_still_vouches_is_not_stale(opened: Opener) -> None:
    window, service, clock = opened(board_of(3, 24))
    clock.move(600)
    service.board_age = 3.0
    window.tick()
    assert window.health is Health.LIVE
    service.board_age = 15.0
    window.tick()
    assert "for 15 s" in window.banner.words


def test_a_lost_link_is_told_within_the_second(opened: Opener) -> None:
    window, service, _clock = opened(board_of(3, 24))
    service.state = LinkState.LOST
    window.tick()
    assert window.banner.words.startswith("Connection to the centre lost, trying again.")


def test_times_grow_without_news(opened: Opener) -> None:
    board = board_of(3, 24)
    window, _service, clock = opened(board)
    place = next(n for n, view in enumerate(window.tile_views) if view.longest.text != "-")
    was = window.tile_views[place].longest.text
    time = window.agents_model.index(0, AgentColumn.TIME).data()
    clock.move(3)
    window.tick()
    assert window.tile_views[place].longest.text != was
    assert window.agents_model.index(0, AgentColumn.TIME).data() != time


@pytest.mark.parametrize(
    ("board", "state", "words"),
    [
        (None, LinkState.CONNECTING, "Waiting for the first figures from the centre"),
        (None, LinkState.SIGNED_OUT, "Not signed in to a centre. Sign in as a supervisor to see the board"),
        (board_of(0, 0), LinkState.ONLINE, ""),
    ],
)
def test_empty_boards_say_what_is_missing(
    opened: Opener, board: Snapshot | None, state: LinkState, words: str
) -> None:
    window, _service, _clock = opened(board, state=state)
    assert window.banner.words == words
    assert not window.no_queues.isHidden()
    assert window.queues.isHidden()
    assert {figure.text for figure in window.strip_view.figures} == {"-"}


def test_a_day_without_calls_shows_dashes(opened: Opener) -> None:
    window, _service, _clock = opened(board_of(4, 6, quiet=True))
    assert {view.service.text for view in window.tile_views} == {"-"}
    assert window.callers.empty.text() == "Nobody has hung up while waiting today."
    assert not window.callers.empty.isHidden()
    assert window.graphs.cards[2].plot.isHidden()
    assert not window.graphs.cards[2].empty.isHidden()


def test_queues_that_come_later_take_their_place(opened: Opener, qtbot: QtBot) -> None:
    window, service, _clock = opened(board_of(0, 0))
    service.tell(board_of(3, 24))
    qtbot.waitUntil(lambda: len(window.tile_views) == 3)
    assert not window.queues.isHidden()
    assert window.no_queues.isHidden()
    service.tell(board_of(2, 24))
    qtbot.waitUntil(lambda: len(window.tile_views) == 2)


def test_f11_and_esc(opened: Opener, qtbot: QtBot) -> None:
    window, _service, _clock = opened(board_of(3, 24))
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert window.kiosk
    assert window.isFullScreen()
    assert window.cursor().shape() == Qt.CursorShape.BlankCursor
    assert window.agents.search.isHidden()
    assert window.agents.table.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.kiosk
    assert not window.isFullScreen()
    assert window.cursor().shape() == Qt.CursorShape.ArrowCursor
    assert not window.agents.search.isHidden()


@pytest.mark.parametrize(
    "size", [(960, 540), (1280, 720), (1920, 1080), (3840, 2160), (2560, 1080), (1200, 1600)]
)
@pytest.mark.parametrize(("queues", "agents"), [(3, 24), (12, 60), (50, 1000)])
def test_everything_has_its_place_at_every_size(
    opened: Opener, size: tuple[int, int], queues: int, agents: int
) -> None:
    window, _service, _clock = opened(board_of(queues, agents), size=size)
    parts = (window.head, window.queues, window.graphs, window.agents, window.callers)
    for part in parts:
        assert window.rect().contains(part.geometry()), part
        assert part.height() > 45
    for number, one in enumerate(parts):
        for other in parts[number + 1 :]:
            assert not one.geometry().intersects(other.geometry())
    assert window.grab().size() == window.size()


def test_type_grows_with_the_window(opened: Opener) -> None:
    window, _service, _clock = opened(board_of(3, 24), size=(1280, 720))
    small = window.head.height()
    window.resize(3840, 2160)
    assert window.head.height() == pytest.approx(3 * small, rel=0.05)


def test_many_queues_take_pages_and_keys_turn_them(opened: Opener, qtbot: QtBot) -> None:
    window, _service, _clock = opened(board_of(50, 100))
    assert window.queues.kind is Kind.ROW
    page, pages = window.queues.page
    assert (page, pages > 1) == (0, True)
    qtbot.keyClick(window, Qt.Key.Key_PageDown)
    assert window.queues.page[0] == 1
    qtbot.keyClick(window, Qt.Key.Key_PageUp)
    qtbot.keyClick(window, Qt.Key.Key_PageUp)
    assert window.queues.page[0] == pages - 1


def test_pages_turn_by_themselves(opened: Opener) -> None:
    window, _service, _clock = opened(board_of(50, 100))
    assert window.queues.turning
    window.resize(3840, 2160)
    window.queues.turn_by_itself()
    assert window.queues.page[0] == 1


def test_the_theme_changes_live(opened: Opener, look: Look) -> None:
    window, _service, _clock = opened(board_of(3, 24))
    light = window.grab().toImage().pixelColor(3, 3)
    look.use("dark")
    dark = window.grab().toImage().pixelColor(3, 3)
    assert light.lightness() > 200
    assert dark.lightness() < 60
    assert window.graphs.cards[0].plot.theme.dark


def test_long_names_and_german_fit(opened: Opener) -> None:
    board = board_of(6, 40, long=True)
    window, _service, _clock = opened(board, tongue=Tongue("de", ZoneInfo("Europe/Berlin")))
    assert window.tile_views[0].name.startswith(LONG)
    assert window.windowTitle() == "Callboard: Wallboard"
    assert not window.grab().isNull()


def test_a_closed_board_listens_no_more(opened: Opener) -> None:
    window, service, _clock = opened(board_of(3, 24))
    assert len(service.handlers) == 1
    window.close()
    assert service.handlers == []
    assert not window.pace.busy


def test_a_snapshot_without_totals_or_with_fewer_rows_does_no_harm(opened: Opener, qtbot: QtBot) -> None:
    window, service, clock = opened(board_of(12, 60))
    service.tell(Snapshot(sequence=5, at=clock.now()))
    qtbot.waitUntil(lambda: window.tile_views == ())
    assert window.agents_model.rowCount() == 0
    service.tell(msgspec.structs.replace(board_of(12, 60), at=NOON + timedelta(seconds=1)))
    qtbot.waitUntil(lambda: len(window.tile_views) == 12)


def test_a_board_that_is_opened_again_listens_again(opened: Opener, qtbot: QtBot) -> None:
    board = board_of(3, 24)
    window, service, clock = opened(board)
    window.close()
    window.show()
    assert len(service.handlers) == 1
    service.tell(msgspec.structs.replace(board, queues=board.queues[:2], at=clock.now()))
    qtbot.waitUntil(lambda: len(window.tile_views) == 2)


def test_after_sign_out_no_figure_of_before_is_shown(opened: Opener, qtbot: QtBot) -> None:
    board = board_of(3, 24)
    window, service, _clock = opened(board)
    service.state = LinkState.SIGNED_OUT
    service.tell(None)
    qtbot.waitUntil(lambda: window.tile_views == ())
    assert window.agents_model.rowCount() == window.callers_model.rowCount() == 0
    assert {figure.text for figure in window.strip_view.figures} == {"-"}
    assert window.graphs.cards[0].plot.isHidden()
    assert window.veil.isHidden()
    service.state = LinkState.ONLINE
    service.tell(board)
    qtbot.waitUntil(lambda: len(window.tile_views) == 3)
    assert not window.agents.table.isHidden()


def test_what_a_tile_has_no_room_for_is_said_to_screen_readers(opened: Opener, qtbot: QtBot) -> None:
    window, _service, _clock = opened(board_of(50, 100))
    window.queues.setFocus()
    qtbot.keyClick(window.queues, Qt.Key.Key_Down)
    spoken = window.queues.accessibleDescription()
    assert spoken == window.tile_views[1].spoken
    for figure in (window.tile_views[1].asa, window.tile_views[1].aht, window.tile_views[1].ready):
        assert f"{figure.label} {figure.text}" in spoken
    assert window.head.accessibleName().startswith("Waiting ")
    assert window.graphs.cards[1].legend.accessibleName() == ", ".join(
        f"{entry.words} {entry.number}" for entry in window.graphs.cards[1].legend.entries
    )
