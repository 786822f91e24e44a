"""Results: the same however spread over processes; variants beside each other, told, drawn, written."""

import csv
import io
import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from console.__main__ import main
from console.domain.queue import Queue
from console.simulator.plot import svg
from console.simulator.results import AS_IT_IS, Results
from console.simulator.run import simulate
from console.simulator.scenario import Arrivals, Group, Scenario, Variant
from console.simulator.words import words
from tests.simulator.centres import exponential

SVG = "{http://www.w3.org/2000/svg}"

SMALL = """\
name = "Small"
closes = "10:00"
replications = 3

[[queues]]
key = "q"
name = "Sales & <Support>"

[[agents]]
key = "a"
count = 4
queues = ["q"]

[[arrivals]]
queue = "q"
per_hour = 60
patience = { kind = "exponential", mean_s = 60 }

[[variants]]
name = "more"
set = { "agents[a].count" = 9 }
"""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return Scenario(
        name="Two queues",
        closes="11:00",
        replications=4,
        queues=(Queue(key="q", name="Sales & <Support>", threshold_s=20.0), Queue(key="r", threshold_s=30.0)),
        agents=(Group(key="a", count=5, queues=("q", "r")), Group(key="b", count=2, queues=("r",))),
        arrivals=(
            Arrivals(queue="q", per_hour=60, patience=exponential(60)),
            Arrivals(queue="r", per_hour=20, patience=exponential(120)),
        ),
        variants=(
            Variant(name="two more", set={"agents[0].count": 7}),
            Variant(name="the same", set={}),
        ),
    )


@pytest.fixture(scope="module")
def results(scenario: Scenario) -> Results:
    told: list[tuple[int, int]] = []
    made = simulate(scenario, jobs=1, progress=lambda done, whole: told.append((done, whole)))
    assert told == [(done, 12) for done in range(1, 13)]
    return made


def test_processes_change_nothing(scenario: Scenario, results: Results) -> None:
    assert msgspec.json.encode(simulate(scenario, jobs=2)) == msgspec.json.encode(results)


def test_variants_meet_the_same_customers(results: Results) -> None:
    base, more, same = results.variants
    assert (base.name, more.name, same.name) == (AS_IT_IS, "two more", "the same")
    assert base.calls == more.calls == same.calls
    assert same.queues[0].figures == base.queues[0].figures
    for row, other in zip(more.queues, base.queues, strict=True):
        assert row.figures["offered"] == other.figures["offered"]
    better = more.queues[1].difference["service_level"]
    assert better is not None
    assert better.low is not None
    assert better.low > 0
    assert all(apart is None or apart.mean == 0 for apart in same.queues[1].difference.values())


def test_a_difference_run_by_run_is_surer_than_either_figure(results: Results) -> None:
    base, more, _ = results.variants
    apart = more.queues[1].difference["offered"]
    alone = more.queues[1].figures["offered"]
    assert apart is not None
    assert alone is not None
    assert apart.half_width == 0
    assert alone.half_width
    assert alone.half_width > 0
    assert base.queues[1].difference == {}


def test_the_books_of_all_queues_are_those_of_each(results: Results) -> None:
    for variant in results.variants:
        total, *queues = variant.queues
        for name in ("offered", "answered", "abandoned", "talk_s", "level_met"):
            assert total.counts[name] == pytest.approx(sum(queue.counts[name] for queue in queues))
        assert total.in_time == sum(queue.in_time for queue in queues)
        assert total.of == sum(queue.of for queue in queues)
        whole = total.counts["answered"] + total.counts["abandoned"] + total.counts["flowed_out"]
        assert whole * results.replications == variant.calls
        contacts = [group.figures["contacts"] for group in variant.groups]
        assert sum(found.mean for found in contacts if found) == pytest.approx(total.counts["answered"])


def test_the_table_names_everything(results: Results) -> None:
    text = "\n".join(words(results))
    assert text.startswith("Two queues: 4 runs of 1 day, seed 1.")
    for part in ("as it is", "two more", "the same", "Sales & <Support>", "r  ", "a (5/7)", "b (2)"):
        assert part in text
    for label in ("service level (20 s)", "service level (30 s)", "ASA", "wait, 95 of 100", "occupancy"):
        assert label in text
    assert "*)" in text
    assert all(len(line) <= 150 for line in text.splitlines())


def test_more_variants_than_fit_come_in_blocks(scenario: Scenario) -> None:
    variants = tuple(
        Variant(name=f"with {count} and a name that is far too long", set={"agents[0].count": count})
        for count in range(5, 10)
    )
    small = msgspec.structs.replace(scenario, variants=variants, replications=1, closes="08:30")
    lines = words(simulate(small, jobs=1))
    heads = [line for line in lines if line.startswith("All queues")]
    assert len(heads) == 2
    assert all("as it is" in line for line in heads)
    assert "…" in heads[0]
    assert "±" not in "\n".join(lines)  # one run has no interval


def test_a_centre_that_cannot_keep_up_is_told(scenario: Scenario) -> None:
    nobody = msgspec.structs.replace(
        scenario, agents=(Group(key="a", count=0, queues=("q",)),), variants=(), replications=1,
        closes="08:15", arrivals=(Arrivals(queue="q", per_hour=60),),
    )  # fmt: skip
    made = simulate(nobody, jobs=1)
    assert made.variants[0].unfinished == made.variants[0].calls > 0
    lines = words(made)
    assert any(line.startswith("! as it is: ") for line in lines)
    assert any(line.split() == ["ASA", "-"] for line in lines)


def test_the_picture_needs_nothing_and_shows_every_queue_and_variant(results: Results) -> None:
    picture = svg(results)
    assert picture == svg(results)
    root = ElementTree.fromstring(picture)
    texts = "".join(root.itertext())
    for part in ("Two queues", "Sales & <Support>: service level", "r: mean wait", "two more", "as it is"):
        assert part in texts
    assert root.findall(f".//{SVG}script") == []
    assert root.findall(f".//{SVG}image") == []
    lines = [path for path in root.iter(f"{SVG}path") if "line" in path.get("class", "").split()]
    assert len([path for path in lines if path.get("fill") == "none"]) >= 2 * 2 * 3
    assert b"url(" not in picture
    assert b"@import" not in picture


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def test_the_command_prints_json_and_writes_picture_and_table(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, table = tmp_path / "day.svg", tmp_path / "day.csv"
    options = ["--json", "--jobs", "1", "--plot", str(picture), "--csv", str(table)]
    assert main(["simulate", "--scenario", str(file), *options]) == 0
    told = capsys.readouterr()
    report = json.loads(told.out)
    assert told.err == ""
    assert [variant["name"] for variant in report["variants"]] == [AS_IT_IS, "more"]
    assert report["variants"][1]["changed"] == {"agents[a].count": 9}
    level = report["variants"][0]["queues"][1]["figures"]["service_level"]
    assert 0 < level["low"] < level["mean"] < level["high"] < 1.2
    assert ElementTree.fromstring(picture.read_bytes()).tag == f"{SVG}svg"
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    (row,) = (
        row for row in rows
        if (row["variant"], row["key"], row["figure"]) == (AS_IT_IS, "q", "service_level")
    )  # fmt: skip
    assert float(row["mean"]) == level["mean"]


def test_the_command_tells_a_person(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--scenario", str(file), "--jobs", "1"]) == 0
    told = capsys.readouterr()
    assert "Sales & <Support>" in told.out
    assert "calls/s" in told.out.splitlines()[-1]
    assert told.err == ""


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--plot", "/nowhere/day.svg"], 2, "/nowhere/day.svg cannot be written"),
        (["--csv", "."], 2, ". cannot be written"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_the_work(
    file: Path, options: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--scenario", str(file), *options]) == code
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1


def test_a_typo_is_one_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(SMALL.replace("count = 4", "cuont = 4"))
    assert main(["simulate", "--scenario", str(file)]) == 1
    told = capsys.readouterr()
    assert f"{file}:11: agents[0].cuont: there is no such option" in told.err
    assert len(told.err.strip().splitlines()) == 1


def test_the_command_is_light_until_it_runs() -> None:
    """Every other command would pay for it."""
    import subprocess

    heavy = "{'numpy', 'pygal', 'console.simulator.engine', 'console.routing.router'} & set(sys.modules)"
    code = f"import sys, console.__main__; print(sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
