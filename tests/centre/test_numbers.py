"""Which numbers may be called, asked in one place by every way out."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain import events as ev
from console.domain.agent import Agent
from console.domain.queue import Queue
from console.settings import CentreSettings, SwitchSettings
from tests.centre.doubles import CLOCK, Room, SpySwitch

SETTINGS = CentreSettings(
    queues=(Queue(key="sales", numbers=("100",)),),
    agents=(Agent(key="anna", queues=("sales",)),),
    switch=SwitchSettings(trunk="gateway.example"),
)


class GuardedSpy(SpySwitch):
    """A spy that asks."""

    refuses: Callable[[str], str]

    def guard(self, refuses: Callable[[str], str]) -> None:
        self.refuses = refuses


async def test_a_switch_asks_the_rule_before_a_phone_transfers(tmp_path: Path) -> None:
    switch = GuardedSpy()
    room = await Room.open(tmp_path / "centre.db", SETTINGS, switch)
    found = {
        target: switch.refuses(target)
        for target in (
            *("anna", "sales", "100", "112", "0301234567", "sip:x@example.org"),
            *("0900123456", "tel:0900-123456", "sip:0900123456@pbx.example", "+4312345678", "204"),
        )
    }
    assert list(found.values()) == [*[""] * 6, *["denied"] * 3, "abroad", "short"], found
    await room.close()


async def test_what_slips_through_is_stopped_when_it_is_to_be_dialled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    room = await Room.open(tmp_path / "centre.db", SETTINGS)
    room.centre.sip_domain = "pbx.example"
    await room.link("anna")
    interaction = await room.arrive()
    await room.answer()
    fact = ev.InteractionTransferred(
        id=CLOCK.new_id(), at=CLOCK.now(), interaction=interaction, agent="anna", target="0900123456"
    )
    with caplog.at_level(logging.WARNING):
        room.switch.tell(fact)
        await room.centre.settled()
    assert room.switch.told("connect") == []
    assert room.switch.told("hang_up") == ["transfer failed"]
    assert "'0900123456' must not be called: denied by [switch.callbacks]" in caplog.text
    await room.close()
