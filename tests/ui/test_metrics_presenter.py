"""What tiles and strip say: words, limits, and "-" where there is nothing to divide."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from console.domain.agent import AgentState
from console.domain.events import LinkState
from console.domain.figures import Counts, Notice, QueueFigures, Snapshot, Theirs
from console.domain.queue import Queue, ServiceLevelFormula
from tests.ui.wallboard_sample import NOON, VECTOR, board_of, row_of
from ui.metrics.freshness import STALE_AFTER_S, Freshness, Health, freshness, with_notices
from ui.metrics.presenter import Level, over, service_serious, strip, theirs_words, tile
from ui.metrics.tongue import Tongue
from ui.metrics.words import ENGLISH, GERMAN

EN, DE = Tongue("en", UTC), Tongue("de", UTC)
SPACE = "\N{NO-BREAK SPACE}"


def row(
    counts: Counts = VECTOR,
    waits: tuple[float, ...] = (),
    agents: dict[AgentState, int] | None = None,
    **queue: Any,
) -> QueueFigures:
    waiting = tuple(NOON - timedelta(seconds=wait) for wait in waits)
    return row_of(Queue(key="sales", name="Sales", **queue), counts, waiting, agents or {})


def test_tile_says_the_vector_of_the_formulas() -> None:
    view = tile(row(), NOON, EN)
    assert view.service.text == f"72.9{SPACE}%"
    assert view.inputs == "70 of 96 within 20 s"
    assert view.formula == "answered in time, of all but short abandons"
    assert (view.abandoned.text, view.abandoned.note) == ("15", f"15.6{SPACE}%")
    assert (view.asa.text, view.aht.text) == ("0:14", "4:31")
    assert (view.share, view.aim) == (70 / 96, 0.8)


def test_queues_with_thresholds_of_their_own_are_together_in_time() -> None:
    assert tile(row(threshold_s=0.0), NOON, EN).inputs == "70 of 96 in time"
    assert tile(row(threshold_s=2.5), NOON, DE).inputs == "70 von 96 in 2,5 s"


@pytest.mark.parametrize(
    ("tongue", "half"), [(EN, "averages that move"), (DE, "die mit jedem Anruf wandern")]
)
def test_what_asterisk_counts_itself_is_told_with_how_it_counts(tongue: Tongue, half: str) -> None:
    theirs = Theirs(
        queue="sales", since=NOON, completed=7, abandoned=2, in_time_of_answered=85.5, in_time_of_all=66.7,
        hold_s=12, talk_s=125,
    )  # fmt: skip
    said = theirs_words(theirs, tongue)
    assert half in said
    for part in (" 7 ", " 2 ", tongue.target(0.855), tongue.target(0.667), "0:12", "2:05"):
        assert part in said


def test_tile_speaks_german_with_its_decimal_comma() -> None:
    view = tile(row(), NOON, DE)
    assert view.service.text == f"72,9{SPACE}%"
    assert view.inputs == "70 von 96 in 20 s"
    assert view.word == "Warnung"


def test_nothing_to_divide_is_a_dash_and_never_a_number() -> None:
    view = tile(row(Counts()), NOON, EN)
    assert (
        view.service.text == view.asa.text == view.aht.text == view.abandoned.note == view.longest.text == "-"
    )
    assert view.inputs == "no calls yet today"
    assert view.level is Level.PLAIN
    assert "0 %" not in view.spoken


@pytest.mark.parametrize(
    ("waits", "level"),
    [((), Level.PLAIN), ((1, 1), Level.PLAIN), ((1, 1, 1), Level.WARNING), ((1,) * 6, Level.CRITICAL)],
)
def test_waiting_counts_against_the_queue_s_own_limits(waits: tuple[float, ...], level: Level) -> None:
    assert tile(row(waits=waits), NOON, EN).waiting.level is level


@pytest.mark.parametrize(
    ("wait", "text", "level"),
    [
        (29.9, "0:29", Level.PLAIN),
        (30.0, "0:30", Level.WARNING),
        (59.9, "0:59", Level.WARNING),
        (60.0, "1:00", Level.CRITICAL),
        (3723.0, "1:02:03", Level.CRITICAL),
    ],
)
def test_longest_wait_counts_from_the_first_in_line(wait: float, text: str, level: Level) -> None:
    view = tile(row(waits=(wait, 1.0)), NOON, EN)
    assert (view.longest.text, view.longest.level) == (text, level)


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (None, Level.PLAIN),
        (1.0, Level.PLAIN),
        (0.8, Level.PLAIN),
        (0.799, Level.WARNING),
        (0.69, Level.CRITICAL),
    ],
)
def test_service_level_against_its_target(value: float | None, level: Level) -> None:
    assert service_serious(value, 0.8) is level


def test_a_limit_of_nought_is_none() -> None:
    assert over(1000, 0, 0) is Level.PLAIN


def test_customers_waiting_with_nobody_signed_in_is_critical() -> None:
    assert tile(row(waits=(1,)), NOON, EN).ready.level is Level.CRITICAL
    busy = {AgentState.ON_CONTACT: 3, AgentState.OFFLINE: 2}
    view = tile(row(waits=(1,), agents=busy), NOON, EN)
    assert (view.ready.text, view.ready.level) == ("0 of 3", Level.WARNING)
    free = tile(row(waits=(1,), agents=busy | {AgentState.READY: 1}), NOON, EN)
    assert (free.ready.text, free.ready.level, free.ready_short) == ("1 of 4", Level.PLAIN, "1/4")
    assert tile(row(), NOON, EN).ready.level is Level.PLAIN


def test_one_abandon_of_few_calls_does_not_turn_the_tile_red() -> None:
    early = Counts(offered=2, answered=1, answered_in_time=1, abandoned=1)
    view = tile(row(early), NOON, EN)
    assert (view.abandoned.note, view.abandoned.level) == (f"50.0{SPACE}%", Level.PLAIN)
    assert tile(row(), NOON, EN).abandoned.level is Level.CRITICAL


@pytest.mark.parametrize("formula", list(ServiceLevelFormula))
def test_every_formula_has_its_own_words(formula: ServiceLevelFormula) -> None:
    for tongue in (EN, DE):
        words = tile(row(formula=formula), NOON, tongue).formula
        assert words
        assert not words.startswith("formula")
        others = {
            tile(row(formula=other), NOON, tongue).formula
            for other in ServiceLevelFormula
            if other != formula
        }
        assert words not in others


def test_strip_is_as_serious_as_the_worst_queue_and_counts_them() -> None:
    board = board_of(12, 60)
    tiles = [tile(item, NOON, EN) for item in board.queues]
    view = strip(board, tiles, NOON, EN)
    assert view.critical == sum(item.level is Level.CRITICAL for item in tiles) > 0
    assert view.figures[0].text == str(sum(len(item.waiting_since) for item in board.queues))
    assert view.figures[0].level is max(item.waiting.level for item in tiles)


def test_strip_without_figures_says_dashes() -> None:
    for board in (None, Snapshot(sequence=0, at=NOON)):
        view = strip(board, [], NOON, EN)
        assert {figure.text for figure in view.figures} == {"-"}


def test_big_counts_have_the_language_s_separator() -> None:
    assert (EN.count(12345), DE.count(12345)) == ("12,345", "12.345")


def test_both_languages_say_everything_with_the_same_values() -> None:
    assert ENGLISH.keys() == GERMAN.keys()
    for key, words in ENGLISH.items():
        fields = {part.split("}")[0] for part in words.split("{")[1:]}
        assert fields == {part.split("}")[0] for part in GERMAN[key].split("{")[1:]}, key
        assert GERMAN[key]


def fresh(seconds: float, state: LinkState = LinkState.ONLINE, tongue: Tongue = EN) -> Freshness:
    return freshness(NOON, state, NOON + timedelta(seconds=seconds), tongue)


def test_fresh_figures_say_nothing_but_their_age() -> None:
    found = fresh(3.4)
    assert (found.health, found.banner, found.age) == (Health.LIVE, "", "3 s")
    assert found.as_of == NOON + timedelta(seconds=3.4)
    assert fresh(STALE_AFTER_S).health is Health.LIVE


def test_stale_figures_say_so_in_words_and_stand_still() -> None:
    found = fresh(12)
    assert found.health is Health.STALE
    assert found.banner == "No news from the centre for 12 s, figures are from 13:03:20"
    assert found.as_of == NOON
    assert fresh(200).age == "3 min"
    assert fresh(12, tongue=DE).banner == "Seit 12 s nichts von der Zentrale gehört, Zahlen sind von 13:03:20"


def test_a_lost_link_is_told_at_once() -> None:
    found = fresh(1, LinkState.LOST)
    assert found.health is Health.STALE
    assert found.lost
    assert found.banner == "Connection to the centre lost, trying again. Figures are from 13:03:20, 1 s old"


def test_telephone_systems_that_are_away_and_calls_without_the_centre_are_told() -> None:
    away = Notice(kind="away", where="north", since=NOON)
    strays = Notice(kind="fallback", where="north", since=NOON, callers=7, waiting=2)
    both = with_notices(fresh(1), (away, strays), EN)
    assert both.health is Health.LIVE
    assert both.lost
    assert both.banner == (
        "No connection to the telephone system north since 13:03:20, trying again · "
        "Fallback: 7 calls since 13:03:20 without the centre, 2 under way"
    )
    over_by_now = with_notices(fresh(1), (msgspec.structs.replace(strays, waiting=0),), DE)
    assert over_by_now.banner == "Notbetrieb: 7 Anrufe seit 13:03:20 ohne die Zentrale, alle beendet"
    assert not over_by_now.lost
    assert with_notices(fresh(12), (away,), EN) == fresh(12), "there is worse to tell"
    assert with_notices(fresh(1), (), EN) == fresh(1)


@pytest.mark.parametrize("state", list(LinkState))
def test_without_figures_every_state_has_its_words(state: LinkState) -> None:
    found = freshness(None, state, NOON, EN)
    assert found.health is Health.EMPTY
    assert found.banner
    assert not found.banner.startswith("banner")


def test_a_clock_behind_the_centre_s_shows_no_negative_age() -> None:
    found = fresh(-5)
    assert (found.age, found.health) == ("0 s", Health.LIVE)
    assert tile(row(waits=(1,)), NOON - timedelta(seconds=9), EN).longest.text == "0:00"


def test_times_of_day_are_local() -> None:
    moment = datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)
    assert Tongue("en", ZoneInfo("Europe/Berlin")).time(moment) == "14:00:05"


def test_views_compare_by_what_they_say() -> None:
    one = tile(row(), NOON, EN)
    assert one == tile(row(), NOON + timedelta(seconds=5), EN)
    assert one != msgspec.structs.replace(one, name="Other")
