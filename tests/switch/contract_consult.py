"""A third part of the contract suite: an agent asks a third party, hands over, or talks with both.

A switch without the capability has no such command; that it is refused to agents is shown by the centre.
"""

from collections import Counter
from uuid import UUID

import pytest

from console.clock import SystemClock
from console.demo.robots import Plan, RobotAgent, RobotCustomer
from console.demo.tones import Ear
from console.domain.events import (
    ConferenceStarted,
    ConsultAnswered,
    ConsultEnded,
    ConsultStarted,
    EndedBy,
    InteractionAnswered,
    InteractionEnded,
    InteractionHeld,
    InteractionResumed,
    InteractionTransferred,
)
from console.switch.switch import Capability, Consult, Consulting
from tests.switch.world import AGENT, CUSTOMER, MUSIC, OTHER_AGENT, RINGBACK, RINGS, World


class Scene:
    """Customer, agent and third party; `quiet` tells that one does not hear a tone any more."""

    def __init__(self, world: World, switch: Consulting) -> None:
        self.world = world
        self.switch = switch
        self.customer: RobotCustomer
        self.agent: RobotAgent
        self.third: RobotAgent
        self.interaction: UUID
        self.consult = SystemClock().new_id()

    async def begin(self, plan: Plan | None = None, *, ours: bool = True, ring_s: float = 30.0) -> None:
        """Customer and agent talk, the third party is called."""
        world = self.world
        self.agent = await world.agent(others=(OTHER_AGENT,))
        self.third = await world.agent(plan, tone=OTHER_AGENT, others=(AGENT,))
        self.customer, self.interaction = await world.talking(self.agent)
        self.switch.consult(
            Consult(
                interaction=self.interaction,
                consult=self.consult,
                target="bert" if ours else self.third.contact,
                contact=self.third.contact,
                queue="sales",
                to="bert" if ours else "",
                ring_s=ring_s,
            )
        )

    async def asking(self, *, ours: bool = True) -> None:
        """Agent and third party talk, the customer hears music."""
        await self.begin(ours=ours)
        await self.world.fact(ConsultAnswered)
        await self.check_asking()

    async def check_asking(self) -> None:
        """Who hears whom while the agent asks."""
        world = self.world
        await world.hears(self.customer, MUSIC)
        await world.agent_hears(self.agent, OTHER_AGENT)
        await world.agent_hears(self.third, AGENT)
        await self.deaf(
            (self.customer.ear, AGENT, OTHER_AGENT),
            (self.agent.ear_of_last, CUSTOMER, MUSIC, RINGBACK),
            (self.third.ear_of_last, CUSTOMER, MUSIC),
        )

    async def check_apart(self) -> None:
        """Who hears whom while the third party waits."""
        world = self.world
        await world.hears(self.customer, AGENT)
        await world.agent_hears(self.agent, CUSTOMER)
        await world.agent_hears(self.third, MUSIC)
        third = self.third.ear_of_last
        await self.deaf((self.customer.ear, OTHER_AGENT, MUSIC), (third, CUSTOMER, AGENT))

    async def check_two(self) -> None:
        """Customer and agent, and nobody else."""
        world = self.world
        await world.hears(self.customer, AGENT)
        await world.agent_hears(self.agent, CUSTOMER)
        await self.deaf((self.customer.ear, OTHER_AGENT, MUSIC))

    async def check_handed_over(self) -> None:
        """Customer and third party, and nobody else."""
        world = self.world
        await world.over(self.agent.calls[0])
        await world.hears(self.customer, OTHER_AGENT)
        await world.agent_hears(self.third, CUSTOMER)
        await self.deaf((self.customer.ear, AGENT, MUSIC))
        fact = await world.fact(InteractionTransferred)
        assert (fact.agent, fact.attended) == ("anna", True)
        assert not world.of(InteractionEnded)

    async def mixed(self, ear: Ear, *tones: int) -> None:
        """All of these are heard afresh, at once."""
        before = Counter(ear.present)
        await self.world.until(lambda: all(ear.present[tone] > before[tone] + 1 for tone in tones), "all")

    async def deaf(self, *ears: "tuple[Ear, *tuple[int, ...]]") -> None:
        """With none of these ears are these tones heard, not even among others, for a while."""

        def heard() -> list[int]:
            return [ear.present[tone] for ear, *tones in ears for tone in tones]

        sound = self.customer.sound
        assert sound is not None
        for _ in range(2):  # what was on its way comes first
            before, received = heard(), sound.received
            await self.world.until(lambda least=received + 10: sound.received > least)  # type: ignore[misc]
        assert heard() == before


class Scenes:
    """What these tests have."""

    @pytest.fixture
    async def scene(self, world: World) -> Scene:
        """Nobody is there yet."""
        assert isinstance(world.switch, Consulting)
        return Scene(world, world.switch)


class Telling:
    """On every switch."""

    async def test_what_it_can_is_what_it_says(self, world: World) -> None:
        both = {Capability.ATTENDED_TRANSFER, Capability.CONFERENCE}
        assert world.switch.capabilities & both == (both if isinstance(world.switch, Consulting) else set())


class Asking(Scenes):
    """A consultation, in every phase and with every end."""

    @pytest.mark.parametrize("ours", [True, False])
    async def test_the_third_party_is_asked_and_has_the_customer(self, scene: Scene, *, ours: bool) -> None:
        await scene.asking(ours=ours)
        world = scene.world
        started = world.of(ConsultStarted)[0]
        assert (started.agent, started.to) == ("anna", "bert" if ours else "")
        if ours:
            scene.switch.swap(scene.interaction)
            await scene.check_apart()
            scene.switch.swap(scene.interaction)
            await scene.check_asking()
        scene.switch.complete(scene.interaction)
        await scene.check_handed_over()
        names = [name for name in world.names() if name not in {"OfferRinging", "InteractionArrived"}]
        assert names == [
            *("InteractionAnswered", "ConsultStarted", "InteractionHeld", "ConsultAnswered"),
            *(["InteractionResumed", "InteractionHeld"] if ours else []),
            *("InteractionTransferred", *(["InteractionAnswered"] if ours else [])),
        ]
        if ours:
            answered = world.of(InteractionAnswered)[1]
            assert (answered.agent, answered.offer, answered.queue) == ("bert", scene.consult, "sales")
        scene.third.hang_up()
        assert (await world.ended()).by is (EndedBy.AGENT if ours else EndedBy.CENTRE)
        await world.until(scene.customer.ended.is_set)

    async def test_the_agent_hears_it_ring_and_takes_the_customer_back(self, scene: Scene) -> None:
        await scene.begin(RINGS)
        world = scene.world
        await world.hears(scene.customer, MUSIC)
        await world.agent_hears(scene.agent, RINGBACK)
        scene.switch.complete(scene.interaction)  # nobody has answered: nothing happens
        scene.switch.swap(scene.interaction)
        scene.switch.conference(scene.interaction)
        scene.switch.cancel_consult(scene.interaction)
        assert (await world.fact(ConsultEnded)).reason == "cancelled"
        await world.over(scene.third.calls[0])
        await scene.check_two()
        assert len(world.of(InteractionHeld)) == len(world.of(InteractionResumed)) == 1
        scene.customer.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        await world.over(scene.agent.calls[0])

    @pytest.mark.parametrize(("code", "reason"), [(486, "busy"), (603, "declined"), (404, "failed")])
    async def test_the_third_party_does_not_want(self, scene: Scene, code: int, reason: str) -> None:
        await scene.begin(Plan(decline=code))
        assert (await scene.world.fact(ConsultEnded)).reason == reason
        await scene.check_two()

    async def test_nobody_answers(self, scene: Scene) -> None:
        await scene.begin(RINGS, ring_s=0.5)
        assert (await scene.world.fact(ConsultEnded)).reason == "no answer"
        await scene.world.over(scene.third.calls[0])
        await scene.check_two()

    async def test_the_third_party_leaves_while_aside(self, scene: Scene) -> None:
        await scene.asking()
        scene.switch.swap(scene.interaction)
        await scene.check_apart()
        scene.third.hang_up()
        assert (await scene.world.fact(ConsultEnded)).reason == "left"
        await scene.check_two()
        scene.agent.hang_up()
        assert (await scene.world.ended()).by is EndedBy.AGENT
        await scene.world.until(scene.customer.ended.is_set)

    @pytest.mark.parametrize("swapped", [False, True])
    async def test_the_agent_is_lost_and_the_customer_goes_on(self, scene: Scene, *, swapped: bool) -> None:
        await scene.asking()
        if swapped:
            scene.switch.swap(scene.interaction)
        scene.agent.hang_up()
        await scene.check_handed_over()

    async def test_the_agent_is_lost_while_it_rings(self, scene: Scene) -> None:
        await scene.begin(RINGS)
        await scene.world.until(lambda: bool(scene.third.calls))
        scene.agent.hang_up()
        assert (await scene.world.ended()).by is EndedBy.AGENT
        await scene.world.over(scene.third.calls[0])
        await scene.world.until(scene.customer.ended.is_set)

    async def test_the_customer_leaves_meanwhile(self, scene: Scene) -> None:
        await scene.asking()
        scene.customer.hang_up()
        assert (await scene.world.ended()).by is EndedBy.CUSTOMER
        await scene.world.over(scene.agent.calls[0])
        await scene.world.over(scene.third.calls[0])

    async def test_an_address_that_is_none(self, scene: Scene) -> None:
        await scene.begin(RINGS)
        scene.switch.cancel_consult(scene.interaction)
        await scene.check_two()
        new, nowhere = SystemClock().new_id(), "not an address"
        order = Consult(interaction=scene.interaction, consult=new, target="0", contact=nowhere)
        scene.switch.consult(order)
        assert (await scene.world.fact(ConsultEnded, 2)).reason == "failed"
        await scene.check_two()


class Three(Scenes):
    """A conference."""

    async def together(self, scene: Scene) -> None:
        """All hear each other."""
        await scene.asking()
        scene.switch.conference(scene.interaction)
        world = scene.world
        await world.fact(ConferenceStarted)
        await scene.mixed(scene.customer.ear, AGENT, OTHER_AGENT)
        await scene.mixed(scene.agent.ear_of_last, CUSTOMER, OTHER_AGENT)
        await scene.mixed(scene.third.ear_of_last, CUSTOMER, AGENT)
        await scene.deaf((scene.customer.ear, MUSIC))
        assert len(world.of(InteractionHeld)) == len(world.of(InteractionResumed)) == 1

    @pytest.mark.parametrize("leaves", ["agent", "third", "customer"])
    async def test_three_talk_and_one_leaves(self, scene: Scene, leaves: str) -> None:
        await self.together(scene)
        world = scene.world
        if leaves == "agent":
            scene.agent.hang_up()
            await scene.check_handed_over()
            assert world.of(InteractionAnswered)[1].agent == "bert"
        elif leaves == "third":
            scene.third.hang_up()
            assert (await world.fact(ConsultEnded)).reason == "left"
            await scene.check_two()
        else:
            scene.customer.hang_up()
            assert (await world.ended()).by is EndedBy.CUSTOMER
            await world.over(scene.agent.calls[0])
            await world.over(scene.third.calls[0])
