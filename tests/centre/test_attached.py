"""What goes along with a call: to the agent, the API and the switch, from the first ring on."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import UUID

import pytest

from console.domain import events as ev
from console.domain.agent import Agent
from console.domain.errors import BadInput, NotThere, Refused
from console.domain.queue import Queue
from console.settings import CentreSettings, SwitchSettings
from tests.centre.doubles import CLOCK, Room, SpySwitch

SETTINGS = CentreSettings(
    queues=(Queue(key="support", numbers=("100",), announce_every_s=0),),
    agents=(Agent(key="ada", queues=("support",)), Agent(key="ben", queues=("support",))),
    switch=SwitchSettings(attached=("X-Customer-Id", "TIER")),
)
CAME = {"X-Customer-Id": "4711", "TIER": "gold"}


class Variables(SpySwitch):
    """A switch whose calls have variables."""

    def attach(self, interaction: UUID, attached: Mapping[str, str]) -> None:
        self._note("attach", (interaction, dict(attached)))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = await Room.open(tmp_path / "centre.db", SETTINGS, Variables())
    yield made
    await made.close()


def shown(room: Room, agent: str = "ada") -> dict[str, str] | None:
    """What the agent's desk shows."""
    view = room.centre.agent_view(agent)
    assert view is not None
    return view.contact.attached if view.contact is not None else None


async def test_headers_go_to_the_agent_and_all_is_shown(room: Room) -> None:
    call = await room.arrive("100", CAME)
    (view,) = room.centre.supervision.views()
    assert view.attached == CAME
    await room.link("ada")
    headers = room.switch.rings[0].headers
    assert headers["X-Customer-Id"] == "4711"
    assert headers["X-Queue-Key"] == "support"
    assert "TIER" not in headers, "no header"
    assert shown(room) == CAME
    assert [fact.attached for fact in await room.facts(ev.InteractionArrived)] == [CAME]
    assert call == room.switch.rings[0].interaction


async def test_more_is_attached_in_the_call(room: Room) -> None:
    call = await room.arrive("100", CAME)
    await room.link("ada")
    await room.answer()
    view = await room.centre.supervision.attach("ada", call, {"TIER": "silver\r\n"}, own=True)
    assert view.attached == shown(room) == CAME | {"TIER": "silver"}
    assert room.switch.told("attach") == [(call, {"TIER": "silver"})]
    await room.centre.supervision.attach("sue", call, {"X-Customer-Id": ""}, own=False)
    assert shown(room) == {"TIER": "silver"}
    facts = await room.facts(ev.InteractionAttached)
    assert [(fact.by, fact.attached) for fact in facts] == [
        ("ada", {"TIER": "silver"}),
        ("sue", {"X-Customer-Id": ""}),
    ]


async def test_what_cannot_be_attached(room: Room) -> None:
    call = await room.arrive("100")
    await room.link("ada")
    await room.answer()
    attach = room.centre.supervision.attach
    with pytest.raises(NotThere):
        await attach("ada", CLOCK.new_id(), {"TIER": "x"}, own=True)
    with pytest.raises(Refused, match="not your contact"):
        await attach("ben", call, {"TIER": "x"}, own=True)
    with pytest.raises(BadInput, match="“CALLBOARD_INTERACTION” is not among"):
        await attach("sue", call, {"TIER": "x", "CALLBOARD_INTERACTION": "y"}, own=False)
    assert await room.facts(ev.InteractionAttached) == []
    assert room.switch.told("attach") == []
