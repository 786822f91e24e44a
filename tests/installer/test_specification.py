"""The shared PyInstaller specification as Windows and macOS run it, with stand-ins for PyInstaller."""

import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "installer/packages/callboard.spec"


class Made:
    """What one of PyInstaller's classes was asked for."""

    def __init__(self, kind: str, *given: Any, **named: Any) -> None:
        self.kind, self.given, self.named = kind, given, named
        self.pure: list[Any] = []
        self.scripts: list[Any] = []
        self.binaries: list[Any] = []
        self.datas: list[Any] = []


class Nothing(list[Any]):
    """Contents of no interest here: a list, or a function that gives one."""

    def __call__(self, *_given: Any, **_named: Any) -> "Nothing":
        return Nothing()


class Contents(ModuleType):
    """In place of installer/packages/contents.py, which asks PyInstaller about this system."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


def run(system: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> list[Made]:
    made: list[Made] = []

    def kind(name: str) -> Any:
        def make(*given: Any, **named: Any) -> Made:
            made.append(Made(name, *given, **named))
            return made[-1]

        return make

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("CALLBOARD_PACKAGE", "desk")
    monkeypatch.setitem(sys.modules, "contents", Contents("contents"))
    given = {name: kind(name) for name in ("Analysis", "PYZ", "EXE", "COLLECT", "BUNDLE")}
    runpy.run_path(str(SPEC), {**given, "SPECPATH": str(SPEC.parent), "workpath": str(work)})
    return made


@pytest.mark.parametrize(("system", "suffix"), [("win32", "ico"), ("darwin", "icns")])
def test_two_programs_with_the_icon_of_the_system(
    system: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run(system, tmp_path / "work", monkeypatch)
    programs = {each.named["name"]: each.named for each in made if each.kind == "EXE"}
    assert set(programs) == {"callboard", "callboardctl"}
    assert not programs["callboard"]["console"]  # no black window behind ours
    assert programs["callboardctl"]["console"]
    icon = Path(programs["callboard"]["icon"])
    assert icon.suffix == f".{suffix}"
    assert icon.stat().st_size > 5000


def test_macos_gets_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run("darwin", tmp_path, monkeypatch)
    (bundle,) = [each for each in made if each.kind == "BUNDLE"]
    assert bundle.named["name"] == "Callboard.app"
    assert bundle.named["bundle_identifier"] == "org.callboard.Callboard"
    assert bundle.named["info_plist"]["NSMicrophoneUsageDescription"]
    assert bundle.given[0].kind == "COLLECT"


def test_windows_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each for each in run("win32", tmp_path, monkeypatch) if each.kind == "BUNDLE"] == []
