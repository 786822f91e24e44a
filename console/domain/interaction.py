"""One customer contact in the centre: its phases and the table of steps, keyed by the causing event."""

from enum import StrEnum

from console.domain.errors import IllegalTransition


class Phase(StrEnum):
    """Where an interaction stands."""

    NEW = "new"
    ARRIVED = "arrived"  # at the switch, not yet in a queue
    WAITING = "waiting"  # in a queue, no agent reserved
    OFFERED = "offered"  # reserved for an agent, who is rung
    DIALLED = "dialled"  # a callback whose agent is there while the customer is rung; an outbound call
    CONNECTED = "connected"  # talking with an agent
    HELD = "held"  # connected, put on hold by the agent
    ENDED = "ended"


# (phase, event class name) -> phase. What is not in the table is refused.
INTERACTION_TABLE: dict[tuple[Phase, str], Phase] = {
    (Phase.NEW, "InteractionArrived"): Phase.ARRIVED,
    (Phase.ARRIVED, "InteractionQueued"): Phase.WAITING,
    (Phase.ARRIVED, "InteractionRefused"): Phase.ARRIVED,
    (Phase.ARRIVED, "InteractionEnded"): Phase.ENDED,
    (Phase.WAITING, "InteractionQueued"): Phase.WAITING,
    (Phase.WAITING, "InteractionOffered"): Phase.OFFERED,
    (Phase.WAITING, "InteractionLeftQueue"): Phase.ARRIVED,
    (Phase.WAITING, "InteractionAnswered"): Phase.CONNECTED,
    (Phase.WAITING, "InteractionEnded"): Phase.ENDED,
    (Phase.NEW, "CallbackRequested"): Phase.WAITING,  # the callback's own life begins
    (Phase.NEW, "OutboundRequested"): Phase.DIALLED,
    (Phase.DIALLED, "CallbackDialled"): Phase.DIALLED,  # an outbound call: the agent is there
    (Phase.ARRIVED, "CallbackRequested"): Phase.ARRIVED,  # the call that asked for it
    (Phase.ARRIVED, "VoicemailStarted"): Phase.ARRIVED,
    (Phase.WAITING, "CallbackDialled"): Phase.DIALLED,  # it crossed the end of its offer
    (Phase.OFFERED, "CallbackDialled"): Phase.DIALLED,
    (Phase.DIALLED, "InteractionAnswered"): Phase.CONNECTED,
    (Phase.DIALLED, "CustomerNotReached"): Phase.WAITING,
    (Phase.DIALLED, "InteractionEnded"): Phase.ENDED,
    (Phase.OFFERED, "InteractionQueued"): Phase.WAITING,  # moved: what rings is withdrawn
    (Phase.OFFERED, "InteractionOffered"): Phase.OFFERED,  # a broadcast
    (Phase.OFFERED, "OfferEnded"): Phase.WAITING,  # the last one that rang
    (Phase.OFFERED, "InteractionAnswered"): Phase.CONNECTED,
    (Phase.OFFERED, "InteractionEnded"): Phase.ENDED,
    (Phase.CONNECTED, "InteractionHeld"): Phase.HELD,
    (Phase.CONNECTED, "InteractionResumed"): Phase.CONNECTED,
    (Phase.CONNECTED, "InteractionTransferred"): Phase.ARRIVED,
    (Phase.CONNECTED, "InteractionEnded"): Phase.ENDED,
    (Phase.HELD, "InteractionHeld"): Phase.HELD,
    (Phase.HELD, "InteractionResumed"): Phase.CONNECTED,
    (Phase.HELD, "InteractionTransferred"): Phase.ARRIVED,
    (Phase.HELD, "InteractionEnded"): Phase.ENDED,
}

# Facts about an interaction that leave its phase as it is.
PASSING = frozenset(
    {
        "OfferRinging",
        "OfferEnded",
        "DigitReceived",
        "PositionAnnounced",
        "InteractionRelaxed",
        "InteractionPrioritised",
        "InteractionAttached",
        "InteractionPulled",
        "CallbackProposed",
        "CallbackRefused",
        "CallbackPostponed",
        "VoicemailLeft",
        "RecordingStarted",
        "RecordingPaused",
        "RecordingResumed",
        "RecordingEnded",
        "MonitoringStarted",
        "MonitoringChanged",
        "MonitoringEnded",
    }
)


def next_phase(phase: Phase, event_name: str) -> Phase:
    """The phase after the event of that class name.

    A passing fact (a digit, a late end of an offer that another agent has won) leaves an open interaction
    as it is. Raises IllegalTransition when the table has no such step.
    """
    found = INTERACTION_TABLE.get((phase, event_name))
    if found is not None:
        return found
    if event_name in PASSING and phase not in {Phase.NEW}:
        return phase
    raise IllegalTransition(f"an interaction that is {phase} cannot take {event_name}")
