"""What an Asterisk has of ours: channels, bridges, and the notes of calls that ended while nobody was here.

A channel's id tells what it is for (`callboard-agent-OFFER-...`), the variable CALLBOARD_INTERACTION whose it
is. When a call ends, Asterisk's dialplan notes its time and the channel that ended first in a global variable
(see `asterisk_config`), which is read for calls that ended unseen, and removed for all.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from console.domain.errors import NetworkError
from console.switch.ari import Ari, AriAnswer, Bridge, Channel, Named
from console.switch.asterisk_lines import is_ours
from console.switch.asterisk_offers import INTERACTION
from console.switch.asterisk_sides import TAP

NOTE = "CALLBOARD_OVER_"
"""The names of the global variables begin so; the interaction follows."""

_KEPT_S = 5.0
"""A note is removed so long after the centre itself has seen the end: by then it is written."""

_T = TypeVar("_T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AGENT, _CUSTOMER, _OUTSIDE = "callboard-agent-", "callboard-customer-", "callboard-outside-"
_NO_CHANNEL = ("callboard-speech-", "callboard-message-", "callboard-recording-", "callboard-bridge-")


class Note(msgspec.Struct, frozen=True):
    """When a call was over, and the channel that ended first."""

    at: datetime
    channel: str


class _Status(msgspec.Struct):
    startup_time: str = ""


class _Info(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


class _Application(msgspec.Struct):
    channel_ids: list[str] = []


class _Value(msgspec.Struct):
    value: str = ""


class Seen(msgspec.Struct, frozen=True):
    """What is ours on an Asterisk at one moment, and when that Asterisk started."""

    started: datetime
    channels: dict[str, Channel]
    bridges: dict[str, Bridge]

    def customer(self, interaction: UUID) -> str:
        """The channel of an interaction's customer; "": none."""
        return next((one for one in self._of(interaction) if is_customer(one)), "")

    def offered(self, offer: UUID) -> str:
        """The channel of the desk that was rung for an offer; "": none."""
        return next((one for one in self.channels if one.startswith(f"{_AGENT}{offer.hex}")), "")

    def outside(self, interaction: UUID) -> str:
        """The channel to somebody outside whom a customer was passed on to; "": none."""
        start = f"{_OUTSIDE}{interaction.hex}"
        return next((one for one in self.channels if one.startswith(start)), "")

    def bridge(self, channel: str) -> Bridge | None:
        """The bridge that a channel is in."""
        return next((one for one in self.bridges.values() if channel in one.channels), None)

    def _of(self, interaction: UUID) -> list[str]:
        return [one for one, channel in self.channels.items() if interaction_of(channel) == interaction]


def interaction_of(channel: Channel) -> UUID | None:
    """The interaction that a channel belongs to, as it was told; None: not yet."""
    with suppress(ValueError):
        return UUID(channel.channelvars.get(INTERACTION, ""))
    return None


def is_customer(channel: str) -> bool:
    """Whether a customer is there: one who called, or who was called back."""
    return not is_ours(channel) or channel.startswith(_CUSTOMER)


def is_agent(channel: str) -> bool:
    """Whether an agent's desk is there."""
    return channel.startswith(_AGENT)


def is_channel(identity: str) -> bool:
    """Whether this is a channel's id, and no playback's or recording's."""
    return not identity.startswith(_NO_CHANNEL)


def moment_of(text: str) -> datetime | None:
    """A time as Asterisk writes it, `2026-11-23T05:04:34.456+0000`."""
    with suppress(ValueError):
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
    return None


async def look(ari: Ari) -> Seen:
    """What is ours there now. Raises NetworkError."""
    paths = ("asterisk/info", f"applications/{ari.app}", "channels", "bridges")
    info, application, channels, bridges = await asyncio.gather(*(ari.ask("GET", path) for path in paths))
    started = moment_of(_read(info, _Info).status.startup_time) or _EPOCH
    ours = set(_read(application, _Application).channel_ids)
    return Seen(
        started=started,
        channels={one.id: one for one in _read(channels, list[Channel]) if one.id in ours or is_ours(one.id)},
        bridges={one.id: one for one in _read(bridges, list[Bridge]) if _is_talked_in(one.id)},
    )


def _is_talked_in(bridge: str) -> bool:
    """Whether this is a bridge of a call: who records or listens ends its own."""
    return is_ours(bridge) and not bridge.startswith(TAP)


def _read(answer: AriAnswer, kind: type[_T]) -> _T:
    if not answer.ok:
        raise NetworkError(f"Asterisk does not tell what it has: {answer.status} {answer.words}")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.MsgspecError as fault:
        raise NetworkError(f"Asterisk tells what nobody understands: {fault}") from None


async def variable(ari: Ari, channel: str, name: str) -> str:
    """A variable of a channel; "" when there is none (any more). Raises NetworkError."""
    answer = await ari.ask("GET", f"channels/{channel}/variable", {"variable": name})
    return _read(answer, _Value).value if answer.ok else ""


async def stored(ari: Ari) -> list[str]:
    """The names of the recordings that are complete. Raises NetworkError."""
    return [one.name for one in _read(await ari.ask("GET", "recordings/stored"), list[Named])]


async def is_over(ari: Ari, path: str) -> bool:
    """Whether a playback or recording is no more. Raises NetworkError."""
    return (await ari.ask("GET", path)).refused


class Notes:
    """The notes that an Asterisk keeps for us of calls that are over."""

    def __init__(self, ari: Ari) -> None:
        self._ari = ari
        self._old: deque[tuple[float, UUID]] = deque()

    async def read(self, interactions: Iterable[UUID]) -> dict[UUID, Note]:
        """Those that there are. Raises NetworkError."""
        wanted = list(interactions)
        answers = await asyncio.gather(*(self._ask(one) for one in wanted))
        return {one: note for one, answer in zip(wanted, answers, strict=True) if (note := _noted(answer))}

    def drop(self, interaction: UUID) -> None:
        """The note of this call is needed no more; it goes a little later."""
        now = asyncio.get_running_loop().time()
        self._old.append((now, interaction))
        while self._old and self._old[0][0] + _KEPT_S <= now:
            _, old = self._old.popleft()
            self._ari.send("POST", "asterisk/variable", {"variable": f"{NOTE}{old}"})

    def _ask(self, interaction: UUID) -> "asyncio.Future[AriAnswer]":
        question = {"variable": f"{NOTE}{interaction}"}
        return asyncio.ensure_future(self._ari.ask("GET", "asterisk/variable", question))


def _noted(answer: AriAnswer) -> Note | None:
    if not answer.ok:
        return None
    seconds, _, channel = _read(answer, _Value).value.partition(" ")
    try:
        return Note(_EPOCH + timedelta(seconds=float(seconds)), channel)
    except (ValueError, OverflowError):
        return None
