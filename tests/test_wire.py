"""Every event and frame survives the wire; what does not fit is refused in words."""

import inspect
import typing
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import wire
from console.clock import StoppedClock
from console.domain import events
from console.domain.errors import BadInput

CLOCK = StoppedClock(datetime.fromisoformat("2026-11-22T12:00:00+00:00"))
_KINDS = typing.get_args(events.LedgerEvent)


def _value(hint: object) -> object:
    """Some value of a field's type, as JSON."""
    if typing.get_origin(hint) is typing.Annotated:
        return _value(typing.get_args(hint)[0])
    if hint is datetime:
        return CLOCK.now()
    if inspect.isclass(hint) and issubclass(hint, msgspec.Struct):
        return {
            field.encode_name: _value(field.type) for field in msgspec.structs.fields(hint) if field.required
        }
    simple = {str: "text", int: 3, float: 2.5, bool: True, dict[str, str]: {"name": "text"}}
    if hint in simple:
        return simple[hint]  # type: ignore[index]
    if inspect.isclass(hint) and issubclass(hint, str):
        return next(iter(hint)).value  # type: ignore[call-overload]
    return str(CLOCK.new_id())


def _made(kind: type[msgspec.Struct]) -> typing.Any:
    needed = {field.name: _value(field.type) for field in msgspec.structs.fields(kind) if field.required}
    return msgspec.convert(needed | {"type": kind.__name__}, kind)


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.__name__)
def test_every_ledger_event_comes_back_as_it_was(kind: type[msgspec.Struct]) -> None:
    event = _made(kind)
    line = wire.encode_event(event)
    assert b"\n" not in line
    assert wire.decode_event(line) == event


def test_the_union_names_every_centre_fact() -> None:
    centre = {
        kind
        for _, kind in inspect.getmembers(events, inspect.isclass)
        if issubclass(kind, events.Event)
        and not issubclass(kind, events.DeskEvent)
        and kind not in {events.Event, events.InteractionEvent, events.AgentEvent}
    }
    assert centre == set(_KINDS)


@given(st.binary(max_size=200))
def test_garbage_is_refused_never_a_crash(data: bytes) -> None:
    for read in (wire.decode_event, wire.decode_client_frame, wire.decode_centre_frame):
        with pytest.raises(BadInput):
            read(data)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "null", "1", '"x"', "\ud800".encode(errors="surrogatepass")]
)
def test_deep_and_odd_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadInput):
        wire.decode_client_frame(text)


def test_a_newer_version_is_refused_with_what_to_do() -> None:
    line = wire.encode_event(_made(events.AgentBecameReady)).replace(b'"v":1', b'"v":2')
    with pytest.raises(BadInput, match="update"):
        wire.decode_event(line)


def test_a_time_without_zone_is_refused() -> None:
    line = wire.encode_event(_made(events.AgentBecameReady)).replace(b"00Z", b"00")
    with pytest.raises(BadInput, match="time"):
        wire.decode_event(line)


def test_an_unknown_field_is_from_a_newer_writer() -> None:
    event = _made(events.AgentBecameReady)
    assert wire.decode_event(wire.encode_event(event)[:-1] + b',"later":1}') == event


def test_a_bad_line_names_its_number() -> None:
    good = wire.encode_event(_made(events.AgentBecameReady))
    with pytest.raises(BadInput, match="line 3"):
        list(wire.decode_lines([good, b"", b"{}"]))


def test_frames_come_back_as_they_were() -> None:
    hello = wire.Hello(token="t", board=True, last_sequence=3, contact="sip:a@b", session=CLOCK.new_id())
    assert wire.decode_client_frame(wire.encode_frame(hello)) == hello
    beat = wire.Heartbeat(now=CLOCK.now(), sequence=9)
    assert wire.decode_centre_frame(wire.encode_frame(beat)) == beat
    assert wire.decode_client_frame(wire.encode_frame(beat)) == beat
