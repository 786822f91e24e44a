"""`callboard LINK` as a desktop calls it: real programs, a real screen, a real telephone at the other end."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import Display

pytestmark = pytest.mark.e2e

_PATIENCE_S = 60.0
_SETTINGS = """
[phone]
uri = "sip:me@127.0.0.1"
bind = "127.0.0.1"

[window]
language = "en"
"""


class Computer:
    """A person's computer: a screen, a data folder, and somebody at 127.0.0.1 who can be called."""

    def __init__(self, display: Display, folder: Path) -> None:
        self.display = display
        self.data = folder / "data"
        self.data.mkdir()
        (self.data / "desk.toml").write_text(_SETTINGS)
        run = folder / "run"
        run.mkdir(mode=0o700)
        self.env = {**os.environ, **display.env, "HOME": str(folder), "XDG_RUNTIME_DIR": str(run)}
        self.env.pop("XDG_ACTIVATION_TOKEN", None)
        self.started: list[subprocess.Popen[str]] = []
        self.callee = socket.create_server(("127.0.0.1", 0))
        self.callee.setblocking(False)
        port = self.callee.getsockname()[1]
        self.link = f"sip:anna@127.0.0.1:{port};transport=tcp;maddr=127.0.0.9?Replaces=x&Subject=y"

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `callboard`."""
        self.started.append(
            subprocess.Popen(
                [sys.executable, "-m", "ui", "--data", str(self.data), *words],
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return self.started[-1]

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """How a program ended, and what it said."""
        said = process.communicate(timeout=_PATIENCE_S)[0]
        return process.returncode, said

    def windows(self) -> list[str]:
        """The ids of Callboard's windows."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", "^Callboard$"],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout.split()

    def wait_for_window(self, process: subprocess.Popen[str]) -> str:
        """The window, once it is there."""
        until = time.monotonic() + _PATIENCE_S
        while not self.windows():
            assert process.poll() is None, self.ended(process)
            assert time.monotonic() < until, "no window came"
        return self.windows()[0]

    def invited(self) -> bytes:
        """What came at the other end by now: the head of the first message."""
        try:
            connection, _ = self.callee.accept()
        except BlockingIOError:
            return b""
        connection.settimeout(_PATIENCE_S)
        with connection, connection.makefile("rb") as said:
            return b"".join(iter(said.readline, b"\r\n"))

    def close(self) -> None:
        """End all that was started, until the screen is empty."""
        for process in self.started:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self.callee.close()
        until = time.monotonic() + _PATIENCE_S
        while self.windows():
            assert time.monotonic() < until, "a window of nobody stays"

    def press_until_invited(self, window: str) -> bytes:
        """Press Enter in the window until the call arrives."""
        until = time.monotonic() + _PATIENCE_S
        while not (invite := self.invited()):
            assert time.monotonic() < until, "nobody was called"
            self.display.xdotool("windowfocus", "--sync", window)
            self.display.xdotool("key", "Return")
        return invite


@pytest.fixture
def computer(xvfb: Display, tmp_path: Path) -> Iterator[Computer]:
    made = Computer(xvfb, tmp_path)
    yield made
    made.close()


def test_a_link_goes_to_the_running_desk_and_is_called_once_the_person_says_so(computer: Computer) -> None:
    first = computer.start()
    window = computer.wait_for_window(first)
    assert computer.ended(computer.start("--", computer.link)) == (0, "")
    assert computer.ended(computer.start()) == (0, "")  # raises the window, and is answered after the link
    assert computer.windows() == [window]
    assert computer.invited() == b""
    invite = computer.press_until_invited(window)
    assert invite.startswith(b"INVITE sip:anna@127.0.0.1:")
    assert b"\r\nReplaces:" not in invite
    assert b"\r\nSubject:" not in invite
    assert b"maddr" not in invite
    assert first.poll() is None


def test_a_link_opens_a_desk_where_none_runs_any_more(computer: Computer) -> None:
    killed = computer.start()
    computer.wait_for_window(killed)
    killed.kill()
    killed.communicate()
    opened = computer.start(computer.link)
    window = computer.wait_for_window(opened)
    assert computer.press_until_invited(window).startswith(b"INVITE sip:anna@127.0.0.1:")
    assert killed.returncode != 0
    assert opened.poll() is None


def test_at_sign_in_to_the_computer_it_opens_only_where_it_is_wanted(computer: Computer) -> None:
    assert computer.ended(computer.start("--at-login")) == (0, "")
    assert computer.windows() == []
    with (computer.data / "desk.toml").open("a") as file:
        file.write("\n[start]\nautostart = true\n")
    assert computer.wait_for_window(computer.start("--at-login"))


@pytest.mark.parametrize(
    "words", [("demo", "tel:1"), ("--", "tel:1", "--data"), ("--", "tel:1", "--user", "x"), ("no-link",)]
)
def test_what_is_no_single_link_is_bad_use(computer: Computer, words: tuple[str, ...]) -> None:
    code, said = computer.ended(computer.start(*words))
    assert code == 2
    assert said.splitlines()[-1].startswith("callboard: error: ")
