"""Click-to-dial over the API."""

from typing import Any

import pytest

from console.domain.errors import NotThere, Refused, TooLate
from tests.server.asking import told

PATH = "/api/v1/dial"


async def test_an_agent_calls_from_the_own_phone(running: Any) -> None:
    answer = await running.ask("anna", "POST", PATH, json={"number": "030 1234567", "queue": "sales"})
    assert (answer.status_code, answer.json()) == (202, {"interaction": str(running.centre.outbound.made)})
    assert running.centre.outbound.orders == [("anna", "030 1234567", "sales", "anna")]
    answer = await running.ask("anna", "DELETE", PATH)
    assert answer.status_code == 204
    assert running.centre.outbound.orders[1:] == [("anna",)]


async def test_only_a_supervisor_has_another_one_call(running: Any) -> None:
    wanted = {"number": "0301234567", "agent": "ben"}
    told(await running.ask("anna", "POST", PATH, json=wanted), 403)
    assert (await running.ask("sue", "POST", PATH, json=wanted)).status_code == 202
    assert running.centre.outbound.orders == [("ben", "0301234567", "", "sue")]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Refused("“0900” must not be called from here (denied)."), 403),
        (NotThere("x"), 404),
        (TooLate("x"), 409),
    ],
)
async def test_what_is_refused_is_told(running: Any, fault: Exception, status: int) -> None:
    told(await running.ask("anna", "POST", PATH, json={"number": ""}), 400)
    running.centre.outbound.fault = fault
    answer = await running.ask("anna", "POST", PATH, json={"number": "0900"})
    assert answer.status_code == status
    assert str(fault) in answer.text
