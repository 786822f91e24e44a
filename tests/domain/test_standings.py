"""The one derivation of standings: every fact against every phase, and the races by name."""

from datetime import datetime, timedelta

import pytest

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent, AgentState, Presence
from console.domain.errors import IllegalTransition
from console.domain.interaction import INTERACTION_TABLE, PASSING, Phase, next_phase
from console.domain.staff import SIGN_IN_REASON
from console.domain.standing import after
from console.domain.standings import Standings

START = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
CLOCK = StoppedClock(START)
ONE, OFFER, OTHER, ASKING = (CLOCK.new_id() for _ in range(4))

FACTS: dict[str, dict[str, object]] = {
    "InteractionArrived": {"customer": Address("sip:1@x"), "called": "a"},
    "InteractionRefused": {"reason": "full"},
    "InteractionQueued": {"queue": "a", "waiting_since": START},
    "InteractionLeftQueue": {"queue": "a", "reason": ev.LeaveReason.TIMEOUT},
    "InteractionRelaxed": {"step": 1, "tier": 2},
    "InteractionPrioritised": {"priority": 7, "by": "eve"},
    "InteractionAttached": {"attached": {"X-A": "1"}, "by": "eve"},
    "InteractionPulled": {"agent": "ada", "by": "eve"},
    "InteractionOffered": {"offer": OFFER, "queue": "a", "agent": "ada", "ring_timeout_s": 20.0},
    "OfferEnded": {"offer": OFFER, "agent": "ada", "reason": ev.OfferEndReason.NO_ANSWER},
    "InteractionAnswered": {"offer": OFFER, "queue": "a", "agent": "ada"},
    "InteractionHeld": {"agent": "ada"},
    "InteractionResumed": {"agent": "ada"},
    "InteractionTransferred": {"agent": "ada", "target": "b"},
    "DigitReceived": {"digit": "1"},
    "PositionAnnounced": {"position": 1},
    "CallbackProposed": {},
    "CallbackRefused": {"reason": "denied"},
    "CallbackRequested": {
        "interaction": ASKING,
        "callback": ONE,
        "queue": "a",
        "customer": Address("sip:1@x"),
        "waiting_since": START,
    },
    "CallbackDialled": {"offer": OFFER, "agent": "ada"},
    "CustomerNotReached": {"agent": "ada", "reason": "busy"},
    "CallbackPostponed": {"until": START, "tries": 1},
    "VoicemailStarted": {"queue": "a", "most_s": 60.0},
    "InteractionEnded": {"by": ev.EndedBy.CUSTOMER},
}
_QUEUED = ("InteractionArrived", "InteractionQueued")
WAY: dict[Phase, tuple[str, ...]] = {
    Phase.NEW: (),
    Phase.ARRIVED: ("InteractionArrived",),
    Phase.WAITING: _QUEUED,
    Phase.OFFERED: (*_QUEUED, "InteractionOffered"),
    Phase.CONNECTED: (*_QUEUED, "InteractionOffered", "InteractionAnswered"),
    Phase.HELD: (*_QUEUED, "InteractionOffered", "InteractionAnswered", "InteractionHeld"),
    Phase.ENDED: ("InteractionArrived", "InteractionEnded"),
}
_CALLED = ("CallbackRequested", "InteractionOffered", "CallbackDialled")
WAY_OF_CALLBACK: dict[Phase, tuple[str, ...]] = {
    Phase.WAITING: _CALLED[:1],
    Phase.OFFERED: _CALLED[:2],
    Phase.DIALLED: _CALLED,
    Phase.CONNECTED: (*_CALLED, "InteractionAnswered"),
    Phase.HELD: (*_CALLED, "InteractionAnswered", "InteractionHeld"),
    Phase.ENDED: (*_CALLED, "InteractionEnded"),
}
WAYS = [(phase, way) for ways in (WAY, WAY_OF_CALLBACK) for phase, way in ways.items()]


def _told(standings: Standings, kind: str, *, at: datetime = START, **other: object) -> None:
    fields = FACTS.get(kind, {}) | other
    if issubclass(getattr(ev, kind), ev.InteractionEvent):
        fields = dict(fields)
        fields.setdefault("interaction", ONE)
    standings.apply(getattr(ev, kind)(id=CLOCK.new_id(), at=at, **fields))


def _at_work() -> Standings:
    standings = Standings()
    _told(standings, "AgentConfigured", agent=Agent(key="ada", queues=("a",)))
    _told(standings, "AgentSignedIn", agent="ada", contact="sip:ada@x", session=CLOCK.new_id())
    _told(standings, "AgentBecameReady", agent="ada")
    return standings


def _phase(standings: Standings) -> Phase:
    known = standings.interactions.get(ONE)
    return known.phase if known else Phase.ENDED


def _expected(phase: Phase, kind: str, way: tuple[str, ...]) -> Phase:
    """What the table says, and the rules beside it."""
    if phase is Phase.NEW:
        begun = {"InteractionArrived": Phase.ARRIVED, "CallbackRequested": Phase.WAITING}
        return begun.get(kind, Phase.ENDED)
    if phase is Phase.ENDED:  # nobody remembers what is over: ids are never used again
        return {"InteractionArrived": Phase.ARRIVED, "CallbackRequested": Phase.WAITING}.get(kind, phase)
    if kind == "InteractionAnswered":  # an answer is always true, but for one told twice
        return phase if phase is Phase.HELD else Phase.CONNECTED
    if kind == "CallbackDialled" and _CALLED[0] not in way:  # a customer on the line is not called back
        return phase
    try:
        return next_phase(phase, kind)
    except IllegalTransition:
        return phase


@pytest.mark.parametrize(("phase", "way"), WAYS)
@pytest.mark.parametrize("kind", list(FACTS))
def test_every_fact_in_every_phase(phase: Phase, way: tuple[str, ...], kind: str) -> None:
    """What the table allows moves as the table says; what it does not is counted and changes nothing."""
    standings = _at_work()
    for step in way:
        _told(standings, step)
    ignored = standings.ignored
    _told(standings, kind)
    expected = _expected(phase, kind, way)
    assert _phase(standings) is expected
    allowed = (phase, kind) in INTERACTION_TABLE or kind in PASSING or kind == "InteractionAnswered"
    if expected is phase and not allowed:
        assert standings.ignored == ignored + 1


@pytest.mark.parametrize(("phase", "way"), WAYS)
def test_an_end_frees_everybody(phase: Phase, way: tuple[str, ...]) -> None:
    standings = _at_work()
    for step in way:
        _told(standings, step)
    _told(standings, "InteractionEnded")
    ada = standings.agents["ada"]
    assert (ada.work, ada.open_offer, ada.state, standings.interactions) == ({}, None, AgentState.READY, {})


def test_signing_in_begins_with_a_pause() -> None:
    standings = Standings()
    _told(standings, "AgentSignedIn", agent="new", contact="sip:new@x", session=CLOCK.new_id())
    new = standings.agents["new"]
    assert (new.state, new.reason, new.since, new.linked) == (AgentState.PAUSED, SIGN_IN_REASON, START, True)


@pytest.mark.parametrize("kind", ["AgentBecameReady", "AgentNotResponding", "AgentSignedOut"])
def test_who_is_not_signed_in_gets_no_state(kind: str) -> None:
    standings = Standings()
    _told(standings, "AgentConfigured", agent=Agent(key="ada"))
    _told(standings, kind, agent="ada")
    _told(standings, kind, agent="nobody")
    assert (standings.agents["ada"].state, standings.ignored) == (AgentState.OFFLINE, 2)


def test_an_answer_shows_that_the_agent_responds() -> None:
    standings = _at_work()
    for kind in ("InteractionArrived", "InteractionQueued", "InteractionOffered", "OfferEnded"):
        _told(standings, kind)
    _told(standings, "AgentNotResponding", agent="ada")
    _told(standings, "InteractionAnswered")
    ada = standings.agents["ada"]
    assert (ada.state, ada.presence) == (AgentState.ON_CONTACT, Presence.READY)


def test_the_end_of_another_offer_ends_nothing() -> None:
    standings = _at_work()
    for kind in WAY[Phase.OFFERED]:
        _told(standings, kind)
    _told(standings, "OfferEnded", offer=OTHER)
    assert _phase(standings) is Phase.OFFERED
    assert standings.agents["ada"].state is AgentState.OFFERED


def test_time_in_state_begins_anew_with_the_state_or_its_reason_only() -> None:
    standings = _at_work()
    for second, reason in ((10, "Break"), (20, "Break"), (30, "Lunch")):
        _told(standings, "AgentPaused", at=START + timedelta(seconds=second), agent="ada", reason=reason)
    assert standings.agents["ada"].since == START + timedelta(seconds=30)
    _told(standings, "AgentPaused", at=START + timedelta(seconds=40), agent="ada", reason="Lunch")
    assert standings.agents["ada"].since == START + timedelta(seconds=30)


def test_wrap_up_is_not_begun_again_by_a_second_fact() -> None:
    standings = _at_work()
    wrap_up = {"agent": "ada", "interaction": ONE, "queue": "a", "limit_s": 30.0}
    _told(standings, "WrapUpStarted", **wrap_up)
    _told(standings, "WrapUpStarted", at=START + timedelta(seconds=20), **wrap_up)
    assert standings.agents["ada"].wrap_up_until == START + timedelta(seconds=30)
    assert (standings.agents["ada"].state, standings.ignored) == (AgentState.WRAP_UP, 1)


@pytest.mark.parametrize("seconds", [1e300, float("inf")])
def test_a_limit_without_measure_is_ten_years(seconds: float) -> None:
    assert (after(START, seconds) - START).days == 3650


def test_contacts_and_talk_count_from_the_sign_in_without_hold() -> None:
    standings = _at_work()
    way = (*WAY[Phase.CONNECTED], "InteractionHeld", "InteractionResumed", "InteractionAnswered")
    for second, kind in enumerate(way):
        _told(standings, kind, at=START + timedelta(seconds=10 * second))
    _told(standings, "InteractionEnded", at=START + timedelta(seconds=100))
    ada = standings.agents["ada"]
    assert (ada.contacts, ada.talk_s) == (1, 10 + 50)  # answered at 30, held 40 to 50, told twice at 60
    assert ada.offered_at == {"a": START + timedelta(seconds=20)}
    _told(standings, "AgentSignedIn", agent="ada", contact="sip:ada@y", session=CLOCK.new_id())
    assert ada.contacts == 1  # another desk, the same working time
    _told(standings, "AgentSignedOut", agent="ada")
    _told(standings, "AgentSignedIn", agent="ada", contact="sip:ada@y", session=CLOCK.new_id())
    assert (ada.contacts, ada.talk_s) == (0, 0.0)


def test_a_clock_set_back_measures_no_talk() -> None:
    standings = _at_work()
    for kind in WAY[Phase.CONNECTED]:
        _told(standings, kind)
    _told(standings, "InteractionEnded", at=START - timedelta(hours=1))
    assert standings.agents["ada"].talk_s == 0.0
