"""The agent's window as a person meets it: signing in, states, trouble, widths, settings."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from console.domain.agent import AgentState, Presence
from console.domain.call import CallEnd
from console.domain.events import AudioDevicesChanged, LinkState, RegistrationChanged, StrangerRefused
from console.settings import DeskSettings, PhoneSettings
from tests.ui.calls_of_days import make_rows
from tests.ui.doubles import Scene, make_scene
from tests.ui.hands import press, write
from ui.shell.actions import Do
from ui.shell.window import AgentWindow
from ui.widgets.look import Look

Open = Callable[..., AgentWindow]


# ---- the centre


def test_signing_in(scene: Scene, open_window: Open) -> None:
    window = open_window(scene, signed_in=False)
    assert window.signing_in
    page = window.sign_in
    assert page is not None
    page.url.setText("https://centre.example.org")
    page.user.setText("anna")
    page.user.setFocus()
    press(window, "Return")
    assert window.focusWidget() is page.password
    write(window, "wrong")
    scene.link.refuses = "The centre does not know this user or password."
    press(window, "Return")
    assert page.error.words == scene.link.refuses
    assert window.focusWidget() is page.password
    scene.link.refuses = ""
    write(window, "right")
    press(window, "Return")
    assert scene.link.asked[-1] == ("sign_in", "https://centre.example.org", "anna", "right")
    assert not window.signing_in
    assert page.password.text() == ""
    assert window.status.link.words == "Online as Anna"


def test_while_the_centre_is_asked_nothing_can_be_changed(scene: Scene, open_window: Open) -> None:
    window = open_window(scene, signed_in=False)
    page = window.sign_in
    assert page is not None
    for field, text in ((page.url, "http://127.0.0.1:1"), (page.user, "anna"), (page.password, "x")):
        field.setText(text)
    scene.runner.holding = True
    page._enter()
    assert not page.url.isEnabled()
    page._enter()
    scene.runner.release()
    assert not window.signing_in


def test_without_a_centre_it_is_a_phone(scene: Scene, open_window: Open, qtbot: QtBot) -> None:
    window = open_window(scene, signed_in=False)
    assert window.sign_in is not None
    qtbot.mouseClick(window.sign_in._alone, Qt.MouseButton.LeftButton)
    assert not window.signing_in
    shown = window.desk.switch.shown
    assert shown is not None
    assert (shown.words, shown.can_ready, shown.can_pause) == ("Phone alone", False, False)
    assert "No centre" in shown.hint
    qtbot.mouseClick(window.desk.switch.sign_in, Qt.MouseButton.LeftButton)
    assert window.signing_in


def test_a_lost_link_is_said_and_goes_when_it_is_back(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.link.view(AgentState.READY)
    scene.link.become(LinkState.LOST, "The centre does not answer.")
    assert window.status.link.words == "Centre lost, trying again…"
    assert "trying again" in window.notices.told["link"]
    shown = window.desk.switch.shown
    assert shown is not None
    assert (shown.state, shown.can_pause) == (AgentState.READY, False)
    scene.link.become(LinkState.ONLINE)
    assert window.notices.told == {}


def test_a_lost_centre_can_be_tried_at_once(scene: Scene, open_window: Open, qtbot: QtBot) -> None:
    window = open_window(scene)
    scene.link.become(LinkState.LOST, "The centre does not answer.")
    notice = window.notices._shown["link"]
    button = notice._button
    assert button.text() == "Try now"
    button.setFocus()
    press(window, "Space")
    assert scene.link.asked[-1] == ("try_now",)
    assert "link" in window.notices.told  # it is still lost
    assert notice.resting
    press(window, "Space")  # the keyboard is still there, and what stands beside it is not pressed
    assert scene.link.asked.count(("try_now",)) == 1
    qtbot.waitUntil(lambda: not notice.resting)
    press(window, "Space")
    assert scene.link.asked.count(("try_now",)) == 2
    assert button.hasFocus()
    scene.link.become(LinkState.REFUSED, "Your sign-in has expired")
    assert button.isHidden()
    scene.link.become(LinkState.ONLINE)
    assert window.notices.told == {}


def test_why_the_centre_is_lost_is_told_in_german(look: Look, open_window: Open) -> None:
    scene = make_scene("de")
    window = open_window(scene)
    scene.link.become(LinkState.LOST, "The centre has not been heard for 13 s.")
    assert "Von der Zentrale war 13 s lang nichts zu hören." in window.status.link.accessibleName()
    scene.link.become(LinkState.ONLINE)
    scene.link.refuses = "There is no pause reason “Siesta”."
    window.desk.pause("Siesta")
    assert window.notices.told["failed"] == "Einen Pausengrund „Siesta“ gibt es nicht."
    scene.bridge.stop()


def test_a_refused_token_leads_to_sign_in(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.link.become(LinkState.REFUSED, "Your sign-in has expired")
    assert window.signing_in
    assert "Your sign-in has expired." in window.notices.told["link"]


def test_signing_out(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    window.actions_[Do.SIGN_OUT].trigger()
    assert window.signing_in
    assert window.status.link.words == "Signed out"


# ---- state, wrap-up


def test_what_was_asked_for_is_shown_apart_from_what_is(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.runner.holding = True
    window.desk.pause("Lunch")
    shown = window.desk.switch.shown
    assert shown is not None
    assert (shown.state, shown.hint) == (AgentState.PAUSED, "Asking the centre…")
    scene.link.view(AgentState.PAUSED, presence=Presence.PAUSED, reason="Lunch")
    shown = window.desk.switch.shown
    assert shown is not None
    assert (shown.reason, shown.hint) == ("Lunch", "No calls come until you are ready.")


def test_a_refused_state_says_why_and_stays(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.link.refuses = "You have no queue to be ready for."
    press(window, "Ctrl+R")
    shown = window.desk.switch.shown
    assert shown is not None
    assert shown.state is AgentState.PAUSED
    assert window.notices.told["failed"] == "You have no queue to be ready for."


def test_a_pause_asked_for_in_a_call_is_told_to_come_after(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.link.view(AgentState.ON_CONTACT, presence=Presence.PAUSED, reason="Lunch")
    shown = window.desk.switch.shown
    assert shown is not None
    assert shown.hint == "Afterwards: pause, Lunch"
    assert shown.can_ready


def test_time_in_state_is_the_centres(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.link.clock_offset = timedelta(hours=1)  # the centre's clock is an hour ahead
    scene.link.view(AgentState.READY, since=scene.clock.now() + timedelta(hours=1))
    scene.clock.move(83)
    window.desk.ticker.ticked.emit()
    assert window.desk.switch._time.text() == "1:23"


def test_pause_reasons_come_from_the_centre(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    assert window.desk.switch.reasons == ["Break", "Lunch", "Meeting", "Training", "Back office"]
    window.desk.switch._menu.actions()[1].trigger()
    assert scene.link.asked[-1] == ("pause", "Lunch")


def test_waiting_counts_the_fullest_first(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    assert window.desk.queues.told == ["Sales  3", "Support  1", "Billing  0"]
    many = {f"q{n}": f"Queue {n:02}" for n in range(20)}
    scene.link.view(AgentState.READY, queues=many, waiting={"q19": 4, "q18": 1})
    assert len(window.desk.queues.told) == 13
    assert window.desk.queues.told[0] == "Queue 19  4"
    assert window.desk.queues.told[-1] == "8 more  0"


def test_wrap_up_counts_down_and_loses_nothing_at_its_end(scene: Scene, open_window: Open) -> None:
    scene.history.rows = make_rows(3, scene.clock)
    row = scene.history.rows[0]
    window = open_window(scene)
    scene.link.view(AgentState.WRAP_UP, wrap_up_interaction=row.interaction,
                    wrap_up_until=scene.clock.now() + timedelta(seconds=30))  # fmt: skip
    assert window.desk.editor.call == row.call  # found in the history: this desk was restarted
    scene.clock.move(21)
    window.desk.tick()
    assert window.desk.wrap_up.time == "0:09"
    window.desk.editor.text.setPlainText("half a sent")
    scene.link.view(AgentState.READY)
    assert window.desk.wrap_up.isHidden()
    assert scene.history.notes[-1] == (row.call, row.disposition, "half a sent")


# ---- trouble


def test_nothing_to_hear_or_speak_with_is_said(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)

    def devices(speaker: str, microphone: str) -> None:
        scene.bus.publish(AudioDevicesChanged(id=scene.clock.new_id(), at=scene.clock.now(),
                                              speaker=speaker, microphone=microphone, ringer=""))  # fmt: skip

    devices("", "")
    assert "no sound device" in window.notices.told["sound"]
    devices("Headset", "")
    assert "no microphone" in window.notices.told["sound"]
    assert window.status.sound.words == "No microphone"
    devices("Headset", "Headset")
    assert window.notices.told == {}
    assert window.status.sound.words == ""


def test_a_call_that_came_to_nothing_is_explained_until_the_next(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.phone.ended(scene.phone.dial("100"), CallEnd.BUSY)
    assert window.notices.told["call"] == "100 is busy."
    window.desk.dialler.dial("101")
    assert "call" not in window.notices.told


def test_registration_in_words(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)

    def registered(account: str, ok: bool, code: int) -> None:
        reason = "" if ok else "Forbidden"
        scene.bus.publish(
            RegistrationChanged(id=scene.clock.new_id(), at=scene.clock.now(), account=account, registered=ok,
                                sip_code=code, reason=reason)
        )  # fmt: skip

    registered("own", True, 200)
    assert window.status.registration.words == "Registered"
    registered("second", False, 403)
    assert window.status.registration.words == "Not registered (403)"
    assert window.notices.told["registration"] == "Forbidden. You cannot be called. Trying again."
    window.notices.clear("registration")  # the person puts it away
    registered("second", False, 403)
    assert "registration" not in window.notices.told
    registered("second", True, 200)
    assert window.status.registration.words == "Registered"
    registered("second", False, 200)
    assert window.status.registration.words == "Registered"
    registered("own", False, 200)
    assert window.status.registration.words == ""  # both were taken back


def test_strangers_are_counted_and_do_not_disturb(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    assert window.status.strangers.words == ""

    def stranger(source: str) -> None:
        scene.bus.publish(StrangerRefused(id=scene.clock.new_id(), at=scene.clock.now(), source=source))

    stranger("203.0.113.9:5060")
    assert window.status.strangers.words == "1 stranger refused"
    stranger("203.0.113.7:5071")
    assert window.status.strangers.words == "2 strangers refused"
    assert "the last one from 203.0.113.7:5071" in window.status.strangers.accessibleName()
    assert window.notices.told == {}


def test_closing_in_a_call_asks_first(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.phone.answer(scene.phone.ring())
    assert not window.close()
    assert window.isVisible()
    assert "closing" in window.notices.told
    window.notices._shown["closing"]._act()
    assert not window.isVisible()
    assert scene.phone.calls == ()


def test_the_question_goes_when_the_call_does(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    call = scene.phone.ring()
    window.close()
    scene.phone.ended(call)
    assert window.notices.told == {}


def test_place_and_size_are_kept(scene: Scene, open_window: Open, look: Look, qtbot: QtBot) -> None:
    window = open_window(scene)
    window.resize(777, 555)
    window.close()
    again = AgentWindow(scene.services, look)
    qtbot.addWidget(again)
    assert (again.width(), again.height()) == (777, 555)


def test_what_was_kept_and_is_spoilt_does_no_harm(scene: Scene, look: Look, qtbot: QtBot) -> None:
    scene.services.memory.write("agent_window", b"\x00nonsense")
    window = AgentWindow(scene.services, look)
    qtbot.addWidget(window)
    assert window.width() > 0


def test_the_keyboard_begins_in_the_dial_field(scene: Scene, look: Look, qtbot: QtBot) -> None:
    scene.settings[0] = DeskSettings(phone=PhoneSettings(uri="sip:anna@example.org"))
    window = AgentWindow(scene.services, look)
    qtbot.addWidget(window)
    window.start()  # as the program does: first built, then shown
    window.show()
    qtbot.waitUntil(window.isActiveWindow)
    assert window.focusWidget() is window.desk.dialler.field


# ---- width, look, settings, export


@pytest.mark.parametrize(
    ("width", "columns"), [(360, 1), (719, 1), (720, 2), (1059, 2), (1060, 3), (1600, 3)]
)
def test_the_width_decides_on_the_columns(scene: Scene, open_window: Open, width: int, columns: int) -> None:
    window = open_window(scene, width=width)
    assert window.desk.columns == columns
    assert window.desk.dialler.keypad_shown == (columns == 3)


def test_it_can_be_as_narrow_as_promised(scene: Scene, open_window: Open) -> None:
    window = open_window(scene, width=360)
    scene.phone.answer(scene.phone.ring())
    window.resize(200, 300)
    assert window.width() == 360


def test_the_theme_changes_by_a_key(scene: Scene, open_window: Open, look: Look) -> None:
    window = open_window(scene)
    press(window, "Ctrl+D")
    assert look.theme.dark
    press(window, "Ctrl+D")
    assert not look.theme.dark


def test_the_title_tells_how_a_call_stands(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    call = scene.phone.ring("Anna")
    assert window.windowTitle() == "Ringing: Anna · Callboard"
    scene.phone.answered(call)
    assert window.windowTitle() == "Talking: Anna · Callboard"
    scene.phone.hold(call)
    assert window.windowTitle() == "On hold: Anna · Callboard"
    scene.phone.ended(call)
    assert window.windowTitle() == "Callboard"


def test_a_call_is_seen_while_signing_in(scene: Scene, open_window: Open) -> None:
    window = open_window(scene, signed_in=False)
    scene.phone.ring()
    assert not window.signing_in


def test_the_history_is_written_to_a_file(scene: Scene, open_window: Open, tmp_path: Path) -> None:
    window = open_window(scene)
    window.export_to("csv", tmp_path / "calls.csv")
    assert scene.exported == [("csv", tmp_path / "calls.csv")]
    assert window.notices.told["export"] == "The history is in calls.csv."


def test_settings_are_kept(open_window: Open) -> None:
    scene = make_scene(settings=DeskSettings(centre="https://centre.example.org"))
    window = open_window(scene)
    window.open_settings()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    field = next(f for f in dialog.findChildren(QLineEdit) if f.accessibleName() == "SIP address")
    field.setText("sip:anna@example.org")
    dialog.password.setText("s3cret")  # type: ignore[attr-defined]
    dialog.keep()  # type: ignore[attr-defined]
    settings, password = scene.kept[0]
    assert (settings.phone.uri, settings.centre, password) == (
        "sip:anna@example.org", "https://centre.example.org", "s3cret",
    )  # fmt: skip
    assert QApplication.activeModalWidget() is None
    scene.bridge.stop()
