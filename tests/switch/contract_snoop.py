"""The part of the contract suite about supervisors in calls (see `contract`): who hears whom, by mode."""

from collections.abc import Callable
from uuid import UUID

import pytest

from console.clock import SystemClock
from console.demo.robots import Plan, RobotAgent, RobotCustomer
from console.domain.events import (
    InteractionHeld,
    InteractionResumed,
    MonitoringChanged,
    MonitoringEnded,
    MonitoringMode,
    MonitoringStarted,
)
from console.switch.switch import Capability, Monitor, Snooping
from tests.switch.world import AGENT, CUSTOMER, OTHER_AGENT, World

SUPERVISOR = OTHER_AGENT
"""The supervisor's tone (Hz)."""
LISTEN, WHISPER, BARGE = MonitoringMode


class Call:
    """A customer and an agent who talk, and a supervisor's phone; each hears all three tones."""

    def __init__(self, world: World, snooping: Snooping, supervisor: RobotAgent) -> None:
        self.world = world
        self.snooping = snooping
        self.supervisor = supervisor
        self.agent: RobotAgent
        self.customer: RobotCustomer
        self.interaction: UUID
        self.monitoring = SystemClock().new_id()

    async def begin(self) -> None:
        world = self.world
        self.agent = await world.agent(others=(SUPERVISOR,))
        self.customer, self.interaction = await world.talking(self.agent)

    async def listen(self, mode: MonitoringMode, *, waits: bool = True) -> None:
        self.snooping.monitor(
            Monitor(
                interaction=self.interaction,
                monitoring=self.monitoring,
                supervisor="sue",
                agent="anna",
                contact=self.supervisor.contact,
                mode=mode,
            )
        )
        if waits:
            fact = await self.world.fact(MonitoringStarted)
            assert (fact.interaction, fact.monitoring) == (self.interaction, self.monitoring)
            assert (fact.supervisor, fact.agent, fact.mode) == ("sue", "anna", mode)

    async def heard(self, by: str, tone: int) -> None:
        """Wait until somebody hears a tone afresh, alone or among others."""
        ears: dict[str, Callable[[], int]] = {
            "customer": lambda: self.customer.ear.present[tone],
            "agent": lambda: self.agent.ear_of_last.present[tone],
            "supervisor": lambda: self.supervisor.ear_of_last.present[tone],
        }
        before = ears[by]()
        await self.world.until(lambda: ears[by]() >= before + 2, f"{tone} Hz to the {by}")

    async def hears_none_of(self, tone: int, *those: str) -> None:
        """Whoever is meant does not hear a tone while half a second of sound comes."""
        ears = {"customer": self.customer.ear, "agent": self.agent.ear_of_last}
        before = {one: ears[one].present[tone] for one in those}
        assert self.customer.sound is not None
        sound, received = self.customer.sound, self.customer.sound.received
        await self.world.until(lambda: sound.received >= received + 25)
        assert {one: ears[one].present[tone] for one in those} == before

    async def ended(self) -> str:
        fact = await self.world.fact(MonitoringEnded)
        assert (fact.monitoring, fact.supervisor) == (self.monitoring, "sue")
        return fact.reason


class NobodyListens:
    """The same of a switch that has not Capability.SNOOP."""

    async def test_nobody_can_listen(self, world: World) -> None:
        assert Capability.SNOOP not in world.switch.capabilities
        assert not isinstance(world.switch, Snooping)


class BeingListenedTo:
    """A supervisor is in a call."""

    @pytest.fixture
    async def call(self, world: World) -> Call:
        """The call."""
        assert Capability.SNOOP in world.switch.capabilities
        assert isinstance(world.switch, Snooping)
        supervisor = await world.agent(tone=SUPERVISOR, others=(AGENT,))
        call = Call(world, world.switch, supervisor)
        await call.begin()
        return call

    async def test_who_listens_hears_both_and_nobody_hears_them(self, world: World, call: Call) -> None:
        await call.listen(LISTEN)
        await call.heard("supervisor", CUSTOMER)
        await call.heard("supervisor", AGENT)
        await call.hears_none_of(SUPERVISOR, "customer", "agent")
        await world.hears(call.customer, AGENT)
        await world.agent_hears(call.agent, CUSTOMER)
        assert call.supervisor.calls[0].interaction is None, "a desk must not take it for a customer's call"

    async def test_who_whispers_is_heard_by_the_agent_alone(self, call: Call) -> None:
        await call.listen(WHISPER)
        await call.heard("agent", SUPERVISOR)
        await call.heard("agent", CUSTOMER)
        await call.heard("supervisor", CUSTOMER)
        await call.hears_none_of(SUPERVISOR, "customer")

    async def test_who_barges_in_is_heard_by_all(self, call: Call) -> None:
        await call.listen(BARGE)
        for one, tone in (
            ("customer", SUPERVISOR),
            ("customer", AGENT),
            ("agent", SUPERVISOR),
            ("agent", CUSTOMER),
            ("supervisor", CUSTOMER),
            ("supervisor", AGENT),
        ):
            await call.heard(one, tone)

    async def test_the_mode_is_changed_in_the_call(self, world: World, call: Call) -> None:
        await call.listen(LISTEN)
        for count, mode in enumerate((WHISPER, BARGE, LISTEN), start=1):
            call.snooping.change_monitoring(call.monitoring, mode)
            assert (await world.fact(MonitoringChanged, count)).mode is mode
            if mode is LISTEN:
                await call.hears_none_of(SUPERVISOR, "customer", "agent")
            else:
                await call.heard("agent", SUPERVISOR)
            if mode is WHISPER:
                await call.hears_none_of(SUPERVISOR, "customer")
        await call.heard("supervisor", CUSTOMER)
        assert len(world.of(MonitoringStarted)) == 1

    async def test_a_supervisor_who_leaves_disturbs_nobody(self, world: World, call: Call) -> None:
        await call.listen(BARGE)
        await call.heard("customer", SUPERVISOR)
        call.supervisor.hang_up()
        assert await call.ended() == "supervisor hung up"
        await world.hears(call.customer, AGENT)
        await world.agent_hears(call.agent, CUSTOMER)

    async def test_a_supervisor_is_let_go(self, world: World, call: Call) -> None:
        await call.listen(LISTEN)
        call.snooping.end_monitoring(call.monitoring)
        await call.ended()
        await world.over(call.supervisor.calls[0])
        await world.hears(call.customer, AGENT)
        call.snooping.change_monitoring(call.monitoring, BARGE)
        call.snooping.end_monitoring(call.monitoring)
        assert len(world.of(MonitoringEnded)) == 1

    @pytest.mark.parametrize("who", ["customer", "agent"])
    async def test_it_ends_with_the_call(self, world: World, call: Call, who: str) -> None:
        await call.listen(WHISPER)
        if who == "customer":
            call.customer.hang_up()
        else:
            call.agent.hang_up()
        await call.ended()
        await world.ended()
        await world.over(call.supervisor.calls[0])

    async def test_it_outlives_a_hold(self, world: World, call: Call) -> None:
        await call.listen(LISTEN)
        await call.heard("supervisor", CUSTOMER)
        world.switch.hold(call.interaction)
        await world.fact(InteractionHeld)
        await call.heard("supervisor", AGENT)
        world.switch.resume(call.interaction)
        await world.fact(InteractionResumed)
        await call.heard("supervisor", CUSTOMER)
        assert world.of(MonitoringEnded) == []

    async def test_a_supervisor_who_does_not_want_to(self, world: World, call: Call) -> None:
        call.supervisor.plan = lambda _: Plan(decline=486)
        await call.listen(LISTEN, waits=False)
        assert await call.ended() == "not answered"
        assert world.of(MonitoringStarted) == []
        await world.hears(call.customer, AGENT)

    async def test_nobody_listens_where_nobody_talks(self, world: World, call: Call) -> None:
        world.switch.release_agent(call.interaction)
        await world.over(call.agent.calls[0])
        await call.listen(LISTEN, waits=False)
        assert await call.ended()
        assert call.supervisor.calls == []
