"""How many packets came from whom, as Asterisk tells at the end of each channel."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from uuid import UUID

import msgspec

from console.switch.ari import Channel
from console.switch.switch import LegStatistics

_KEPT = 10_000
_QUALITY = "RTPAUDIOQOS"
"""The variable with a channel's counters, which `channelvars` in ari.conf has told with every channel."""


class _Over(msgspec.Struct):
    interaction: UUID
    customer: str
    agents: tuple[str, ...]


class Packets:
    """Of the last 10,000 interactions that ended."""

    def __init__(self) -> None:
        self._ended: deque[_Over] = deque(maxlen=_KEPT)
        self._packets: OrderedDict[str, int] = OrderedDict()

    def ended(self, interaction: UUID, customer: str, agents: Sequence[str]) -> None:
        """A call is over that had these channels."""
        self._ended.append(_Over(interaction, customer, tuple(agents)))

    def heard(self, channel: Channel) -> None:
        """A channel ends. Once its sound is over, a variable of it says `ssrc=...;rxcount=101;...`."""
        counters = channel.channelvars.get(_QUALITY, "")
        if not counters:
            return
        said = dict(part.partition("=")[::2] for part in counters.split(";"))
        count = said.get("rxcount", "")
        self._packets[channel.id] = int(count) if count.isdigit() else 0
        if len(self._packets) > 2 * _KEPT:
            self._packets.popitem(last=False)

    def statistics(self) -> list[LegStatistics]:
        """By interaction; what was not told yet counts as none."""
        return [
            LegStatistics(
                interaction=over.interaction,
                from_customer=self._packets.get(over.customer, 0),
                from_agent=sum(self._packets.get(agent, 0) for agent in over.agents),
                dropped=0,
            )
            for over in self._ended
        ]
