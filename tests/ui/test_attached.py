"""What goes along with a call on its card: names and values, as they change, for the keyboard as well."""

from collections.abc import Callable
from uuid import UUID

import pytest
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit

from console.domain.agent import AgentState
from console.wire import OfferView
from tests.ui.doubles import Scene
from ui.shell.window import AgentWindow
from ui.telephony.attached import AttachedData, shown_name

Open = Callable[..., AgentWindow]
LONG = "Dr. Maximiliane von Hohenstein-Weißenburg-Rothenfels zu Sachsen-Coburg, Sankt Augustin"


def rows(shown: AttachedData) -> list[tuple[str, str]]:
    """As they stand there."""
    grid = shown.layout()
    assert isinstance(grid, QGridLayout)
    found = []
    for row in range(grid.rowCount()):
        items = [grid.itemAtPosition(row, column) for column in (0, 1)]
        name, value = [item.widget() if item is not None else None for item in items]
        if isinstance(name, QLabel):
            found.append((name.text(), value.text() if isinstance(value, QLineEdit) else ""))
    return found


def tell(scene: Scene, interaction: UUID, attached: dict[str, str]) -> None:
    """What the centre tells of the call at hand."""
    now = scene.clock.now()
    contact = OfferView(
        interaction=interaction, offer=UUID(int=5), queue="sales", queue_name="Sales", customer="sip:1@x",
        waiting_since=now, offered_at=now, attached=attached,
    )  # fmt: skip
    scene.link.view(AgentState.ON_CONTACT, contact=contact)


def test_it_stands_on_the_card_and_changes(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    call = scene.phone.ring()
    interaction = scene.phone.calls[0].interaction
    assert interaction is not None
    shown = window.desk.stage.cards[0].attached
    assert shown.isHidden()
    tell(scene, interaction, {"X-Customer-Id": "4711", "TIER": LONG})
    assert rows(shown) == [("Customer Id", "4711"), ("TIER", LONG)]
    assert shown.isVisible()
    scene.phone.answer(call)
    tell(scene, interaction, {"TIER": "lead"})
    assert rows(shown) == [("TIER", "lead")]
    tell(scene, UUID(int=8), {"TIER": "another's"})
    assert shown.isHidden(), "not this call's"
    tell(scene, interaction, {})
    assert shown.isHidden()


def test_it_stays_until_the_call_is_over_here(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.phone.answer(scene.phone.ring())
    interaction = scene.phone.calls[0].interaction
    assert interaction is not None
    tell(scene, interaction, {"TIER": "gold"})
    scene.link.view(AgentState.READY)
    assert rows(window.desk.stage.cards[0].attached) == [("TIER", "gold")]


def test_a_value_can_be_reached_and_copied_by_key(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.phone.answer(scene.phone.ring())
    interaction = scene.phone.calls[0].interaction
    assert interaction is not None
    tell(scene, interaction, {"X-Customer-Id": "4711"})
    card = window.desk.stage.cards[0]
    (field,) = card.attached.stops
    assert field in card.stops
    assert isinstance(field, QLineEdit)
    assert field.isReadOnly()
    assert field.accessibleName() == "Customer Id"
    field.selectAll()
    assert field.selectedText() == "4711"


def test_of_many_the_first_are_shown_and_the_others_told(scene: Scene, open_window: Open) -> None:
    window = open_window(scene)
    scene.phone.ring()
    interaction = scene.phone.calls[0].interaction
    assert interaction is not None
    tell(scene, interaction, {f"V{place}": str(place) for place in range(8)})
    shown = window.desk.stage.cards[0].attached
    assert rows(shown)[-2:] == [("V4", "4"), ("and 3 more", "")]
    (more,) = [one for one in shown.findChildren(QLabel) if one.text() == "and 3 more"]
    assert more.toolTip() == "V5: 5\nV6: 6\nV7: 7"


@pytest.mark.parametrize(
    ("name", "words"),
    [("X-Customer-Id", "Customer Id"), ("x-tier", "tier"), ("SALES_REGION", "SALES REGION"), ("X-", "X-")],
)
def test_names_as_people_write_them(name: str, words: str) -> None:
    assert shown_name(name) == words
