"""What an Asterisk tells, passed on to whose business it is."""

from collections.abc import Callable, Sequence

from console.switch.ari import AriEvent, Channel
from console.switch.asterisk_endpoints import Endpoints
from console.switch.asterisk_lines import CUSTOMER, Lines, is_ours

ARRIVED = "arrived"
"""First argument of the Stasis application for a caller: see `asterisk_config`."""

_RATES = {17: 486, 21: 603, 19: 480, 18: 408, 20: 480, 26: 487}
"""Causes of Q.850 as SIP says them, for an Asterisk that does not tell SIP's own."""

_DESTROYED = "ChannelDestroyed"

Arrive = Callable[[Channel, Sequence[str]], None]


class Events:
    """Takes every event of one Asterisk."""

    def __init__(
        self, lines: Lines, arrive: Arrive, left: Callable[[Channel], None], desks: Endpoints
    ) -> None:
        """`arrive` is told of callers, `left` of channels that end, `desks` of who registers."""
        self._lines = lines
        self._arrive = arrive
        self._leaves = left
        self._takers: dict[str, Callable[[AriEvent], None]] = {
            "StasisStart": self._started,
            "ChannelHangupRequest": self._left,
            "StasisEnd": self._left,
            _DESTROYED: self._left,
            "ChannelStateChange": self._state,
            "Dial": self._dial,
            "ChannelHold": self._hold,
            "ChannelUnhold": self._hold,
            "ChannelDtmfReceived": self._digit,
            "PlaybackFinished": self._spoken,
            "RecordingFinished": self._recorded,
            "RecordingFailed": self._recorded,
            "ChannelTransfer": self._transfer,
            "EndpointStateChange": desks.heard,
        }

    def take(self, event: AriEvent) -> None:
        """One event."""
        taker = self._takers.get(event.type)
        if taker is not None:
            taker(event)

    def _started(self, event: AriEvent) -> None:
        channel = event.channel
        if channel is None:
            return
        if event.args[:1] != ["early"]:
            self._lines.named(channel.id, channel.name)
        if event.args[:1] == [ARRIVED]:
            self._arrive(channel, event.args[1:])
        elif event.args[:1] == ["early"]:
            self._lines.prepared(channel.id)
        elif owner := self._lines.owners.get(channel.id):
            owner.up(channel.id)
        else:
            self._lines.hang_up(channel.id)  # answered in the moment it was withdrawn

    def _left(self, event: AriEvent) -> None:
        if event.channel is None:
            return
        self._leaves(event.channel)
        if is_ours(event.channel.id) and event.type != _DESTROYED and not self._talked(event):
            return  # the end of a channel that we made says why, a little later
        owner = self._lines.forget(event.channel.id)
        if owner is not None:
            code = event.tech_cause or _RATES.get(event.cause, 0)
            owner.gone(event.channel.id, code)

    def _talked(self, event: AriEvent) -> bool:
        """Whether a channel that somebody answered leaves: before Asterisk ends its partner."""
        channel = event.channel
        return channel is not None and event.type == "StasisEnd" and channel.id in self._lines.names

    def _state(self, event: AriEvent) -> None:
        channel = event.channel
        owner = self._lines.owners.get(channel.id) if channel else None
        if channel is None or owner is None:
            return
        if channel.state == "Ringing":
            owner.ringing(channel.id)

    def _dial(self, event: AriEvent) -> None:
        owner = self._lines.owners.get(event.peer.id) if event.peer else None
        if event.peer is None or owner is None:
            return
        if event.dialstatus == "PROGRESS":
            owner.early(event.peer.id)
        elif event.dialstatus == "ANSWER" and event.peer.id.startswith(CUSTOMER):
            self._lines.named(event.peer.id, event.peer.name)
            owner.up(event.peer.id)

    def _hold(self, event: AriEvent) -> None:
        owner = self._lines.owners.get(event.channel.id) if event.channel else None
        if event.channel is not None and owner is not None:
            owner.holds(event.channel.id, on=event.type == "ChannelHold")

    def _digit(self, event: AriEvent) -> None:
        owner = self._lines.owners.get(event.channel.id) if event.channel else None
        if event.channel is not None and owner is not None:
            owner.digit(event.channel.id, event.digit)

    def _spoken(self, event: AriEvent) -> None:
        owner = self._lines.forget(event.playback.id) if event.playback else None
        if event.playback is not None and owner is not None:
            owner.spoken(event.playback.id)

    def _recorded(self, event: AriEvent) -> None:
        owner = self._lines.forget(event.recording.name) if event.recording else None
        if event.recording is not None and owner is not None:
            well = event.type == "RecordingFinished"
            owner.recorded(event.recording.name, (event.recording.duration or 0.0) if well else -1.0)

    def _transfer(self, event: AriEvent) -> None:
        if event.referred_by is None or event.refer_to is None or event.state:
            return  # with a state it is what we said ourselves
        channel = event.referred_by.source_channel.id
        owner = self._lines.owners.get(channel)
        if owner is not None:
            owner.transfers(channel, event.refer_to.requested_destination.destination)
