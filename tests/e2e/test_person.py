"""A person at the screen: rung by a real call, answers by key, holds, ends, closes. Real X, real sound."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.demo.books import CROSSED_S
from tests.machine import Display, Pulse

pytestmark = [pytest.mark.e2e, pytest.mark.audio]

_PATIENCE_S = 60.0


class Person:
    """Somebody at `callboard demo`, who looks at the ledger to know what came of a key."""

    def __init__(self, display: Display, folder: Path, report: Path) -> None:
        self.display = display
        self.folder = folder
        self.demo = subprocess.Popen(
            [
                *(sys.executable, "-m", "ui", "demo", "--agents", "0", "--seed", "5"),
                *("--folder", str(folder), "--report", str(report)),
            ],
            env={**os.environ, **display.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait(self, what: str, seen: "object") -> None:
        """Wait until `seen()` is true."""
        until = time.monotonic() + _PATIENCE_S
        while not seen():  # type: ignore[operator]
            assert self.demo.poll() is None, f"the demo ended while waiting for {what}: {self.said()}"
            assert time.monotonic() < until, f"{what} did not come"

    def window(self, name: str) -> str:
        """The id of a window by a part of its title, or ""."""
        found = subprocess.run(
            ["xdotool", "search", "--name", name],
            env={**os.environ, **self.display.env},
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout.split()[0] if found.stdout.split() else ""

    def title(self, window: str) -> str:
        """What a window is called now."""
        return self.display.xdotool("getwindowname", window)

    def press(self, key: str, window: str) -> None:
        """Press a key in a window."""
        self.display.xdotool("windowraise", window)
        self.display.xdotool("windowfocus", "--sync", window)
        self.display.xdotool("key", key)

    def facts(self, kind: str) -> int:
        """How many facts of a class the ledger has."""
        database = sqlite3.connect(f"file:{self.folder}/centre.db?mode=ro", uri=True)
        try:
            (count,) = database.execute("SELECT count(*) FROM events WHERE type = ?", (kind,)).fetchone()
        finally:
            database.close()
        return int(count)

    def said(self) -> str:
        """All that the demo printed (it must have ended)."""
        return self.demo.communicate(timeout=_PATIENCE_S)[0]


@pytest.fixture
def person(pulse: Pulse, xvfb: Display, tmp_path: Path) -> Iterator[Person]:
    made = Person(xvfb, tmp_path / "demo", tmp_path / "report.json")
    yield made
    made.demo.kill()
    made.demo.wait()
    if made.demo.stdout is not None:
        made.demo.stdout.close()


def test_the_person_answers_holds_ends_lets_the_next_ring_and_the_books_balance(
    person: Person, tmp_path: Path
) -> None:
    person.wait("a ringing window", lambda: person.window("Ringing"))
    window = person.window("Ringing")
    person.press("F2", window)
    person.wait("the answer", lambda: person.facts("InteractionAnswered") == 1)
    answered = time.monotonic()
    person.wait("the call on the screen", lambda: "Ringing" not in person.title(window))
    person.press("F3", window)
    person.wait("hold", lambda: person.facts("InteractionHeld") == 1)
    person.wait("hold on the screen", lambda: "On hold" in person.title(window))
    person.press("F3", window)
    person.wait("resume", lambda: person.facts("InteractionResumed") == 1)
    person.wait("talk that cannot be overheard", lambda: time.monotonic() - answered > 2 * CROSSED_S)
    person.press("F8", window)
    person.wait("the end", lambda: person.facts("InteractionEnded") >= 1)
    person.wait("wrap-up", lambda: person.facts("WrapUpStarted") == 1)
    person.press("ctrl+Return", window)
    person.wait("the end of wrap-up", lambda: person.facts("WrapUpEnded") == 1)
    person.wait("the record in the ledger", lambda: person.facts("CallRecorded") == 1)
    person.wait("the next call", lambda: "Ringing" in person.title(window))
    person.wait("its end without an answer", lambda: person.facts("OfferEnded") >= 1)
    person.press("ctrl+q", window)
    said = person.said()
    assert person.demo.returncode == 0, said
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["balanced"], said
    assert report["answered"] == 1
    assert report["history_rows"] == report["synced_rows"] >= 1
