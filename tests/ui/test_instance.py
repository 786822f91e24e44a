"""One desk for one data folder: second starts hand over, dead ones count for nothing."""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.domain.errors import EnvironmentFault
from ui.shell import instance
from ui.shell.instance import Handover, Instance, place_of, take_place

ROOT = Path(__file__).resolve().parents[2]
SECOND = """
import sys
from pathlib import Path
from ui.shell.instance import Handover, take_place
place = take_place(Path(sys.argv[1]), Handover(sys.argv[2], "token"))
print("first" if place else "handed over", flush=True)
if place:
    sys.stdin.readline()
"""


class Window:
    """What a second start means."""

    def __init__(self) -> None:
        self.links: list[str] = []
        self.raised = 0

    def to_front(self) -> None:
        self.raised += 1

    def take_link(self, link: str) -> None:
        self.links.append(link)


@pytest.fixture
def runtime(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session's folder of its own."""
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.delenv("XDG_ACTIVATION_TOKEN", raising=False)
    return folder


@pytest.fixture
def first(runtime: Path, tmp_path: Path, qtbot: QtBot) -> Iterator[Instance]:
    place = take_place(tmp_path, Handover())
    assert place is not None
    made = Instance(place)
    yield made
    made.leave()


@pytest.fixture
def second(runtime: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start another process that wants to be the desk of a folder."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path, link: str = "") -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", SECOND, str(folder), link],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_start_hands_its_link_over_and_raises_the_window(
    first: Instance, second: Callable[..., subprocess.Popen[str]], tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(os, "environ", dict(os.environ))
    window = Window()
    first.serve(window)
    process = second(tmp_path, "tel:+4930123456")
    qtbot.waitUntil(lambda: window.links == ["tel:+4930123456"])
    assert window.raised == 1
    assert os.environ["XDG_ACTIVATION_TOKEN"] == "token"
    assert process.communicate()[0] == "handed over\n"
    assert process.returncode == 0


def test_a_second_start_without_a_link_raises_only(
    first: Instance, second: Callable[..., subprocess.Popen[str]], tmp_path: Path, qtbot: QtBot
) -> None:
    window = Window()
    first.serve(window)
    second(tmp_path)
    qtbot.waitUntil(lambda: window.raised == 1)
    assert window.links == []


def test_who_comes_before_there_is_a_window_waits(
    first: Instance, second: Callable[..., subprocess.Popen[str]], tmp_path: Path, qtbot: QtBot
) -> None:
    process = second(tmp_path, "tel:1")
    assert process.poll() is None
    window = Window()
    first.serve(window)
    qtbot.waitUntil(lambda: window.links == ["tel:1"], timeout=15_000)
    assert process.communicate()[0] == "handed over\n"


def test_a_place_that_cannot_be_listened_at_is_told(runtime: Path, tmp_path: Path, qtbot: QtBot) -> None:
    place = take_place(tmp_path, Handover())
    assert place is not None
    place.socket.mkdir()
    (place.socket / "file").touch()
    made = Instance(place)
    with pytest.raises(EnvironmentFault, match="Links from other programs do not reach this window"):
        made.serve(Window())
    made.leave()


def test_the_longest_link_in_its_longest_form_arrives(
    first: Instance, second: Callable[..., subprocess.Popen[str]], tmp_path: Path, qtbot: QtBot
) -> None:
    window = Window()
    first.serve(window)
    link = "callboard://provision?" + "é\t" * 2000
    second(tmp_path, link)
    qtbot.waitUntil(lambda: window.links == [link], timeout=15_000)


def test_two_folders_are_two_desks(first: Instance, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    place = take_place(other, Handover())
    assert place is not None
    place.lock.unlock()


def test_a_killed_desk_leaves_its_place(
    second: Callable[..., subprocess.Popen[str]], runtime: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    killed = second(tmp_path)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "first\n"
    socket = place_of(tmp_path)
    socket.touch()  # what a killed desk's socket looks like
    killed.kill()
    killed.wait()
    assert (runtime / f"{socket.name}.lock").exists()
    place = take_place(tmp_path, Handover())
    assert place is not None
    made = Instance(place)
    window = Window()
    made.serve(window)
    second(tmp_path, "tel:2")
    qtbot.waitUntil(lambda: window.links == ["tel:2"], timeout=15_000)
    made.leave()


def test_one_that_holds_its_place_and_says_nothing_is_told(
    second: Callable[..., subprocess.Popen[str]],
    runtime: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = second(tmp_path)
    assert silent.stdout is not None
    silent.stdout.readline()
    monkeypatch.setattr(instance, "_PATIENCE_MS", 200)
    with pytest.raises(EnvironmentFault, match=f"process {silent.pid}.* does not answer. End it"):
        take_place(tmp_path, Handover("tel:1"))


def test_who_starts_while_one_closes_becomes_the_next(
    first: Instance, second: Callable[..., subprocess.Popen[str]], tmp_path: Path, qtbot: QtBot
) -> None:
    window = Window()
    first.serve(window)
    first.deafen()
    process = second(tmp_path, "tel:3")
    first.leave()
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    assert window.links == []


@pytest.mark.parametrize(
    "said",
    [b"{}[]\n", b"tel:1\n", b"\xff\xfe\n", b'{"link": 5}\n', b'{"link": "a", "more": 1}\n', b"x" * 100_000],
)
def test_who_talks_nonsense_is_left(first: Instance, tmp_path: Path, qtbot: QtBot, said: bytes) -> None:
    window = Window()
    first.serve(window)
    peer = QLocalSocket()
    peer.connectToServer(str(place_of(tmp_path)))
    with qtbot.waitSignal(peer.disconnected):
        peer.write(said)
    assert (window.raised, window.links) == (0, [])


def test_a_crowd_of_silent_ones_is_cut(first: Instance, tmp_path: Path, qtbot: QtBot) -> None:
    first.serve(Window())
    crowd = [QLocalSocket() for _ in range(40)]
    for peer in crowd:
        peer.connectToServer(str(place_of(tmp_path)))
    connected = QLocalSocket.LocalSocketState.ConnectedState
    qtbot.waitUntil(lambda: sum(peer.state() is connected for peer in crowd) <= instance._MOST_PEERS)
    qtbot.waitUntil(lambda: not first._peers, timeout=15_000)


def test_the_socket_is_for_this_person_alone(first: Instance, runtime: Path, tmp_path: Path) -> None:
    first.serve(Window())
    socket = place_of(tmp_path)
    assert socket.parent == runtime
    assert stat.S_IMODE(socket.stat().st_mode) & 0o077 == 0


def test_on_macos_links_come_as_events(first: Instance, qapp: QApplication) -> None:
    qapp.installEventFilter(first)  # as it does there
    window = Window()
    QApplication.sendEvent(qapp, QFileOpenEvent(QUrl("tel:+4930123456")))
    first.serve(window)
    QApplication.sendEvent(qapp, QFileOpenEvent(QUrl("callboard://provision?a=b&c=%2B")))
    assert window.links == ["tel:+4930123456", "callboard://provision?a=b&c=%2B"]
    qapp.removeEventFilter(first)


def test_without_a_session_the_place_is_a_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(instance, "_LONGEST_SOCKET", 10_000)
    folder = place_of(tmp_path).parent
    assert folder == tmp_path / f"callboard-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    with pytest.raises(EnvironmentFault, match="open to others"):
        place_of(tmp_path)
