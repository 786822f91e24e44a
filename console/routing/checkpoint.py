"""All that a router must keep to go on where another stopped: a value, and its bytes.

What follows from it (lines, benches, counts, heaps of moments) is made anew. The form is msgpack with a
version: bytes of another version are refused, and the ledger is read from its beginning instead.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from console.domain.errors import BadInput
from console.domain.queue import Queue
from console.domain.standing import AgentStanding, InteractionStanding
from console.domain.standings import Standings
from console.routing.duties import Open
from console.routing.estimates import Recent

VERSION = 1


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A router's memory. `settled`: nothing was told since it decided last."""

    version: int = VERSION
    settled: bool
    unrest: bool
    latest: datetime
    queues: list[Queue]
    agents: list[AgentStanding]
    interactions: list[InteractionStanding]
    ignored: int
    arrived: int
    line_latest: datetime | None
    turn: int
    open: Open
    first_word: dict[UUID, datetime]
    changes: dict[str, datetime]
    shut: dict[str, datetime]
    served: dict[str, tuple[str, datetime]]
    contacts: dict[str, Recent]
    wrap_ups: dict[str, Recent]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Checkpoint)


class _Form(msgspec.Struct):
    version: int


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """Its bytes."""
    return _ENCODER.encode(checkpoint)


def from_bytes(data: bytes) -> Checkpoint:
    """Read them. Raises BadInput when they are of another version, or no checkpoint."""
    try:
        version = msgspec.msgpack.decode(data, type=_Form).version
        if version != VERSION:
            raise BadInput(f"a checkpoint of routing of version {version}, and this program reads {VERSION}")
        return _DECODER.decode(data)
    except msgspec.MsgspecError as fault:
        raise BadInput(f"not a checkpoint of routing: {fault}") from None


def restore(standings: Standings, checkpoint: Checkpoint) -> None:
    """Put the standings back. An offer is one and the same for its agent and its interaction."""
    standings.queues.update((queue.key, queue) for queue in checkpoint.queues)
    standings.agents.update((agent.agent.key, agent) for agent in checkpoint.agents)
    standings.restore(checkpoint.interactions)
    standings.ignored, standings.arrived = checkpoint.ignored, checkpoint.arrived
    standings.latest, standings.staff.turn = checkpoint.line_latest, checkpoint.turn
    for agent in checkpoint.agents:
        offer = agent.open_offer
        known = standings.interactions.get(offer.interaction) if offer else None
        if offer is not None and known is not None:
            agent.open_offer = known.open_offers.get(offer.offer, offer)
