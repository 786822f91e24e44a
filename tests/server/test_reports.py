"""Figures over HTTP: ranges in intervals, live windows, the catalogue, files, and what is refused."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.clock import StoppedClock
from console.domain.address import Address
from console.domain.events import (
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    InteractionEnded,
    InteractionQueued,
    QueueConfigured,
)
from console.domain.queue import Queue
from console.metrics.catalogue import CATALOGUE
from console.server.reports import MetricRow
from tests.server.asking import told

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
PATH = "/api/v1/figures"


@pytest.fixture
async def served(start: Any) -> Any:
    """Two queues; sales answers at 12:01 after 10 s, at 12:20 after 30 s, and loses one at 22:05."""
    clock = StoppedClock(NOON)
    running = await start(clock)
    berlin = Queue(key="sales", name="Sälé", timezone="Europe/Berlin", threshold_s=20.0)
    events: list[Any] = [
        QueueConfigured(id=clock.new_id(), at=clock.now(), queue=berlin),
        QueueConfigured(id=clock.new_id(), at=clock.now(), queue=Queue(key="=help")),
    ]
    for minute, wait_s in ((1, 10.0), (20, 30.0), (605, None)):
        interaction, at = clock.new_id(), NOON + timedelta(minutes=minute)
        common = {"interaction": interaction}
        events += [
            InteractionArrived(
                id=clock.new_id(), at=at, customer=Address(f"sip:{minute}@x"), called="sales", **common
            ),
            InteractionQueued(id=clock.new_id(), at=at, queue="sales", waiting_since=at, **common),
        ]
        if wait_s is None:
            left = at + timedelta(seconds=60)
            events.append(InteractionEnded(id=clock.new_id(), at=left, by=EndedBy.CUSTOMER, **common))
            continue
        answered = at + timedelta(seconds=wait_s)
        events += [
            InteractionAnswered(
                id=clock.new_id(), at=answered, offer=clock.new_id(), queue="sales", agent="anna", **common
            ),
            InteractionEnded(
                id=clock.new_id(), at=answered + timedelta(seconds=90), by=EndedBy.CUSTOMER, **common
            ),
        ]
    await running.centre.ledger.append(events)
    clock.move_to(NOON + timedelta(hours=10, minutes=10))
    await running.centre.figures.refold()
    return running


async def ask(running: Any, ending: str = "", **query: str) -> Any:
    return await running.ask("sue", "GET", f"{PATH}{ending}", params={"dimension": "queue", **query})


RANGE = {"from": "2026-07-01T12:00:00Z", "to": "2026-07-02T12:00:00Z"}


async def test_a_range_in_one(served: Any) -> None:
    body = (await ask(served, key="sales", **RANGE)).json()
    (row,) = body["rows"]
    assert (row["key"], row["name"], row["start"], row["end"]) == (
        *("sales", "Sälé"), *(RANGE["from"], RANGE["to"])
    )  # fmt: skip
    values = row["values"]
    assert (values["offered"], values["answered"], values["abandoned"]) == (3, 2, 1)
    assert (values["asa_s"], values["service_level"]) == (20.0, pytest.approx(1 / 3))
    assert (values["waiting"], values["wait_answered_median_s"]) == (None, 10.0)
    assert body["timezone"] == "Europe/Berlin"
    assert body["as_of"] == "2026-07-01T22:10:00Z"


@pytest.mark.parametrize(
    ("minutes", "starts"),
    [
        ("15", ["12:00:00Z", "12:15:00Z", "22:00:00Z"]),
        ("30", ["12:00:00Z", "22:00:00Z"]),
        ("60", ["12:00:00Z", "22:00:00Z"]),
        ("day", ["12:00:00Z", "22:00:00Z"]),  # midnight in Berlin
        ("all", ["12:00:00Z"]),
    ],
)
async def test_intervals_of_any_length(served: Any, minutes: str, starts: list[str]) -> None:
    query = {"key": "sales", "minutes": minutes, "metrics": "answered,offered"}
    body = (await ask(served, **query, **RANGE)).json()
    assert [row["start"] for row in body["rows"]] == [f"2026-07-01T{start}" for start in starts]
    assert sum(row["values"]["answered"] for row in body["rows"]) == 2
    assert body["metrics"] == ["answered", "offered"]
    utc = (await ask(served, **query, timezone="UTC", **RANGE)).json()
    if minutes == "day":
        assert [(row["start"], row["end"]) for row in utc["rows"]] == [
            ("2026-07-01T12:00:00Z", "2026-07-02T00:00:00Z")
        ]


@pytest.mark.parametrize("dimension", ["channel", "agent", "centre"])
async def test_other_dimensions(served: Any, dimension: str) -> None:
    body = (await ask(served, dimension=dimension, **RANGE)).json()
    rows = {row["key"]: row for row in body["rows"]}
    key = {"channel": "voice", "agent": "anna", "centre": ""}[dimension]
    assert rows[key]["values"]["answered"] == 2
    assert rows[key]["name"] == {"channel": "voice", "agent": "anna", "centre": "All"}[dimension]


async def test_live_windows(served: Any) -> None:
    last = (await ask(served, key="sales", window="15")).json()["rows"][0]
    assert (last["values"]["offered"], last["values"]["abandoned"]) == (1, 1)
    assert (last["start"], last["end"]) == ("2026-07-01T21:56:00Z", "2026-07-01T22:10:00Z")
    now = (await ask(served, key="sales", window="now")).json()["rows"][0]
    assert (now["values"]["waiting"], now["values"]["abandoned"]) == (0, 1)
    assert now["start"] == "2026-07-01T22:00:00Z"  # since midnight in Berlin
    everybody = (await ask(served, window="today")).json()["rows"]
    assert [row["key"] for row in everybody] == ["=help", "sales"]


async def test_the_catalogue(served: Any) -> None:
    listed = (await served.ask("anna", "GET", "/api/v1/metrics")).json()
    assert [row["key"] for row in listed] == list(CATALOGUE)
    for row in listed:
        assert set(row) == set(MetricRow.__struct_fields__)
        assert row["name"]
        assert row["formula"]


async def test_csv_and_xlsx(served: Any) -> None:
    query = {"minutes": "60", "metrics": "answered,service_level,asa_s,contacts"}
    assert "only by" in told(await ask(served, ".csv", **query, **RANGE), 400)
    query["metrics"] = "answered,service_level,asa_s"
    answer = await ask(served, ".csv", **query, **RANGE)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == [
        *("Queue", "Name", "From (UTC)", "To (UTC)", "Answered", "Service level (%)"),
        "Average speed of answer (s)",
    ]
    assert rows[1] == [
        *("sales", "Sälé", "2026-07-01T12:00:00+00:00", "2026-07-01T13:00:00+00:00", "2", "50", "20")
    ]
    live = list(
        csv.reader(io.StringIO((await ask(served, ".csv", window="today")).content.decode("utf-8-sig")))
    )
    assert live[1][:2] == ["'=help", "'=help"]
    book = await ask(served, ".xlsx", **query, timezone="Europe/Berlin", **RANGE)
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        assert "From (Europe/Berlin)" in parts.read("xl/sharedStrings.xml").decode()


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({}, 400, "Give from and to"),
        ({"from": "2026-07-01T12:00:00Z"}, 400, "Give from and to"),
        ({"from": "2026-07-01T12:00:00", "to": "2026-07-01T13:00:00"}, 400, "with its zone"),
        ({"from": "2026-07-01T12:03:00Z", "to": "2026-07-01T13:00:00Z"}, 400, "quarter of an hour"),
        ({"from": "2026-07-01T12:00:00Z", "to": "2026-07-01T12:00:00Z"}, 400, "after from"),
        ({"from": "2020-07-01T12:00:00Z", "to": "2026-07-01T12:00:00Z"}, 400, "at most 400 days"),
        ({"from": "0001-01-01T00:00:00Z", "to": "0001-01-02T00:00:00Z"}, 400, "no time"),
        ({"window": "today", **RANGE}, 400, "either window"),
        ({"window": "week"}, 400, "window"),
        ({"window": "today", "timezone": "Mars/Olympus"}, 400, "not known"),
        ({"window": "today", "metrics": "beauty"}, 404, "no metric"),
        ({"window": "today", "dimension": "mood"}, 400, "dimension"),
        ({"window": "today", "dimension": "centre", "key": "x"}, 400, "no keys"),
        ({"minutes": "7", **RANGE}, 400, "minutes"),
    ],
)
async def test_what_makes_no_sense_is_told(
    served: Any, query: dict[str, str], status: int, words: str
) -> None:
    assert words in told(await ask(served, **query), status)


async def test_only_supervisors_see_figures(served: Any) -> None:
    for ending in ("", ".csv", ".xlsx"):
        told(await served.ask("anna", "GET", f"{PATH}{ending}?dimension=queue&window=today"), 403)
