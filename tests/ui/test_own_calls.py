"""Calls that the agent makes through the centre: asked for in the dialler, shown on the card, told of."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from console.domain.agent import AgentState
from console.domain.call import CallEnd
from console.domain.events import LinkState
from console.wire import OfferView
from tests.ui.doubles import Scene, make_scene
from ui.shell.window import AgentWindow

Open = Callable[..., AgentWindow]
NUMBER = "030 7654321"
SHOWN = "Müller, Anna"


def contact(scene: Scene, interaction: UUID, **more: object) -> OfferView:
    now = scene.clock.now()
    values: dict[str, object] = {
        "interaction": interaction, "offer": scene.clock.new_id(), "queue": "sales", "queue_name": "Sales",
        "customer": "sip:+49307654321@example.org", "customer_name": SHOWN,
        "waiting_since": now - timedelta(seconds=1), "offered_at": now, "outbound": True,
    }  # fmt: skip
    return OfferView(**(values | more))  # type: ignore[arg-type]


def typed(window: AgentWindow, text: str = NUMBER) -> str:
    """Call what is typed; what the field says then."""
    window.desk.dialler.field.setText(text)
    window.desk.dialler.dial(window.desk.dialler.field.text())
    return window.desk.dialler.field.text()


def test_the_centre_makes_the_call_where_it_can(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.link.view(AgentState.READY)
    assert typed(window) == ""
    assert len(scene.phone.calls) == 1, "it cannot: the phone dials"
    scene.phone.hang_up(scene.phone.calls[0].call)
    scene.link.view(AgentState.READY, dials=True)
    assert typed(window, f" {NUMBER} ") == ""
    assert scene.link.asked[-1] == ("dial", NUMBER)
    assert not scene.phone.calls
    scene.link.become(LinkState.LOST)
    typed(window)
    assert len(scene.phone.calls) == 1, "no centre to ask"


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "“0900 1” must not be called from here (such numbers are barred)."),
        ("de", "„0900 1“ darf von hier nicht angerufen werden (solche Nummern sind gesperrt)."),
    ],
)
def test_what_the_centre_refuses_is_told_under_the_field(language: str, told: str, open_window: Open) -> None:
    scene = make_scene(language)
    window = open_window(scene)
    scene.link.view(AgentState.READY, dials=True)
    scene.link.refuses = "“0900 1” must not be called from here (such numbers are barred)."
    assert typed(window, "0900 1") == "0900 1"
    assert window.desk.dialler._error.text() == told
    assert not scene.phone.calls
    scene.bridge.stop()


def test_a_second_enter_asks_for_no_second_call(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.link.view(AgentState.READY, dials=True)
    scene.runner.holding = True
    assert typed(window) == NUMBER
    typed(window)
    assert scene.link.asked.count(("dial", NUMBER)) == 1
    scene.runner.release()
    assert window.desk.dialler.field.text() == ""
    scene.runner.holding = False
    typed(window)
    assert scene.link.asked.count(("dial", NUMBER)) == 2


def test_the_card_says_whom_and_how_far_and_then_that_it_was_in_vain(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    interaction = scene.clock.new_id()
    call = scene.phone.ring("", "centre", interaction=interaction)
    scene.link.view(AgentState.OFFERED, contact=contact(scene, interaction))
    window.desk.tick()
    card = window.desk.stage.cards[0]
    assert (card.shown.words, card.shown.name, card.shown.number) == ("Your call", SHOWN, "+49307654321")
    assert card._facts._callback.isHidden(), "nobody has asked for it"
    scene.phone.answer(call)
    scene.link.view(AgentState.ON_CONTACT, contact=contact(scene, interaction, dialled=True))
    assert card.shown.words == "Calling the customer…"
    assert card._end.text() == "Cancel"
    scene.phone.ended(call, CallEnd.HUNG_UP_THERE)
    assert window.notices.told["call"] == f"{SHOWN} could not be reached."
