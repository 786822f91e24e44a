"""Figures of today or of the last minutes, and what each figure means by the one catalogue."""

from datetime import UTC

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from pytestqt.qtbot import QtBot

from console.domain.figures import Counts, Window
from console.metrics.catalogue import CATALOGUE
from tests.ui.waiting_sample import make_office
from tests.ui.wallboard_sample import NOON, BoardStub, board_of, clock_at
from ui.metrics.meaning import SERVICE_GAP, SHOWN, formula, meaning, name
from ui.metrics.presenter import Level, strip, strip_meaning, tile, tile_meaning
from ui.metrics.spans import SPANS, TODAY, read_span, seen
from ui.metrics.tongue import Tongue
from ui.metrics.wallboard import Wallboard
from ui.widgets.look import Look

EN, DE = Tongue("en", UTC), Tongue("de", UTC)
BOARD = board_of(3, 24)
WINDOW = Window(
    queue="q0", minutes=15,
    counts=Counts(offered=12, answered=10, answered_in_time=9, abandoned=1, level_met=9, level_of=11),
    service_level=9 / 11, asa_s=25.0, aht_s=61.0, abandon_rate=1 / 11,
)  # fmt: skip


def test_a_window_changes_what_was_counted_and_leaves_what_is_now() -> None:
    row = BOARD.queues[0]
    view, today = tile(seen(row, 15, WINDOW), NOON, EN), tile(row, NOON, EN)
    assert view.inputs == "9 of 11 within 20 s"
    assert (view.service.text, view.asa.text, view.abandoned.text) == ("81.8\N{NO-BREAK SPACE}%", "0:25", "1")
    assert (view.waiting, view.longest, view.ready) == (today.waiting, today.longest, today.ready)


def test_a_window_that_is_not_told_shows_no_noughts() -> None:
    view = tile(seen(BOARD.queues[0], 30, None), NOON, EN)
    assert (view.abandoned.text, view.abandoned.note, view.service.text, view.asa.text) == ("-",) * 4
    assert view.inputs == "not told for 30 min"
    assert view.waiting.text != "-"
    whole = strip(BOARD, [view], NOON, EN, (30, None))
    assert [figure.text for figure in whole.figures[2:8]] == ["-"] * 6


def test_an_empty_window_says_of_how_many_minutes() -> None:
    empty = Window(queue="q0", minutes=15)
    assert tile(seen(BOARD.queues[0], 15, empty), NOON, DE).inputs == "keine Anrufe in 15 min"


@pytest.mark.parametrize(
    ("kept", "minutes"), [(b"", 0), (b"15", 15), (b"17", 0), (b"\xff", 0), (b"60", 60), (b"-15", 0)]
)
def test_what_was_kept_is_read_with_care(kept: bytes, minutes: int) -> None:
    assert read_span(kept) == minutes


def open_board(qtbot: QtBot, look: Look, office: object = None) -> tuple[Wallboard, BoardStub]:
    look.use("light")
    service = BoardStub(msgspec.structs.replace(BOARD, windows=(WINDOW,)))
    window = Wallboard(service, clock_at(1.0), EN, office)  # type: ignore[arg-type]
    window.resize(1280, 720)
    window.show()
    qtbot.waitExposed(window)
    return window, service


def close(window: Wallboard) -> None:
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_the_span_is_chosen_by_hand_or_key_and_remembered(qtbot: QtBot, look: Look) -> None:
    office, _ = make_office()
    window, service = open_board(qtbot, look, office)
    assert window.tile_views[0].inputs == "70 of 96 within 20 s"
    window.head.span.setFocus()
    qtbot.keyClick(window.head.span, Qt.Key.Key_End)
    assert window.tile_views[0].inputs == "9 of 11 within 20 s"
    assert window.tile_views[1].inputs == "not told for 15 min"
    newer = msgspec.structs.replace(WINDOW, counts=msgspec.structs.replace(WINDOW.counts, level_met=11))
    service.tell(msgspec.structs.replace(BOARD, sequence=2000, windows=(newer,)))
    qtbot.waitUntil(lambda: window.tile_views[0].inputs == "11 of 11 within 20 s")
    close(window)
    again, _ = open_board(qtbot, look, office)
    assert again.head.span.currentData() == 15
    again.setFocus()
    qtbot.keyClick(again, Qt.Key.Key_W)
    assert again.head.span.currentData() == TODAY
    assert again.tile_views[0].inputs == "70 of 96 within 20 s"
    close(again)


def test_on_a_wall_the_span_is_said_and_not_chosen(qtbot: QtBot, look: Look) -> None:
    window, _ = open_board(qtbot, look)
    window.choose_span(30)
    window.set_kiosk(True)
    assert window.head.span.isHidden()
    assert window.head.span.currentText() == "Last 30 min"
    window.set_kiosk(False)
    assert not window.head.span.isHidden()
    close(window)


# ---- the catalogue


@pytest.mark.parametrize("key", SHOWN)
def test_every_figure_that_is_shown_is_in_the_catalogue_and_has_its_german(key: str) -> None:
    assert CATALOGUE[key].formula == formula(key, EN)
    assert formula(key, DE) != formula(key, EN)
    assert name(key, DE)


def test_every_figure_of_a_tile_and_of_the_strip_names_its_metric() -> None:
    view = tile(BOARD.queues[0], NOON, EN)
    whole = strip(BOARD, [view], NOON, EN)
    for figure in (*view.figures, *whole.figures):
        assert figure.metrics, figure.label
        assert set(figure.metrics) <= set(SHOWN)


def test_the_tool_tip_says_what_a_figure_is_made_of() -> None:
    told = tile_meaning(tile(BOARD.queues[0], NOON, EN), EN)
    assert told.startswith("Sales, Warning. Today")
    assert "Service level: 72.9\N{NO-BREAK SPACE}% (70 of 96 within 20 s)\n" in told
    assert (
        "Answered in time / (answered + abandoned - short abandons). Higher is better. "
        "Warning below 80\N{NO-BREAK SPACE}%, critical below 70\N{NO-BREAK SPACE}%." in told
    )
    assert "Warning from 3, critical from 6." in told  # the queue's own limits
    assert "Abandon rate: 15.6\N{NO-BREAK SPACE}%\n" in told
    german = strip_meaning(strip(BOARD, [], NOON, DE, (60, None)), DE)
    assert german.startswith("Alle Warteschlangen. Letzte 60 min")
    assert "Weniger ist besser" in german


def test_the_tool_tips_tell_the_age_of_the_data(qtbot: QtBot, look: Look) -> None:
    window, _ = open_board(qtbot, look)
    assert window.queues.told(window.tile_views[0]).endswith("1 s old\n\nEnter or double click: who waits.")
    assert window.head.told.endswith("1 s old")
    close(window)


def test_limits_come_from_the_catalogue() -> None:
    rate = CATALOGUE["abandon_rate"]
    assert rate.warning is not None
    counts = Counts(answered=95, abandoned=5)
    row = msgspec.structs.replace(BOARD.queues[0], counts=counts, abandon_rate=rate.warning)
    assert tile(row, NOON, EN).abandoned.level is Level.WARNING
    assert pytest.approx(0.10) == SERVICE_GAP
    assert "." not in meaning("aht_s", None, EN)  # neither way is better, and there are no limits
    assert set(SPANS) == {0, 15, 30, 60}
