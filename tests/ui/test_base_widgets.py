"""The small parts: labels, badges, notices, icons, flow, choice, settings form."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from console.domain.agent import AgentState
from console.domain.errors import SettingsError
from console.settings import DeskSettings, PhoneSettings, WindowSettings, options
from console.settings.values import value_of
from tests.ui.doubles import words
from ui.settings.dialog import SettingsDialog
from ui.settings.form import declared, sections, settings_from
from ui.shell.actions import TABLE
from ui.shell.memory import FileMemory
from ui.theme import DARK, LIGHT, font
from ui.widgets.badge import Badge
from ui.widgets.buttons import ActionButton
from ui.widgets.choice import Choice
from ui.widgets.flow import FlowLayout
from ui.widgets.icons import icon, pixmap
from ui.widgets.labels import ElidedLabel, label
from ui.widgets.look import Look
from ui.widgets.notice import Action, Notices
from ui.widgets.ticker import Ticker


def test_a_badge_keeps_icon_and_word_together(look: Look, qtbot: QtBot) -> None:
    badge = Badge()
    qtbot.addWidget(badge)
    for state in AgentState:
        badge.show_state(state, f"state {state}")
        assert badge.words == badge.accessibleName() == f"state {state}"
        badge.resize(badge.sizeHint())
        assert not badge.grab().isNull()
    assert badge.minimumSizeHint().width() < badge.sizeHint().width()


def test_an_unknown_icon_is_our_own_bug(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        pixmap("no-such-icon", "#000000")


def test_an_icon_is_sharp_at_two_pixels_a_point(qapp: QApplication) -> None:
    assert pixmap("phone", "#000000", 20, 2.0).width() == 40
    assert not icon("phone", "#000000", 18, "#888888", gap=4).isNull()
    assert {spec.icon for spec in TABLE.values() if pixmap(spec.icon, "#000000").isNull()} == set()


def test_icons_follow_the_theme(look: Look, qtbot: QtBot) -> None:
    look.use("light")
    button = ActionButton("Mute", "mic", bare=True)
    qtbot.addWidget(button)
    button.show()
    light = button.icon().pixmap(18).toImage()
    look.use("dark")
    dark = button.icon().pixmap(18).toImage()
    look.use("light")
    assert light != dark


def test_a_key_is_named_in_the_tool_tip_and_the_words_for_a_screen_reader(look: Look, qtbot: QtBot) -> None:
    button = ActionButton("Answer", "phone", keys="F2", bare=True)
    qtbot.addWidget(button)
    assert (button.text(), button.toolTip(), button.accessibleName()) == ("", "Answer  (F2)", "Answer")
    button.set_bare(bare=False)
    assert button.text() == "Answer"


def test_digits_are_all_as_wide(qapp: QApplication, look: Look) -> None:
    metrics = QFontMetrics(font(20, digits=True))
    assert len({metrics.horizontalAdvance(digit * 8) for digit in "0123456789"}) == 1


def test_an_elided_label_flattens_and_remembers(look: Look, qtbot: QtBot) -> None:
    shown = ElidedLabel("one\ntwo\tthree", "soft")
    qtbot.addWidget(shown)
    shown.resize(400, 20)
    assert (shown.text(), shown.elided) == ("one two three", False)
    shown.set_hint("more about it")
    assert shown.toolTip() == "more about it"
    shown.resize(30, 20)
    shown.setText("a long line of words")
    assert shown.toolTip() == "a long line of words"


def test_notices_are_told_once_a_cause_and_cleared(look: Look, qtbot: QtBot) -> None:
    notices, done, changed = Notices(), list[str](), list[bool]()
    qtbot.addWidget(notices)
    notices.changed.connect(changed.append)
    notices.show()
    notices.tell("link", "lost", "warning")
    notices.tell("link", "still lost", "warning")
    notices.tell("sound", "none", "critical", Action("Retry", lambda: done.append("retry")))
    assert notices.told == {"link": "still lost", "sound": "none"}
    notices._shown["sound"]._button.click()
    assert (done, notices.told) == (["retry"], {"link": "still lost"})
    notices._shown["link"]._dismiss.click()
    assert notices.told == {}
    assert changed[-1] is False
    notices.tell("link", "lost again")
    assert notices.told == {"link": "lost again"}
    notices.clear("never told")


def test_a_row_flows_into_lines(look: Look, qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    row = FlowLayout(box, 4)
    parts = [label("word") for _ in range(6)]
    for part in parts:
        row.addWidget(part)
    one = parts[0].sizeHint()
    wide = 6 * one.width() + 5 * 4
    assert row.heightForWidth(wide) == one.height()
    assert row.heightForWidth(one.width() * 2 + 4) == 3 * one.height() + 2 * 4
    box.resize(wide, 200)
    box.show()
    parts[0].hide()
    assert row.heightForWidth(one.width()) == 5 * one.height() + 4 * 4
    assert row.itemAt(6) is None
    assert row.takeAt(6) is None


def test_the_wheel_changes_no_choice(look: Look, qtbot: QtBot) -> None:
    box = Choice()
    qtbot.addWidget(box)
    box.addItems(["a", "b", "c"])
    here = QPointF(5, 5)
    wheel = QWheelEvent(
        here, here, QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(box, wheel)
    assert box.currentIndex() == 0
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentIndex() == 1


def test_the_ticker_ticks_until_it_is_stopped(qtbot: QtBot) -> None:
    ticker = Ticker(interval_ms=1)
    with qtbot.waitSignals([ticker.ticked] * 3):
        ticker.start()
        ticker.start()
    ticker.stop()
    assert not ticker.running


def test_memory_outlives_the_program_and_a_spoilt_file(tmp_path: Path) -> None:
    file = tmp_path / "window.ini"
    FileMemory(file).write("place", b"\x00\xff\x01")
    assert FileMemory(file).read("place") == b"\x00\xff\x01"
    assert FileMemory(file).read("other") == b""
    file.write_bytes(b"\x00\xff garbage \n[[[")
    assert FileMemory(file).read("place") == b""


# ---- settings


def test_every_declared_option_has_one_field() -> None:
    shown = [option.name for _, group in sections() for option in group]
    assert sorted(shown) == sorted(option.name for option in options(DeskSettings))
    assert len(shown) == len(set(shown))


def _dialog(qtbot: QtBot, settings: DeskSettings) -> SettingsDialog:
    dialog = SettingsDialog(settings, ("Headset", "Box"), ("Headset",), words())
    qtbot.addWidget(dialog)
    return dialog


def test_settings_that_were_not_touched_stay_as_they_are(look: Look, qtbot: QtBot) -> None:
    settings = DeskSettings(
        centre="https://centre.example.org", user="anna",
        phone=PhoneSettings(
            uri="sip:a@b.example", transport="tls", codecs=("PCMA", "G722"), auto_answer=True,
        ),
        window=WindowSettings(theme="dark"),
    )  # fmt: skip
    dialog = _dialog(qtbot, settings)
    with qtbot.waitSignal(dialog.kept) as told:
        dialog.keep()
    assert told.args == [settings, None]


def test_a_headset_that_is_not_plugged_in_stays_chosen(look: Look, qtbot: QtBot) -> None:
    settings = settings_from({"audio.speaker": "Headset at home"})
    dialog = _dialog(qtbot, settings)
    assert dialog.fields["audio.speaker"].value == "Headset at home"


def test_a_theme_is_tried_out_and_taken_back(look: Look, qtbot: QtBot) -> None:
    dialog = _dialog(qtbot, DeskSettings(window=WindowSettings(theme="light")))
    dialog.theme_chosen.connect(look.use)
    dialog.fields["window.theme"].show("dark")
    assert look.theme is DARK
    dialog.reject()
    assert look.theme is LIGHT


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(SettingsError, match="keep_days"):
        settings_from({"history.keep_days": -4})
    assert value_of(DeskSettings(), "phone.transport") == "udp"
    assert "phone.uri" in declared()
