"""What supervisors see and do with the open interactions: who may, what goes in, what is refused in words."""

from typing import Any

import pytest

from console.domain.address import Address
from console.domain.errors import BadInput, StoreError, TooLate
from console.domain.events import (
    AgentBecameReady,
    AgentSignedIn,
    InteractionArrived,
    InteractionOffered,
    InteractionQueued,
    QueueConfigured,
)
from console.domain.queue import Queue
from tests.server.asking import CLOCK, told

PATH = "/api/v1/interactions"


async def test_the_open_interactions_are_listed_whole(running: Any) -> None:
    (row,) = (await running.ask("sue", "GET", PATH)).json()
    assert row["interaction"] == str(running.centre.supervision.known)
    assert (row["queue"], row["place"], row["phase"], row["expected_s"]) == ("sales", 1, "waiting", 30.0)
    assert (row["customer_name"], row["callback"], row["not_before"]) == ("Größe", False, None)
    assert row["skills"] == [{"skill": "english", "level": 5}]


async def test_the_list_can_be_that_of_one_queue(running: Any) -> None:
    async def rows(queue: str) -> list[str]:
        answer = await running.ask("sue", "GET", PATH, params={"queue": queue})
        assert answer.status_code == 200, answer.text
        return [row["queue"] for row in answer.json()]

    made = QueueConfigured(id=CLOCK.new_id(), at=CLOCK.now(), queue=Queue(key="help"))
    await running.centre.ledger.append([made])
    assert await rows("sales") == ["sales"]
    assert await rows("help") == []  # a queue in which nobody is
    answer = await running.ask("sue", "GET", PATH, params={"queue": "helpp"})
    assert "helpp" in told(answer, 404)
    told(await running.ask("sue", "GET", PATH, params={"queue": "x" * 300}), 400)
    told(await running.ask("anna", "GET", PATH, params={"queue": "sales"}), 403)


@pytest.mark.parametrize(
    ("order", "body", "noted"),
    [
        ("move", {"queue": "help"}, ("move", "sue", "help")),
        ("priority", {"priority": -3}, ("priority", "sue", "-3")),
        ("pull", {"agent": "anna"}, ("pull", "sue", "anna")),
    ],
)
async def test_a_supervisor_orders_under_the_own_name(
    running: Any, order: str, body: dict[str, Any], noted: tuple[str, ...]
) -> None:
    supervision = running.centre.supervision
    answer = await running.ask("sue", "POST", f"{PATH}/{supervision.known}/{order}", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["interaction"] == str(supervision.known)
    assert supervision.orders == [noted]
    told(await running.ask("anna", "POST", f"{PATH}/{supervision.known}/{order}", json=body), 403)
    told(await running.ask("sue", "POST", f"{PATH}/{CLOCK.new_id()}/{order}", json=body), 404)
    for wrong in ({}, {"queue": 3, "priority": "high", "agent": ""}, {**body, "more": 1}):
        told(await running.ask("sue", "POST", f"{PATH}/{supervision.known}/{order}", json=wrong), 400)
    assert len(supervision.orders) == 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [(TooLate("It is not waiting any more."), 409), (BadInput("No."), 400), (StoreError("full"), 503)],
)
async def test_what_cannot_be_is_told(running: Any, fault: Exception, status: int) -> None:
    supervision = running.centre.supervision
    supervision.fault = fault
    answer = await running.ask("sue", "POST", f"{PATH}/{supervision.known}/move", json={"queue": "help"})
    words = told(answer, status)
    assert words == str(fault) or status == 503


async def test_what_was_decided_is_explained(running: Any) -> None:
    interaction, now = CLOCK.new_id(), CLOCK.now()
    common = {"at": now, "interaction": interaction}
    await running.centre.ledger.append(
        [
            AgentSignedIn(id=CLOCK.new_id(), at=now, agent="ben", contact="sip:b@x", session=CLOCK.new_id()),
            AgentBecameReady(id=CLOCK.new_id(), at=now, agent="ben"),
            InteractionArrived(id=CLOCK.new_id(), customer=Address("sip:a@x"), called="sales", **common),
            InteractionQueued(id=CLOCK.new_id(), queue="sales", waiting_since=now, **common),
            InteractionOffered(
                id=CLOCK.new_id(),
                offer=CLOCK.new_id(),
                queue="sales",
                agent="ben",
                ring_timeout_s=9,
                **common,
            ),
        ]
    )
    path = f"{PATH}/{interaction}/explain"
    steps = (await running.ask("sue", "GET", path)).json()
    assert [step["what"] for step in steps] == [
        "InteractionArrived",
        "InteractionQueued",
        "InteractionOffered",
    ]
    assert steps[-1]["agents"] == ["ben"]
    assert [one["agent"] for one in steps[-1]["possible"]] == ["ben"]
    told(await running.ask("anna", "GET", path), 403)
    told(await running.ask("sue", "GET", f"{PATH}/{CLOCK.new_id()}/explain"), 404)
