"""The bus delivers in order and survives its subscribers; ids are UUIDv7 and grow."""

import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise

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


class Machine:
    """A machine whose clock can be set: its own time and what has truly passed, in seconds."""

    def __init__(self) -> None:
        self.wall = 1_800_000_000.0
        self.passed = 50.0
        self.clock = SystemClock(lambda: round(self.wall * 1e9), lambda: round(self.passed * 1e9))

    def go_on(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds

    def shown(self) -> float:
        return self.clock.now().timestamp()


def test_the_clock_follows_the_machines() -> None:
    machine = Machine()
    for _ in range(100):
        machine.go_on(0.37)
        assert machine.shown() == pytest.approx(machine.wall, abs=1e-5)


def test_a_step_forward_is_followed_at_once() -> None:
    machine = Machine()
    machine.wall += 3600
    assert machine.shown() == pytest.approx(machine.wall, abs=1e-5)


def test_a_step_back_is_absorbed_slowly_and_time_never_runs_backwards() -> None:
    machine = Machine()
    before = machine.shown()
    machine.wall -= 60
    shown = [machine.shown()]
    assert shown[0] >= before
    for _ in range(1199):
        machine.go_on(1.0)
        shown.append(machine.shown())
    passed = [after - earlier for earlier, after in pairwise(shown)]
    assert all(0.949 <= one <= 1.001 for one in passed)
    assert shown[-1] > machine.wall
    machine.go_on(2.0)
    assert machine.shown() == pytest.approx(machine.wall, abs=1e-5)


def test_a_slow_machine_that_is_slewed_is_followed_without_a_lead() -> None:
    machine = Machine()
    for _ in range(1000):
        machine.wall += 0.0995  # 0.5 % slow
        machine.passed += 0.1
        assert machine.shown() == pytest.approx(machine.wall, abs=1e-5)


def test_ids_grow_through_a_step_back() -> None:
    machine = Machine()
    first = machine.clock.new_id()
    machine.wall -= 3600
    machine.go_on(0.01)
    assert machine.clock.new_id().int >> 80 > first.int >> 80


def test_a_run_goes_on_from_what_the_one_before_noted() -> None:
    machine = Machine()
    noted = datetime.fromtimestamp(machine.wall + 30, UTC)
    assert machine.clock.not_before(noted) == timedelta(seconds=30)
    assert machine.clock.now() >= noted
    machine.go_on(700)
    assert machine.shown() == pytest.approx(machine.wall, abs=1e-5)
    assert machine.clock.not_before(noted) == timedelta(0)
    far = datetime.fromtimestamp(machine.wall + 3 * 86400, UTC)
    assert machine.clock.not_before(far) == timedelta(days=3)
    assert machine.shown() == pytest.approx(machine.wall, abs=1e-5)
