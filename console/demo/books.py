"""The demo's books: what customers, switch, ledger, board, desk and sync each counted, and whether they
agree. Pure.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

CROSSED_S = 1.0
"""Of an answer and a hang-up this close the customer knows nothing: sound takes time to be recognised."""


class CustomerBook(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's own account of a call. `called_back`: calls back that it answered."""

    user: str
    connected: bool
    heard_agent: bool
    ended_at: datetime
    failure: str = ""
    called_back: int = 0


class LedgerBook(msgspec.Struct, frozen=True, kw_only=True):
    """The same call in the centre's ledger. `answered_at` None: no agent ever had it. `agents` are all who
    had it, `agent` the last of them.
    """

    user: str
    answered_at: datetime | None
    ended: bool
    interaction: str = ""
    agent: str = ""
    agents: frozenset[str] = frozenset()


class Check(msgspec.Struct, frozen=True):
    """Two books that must say the same."""

    what: str
    left: Any
    right: Any

    @property
    def agrees(self) -> bool:
        """Whether they do."""
        return bool(self.left == self.right)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How customers' and ledger's calls fit together, call by call."""

    both_answered: int = 0
    both_abandoned: int = 0
    crossed: int = 0
    contradictions: tuple[str, ...] = ()
    unknown_to_ledger: tuple[str, ...] = ()
    unknown_to_customers: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def compare(customers: Sequence[CustomerBook], ledger: Sequence[LedgerBook]) -> Comparison:
    """Match calls by the customer's number (each robot customer has one of its own)."""
    known = {entry.user: entry for entry in ledger}
    tally = {"both_answered": 0, "both_abandoned": 0, "crossed": 0}
    contradictions: list[str] = []
    unknown: list[str] = []
    failed: list[str] = []
    for customer in customers:
        entry = known.pop(customer.user, None)
        if entry is None:
            (failed if customer.failure else unknown).append(customer.user)
            continue
        kind = _kind(customer, entry)
        if kind in tally:
            tally[kind] += 1
        else:
            contradictions.append(f"{customer.user}: {kind}")
    return Comparison(
        **tally,
        contradictions=tuple(contradictions),
        unknown_to_ledger=tuple(unknown),
        unknown_to_customers=tuple(known),
        failed=tuple(failed),
    )


def _kind(customer: CustomerBook, entry: LedgerBook) -> str:
    if not entry.ended:
        return "the customer is gone, the ledger still has the call"
    if customer.heard_agent:
        return "both_answered" if entry.answered_at is not None else "heard an agent, but nobody answered"
    if entry.answered_at is None:
        return "both_abandoned"
    alone_s = (customer.ended_at - entry.answered_at).total_seconds()
    if alone_s <= CROSSED_S:
        return "crossed"
    return f"{alone_s:.1f} s with an agent and heard nothing"
