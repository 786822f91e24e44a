"""The recording of the call at hand on its card: what is said, what can be done, by button and by key."""

from uuid import UUID

import pytest
from pytestqt.qtbot import QtBot

from console.wire import RecordingView
from tests.ui.doubles import Scene, words
from ui.telephony.recording import RecordingBar
from ui.telephony.stage import Stage
from ui.widgets.look import Look

_ON = RecordingView()


@pytest.fixture
def stage(scene: Scene, look: Look, qtbot: QtBot) -> Stage:
    made = Stage(scene.phone, scene.history, scene.runner, scene.clock, words())
    scene.bridge.call.connect(made.on_fact)
    qtbot.addWidget(made)
    made.resize(380, 700)
    made.show()
    return made


def _talking(scene: Scene) -> UUID:
    scene.phone.answer(scene.phone.ring())
    interaction = scene.phone.calls[0].interaction
    assert interaction is not None
    return interaction


def _seen(bar: RecordingBar) -> list[str]:
    return [bar.badge.words] + [button.accessibleName() for button in bar.stops if button.isVisibleTo(bar)]


def test_what_can_be_done_follows_how_it_is_recorded(scene: Scene, stage: Stage) -> None:
    interaction = _talking(scene)
    bar = stage.cards[0].recording
    assert bar.isHidden(), "the centre has not said that it can"
    asked: list[tuple[str, str]] = []
    stage.centre_wanted.connect(lambda action, argument: asked.append((action, argument)))
    for recording, seen in (
        (None, ["Not recorded", "Record this call"]),
        (RecordingView(stoppable=True), ["Being recorded", "Pause recording", "Stop recording"]),
        (_ON, ["Being recorded", "Pause recording"]),
        (RecordingView(paused=True), ["Recording paused", "Record on"]),
    ):
        stage.know_recording(interaction, recording)
        assert _seen(bar) == seen
        assert bar.main.shortcut().toString() == "Shift+F3"
        assert "Shift+F3" in bar.main.toolTip()
        bar.main.click()
    stage.know_recording(interaction, RecordingView(stoppable=True))
    bar.stop.click()
    names = ["record_start", "record_pause", "record_pause", "record_resume", "record_stop"]
    assert asked == [(name, "") for name in names]


def test_only_the_centre_s_call_at_hand_has_it(scene: Scene, stage: Stage) -> None:
    interaction = _talking(scene)
    stage.know_recording(scene.clock.new_id(), _ON)
    assert stage.cards[0].recording.isHidden()
    stage.know_recording(interaction, _ON)
    assert not stage.cards[0].recording.isHidden()
    stage.know_recording(None, None)
    assert stage.cards[0].recording.isHidden()


def test_a_call_that_rings_has_nothing_to_record(scene: Scene, stage: Stage) -> None:
    scene.phone.ring()
    stage.know_recording(scene.phone.calls[0].interaction, None)
    assert stage.cards[0].recording.isHidden()
