from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.address import Address
from console.domain.call import CallEnd
from console.domain.errors import BadInput
from console.domain.events import CallNoted
from console.history.index import peer_key, raised
from console.history.queries import NOTE_LIMIT, Only
from console.history.rows import Delivery
from console.history.schema import digits_of, fold, match_all, words
from console.store import outbox
from console.wire import decode_event
from tests.history.desk_calls import START, DeskCalls


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskCalls]:
    desk = DeskCalls(tmp_path / "desk.db")
    await desk.recorder.start()
    yield desk
    await desk.close()


async def found(desk: DeskCalls, text: str, only: str | None = None) -> list[str]:
    return [row.peer.shown for row in await desk.history.search(text, only=only)]


async def names(desk: DeskCalls, prefix: str) -> list[str]:
    return [one.name or one.number for one in await desk.history.completions(prefix)]


async def test_an_empty_history_answers_everything(desk: DeskCalls) -> None:
    assert await desk.history.search() == []
    assert await desk.history.search("anna") == []
    assert await desk.history.completions("") == []
    assert await desk.history.row(UUID(int=1)) is None
    assert await desk.history.missed_unseen() == 0
    totals = await desk.history.totals()
    assert (totals.rows, totals.synced, totals.unsynced, totals.missed_unseen) == (0, 0, 0, 0)


async def test_search_finds_by_name_number_queue_and_note(desk: DeskCalls) -> None:
    await desk.whole_call("sip:+49301234567@pbx", "Jürgen Müller")
    await desk.whole_call("sip:+48221112233@pbx", "Łukasz Żółć")
    strauss = await desk.whole_call("sip:anna@pbx", "Anna STRAUSS")
    call = desk.arrive("sip:4711@pbx", "", queue="Billing")
    desk.end(call, CallEnd.MISSED)
    await desk.recorder.flush()
    await desk.history.note(strauss, "Call back", "wants an offer for 20 chairs")
    for text, expected in {
        "müll": ["Jürgen Müller"],
        "MULLER jurgen": ["Jürgen Müller"],
        "lukasz": ["Łukasz Żółć"],
        "zolc": ["Łukasz Żółć"],
        "strauß": ["Anna STRAUSS"],
        "anna": ["Anna STRAUSS"],
        "chairs": ["Anna STRAUSS"],
        "call back": ["Anna STRAUSS"],
        "billing": ["4711"],
        "4711": ["4711"],
        "+49 30 123": ["Jürgen Müller"],
        "030 1234567": ["Jürgen Müller"],
        "(030) 123-45": ["Jürgen Müller"],
        "4567": ["Jürgen Müller"],
        "uller": [],
        "müll anna": [],
        "nobody": [],
    }.items():
        assert await found(desk, text) == expected, text
    assert len(await found(desk, "  ")) == 4


HOSTILE = [
    '"',
    "'",
    "*",
    "a*",
    "NEAR(a b)",
    "a AND",
    "NOT",
    "who:x",
    "^a",
    "-a",
    "(",
    "%",
    "_",
    "+",
    '"; DROP TABLE call; --',
    "\0",
    "\ud800",
    "a" * 10_000,
    " ".join(["a"] * 2000),
    "👩‍💻",
    "\uff41\uff4e\uff4e\uff41",
    "٣٤٥",
    "²",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_any_text_can_be_searched_and_completed(desk: DeskCalls, text: str) -> None:
    await desk.whole_call("sip:anna@pbx", "Anna")
    assert len(await desk.history.search(text)) <= 1
    assert len(await desk.history.completions(text)) <= 1
    for only in Only:
        await desk.history.search(text, only=only)
    assert len(await desk.history.search()) == 1


@given(st.text())
def test_folding_is_stable_and_queries_are_quoted(text: str) -> None:
    assert words(fold(text)) == words(text)
    query = match_all(text)
    assert query.count('"') == 2 * len(words(text))


@given(st.text(alphabet="0123456789 +-./()"))
def test_digits_are_digits(text: str) -> None:
    digits = digits_of(text)
    assert digits == "" or (digits.isdigit() and not digits.startswith("0"))


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+49 30 123", "4930123"),
        ("0049 30 123", "4930123"),
        ("030/123", "30123"),
        ("anna", ""),
        ("12a", ""),
        ("*21#", ""),
        ("", ""),
        ("+", ""),
    ],
)
def test_digits_of(text: str, digits: str) -> None:
    assert digits_of(text) == digits


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sip:+4930123@a:5060", "sip:004930123@b"),
        ("sip:anna@host:5060", "sip:ANNA@host:40000;transport=tcp"),
        ("sip:anna@[::1]:5060", "sip:anna@[::1]:5070"),
    ],
)
def test_one_peer(first: str, second: str) -> None:
    assert peer_key(Address(first)) == peer_key(Address(second))


def test_two_peers() -> None:
    assert peer_key(Address("sip:anna@a")) != peer_key(Address("sip:anna@b"))
    assert peer_key(Address("sip:100@a")) != peer_key(Address("sip:101@a"))


def test_a_peers_score_weighs_often_and_lately() -> None:
    often = None
    for day in range(10):
        often = raised(often, START + timedelta(days=day))
    once_lately = raised(None, START + timedelta(days=20))
    once_much_later = raised(None, START + timedelta(days=120))
    assert often is not None
    assert once_lately < often < once_much_later


async def test_lists_of_some_calls_only(desk: DeskCalls) -> None:
    answered = await desk.whole_call("sip:1@a", "answered")
    await desk.whole_call("sip:2@a", "missed", CallEnd.MISSED)
    await desk.whole_call("sip:3@a", "declined", CallEnd.DECLINED)
    desk.end(desk.dial("sip:4@a", "dialled"), CallEnd.NO_ANSWER)
    await desk.recorder.flush()
    await desk.history.note(answered, "Solved")
    assert await found(desk, "") == ["dialled", "declined", "missed", "answered"]
    assert await found(desk, "", "missed") == ["missed"]
    assert await found(desk, "", "incoming") == ["declined", "missed", "answered"]
    assert await found(desk, "", "outgoing") == ["dialled"]
    assert await found(desk, "", "noted") == ["answered"]
    assert len(await found(desk, "", "unsynced")) == 4
    assert await found(desk, "miss", "outgoing") == []
    with pytest.raises(BadInput, match="There is: missed"):
        await desk.history.search(only="missing")


async def test_pages(desk: DeskCalls) -> None:
    for number in range(25):
        desk.end(desk.arrive(f"sip:{number}@a"), CallEnd.MISSED)
    await desk.recorder.flush()
    seen = []
    for page in range(4):
        seen += [row.number for row in await desk.history.search(limit=10, offset=page * 10)]
    assert seen == [str(number) for number in range(24, -1, -1)]
    assert await desk.history.search(limit=-1) == []


async def test_completion_knows_names_numbers_and_users(desk: DeskCalls) -> None:
    await desk.whole_call("sip:+49301234567@pbx", "Jürgen Müller")
    await desk.whole_call("sip:4711@pbx", "")
    await desk.whole_call("sip:berta@pbx.example:5080", "Berta")
    await desk.whole_call("sip:anonymous@anonymous.invalid", "Anonymous")
    assert await names(desk, "mul") == ["Jürgen Müller"]
    assert await names(desk, "jurgen m") == ["Jürgen Müller"]
    assert await names(desk, "030 12") == []
    assert await names(desk, "+49 30") == ["Jürgen Müller"]
    assert await names(desk, "0049") == ["Jürgen Müller"]
    assert await names(desk, "47") == ["4711"]
    assert await names(desk, "ber") == ["Berta"]
    assert await names(desk, "anonymous") == []
    assert await names(desk, "x") == []
    assert await names(desk, "!") == []
    (one,) = await desk.history.completions("berta")
    assert (one.address, one.number) == (Address("sip:berta@pbx.example:5080", "Berta"), "berta")
    assert one.last_at == START + timedelta(seconds=120)


async def test_completion_puts_often_and_lately_called_first(desk: DeskCalls) -> None:
    for _ in range(5):
        await desk.whole_call("sip:100@a", "Often")
    desk.clock.move(3600)
    await desk.whole_call("sip:101@a", "Once")
    assert await names(desk, "10") == ["Often", "Once"]
    desk.clock.move(90 * 86400)
    await desk.whole_call("sip:102@a", "Lately")
    assert await names(desk, "10") == ["Lately", "Often", "Once"]
    assert await names(desk, "") == ["Lately", "Often", "Once"]


async def test_a_peer_is_known_once_under_its_newest_name(desk: DeskCalls) -> None:
    await desk.whole_call("sip:+4930123@a:40001", "M. Meier")
    await desk.whole_call("sip:+4930123@a:40002", "Maria Meier-Huber")
    await desk.whole_call("sip:+4930123@a:40003", "")
    (one,) = await desk.history.completions("+4930")
    assert one.address == Address("sip:+4930123@a:40003", "Maria Meier-Huber")
    assert await names(desk, "huber") == ["Maria Meier-Huber"]
    assert await names(desk, "m") == ["Maria Meier-Huber"]


async def test_a_note_can_be_written_any_time_and_goes_to_the_centre(desk: DeskCalls) -> None:
    call = await desk.whole_call("sip:1@a", "Berta", CallEnd.MISSED)
    desk.clock.move(86400)
    row = await desk.history.note(call, " Call back ", "first\nline")
    assert (row.disposition, row.note, row.noted_at) == ("Call back", "first\nline", desk.clock.now())
    await desk.history.note(call, "Solved", "said \ud800 hello")
    row = await desk.history.row(call)
    assert row is not None
    assert (row.disposition, row.note) == ("Solved", "said ? hello")
    assert await found(desk, "hello") == ["Berta"]
    assert await found(desk, "first") == []
    kept = await desk.database.read(lambda db: outbox.waiting(db, "anna", 10))
    noted = [event for one in kept if isinstance(event := decode_event(one.event), CallNoted)]
    assert [(event.call, event.disposition) for event in noted] == [(call, "Call back"), (call, "Solved")]
    assert {event.agent for event in noted} == {"anna"}
    assert desk.changes[-1].call == call
    assert desk.changes[-1].unsynced == 3


async def test_a_note_on_a_call_that_goes_on_or_was_lost(tmp_path: Path) -> None:
    desk = DeskCalls(tmp_path / "desk.db")
    await desk.recorder.start()
    interaction = UUID(int=9)
    call = desk.arrive(interaction=interaction)
    await desk.recorder.flush()
    await desk.history.note(call, "", "while talking")
    await desk.close()
    desk = DeskCalls(tmp_path / "desk.db")
    await desk.recorder.start()
    row = await desk.history.note(call, "Call back", "")
    assert (row.end, row.note, row.disposition) == (CallEnd.LOST, "", "Call back")
    kept = await desk.database.read(lambda db: outbox.waiting(db, "anna", 10))
    events = [decode_event(one.event) for one in kept]
    assert [type(event).__name__ for event in events] == ["CallNoted", "CallRecorded", "CallNoted"]
    assert {event.interaction for event in events if isinstance(event, CallNoted)} == {interaction}
    await desk.close()


async def test_notes_that_cannot_be_are_refused_in_words(desk: DeskCalls) -> None:
    with pytest.raises(BadInput, match="not in the history"):
        await desk.history.note(UUID(int=5), "Solved")
    call = await desk.whole_call("sip:1@a")
    with pytest.raises(BadInput, match="too long"):
        await desk.history.note(call, "", "x" * (NOTE_LIMIT + 1))
    row = await desk.history.row(call)
    assert row is not None
    assert row.noted_at is None


async def test_missed_calls_are_counted_until_they_are_seen(desk: DeskCalls) -> None:
    for number in range(3):
        await desk.whole_call(f"sip:{number}@a", "", CallEnd.MISSED)
    await desk.whole_call("sip:9@a", "", CallEnd.ELSEWHERE)
    assert await desk.history.missed_unseen() == 3
    assert [row.missed for row in await desk.history.search()] == [0, 1, 1, 1]
    await desk.history.see_missed()
    assert await desk.history.missed_unseen() == 0
    assert [row.missed for row in await desk.history.search(only=Only.MISSED)] == [2, 2, 2]
    told = len(desk.changes)
    await desk.history.see_missed()
    assert len(desk.changes) == told


async def test_what_the_centre_took_is_sent_and_counted(desk: DeskCalls) -> None:
    first, second = await desk.whole_call("sip:1@a"), await desk.whole_call("sip:2@a")
    kept = await desk.database.read(lambda db: outbox.waiting(db, "anna", 10))
    await desk.database.run(lambda db: outbox.take_out(db, [kept[0].id]))
    await desk.database.run(lambda db: outbox.park(db, [(kept[1].id, "")]))
    rows = {row.call: row for row in await desk.history.search()}
    assert rows[first].synced
    assert (rows[second].delivery, rows[second].refused) == (Delivery.REFUSED, "refused without a reason")
    totals = await desk.history.totals()
    assert (totals.rows, totals.synced, totals.unsynced) == (2, 1, 1)
