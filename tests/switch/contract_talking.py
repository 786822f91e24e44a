"""The second half of the contract suite: from the answer to the end (see `contract`)."""

import pytest

from console.demo.robots import Plan
from console.domain.events import (
    DigitReceived,
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    InteractionEnded,
    InteractionHeld,
    InteractionResumed,
    InteractionTransferred,
)
from console.switch.switch import Capability, Guarded, LegStatistics
from tests.switch.world import AGENT, CUSTOMER, MUSIC, ONE, OTHER_AGENT, RINGS, World


class Talking:
    """While customer and agent talk."""

    @pytest.mark.parametrize("tcp", [False, True])
    async def test_the_agent_hangs_up(self, world: World, *, tcp: bool) -> None:
        agent = await world.agent(tcp=tcp)
        customer, _ = await world.talking(agent, tcp=tcp)
        agent.hang_up()
        assert (await world.ended()).by is EndedBy.AGENT
        await world.until(customer.ended.is_set)
        assert customer.result.ended_by == "switch"

    @pytest.mark.parametrize("tcp", [False, True])
    async def test_the_customer_hangs_up(self, world: World, *, tcp: bool) -> None:
        agent = await world.agent(tcp=tcp)
        customer, _ = await world.talking(agent, tcp=tcp)
        customer.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        await world.over(agent.calls[0])
        assert agent.calls[0].ended_by == "switch"

    async def test_both_hang_up_at_once(self, world: World) -> None:
        agent = await world.agent()
        customer, _ = await world.talking(agent)
        agent.hang_up()
        customer.hang_up()
        await world.ended()
        other, _ = await world.arrived(number="2")
        other.hang_up()
        await world.ended(2)
        assert world.names().count("InteractionEnded") == 2

    async def test_the_centre_hangs_up(self, world: World) -> None:
        agent = await world.agent()
        customer, interaction = await world.talking(agent)
        world.switch.hang_up(interaction, reason="closing")
        assert (await world.ended()).by is EndedBy.CENTRE
        await world.over(agent.calls[0])
        await world.until(customer.ended.is_set)

    async def test_the_agent_holds_and_takes_back(self, world: World) -> None:
        agent = await world.agent()
        customer, _ = await world.talking(agent)
        for turn in (1, 2):
            agent.hold(on=True)
            assert (await world.fact(InteractionHeld, turn)).agent == "anna"
            await world.hears(customer, MUSIC)
            agent.hold(on=False)
            assert (await world.fact(InteractionResumed, turn)).agent == "anna"
            await world.hears(customer, AGENT)
            await world.agent_hears(agent, CUSTOMER)

    async def test_the_centre_holds_and_takes_back(self, world: World) -> None:
        agent = await world.agent()
        customer, interaction = await world.talking(agent)
        world.switch.hold(interaction)
        await world.fact(InteractionHeld)
        await world.hears(customer, MUSIC)
        world.switch.resume(interaction)
        await world.fact(InteractionResumed)
        await world.hears(customer, AGENT)

    async def test_the_customer_leaves_while_held(self, world: World) -> None:
        agent = await world.agent()
        customer, _ = await world.talking(agent)
        agent.hold(on=True)
        await world.fact(InteractionHeld)
        customer.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        await world.over(agent.calls[0])

    async def test_a_prompt_is_heard_over_the_agent(self, world: World) -> None:
        agent = await world.agent()
        customer, interaction = await world.talking(agent)
        world.switch.play(interaction, ["one"])
        await world.hears(customer, ONE)
        await world.hears(customer, AGENT)

    async def test_the_agent_is_released_and_another_takes_over(self, world: World) -> None:
        agent = await world.agent()
        other = await world.agent(tone=OTHER_AGENT)
        customer, interaction = await world.talking(agent)
        world.switch.release_agent(interaction)
        await world.over(agent.calls[0])
        await world.hears(customer, MUSIC)
        world.ring(interaction, other.contact, agent="bert")
        await world.hears(customer, OTHER_AGENT)
        assert world.of(InteractionEnded) == []

    async def test_digits_in_a_conversation(self, world: World) -> None:
        agent = await world.agent()
        customer, _ = await world.talking(agent)
        customer.press("7")
        assert (await world.fact(DigitReceived)).digit == "7"
        agent.press("3")
        await world.hears(customer, AGENT)
        assert len(world.of(DigitReceived)) == 1, "an agent's digit is no fact about the customer"

    @pytest.mark.parametrize(
        ("theirs", "ours"), [("PCMU", "PCMA"), ("PCMA", "G722"), ("G722", "PCMU"), ("G722", "G722")]
    )
    async def test_codecs_that_differ(self, world: World, theirs: str, ours: str) -> None:
        if theirs != ours and Capability.TRANSCODING not in world.switch.capabilities:
            return
        agent = await world.agent(codecs=(ours,))
        await world.talking(agent, codec=theirs)

    async def test_statistics_count_packets(self, world: World) -> None:
        agent = await world.agent()
        customer, interaction = await world.talking(agent)
        customer.hang_up()
        await world.ended()
        await world.over(agent.calls[0])

        def counted() -> list[LegStatistics]:
            return [each for each in world.switch.statistics() if each.interaction == interaction]

        await world.until(lambda: all(each.from_agent for each in counted()), "the agent's packets")
        found = counted()
        assert len(found) == 1
        assert found[0].from_agent > 5
        assert found[0].from_customer > 5
        assert found[0].dropped == 0


class Transferring:
    """When an agent passes the customer on."""

    async def test_a_blind_transfer_to_one_of_ours(self, world: World) -> None:
        assert Capability.BLIND_TRANSFER in world.switch.capabilities
        agent = await world.agent()
        other = await world.agent(tone=OTHER_AGENT)
        customer, interaction = await world.talking(agent)
        agent.transfer(f"sip:billing@{world.udp}")
        fact = await world.fact(InteractionTransferred)
        assert (fact.agent, fact.target) == ("anna", "billing")
        await world.hears(customer, MUSIC)
        await world.over(agent.calls[0])
        assert agent.calls[0].transfer_code == 200
        world.ring(interaction, other.contact, agent="bert")
        await world.hears(customer, OTHER_AGENT)
        assert [fact.agent for fact in world.of(InteractionAnswered)] == ["anna", "bert"]
        assert world.of(InteractionEnded) == []

    async def test_a_blind_transfer_to_somebody_outside(self, world: World) -> None:
        agent = await world.agent()
        outside = await world.agent(tone=OTHER_AGENT)
        customer, interaction = await world.talking(agent)
        agent.transfer(outside.contact)
        fact = await world.fact(InteractionTransferred)
        # Asterisk tells the user part of a Refer-To only.
        assert fact.target in {outside.contact, outside.contact.removeprefix("sip:").partition("@")[0]}
        world.switch.connect(interaction, outside.contact)
        await world.hears(customer, OTHER_AGENT)
        await world.agent_hears(outside, CUSTOMER)
        outside.hang_up()
        assert (await world.ended()).by is EndedBy.CENTRE

    async def test_a_transfer_to_a_number_that_must_not_be_called(self, world: World) -> None:
        assert isinstance(world.switch, Guarded)
        asked: list[str] = []

        def refuses(target: str) -> str:
            asked.append(target)
            return "denied" if "0900" in target else ""

        world.switch.guard(refuses)
        agent = await world.agent()
        customer, _ = await world.talking(agent)
        agent.transfer(f"sip:0900123456@{world.udp}")
        await world.until(lambda: (agent.calls[0].transfer_code or 0) >= 200, "the answer to the REFER")
        assert (agent.calls[0].transfer_code, asked) == (603, ["0900123456"])
        await world.hears(customer, AGENT)
        assert world.of(InteractionTransferred) == []
        agent.calls[0].transfer_code = None
        agent.transfer(f"sip:billing@{world.udp}")
        assert (await world.fact(InteractionTransferred)).target == "billing"
        await world.over(agent.calls[0])

    async def test_somebody_outside_who_does_not_want(self, world: World) -> None:
        outside = await world.agent(Plan(decline=603))
        customer, interaction = await world.arrived()
        world.switch.connect(interaction, outside.contact)
        fact = await world.ended()
        assert fact.by is EndedBy.CENTRE
        assert "603" in fact.reason
        await world.until(customer.ended.is_set)

    async def test_the_customer_leaves_while_somebody_outside_rings(self, world: World) -> None:
        outside = await world.agent(RINGS)
        customer, interaction = await world.arrived()
        world.switch.connect(interaction, outside.contact)
        await world.until(lambda: bool(outside.calls))
        customer.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        await world.over(outside.calls[0])


class Together:
    """Many at once, and the end."""

    async def test_many_calls_at_once(self, world: World) -> None:
        count = 20
        agents = [await world.agent(tone=(AGENT, OTHER_AGENT)[index % 2]) for index in range(count)]
        free = list(agents)
        world.on_fact = lambda fact: (
            world.ring(fact.interaction, free.pop().contact) and None
            if isinstance(fact, InteractionArrived)
            else None
        )
        customers = [world.call(number=str(index)) for index in range(count)]
        await world.until(lambda: all(each.result.heard for each in customers), "all agents' tones")
        await world.until(lambda: all(agent.calls and agent.calls[0].heard for agent in agents))
        for customer in customers:
            customer.hang_up()
        await world.ended(count)
        assert sum(each.result.lost for each in customers) == 0
        assert len({fact.interaction for fact in world.of(InteractionEnded)}) == count

    async def test_stopping_ends_every_call(self, world: World) -> None:
        agent = await world.agent()
        customer, _ = await world.talking(agent)
        waiting, _ = await world.arrived(number="2")
        await world.switch.stop()
        assert [fact.by for fact in world.of(InteractionEnded)] == [EndedBy.CENTRE] * 2
        await world.until(lambda: customer.ended.is_set() and waiting.ended.is_set())
        await world.over(agent.calls[0])
