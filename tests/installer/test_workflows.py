"""The workflows for hosted runners: readable, pinned, asking for little, and naming what is there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
NAMED = re.compile(r"(?<![\w/.])((?:installer|tests|\.ci|console|ui)/[\w./-]+|requirements[\w-]*\.txt)")


def read(file: Path) -> dict[str, Any]:
    # YAML 1.1 takes the key `on` for a boolean
    return {("on" if key is True else key): value for key, value in yaml.safe_load(file.read_text()).items()}


def steps(file: Path) -> list[dict[str, Any]]:
    return [step for job in read(file)["jobs"].values() for step in job["steps"]]


def test_there_is_one_for_each_system() -> None:
    assert [file.name for file in FILES] == ["ci.yml", "macos.yml", "windows.yml"]
    assert {job["runs-on"].split("-")[0] for file in FILES for job in read(file)["jobs"].values()} == {
        "ubuntu", "windows", "macos",
    }  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_has_the_form_of_a_workflow(file: Path) -> None:
    whole = read(file)
    assert {"name", "on", "permissions", "jobs"} <= whole.keys()
    assert whole["permissions"] == {"contents": "read"}
    for job in whole["jobs"].values():
        assert job["timeout-minutes"] <= 50
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert "uses" in step or step["name"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_actions_are_pinned_and_their_version_is_told(file: Path) -> None:
    for step in steps(file):
        if "uses" in step:
            assert PINNED.match(step["uses"]), step["uses"]
            assert re.search(re.escape(step["uses"]) + r" # v\d+\.\d+\.\d+\n", file.read_text())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_from_outside_gets_into_a_command(file: Path) -> None:
    for step in steps(file):
        assert not re.search(r"\$\{\{\s*(github|secrets|vars|inputs)\.", step.get("run", "")), step.get(
            "name"
        )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_it_names_is_there(file: Path) -> None:
    for step in steps(file):
        told = step.get("run", "") + str(step.get("with", {}).get("path", ""))
        for name in NAMED.findall(told.replace("\\", "/")):
            assert any(ROOT.glob(name.rstrip("/."))), name
        for module in re.findall(r"-m (installer[\w.]+)", told):
            assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_names_no_registry(file: Path) -> None:
    assert not re.search(r"https?://(?!centre\.example)|--index-url|--extra-index", file.read_text())


def test_linux_runs_what_everybody_runs() -> None:
    (run,) = [step["run"] for step in steps(ROOT / ".github/workflows/ci.yml") if "run" in step]
    assert run == ".ci/run"


@pytest.mark.parametrize("name", ["windows", "macos"])
def test_what_is_built_is_kept(name: str) -> None:
    last = steps(ROOT / f".github/workflows/{name}.yml")[-1]
    assert last["uses"].startswith("actions/upload-artifact@")
    assert last["with"]["if-no-files-found"] == "error"
