"""Asterisk's queue_log: its lines as values, and the calls in them as our facts.

A line is `time|call|queue|agent|verb|data...` (Asterisk's documentation, "Queue Logs"). Times are whole
seconds, or with a fraction where the log went through a database. What older Asterisks leave out is 0 or "".
"""

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import msgspec

from console.domain.events import EndedBy, InteractionEvent, LeaveReason
from console.switch.queue_call import Note, Step
from console.switch.queue_calls import QueueCalls

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCK = 1 << 20
_FIELDS = 5
_NONE = "NONE"
STARTED = "QUEUESTART"
"""The line with which Asterisk begins."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `call` is the caller's Uniqueid, "" where the line is of no call; so for queue and agent."""

    at: datetime
    call: str
    queue: str
    agent: str
    verb: str
    data: tuple[str, ...] = ()

    def text(self, place: int) -> str:
        """A field of the data; "" where there is none."""
        return self.data[place] if -len(self.data) <= place < len(self.data) else ""

    def number(self, place: int) -> float:
        """A field of the data as a number; 0 where there is none."""
        try:
            return max(0.0, float(self.text(place)))
        except ValueError:
            return 0.0


def parse(line: str) -> Entry | None:
    """A line as a value; None for what is none: empty, cut, of something else."""
    fields = line.rstrip("\r\n").split("|")
    if len(fields) < _FIELDS or not fields[4]:
        return None
    whole, _, part = fields[0].partition(".")
    if not (whole.isascii() and whole.isdigit()) or (part and not (part.isascii() and part.isdigit())):
        return None
    try:
        at = _EPOCH + timedelta(seconds=int(whole), microseconds=int(part[:6].ljust(6, "0")))
    except OverflowError:
        return None
    call, queue, agent = ("" if one == _NONE else one for one in fields[1:4])
    data = tuple(fields[5:])
    while data and not data[-1]:
        data = data[:-1]
    return Entry(at=at, call=call, queue=queue, agent=agent, verb=fields[4], data=data)


def entries(path: Path, since: datetime) -> Iterator[Entry]:
    """The lines from `since` on, oldest first, of the log and of what it was rotated into (`.1`, `.2.gz`, or
    with a date). A last line without its end is left for the next reading. Raises OSError.
    """
    since = since.replace(microsecond=0)  # the log has whole seconds
    for file in [*_rotated(path, since), path]:
        with _open(file) as lines:
            if file.suffix != ".gz":
                _skip(lines, since)
            for raw in lines:
                entry = parse(raw.decode(errors="replace")) if raw.endswith(b"\n") else None
                if entry is not None and entry.at >= since:
                    yield entry


def _rotated(path: Path, since: datetime) -> list[Path]:
    """Those that may hold something: last written after `since`; oldest first."""
    found = [
        (one.stat().st_mtime, one)
        for one in path.parent.glob(f"{path.name}[.-]*")
        if one.suffix != ".xz" and one.suffix != ".bz2" and one.is_file()
    ]
    return [one for written, one in sorted(found) if written >= since.timestamp()]


def _skip(lines: IO[bytes], since: datetime) -> None:
    """Go to a line that is not long after the last one before `since`, from the end: a log may have years."""
    start = lines.seek(0, 2)
    while start > 0:
        start = max(0, start - _BLOCK)
        lines.seek(start)
        if start:
            lines.readline()  # the rest of a line
        first = parse(lines.readline().decode(errors="replace"))
        if first is not None and first.at < since:
            break
    lines.seek(start)
    if start:
        lines.readline()


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


_LEFT = {
    "EXITWITHTIMEOUT": LeaveReason.TIMEOUT,
    "EXITEMPTY": LeaveReason.NO_AGENTS,
    "EXITWITHKEY": LeaveReason.OVERFLOW,
    "FULL": LeaveReason.FULL,
}


def _transfer(entry: Entry) -> str:
    """Where to: an extension with its context, or what the two were joined by."""
    if entry.verb == "ATTENDEDTRANSFER":
        return entry.text(1) or entry.text(0)
    return entry.text(0)


def note_of(entry: Entry) -> Note | None:
    """What a line says of a call in a queue; None when it says nothing of that."""
    if not entry.call:
        return None
    make = _NOTES.get(entry.verb)
    return make(entry) if make is not None else None


def _note(entry: Entry, step: Step, **more: object) -> Note:
    return Note(
        step=step,
        at=entry.at,
        key=entry.call,
        queue=entry.queue,
        agent=entry.agent,
        **more,  # type: ignore[arg-type]
    )


_NOTES: dict[str, Callable[[Entry], Note]] = {
    "ENTERQUEUE": lambda one: _note(one, Step.JOINED, number=one.text(1), called=one.queue),
    "CONNECT": lambda one: _note(one, Step.CONNECTED, rang_s=one.number(2)),
    "RINGNOANSWER": lambda one: _note(one, Step.RANG_OUT, rang_s=one.number(0) / 1000),
    "COMPLETECALLER": lambda one: _note(one, Step.COMPLETED),
    "COMPLETEAGENT": lambda one: _note(one, Step.COMPLETED, by=EndedBy.AGENT),
    "AGENTDUMP": lambda one: _note(one, Step.RANG_OUT),
    "SYSCOMPAT": lambda one: _note(one, Step.COMPLETED, by=EndedBy.CENTRE),
    "ABANDON": lambda one: _note(one, Step.ABANDONED),
    **dict.fromkeys(
        ("TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER"),
        lambda one: _note(one, Step.TRANSFERRED, target=_transfer(one)),
    ),
    **dict.fromkeys(_LEFT, lambda one: _note(one, Step.LEFT, reason=_LEFT[one.verb])),
}


_OVER = {Step.COMPLETED, Step.ABANDONED, Step.TRANSFERRED, Step.LEFT}
ENDS = frozenset(
    verb
    for verb, make in _NOTES.items()
    if make(Entry(at=_EPOCH, call="", queue="", agent="", verb=verb)).step in _OVER
)
"""The lines with which a queue lets go of a caller."""


def facts(
    log: Iterable[Entry],
    system: str = "",
    queues: Mapping[str, str] | None = None,
    agents: Mapping[str, str] | None = None,
) -> list[InteractionEvent]:
    """The calls in these lines as our facts, by their time. Reading them again gives the same ids.

    The log does not tell what becomes of a caller who left a queue or was passed on: unless another queue
    follows, the call ends there. Calls that an Asterisk's start cut off end at that moment.
    """
    told: list[InteractionEvent] = []
    calls = QueueCalls(told.append, system, queues, agents)
    for entry in log:
        if entry.verb == STARTED:
            calls.end(entry.at, EndedBy.CENTRE)  # nothing outlives Asterisk
            continue
        note = note_of(entry)
        if note is not None:
            calls.take(note)
    calls.close()
    return sorted(told, key=lambda event: event.at)
