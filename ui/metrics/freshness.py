"""How fresh the board is, in words: a wallboard that stands still must say so. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import msgspec
from msgspec.structs import replace

from console.domain.events import LinkState
from console.domain.figures import Notice
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


def with_notices(fresh: Freshness, notices: Sequence[Notice], tongue: Tongue) -> Freshness:
    """The same with what the centre has to tell of its telephone systems, unless there is worse to tell."""
    if fresh.banner or not notices:
        return fresh
    lost = any(one.kind == "away" for one in notices)
    words = " · ".join(_words(one, tongue) for one in notices)
    return replace(fresh, banner=words, lost=lost)


def _words(notice: Notice, tongue: Tongue) -> str:
    time = tongue.time(notice.since)
    if notice.kind == "away":
        return tongue.say("banner away", where=notice.where, time=time)
    key = "banner fallback" if notice.waiting else "banner fallback over"
    return tongue.say(key, callers=notice.callers, waiting=notice.waiting, time=time)


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
