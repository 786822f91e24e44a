"""`callboardctl kpi`: the figures of the live board, whatever the order of the lines."""

import json
import random

import pytest

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.agent import AgentState
from console.domain.errors import BadInput
from console.domain.queue import Queue
from console.metrics.board import Board
from console.metrics.report import kpi_report, words
from console.wire import decode_lines, encode_event
from tests.metrics.history import random_history
from tests.metrics.story import START, Story


def _vector() -> Story:
    """kpi.md's hundred: 70 in time, 15 later, abandons 4 short, 3 more within 20 s, 8 after."""
    story = Story(Queue(key="support", name="Support"))
    waits = [("answered", 10.0)] * 70 + [("answered", 40.0)] * 15
    waits += [("left", 2.0)] * 4 + [("left", 15.0)] * 3 + [("left", 60.0)] * 8
    random.Random(7).shuffle(waits)
    for number, (how, waited) in enumerate(waits):
        name, begins = str(number), number * 100.0
        story.queued(begins, name, "support")
        if how == "answered":
            story.answered(begins + waited, name, "ada", "support").ended(begins + waited + 30, name)
        else:
            story.ended(begins + waited, name)
    return story


def test_the_vector() -> None:
    report = kpi_report(_vector().events)
    row = report["queues"]["support"]
    shares = {key: (level["numerator"], level["denominator"]) for key, level in row["service_levels"].items()}
    assert shares == {
        "answered_in_time_of_answered": (70, 85),
        "in_time_of_all": (77, 100),
        "answered_in_time_of_all": (70, 100),
        "answered_in_time_of_all_less_short": (70, 96),
        "answered_in_time_of_due": (70, 93),
    }
    assert row["service_level"]["formula"] == "answered_in_time_of_all_less_short"
    assert row["service_level"]["value"] == pytest.approx(0.72917, abs=1e-5)
    assert (row["counts"]["offered"], row["counts"]["answered"], row["counts"]["abandoned"]) == (100, 85, 15)
    assert row["asa_s"] == pytest.approx((70 * 10 + 15 * 40) / 85)
    assert (row["aht_s"], row["att_s"], row["acw_s"]) == (30.0, 30.0, 0.0)
    assert row["abandon_rate"] == 15 / 96
    assert row["wait_s"] == {"longest": 60.0, "median": 10.0, "p90": 40.0, "p95": 40.0}
    assert {k: v for k, v in report["total"].items() if k not in ("key", "name")} == {
        k: v for k, v in row.items() if k not in ("key", "name")
    }


def test_shuffled_and_doubled_lines_give_the_same_figures() -> None:
    story = _vector()
    lines = [encode_event(event) for event in story.events]
    shuffled = lines + lines[:50]
    random.Random(3).shuffle(shuffled)
    told = kpi_report(decode_lines(lines))
    again = kpi_report(decode_lines(shuffled))
    assert told["events"]["order"] == "given"
    assert again["events"] | {"given": 0} == told["events"] | {"given": 0, "doubled": 50, "order": "sorted"}
    assert (again["queues"], again["total"], again["agents"]) == (
        told["queues"],
        told["total"],
        told["agents"],
    )


def test_one_id_for_two_events_is_refused() -> None:
    story = Story(Queue(key="a"))
    first = story.events[0]
    other = ev.QueueRemoved(id=first.id, at=first.at, queue="a")
    with pytest.raises(BadInput, match="stands for two different events"):
        kpi_report([first, other])


def test_later_events_are_not_counted_yet() -> None:
    story = Story(Queue(key="a")).queued(0, "x", "a").ended(50, "x")
    report = kpi_report(story.events, story.at(49))
    row = report["queues"]["a"]
    assert (row["waiting"], row["longest_wait_s"], row["counts"]["abandoned"]) == (1, 49.0, 0)
    assert (report["events"]["counted"], report["events"]["later"]) == (len(story.events) - 1, 1)


def test_queues_nobody_configured_count_with_default_settings() -> None:
    story = Story().queued(0, "x", "surprise").answered(20, "x", "ada", "surprise")
    row = kpi_report(story.events)["queues"]["surprise"]
    assert (row["service_level"]["numerator"], row["service_level"]["threshold_s"]) == (1, 20.0)


def test_agents_and_their_occupancy() -> None:
    story = Story(Queue(key="a")).agent(0, "ada").agent(0, "bob").queued(100, "x", "a")
    story.answered(100, "x", "ada", "a").ended(160, "x").tell(
        200, ev.AgentPaused, agent="bob", reason="Lunch"
    )
    report = kpi_report(story.events, story.at(400))
    agents = report["agents"]
    assert agents["states"] == {"ready": 1, "paused": 1}
    ada = next(row for row in agents["rows"] if row["agent"] == "ada")
    assert ada["seconds"] == {"ready": 340.0, "on_contact": 60.0}
    assert (ada["occupancy"], ada["answered"], ada["state"]) == (0.15, 1, "ready")
    assert agents["occupancy"] == 60 / 600


def test_no_events_is_no_figures() -> None:
    report = kpi_report([], START)
    assert report["queues"] == {}
    assert report["total"]["service_level"]["value"] is None
    assert report["total"]["counts"]["offered"] == 0
    assert words(report)


def test_the_report_is_json_and_reads_in_words() -> None:
    report = kpi_report(_vector().events)
    assert json.loads(json.dumps(report)) == report
    shown = "\n".join(words(report))
    assert "72.9 %: 70 of 96 (answered_in_time_of_all_less_short, within 20 s)" in shown
    assert "offered 100, answered 85, abandoned 15 (4 short, rate 15.6 %)" in shown
    assert "agents: none signed in; occupancy -" in shown


def test_the_report_over_the_ledger_equals_the_live_board() -> None:
    for seed in range(4):
        events = random_history(300 + seed, calls=80)
        clock = StoppedClock(events[-1].at)
        board = Board(clock)
        for sequence, event in enumerate(events, start=1):
            board.apply(event, sequence)
        live = board.snapshot()
        report = kpi_report(decode_lines([encode_event(event) for event in events]), clock.now())
        assert report["events"]["order"] == "given"
        for figures in (*live.queues, live.total):
            row = report["queues"][figures.queue.key] if figures.queue.key else report["total"]
            counts = {name: getattr(figures.counts, name) for name in figures.counts.__struct_fields__}
            assert row["counts"] == counts
            assert row["service_level"]["value"] == figures.service_level.value
            assert (row["asa_s"], row["aht_s"]) == (figures.asa_s, figures.aht_s)
            assert row["waiting"] == len(figures.waiting_since)
        assert report["agents"]["states"] == {str(k): v for k, v in live.total.agents.items()}
        shown = {row["agent"]: AgentState(row["state"]) for row in report["agents"]["rows"]}
        assert shown == {row.agent: row.state for row in live.agents}
