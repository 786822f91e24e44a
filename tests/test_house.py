"""The house rules that no other tool checks: what lies where, how long, what it says, what it must not."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PySide6 import QtCore

import console

HOUSE = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text())
PYSIDE = "6.11.3"
LONGEST_FILE = 400
LONGER_FOR_A_REASON = {"console/domain/events.py": "the whole vocabulary of facts is one file"}
AT_THE_TOP = {
    "pyproject.toml", "README.md", "console", "ui", "resources", "installer", "tests",
    "Makefile", "LICENSE", "CHANGELOG.md", "requirements.txt", "requirements-dev.txt",
}  # fmt: skip
# Written so that the rule does not trip over itself.
FOREIGN = "|".join(
    (
        r"py[p]i\.org", r"pythonhoste[d]", r"deb\.debia[n]", r"snapshot\.debia[n]", r"npmj[s]\.org",
        r"(?<![\w.])/(?:wor[k]|roo[t]|far[m])/", r"file://[/]opt",
    )
)  # fmt: skip


def _tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository (with those not yet added, without ignored ones)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns],
        cwd=HOUSE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for name in listed.stdout.split("\0") if name and (path := HOUSE / name).is_file()]


def _sources() -> list[Path]:
    return _tracked("console/*.py", "ui/*.py", "tests/*.py")


def _rooms() -> list[Path]:
    """Return every folder of console/ and ui/ that holds Python files, without Alembic's own folders."""
    folders = {path.parent for path in _tracked("console/*.py", "ui/*.py")}
    return sorted(folder for folder in folders if "migrations" not in folder.relative_to(HOUSE).parts)


def test_files_are_short() -> None:
    counted = {path.relative_to(HOUSE): len(path.read_text().splitlines()) for path in _sources()}
    assert counted
    long = {path.as_posix(): lines for path, lines in counted.items() if lines > LONGEST_FILE}
    assert {path: lines for path, lines in long.items() if path not in LONGER_FOR_A_REASON} == {}
    assert set(LONGER_FOR_A_REASON) <= set(long), "a file that is short again needs no exception"


def test_the_top_level_is_as_designed() -> None:
    tops = {path.relative_to(HOUSE).parts[0] for path in _tracked()}
    assert {top for top in tops if not top.startswith(".")} - AT_THE_TOP == set()


def test_no_room_lies_deeper_than_two_levels() -> None:
    assert [str(room) for room in _rooms() if len(room.relative_to(HOUSE).parts) > 2] == []


def test_every_room_says_what_it_is_for() -> None:
    silent = []
    for room in _rooms():
        init = room / "__init__.py"
        if not init.exists() or not init.read_text().lstrip().startswith('"""'):
            silent.append(str(room.relative_to(HOUSE)))
    assert silent == []


def test_nothing_names_a_registry_or_a_path_of_one_machine() -> None:
    found = []
    for path in _tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:  # sounds and pictures
            continue
        lines = enumerate(text.splitlines(), 1)
        found += [
            f"{path.relative_to(HOUSE)}:{n}: {line[:120]}" for n, line in lines if re.search(FOREIGN, line)
        ]
    assert found == []


def test_console_loads_without_qt_and_without_a_softphone() -> None:
    told = subprocess.run(
        [
            sys.executable, "-c",
            "import sys, console.__main__; "
            "print(sorted({'PySide6', 'shiboken6', 'pjsua2', 'qasync', 'ui'} & set(sys.modules)))",
        ],
        cwd=HOUSE, capture_output=True, text=True, timeout=60, env=os.environ | {"PYTHONPATH": str(HOUSE)},
    )  # fmt: skip
    assert told.stderr == ""
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_names_the_two_commands(command: str) -> None:
    assert command in (HOUSE / "README.md").read_text()


def test_the_readme_shows_only_pictures_and_files_that_are_there() -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", (HOUSE / "README.md").read_text())
    gone = [target for target in targets if "://" not in target and not (HOUSE / target).exists()]
    assert gone == []


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (HOUSE / "Makefile").read_text()
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", (HOUSE / "README.md").read_text()))
    assert named
    assert named - known == set()


def test_the_licence_is_the_gpl() -> None:
    text = (HOUSE / "LICENSE").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text
    assert PROJECT["project"]["license"] == "GPL-3.0-or-later"


def test_the_version_is_the_same_everywhere() -> None:
    assert PROJECT["project"]["version"] == console.__version__


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    assert "\n## Unreleased\n" in (HOUSE / "CHANGELOG.md").read_text()


def test_all_resources_that_the_programs_read_are_installed() -> None:
    shipped = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    folders = {f"resources/{path.relative_to(HOUSE).parts[1]}" for path in _tracked("resources/*/*")}
    assert folders - {"resources/screenshots"} == set(shipped)
    assert all(target == f"share/callboard/{source}" for source, target in shipped.items())


# ---- pinned requirements ----
def _pins(name: str) -> dict[str, str]:
    """Return the requirements of a file as project -> everything said of it, continued lines joined."""
    joined = (HOUSE / name).read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {re.split(r"\[|==", line)[0].strip().lower(): line for line in lines}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_one_version_with_hashes(name: str) -> None:
    pins = _pins(name)
    assert pins
    loose = [
        line
        for line in pins.values()
        if not re.match(r"[a-z0-9.-]+(\[[a-z,]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
    ]
    assert loose == []


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in requirements}


def test_every_dependency_of_the_project_is_pinned() -> None:
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    extras = project["optional-dependencies"]
    to_run, to_develop = set(_pins("requirements.txt")), set(_pins("requirements-dev.txt"))
    assert _names(project["dependencies"] + extras["desk"] + groups["build"]) - to_run == set()
    assert _names(groups["dev"] + extras["postgresql"]) - to_develop == set()
    assert to_run & to_develop == set()


@pytest.mark.parametrize("name", ["pyside6-essentials", "pyside6-addons", "shiboken6"])
def test_qt_stays_at_the_version_that_keeps_its_references(name: str) -> None:
    assert _pins("requirements.txt")[name].startswith(f"{name}=={PYSIDE} ")
    assert QtCore.__version__ == PYSIDE


TEN_THOUSAND_SIGNALS = """
import sys
from PySide6 import QtCore

import console

class Bell(QtCore.QObject):
    rung = QtCore.Signal(bool)

heard = []
bell = Bell()
bell.rung.connect(heard.append)
before = sys.getrefcount(True)
for _ in range(10_000):
    bell.rung.emit(True)
rung = len(heard)
heard.clear()
after = sys.getrefcount(True)
immortal = after > 2**30  # Python 3.12 and later
print(rung, immortal or abs(after - before) < 100)
"""


def test_ten_thousand_signals_cost_true_no_reference() -> None:
    """PySide6 6.12.0 on Python 3.11 gives away a reference to True at every emit, until the process dies."""
    told = subprocess.run(
        [sys.executable, "-c", TEN_THOUSAND_SIGNALS], capture_output=True, text=True, timeout=60, check=False
    )
    assert (told.stdout.strip(), told.stderr, told.returncode) == ("10000 True", "", 0)
