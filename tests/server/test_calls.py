"""History and the course of an interaction: who sees what, paging, notes, times."""

from typing import Any

from console.domain.address import Address
from console.domain.events import (
    CallNoted,
    InteractionArrived,
    InteractionOffered,
)
from tests.server.asking import CLOCK, recorded, told

# ---------------------------------------------------------------- history


async def test_history_is_newest_first_with_the_last_note(running: Any) -> None:
    calls = [recorded(minute=minute) for minute in range(3)]
    noted = [
        CallNoted(
            id=CLOCK.new_id(), at=CLOCK.now(), call=calls[1].call, agent=agent, disposition=said, note=said
        )
        for agent, said in (("anna", "first"), ("anna", "last"), ("ben", "not his call"))
    ]
    await running.centre.ledger.append([*calls, *noted])
    page = (await running.ask("anna", "GET", "/api/v1/history")).json()
    assert page["next"] is None
    assert [row["id"] for row in page["rows"]] == [str(call.id) for call in reversed(calls)]
    assert [row["note"] for row in page["rows"]] == ["", "last", ""]
    row = page["rows"][0]
    assert (row["peer"]["name"], row["quality"]["mos"], row["end"]) == ("Größe", 4.2, "hung_up_there")


async def test_history_goes_page_by_page(running: Any) -> None:
    calls = [recorded() for _ in range(7)]
    await running.centre.ledger.append(calls)
    seen, before = [], None
    for _ in range(3):
        params = {"limit": 3} | ({"before": before} if before else {})
        page = (await running.ask("sue", "GET", "/api/v1/history", params=params)).json()
        seen += [row["id"] for row in page["rows"]]
        before = page["next"]
    assert seen == [str(call.id) for call in reversed(calls)]
    assert before is None


async def test_an_agent_sees_the_own_calls_only(running: Any) -> None:
    anna, ben = recorded("anna"), recorded("ben", queue="help")
    await running.centre.ledger.append([anna, ben])

    async def seen(user: str, **params: str) -> list[str]:
        answer = await running.ask(user, "GET", "/api/v1/history", params=params)
        return [row["agent"] for row in answer.json()["rows"]]

    assert await seen("anna") == ["anna"]
    assert await seen("anna", agent="anna") == ["anna"]
    assert await seen("sue") == ["ben", "anna"]
    assert await seen("sue", agent="ben") == ["ben"]
    assert await seen("sue", queue="help") == ["ben"]
    assert "own calls only" in told(await running.ask("anna", "GET", "/api/v1/history?agent=ben"), 403)


async def test_history_by_time(running: Any) -> None:
    await running.centre.ledger.append([recorded(minute=minute) for minute in (0, 10, 20)])
    params = {"start": "2026-11-22T12:05:00Z", "end": "2026-11-22T13:15:00+01:00"}
    page = (await running.ask("sue", "GET", "/api/v1/history", params=params)).json()
    assert [row["started_at"] for row in page["rows"]] == ["2026-11-22T12:10:00Z"]
    for bad in ("2026-11-22T12:05:00", "yesterday", "0001-01-01T00:00:00Z"):
        told(await running.ask("sue", "GET", "/api/v1/history", params={"start": bad}), 400)


async def test_the_course_of_an_interaction(running: Any) -> None:
    key = CLOCK.new_id()
    now = CLOCK.now()
    facts = [
        InteractionArrived(id=CLOCK.new_id(), at=now, interaction=key, customer=Address("tel:1"), called="x"),
        InteractionOffered(
            id=CLOCK.new_id(), at=now, interaction=key, offer=CLOCK.new_id(), queue="sales", agent="anna",
            ring_timeout_s=20,
        ),
    ]  # fmt: skip
    await running.centre.ledger.append(facts)
    for user in ("anna", "sue"):
        steps = (await running.ask(user, "GET", f"/api/v1/interactions/{key}")).json()
        assert [(step["sequence"], step["event"]["type"]) for step in steps] == [
            *((4, "InteractionArrived"), (5, "InteractionOffered"))
        ]
    told(await running.ask("ben", "GET", f"/api/v1/interactions/{key}"), 403)
    told(await running.ask("sue", "GET", f"/api/v1/interactions/{CLOCK.new_id()}"), 404)


async def test_the_board_is_given_whole(running: Any) -> None:
    board = (await running.ask("sue", "GET", "/api/v1/board")).json()
    assert board["sequence"] == 3
    assert board["queues"][0]["queue"]["key"] == "sales"
