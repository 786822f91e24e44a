"""Facts on their way into the pipeline: what is pressing, what waits for company, what is settled."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from console.centre import inbox
from console.centre.inbox import Inbox
from console.domain.address import Address
from console.domain.events import (
    EndedBy,
    InteractionArrived,
    InteractionEnded,
    LedgerEvent,
    OfferRinging,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CALL = uuid4()


def arrived() -> LedgerEvent:
    return InteractionArrived(
        id=uuid4(), at=NOW, interaction=CALL, customer=Address("sip:1@example.org"), called="sales"
    )


def ringing() -> LedgerEvent:
    return OfferRinging(id=uuid4(), at=NOW, interaction=CALL, offer=UUID(int=1), agent="anna")


def ended() -> LedgerEvent:
    return InteractionEnded(id=uuid4(), at=NOW, interaction=CALL, by=EndedBy.CUSTOMER)


async def test_what_calls_for_a_decision_goes_on_at_once_and_takes_along_what_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "_CALM_S", 60.0)
    facts = Inbox()
    told = [ringing(), ended(), arrived()]
    for fact in told:
        facts.put(fact)
    assert [fact for fact, _ in await facts.take(None)] == told
    assert facts.empty


async def test_what_is_only_to_be_written_waits_a_moment_and_no_longer() -> None:
    facts = Inbox()
    taking = asyncio.create_task(facts.take(None))
    facts.put(ringing())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not taking.done()
    facts.put(ended())
    assert len(await taking) == 2
    facts.put(ended())
    assert len(await facts.take(None)) == 1  # there is a moment for each


async def test_who_waits_for_a_fact_does_not_wait_for_company(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_CALM_S", 60.0)
    facts = Inbox()
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    fact = ringing()
    facts.put(fact, done)
    assert await facts.take(None) == [(fact, done)]


async def test_a_timer_takes_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a timer of routing decides must know all that was told."""
    monkeypatch.setattr(inbox, "_CALM_S", 60.0)
    facts = Inbox()
    assert await facts.take(0.0) == []
    facts.put(ended())
    assert len(await facts.take(0.01)) == 1


async def test_settled_presses_and_waits_until_all_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_CALM_S", 60.0)
    facts = Inbox()
    await facts.settled()
    assert await facts.take(None) == []  # pressed for nothing
    facts.put(ringing())
    facts.put(ringing())
    settled = asyncio.create_task(facts.settled())
    assert len(await facts.take(None)) == 2
    facts.done(1)
    await asyncio.sleep(0)
    assert not settled.done()
    facts.done(1)
    await asyncio.wait_for(settled, 5)
