"""What an agent's state says: the centre's view to words, time and what can be asked for. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.agent import AgentState, Presence
from console.domain.events import LinkState
from console.wire import AgentView
from ui.widgets.times import spoken
from ui.widgets.words import Words

SIGN_IN = "sign-in"
"""The reason that the centre gives a pause that begins with signing in."""

_WORDS = {
    AgentState.OFFLINE: "Offline",
    AgentState.READY: "Ready",
    AgentState.OFFERED: "Ringing",
    AgentState.ON_CONTACT: "On a call",
    AgentState.HOLD: "On hold",
    AgentState.WRAP_UP: "Wrap-up",
    AgentState.PAUSED: "Paused",
    AgentState.NOT_RESPONDING: "Not responding",
}
_BUSY = {AgentState.OFFERED, AgentState.ON_CONTACT, AgentState.HOLD, AgentState.WRAP_UP}
_AFTER = {
    AgentState.OFFERED: "Pause &after this call",
    AgentState.ON_CONTACT: "Pause &after this call",
    AgentState.HOLD: "Pause &after this call",
    AgentState.WRAP_UP: "Pause &after this wrap-up",
}
_NOW = {
    AgentState.OFFERED: "The call that rings goes to the next agent.",
    AgentState.ON_CONTACT: "The pause begins as soon as this call is over, without wrap-up.",
    AgentState.HOLD: "The pause begins as soon as this call is over, without wrap-up.",
    AgentState.WRAP_UP: "The wrap-up ends at once.",
}


@dataclass(frozen=True)
class Wish:
    """What the agent asked for and the centre has not brought about yet. `reason` is that of a pause."""

    ready: bool
    reason: str = ""

    def fulfilled_by(self, view: AgentView) -> bool:
        """Whether the centre's view is what was asked for."""
        if self.ready:
            return view.presence is Presence.READY
        return view.presence is Presence.PAUSED and view.reason == self.reason


@dataclass(frozen=True)
class StateShown:
    """The state switch as it is shown. `since` None: no running time."""

    state: AgentState
    words: str
    reason: str  # of a pause
    hint: str
    since: datetime | None
    can_ready: bool
    can_pause: bool
    ready_leads: bool  # the next thing to do is to become ready
    can_sign_in: bool = False
    pause_after: str = ""  # words for a pause that waits for the work at hand, "" when there is none
    pause_now: str = ""  # what a pause at once does to that work


@dataclass(frozen=True)
class QueueWaiting:
    """One of the agent's queues and how many wait in it."""

    key: str
    name: str
    waiting: int


def state_words(state: AgentState, words: Words) -> str:
    """An agent's state in a word or two."""
    return words(_WORDS[state])


def present_state(
    view: AgentView | None, link: LinkState, wish: Wish | None, offset: timedelta, words: Words
) -> StateShown:
    """How the agent's state is shown. `offset` is the centre's time less the desk's."""
    if link is not LinkState.ONLINE or view is None:
        return _unlinked(view, link, offset, words)
    return StateShown(
        state=view.state,
        words=state_words(view.state, words),
        reason=_reason(view, words),
        hint=_hint(view, wish, words),
        since=view.since - offset,
        can_ready=view.presence is not Presence.READY or (wish is not None and not wish.ready),
        can_pause=True,
        ready_leads=view.state in {AgentState.PAUSED, AgentState.NOT_RESPONDING, AgentState.OFFLINE},
        pause_after=words(_AFTER[view.state]) if view.state in _AFTER and not view.elsewhere else "",
        pause_now=words(_NOW[view.state]) if view.state in _NOW and not view.elsewhere else "",
    )


def present_queues(view: AgentView | None) -> list[QueueWaiting]:
    """The agent's queues, the fullest first."""
    if view is None:
        return []
    rows = [QueueWaiting(key, name or key, view.waiting.get(key, 0)) for key, name in view.queues.items()]
    return sorted(rows, key=lambda row: (-row.waiting, row.name.casefold()))


def _unlinked(view: AgentView | None, link: LinkState, offset: timedelta, words: Words) -> StateShown:
    hints = {
        LinkState.NONE: words("No centre: calls go straight to your phone."),
        LinkState.SIGNED_OUT: words("Sign in to take calls."),
        LinkState.CONNECTING: words("Asking the centre…"),
        LinkState.ONLINE: words("Asking the centre…"),
        LinkState.LOST: words("The centre is out of reach: your state cannot be changed until it is back."),
        LinkState.REFUSED: words("The centre refused the sign-in. Sign in again."),
    }
    known = view if link is LinkState.LOST else None
    alone = words("Phone alone") if link is LinkState.NONE else state_words(AgentState.OFFLINE, words)
    return StateShown(
        state=known.state if known else AgentState.OFFLINE,
        words=state_words(known.state, words) if known else alone,
        reason=_reason(known, words) if known else "",
        hint=hints[link],
        since=known.since - offset if known else None,
        can_ready=False,
        can_pause=False,
        ready_leads=False,
        can_sign_in=link in {LinkState.NONE, LinkState.SIGNED_OUT, LinkState.REFUSED},
    )


def _reason(view: AgentView, words: Words) -> str:
    told = view.state is AgentState.PAUSED and view.reason != SIGN_IN
    return words(view.reason) if told and view.reason else ""


def _hint(view: AgentView, wish: Wish | None, words: Words) -> str:
    if wish is not None:
        return words("Asking the centre…")
    if view.state in _BUSY and view.presence is Presence.PAUSED:
        return words("Afterwards: pause, {reason}", reason=words(view.reason))
    if view.elsewhere and view.state in {AgentState.READY, AgentState.OFFERED}:
        caller = _caller(view)
        if view.state is AgentState.OFFERED and caller:
            return words("{caller} rings at your telephone: answer there.", caller=caller)
        return words("Calls ring at your telephone.")
    return {
        AgentState.READY: words("Calls ring here."),
        AgentState.OFFERED: words("Answer or decline below."),
        AgentState.NOT_RESPONDING: words("A call rang unanswered. Become ready to get calls again."),
        AgentState.PAUSED: words("No calls come until you are ready."),
        AgentState.WRAP_UP: words("No calls come until you are done."),
    }.get(view.state, "")


def _caller(view: AgentView) -> str:
    """Who rings, in short."""
    contact = view.contact
    if contact is None:
        return ""
    return contact.customer_name or contact.customer.partition(":")[2].partition("@")[0]


@dataclass(frozen=True)
class WrapUpShown:
    """The wrap-up panel. `left_s` None: no limit. `longer` are the words of the key that adds time, "" where
    time needs no adding; `longer_why` tells what it does, or why it cannot be pressed.
    """

    left_s: float | None
    words: str
    urgent: bool
    longer: str = ""
    can_longer: bool = False
    longer_why: str = ""


def present_wrap_up(view: AgentView, now: datetime, offset: timedelta, words: Words) -> WrapUpShown:
    """How much of the wrap-up time is left."""
    if view.wrap_up_until is None:
        return WrapUpShown(None, words("Take the time you need."), urgent=False)
    left = max(0.0, (view.wrap_up_until - offset - now).total_seconds())
    can, why = _longer(view, words)
    return WrapUpShown(
        left,
        words("The centre ends wrap-up by itself."),
        urgent=left <= 10.0,
        longer=words("Longer: {time}", time=spoken(view.wrap_up_extension_s, words))
        if can
        else words("Longer"),
        can_longer=can,
        longer_why=why,
    )


def _longer(view: AgentView, words: Words) -> tuple[bool, str]:
    if view.wrap_up_extensions > 0:
        left = view.wrap_up_extensions
        return True, words.count(left, "Can be made longer once more.", "Can be made longer {n} more times.")
    if view.wrap_up_extension_s > 0:
        return False, words("It was made longer as often as the centre allows.")
    return False, words("In this queue wrap-up cannot be made longer.")
