"""A real centre on a real Asterisk: agents ask each other first, and a killed centre parts nobody."""

import pytest

from console.demo.robots import RobotCustomer
from console.demo.tones import Ear
from console.domain import events as ev
from console.domain.agent import AgentState
from console.domain.standings import Standings
from console.metrics.snapshot import Fold
from tests.e2e.test_asterisk_kill import CLOCK, Killed
from tests.e2e.test_asterisk_kill import centre as centre
from tests.e2e.test_asterisk_kill import server as server
from tests.switch.world import AGENT, CUSTOMER, MUSIC, OTHER_AGENT

pytestmark = [pytest.mark.asterisk, pytest.mark.sip, pytest.mark.e2e]


async def present(centre: Killed, ear: Ear, *tones: int) -> None:
    """All of these are heard afresh."""
    before = [ear.present[tone] for tone in tones]
    await centre.people.until(
        lambda: all(ear.present[tone] > was + 2 for tone, was in zip(tones, before, strict=True)), "all tones"
    )


async def all_three(centre: Killed, customer: RobotCustomer) -> None:
    """Everybody hears both others."""
    ann, ben = centre.desks.values()
    await present(centre, customer.ear, AGENT, OTHER_AGENT)
    await present(centre, ann.ear_of_last, CUSTOMER, OTHER_AGENT)
    await present(centre, ben.ear_of_last, CUSTOMER, AGENT)


async def asking(centre: Killed) -> RobotCustomer:
    """ann asks ben while the customer hears music."""
    people = centre.people
    centre.desks["ann"] = await people.agent(tone=AGENT, others=(OTHER_AGENT,))
    centre.desks["ben"] = await people.agent(tone=OTHER_AGENT, others=(AGENT,))
    await centre.start()
    customer = people.call("100", number="1")
    await people.hears(customer, AGENT)
    centre.command("ann", "consult", "ben")
    await people.hears(customer, MUSIC)
    await people.agent_hears(centre.desks["ann"], OTHER_AGENT)
    return customer


def states(facts: list[ev.LedgerEvent], kind: type[ev.LedgerEvent]) -> dict[str, AgentState]:
    """The agents after the first fact of a class."""
    standings = Standings()
    for fact in facts:
        standings.apply(fact)
        if isinstance(fact, kind):
            break
    return {key: agent.state for key, agent in standings.agents.items()}


async def test_an_agent_asks_and_hands_over(centre: Killed) -> None:
    customer = await asking(centre)
    people = centre.people
    centre.command("ann", "complete")
    await people.hears(customer, OTHER_AGENT)
    await people.over(centre.desks["ann"].calls[0])
    customer.hang_up()
    await centre.until_fact(ev.InteractionEnded, 1)
    facts = await centre.facts()
    assert states(facts, ev.ConsultAnswered) == {"ann": AgentState.HOLD, "ben": AgentState.ON_CONTACT}
    assert states(facts, ev.InteractionEnded) == {"ann": AgentState.READY, "ben": AgentState.READY}
    passed = next(fact for fact in facts if isinstance(fact, ev.InteractionTransferred))
    assert (passed.agent, passed.target, passed.attended) == ("ann", "ben", True)
    answers = [fact.agent for fact in facts if isinstance(fact, ev.InteractionAnswered)]
    assert answers == ["ann", "ben"]
    queued = [fact for fact in facts if isinstance(fact, ev.InteractionQueued)]
    assert len(queued) == 1, "who was handed over does not wait again"
    fold = Fold()
    for sequence, fact in enumerate(facts, start=1):
        fold.apply(fact, sequence)
    total = fold.snapshot(CLOCK.now()).total
    assert total is not None
    counts = total.counts
    assert (counts.offered, counts.answered, counts.transferred_out) == (1, 1, 1)
    assert counts.hold_s > 0


async def test_a_killed_centre_parts_none_of_three(centre: Killed) -> None:
    customer = await asking(centre)
    people = centre.people
    centre.command("ann", "conference")
    await all_three(centre, customer)
    await centre.until_fact(ev.ConferenceStarted, 1)
    await centre.kill()
    await all_three(centre, customer)
    await centre.start()
    await all_three(centre, customer)
    centre.desks["ann"].hang_up()
    await people.hears(customer, OTHER_AGENT)
    await people.agent_hears(centre.desks["ben"], CUSTOMER)
    customer.hang_up()
    await centre.until_fact(ev.InteractionEnded, 1)
    answers = [one.agent for one in await centre.facts() if isinstance(one, ev.InteractionAnswered)]
    assert answers == ["ann", "ben"]


async def test_a_centre_is_killed_while_an_agent_asks(centre: Killed) -> None:
    customer = await asking(centre)
    people = centre.people
    await centre.until_fact(ev.ConsultAnswered, 1)
    await centre.kill()
    await people.hears(customer, MUSIC, times=4)
    await people.agent_hears(centre.desks["ann"], OTHER_AGENT, times=4)
    await centre.start()
    await people.hears(customer, MUSIC)
    centre.command("ann", "cancel_consult")
    await people.hears(customer, AGENT)
    await people.over(centre.desks["ben"].calls[-1])
    customer.hang_up()
    await centre.until_fact(ev.InteractionEnded, 1)
