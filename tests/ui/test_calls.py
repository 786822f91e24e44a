"""Calls on the screen: cards, dial field, keypad, transfer; each wish reaches the phone once."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.domain.address import Address
from console.domain.call import CallEnd, Quality
from console.domain.events import CallTransferProgressed
from console.history.queries import Completion
from tests.ui.doubles import START, Scene, words
from ui.telephony.card import CallCard
from ui.telephony.dialler import Dialler
from ui.telephony.keypad import Keypad
from ui.telephony.stage import Stage
from ui.widgets.look import Look

NOBODY = "Dr. Maximiliane von Hohenstein-Weißenburg-Rothenfels zu Sachsen-Coburg"


@pytest.fixture
def stage(scene: Scene, look: Look, qtbot: QtBot) -> Stage:
    made = Stage(scene.phone, scene.history, scene.runner, scene.clock, words())
    scene.bridge.call.connect(made.on_fact)
    qtbot.addWidget(made)
    made.resize(380, 700)
    made.show()
    return made


@pytest.fixture
def dialler(scene: Scene, look: Look, qtbot: QtBot) -> Dialler:
    made = Dialler(scene.phone, scene.history, scene.runner, words())
    qtbot.addWidget(made)
    made.resize(340, 60)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def card(stage: Stage, place: int = 0) -> CallCard:
    QApplication.processEvents()
    return stage.cards[place]


def facts(shown: CallCard) -> list[str]:
    return [
        fact._words.text()
        for fact in shown._facts.findChildren(type(shown._facts._queue))
        if not fact.isHidden()
    ]


# ---- cards


def test_a_ringing_call_says_who_where_how_long_and_for_what(scene: Scene, stage: Stage) -> None:
    from console.domain.queue import SkillNeed

    scene.phone.ring(skills=(SkillNeed("english", 5),))
    scene.clock.move(3)
    stage.tick()
    shown = card(stage)
    assert (shown._name.text(), shown._number.text(), shown._time.text()) == (
        "Anna Müller",
        "+4930123456",
        "0:03",
    )
    assert facts(shown) == ["Sales", "waiting 45 s", "English 5+"]
    assert shown._rings.isVisible()
    assert not shown._tools.isVisible()
    assert shown.property("card") == "offered"


def test_answer_and_decline(scene: Scene, stage: Stage, qtbot: QtBot) -> None:
    first = scene.phone.ring()
    qtbot.mouseClick(card(stage)._rings.answer, Qt.MouseButton.LeftButton)
    second = scene.phone.ring("Ben")
    qtbot.mouseClick(card(stage)._rings.decline, Qt.MouseButton.LeftButton)
    assert scene.phone.asked == [("answer", first), ("decline", second)]
    assert [shown.call for shown in stage.cards] == [first]


def test_a_toggle_shows_what_is_not_what_was_asked(scene: Scene, stage: Stage, qtbot: QtBot) -> None:
    call = scene.phone.ring()
    scene.phone.answer(call)
    scene.phone.obeys = False
    shown = card(stage)
    qtbot.mouseClick(shown._hold, Qt.MouseButton.LeftButton)
    assert scene.phone.asked[-1] == ("hold", call)
    assert (shown._hold.isChecked(), shown._hold.text()) == (False, "Hold")
    scene.phone.obeys = True
    qtbot.mouseClick(shown._hold, Qt.MouseButton.LeftButton)
    assert (shown._hold.isChecked(), shown._hold.text()) == (True, "Resume")


def test_a_second_call_holds_the_first_and_stands_above_it(scene: Scene, stage: Stage) -> None:
    first = scene.phone.ring("Anna")
    scene.phone.answer(first)
    second = scene.phone.ring("Ben")
    assert [shown.shown.name for shown in stage.cards] == ["Ben", "Anna"]
    scene.phone.answer(second)
    assert [(shown.shown.name, shown.shown.words) for shown in stage.cards] == [
        ("Ben", "Talking"),
        ("Anna", "On hold"),
    ]
    stage.end()
    assert [shown.shown.name for shown in stage.cards] == ["Anna"]
    stage.toggle_hold()
    assert scene.phone.asked[-1] == ("resume", first)


def test_quality_and_encryption_appear_with_the_sound(scene: Scene, stage: Stage) -> None:
    call = scene.phone.ring()
    assert card(stage)._facts._quality.isHidden()
    scene.phone.answer(call)
    scene.phone.change(call, quality=Quality(codec="PCMU", mos=2.4), encrypted=True)
    stage.refresh()
    assert card(stage)._facts._quality.accessibleName() == "Poor 2.4"
    assert "encrypted" in facts(card(stage))


def test_a_long_name_is_cut_and_its_whole_is_in_the_tool_tip(scene: Scene, stage: Stage) -> None:
    scene.phone.ring(NOBODY)
    name = card(stage)._name
    assert name.elided
    assert name.toolTip() == name.accessibleName() == NOBODY
    stage.resize(1600, 700)
    QApplication.processEvents()
    assert (name.elided, name.toolTip()) == (False, "")


def test_a_name_with_markup_and_line_breaks_stays_words(scene: Scene, stage: Stage) -> None:
    scene.phone.ring("<b>Anna</b>\nMüller\t<img src=x>")
    assert card(stage)._name.text() == "<b>Anna</b> Müller <img src=x>"
    assert card(stage)._name.textFormat() is Qt.TextFormat.PlainText


def test_keys_do_nothing_without_a_call(scene: Scene, stage: Stage) -> None:
    for wish in (
        stage.answer,
        stage.decline,
        stage.end,
        stage.toggle_hold,
        stage.toggle_mute,
        stage.open_transfer,
    ):
        wish()
    assert not stage.toggle_keypad()
    assert scene.phone.asked == []


def test_what_the_phone_refuses_is_said(scene: Scene, stage: Stage, qtbot: QtBot) -> None:
    scene.phone.dial("100")
    with qtbot.waitSignal(stage.failed) as told:
        stage.toggle_hold()
    assert told.args == ["Only a call in progress can be held."]


def test_cards_go_and_nothing_of_them_stays(scene: Scene, stage: Stage) -> None:
    for _ in range(20):
        scene.phone.ended(scene.phone.ring(), CallEnd.MISSED)
    QApplication.sendPostedEvents(None, 52)  # QEvent::DeferredDelete
    QApplication.processEvents()
    assert stage.cards == []
    assert stage.findChildren(CallCard) == []


# ---- keypad


def test_the_keypad_presses_into_the_call(scene: Scene, stage: Stage) -> None:
    call = scene.phone.ring()
    scene.phone.answer(call)
    assert stage.toggle_keypad()
    shown = card(stage)
    keypad = shown.findChild(Keypad)
    assert keypad is not None
    QTest.keyClicks(keypad, "1*a")
    assert [entry[2] for entry in scene.phone.asked if entry[0] == "send_digits"] == ["1", "*", "A"]
    assert shown._pressed.text() == "1*A"
    QTest.keyClick(keypad, Qt.Key.Key_Escape)
    assert not shown.keypad_shown
    scene.phone.hold(call)
    assert not stage.toggle_keypad()


def test_every_key_of_the_keypad_tells_itself(look: Look, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QPushButton

    keypad, told = Keypad(words()), list[str]()
    qtbot.addWidget(keypad)
    keypad.pressed.connect(told.append)
    for button in keypad.findChildren(QPushButton):
        button.click()
    assert "".join(told) == "123456789*0#"


# ---- transfer


def _talking(scene: Scene) -> object:
    call = scene.phone.ring()
    scene.phone.answer(call)
    return call


def test_a_blind_transfer(scene: Scene, stage: Stage) -> None:
    call = _talking(scene)
    stage.open_transfer()
    panel = stage._panel
    assert panel is not None
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert panel._error.text() == "Enter where the call is to go."
    QTest.keyClicks(panel.field, "no such place")
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert "cannot be dialled" in panel._error.text()
    panel.field.setText("support")
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert scene.phone.asked[-1] == ("transfer", call, "support")
    assert panel.isHidden()


def test_asking_first_and_handing_over(scene: Scene, stage: Stage, qtbot: QtBot) -> None:
    from ui.widgets.buttons import ActionButton

    call = _talking(scene)
    stage.open_transfer()
    panel = stage._panel
    assert panel is not None
    panel.field.setText("support")
    panel._go(panel.ask_wanted)
    consult = scene.phone.calls[-1].call
    assert [b.text() for b in panel.findChildren(ActionButton) if b.text().startswith("Join")] == []
    scene.phone.answered(consult)
    join = next(b for b in panel.findChildren(ActionButton) if b.text() == "Join with support")
    join.click()
    assert scene.phone.asked[-1] == ("transfer_attended", call, consult)
    scene.phone.ended(call)
    assert panel.isHidden()


def test_joining_from_the_other_card_hands_over_the_same_way(scene: Scene, stage: Stage) -> None:
    call = _talking(scene)
    stage.open_transfer()
    panel = stage._panel
    assert panel is not None
    panel.field.setText("support")
    panel._go(panel.ask_wanted)
    consult = scene.phone.calls[-1].call
    scene.phone.answered(consult)
    stage.open_transfer(consult)
    panel.join_wanted.emit(consult, call)
    assert scene.phone.asked[-1] == ("transfer_attended", call, consult)


def test_a_transfer_that_fails_is_said(scene: Scene, stage: Stage, qtbot: QtBot) -> None:
    call = _talking(scene)
    with qtbot.waitSignal(stage.failed) as told:
        scene.phone.tell(CallTransferProgressed, call, code=486, final=True)
    assert "486" in told.args[0]


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # popups, offscreen
def test_a_transfer_is_offered_the_centres_queues_first(scene: Scene, stage: Stage, qtbot: QtBot) -> None:
    scene.history.people = [Completion(Address("sip:+4420@example.org", "Ben"), "Ben", "+4420", START)]
    call = _talking(scene)
    stage.know_queues({"vip": "VIP", "sales": "Sales & returns", "s2": "s2"})
    stage.activateWindow()
    qtbot.waitUntil(stage.isActiveWindow)
    stage.open_transfer()
    panel = stage._panel
    assert panel is not None
    QTest.keyClick(panel.field, Qt.Key.Key_Down)
    assert panel.field.offered[:3] == [
        ("s2", "s2"),
        ("Sales & returns   sales", "sales"),
        ("VIP   vip", "vip"),
    ]
    assert len(panel.field.offered) == 4
    panel.field.setText("RETURN")
    panel.field.ask_now()
    assert ("Sales & returns   sales", "sales") in panel.field.offered
    assert ("VIP   vip", "vip") not in panel.field.offered
    panel.field._choose(panel.field._model.index(0))
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert scene.phone.asked[-1] == ("transfer", call, "sales")


def test_escape_puts_the_panel_away(scene: Scene, stage: Stage) -> None:
    _talking(scene)
    stage.open_transfer()
    panel = stage._panel
    assert panel is not None
    panel.field.setText("x")
    QTest.keyClick(panel.field, Qt.Key.Key_Escape)
    assert (panel.field.text(), panel.isHidden()) == ("", False)
    QTest.keyClick(panel.field, Qt.Key.Key_Escape)
    assert panel.isHidden()


# ---- dial field


@pytest.mark.parametrize(
    "typed", ["+49 (30) 123-456", "anna", "sip:anna@example.org", "anna@example.org", "tel:+4930"]
)
def test_enter_dials_what_a_person_types(scene: Scene, dialler: Dialler, typed: str) -> None:
    QTest.keyClicks(dialler.field, typed)
    QTest.keyClick(dialler.field, Qt.Key.Key_Return)
    assert scene.phone.asked == [("dial", typed)]
    assert (dialler.field.text(), dialler.error) == ("", "")


@pytest.mark.parametrize(
    ("typed", "told"),
    [("", "Enter a number"), ("two words", "cannot be dialled"), ("sip:@", "cannot be dialled")],
)
def test_what_cannot_be_dialled_is_said_under_the_field(dialler: Dialler, typed: str, told: str) -> None:
    dialler.field.setText(typed)
    QTest.keyClick(dialler.field, Qt.Key.Key_Return)
    assert told in dialler.error
    assert dialler.field.text() == typed
    assert dialler.field.property("wrong")
    QTest.keyClicks(dialler.field, "1")
    assert (dialler.error, dialler.field.property("wrong")) == ("", False)


def _people(scene: Scene) -> None:
    scene.history.people = [
        Completion(
            Address("sip:+4930123456@example.org", "Anna Müller"), "Anna Müller", "+4930123456", START
        ),
        Completion(Address("sip:anton@example.org", ""), "", "anton", START),
        Completion(Address("sip:+4420@example.org", "Ben"), "Ben", "+4420", START),
    ]


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # popups, offscreen
def test_the_history_completes(scene: Scene, dialler: Dialler, qtbot: QtBot) -> None:
    _people(scene)
    QTest.keyClicks(dialler.field, "an")
    qtbot.waitUntil(lambda: len(dialler.field.offered) == 2)
    assert [shown for shown, _ in dialler.field.offered] == ["Anna Müller   +4930123456", "anton"]
    popup = dialler.field._popup
    qtbot.waitUntil(popup.isVisible)
    QTest.keyClick(popup, Qt.Key.Key_Down)
    assert dialler.field.text() == "sip:+4930123456@example.org"
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert scene.phone.asked == [("dial", "sip:+4930123456@example.org")]


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # popups, offscreen
def test_a_late_answer_completes_nothing(scene: Scene, dialler: Dialler, qtbot: QtBot) -> None:
    _people(scene)
    scene.runner.holding = True
    dialler.field.setFocus()
    dialler.field.setText("an")
    dialler.field.ask_now()
    dialler.field.setText("ben")
    dialler.field.ask_now()
    scene.runner.release(last_first=True)
    assert [shown for shown, _ in dialler.field.offered] == ["Ben   +4420"]
    dialler.field._popup.hide()


def test_the_keypad_types_into_the_field(dialler: Dialler, qtbot: QtBot) -> None:
    dialler.show_keypad(shown=True)
    keypad = dialler.findChild(Keypad)
    assert keypad is not None
    for digit in "0#":
        keypad.pressed.emit(digit)
    assert dialler.field.text() == "0#"


def test_completion_is_asked_once_for_fast_typing(scene: Scene, dialler: Dialler, qtbot: QtBot) -> None:
    asked: list[str] = []
    dialler.field.asked.connect(asked.append)
    QTest.keyClicks(dialler.field, "anna")
    qtbot.waitUntil(lambda: asked == ["anna"])
