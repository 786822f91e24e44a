"""What the tests of the server ask and check alike: records, problems, farewells."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from console.clock import SystemClock
from console.domain.address import Address
from console.domain.call import CallEnd, Direction, Quality
from console.domain.events import CallRecorded
from console.wire import Farewell, encode_event

SESSION = UUID("01920000-0000-7000-8000-000000000001")


OTHER = UUID("01920000-0000-7000-8000-000000000002")


DESK = {"contact": "sip:x7f3@127.0.0.1:5070", "session": SESSION}


async def farewell(wire: Any) -> tuple[Farewell, int]:
    return await wire.hear_a(Farewell), await wire.closed()


async def wait_until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.01)


CLOCK = SystemClock()


def recorded(agent: str = "anna", queue: str = "sales", minute: int = 0, **more: Any) -> CallRecorded:
    start = datetime(2026, 11, 22, 12, minute, tzinfo=UTC)
    fields = {
        "id": CLOCK.new_id(),
        "call": CLOCK.new_id(),
        "at": start + timedelta(seconds=30),
        "direction": Direction.INCOMING,
        "peer": Address("sip:kunde@example.org", "Größe"),
        "started_at": start,
        "answered_at": start,
        "ended_at": start + timedelta(seconds=30),
        "end": CallEnd.HUNG_UP_THERE,
        "quality": Quality(codec="G722", mos=4.2),
    }
    return CallRecorded(agent=agent, queue=queue, **{**fields, **more})


def wire(*events: Any) -> dict[str, Any]:
    return {"records": [msgspec.json.decode(encode_event(event)) for event in events]}


def told(answer: Any, status: int) -> str:
    """The words of a problem, having checked its form (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    return str(body["detail"])
