"""Tallies as they stand in a checkpoint: short bytes that nobody reads before somebody asks.

A thousand agents' minutes are most of a board's memory, and most of them are never looked at again. So each
tally is kept as its bytes until something of it is read or written, and bytes that nobody opened go into the
next checkpoint as they are.
"""

from typing import Any

import msgspec

from console.metrics.tally import FIELDS, Tally
from console.metrics.waits import WaitRecord, waits_of

NAMES = tuple(sorted(FIELDS))
"""What the numbers in the bytes stand for. It belongs into the checkpoint: other names are another form."""

_NUMBERS = {name: number for number, name in enumerate(NAMES)}


class _Record(msgspec.Struct, array_like=True):
    n: dict[int, int]
    answered: WaitRecord | None
    abandoned: WaitRecord | None
    pauses: dict[str, int] | None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Record)


class KeptTally(Tally):
    """A tally that opens its bytes when it is first used; `form` is b"" from then on.

    The fields of a Tally stay unset until then, so that Python asks `__getattr__`: a tally that was never
    kept, or is open, pays nothing.
    """

    __slots__ = ("form",)

    def __init__(self, form: bytes) -> None:
        """With the bytes that `packed` gave."""
        self.form = form

    def __getattr__(self, name: str) -> Any:
        """Open it. Raises msgspec.MsgspecError when the bytes are not of a tally."""
        if name not in Tally.__slots__:
            raise AttributeError(name)
        record = _DECODER.decode(self.form)
        Tally.__init__(self)
        self.form = b""
        self.n.update((NAMES[number], value) for number, value in record.n.items())
        if record.answered is not None:
            self.answered_waits = waits_of(record.answered)
        if record.abandoned is not None:
            self.abandoned_waits = waits_of(record.abandoned)
        self.pauses = record.pauses
        return getattr(self, name)


def packed(tally: Tally) -> msgspec.Raw:
    """A tally's bytes."""
    if isinstance(tally, KeptTally) and tally.form:
        return msgspec.Raw(tally.form)
    answered, abandoned = tally.answered_waits, tally.abandoned_waits
    record = _Record(
        {_NUMBERS[name]: value for name, value in tally.n.items()},
        answered.record() if answered is not None else None,
        abandoned.record() if abandoned is not None else None,
        tally.pauses,
    )
    return msgspec.Raw(_ENCODER.encode(record))


def packed_all(tallies: dict[int, Tally], *, shut: bool) -> dict[int, msgspec.Raw]:
    """The bytes of several. With `shut` only the bytes stay, for those that are seldom read; nobody else may
    hold one of them then.
    """
    forms = {at: packed(tally) for at, tally in tallies.items()}
    if shut:
        for at, form in forms.items():
            tally = tallies[at]
            if not isinstance(tally, KeptTally) or not tally.form:
                tallies[at] = KeptTally(bytes(form))
    return forms


def opened_all(forms: dict[int, msgspec.Raw]) -> dict[int, Tally]:
    """Several tallies, each by its bytes; copied, so that the checkpoint around them can go."""
    return {at: KeptTally(bytes(form)) for at, form in forms.items()}
