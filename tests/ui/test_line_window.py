"""The window of those who wait, in a supervisor's hands: the centre's word changes it, never the click."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.domain.errors import NetworkError, Refused, TooLate
from console.domain.events import LinkState
from tests.ui.doubles import ScriptedRunner
from tests.ui.waiting_sample import ScriptedSupervisor, line, make_office, waiting
from tests.ui.wallboard_sample import NOON, BoardStub, board_of, clock_at
from ui.metrics.line_window import LineWindow
from ui.metrics.services import Office
from ui.metrics.tongue import Tongue
from ui.metrics.waiting import LineColumn
from ui.metrics.wallboard import Wallboard
from ui.widgets.look import Look

CTRL = Qt.KeyboardModifier.ControlModifier


@dataclass
class Scene:
    window: LineWindow
    centre: ScriptedSupervisor
    office: Office
    seconds: list[float]

    @property
    def places(self) -> list[str]:
        return [str(self.window.model.index(n, 0).data()) for n in range(self.window.model.rowCount())]

    def cell(self, column: LineColumn) -> str:
        row = self.window.table.selectionModel().selectedRows()[0]
        return str(self.window.model.index(row.row(), column).data())

    def again(self) -> None:
        """The list is fetched once more."""
        self.window.refresh()
        self.window._fresh.stop()
        self.window._fetch_if_asked()


Opened = Callable[..., Scene]


@pytest.fixture
def opened(qtbot: QtBot, look: Look) -> Iterator[Opened]:
    windows: list[LineWindow] = []

    def open_line(
        queue: str = "q0", *, language: str = "en", centre: ScriptedSupervisor | None = None
    ) -> Scene:
        look.use("light")
        office, supervisor = make_office(centre)
        seconds = [0.0]
        window = LineWindow(office, Tongue(language), lambda: NOON + timedelta(seconds=seconds[0]))
        windows.append(window)
        window.put(board_of(6, 24), LinkState.ONLINE)
        window.open_for(queue)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return Scene(window, supervisor, office, seconds)

    yield open_line
    for window in windows:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_it_lists_who_waits_in_serving_order(opened: Opened) -> None:
    scene = opened()
    assert scene.places == ["-", "-", "1", "2", "3", "4", "5", "6", "7"]
    assert scene.window.number.text() == "7 wait, 2 ring"
    assert scene.window.table.hasFocus()
    assert scene.window.chosen is not None
    scene.window.queue.setCurrentIndex(scene.window.queue.findData(""))
    assert len(scene.places) == 10
    assert not scene.window.table.isColumnHidden(LineColumn.QUEUE)


def test_a_move_by_keys_alone_and_the_fact_changes_the_list(opened: Opened, qtbot: QtBot) -> None:
    scene = opened()
    window, strip = scene.window, scene.window.orders.strip
    window.table.selectRow(2)
    who = window.chosen
    assert who is not None
    qtbot.keyClick(window.table, Qt.Key.Key_M, CTRL)
    assert strip.title.text() == "Move +49301234001 to which queue?"
    assert strip.list.lineEdit() is window.focusWidget() or strip.list is window.focusWidget()
    offered = [strip.list.itemText(n) for n in range(strip.list.count())]
    assert "Sales" not in offered
    edit = strip.list.lineEdit()
    assert edit is not None
    edit.setText("billing")
    qtbot.keyClick(strip.list, Qt.Key.Key_Return)
    assert scene.centre.asked == [("move", who.interaction, "q1")]
    assert strip.isHidden()
    assert window.chosen == who  # nothing was told yet
    scene.centre.change(who.interaction, queue="q1", queue_name="Billing")
    scene.again()
    assert who.interaction not in {row.interaction for row in window.model.all.values()}
    assert window.table.hasFocus()


def test_a_priority_begins_with_the_one_it_has(opened: Opened, qtbot: QtBot) -> None:
    scene = opened()
    window = scene.window
    window.table.selectRow(2)
    qtbot.keyClick(window.table, Qt.Key.Key_P, CTRL)
    strip = window.orders.strip
    assert strip.number.value() == 20
    strip.number.setValue(-5)
    qtbot.keyClick(strip.number, Qt.Key.Key_Return)
    assert scene.centre.asked[-1][0::2] == ("priority", -5)
    assert scene.cell(LineColumn.PRIORITY) == "20"
    chosen = window.chosen
    assert chosen is not None
    scene.centre.change(chosen.interaction, priority=-5)
    scene.again()
    assert scene.cell(LineColumn.PRIORITY) == "-5"


def test_it_is_given_to_an_agent_of_the_list(opened: Opened, qtbot: QtBot) -> None:
    scene = opened()
    window, strip = scene.window, scene.window.orders.strip
    window.table.selectRow(2)
    qtbot.keyClick(window.table, Qt.Key.Key_G, CTRL)
    assert strip.list.itemText(0).endswith(": Ready")
    edit = strip.list.lineEdit()
    assert edit is not None
    edit.setText("nobody of this name")
    qtbot.keyClick(strip.list, Qt.Key.Key_Return)
    assert strip.error == "Choose one of the list."
    assert scene.centre.asked == []
    strip.list.setCurrentIndex(1)
    wanted = strip.list.itemData(1)
    qtbot.keyClick(strip.list, Qt.Key.Key_Return)
    assert scene.centre.asked[-1][0::2] == ("pull", wanted)


def test_what_the_centre_refuses_is_said_where_it_was_asked(opened: Opened) -> None:
    scene = opened(language="de")
    window, strip = scene.window, scene.window.orders.strip
    window.table.selectRow(2)
    window.orders.ask_priority()
    scene.centre.says_no = TooLate("It does not wait any more.")
    strip.do.click()
    assert strip.error == "Es wartet nicht mehr."
    assert not strip.isHidden()
    scene.centre.says_no = None
    strip.do.click()
    assert strip.isHidden()


def test_an_order_is_given_once(opened: Opened) -> None:
    scene = opened()
    runner = scene.office.runner
    assert isinstance(runner, ScriptedRunner)
    scene.window.table.selectRow(2)
    scene.window.orders.ask_priority()
    runner.holding = True
    scene.window.orders.strip.do.click()
    scene.window.orders.strip.do.click()
    assert len([one for one in scene.centre.asked if one[0] == "priority"]) == 1


def test_whoever_left_takes_no_order_with_them_to_somebody_else(opened: Opened) -> None:
    scene = opened()
    window = scene.window
    window.table.selectRow(2)
    window.orders.ask_queue()
    scene.centre.rows = [row for row in scene.centre.rows if row.place != 1]
    scene.again()
    assert window.orders.strip.isHidden()
    assert window.notices.told["order"] == "+49301234001 does not wait any more."
    assert scene.centre.asked == []


def test_another_choice_puts_the_open_order_away(opened: Opened) -> None:
    scene = opened()
    scene.window.table.selectRow(2)
    scene.window.orders.ask_queue()
    scene.window.table.selectRow(3)
    assert scene.window.orders.strip.isHidden()


def test_enter_explains_and_esc_closes_one_after_the_other(opened: Opened, qtbot: QtBot) -> None:
    scene = opened()
    window = scene.window
    window.table.selectRow(2)
    qtbot.keyClick(window.table, Qt.Key.Key_Return)
    why = window.orders.why
    assert scene.centre.asked == [("explain", UUID(int=1001))]
    assert "still waits in q0" in why.text.toPlainText()
    assert why.title.text() == "Why: +49301234001"
    qtbot.keyClick(why.text, Qt.Key.Key_Escape)
    assert why.isHidden()
    assert window.table.hasFocus()
    qtbot.keyClick(window.table, Qt.Key.Key_Escape)
    assert window.isHidden()


def test_an_answer_about_the_one_before_is_passed_over(opened: Opened) -> None:
    scene = opened()
    runner = scene.office.runner
    assert isinstance(runner, ScriptedRunner)
    runner.holding = True
    scene.window.table.selectRow(2)
    scene.window.orders.ask_why()
    scene.window.table.selectRow(3)
    scene.window.orders.why.ask(UUID(int=1002), "another")
    runner.release()
    assert scene.window.orders.why.text.toPlainText() == "Asking the centre…"


def test_what_cannot_be_explained_says_why(opened: Opened) -> None:
    scene = opened(language="de")
    scene.centre.says_no = Refused("The sign-in is no longer good. Sign in again.")
    scene.window.table.selectRow(2)
    scene.window.orders.ask_why()
    assert "Die Anmeldung gilt nicht mehr" in scene.window.orders.why.text.toPlainText()


def test_nobody_waits(opened: Opened) -> None:
    scene = opened("q2")
    assert not scene.window.empty.isHidden()
    assert scene.window.table.isHidden()
    assert scene.window.empty._title.text() == "Nobody waits in Technical support."
    assert not any(button.isEnabled() for button in scene.window.orders.buttons)
    scene.centre.rows = [waiting(1, "q2", place=1)]
    scene.again()
    assert scene.places == ["1"]
    assert scene.window.empty.isHidden()


def test_a_lost_centre_is_said_and_nothing_can_be_asked(opened: Opened, qtbot: QtBot) -> None:
    scene = opened()
    window = scene.window
    window.put(board_of(6, 24), LinkState.LOST)
    assert window.notices.told["link"].startswith("The centre is out of reach. The list is from")
    assert not window.orders.moving.isEnabled()
    qtbot.keyClick(window.table, Qt.Key.Key_M, CTRL)
    assert window.orders.strip.isHidden()
    fetched = scene.centre.fetched
    scene.seconds[0] = 60
    window.tick()
    assert scene.centre.fetched == fetched
    window._fresh.stop()
    window.put(board_of(6, 24), LinkState.ONLINE)
    assert "link" not in window.notices.told
    assert scene.centre.fetched == fetched + 1
    assert window.orders.moving.isEnabled()


@pytest.mark.parametrize(
    "fault", [Refused("Your role is now agent."), NetworkError("The centre answered HTTP 500.")]
)
def test_a_list_that_cannot_be_had_says_why_and_comes_back(
    fault: Refused | NetworkError, opened: Opened
) -> None:
    scene = opened()
    scene.centre.says_no = fault
    scene.again()
    assert scene.window.notices.told["list"] == f"The list could not be fetched: {fault}"
    assert scene.places  # what was known stays
    scene.centre.says_no = None
    scene.again()
    assert "list" not in scene.window.notices.told


def test_after_sign_out_nobody_is_shown_any_more(opened: Opened) -> None:
    scene = opened()
    scene.window.put(None, LinkState.SIGNED_OUT)
    assert scene.places == []


def test_the_list_follows_the_board_but_not_with_every_change(opened: Opened, qtbot: QtBot) -> None:
    scene = opened()
    fetched = scene.centre.fetched
    board = board_of(6, 24)
    for number in range(50):
        row = msgspec.structs.replace(board.queues[0], changed_at=NOON + timedelta(seconds=number))
        board = msgspec.structs.replace(board, queues=(row, *board.queues[1:]))
        scene.window.put(board, LinkState.ONLINE)
    assert scene.centre.fetched <= fetched + 1
    qtbot.waitUntil(lambda: scene.centre.fetched == fetched + 1)


def test_waits_grow_and_the_list_is_fetched_though_the_board_stands_still(opened: Opened) -> None:
    scene = opened()
    before = [scene.window.model.index(n, LineColumn.WAITED).data() for n in range(3)]
    scene.seconds[0] = 3
    scene.window.tick()
    assert [scene.window.model.index(n, LineColumn.WAITED).data() for n in range(3)] != before
    fetched = scene.centre.fetched
    scene.window._fresh.stop()
    scene.seconds[0] = 6
    scene.window.tick()
    assert scene.centre.fetched == fetched + 1


def test_the_chosen_one_stays_chosen_when_places_change(opened: Opened) -> None:
    scene = opened()
    scene.window.table.selectRow(4)
    chosen = scene.window.chosen
    assert chosen is not None
    places = {1: 3, 2: 1, 3: 2}
    for row in line():
        if row.queue == "q0" and row.place in places:
            scene.centre.change(row.interaction, place=places[row.place])
    scene.again()
    now = scene.window.chosen
    assert now is not None
    assert now.interaction == chosen.interaction
    assert scene.cell(LineColumn.PLACE) == "2"


def test_a_thousand_who_wait(opened: Opened) -> None:
    scene = opened(centre=ScriptedSupervisor([waiting(n) for n in range(1000)]))
    assert scene.window.number.text() == "1,000 wait"
    scene.centre.rows = [waiting(n, place=n) for n in range(1, 1000)]
    scene.again()
    assert len(scene.places) == 999
    assert scene.places[:3] == ["1", "2", "3"]


def test_the_rows_can_be_copied(opened: Opened, qtbot: QtBot) -> None:
    scene = opened()
    scene.window.table.selectRow(3)
    qtbot.keyClick(scene.window.table, Qt.Key.Key_C, CTRL)
    copied = QApplication.clipboard().text().splitlines()
    assert copied[0].split("\t")[:2] == ["Place", "Caller"]
    assert copied[1].split("\t")[1] == "Ben Okafor  +49301234002"


def test_place_and_size_are_kept(opened: Opened) -> None:
    scene = opened()
    scene.window.resize(900, 522)
    scene.window.close()
    again = LineWindow(scene.office, Tongue("en"), lambda: NOON)
    assert (again.width(), again.height()) == (900, 522)
    again.deleteLater()


# ---- from the wallboard


def test_enter_and_double_click_open_it_and_the_board_feeds_it(look: Look, qtbot: QtBot) -> None:
    office, centre = make_office()
    service = BoardStub(board_of(6, 24))
    board = Wallboard(service, clock_at(1.0), Tongue("en"), office)
    board.resize(1440, 810)
    board.show()
    qtbot.waitExposed(board)
    board.queues.setFocus()
    qtbot.keyClick(board.queues, Qt.Key.Key_Right)
    qtbot.keyClick(board.queues, Qt.Key.Key_Return)
    assert board.line is not None
    assert board.line.queue.currentData() == "q1"
    assert board.queues.selected == ""  # Enter looks, Space chooses
    tile = board.queues._area(0).center().toPoint()
    qtbot.mouseDClick(board.queues, Qt.MouseButton.LeftButton, pos=tile)
    assert board.line.queue.currentData() == "q0"
    assert board.queues.selected == "q0"
    fetched = centre.fetched
    service.state = LinkState.LOST
    board.tick()
    assert "link" in board.line.notices.told
    assert centre.fetched == fetched
    board.close()
    assert board.line.isHidden()
    board.line.deleteLater()
    board.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
