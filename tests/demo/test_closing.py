"""Closing the books of a day with a person at the desk, who speaks no tone that customers recognise."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import pytest

from console.demo.books import CustomerBook
from console.demo.closing import Report, close_books
from console.demo.deskhand import DeskBook
from console.demo.scenario import DESK
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.queue import Queue
from console.ledger.ledger import Ledger
from console.metrics.snapshot import Fold

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL, OFFER, AGAIN = uuid4(), uuid4(), uuid4()
NUMBER = "+49301234"


def _at(seconds: float) -> dict[str, Any]:
    return {"id": uuid4(), "at": NOON + timedelta(seconds=seconds)}


def _offered(agent: str, offer: UUID, seconds: float) -> ev.InteractionOffered:
    return ev.InteractionOffered(
        **_at(seconds), interaction=CALL, offer=offer, agent=agent, queue="sales", ring_timeout_s=20
    )


def _answered(agent: str, offer: UUID, seconds: float) -> ev.InteractionAnswered:
    return ev.InteractionAnswered(**_at(seconds), interaction=CALL, offer=offer, agent=agent, queue="sales")


def _a_call(*then: ev.LedgerEvent) -> list[ev.LedgerEvent]:
    """One call from its arrival to its end after 20 s."""
    agents = (Agent(key=DESK, queues=("sales",)), Agent(key="agent1", queues=("sales",)))
    return [
        ev.QueueConfigured(**_at(0), queue=Queue(key="sales")),
        *(ev.AgentConfigured(**_at(0), agent=agent) for agent in agents),
        ev.InteractionArrived(
            **_at(1), interaction=CALL, customer=Address(uri=f"sip:{NUMBER}@x"), called="200"
        ),
        ev.InteractionQueued(**_at(1), interaction=CALL, queue="sales", waiting_since=NOON),
        *then,
        ev.InteractionEnded(**_at(20), interaction=CALL, by=ev.EndedBy.CUSTOMER),
    ]


async def _close(
    tmp_path: Path,
    facts: Sequence[ev.LedgerEvent],
    *,
    answered: bool,
    heard: bool,
    agents: Mapping[str, bool] = MappingProxyType({}),
) -> Report:
    url = f"sqlite:///{tmp_path}/centre.db"
    ledger = await Ledger.open(url)
    await ledger.append(list(facts))
    await ledger.close()
    fold = Fold()
    for sequence, fact in enumerate(facts, 1):
        fold.apply(fact, sequence)
    now = NOON + timedelta(seconds=21)
    customer = CustomerBook(
        user=NUMBER, connected=True, heard_agent=heard, ended_at=NOON + timedelta(seconds=20)
    )
    book = DeskBook(
        history_rows=0, unsynced_rows=0, answered=frozenset({str(CALL)} if answered else set()), heard=None
    )
    return await close_books(url, [customer], agents, book, fold.snapshot(now), now)


async def test_whom_the_person_answered_counts_as_having_heard_an_agent(tmp_path: Path) -> None:
    facts = _a_call(_offered(DESK, OFFER, 1), _answered(DESK, OFFER, 3))
    report = await _close(tmp_path, facts, answered=True, heard=False)
    assert report.balanced, list(report.words())
    assert report.comparison.both_answered == 1
    assert (report.audio_calls, report.audio_two_way) == (0, 0)


async def test_an_answer_that_the_persons_desk_knows_nothing_of_is_a_contradiction(tmp_path: Path) -> None:
    facts = _a_call(_offered(DESK, OFFER, 1), _answered(DESK, OFFER, 3))
    report = await _close(tmp_path, facts, answered=False, heard=False)
    assert not report.balanced
    assert "17.0 s with an agent and heard nothing" in report.comparison.contradictions[0]


async def test_an_answer_that_the_ledger_knows_nothing_of_is_a_contradiction(tmp_path: Path) -> None:
    report = await _close(tmp_path, _a_call(_offered(DESK, OFFER, 1)), answered=True, heard=False)
    assert not report.balanced
    assert "nobody answered" in report.comparison.contradictions[0]


@pytest.mark.parametrize("heard", [False, True])
async def test_a_call_that_nobody_answered_balances_only_when_the_customer_heard_nobody(
    tmp_path: Path, heard: bool
) -> None:
    report = await _close(tmp_path, _a_call(_offered(DESK, OFFER, 1)), answered=False, heard=heard)
    assert report.balanced is not heard
    assert report.total.counts.abandoned == 1


async def test_a_call_that_the_person_passed_on_is_the_persons_and_the_next_agents(tmp_path: Path) -> None:
    facts = _a_call(
        _offered(DESK, OFFER, 1),
        _answered(DESK, OFFER, 3),
        ev.InteractionTransferred(**_at(5), interaction=CALL, agent=DESK, target="sales"),
        ev.InteractionQueued(
            **_at(5), interaction=CALL, queue="sales", waiting_since=NOON, reason="transfer"
        ),
        _offered("agent1", AGAIN, 6),
        _answered("agent1", AGAIN, 7),
    )
    report = await _close(tmp_path, facts, answered=True, heard=True, agents={str(CALL): True})
    assert report.balanced, list(report.words())
    assert (report.audio_calls, report.audio_two_way) == (1, 1)


async def test_who_was_passed_on_and_left_before_the_next_answer_was_answered(tmp_path: Path) -> None:
    facts = _a_call(
        _offered(DESK, OFFER, 1),
        _answered(DESK, OFFER, 3),
        ev.InteractionTransferred(**_at(5), interaction=CALL, agent=DESK, target="sales"),
        ev.InteractionQueued(
            **_at(5), interaction=CALL, queue="sales", waiting_since=NOON, reason="transfer"
        ),
    )
    report = await _close(tmp_path, facts, answered=True, heard=False)
    assert report.balanced, list(report.words())


async def test_a_call_from_the_persons_own_desk_is_nobody_elses(tmp_path: Path) -> None:
    own = uuid4()
    facts = _a_call(
        _offered(DESK, OFFER, 1),
        _answered(DESK, OFFER, 3),
        ev.InteractionArrived(**_at(4), interaction=own, customer=Address(uri=f"sip:{DESK}@x"), called="200"),
        ev.InteractionQueued(**_at(4), interaction=own, queue="sales", waiting_since=NOON),
        ev.InteractionEnded(**_at(9), interaction=own, by=ev.EndedBy.CUSTOMER),
    )
    report = await _close(tmp_path, facts, answered=True, heard=False)
    assert report.balanced, list(report.words())
    assert (report.total.counts.answered, report.total.counts.abandoned) == (1, 1)
