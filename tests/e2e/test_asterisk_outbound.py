"""A real centre on a real Asterisk: agents call customers, and a killed centre does not part them."""

import pytest

from console.demo.robots import Plan, RobotAgent
from console.domain import events as ev
from console.domain.agent import AgentState
from console.metrics.snapshot import Fold
from tests.e2e.test_asterisk_consult import states
from tests.e2e.test_asterisk_kill import CLOCK, Killed
from tests.e2e.test_asterisk_kill import centre as centre
from tests.e2e.test_asterisk_kill import server as server
from tests.switch.world import AGENT, CUSTOMER, RINGBACK

pytestmark = [pytest.mark.asterisk, pytest.mark.sip, pytest.mark.e2e]


async def dialling(centre: Killed, plan: Plan | None = None) -> RobotAgent:
    """ann calls a customer."""
    people = centre.people
    ann = centre.desks["ann"] = await people.agent(tone=AGENT)
    await centre.start()
    phone = await people.phone(plan)
    centre.command("ann", "dial", phone.contact)
    await people.until(lambda: bool(ann.calls), "the ring at the own phone")
    assert ann.calls[0].headers["X-Queue-Key"] == "support"
    return phone


async def test_an_agent_calls_and_the_centre_dies_meanwhile(centre: Killed) -> None:
    phone, people = await dialling(centre, Plan(answer_after_s=0.5)), centre.people
    ann = centre.desks["ann"]
    await people.agent_hears(ann, RINGBACK)
    await people.agent_hears(ann, CUSTOMER)
    await people.agent_hears(phone, AGENT)
    await centre.until_fact(ev.InteractionAnswered, 1)
    await centre.kill()
    await people.agent_hears(phone, AGENT, times=4)
    await centre.start()
    await people.agent_hears(ann, CUSTOMER)
    phone.hang_up()
    await centre.until_fact(ev.InteractionEnded, 1)
    await people.over(ann.calls[0])
    facts = await centre.facts()
    told = [type(fact).__name__ for fact in facts if isinstance(fact, ev.InteractionEvent)]
    assert told == [
        *("OutboundRequested", "OfferRinging", "CallbackDialled", "InteractionAnswered", "InteractionEnded")
    ]
    ended = next(fact for fact in facts if isinstance(fact, ev.InteractionEnded))
    assert ended.by is ev.EndedBy.CUSTOMER
    assert states(facts, ev.OutboundRequested)["ann"] is AgentState.ON_CONTACT
    assert states(facts, ev.InteractionEnded)["ann"] is AgentState.READY
    fold = Fold()
    for sequence, fact in enumerate(facts, start=1):
        fold.apply(fact, sequence)
    total = fold.snapshot(CLOCK.now()).total
    assert total is not None
    counts = total.counts
    assert (counts.outbound, counts.outbound_reached, counts.offered, counts.answered) == (1, 1, 0, 0)
    assert counts.outbound_s > 0


async def test_the_centre_dies_while_the_customer_rings(centre: Killed) -> None:
    phone, people = await dialling(centre, Plan(answer_after_s=None)), centre.people
    await people.until(lambda: bool(phone.calls), "the ring at the customer's")
    await centre.kill()
    await centre.start()
    await people.over(phone.calls[0])
    await people.over(centre.desks["ann"].calls[0])
    await centre.until_fact(ev.InteractionEnded, 1)
    facts = await centre.facts()
    ended = next(fact for fact in facts if isinstance(fact, ev.InteractionEnded))
    assert (ended.by, ended.reason) == (ev.EndedBy.CENTRE, "centre restarted")
    assert states(facts, ev.InteractionEnded)["ann"] is AgentState.READY
