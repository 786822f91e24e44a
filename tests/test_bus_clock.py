"""The bus delivers in order and survives its subscribers; ids are UUIDv7 and grow."""

import logging
from datetime import UTC, datetime

import pytest

from console.bus import Bus
from console.clock import StoppedClock, SystemClock
from console.domain.events import AgentBecameReady, AgentEvent, AgentPaused, Event

CLOCK = StoppedClock(datetime(2026, 11, 22, tzinfo=UTC))


def _ready(agent: str = "a") -> AgentBecameReady:
    return AgentBecameReady(id=CLOCK.new_id(), at=CLOCK.now(), agent=agent)


def test_a_base_class_hears_its_subclasses_and_unsubscribing_ends_it() -> None:
    bus, heard = Bus(), []
    undo = bus.subscribe(AgentEvent, heard.append)
    bus.subscribe(AgentPaused, lambda _: heard.append("wrong"))
    bus.publish(_ready())
    undo()
    undo()
    bus.publish(_ready())
    assert len(heard) == 1


def test_a_nested_fact_waits_its_turn() -> None:
    bus, order = Bus(), []

    def first(event: AgentBecameReady) -> None:
        order.append(f"first {event.agent}")
        if event.agent == "a":
            bus.publish(_ready("b"))

    bus.subscribe(AgentBecameReady, first)
    bus.subscribe(AgentBecameReady, lambda event: order.append(f"second {event.agent}"))
    bus.publish(_ready("a"))
    assert order == ["first a", "second a", "first b", "second b"]


def test_a_failing_subscriber_is_logged_and_keeps_nobody_from_it(caplog: pytest.LogCaptureFixture) -> None:
    bus, heard = Bus(), []

    def fail(event: Event) -> None:
        raise ValueError(event)

    bus.subscribe(Event, fail)
    bus.subscribe(Event, heard.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(_ready())
    assert len(heard) == 1
    assert "a subscriber failed on AgentBecameReady" in caplog.text


def test_ids_are_version_7_and_grow_with_time() -> None:
    clock = SystemClock()
    made = [clock.new_id() for _ in range(2000)]
    assert all(one.version == 7 for one in made)
    assert len(set(made)) == len(made)
    milliseconds = [one.int >> 80 for one in made]
    assert milliseconds == sorted(milliseconds)


def test_a_stopped_clock_moves_only_when_told() -> None:
    clock = StoppedClock(datetime(2026, 1, 1, tzinfo=UTC))
    before = clock.now()
    clock.move(2.5)
    assert (clock.now() - before).total_seconds() == clock.monotonic() == 2.5
    clock.move_to(before)
    assert clock.monotonic() == 2.5
