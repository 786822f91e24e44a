"""What the calls on an Asterisk have in common: its channels, bridges, sounds and music by name."""

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import unquote
from uuid import UUID

from aiosipua import parse_uri

from console.domain.errors import BadInput, NetworkError
from console.switch.ari import Ari, AriAnswer
from console.switch.offers import one_line

ELSEWHERE = 26
"""Q.850 "non-selected user clearing": Asterisk tells the desk that the call was completed elsewhere."""

_OURS = "callboard-"
_MADE = re.compile(r"callboard-[a-z]+-[0-9a-f]{32}-")
"""An Asterisk whose systemname is callboard gives its own channels ids that begin so too."""

SILENCE = "silence"
"""In place of a music's name: silence that is sent."""

CUSTOMER = f"{_OURS}customer"
"""The ids of channels to customers who are called back begin so."""

PARTNER = "CALLBOARD_PARTNER"
"""The channel variable with the name of the channel that ends when this one ends, also without us."""

MEANWHILE = -1
"""In place of a SIP status: it ended while the connection to Asterisk was lost, nobody knows how."""

_AT_THE_END = {"CHANNEL(hangup_handler_push)": "callboard-over,other,1"}
_RINGS_S = 180
"""A desk that nobody here stops ringing is not rung for longer."""

_SOON_S = 0.05
"""A line may be without sound for so long: nobody can hear it, and it is not taken for dead."""

_LAST_PORT = 65535
_LONGEST = 70
"""Of a channel's id (Asterisk's AST_MAX_UNIQUEID is 149, and a second half may be appended)."""


class Owner(Protocol):
    """Who is told what happens on a channel."""

    interaction: UUID

    def ringing(self, channel: str) -> None:
        """It rings there."""

    def early(self, channel: str) -> None:
        """That side sends sound before it answers."""

    def up(self, channel: str) -> None:
        """Somebody answered, and the channel is ours."""

    def gone(self, channel: str, code: int) -> None:
        """It is over; `code` as in SIP, 0 when it was up or nobody knows."""

    def holds(self, channel: str, *, on: bool) -> None:
        """The far end holds, or holds no more."""

    def digit(self, channel: str, digit: str) -> None:
        """A key was pressed."""

    def spoken(self, playback: str) -> None:
        """A playback is over."""

    def recorded(self, name: str, seconds: float) -> None:
        """A recording is over, or failed (less than 0 seconds)."""

    def transfers(self, channel: str, target: str) -> None:
        """A REFER: the far end wants the other side to be connected there."""


class Lines:
    """Channels by their ids, on one Asterisk. `endpoint` is the PJSIP endpoint that calls go out by."""

    def __init__(self, ari: Ari, *, endpoint: str, sounds: str, language: str) -> None:
        self.ari = ari
        self.owners: dict[str, Owner] = {}
        self.names: dict[str, str] = {}
        self.unfinished: dict[str, str] = {}
        """Messages that a dead centre's customers were leaving: the recording's name by channel."""
        self.tied: Callable[[str, str], None] = lambda customer, partner: None
        """Is told who is joined with whom."""
        self._endpoint = endpoint
        self._sounds = PurePosixPath(sounds)
        self._language = language
        self._made = 0
        self._run = secrets.token_hex(3)
        self._prepared: dict[str, int] = {}

    def name(self, what: str, of: UUID) -> str:
        """An id that nothing else in this Asterisk has."""
        self._made += 1
        return f"{_OURS}{what}-{of.hex}-{self._run}{self._made}"[:_LONGEST]

    def known(self, identity: str, owner: Owner) -> str:
        """What happens there is this one's business from now on."""
        self.owners[identity] = owner
        return identity

    def forget(self, identity: str) -> Owner | None:
        """It is over."""
        self.names.pop(identity, None)
        return self.owners.pop(identity, None)

    def named(self, channel: str, name: str) -> None:
        """What Asterisk calls a channel, beside its id."""
        if channel in self.owners:
            self.names[channel] = name

    # ------------------------------------------------------------------ channels

    def dial(
        self,
        owner: Owner,
        channel: str,
        to: str,
        *,
        caller: tuple[str, str],
        headers: Mapping[str, str],
        variables: Mapping[str, str],
    ) -> None:
        """Call a SIP URI, or an endpoint as `PJSIP/anna`. Raises NetworkError when it is neither."""
        endpoint = self._endpoint_of(to)
        self.known(channel, owner)
        every = {f"PJSIP_HEADER(add,{name})": one_line(value) for name, value in headers.items()}
        query: dict[str, str | int] = {
            "endpoint": endpoint,
            "app": self.ari.app,
            "appArgs": "dialled",
            "channelId": channel,
            "callerId": _caller_id(caller),
            "timeout": _RINGS_S,
        }

        def answered(answer: AriAnswer) -> None:
            if answer.refused and self.forget(channel) is not None:
                owner.gone(channel, 480)

        handling = {"PJSIP_TRANSFER_HANDLING()": "ari-only", **_AT_THE_END}
        body = {"variables": {**variables, **every, **handling}}
        self.ari.send("POST", "channels", query, body=body, answered=answered)

    def dial_early(
        self, owner: Owner, channel: str, to: str, *, caller: tuple[str, str], timeout_s: float
    ) -> None:
        """Call a customer whose sound can be bridged before the answer. Raises NetworkError."""
        handling = {"PJSIP_TRANSFER_HANDLING()": "ari-only", **_AT_THE_END}
        endpoint = self._endpoint_of(to)
        self.known(channel, owner)
        number, name = _user_of(caller[0]), one_line(caller[1])
        variables = {
            "CONNECTEDLINE(num,i)": number,  # the From of a channel that is dialled
            "CONNECTEDLINE(name,i)": name,
            **handling,
        }

        def answered(answer: AriAnswer) -> None:
            if answer.refused and self.forget(channel) is not None:
                owner.gone(channel, 480)

        query = {"endpoint": endpoint, "app": self.ari.app, "appArgs": "early", "channelId": channel}
        self.ari.send("POST", "channels/create", query, body={"variables": variables}, answered=answered)
        self._prepared[channel] = int(timeout_s) + 1

    def prepared(self, channel: str) -> None:
        """A channel that was made for `dial_early` is ours: dial."""
        timeout_s = self._prepared.pop(channel, 0)
        owner = self.owners.get(channel)
        if owner is None:
            self.hang_up(channel)
            return

        def answered(answer: AriAnswer) -> None:
            if answer.refused and self.forget(channel) is not None:
                owner.gone(channel, 480)

        self.ari.send("POST", f"channels/{channel}/dial", {"timeout": timeout_s}, answered=answered)

    def answer(self, channel: str) -> None:
        """Take a call."""
        self.ari.send("POST", f"channels/{channel}/answer")

    def hang_up(self, channel: str, code: int = 0) -> None:
        """End a channel, with a cause of Q.850; nobody is told any more."""
        self.forget(channel)
        self.ari.send("DELETE", f"channels/{channel}", {"reason_code": code} if code else None)

    def told_of_transfer(self, channel: str, *, done: bool) -> None:
        """Tell who sent a REFER whether it was done."""
        state = "channel_answered" if done else "channel_declined"
        self.ari.send("POST", f"channels/{channel}/transfer_progress", {"states": state})

    def tie(self, customer: str, partner: str) -> None:
        """When one of two ends, Asterisk ends the other, also while nobody is here to say so."""
        self.tied(customer, partner)
        for channel, other in ((customer, partner), (partner, customer)):
            if name := self.names.get(other):
                self.keep(channel, PARTNER, name)

    def untie(self, channel: str) -> None:
        """The end of this one is nobody else's any more."""
        self.keep(channel, PARTNER, "")

    def keep(self, channel: str, name: str, value: str) -> None:
        """Write on a channel what a restarted centre must find there."""
        self.ari.send("POST", f"channels/{channel}/variable", {"variable": name, "value": value})

    def soon(self, work: Callable[[], None]) -> None:
        """Do what most calls do not need, as somebody is about to say what they need."""
        asyncio.get_running_loop().call_later(_SOON_S, work)

    # ------------------------------------------------------------------ bridges

    def join(self, bridge: str, *channels: str) -> None:
        """Let these hear each other."""
        self.ari.send("POST", f"bridges/{bridge}", {"type": "mixing,dtmf_events"})
        self.ari.send("POST", f"bridges/{bridge}/addChannel", {"channel": ",".join(channels)})

    def put(self, bridge: str, channel: str) -> None:
        """One more joins a bridge."""
        self.ari.send("POST", f"bridges/{bridge}/addChannel", {"channel": channel})

    def take_out(self, bridge: str, channel: str) -> None:
        """One leaves a bridge and stays ours."""
        self.ari.send("POST", f"bridges/{bridge}/removeChannel", {"channel": channel})

    def part(self, bridge: str) -> None:
        """End a bridge; who is in it stays ours."""
        self.ari.send("DELETE", f"bridges/{bridge}")

    # ------------------------------------------------------------------ sound

    def music(self, channel: str, name: str) -> None:
        """Music on hold, by its class; "" is silence."""
        if name:
            self.ari.send("POST", f"channels/{channel}/moh", {"mohClass": name})
        else:
            self.ari.send("DELETE", f"channels/{channel}/moh")

    def silence(self, channel: str, *, on: bool) -> None:
        """Send silence, so that the far end does not take the line for dead."""
        self.ari.send("POST" if on else "DELETE", f"channels/{channel}/silence")

    def sound(self, channel: str, before: str, now: str) -> None:
        """Another music, SILENCE, or nothing ("") instead of what was heard before."""
        if before == now:
            return
        if before == SILENCE:
            self.silence(channel, on=False)
        elif before:
            self.music(channel, "")
        if now == SILENCE:
            self.silence(channel, on=True)
        elif now:
            self.music(channel, now)

    def speak(self, owner: Owner, channel: str, playback: str, prompts: Sequence[str]) -> None:
        """Play sounds one after the other; `spoken` is told at the end."""
        media = ",".join(f"sound:{self._sounds / self._language / name}" for name in prompts)
        self.known(playback, owner)

        def answered(answer: AriAnswer) -> None:
            if answer.refused and self.forget(playback) is not None:
                owner.spoken(playback)

        self.ari.send(
            "POST",
            f"channels/{channel}/play",
            {"media": media, "playbackId": playback},
            answered=answered,
        )

    def be_quiet(self, playback: str) -> None:
        """Stop playing; nobody is told."""
        self.forget(playback)
        self.ari.send("DELETE", f"playbacks/{playback}")

    def _endpoint_of(self, to: str) -> str:
        if to.startswith("PJSIP/") and "," not in to and " " not in to:
            return to
        try:
            uri = parse_uri(to)
        except (ValueError, BadInput) as fault:
            raise NetworkError(f"{to!r} is no SIP address that can be called: {fault}") from None
        if uri.scheme not in {"sip", "sips"} or not uri.host or " " in to or "," in to:
            raise NetworkError(f"{to!r} is no SIP address that can be called")
        if not 0 < (uri.port or 1) <= _LAST_PORT:
            raise NetworkError(f"{to!r} has no port that can be called")
        return f"PJSIP/{self._endpoint}/{to}"


def is_ours(channel: str) -> bool:
    """Whether we made this channel; the others came from outside."""
    return _MADE.match(channel) is not None


def _caller_id(caller: tuple[str, str]) -> str:
    """Number and name as Asterisk takes them: `"Anna" <4711>`."""
    uri, name = caller
    user = _user_of(uri)
    shown = name.replace('"', "'").replace("\\", "")
    return f'"{one_line(shown)}" <{user}>' if shown else f"<{user}>"


def _user_of(uri: str) -> str:
    return unquote(parse_uri(uri).user or "") if ":" in uri else uri
