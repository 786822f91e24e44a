"""The demo's books: who says what of a call, and when that is a contradiction."""

from datetime import UTC, datetime, timedelta

import pytest

from console.demo import scenario
from console.demo.books import CROSSED_S, Check, CustomerBook, LedgerBook, compare
from console.demo.run import guest_idles, progress_line
from console.demo.scenario import BRISK, bounded_calls, endless_calls
from console.domain.agent import AgentState
from console.domain.figures import AgentFigures, Counts, QueueFigures, ServiceLevel, Snapshot
from console.domain.queue import Queue

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _customer(*, heard: bool, after_s: float = 10.0, user: str = "1", failure: str = "") -> CustomerBook:
    return CustomerBook(
        user=user,
        connected=not failure,
        heard_agent=heard,
        ended_at=NOON + timedelta(seconds=after_s),
        failure=failure,
    )


def _entry(answered_after_s: float | None, *, ended: bool = True, user: str = "1") -> LedgerBook:
    answered = None if answered_after_s is None else NOON + timedelta(seconds=answered_after_s)
    return LedgerBook(user=user, answered_at=answered, ended=ended)


@pytest.mark.parametrize(
    ("customer", "entry", "kind"),
    [
        (_customer(heard=True), _entry(5.0), "both_answered"),
        (_customer(heard=False), _entry(None), "both_abandoned"),
        (_customer(heard=False), _entry(10.0 - CROSSED_S), "crossed"),
    ],
)
def test_accounts_that_agree(customer: CustomerBook, entry: LedgerBook, kind: str) -> None:
    found = compare([customer], [entry])
    assert getattr(found, kind) == 1
    assert found.contradictions == ()


@pytest.mark.parametrize(
    ("customer", "entry", "told"),
    [
        (_customer(heard=True), _entry(None), "nobody answered"),
        (_customer(heard=False), _entry(5.0), "5.0 s with an agent and heard nothing"),
        (_customer(heard=True), _entry(5.0, ended=False), "still has the call"),
    ],
)
def test_contradictions_are_told(customer: CustomerBook, entry: LedgerBook, told: str) -> None:
    (contradiction,) = compare([customer], [entry]).contradictions
    assert contradiction.startswith("1: ")
    assert told in contradiction


def test_calls_that_only_one_side_knows() -> None:
    found = compare(
        [_customer(heard=False, user="a"), _customer(heard=False, user="b", failure="503 refused")],
        [_entry(None, user="c")],
    )
    assert (found.unknown_to_ledger, found.failed, found.unknown_to_customers) == (("a",), ("b",), ("c",))


def test_a_check_agrees_or_not() -> None:
    assert Check("x", 1, 1).agrees
    assert not Check("x", [1], []).agrees


def test_a_day_is_a_function_of_its_seed() -> None:
    first, again = (bounded_calls(40, 20.0, BRISK, 7) for _ in range(2))
    assert first == again
    assert first != bounded_calls(40, 20.0, BRISK, 8)
    assert len({caller.user for caller in first}) == len(first) == 40
    assert all(0 <= caller.at_s <= 20.0 for caller in first)
    assert [caller.at_s for caller in first] == sorted(caller.at_s for caller in first)
    assert scenario.agents(5, 3) == scenario.agents(5, 3)


def test_an_endless_day_has_its_rate() -> None:
    calls = endless_calls(0.5, BRISK, 1)
    times = [next(calls).at_s for _ in range(2000)]
    assert 0.45 < 2000 / times[-1] < 0.55


def test_every_dialled_number_and_every_agents_queue_is_there() -> None:
    queues = scenario.queues(BRISK)
    known = {name for queue in queues for name in (queue.key, *queue.numbers)}
    assert {caller.dials for caller in bounded_calls(200, 60.0, BRISK, 1)} <= known
    keys = {queue.key for queue in queues}
    for agent in scenario.agents(6, 1):
        assert set(agent.queues) <= keys
    for queue in queues:
        fitting = [
            agent
            for agent in scenario.agents(2, 1)
            if queue.key in agent.queues
            and all(agent.skills.get(need.skill, 0) >= need.level for need in queue.skills)
        ]
        assert fitting, f"nobody can serve {queue.key}"


def test_the_progress_line_tells_the_figures() -> None:
    level = ServiceLevel(Queue(key="x").formula, 0.5, 2, 4, 20.0)
    total = QueueFigures(
        queue=Queue(key=""),
        service_level=level,
        counts=Counts(offered=5, answered=3, abandoned=1),
        waiting_since=(NOON,),
    )
    agents = (
        AgentFigures(agent="a", name="A", state=AgentState.READY),
        AgentFigures(agent="b", name="B", state=AgentState.HOLD),
    )
    line = progress_line(7.0, Snapshot(sequence=1, at=NOON, total=total, agents=agents))
    assert "5 offered, 3 answered, 1 abandoned, 1 waiting" in line
    assert "1 agents talk, 1 are ready" in line
    assert "50.0% (2 of 4 within 20 s)" in line


def _desk(state: AgentState, idle_since: datetime | None) -> Snapshot:
    robot = AgentFigures(
        agent="agent1", name="A", state=AgentState.READY, idle_since=NOON - timedelta(hours=1)
    )
    you = AgentFigures(agent=scenario.DESK, name="You", state=state, idle_since=idle_since)
    return Snapshot(sequence=1, at=NOON, agents=(robot, you))


def test_only_the_person_at_the_screen_who_is_ready_for_long_hurries_the_customers() -> None:
    assert guest_idles(_desk(AgentState.READY, NOON - timedelta(minutes=1)), NOON)
    assert not guest_idles(_desk(AgentState.READY, NOON), NOON)
    assert not guest_idles(_desk(AgentState.PAUSED, None), NOON)
    assert not guest_idles(None, NOON)
