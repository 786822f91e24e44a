"""How fresh the board is, in words: a wallboard that stands still must say so. Pure."""

from datetime import datetime
from enum import Enum

import msgspec

from console.domain.events import LinkState
from ui.metrics.tongue import Tongue
from ui.metrics.words import DASH

# The centre sends a sample every 2 s even when nothing happens: after five missing ones something is wrong.
STALE_AFTER_S = 10.0


class Health(Enum):
    """Whether the figures may be trusted as now's."""

    LIVE = "live"
    STALE = "stale"
    EMPTY = "empty"


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """`as_of`: the time at which waits and times in state are shown. `banner` "": nothing to tell."""

    health: Health
    as_of: datetime
    age_s: float = 0.0
    age: str = DASH
    banner: str = ""
    lost: bool = False


_EMPTY_WORDS = {
    LinkState.NONE: "banner signed out",
    LinkState.SIGNED_OUT: "banner signed out",
    LinkState.LOST: "banner lost empty",
    LinkState.REFUSED: "banner refused",
}


def freshness(taken: datetime | None, state: LinkState, now: datetime, tongue: Tongue) -> Freshness:
    """How fresh figures of `taken` (None: none yet) are at the centre's time `now`, over a link in `state`.

    Stale figures stay at the moment they are from: no wait goes on that nobody has seen.
    """
    lost = state in (LinkState.LOST, LinkState.REFUSED)
    if taken is None:
        banner = tongue.say(_EMPTY_WORDS.get(state, "banner first"))
        return Freshness(health=Health.EMPTY, as_of=now, banner=banner, lost=lost)
    age_s = max(0.0, (now - taken).total_seconds())
    age = tongue.age(age_s)
    words = {"age": age, "time": tongue.time(taken)}
    if state is LinkState.REFUSED:
        banner = tongue.say("banner refused")
    elif state is not LinkState.ONLINE:
        banner = tongue.say("banner lost", **words)
    elif age_s > STALE_AFTER_S:
        banner = tongue.say("banner stale", **words)
    else:
        return Freshness(health=Health.LIVE, as_of=now, age_s=age_s, age=age)
    return Freshness(health=Health.STALE, as_of=taken, age_s=age_s, age=age, banner=banner, lost=lost)
