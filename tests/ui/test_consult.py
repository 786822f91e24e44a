"""Asking first through the centre: the panel under the customer's call, its buttons and keys."""

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from console.wire import ConsultView
from tests.ui.doubles import Scene, words
from ui.telephony.stage import Stage
from ui.widgets.look import Look


@pytest.fixture
def stage(scene: Scene, look: Look, qtbot: QtBot) -> Stage:
    made = Stage(scene.phone, scene.history, scene.runner, scene.clock, words())
    scene.bridge.call.connect(made.on_fact)
    qtbot.addWidget(made)
    made.resize(380, 700)
    made.show()
    return made


def test_the_centre_asks_first_where_it_can(scene: Scene, stage: Stage) -> None:
    call = scene.phone.ring()
    scene.phone.answer(call)
    wanted: list[tuple[str, str]] = []
    stage.centre_wanted.connect(lambda action, argument: wanted.append((action, argument)))
    stage.know_consult(True, None)
    scene.phone.hold(call)
    stage.open_transfer()
    panel = stage._panel
    assert panel is not None
    panel.field.setText("bert")
    panel._go(panel.ask_wanted)
    assert wanted == [("consult", "bert")]
    assert scene.phone.asked[-1] == ("resume", call), "the customer's music is the centre's from now on"
    assert panel.isHidden()
    assert stage.consult.isHidden()


def test_a_consultation_has_its_buttons_as_it_stands(scene: Scene, stage: Stage) -> None:
    scene.phone.answer(scene.phone.ring())
    interaction = scene.phone.calls[0].interaction
    assert interaction is not None
    wanted: list[tuple[str, str]] = []
    stage.centre_wanted.connect(lambda action, argument: wanted.append((action, argument)))
    asked = ConsultView(interaction=interaction, target="bert", name="Bert Klein", held=True)
    stage.know_consult(True, asked)
    bar = stage.consult
    assert bar.isVisibleTo(stage)
    assert bar.accessibleName() == "Bert Klein is being called. The customer hears music."
    assert [button.isEnabled() for button in bar.stops] == [False, False, False, True]
    stage.know_consult(True, msgspec.structs.replace(asked, answered=True))
    assert all(button.isEnabled() for button in bar.stops)
    for button in bar.stops:
        assert button.accessibleName() == button.text()
        assert button.shortcut().toString() in button.toolTip()
        button.click()
    assert [action for action, _ in wanted] == ["complete", "swap", "conference", "cancel_consult"]
    stage.know_consult(True, msgspec.structs.replace(asked, answered=True, held=False))
    assert bar.accessibleName().startswith("Bert Klein waits.")
    stage.know_consult(True, msgspec.structs.replace(asked, answered=True, held=False, together=True))
    assert bar.accessibleName().startswith("You, the customer and Bert Klein.")
    assert [button.isEnabled() for button in bar.stops] == [True, False, False, True]
    stage.know_consult(True, None)
    assert bar.isHidden()
