"""Asking a third party over the API."""

from typing import Any

import pytest

from console.domain.errors import Refused
from tests.server.asking import told

PATH = "/api/v1/consultation"


@pytest.mark.parametrize("action", ["consult", "swap", "conference", "complete", "cancel_consult"])
async def test_a_command_reaches_the_centre_with_who_gave_it(running: Any, action: str) -> None:
    answer = await running.ask("anna", "POST", PATH, json={"action": action, "target": "bert"})
    assert answer.status_code == 202
    assert running.centre.asked[-1] == ("command", "anna", action, "bert")


async def test_what_is_refused_is_told(running: Any) -> None:
    told(await running.ask("anna", "POST", PATH, json={"action": "shout"}), 400)
    running.centre.fault = Refused("You have no customer on the line.")
    answer = await running.ask("anna", "POST", PATH, json={"action": "swap"})
    assert answer.status_code in {403, 409}
    assert "You have no customer on the line." in answer.text
