"""The wallboard in somebody's hands: choosing, filtering, sorting, copying, turning pages."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from console.domain.agent import AgentState
from tests.ui.wallboard_sample import Opener, board_of
from ui.metrics.rows import AgentColumn


def test_choosing_a_queue_narrows_everything_and_choosing_again_lets_go(opened: Opener, qtbot: QtBot) -> None:
    board = board_of(3, 60)
    window, _service, _clock = opened(board)
    window.queues.setFocus()
    qtbot.keyClick(window.queues, Qt.Key.Key_Right)
    qtbot.keyClick(window.queues, Qt.Key.Key_Space)
    assert window.queues.selected == "q1"
    assert window.agents.queue.currentData() == "q1"
    assert {row.queue for row in map(window.callers_model.row, range(window.callers_model.rowCount()))} == {
        "q1"
    }
    assert 0 < window.agents_model.rowCount() < 60
    assert window.graphs.cards[0].note.text() == "Billing"
    qtbot.keyClick(window.queues, Qt.Key.Key_Space)
    assert window.queues.selected == ""
    assert window.agents_model.rowCount() == 60


def test_a_click_chooses_a_queue(opened: Opener, qtbot: QtBot) -> None:
    window, _service, _clock = opened(board_of(3, 60))
    qtbot.mouseClick(window.queues, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert window.queues.selected == "q0"


def test_filters_by_text_and_state(opened: Opener, qtbot: QtBot) -> None:
    board = board_of(3, 60)
    window, _service, _clock = opened(board)
    window.agents.state.setCurrentIndex(window.agents.state.findData("ready"))
    ready = sum(row.state is AgentState.READY for row in board.agents)
    assert window.agents_model.rowCount() == ready
    assert window.agents.number.text() == f"{ready} of 60"
    qtbot.keyClicks(window.agents.search, "nobody of this name")
    assert "No agent matches" in window.agents.empty.text()
    qtbot.keyClick(window.agents.search, Qt.Key.Key_Escape)
    assert window.agents.search.text() == ""
    assert window.agents_model.rowCount() == ready


def test_the_heads_sort_by_key_and_by_mouse(opened: Opener, qtbot: QtBot) -> None:
    window, _service, _clock = opened(board_of(3, 60))
    head = window.agents.table.head
    head.setFocus()
    for _ in range(AgentColumn.ANSWERED):
        qtbot.keyClick(head, Qt.Key.Key_Right)
    qtbot.keyClick(head, Qt.Key.Key_Return)
    numbers = [window.agents_model.row(place).answered for place in range(60)]
    assert numbers == sorted(numbers)
    middle = head.sectionViewportPosition(AgentColumn.ANSWERED) + head.sectionSize(AgentColumn.ANSWERED) // 2
    qtbot.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(middle, head.height() // 2))
    numbers = [window.agents_model.row(place).answered for place in range(60)]
    assert numbers == sorted(numbers, reverse=True)


def test_abandoned_callers_can_be_copied(opened: Opener, qtbot: QtBot) -> None:
    board = board_of(3, 24)
    window, _service, _clock = opened(board)
    qtbot.mouseClick(window.callers.copying, Qt.MouseButton.LeftButton)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Left at\tCaller\tQueue\tWaited"
    assert len(lines) == 1 + len(board.abandoned)
    window.callers.table.selectRow(2)
    qtbot.keyClick(window.callers.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied == [lines[0], lines[3]]


def test_on_a_wall_the_agents_turn_page_by_page(opened: Opener) -> None:
    window, _service, _clock = opened(board_of(3, 100))
    window.set_kiosk(True)
    bar, seen = window.agents.table.verticalScrollBar(), set()
    for _ in range(50):
        seen.add(bar.value())
        window.agents.table.turn_page()
        if bar.value() == 0:
            break
    tall = window.agents.table.verticalHeader().defaultSectionSize()
    page = window.agents.table.viewport().height() // tall
    assert bar.value() == 0
    assert len(seen) >= 100 // (page + 1)
    assert bar.maximum() in seen
    window.set_kiosk(False)
