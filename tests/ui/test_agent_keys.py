"""A shift by keys alone: every action has one, Tab leads everywhere, nobody who writes is disturbed."""

from collections.abc import Callable
from datetime import timedelta

from PySide6.QtGui import QKeySequence

from console.domain.agent import AgentState, Role
from tests.ui.calls_of_days import make_rows
from tests.ui.doubles import Scene
from tests.ui.hands import press, write
from ui.shell.actions import TABLE
from ui.shell.window import AgentWindow

Open = Callable[..., AgentWindow]


def asked(scene: Scene) -> list[str]:
    """Return what the phone was asked for, in order."""
    return [str(entry[0]) for entry in scene.phone.asked]


def test_a_shift_by_keys_alone(scene: Scene, open_window: Open) -> None:  # noqa: PLR0915  a shift is long
    window = open_window(scene)
    press(window, "Ctrl+R")
    assert scene.link.asked[-1] == ("ready", "")
    scene.link.view(AgentState.READY)

    press(window, "Ctrl+L")
    write(window, "+49 30 123456")
    press(window, "Return")
    assert scene.phone.asked[-1] == ("dial", "+49 30 123456")
    first = scene.phone.calls[0].call
    scene.phone.answered(first)

    interaction = scene.clock.new_id()
    ringing = scene.phone.ring(interaction=interaction)
    press(window, "F2")
    assert scene.phone.asked[-1] == ("answer", ringing)
    press(window, "F4")
    assert scene.phone.asked[-1] == ("mute", ringing, True)
    press(window, "F3")
    assert scene.phone.asked[-1] == ("hold", ringing)
    press(window, "F3")
    assert scene.phone.asked[-1][0] == "resume"
    press(window, "F8")
    press(window, "F8")
    assert scene.phone.calls == ()

    row = make_rows(1, scene.clock)[0]
    scene.history.rows = [type(row)(call=ringing, agent="anna", direction=row.direction, peer=row.peer,
                                    started_at=row.started_at, interaction=interaction)]  # fmt: skip
    scene.link.view(AgentState.WRAP_UP, wrap_up_interaction=interaction, wrap_up_queue="sales",
                    wrap_up_until=scene.clock.now() + timedelta(seconds=30))  # fmt: skip
    assert window.focusWidget() is window.desk.editor.text
    write(window, "Wants an offer.")
    press(window, "Ctrl+Return")
    assert scene.history.notes == [(ringing, "", "Wants an offer.")]
    assert scene.link.asked[-1] == ("end_wrap_up", "")


def test_every_key_of_the_table_is_bound_once(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    keys = [spec.keys for spec in TABLE.values() if spec.keys]
    assert len(keys) == len(set(keys))
    bound = {action.shortcut().toString() for action in window.actions()}
    assert {QKeySequence(key).toString() for key in keys} <= bound


def test_the_menu_names_every_key_and_what_can_be_done_now(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    window._fill_menu()
    entries = {action.text(): action for action in window._menu.actions() if not action.isSeparator()}
    assert len(entries) == len(TABLE)
    assert entries["Answer"].shortcut().toString() == "F2"
    assert not entries["Answer"].isEnabled()
    assert not entries["Wallboard"].isEnabled()
    scene.phone.ring()
    scene.link.online("ben", Role.SUPERVISOR)
    window._fill_menu()
    entries = {action.text(): action for action in window._menu.actions()}
    assert entries["Answer"].isEnabled()
    assert entries["Wallboard"].isEnabled()


def test_an_ambiguous_key_is_never_left(scene: Scene, open_window: Open) -> None:
    """A menu that was opened once must not take the keys from the window."""
    window = open_window(scene)
    window._fill_menu()
    scene.phone.ring()
    press(window, "F2")
    assert asked(scene) == ["answer"]


def test_tab_goes_as_the_eye_does_and_each_stop_says_what_it_is(scene: Scene, open_window: Open) -> None:
    scene.history.rows = make_rows(3, scene.clock)
    window = open_window(scene, width=800)
    scene.phone.answer(scene.phone.ring())
    window.desk.menu.setFocus()
    names = []
    for _ in range(16):
        press(window, "Tab")
        focus = window.focusWidget()
        assert focus is not None
        names.append(focus.accessibleName())
    assert names == [
        "Call somebody: number, name or address", "Keypad", "Call", "Talking: Anna Müller", "Mute", "Hold",
        "Keypad",
        "Transfer", "End call", "Search the call history", "Missed 1", "Export", "Call history", "Outcome",
        "Note", "Ready",
    ]  # fmt: skip


def test_digits_typed_on_the_card_go_into_the_call(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    call = scene.phone.ring()
    assert window.desk.stage.cards[0].isAncestorOf(window.focusWidget())
    press(window, "F2")
    assert window.focusWidget() is window.desk.stage.cards[0]
    write(window, "12#")
    assert [entry for entry in scene.phone.asked if entry[0] == "send_digits"] == [
        ("send_digits", call, digit) for digit in "12#"
    ]


def test_a_ringing_call_takes_no_key_from_someone_who_writes(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    press(window, "Ctrl+L")
    write(window, "04")
    scene.phone.ring()
    write(window, "0")
    assert window.desk.dialler.field.text() == "040"
    assert asked(scene) == []
