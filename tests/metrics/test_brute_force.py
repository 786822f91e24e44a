"""The fold beside plain SQL over a table of the same events: another way to the same counts."""

import sqlite3

import pytest

from console.domain import events as ev
from console.domain.agent import Agent
from console.domain.figures import Counts
from console.domain.queue import Queue
from console.metrics.snapshot import Fold
from tests.metrics.history import QUEUES, random_history

_SCHEMA = """
create table event (n integer primary key, type text, at real, interaction text, queue text, reason text,
                    ended_by text, since real, agent text, offer text);
create table setting (queue text primary key, threshold real, short real);
-- A stay is one time in one queue: from its queueing to the next answer, flow-out or end.
create view stay as
  select q.n, q.interaction, q.queue, q.since, q.reason as came,
    (select min(e.n) from event e where e.interaction = q.interaction and e.n > q.n
       and e.type in ('InteractionAnswered', 'InteractionLeftQueue', 'InteractionEnded')) as over
  from event q where q.type = 'InteractionQueued';
create view outcome as
  select s.*, e.type, e.ended_by, e.at - s.since as waited,
    e.type = 'InteractionAnswered' as answered,
    e.type = 'InteractionEnded' and e.ended_by = 'customer' as abandoned,
    e.type = 'InteractionLeftQueue' or (e.type = 'InteractionEnded' and e.ended_by != 'customer') as flowed
  from stay s left join event e on e.n = s.over;
"""

_BY_QUEUE = """
select o.queue, count(*) as offered, total(answered) as answered,
  total(answered and waited <= threshold) as answered_in_time,
  total(abandoned) as abandoned, total(abandoned and waited <= threshold) as abandoned_in_time,
  total(abandoned and waited < short) as short_abandoned, total(flowed) as flowed_out,
  total(came = 'transfer') as transferred_in,
  total(case when answered then waited end) as wait_answered_s,
  max(case when answered or abandoned then waited else 0.0 end) as wait_max_s
from outcome o join setting using (queue) group by o.queue
"""

# Offers not taken: the first end of an offer that nobody answered before, its interaction still there.
_REQUEUED = """
select o.queue, count(*) from event o join event e on e.offer = o.offer and e.type = 'OfferEnded'
where o.type = 'InteractionOffered' and e.reason != 'withdrawn'
  and e.n = (select min(n) from event x where x.offer = o.offer
    and x.type in ('OfferEnded', 'InteractionAnswered'))
  and not exists (select 1 from event x where x.interaction = o.interaction
    and x.type = 'InteractionEnded' and x.n < e.n)
group by o.queue
"""

# Once each in the total: the first queueing, and the first of answer, abandon and flowing out for good.
_TOTAL = """
with first as (
  select *, row_number() over (partition by interaction order by n) as nth from outcome
  where answered or abandoned or (flowed and not (type = 'InteractionLeftQueue' and exists
    (select 1 from event e where e.n = over and e.reason = 'overflow'))))
select (select count(distinct interaction) from stay), total(answered), total(abandoned), total(flowed),
  total(answered and waited <= threshold), total(case when answered then waited end)
from first join setting using (queue) where nth = 1
"""


def _table(events: list[ev.LedgerEvent]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.executescript(_SCHEMA)
    settings = [(queue.key, queue.threshold_s, queue.short_abandon_s) for queue in QUEUES]
    database.executemany("insert into setting values (?, ?, ?)", settings)
    first = events[0].at
    for n, event in enumerate(events, start=1):
        since = getattr(event, "waiting_since", None)
        row = [n, type(event).__name__, (event.at - first).total_seconds()]
        row += [_text(event, name) for name in ("interaction", "queue", "reason", "by")]
        row += [(since - first).total_seconds() if since else None]
        row += [_text(event, name) for name in ("agent", "offer")]
        database.execute("insert into event values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    return database


def _text(event: ev.LedgerEvent, name: str) -> str | None:
    value = getattr(event, name, None)
    return None if value is None or isinstance(value, Queue | Agent) else str(value)


def _steady(seed: int) -> tuple[list[ev.LedgerEvent], Fold]:
    """A history of one UTC day, its configuration as at the start."""
    whole = random_history(seed, calls=400, zones=False, changes=False)
    day = whole[0].at.date()
    events = [event for event in whole if event.at.date() == day]
    fold = Fold()
    for sequence, event in enumerate(events, start=1):
        fold.apply(event, sequence)
    return events, fold


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_sql(seed: int) -> None:
    events, fold = _steady(seed)
    database = _table(events)
    seen = 0
    requeued = dict(tuple(row) for row in database.execute(_REQUEUED))
    for row in database.execute(_BY_QUEUE):
        counts = fold.books.queues[row["queue"]].figures().counts
        for name in row.keys():  # noqa: SIM118 - a Row iterates over its values
            if name != "queue":
                assert getattr(counts, name) == pytest.approx(row[name]), (row["queue"], name)
        assert counts.requeued == requeued.get(row["queue"], 0)
        seen += counts.answered + counts.abandoned + counts.flowed_out + counts.requeued
    assert seen > 100
    total: Counts = fold.books.whole().figures().counts
    counted = ("offered", "answered", "abandoned", "flowed_out", "answered_in_time", "wait_answered_s")
    expected = [getattr(total, name) for name in counted]
    assert tuple(database.execute(_TOTAL).fetchone()) == pytest.approx(tuple(expected))
    database.close()
