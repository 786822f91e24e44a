"""Closing the demo's books: the ledger is read once more from its file, and everybody's account is laid
beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from console.demo.books import Check, Comparison, CustomerBook, LedgerBook, compare
from console.demo.deskhand import DeskBook
from console.demo.scenario import DESK
from console.domain.events import (
    CallbackDialled,
    CallRecorded,
    InteractionAnswered,
    InteractionArrived,
    InteractionEnded,
    LedgerEvent,
)
from console.domain.figures import Counts, QueueFigures, Snapshot
from console.ledger.ledger import Ledger
from console.metrics.snapshot import Fold

_TALK_TO_BE_HEARD_S = 0.6


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the day came to, and whether the books agree."""

    total: QueueFigures
    in_queue: int
    audio_calls: int
    audio_two_way: int
    desk: DeskBook
    synced_rows: int
    ledger_events: int
    comparison: Comparison
    checks: tuple[Check, ...]
    board: dict[str, Any] | None = None

    @property
    def balanced(self) -> bool:
        """Whether every two books that must agree do."""
        return all(check.agrees for check in self.checks)

    def written(self) -> dict[str, Any]:
        """The report as `--report` writes it."""
        counts = self.total.counts
        level = self.total.service_level
        written: dict[str, Any] = {
            "offered": counts.offered,
            "answered": counts.answered,
            "abandoned": counts.abandoned,
            "short_abandoned": counts.short_abandoned,
            "in_queue": self.in_queue,
            "service_level": {
                "formula": level.formula.value,
                "value": level.value,
                "inputs": {
                    "numerator": level.numerator,
                    "denominator": level.denominator,
                    "threshold_s": level.threshold_s,
                },
            },
            "asa_s": self.total.asa_s,
            "aht_s": self.total.aht_s,
            "audio": {"calls": self.audio_calls, "two_way": self.audio_two_way},
            "history_rows": self.desk.history_rows,
            "synced_rows": self.synced_rows,
            "unsynced_rows": self.desk.unsynced_rows,
            "ledger_events": self.ledger_events,
            "flowed_out": counts.flowed_out,
            "callbacks": {"asked": counts.callbacks_asked, "done": counts.callbacks_done},
            "balanced": self.balanced,
            "books": [
                {"what": check.what, "left": check.left, "right": check.right, "agrees": check.agrees}
                for check in self.checks
            ],
        }
        if self.board is not None:
            written["board"] = self.board
        return written

    def words(self) -> Iterator[str]:
        """The summary for a person, line by line."""
        counts = self.total.counts
        level = self.total.service_level
        share = "-" if level.value is None else f"{level.value:.1%}"
        yield (
            f"{counts.offered} offered, {counts.answered} answered, {counts.abandoned} abandoned "
            f"({counts.short_abandoned} short); service level {share}: "
            f"{level.numerator} of {level.denominator} within {level.threshold_s:g} s"
        )
        yield f"sound: in {self.audio_two_way} of {self.audio_calls} calls each side heard the other"
        crossed = self.comparison.crossed
        if crossed:
            yield f"{crossed} customers hung up in the very moment of the answer"
        for check in self.checks:
            sign = "=" if check.agrees else "≠"
            yield f"  {'✓' if check.agrees else '✗'} {check.what}: {check.left} {sign} {check.right}"
        yield "the books balance" if self.balanced else "THE BOOKS DO NOT BALANCE"


async def close_books(
    database: str,
    customers: Sequence[CustomerBook],
    agents: Mapping[str, bool],
    desk: DeskBook,
    board: Snapshot | None,
    now: datetime,
) -> Report:
    """Read the ledger and compare. `agents` tells of each interaction whether its robot heard."""
    ledger = await Ledger.open(database)
    try:
        events = [numbered async for numbered in ledger.read()]
    finally:
        await ledger.close()
    fold = Fold()
    for sequence, event in events:
        fold.apply(event, sequence)
    facts = [event for _, event in events]
    known, talks = _interactions(facts)
    own = [entry for entry in known if entry.user == DESK]  # a person may call the centre as well
    entries = [entry for entry in known if entry.user != DESK]
    by_user = {entry.user: entry for entry in entries}
    customers = [_after_all(customer, by_user.get(customer.user), desk) for customer in customers]
    comparison = compare(customers, entries)
    heard = dict(agents)
    if desk.heard is not None:
        heard |= {interaction: interaction in desk.heard for interaction in desk.answered}
    audible = []
    for customer in customers:
        entry = by_user.get(customer.user)
        if entry is None or (desk.heard is None and entry.agent == DESK):
            continue  # a person listened, and keeps no book of tones
        if talks.get(entry.interaction, 0.0) >= _TALK_TO_BE_HEARD_S:
            audible.append((customer.heard_agent, heard.get(entry.interaction, False)))
    records = {event.call for event in facts if isinstance(event, CallRecorded) and event.agent == DESK}
    dialled = len({e.interaction for e in facts if isinstance(e, CallbackDialled) and e.agent == DESK})
    figures = fold.snapshot(now)
    total = figures.total
    assert total is not None
    return Report(
        total=total,
        in_queue=len(total.waiting_since),
        audio_calls=len(audible),
        audio_two_way=sum(there and back for there, back in audible),
        desk=desk,
        synced_rows=len(records),
        ledger_events=len(events),
        comparison=comparison,
        checks=tuple(
            _checks(
                customers,
                (entries, own, dialled),
                comparison,
                desk,
                records,
                (total, board),
                (len(audible), audible.count((True, True))),
            )
        ),
    )


def _after_all(customer: CustomerBook, entry: LedgerBook | None, desk: DeskBook) -> CustomerBook:
    """A person speaks no tone that a customer could recognise: whom the person's desk says it answered, has
    heard an agent.
    """
    if desk.heard is not None or entry is None or entry.interaction not in desk.answered:
        return customer
    return msgspec.structs.replace(customer, heard_agent=True)


def _interactions(facts: Sequence[LedgerEvent]) -> tuple[list[LedgerBook], dict[str, float]]:
    """Each interaction's entry, and the seconds between its last agent's answer and its end."""
    found: dict[UUID, LedgerBook] = {}
    answers: dict[str, datetime] = {}
    talks: dict[str, float] = {}
    for event in facts:
        match event:
            case InteractionArrived():
                found[event.interaction] = LedgerBook(
                    user=event.customer.user,
                    answered_at=None,
                    ended=False,
                    interaction=str(event.interaction),
                )
            case InteractionAnswered() if event.interaction in found:
                known = found[event.interaction]
                found[event.interaction] = msgspec.structs.replace(
                    known,
                    answered_at=known.answered_at or event.at,
                    agent=event.agent,
                    agents=known.agents | {event.agent},
                )
                answers[known.interaction] = event.at
            case InteractionEnded() if event.interaction in found:
                known = found[event.interaction]
                found[event.interaction] = msgspec.structs.replace(known, ended=True)
                if known.interaction in answers:
                    talks[known.interaction] = (event.at - answers[known.interaction]).total_seconds()
    return list(found.values()), talks


def _checks(  # noqa: PLR0913 - one argument a book
    customers: Sequence[CustomerBook],
    known: tuple[Sequence[LedgerBook], Sequence[LedgerBook], int],
    comparison: Comparison,
    desk: DeskBook,
    records: set[UUID],
    figures: tuple[QueueFigures, Snapshot | None],
    audio: tuple[int, int],
) -> Iterator[Check]:
    total, board = figures
    entries, own, dialled = known
    own_answered = sum(entry.answered_at is not None for entry in own)
    answered = comparison.both_answered + comparison.crossed + own_answered
    yield Check(
        "customers connected, interactions in the ledger", sum(c.connected for c in customers), len(entries)
    )
    yield Check("answered: customers, figures", answered, total.counts.answered)
    yield Check(
        "abandoned: customers, figures",
        comparison.both_abandoned + len(own) - own_answered,
        total.counts.abandoned + total.counts.flowed_out,
    )
    yield Check("contradictions between customers and ledger", list(comparison.contradictions), [])
    yield Check(
        "calls only one side knows", [*comparison.unknown_to_ledger, *comparison.unknown_to_customers], []
    )
    yield Check("customers who could not connect", list(comparison.failed), [])
    live = board.total.counts if board is not None and board.total is not None else Counts()
    yield Check("live board, figures of the ledger", _shown(live), _shown(total.counts))
    yield Check(
        "called back: customers, figures", sum(c.called_back for c in customers), total.counts.callbacks_done
    )
    mine = sum(DESK in entry.agents for entry in entries) + dialled
    yield Check("desk's answered calls, ledger", len(desk.answered), mine)
    yield Check("desk's history rows, records in the ledger", desk.history_rows, len(records))
    yield Check("rows not yet delivered", desk.unsynced_rows, 0)
    yield Check("calls long enough to be heard, heard both ways", *audio)


def _shown(counts: Counts) -> dict[str, int]:
    return {
        "offered": counts.offered,
        "answered": counts.answered,
        "abandoned": counts.abandoned,
        "short": counts.short_abandoned,
        "in_time": counts.answered_in_time,
    }
