"""Pausing now or afterwards, a longer wrap-up, and customers who are called back: as the agent sees them."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from PySide6.QtGui import QKeySequence

from console.domain.agent import AgentState, Presence
from console.domain.call import CallEnd
from console.wire import OfferView
from tests.ui.doubles import Scene, make_scene
from tests.ui.hands import press
from ui.shell.window import AgentWindow

Open = Callable[..., AgentWindow]
S = AgentState


def contact(scene: Scene, interaction: UUID, **more: object) -> OfferView:
    now = scene.clock.now()
    values: dict[str, object] = {
        "interaction": interaction, "offer": scene.clock.new_id(), "queue": "sales", "queue_name": "Sales",
        "customer": "sip:+4930123456@example.org", "customer_name": "Anna Müller",
        "waiting_since": now - timedelta(seconds=725), "offered_at": now, "callback": True,
    }  # fmt: skip
    return OfferView(**(values | more))  # type: ignore[arg-type]


# ---- pauses


@pytest.mark.parametrize("state", [S.READY, S.PAUSED, S.NOT_RESPONDING])
def test_with_nothing_at_hand_there_is_one_kind_of_pause(
    state: AgentState, scene: Scene, open_window: Open
) -> None:
    window = open_window(scene)
    scene.link.view(state)
    assert list(window.desk.switch.pauses) == [""]
    window.desk.switch.pauses[""][1].trigger()
    assert scene.link.asked[-1] == ("pause", "Lunch")


@pytest.mark.parametrize(
    ("state", "afterwards"),
    [
        (S.OFFERED, "Pause after this call"),
        (S.ON_CONTACT, "Pause after this call"),
        (S.HOLD, "Pause after this call"),
        (S.WRAP_UP, "Pause after this wrap-up"),
    ],
)
def test_with_work_at_hand_there_are_two(
    state: AgentState, afterwards: str, scene: Scene, open_window: Open
) -> None:
    window = open_window(scene)
    scene.link.view(state)
    pauses = window.desk.switch.pauses
    assert list(pauses) == [afterwards, "Pause now"]
    assert [str(action.data()) for action in pauses["Pause now"]] == window.desk.switch.reasons
    pauses[afterwards][0].trigger()
    assert scene.link.asked[-1] == ("pause_after", "Break")
    assert window.desk.switch.shown is not None
    without = "without wrap-up" in window.desk.switch.shown.pause_now  # what the centre does with it
    assert without == (state in {S.ON_CONTACT, S.HOLD})
    pauses["Pause now"][4].trigger()
    assert scene.link.asked[-1] == ("pause", "Back office")


def test_a_pause_for_later_is_told_beside_the_state(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.link.view(S.WRAP_UP)
    window.desk.pause_after("Lunch")
    shown = window.desk.switch.shown
    assert shown is not None
    assert (shown.state, shown.hint) == (S.WRAP_UP, "Asking the centre…")
    scene.link.view(S.WRAP_UP, presence=Presence.PAUSED, reason="Lunch")
    shown = window.desk.switch.shown
    assert shown is not None
    assert shown.hint == "Afterwards: pause, Lunch"


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_pause_has_a_key_of_its_own(language: str, open_window: Open) -> None:
    scene = make_scene(language)
    window = open_window(scene)
    scene.link.view(S.ON_CONTACT)
    menu = window.desk.switch._menu
    kinds = [QKeySequence.mnemonic(action.text()).toString() for action in menu.actions()]
    assert len(set(kinds) - {""}) == len(kinds) == 2
    for reasons in window.desk.switch.pauses.values():
        keys = [QKeySequence.mnemonic(action.text()).toString() for action in reasons]
        assert keys == [f"Alt+{place}" for place in range(1, len(reasons) + 1)]
    scene.bridge.stop()


# ---- wrap-up


def wrapping_up(scene: Scene, left: int, each_s: float = 30.0, limit_s: float | None = 30.0) -> None:
    until = scene.clock.now() + timedelta(seconds=limit_s) if limit_s is not None else None
    scene.link.view(S.WRAP_UP, wrap_up_interaction=scene.clock.new_id(), wrap_up_until=until,
                    wrap_up_extensions=left, wrap_up_extension_s=each_s)  # fmt: skip


def test_wrap_up_is_made_longer_by_the_centre_alone(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    wrapping_up(scene, left=2)
    panel = window.desk.wrap_up
    assert panel.longer.text() == "Longer: 30 s"
    assert "Can be made longer 2 more times." in panel.hint
    press(window, "Ctrl+Shift+Return")
    assert scene.link.asked[-1] == ("extend_wrap_up", "")
    assert panel.time == "0:30"
    press(window, "Ctrl+Shift+Return")
    assert scene.link.asked.count(("extend_wrap_up", "")) == 1  # the centre has not answered yet
    wrapping_up(scene, left=1, limit_s=60.0)
    assert panel.time == "1:00"
    assert "Can be made longer once more." in panel.hint
    press(window, "Ctrl+Shift+Return")
    assert scene.link.asked.count(("extend_wrap_up", "")) == 2


@pytest.mark.parametrize(
    ("each_s", "why"),
    [
        (30.0, "It was made longer as often as the centre allows."),
        (0.0, "In this queue wrap-up cannot be made longer."),
    ],
)
def test_why_it_cannot_be_longer_is_said(each_s: float, why: str, scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    wrapping_up(scene, left=1)
    window.desk.wrap_up.longer.setFocus()
    wrapping_up(scene, left=0, each_s=each_s)
    panel = window.desk.wrap_up
    assert not panel.longer.isEnabled()
    assert why in panel.hint
    assert why in panel.longer.toolTip()
    assert window.focusWidget() is window.desk.editor.text  # the next press does not end the wrap-up
    press(window, "Ctrl+Shift+Return")
    assert ("extend_wrap_up", "") not in scene.link.asked


def test_a_refused_extension_says_why_and_can_be_asked_for_again(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    wrapping_up(scene, left=1)
    scene.link.refuses = "This wrap-up cannot be extended any more."
    window.desk.wrap_up.ask_longer()
    assert window.notices.told["failed"] == "This wrap-up cannot be extended any more."
    window.desk.wrap_up.ask_longer()
    assert scene.link.asked.count(("extend_wrap_up", "")) == 2


def test_without_a_limit_nothing_needs_to_be_longer(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    wrapping_up(scene, left=0, limit_s=None)
    assert window.desk.wrap_up.longer.isHidden()


# ---- callbacks


def test_a_callback_says_what_it_is_from_ring_to_talk(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    interaction = scene.clock.new_id()
    call = scene.phone.ring("", "callback", interaction=interaction)
    scene.link.view(S.OFFERED, contact=contact(scene, interaction))
    window.desk.tick()
    card = window.desk.stage.cards[0]
    assert (card.shown.words, card.shown.name, card.shown.number) == (
        "Callback", "Anna Müller", "+4930123456",
    )  # fmt: skip
    assert card._facts._callback.accessibleName() == "Asked to be called back: called 12 min 5 s ago"

    scene.phone.answer(call)
    scene.link.view(S.ON_CONTACT, contact=contact(scene, interaction, dialled=True))
    assert card.shown.words == "Calling the customer…"
    assert card._tools.isHidden()  # nobody is there yet to hold or to pass on
    assert card._end.text() == "Cancel"

    now = scene.clock.now()
    scene.link.view(S.ON_CONTACT, contact=contact(scene, interaction, dialled=True, answered_at=now))
    assert card.shown.words == "Talking"
    assert not card._tools.isHidden()


def test_a_customer_who_is_not_reached_is_told_in_words(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    interaction = scene.clock.new_id()
    call = scene.phone.ring(interaction=interaction)
    scene.link.view(S.OFFERED, contact=contact(scene, interaction))
    scene.phone.answer(call)
    scene.link.view(S.ON_CONTACT, contact=contact(scene, interaction, dialled=True))
    scene.link.view(S.READY)  # the centre may tell it before the phone does
    scene.phone.ended(call, CallEnd.HUNG_UP_THERE)
    assert window.notices.told["call"] == (
        "Anna Müller could not be reached. The centre sees to the next try."
    )
    assert window.desk.wrap_up.isHidden()


def test_who_lets_go_of_a_callback_is_told_nothing(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    interaction = scene.clock.new_id()
    call = scene.phone.ring(interaction=interaction)
    scene.link.view(S.ON_CONTACT, contact=contact(scene, interaction, dialled=True))
    scene.phone.answer(call)
    scene.phone.hang_up(call)
    assert "call" not in window.notices.told


def test_the_centres_clock_tells_how_long_ago_it_was(open_window: Open) -> None:
    scene = make_scene("de")
    window = open_window(scene)
    scene.link.clock_offset = timedelta(hours=1)
    interaction = scene.clock.new_id()
    scene.phone.ring(interaction=interaction)
    since = scene.clock.now() + timedelta(hours=1, seconds=-120)
    scene.link.view(S.OFFERED, contact=contact(scene, interaction, waiting_since=since, customer_name=""))
    window.desk.tick()
    card = window.desk.stage.cards[0]
    assert (card.shown.words, card.shown.name) == ("Rückruf", "+4930123456")
    assert "rief vor 2 Min. an" in card._facts._callback.accessibleName()
    scene.bridge.stop()
