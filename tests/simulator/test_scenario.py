"""Scenario files: a mistake is told in a line with file, line and option; variants change what they name."""

from pathlib import Path
from random import Random

import msgspec
import pytest

from console.domain.errors import SettingsError
from console.settings import parse_settings
from console.simulator.arrivals import times
from console.simulator.scenario import Scenario, read_scenario
from console.simulator.spread import Kind, Spread

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "resources" / "scenarios"

GOOD = """\
opens = "08:00"
closes = "12:00"

[[queues]]
key = "support"
numbers = ["100"]

[[agents]]
key = "front"
count = 3
queues = ["support"]

[[arrivals]]
queue = "100"
per_hour = 30

[[variants]]
name = "more"
set = { "agents[front].count" = 5, "queues[0].max_wait_s" = 60 }
"""

CHANGE = 'set = { "agents[front].count" = 5,'
VARIANT = "day.toml:19: variants[0].set: "


def _parsed(text: str) -> Scenario:
    return parse_settings(text, Scenario, "day.toml")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_the_examples_are_scenarios(path: Path) -> None:
    scenario = read_scenario(path)
    assert scenario.variants
    assert scenario.calls > 100


def test_the_readme_shows_what_the_example_holds() -> None:
    readme = (EXAMPLES.parent.parent / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("```ini\n[[variants]]\n")[2].partition("```")[0]
    assert shown.strip()
    assert shown.strip() in (EXAMPLES / "support.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ('opens = "08:00"', 'opnes = "08:00"', "day.toml:1: opnes: there is no such option"),
        ('opens = "08:00"', 'opens = "8 o clock"', "day.toml:1: opens: “8 o clock” is no time of day"),
        ('opens = "08:00"', 'opens = "08:61"', "day.toml:1: opens:"),
        ('closes = "12:00"', 'closes = "07:00"', "day.toml:2: closes: 07:00 is not after opens (08:00)"),
        ('closes = "12:00"', 'timezone = "Mars/Base"', "day.toml:2: timezone: there is no time zone"),
        ('closes = "12:00"', "warm_up_hours = 0.1", "day.toml:2: warm_up_hours: figures are kept by the"),
        ('closes = "12:00"', "warm_up_hours = 11", "day.toml:2: warm_up_hours: there would be nothing"),
        ('closes = "12:00"', "replications = 0", "day.toml:2: replications:"),
        ('closes = "12:00"', "days = 1.5", "day.toml:2: days:"),
        ('numbers = ["100"]', "wrap_up_s = -1", "day.toml:6: queues[0].wrap_up_s:"),
        ('numbers = ["100"]', 'overflow_to = "nowhere"', "day.toml:6: queues[0].overflow_to:"),
        ("count = 3", "count = -3", "day.toml:10: agents[0].count:"),
        ("count = 3", "shrinkage = 1.2", "day.toml:10: agents[0].shrinkage:"),
        ("count = 3", 'begins = "25:00"', "day.toml:10: agents[0].begins:"),
        ("count = 3", 'breaks = [{ at = "noon" }]', "day.toml:10: agents[0].breaks:"),
        ("count = 3", 'answer = { kind = "normal" }', "day.toml:10: agents[0].answer.kind:"),
        ("count = 3", 'answer = { kind = "never" }', "day.toml:10: agents[0].answer.kind: never is for a"),
        ('queues = ["support"]', 'queues = ["suport"]', "day.toml:11: agents[0].queues: there is no queue"),
        ('queue = "100"', 'queue = "101"', "day.toml:14: arrivals[0].queue: there is no queue “101”"),
        ("per_hour = 30", "per_hour = -1", "day.toml:15: arrivals[0].per_hour:"),
        ("per_hour = 30", "per_hour = 0", "day.toml:15: arrivals[0].per_hour: nobody would call"),
        ("per_hour = 30", "per_hour = inf", "day.toml:15: arrivals[0].per_hour:"),
        ("per_hour = 30", "profile = [1, -2]", "day.toml:15: arrivals[0].profile"),
        (
            "per_hour = 30",
            'per_hour = 30\ntalk = { kind = "lognormal", mean_s = 100 }',
            "day.toml:16: arrivals[0].talk.sd_s: a duration that is lognormal needs a sd_s of more than 0",
        ),
        (
            "per_hour = 30",
            'per_hour = 30\ntalk = { kind = "constant", mean_s = nan }',
            "day.toml:16: arrivals[0].talk.mean_s:",
        ),
        (
            "per_hour = 30",
            'per_hour = 30\ntalk = { kind = "uniform", least_s = 9, most_s = 3 }',
            "day.toml:16: arrivals[0].talk.least_s: 9 is more than most_s (3)",
        ),
        (
            "per_hour = 30",
            'per_hour = 30\npatience = { kind = "exponential" }',
            "day.toml:16: arrivals[0].patience.mean_s:",
        ),
        (CHANGE, 'set = { "agents[back].count" = 5,', VARIANT),
        (CHANGE, 'set = { "agents[front].cuont" = 5,', VARIANT),
        (CHANGE, 'set = { "agents[1].count" = 5,', "there is no agents[1] in this file"),
        (CHANGE, 'set = { "agents[front].count" = "x",', "front].count: Expected `int`"),
        (CHANGE, 'set = { "queues[0].overflow_to" = "x",', "there is no queue “x”"),
        (CHANGE, 'set = { "a b" = 5,', "a b: this is no option"),
        ('name = "more"', 'name = "more"\n[[variants]]\nname = "more"', "there is a variant “more” already"),
        ("[[queues]]", "[queues", "day.toml: not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(line: str, instead: str, told: str) -> None:
    assert line in GOOD
    with pytest.raises(SettingsError) as fault:
        _parsed(GOOD.replace(line, instead, 1))
    assert told in str(fault.value)
    assert str(fault.value).startswith("day.toml")
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("part", ["queues", "arrivals"])
def test_what_is_missing_is_told(part: str) -> None:
    parts = [block for block in GOOD.split("\n\n") if not block.startswith((f"[[{part}]]", "[[variants]]"))]
    with pytest.raises(SettingsError, match=r"there (is|are) no"):
        _parsed("\n\n".join(parts))


def test_too_many_calls_are_refused_before_they_are_simulated() -> None:
    with pytest.raises(SettingsError, match="calls are too many"):
        _parsed("days = 3660\n" + GOOD.replace("per_hour = 30", "per_hour = 1e7"))


def test_a_variant_changes_what_it_names_and_nothing_else() -> None:
    scenario = _parsed(GOOD)
    made = scenario.variant(scenario.variants[0])
    assert made.agents[0].count == 5
    assert made.queues[0].max_wait_s == 60
    same = msgspec.structs.replace(
        made,
        variants=scenario.variants,
        agents=(msgspec.structs.replace(made.agents[0], count=3),),
        queues=(msgspec.structs.replace(made.queues[0], max_wait_s=0.0),),
    )
    assert same == scenario


def test_a_variant_reaches_what_the_file_leaves_to_its_default() -> None:
    variant = (
        'set = { "routing.grace_s" = 5, "agents[0].answer.mean_s" = 9, "agents[0].answer.kind" = "constant" }'
    )
    scenario = _parsed(GOOD.partition("set =")[0] + variant.replace(", ", ",", 0))
    made = scenario.variant(scenario.variants[0])
    assert made.routing.grace_s == 5
    assert made.agents[0].answer == Spread(kind=Kind.CONSTANT, mean_s=9)


def test_times_of_day_are_the_zones_own_over_a_change_of_the_clocks() -> None:
    text = 'timezone = "Europe/Berlin"\nfirst_day = 2026-10-24\ndays = 2\n' + GOOD
    scenario = _parsed(text)
    (first, _), (second, _) = scenario.opened(0), scenario.opened(1)
    assert (first.hour, second.hour) == (6, 7)  # 08:00 in summer and in winter


def test_customers_come_as_the_profile_says() -> None:
    text = GOOD.replace("per_hour = 30", "profile = [100, 0, 300]\ninterval_minutes = 60")
    scenario = _parsed("days = 40\n" + text)
    came = list(times(scenario, scenario.arrivals[0], Random(1)))
    assert came == sorted(came)
    by_hour = [sum(moment.hour == hour for moment in came) / 40 for hour in (8, 9, 10, 11)]
    assert by_hour[1] == by_hour[3] == 0
    assert by_hour[0] == pytest.approx(100, abs=4.8)  # three deviations of a mean of 40 Poisson counts
    assert by_hour[2] == pytest.approx(300, abs=8.3)
    assert scenario.calls == 40 * 400


@pytest.mark.parametrize(
    "spread",
    [
        Spread(kind=Kind.EXPONENTIAL, mean_s=90),
        Spread(kind=Kind.LOGNORMAL, mean_s=90, sd_s=60),
        Spread(kind=Kind.CONSTANT, mean_s=90),
        Spread(kind=Kind.UNIFORM, least_s=60, most_s=120),
    ],
    ids=lambda spread: spread.kind.value,
)
def test_draws_have_the_mean_and_the_spread_asked_for(spread: Spread) -> None:
    draw = spread.sampler(Random(2))
    drawn = [draw() for _ in range(100_000)]
    mean = sum(drawn) / len(drawn)
    deviation = (sum((value - mean) ** 2 for value in drawn) / len(drawn)) ** 0.5
    wanted = {"exponential": 90, "lognormal": 60, "constant": 0, "uniform": 60 / 12**0.5}[spread.kind]
    assert mean == pytest.approx(spread.mean, rel=0.01)
    assert deviation == pytest.approx(wanted, rel=0.03, abs=1e-6)
    assert min(drawn) >= 0
