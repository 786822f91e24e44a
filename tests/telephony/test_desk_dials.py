"""A desk takes the ring of a call that it asked the centre for, and no other, whoever says so."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from console.clock import StoppedClock
from console.desk import Desk, open_desk
from console.domain.agent import AgentState
from console.domain.events import CallArrived
from console.settings import DeskSettings
from console.telephony.accounts import CENTRE_KEY
from console.telephony.engine import IncomingCall
from console.wire import AgentView, OfferView
from tests.telephony.scripted import ScriptedEngine

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CALL, OURS, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
AT_ONCE = {"answer-mode": "Auto", "x-outbound": "1"}


class Dialling:
    """A desk, its engine, and what the centre and the network do."""

    def __init__(self, desk: Desk, engine: ScriptedEngine) -> None:
        self.desk = desk
        self.engine = engine
        self.arrived: list[CallArrived] = []
        desk.bus.subscribe(CallArrived, self.arrived.append)

    def view(self, interaction: UUID, *, outbound: bool) -> None:
        contact = OfferView(
            interaction=interaction, offer=OTHER, queue="sales", queue_name="Sales", customer="sip:c@example",
            waiting_since=NOW, offered_at=NOW, outbound=outbound,
        )  # fmt: skip
        self.desk._view_changed(
            AgentView(sequence=1, at=NOW, since=NOW, state=AgentState.OFFERED, contact=contact, dials=True)
        )

    def ring(self, interaction: UUID, headers: dict[str, str]) -> None:
        self.engine.tell(
            IncomingCall(
                at=0,
                call=CALL,
                account=CENTRE_KEY,
                from_header="<sip:c@example>",
                to_header="",
                source="",
                headers={"x-interaction-id": str(interaction), **headers},
            )
        )

    @property
    def answers(self) -> int:
        return self.engine.commands.count(("answer", CALL))


@pytest.fixture
async def dialling(tmp_path: Path) -> AsyncIterator[Dialling]:
    engine = ScriptedEngine()
    desk = await open_desk(DeskSettings(), tmp_path, lambda _: engine, StoppedClock(NOW))
    yield Dialling(desk, engine)
    await desk.stop()


async def test_the_ring_is_taken_when_the_centre_has_said_so(dialling: Dialling) -> None:
    dialling.view(OURS, outbound=True)
    dialling.ring(OURS, AT_ONCE)
    assert dialling.answers == 1
    assert [fact.outbound for fact in dialling.arrived] == [True]


async def test_the_ring_may_come_before_the_centre_s_word(dialling: Dialling) -> None:
    dialling.ring(OURS, AT_ONCE)
    assert dialling.answers == 0
    dialling.view(OURS, outbound=True)
    assert dialling.answers == 1


@pytest.mark.parametrize(
    ("known", "outbound", "headers"),
    [
        (OTHER, True, AT_ONCE),  # somebody rings us with the header, while we call another
        (OURS, False, AT_ONCE),  # a customer's call is the agent's to take
        (OURS, True, {"x-outbound": "1"}),  # a supervisor wants us to call
        (OURS, True, {"x-outbound": "1", "answer-mode": "Manual"}),
    ],
)
async def test_no_other_ring_is(
    known: UUID, outbound: bool, headers: dict[str, str], dialling: Dialling
) -> None:
    dialling.view(known, outbound=outbound)
    dialling.ring(OURS, headers)
    dialling.view(known, outbound=outbound)
    assert dialling.answers == 0
    assert len(dialling.desk.phone.calls) == 1
