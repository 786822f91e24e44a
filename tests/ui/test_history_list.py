"""The history on the screen: thousands of rows by the page, search, notes, calling back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from console.domain.address import Address
from console.domain.call import CallEnd, Direction
from console.domain.errors import StoreError
from console.history.rows import HistoryRow
from tests.ui.calls_of_days import make_rows
from tests.ui.doubles import START, Scene, words
from ui.history.delegate import key_rect
from ui.history.model import PAGE, SHOWN, HistoryModel
from ui.history.note import LIMIT, NoteEditor
from ui.history.pane import HistoryPane
from ui.history.presenter import present_row
from ui.widgets.look import Look


def row(end: CallEnd | None, *, answered: bool = False, outgoing: bool = False, **more: object) -> HistoryRow:
    told: dict[str, object] = {
        "call": UUID(int=1), "agent": "", "direction": Direction.OUTGOING if outgoing else Direction.INCOMING,
        "peer": Address("sip:+4930@example.org", "Anna"), "started_at": START,
        "answered_at": START if answered else None,
        "ended_at": START + timedelta(seconds=65) if end else None, "end": end,
    }  # fmt: skip
    return HistoryRow(**(told | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "icon", "tone", "detail", "lasted"),
    [
        (row(CallEnd.HUNG_UP_HERE, answered=True), "phone-incoming", "good", "+4930", "1 min 5 s"),
        (row(CallEnd.HUNG_UP_THERE, answered=True, outgoing=True), "phone-outgoing", "good",
         "+4930", "1 min 5 s"),
        (row(CallEnd.MISSED), "phone-missed", "critical", "Missed · +4930", ""),
        (row(CallEnd.BUSY, outgoing=True), "phone-off", "neutral", "Busy · +4930", ""),
        (row(CallEnd.CANCELLED, outgoing=True), "phone-off", "neutral", "Cancelled · +4930", ""),
        (row(CallEnd.LOST, answered=True), "phone-incoming", "critical", "Interrupted · +4930", "1 min 5 s"),
        (row(CallEnd.HUNG_UP_HERE), "phone-off", "neutral", "Not answered · +4930", ""),
        (row(None, answered=True), "phone-incoming", "good", "In progress · +4930", ""),
    ],
)  # fmt: skip
def test_every_outcome_has_its_words(
    made: HistoryRow, icon: str, tone: str, detail: str, lasted: str
) -> None:
    shown = present_row(made, START, UTC, words())
    assert (shown.icon, shown.tone, shown.detail, shown.lasted) == (icon, tone, detail, lasted)


@pytest.mark.parametrize("end", list(CallEnd))
def test_no_end_is_without_a_presentation(end: CallEnd) -> None:
    shown = present_row(row(end), START, UTC, words("de"))
    assert shown.detail
    assert shown.says.startswith("Anna, eingehend")


@pytest.mark.parametrize(
    ("started", "english", "german"),
    [
        (START - timedelta(minutes=5), "09:36", "09:36"),
        (START - timedelta(days=1), "Yesterday 09:41", "Gestern 09:41"),
        (START - timedelta(days=3), "Thursday 09:41", "Donnerstag 09:41"),
        (START - timedelta(days=30), "2026-10-23 09:41", "23.10.2026 09:41"),
    ],
)
def test_when_it_was(started: datetime, english: str, german: str) -> None:
    made = row(CallEnd.MISSED, started_at=started)
    assert present_row(made, START, UTC, words()).when == english
    assert present_row(made, START, UTC, words("de")).when == german


def test_a_note_is_marked_and_read_out() -> None:
    plain = present_row(row(CallEnd.MISSED, disposition="Solved"), START, UTC, words())
    noted = present_row(row(CallEnd.MISSED, note="calls again at 5"), START, UTC, words())
    assert (plain.noted, noted.noted) == (False, True)  # an outcome is said in words already
    assert noted.says.endswith(", calls again at 5")


@pytest.fixture
def model(scene: Scene) -> HistoryModel:
    return HistoryModel(scene.history, scene.runner, scene.clock.now, words(), UTC)


def test_ten_thousand_rows_come_by_the_page(scene: Scene, model: HistoryModel) -> None:
    scene.history.rows = make_rows(10_000, scene.clock)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.look_for()
    assert model.rowCount() == PAGE
    while model.canFetchMore(QModelIndex()):
        model.fetchMore(QModelIndex())
    assert model.rowCount() == 10_000
    assert len(scene.history.searches) == 101
    assert max(limit for _, limit, _, _ in scene.history.searches) == PAGE
    calls = [model.data(model.index(n), SHOWN).call for n in range(10_000)]
    assert calls == [made.call for made in scene.history.rows]


def test_a_new_call_keeps_place_and_choice(scene: Scene, model: HistoryModel) -> None:
    scene.history.rows = make_rows(250, scene.clock)
    model.look_for()
    model.fetchMore(QModelIndex())
    kept = model.index(7)
    from PySide6.QtCore import QPersistentModelIndex

    chosen = QPersistentModelIndex(kept)
    call = scene.history.rows[7].call
    scene.history.rows.insert(0, row(CallEnd.MISSED, call=UUID(int=99)))
    model.refresh()
    assert (chosen.row(), model.index_of(call).row()) == (8, 8)
    assert model.rowCount() == 201


def test_an_answer_to_an_older_question_is_dropped(scene: Scene, model: HistoryModel) -> None:
    scene.history.rows = make_rows(40, scene.clock)
    scene.runner.holding = True
    model.look_for("anna")
    model.look_for("ben")
    scene.runner.release(last_first=True)
    assert {model.data(model.index(n)) for n in range(model.rowCount())} == {"Ben Okafor"}


def test_a_broken_history_says_so(scene: Scene, model: HistoryModel, qtbot: QtBot) -> None:
    scene.history.broken = StoreError("The history cannot be read: the disk is full.")
    with qtbot.waitSignal(model.failed) as told:
        model.look_for()
    assert told.args == ["The history cannot be read: the disk is full."]
    assert not model.asking


@pytest.fixture
def pane(scene: Scene, look: Look, qtbot: QtBot) -> Callable[[int], HistoryPane]:
    def made(count: int) -> HistoryPane:
        scene.history.rows = make_rows(count, scene.clock)
        shown = HistoryPane(scene.history, scene.runner, scene.clock.now, words(), UTC)
        scene.bridge.history.connect(lambda _fact: shown.refresh())
        qtbot.addWidget(shown)
        shown.resize(380, 600)
        shown.show()
        shown.refresh()
        return shown

    return made


def test_scrolling_to_the_end_fetches_what_is_missing(
    pane: Callable[[int], HistoryPane], qtbot: QtBot
) -> None:
    shown = pane(1000)
    bar = shown.list.verticalScrollBar()

    def at_the_end() -> bool:
        bar.setValue(bar.maximum())
        return shown.model.rowCount() == 1000

    qtbot.waitUntil(at_the_end)


def test_one_click_calls_back(pane: Callable[[int], HistoryPane], qtbot: QtBot) -> None:
    shown = pane(5)
    rect = shown.list.visualRect(shown.model.index(1))
    with qtbot.waitSignal(shown.called) as told:
        QTest.mouseClick(shown.list.viewport(), Qt.MouseButton.LeftButton, pos=key_rect(rect).center())
    assert told.args == ["sip:+442079460123@example.org"]
    with qtbot.assertNotEmitted(shown.called):
        QTest.mouseClick(
            shown.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.topLeft() + QPoint(60, 20)
        )


def test_enter_calls_back(pane: Callable[[int], HistoryPane], qtbot: QtBot) -> None:
    shown = pane(5)
    shown.list.setCurrentIndex(shown.model.index(2))
    with qtbot.waitSignal(shown.called) as told:
        QTest.keyClick(shown.list, Qt.Key.Key_Return)
    assert told.args == ["sip:+390612345678@example.org"]


def test_search_waits_for_the_last_key(
    scene: Scene, pane: Callable[[int], HistoryPane], qtbot: QtBot
) -> None:
    shown = pane(40)
    before = len(scene.history.searches)
    QTest.keyClicks(shown.search, "ben")
    qtbot.waitUntil(lambda: shown.model.text == "ben")
    assert len(scene.history.searches) == before + 1
    QTest.keyClick(shown.search, Qt.Key.Key_Return)
    assert shown.focusWidget() is shown.list
    assert shown.list.currentIndex().row() == 0


def test_empty_places_say_what_to_do(scene: Scene, pane: Callable[[int], HistoryPane]) -> None:
    shown = pane(0)
    assert shown._empty._title.text() == "No calls yet"
    shown.search.setText("Zaphod")
    shown._look()
    assert shown._empty._title.text() == "Nothing found for “Zaphod”"
    scene.history.rows = make_rows(4, scene.clock)
    shown._empty.acted.emit()
    assert (shown.search.text(), shown.model.rowCount()) == ("", 4)


def test_braces_in_a_search_are_only_words(pane: Callable[[int], HistoryPane]) -> None:
    shown = pane(3)
    shown.search.setText("{0} {text}")
    shown._look()
    assert shown._empty._title.text() == "Nothing found for “{0} {text}”"


def test_missed_calls_are_counted_listed_and_seen(scene: Scene, pane: Callable[[int], HistoryPane]) -> None:
    shown = pane(20)
    assert shown.missed.text() == "Missed 2"
    shown.missed.click()
    assert shown.model.only == "missed"
    assert shown.model.rowCount() == sum(made.missed > 0 for made in scene.history.rows)
    shown.list.setCurrentIndex(shown.model.index(0))
    assert scene.history.seen == 1


def test_a_note_is_kept_while_it_is_typed(
    scene: Scene, pane: Callable[[int], HistoryPane], qtbot: QtBot
) -> None:
    shown = pane(5)
    shown.set_dispositions(("Solved", "Call back"))
    shown.list.setCurrentIndex(shown.model.index(2))
    shown.editor.disposition.setCurrentIndex(2)
    QTest.keyClicks(shown.editor.text, "calls again")
    qtbot.waitUntil(lambda: scene.history.notes == [(scene.history.rows[2].call, "Call back", "calls again")])
    assert shown.editor.status == "Kept"
    QTest.keyClicks(shown.editor.text, " at 5")
    shown.list.setCurrentIndex(shown.model.index(3))
    assert scene.history.notes[-1][2] == "calls again at 5"
    assert shown.editor.text.toPlainText() == scene.history.rows[3].note


@pytest.fixture
def editor(scene: Scene, look: Look, qtbot: QtBot) -> NoteEditor:
    scene.history.rows = make_rows(2, scene.clock)
    made = NoteEditor(scene.history, scene.runner, words())
    qtbot.addWidget(made)
    return made


def test_a_note_that_is_not_kept_says_so_and_is_tried_again(scene: Scene, editor: NoteEditor) -> None:
    call = scene.history.rows[0].call
    editor.write_on(call)
    scene.history.broken = StoreError("The disk is full.")
    editor.text.setPlainText("hello")
    editor.keep()
    assert editor.status == "Not kept: The disk is full."
    scene.history.broken = None
    editor.keep()
    assert scene.history.notes == [(call, "", "hello")]


def test_an_unchanged_note_is_not_written(scene: Scene, editor: NoteEditor) -> None:
    editor.write_on(scene.history.rows[0].call, "Solved", "x")
    editor.keep()
    editor.write_on(None)
    editor.text.setPlainText("nobody's")
    editor.keep()
    assert scene.history.notes == []


def test_a_disposition_that_is_no_longer_offered_stays(scene: Scene, editor: NoteEditor) -> None:
    editor.set_dispositions(("Solved",))
    editor.write_on(scene.history.rows[0].call, "Old one", "")
    editor.set_dispositions(("Solved", "Other"))
    assert editor.disposition.currentText() == "Old one"


def test_a_note_has_an_end(scene: Scene, editor: NoteEditor) -> None:
    editor.write_on(scene.history.rows[0].call)
    editor.text.setPlainText("x" * LIMIT)
    QTest.keyClicks(editor.text, "yz")
    assert len(editor.text.toPlainText()) == LIMIT
    assert "at most" in editor.status
