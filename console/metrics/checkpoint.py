"""All that a board must keep to go on exactly where another stopped: as a value, and as bytes.

The form is msgpack with a version; bytes of another version are refused, and the ledger is read from its
beginning instead.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from console.domain.agent import AgentState
from console.domain.errors import BadInput
from console.domain.figures import AbandonedCaller, Sample, Window
from console.domain.queue import Queue
from console.domain.standing import AgentStanding, InteractionStanding
from console.domain.standings import Standings
from console.metrics.books import Books, Mix
from console.metrics.journal import Journal
from console.metrics.kept import NAMES, KeptTally, opened_all, packed, packed_all
from console.metrics.lines import Case
from console.metrics.repeats import Contact
from console.metrics.rows import AgentRow, QueueRow
from console.metrics.track import Page, Stretch, Track

VERSION = 3


class _Page(msgspec.Struct, array_like=True):
    tally: msgspec.Raw
    stretches: dict[int, msgspec.Raw]
    callers: list[AbandonedCaller]


class _Track(msgspec.Struct, array_like=True):
    ring: dict[int, msgspec.Raw]
    pages: dict[int, _Page]
    pending: dict[int, msgspec.Raw] | None


class _Row(msgspec.Struct, array_like=True):
    queue: Queue
    track: _Track
    shown_minute: int
    waiting: list[tuple[UUID, datetime]]
    callbacks: list[UUID]
    agents: list[tuple[AgentState, int]]
    opened: int | None
    changed_at: datetime | None


class _Agent(msgspec.Struct, array_like=True):
    track: _Track
    crew: tuple[str, ...] | None
    state: AgentState
    reason: str
    queues: tuple[str, ...]
    began: int
    counted: int
    customer: str
    wrapping: list[tuple[UUID, Mix, str]]


class Checkpoint(msgspec.Struct, kw_only=True):
    """A board's memory. `names` are those that its tallies are numbered by."""

    version: int = VERSION
    names: tuple[str, ...] = NAMES
    sequence: int
    last_event_at: datetime | None
    last_us: int
    before_us: int
    queues: list[Queue]
    agents: list[AgentStanding]
    interactions: list[InteractionStanding]
    ignored: int
    arrived: int
    latest: datetime | None
    turn: int
    at: datetime
    before: int
    zone: str
    rows: list[_Row]
    total: _Row | None
    agent_rows: list[tuple[str, _Agent]]
    mixes: list[tuple[Mix, _Track]]
    crews: list[tuple[tuple[str, ...], _Track]]
    gone: list[tuple[str, str, _Track]]
    removed: list[str]
    cases: list[tuple[UUID, Case]]
    contacts: dict[str, Contact]
    chosen: dict[int, int] = {}
    samples: list[Sample] = []
    windows: list[Window] = []


class _Form(msgspec.Struct):
    version: int


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Checkpoint)


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """Its bytes."""
    return _ENCODER.encode(checkpoint)


def from_bytes(data: bytes) -> Checkpoint:
    """Read them. Raises BadInput when they are of another version, or no checkpoint."""
    try:
        version = msgspec.msgpack.decode(data, type=_Form).version
        if version != VERSION:
            raise BadInput(f"a checkpoint of figures of version {version}, and this program reads {VERSION}")
        checkpoint = _DECODER.decode(data)
    except msgspec.MsgspecError as fault:
        raise BadInput(f"not a checkpoint of figures: {fault}") from None
    if checkpoint.names != NAMES:
        raise BadInput("a checkpoint of figures of other counts than this program's")
    return checkpoint


# ---------------------------------------------------------------- to values


def pack_row(row: QueueRow) -> _Row:
    """A queue's row."""
    return _Row(
        row.queue,
        pack_track(row.track, shut=False),
        row.day.first,
        [(UUID(int=number), since) for number, since in row.waiting.items()],
        [UUID(int=number) for number in sorted(row.callbacks)],
        list(row.agents.items()),
        row.opened,
        row.changed_at,
    )


def pack_agent(row: AgentRow) -> _Agent:
    """An agent's row."""
    wrapping = [(UUID(int=interaction), mix, apart) for interaction, (mix, apart) in row.wrapping.items()]
    crew = tuple(sorted(set(row.queues))) if row.crew is not None else None
    track = pack_track(row.track)
    return _Agent(
        track, crew, row.state, row.reason, row.queues, row.began, row.counted, row.customer, wrapping
    )


def pack_track(track: Track, *, shut: bool = True) -> _Track:
    """A track. With `shut` its last minutes are kept as bytes from now on, until they are used."""
    return _Track(
        packed_all(track.minutes(), shut=shut),
        {
            first: _Page(
                packed(page.tally),
                {quarter: packed(stretch.tally) for quarter, stretch in page.stretches.items()},
                [caller for _, _, caller in page.callers],
            )
            for first, page in track.pages.items()
        },
        None if track.pending is None else packed_all(track.pending, shut=False),
    )


# ---------------------------------------------------------------- and back


def restore_standings(standings: Standings, checkpoint: Checkpoint) -> None:
    """Put the standings back. An offer is one and the same for its agent and its interaction."""
    standings.queues.update((queue.key, queue) for queue in checkpoint.queues)
    standings.agents.update((agent.agent.key, agent) for agent in checkpoint.agents)
    standings.restore(checkpoint.interactions)
    standings.ignored, standings.arrived = checkpoint.ignored, checkpoint.arrived
    standings.latest, standings.staff.turn = checkpoint.latest, checkpoint.turn
    for agent in checkpoint.agents:
        offer = agent.open_offer
        known = standings.interactions.get(offer.interaction) if offer else None
        if offer is not None and known is not None:
            agent.open_offer = known.open_offers.get(offer.offer, offer)


def restore_books(books: Books, standings: Standings, checkpoint: Checkpoint) -> None:
    """Put the books back; `standings` are there already."""
    books.begin(checkpoint.at)
    books.before = checkpoint.before
    books.calendar.change(checkpoint.zone)
    books.removed.update(checkpoint.removed)
    for row in checkpoint.rows:
        books.queues[row.queue.key] = _row(row, books)
    books.total = _row(checkpoint.total, books) if checkpoint.total else None
    for mix, kept in checkpoint.mixes:
        _track(kept, books.mix(mix))
    for queues, kept in checkpoint.crews:
        _track(kept, books.crew(queues))
    for dimension, key, kept in checkpoint.gone:
        track = Track(books.calendar, keep=books.keep)
        _track(kept, track)
        books.gone.append((dimension, key, track))
    for key, agent in checkpoint.agent_rows:
        if key in standings.agents:
            books.agents[key] = _agent(agent, standings.agents[key], books)
    if books.total is not None:
        books.set_days()


def _row(kept: _Row, books: Books) -> QueueRow:
    row = QueueRow(kept.queue, books.at, books.inflow, keep=books.keep)
    _track(kept.track, row.track)
    row.day = row.calendar.day_of(kept.shown_minute)
    row.waiting.update((interaction.int, since) for interaction, since in kept.waiting)
    row.callbacks.update(interaction.int for interaction in kept.callbacks)
    row.agents.update(kept.agents)
    row.opened, row.changed_at = kept.opened, kept.changed_at
    return row


def _agent(kept: _Agent, standing: AgentStanding, books: Books) -> AgentRow:
    row = AgentRow(standing, Journal(books.calendar, keep=books.keep), kept.began)
    _track(kept.track, row.track)
    row.crew = books.crew(kept.crew) if kept.crew is not None else None
    row.state, row.reason, row.customer = kept.state, kept.reason, kept.customer
    row.queues = kept.queues
    row.began, row.counted = kept.began, kept.counted
    row.wrapping.update((interaction.int, (mix, apart)) for interaction, mix, apart in kept.wrapping)
    return row


def _track(kept: _Track, track: Track) -> None:
    track.ring.update(opened_all(kept.ring))
    for first, held in kept.pages.items():
        page = track.pages[first] = Page()
        page.tally = KeptTally(bytes(held.tally))
        for quarter, tally in opened_all(held.stretches).items():
            stretch = page.stretches[quarter] = Stretch()
            stretch.tally = tally
        for caller in held.callers:
            page.remember(caller)
    if track.pending is not None:
        track.pending.update(opened_all(kept.pending or {}))
