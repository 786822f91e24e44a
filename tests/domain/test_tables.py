"""The state machines over every pair of state and event."""

import inspect

import pytest

from console.domain import events
from console.domain.agent import SHOWN_FIRST, AgentState, Presence, Role, Work, shown_state
from console.domain.call import CALL_TABLE, CallPhase, CallStep, next_call_phase
from console.domain.errors import IllegalTransition
from console.domain.interaction import INTERACTION_TABLE, PASSING, Phase, next_phase


@pytest.mark.parametrize("phase", list(CallPhase))
@pytest.mark.parametrize("step", list(CallStep))
def test_every_call_step_is_in_the_table_or_refused(phase: CallPhase, step: CallStep) -> None:
    if (phase, step) in CALL_TABLE:
        assert next_call_phase(phase, step) is CALL_TABLE[phase, step]
    else:
        with pytest.raises(IllegalTransition, match=phase.value):
            next_call_phase(phase, step)


@pytest.mark.parametrize("phase", [phase for phase in CallPhase if phase is not CallPhase.ENDED])
def test_a_call_can_end_from_every_phase(phase: CallPhase) -> None:
    assert next_call_phase(phase, CallStep.END) is CallPhase.ENDED


def _interaction_events() -> list[str]:
    return [
        name
        for name, kind in inspect.getmembers(events, inspect.isclass)
        if issubclass(kind, events.InteractionEvent) and kind is not events.InteractionEvent
    ]


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("name", _interaction_events())
def test_every_fact_about_an_interaction_has_a_rule(phase: Phase, name: str) -> None:
    if (phase, name) in INTERACTION_TABLE:
        assert next_phase(phase, name) is INTERACTION_TABLE[phase, name]
    elif name in PASSING and phase is not Phase.NEW:
        assert next_phase(phase, name) is phase
    else:
        with pytest.raises(IllegalTransition):
            next_phase(phase, name)


def test_the_table_names_only_facts_that_exist() -> None:
    named = {name for _, name in INTERACTION_TABLE} | PASSING
    assert named <= set(_interaction_events())


@pytest.mark.parametrize(
    "phase",
    [phase for phase in Phase if phase not in {Phase.NEW, Phase.ENDED}],
    ids=lambda phase: phase.value,
)
def test_an_interaction_can_end_from_every_open_phase(phase: Phase) -> None:
    assert next_phase(phase, "InteractionEnded") is Phase.ENDED


def test_the_state_shown_is_the_first_of_the_rule() -> None:
    assert shown_state(Presence.READY, []) is AgentState.READY
    assert shown_state(Presence.PAUSED, [Work.TALKING]) is AgentState.ON_CONTACT
    assert shown_state(Presence.READY, [Work.HELD, Work.TALKING]) is AgentState.ON_CONTACT
    assert shown_state(Presence.READY, [Work.WRAP_UP, Work.HELD]) is AgentState.HOLD
    assert shown_state(Presence.READY, [Work.OFFERED, Work.WRAP_UP]) is AgentState.WRAP_UP
    assert shown_state(Presence.NOT_RESPONDING, [Work.TALKING]) is AgentState.NOT_RESPONDING
    assert shown_state(Presence.OFFLINE, []) is AgentState.OFFLINE
    assert set(SHOWN_FIRST) | {AgentState.OFFLINE} == set(AgentState)


def test_roles_include_the_ones_before_them() -> None:
    assert Role.ADMIN.includes(Role.SUPERVISOR)
    assert Role.SUPERVISOR.includes(Role.AGENT)
    assert not Role.AGENT.includes(Role.SUPERVISOR)
