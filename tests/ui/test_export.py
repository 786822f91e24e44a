"""Figures into a file: what is asked of the centre, and what the person is told."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QCoreApplication, QDate, QEvent, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from console.domain.errors import BadInput, Refused
from console.metrics.increments import Dimension
from console.server.figures import wished
from tests.ui.doubles import ScriptedRunner
from tests.ui.waiting_sample import ScriptedSupervisor, make_office
from tests.ui.wallboard_sample import NOON, BoardStub, board_of, clock_at
from ui.metrics.export_dialog import ExportDialog
from ui.metrics.exports import CUTS, Range, Wish, days_of
from ui.metrics.services import Office
from ui.metrics.tongue import Tongue
from ui.metrics.wallboard import Wallboard
from ui.widgets.look import Look

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 20)


def test_the_usual_ranges() -> None:
    assert days_of(Range.TODAY, TODAY) == (TODAY, TODAY)
    assert days_of(Range.YESTERDAY, TODAY) == (date(2026, 11, 19), date(2026, 11, 19))
    assert days_of(Range.WEEK, TODAY) == (date(2026, 11, 14), TODAY)
    assert days_of(Range.MONTH, TODAY) == (date(2026, 10, 22), TODAY)


def test_a_wish_is_what_the_centre_takes_also_over_the_end_of_summer_time() -> None:
    wish = Wish(Dimension.AGENT, date(2026, 10, 25), date(2026, 10, 25), "60", "csv")
    query = wish.query(BERLIN, "Europe/Berlin")
    assert query == {
        "dimension": "agent", "from": "2026-10-25T00:00:00+02:00", "to": "2026-10-26T00:00:00+01:00",
        "minutes": "60", "timezone": "Europe/Berlin",
    }  # fmt: skip
    assert wish.file == "callboard-agent-2026-10-25.csv"


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("dimension", list(Dimension))
def test_the_centre_reads_every_wish(dimension: Dimension, cut: str) -> None:
    query = Wish(dimension, date(2026, 10, 22), TODAY, cut, "xlsx").query(BERLIN, "Europe/Berlin")
    taken = wished(
        {
            "dimension": Dimension(query["dimension"]), "key": None, "window": None, "metrics": None,
            "start": datetime.fromisoformat(query["from"]), "end": datetime.fromisoformat(query["to"]),
            "minutes": query["minutes"], "timezone": query["timezone"],
        }
    )  # fmt: skip
    assert taken.cut == cut
    assert taken.between == (datetime(2026, 10, 21, 22, tzinfo=UTC), datetime(2026, 11, 20, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("first", "last", "fault"),
    [
        (TODAY, TODAY, ""),
        (TODAY, date(2026, 11, 19), "export order"),
        (date(2025, 10, 17), TODAY, ""),
        (date(2025, 10, 16), TODAY, "export long"),
    ],
)
def test_what_is_wrong_with_the_days(first: date, last: date, fault: str) -> None:
    assert Wish(Dimension.QUEUE, first, last, "15", "csv").fault == fault


# ---- the dialog


Open = Callable[..., tuple[ExportDialog, ScriptedSupervisor, Office]]


@pytest.fixture
def open_dialog(qtbot: QtBot, look: Look) -> Iterator[Open]:
    made: list[ExportDialog] = []

    def opened(language: str = "en") -> tuple[ExportDialog, ScriptedSupervisor, Office]:
        look.use("light")
        office, centre = make_office()
        dialog = ExportDialog(office, Tongue(language, BERLIN), lambda: NOON)
        made.append(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        return dialog, centre, office

    yield opened
    for dialog in made:
        dialog.close()
        dialog.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_what_is_chosen_is_asked_of_the_centre(open_dialog: Open, tmp_path: Path) -> None:
    dialog, centre, _ = open_dialog()
    dialog.dimension.setCurrentIndex(dialog.dimension.findData("agent"))
    dialog.range.setCurrentIndex(dialog.range.findData("yesterday"))
    dialog.cut.setCurrentIndex(dialog.cut.findData("day"))
    dialog.kind.setCurrentIndex(dialog.kind.findData("csv"))
    dialog.export_to(tmp_path / "figures.csv")
    (asked,) = centre.asked
    assert asked[1]["dimension"] == "agent"
    assert asked[1]["from"] == "2026-11-19T00:00:00+01:00"
    assert asked[1]["to"] == "2026-11-20T00:00:00+01:00"
    assert asked[2:] == ("csv", tmp_path / "figures.csv")
    assert dialog.notice.words == "The figures are in figures.csv."


def test_own_dates_can_be_set_and_are_checked(open_dialog: Open) -> None:
    dialog, centre, _ = open_dialog()
    assert not dialog.first.isEnabled()
    dialog.range.setCurrentIndex(dialog.range.findData("own"))
    assert dialog.first.isEnabled()
    dialog.first.setDate(QDate(2026, 11, 21))
    dialog.last.setDate(QDate(2026, 11, 1))
    dialog.save.click()
    assert dialog.notice.words == "The last day is before the first."
    assert dialog.findChild(QFileDialog) is None
    dialog.last.setDate(QDate(2026, 11, 30))
    assert dialog.notice.words == ""
    assert centre.asked == []


def test_the_file_is_asked_for_with_a_name_that_says_what_it_is(open_dialog: Open, qtbot: QtBot) -> None:
    dialog, _, _ = open_dialog()
    dialog.save.click()
    files = dialog.findChild(QFileDialog)
    assert files is not None
    assert Path(files.selectedFiles()[0]).name == "callboard-queue-2026-11-20.xlsx"
    files.close()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Refused("The sign-in is no longer good. Sign in again."), "Die Anmeldung gilt nicht mehr."),
        (
            BadInput("That is more than 50000 rows. Choose longer intervals or less of them."),
            "Das sind mehr als 50000 Zeilen.",
        ),
    ],
)
def test_what_the_centre_refuses_is_said(
    fault: Refused | BadInput, words: str, open_dialog: Open, tmp_path: Path
) -> None:
    dialog, centre, _ = open_dialog("de")
    centre.says_no = fault
    dialog.export_to(tmp_path / "figures.csv")
    assert dialog.notice.words.startswith(words)


def test_while_the_centre_works_nothing_is_asked_twice(open_dialog: Open, tmp_path: Path) -> None:
    dialog, _, office = open_dialog()
    runner = office.runner
    assert isinstance(runner, ScriptedRunner)
    runner.holding = True
    dialog.export_to(tmp_path / "figures.csv")
    assert dialog.notice.words == "Asking the centre…"
    dialog.save.click()
    assert dialog.findChild(QFileDialog) is None
    runner.release()
    assert dialog.notice.words == "The figures are in figures.csv."


def test_it_opens_from_the_wallboard_by_key_and_button(qtbot: QtBot, look: Look) -> None:
    look.use("light")
    office, _ = make_office()
    board = Wallboard(BoardStub(board_of(3, 24)), clock_at(1.0), Tongue("en", BERLIN), office)
    board.resize(1280, 720)
    board.show()
    board.activateWindow()
    qtbot.waitUntil(board.isActiveWindow)
    assert board.head.export.isVisible()
    qtbot.keyClick(board, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = board.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    board.close()
    board.deleteLater()
    alone = Wallboard(BoardStub(board_of(3, 24)), clock_at(1.0), Tongue("en", BERLIN))
    alone.show()
    assert not alone.head.export.isVisible()
    alone.close()
    alone.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
