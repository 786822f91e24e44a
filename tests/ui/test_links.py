"""Links from other programs at the desk: offered in the dial field, dialled only by the person."""

import dataclasses
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.ui.doubles import Scene
from ui.shell.window import AgentWindow
from ui.widgets.words import words_for

CAUSE = "link from outside"
Open = Callable[..., AgentWindow]


def dialled(scene: Scene) -> list[str]:
    return [asked[1] for asked in scene.phone.asked if asked[0] == "dial"]


def looked(window: AgentWindow, qtbot: QtBot) -> None:
    """Wait until the person had time to see what is offered."""
    qtbot.waitUntil(lambda: not window.desk.dialler._looking.isActive())


def press_call(window: AgentWindow) -> None:
    notice = window.notices._shown[CAUSE]
    button = next(b for b in notice.findChildren(QPushButton) if b.text() == "Call")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_link_fills_the_dial_field_and_calls_nobody(scene: Scene, open_window: Open, qtbot: QtBot) -> None:
    window = open_window(scene)
    window.take_link("tel:+49-30-123456")
    assert window.desk.dialler.field.text() == "+4930123456"
    assert window.desk.dialler.field.hasFocus()
    assert "+4930123456" in window.notices.told[CAUSE]
    looked(window, qtbot)
    assert dialled(scene) == []


def test_enter_calls_it_and_the_notice_goes(scene: Scene, open_window: Open, qtbot: QtBot) -> None:
    window = open_window(scene)
    window.take_link("tel:+4930123456")
    looked(window, qtbot)
    QTest.keyClick(window.desk.dialler.field, Qt.Key.Key_Return)
    assert dialled(scene) == ["+4930123456"]
    assert CAUSE not in window.notices.told


def test_the_notice_has_a_button_that_calls(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    window.take_link("sip:anna@example.org?Replaces=x")
    assert "replaces" in window.notices.told[CAUSE]
    press_call(window)
    assert dialled(scene) == ["sip:anna@example.org"]
    assert CAUSE not in window.notices.told


def test_an_enter_meant_for_something_else_calls_nobody(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    window.take_link("tel:+4990012345")
    QTest.keyClick(window.desk.dialler.field, Qt.Key.Key_Return)
    assert dialled(scene) == []
    assert window.desk.dialler.field.text() == "+4990012345"


def test_a_number_typed_over_takes_the_notice_away(scene: Scene, open_window: Open, qtbot: QtBot) -> None:
    window = open_window(scene)
    window.take_link("tel:+4930123456")
    window.desk.dialler.focus_field()
    QTest.keyClicks(window.desk.dialler.field, "110")
    assert CAUSE not in window.notices.told
    QTest.keyClick(window.desk.dialler.field, Qt.Key.Key_Return)
    assert dialled(scene) == ["110"]


def test_the_last_of_many_links_stands_there(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    for number in range(100, 200):
        window.take_link(f"tel:{number}")
    assert window.desk.dialler.field.text() == "199"
    assert len(window.notices._shown) == 1
    assert "199" in window.notices.told[CAUSE]
    assert dialled(scene) == []


def test_who_is_writing_keeps_the_keyboard(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    search = window.desk.history.focus_search
    search()
    focused = window.focusWidget()
    assert focused is not None
    QTest.keyClicks(focused, "mul")
    window.take_link("tel:+4930123456")
    assert window.focusWidget() is focused
    assert window.desk.dialler.field.text() == "+4930123456"


def test_context_and_extension_are_told(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    window.take_link("tel:7042;phone-context=+4930")
    assert "within +4930" in window.notices.told[CAUSE]
    window.take_link("tel:+4930123;ext=99")
    assert "Extension, once it is answered: 99" in window.notices.told[CAUSE]


def test_a_long_address_is_seen_whole_in_a_narrow_window(
    scene: Scene, open_window: Open, qtbot: QtBot
) -> None:
    window = open_window(scene, width=360)
    link = (
        f"sip:{'dr.maximiliane.von.hohenstein' * 3}@{'zentrale.' * 5}lange-firma.example:5070;transport=tcp"
    )
    window.take_link(link)
    words = window.notices._shown[CAUSE]._words
    qtbot.waitUntil(lambda: words.height() >= words.heightForWidth(words.width()) > 0)
    assert window.width() == 360
    metrics = words.fontMetrics()
    pieces = words.text().replace("\u200b", " ").split()
    assert max(metrics.horizontalAdvance(piece) for piece in pieces) <= words.width()
    assert link in words.text().replace("\u200b", "")
    assert window.desk.dialler.field.text() == link


def test_a_bad_link_is_told_and_changes_nothing(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    window.desk.dialler.field.setText("110")
    for link in ("tel:", "http://example.org", "callboard://explode?now", "sip:\r\n", ""):
        window.take_link(link)
        assert window.notices.told[CAUSE]
    assert window.desk.dialler.field.text() == "110"
    assert dialled(scene) == []


def test_a_link_waits_until_somebody_is_at_the_desk(scene: Scene, open_window: Open, qtbot: QtBot) -> None:
    window = open_window(scene, signed_in=False)
    assert window.signing_in
    window.take_link("tel:+4930123456")
    assert window.desk.dialler.field.text() == ""
    assert "until you have signed in" in window.notices.told[CAUSE]
    assert window.sign_in is not None
    scene.link.online()
    window.show_desk()
    assert window.desk.dialler.field.text() == "+4930123456"
    assert "A link asks to call +4930123456" in window.notices.told[CAUSE]
    assert dialled(scene) == []


def test_the_words_are_german_where_the_window_is(scene: Scene, open_window: Open) -> None:
    scene.services = dataclasses.replace(scene.services, words=words_for("de"))
    window = open_window(scene)
    window.take_link("tel:+4930123456;phone-context=x")
    assert window.notices.told[CAUSE].startswith("Ein Link möchte +4930123456 anrufen.")
    window.take_link("tel:nobody")
    assert window.notices.told[CAUSE].startswith("In „tel:nobody“ steht keine Telefonnummer.")


@pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)
def test_a_window_that_is_small_comes_back(scene: Scene, open_window: Open, qtbot: QtBot) -> None:
    window = open_window(scene)
    window.showMinimized()
    assert window.isMinimized()
    window.to_front()
    assert not window.isMinimized()
    qtbot.waitUntil(window.isActiveWindow)
