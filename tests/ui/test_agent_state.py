"""The agent's state in words, the queues, the connection, the wrap-up time: every case."""

from datetime import timedelta
from uuid import uuid4

import pytest

from console.domain.agent import AgentState, Presence
from console.domain.events import AudioDevicesChanged, LinkState, RegistrationChanged
from console.wire import AgentView, OfferView
from tests.ui.doubles import START, Scene, words
from ui.routing.presenter import (
    StateShown,
    Wish,
    present_queues,
    present_state,
    present_wrap_up,
    state_words,
)
from ui.shell.presenter import (
    link_notice,
    present_link,
    present_registration,
    present_sound,
    sound_notice,
    worst,
)
from ui.widgets.times import running, spoken

NOW = timedelta(0)
S = AgentState


def view(state: AgentState, presence: Presence = Presence.READY, **more: object) -> AgentView:
    return AgentView(sequence=1, at=START, state=state, presence=presence, since=START, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_state_has_a_word_of_its_own(language: str) -> None:
    said = [state_words(state, words(language)) for state in AgentState]
    assert all(said)
    assert len(set(said)) == len(AgentState)


@pytest.mark.parametrize(
    ("state", "presence", "can_ready", "leads"),
    [
        (S.READY, Presence.READY, False, False),
        (S.PAUSED, Presence.PAUSED, True, True),
        (S.NOT_RESPONDING, Presence.NOT_RESPONDING, True, True),
        (S.ON_CONTACT, Presence.READY, False, False),
        (S.ON_CONTACT, Presence.PAUSED, True, False),
        (S.WRAP_UP, Presence.READY, False, False),
    ],
)
def test_what_can_be_asked_for(state: AgentState, presence: Presence, can_ready: bool, leads: bool) -> None:
    shown = present_state(view(state, presence), LinkState.ONLINE, None, NOW, words())
    assert (shown.can_ready, shown.can_pause, shown.ready_leads) == (can_ready, True, leads)


@pytest.mark.parametrize("language", ["en", "de"])
def test_calls_that_ring_at_a_telephone_are_not_told_as_ringing_here(language: str) -> None:
    def shown(state: AgentState, contact: OfferView | None = None) -> StateShown:
        told = view(state, elsewhere=True, contact=contact)
        return present_state(told, LinkState.ONLINE, None, NOW, words(language))

    contact = OfferView(
        interaction=uuid4(), offer=uuid4(), queue="support", queue_name="Support",
        customer="sip:0301@asterisk", customer_name="", waiting_since=START, offered_at=START,
    )  # fmt: skip
    assert "0301" in shown(S.OFFERED, contact=contact).hint
    ready = shown(S.READY).hint
    assert ready == shown(S.OFFERED).hint
    assert ready != present_state(view(S.READY), LinkState.ONLINE, None, NOW, words(language)).hint
    assert (shown(S.ON_CONTACT).pause_after, shown(S.ON_CONTACT).pause_now) == ("", "")


@pytest.mark.parametrize("link", [link for link in LinkState if link is not LinkState.ONLINE])
@pytest.mark.parametrize("known", [None, view(S.READY)])
def test_without_the_centre_nothing_can_be_asked_for_and_it_says_why(
    link: LinkState, known: AgentView | None
) -> None:
    shown = present_state(known, link, None, NOW, words())
    assert not shown.can_ready
    assert not shown.can_pause
    assert shown.hint
    assert (shown.state is S.READY) == (link is LinkState.LOST and known is not None)


def test_a_pause_tells_its_reason_but_not_that_of_signing_in() -> None:
    paused = view(S.PAUSED, Presence.PAUSED, reason="Lunch")
    assert present_state(paused, LinkState.ONLINE, None, NOW, words("de")).reason == "Mittag"
    fresh = view(S.PAUSED, Presence.PAUSED, reason="sign-in")
    assert present_state(fresh, LinkState.ONLINE, None, NOW, words()).reason == ""


@pytest.mark.parametrize(
    ("wish", "shown", "done"),
    [
        (Wish(ready=True), view(S.READY), True),
        (Wish(ready=True), view(S.ON_CONTACT), True),
        (Wish(ready=True), view(S.PAUSED, Presence.PAUSED), False),
        (Wish(ready=False, reason="Lunch"), view(S.PAUSED, Presence.PAUSED, reason="Lunch"), True),
        (Wish(ready=False, reason="Lunch"), view(S.PAUSED, Presence.PAUSED, reason="Break"), False),
        (Wish(ready=False, reason="Lunch"), view(S.ON_CONTACT, Presence.PAUSED, reason="Lunch"), True),
    ],
)
def test_when_a_wish_has_come_true(wish: Wish, shown: AgentView, done: bool) -> None:
    assert wish.fulfilled_by(shown) is done


def test_the_queues_by_how_many_wait_then_by_name() -> None:
    shown = view(S.READY, queues={"b": "Billing", "a": "", "s": "Sales"}, waiting={"s": 2})
    assert [(row.name, row.waiting) for row in present_queues(shown)] == [
        ("Sales", 2),
        ("a", 0),
        ("Billing", 0),
    ]
    assert present_queues(None) == []


@pytest.mark.parametrize(("after", "left", "urgent"), [(0, 30.0, False), (20, 10.0, True), (31, 0.0, True)])
def test_the_wrap_up_time(after: float, left: float, urgent: bool) -> None:
    shown = view(S.WRAP_UP, wrap_up_until=START + timedelta(seconds=30))
    made = present_wrap_up(shown, START + timedelta(seconds=after), NOW, words())
    assert (made.left_s, made.urgent) == (left, urgent)


def test_a_wrap_up_without_limit() -> None:
    assert present_wrap_up(view(S.WRAP_UP), START, NOW, words()).left_s is None


def test_the_centres_clock_counts() -> None:
    offset = timedelta(seconds=-50)
    shown = view(S.WRAP_UP, wrap_up_until=START + timedelta(seconds=30) + offset)
    assert present_wrap_up(shown, START, offset, words()).left_s == 30.0


# ---- the connection


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_link_state_has_words_and_a_shape(language: str) -> None:
    said = [present_link(state, "Anna", "why", words(language)) for state in LinkState]
    assert len({one.words for one in said}) == len(LinkState)
    assert len({one.icon for one in said}) == len(LinkState)


def test_only_a_troubled_link_is_told_of() -> None:
    told = {state for state in LinkState if link_notice(state, "No such user", words())}
    assert told == {LinkState.LOST, LinkState.REFUSED}
    assert link_notice(LinkState.REFUSED, "", words()).startswith("The centre refused: The password")


def registration(ok: bool, account: str = "a", code: int = 0) -> RegistrationChanged:
    from uuid import UUID

    return RegistrationChanged(id=UUID(int=1), at=START, account=account, registered=ok, sip_code=code)


def test_the_account_in_trouble_is_shown_first() -> None:
    both = {"a": registration(ok=True), "b": registration(ok=False, account="b", code=401)}
    assert worst(both) is both["b"]
    assert worst({}) is None
    assert present_registration(None, words()) is None
    said = present_registration(both["b"], words())
    assert said is not None
    assert (said.words, said.tone) == ("Not registered (401)", "critical")


@pytest.mark.parametrize(
    ("speaker", "microphone", "said"),
    [
        ("a", "b", None),
        ("", "b", "No speaker"),
        ("a", "", "No microphone"),
        ("", "", "No speaker and no microphone"),
    ],
)
def test_missing_sound(scene: Scene, speaker: str, microphone: str, said: str | None) -> None:
    fact = AudioDevicesChanged(
        id=scene.clock.new_id(), at=START, speaker=speaker, microphone=microphone, ringer=""
    )
    shown = present_sound(fact, words())
    assert (shown.words if shown else None) == said
    assert bool(sound_notice(fact, words())) == (said is not None)


# ---- times


@pytest.mark.parametrize(
    ("seconds", "shown", "read"),
    [
        (-1, "0:00", "0 s"),
        (59.9, "0:59", "59 s"),
        (60, "1:00", "1 min"),
        (185, "3:05", "3 min 5 s"),
        (3725, "1:02:05", "1 h 2 min"),
    ],
)
def test_durations(seconds: float, shown: str, read: str) -> None:
    assert (running(seconds), spoken(seconds, words())) == (shown, read)
