"""What supervisors see and do: move, priority, pull, on a real centre with a noting switch."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.domain.errors import BadInput, NotThere, TooLate
from console.domain.interaction import Phase
from console.domain.queue import Queue, SkillNeed
from console.settings import CentreSettings
from tests.centre.doubles import CLOCK, Room

ENGLISH = SkillNeed("english", 7)
SETTINGS = CentreSettings(
    queues=(
        Queue(key="support", numbers=("100",), announce_every_s=0),
        Queue(
            key="sales", numbers=("200",), skills=(SkillNeed("english", 7),), music="hold-beep", priority=3
        ),
    ),
    agents=(
        Agent(key="ada", name="Ada", queues=("support",)),
        Agent(key="ben", queues=("sales",), skills={"english": 9}),
        Agent(key="eve"),
    ),
)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = await Room.open(tmp_path / "centre.db", SETTINGS)
    yield made
    await made.close()


async def test_what_is_open_is_listed_by_queue_in_serving_order(room: Room) -> None:
    first, second, third = [await room.arrive(called) for called in ("100", "200", "100")]
    views = room.centre.supervision.views()
    assert [(view.queue, view.place, view.interaction) for view in views] == [
        ("sales", 1, second),
        ("support", 1, first),
        ("support", 2, third),
    ]
    assert (views[0].priority, views[0].skills) == (3, (ENGLISH,))
    assert {view.phase for view in views} == {Phase.WAITING}
    await room.link("ada")
    views = {view.interaction: view for view in room.centre.supervision.views()}
    assert (views[first].phase, views[first].place, views[first].ringing) == (Phase.OFFERED, None, ("ada",))
    assert (views[third].place, views[third].queue_name) == (1, "support")
    await room.answer()
    views = {view.interaction: view for view in room.centre.supervision.views()}
    assert (views[first].agent, views[first].ringing) == ("ada", ())


async def test_a_move_keeps_the_wait_and_rings_there_at_once(room: Room) -> None:
    interaction = await room.arrive("100")
    await room.link("ben")
    assert room.switch.rings == []
    view = await room.centre.supervision.move("sue", interaction, "sales")
    assert (view.queue, view.priority) == ("sales", 3)
    assert [(ring.agent, ring.interaction) for ring in room.switch.rings] == [("ben", interaction)]
    assert room.switch.told("music") == ["hold-music", "hold-beep"]
    queued = await room.facts(ev.InteractionQueued)
    assert [(fact.reason, fact.by) for fact in queued] == [("arrived", ""), ("moved", "sue")]
    assert queued[0].waiting_since == queued[1].waiting_since


async def test_a_move_takes_back_what_rings(room: Room) -> None:
    await room.link("ada")
    interaction = await room.arrive("100")
    assert room.state("ada") is AgentState.OFFERED
    await room.centre.supervision.move("sue", interaction, "sales")
    assert room.switch.told("cancel") == [room.switch.rings[0].offer]
    assert room.state("ada") is AgentState.READY


async def test_a_priority_changes_the_order(room: Room) -> None:
    first, second = await room.arrive("100"), await room.arrive("100")
    view = await room.centre.supervision.prioritise("sue", second, 5)
    assert (view.place, view.priority) == (1, 5)
    await room.link("ada")
    assert room.switch.rings[-1].interaction == second
    (fact,) = await room.facts(ev.InteractionPrioritised)
    assert (fact.by, fact.interaction) == ("sue", second)
    assert first != second


async def test_a_pull_gives_it_to_one_agent_whatever_the_queue(room: Room) -> None:
    interaction = await room.arrive("200")
    await room.link("eve")
    assert room.switch.rings == []
    view = await room.centre.supervision.pull("sue", interaction, "eve")
    assert view.ringing == ("eve",)
    assert [ring.agent for ring in room.switch.rings] == ["eve"]


async def test_what_cannot_be_is_told_in_words_and_changes_nothing(room: Room) -> None:
    supervision = room.centre.supervision
    interaction = await room.arrive("100")
    nobody = CLOCK.new_id()
    count = await room.ledger.count()
    for awaited, error in (
        (supervision.move("sue", nobody, "sales"), NotThere),
        (supervision.move("sue", interaction, "nowhere"), NotThere),
        (supervision.move("sue", interaction, "support"), TooLate),
        (supervision.prioritise("sue", interaction, 5000), BadInput),
        (supervision.pull("sue", interaction, "nobody"), NotThere),
        (supervision.pull("sue", interaction, "ada"), TooLate),
    ):
        with pytest.raises(error):
            await awaited
    assert await room.ledger.count() == count
    await room.link("ada")
    await room.answer()
    with pytest.raises(TooLate):
        await supervision.move("sue", interaction, "sales")


async def test_a_move_that_crosses_the_answer_disturbs_nobody(room: Room) -> None:
    await room.link("ada")
    interaction = await room.arrive("100")
    ring = room.switch.rings[-1]
    room.switch.tell(
        ev.InteractionAnswered(
            id=CLOCK.new_id(), at=CLOCK.now(), interaction=interaction, offer=ring.offer, queue="support",
            agent="ada",
        )
    )  # fmt: skip
    music = len(room.switch.told("music"))
    view = await room.centre.supervision.move("sue", interaction, "sales")  # asked before the answer was read
    assert (view.agent, view.queue) == ("ada", "support")
    assert len(room.switch.told("music")) == music
