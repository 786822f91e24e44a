"""An offer to very many at once: what it costs to take it back grows with their number and no faster."""

import time
from datetime import datetime

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent, AgentState
from console.domain.standings import Standings

START = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
FEW, MANY = 2_000, 32_000
MOST = 5.0
"""How much more one agent's part may take among many; looked at pairwise it would be 16 times."""


def _hang_up_s(agents: int) -> float:
    """CPU seconds for each agent who is rung when the caller hangs up."""
    clock, standings = StoppedClock(START), Standings()

    def fact(kind: type, **fields: object) -> ev.LedgerEvent:
        made: ev.LedgerEvent = kind(id=clock.new_id(), at=START, **fields)
        return made

    caller = clock.new_id()
    standings.apply(fact(ev.InteractionArrived, interaction=caller, customer=Address("sip:1@x"), called="a"))
    standings.apply(fact(ev.InteractionQueued, interaction=caller, queue="a", waiting_since=START))
    for number in range(agents):
        key = f"a{number}"
        standings.apply(fact(ev.AgentConfigured, agent=Agent(key=key)))
        standings.apply(fact(ev.AgentSignedIn, agent=key, contact="sip:a@x", session=caller))
        standings.apply(fact(ev.AgentBecameReady, agent=key))
        standings.apply(
            fact(
                ev.InteractionOffered,
                interaction=caller,
                offer=clock.new_id(),
                queue="a",
                agent=key,
                ring_timeout_s=20.0,
            )
        )
    over = fact(ev.InteractionEnded, interaction=caller, by=ev.EndedBy.CUSTOMER)
    began = time.process_time()
    touched = standings.apply(over)
    took = time.process_time() - began
    assert [agent.agent.key for agent in touched] == [f"a{number}" for number in range(agents)]
    assert {agent.state for agent in touched} == {AgentState.READY}
    return took / agents


def test_a_caller_who_hangs_up_frees_all_who_ring_in_one_pass() -> None:
    few = min(_hang_up_s(FEW) for _ in range(5))
    many = min(_hang_up_s(MANY) for _ in range(3))
    assert many < MOST * few
