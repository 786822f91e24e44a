"""One desk for one person and data folder: a second start hands its link to the first and ends.

The one that holds the lock file is the desk; it listens on a local socket (a named pipe on Windows) beside
the lock, in a folder nobody else can enter. The lock names its process: that of a killed desk counts for
nothing. What is said on the socket: the desk greets with its process id, the other says a `Handover` as one
line of JSON, the desk answers `ok` once it has it. Nobody but the person (or root) can get that far, and a
link is only a proposal all the same (console/domain/links.py).
"""

import getpass
import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QLockFile, QObject, QThread, QTimer
from PySide6.QtGui import QFileOpenEvent

from console.domain.errors import EnvironmentFault
from console.domain.links import LONGEST

if TYPE_CHECKING:  # Qt's network module is loaded behind the window, or by a second start
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

_STEP_MS = 50
_PATIENCE_MS = 20_000
_ANSWER_MS = 3_000
_MOST_BYTES = LONGEST * 6 + 4096  # of JSON, where every sign of the link may be escaped
_MOST_PEERS = 16
_LONGEST_SOCKET = 100  # bytes of sun_path, unix(7), with room for the name Qt makes while it binds
_PRIVATE = 0o700


class Handover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a second start leaves to the first: a link ("" for none), and the desktop's leave to raise a
    window (XDG activation, X11 start-up notification).
    """

    link: str = ""
    activation: str = ""


class Front(Protocol):
    """The window that a second start means."""

    def to_front(self) -> None:
        """Come before all other windows."""
        ...

    def take_link(self, link: str) -> None:
        """Take a link, good or bad."""
        ...


class Place(NamedTuple):
    """The right to be the desk of a data folder: the socket's path, and the lock that is held."""

    socket: Path
    lock: QLockFile


class Instance(QObject):
    """The one desk, once there is an application: takes links for a window from `serve` until it leaves."""

    def __init__(self, place: Place) -> None:
        """Second starts wait until `serve`; what macOS sends is kept until then."""
        super().__init__()
        self._place = place
        self._window: Front | None = None
        self._early: list[Handover] = []
        self._peers: dict[QLocalSocket, bytes] = {}
        self._server: QLocalServer | None = None
        application = QCoreApplication.instance()
        if sys.platform == "darwin" and application is not None:
            application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """On macOS links come as events to the program that runs, never on a command line."""
        if isinstance(event, QFileOpenEvent):
            self._take(Handover(event.url().toString()))
            return True
        return super().eventFilter(watched, event)

    def serve(self, window: Front) -> None:
        """Pass on to a window what second starts leave, and what came before there was one.

        Raises EnvironmentFault when nothing can be heard of them.
        """
        self._window = window
        early, self._early = self._early, []
        for handover in early:
            self._take(handover)
        self._listen(str(self._place.socket))

    def _listen(self, name: str) -> None:
        from PySide6.QtNetwork import QLocalServer

        server = self._server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.setMaxPendingConnections(_MOST_PEERS)
        server.newConnection.connect(self._greet)
        QLocalServer.removeServer(name)  # of one that was killed: the lock is ours
        if not server.listen(name):
            raise EnvironmentFault(
                f"Links from other programs do not reach this window: {name}: {server.errorString()}."
            )

    def deafen(self) -> None:
        """Take no more: the desk is closing. Who starts now waits until it is gone."""
        if self._server is not None:
            self._server.close()
        for peer in tuple(self._peers):
            peer.abort()

    def leave(self) -> None:
        """Make room for the next one; idempotent."""
        self.deafen()
        self._place.lock.unlock()

    def _greet(self) -> None:
        server = self._server
        while server is not None and server.hasPendingConnections():
            peer = server.nextPendingConnection()
            if len(self._peers) >= _MOST_PEERS:
                peer.abort()
                peer.deleteLater()
                continue
            self._peers[peer] = b""
            peer.readyRead.connect(lambda peer=peer: self._hear(peer))
            peer.disconnected.connect(lambda peer=peer: self._forget(peer))
            QTimer.singleShot(_ANSWER_MS, peer, peer.abort)  # says nothing
            peer.write(f"{os.getpid()}\n".encode())

    def _hear(self, peer: "QLocalSocket") -> None:
        if peer not in self._peers:
            return
        said = self._peers[peer] = self._peers[peer] + peer.read(_MOST_BYTES).data()
        line, newline, _ = said.partition(b"\n")
        if not newline:
            if len(said) >= _MOST_BYTES:
                peer.abort()
            return
        try:
            handover = msgspec.json.decode(line, type=Handover)
        except (msgspec.DecodeError, UnicodeDecodeError):
            peer.abort()
            return
        peer.write(b"ok\n")
        peer.flush()
        peer.disconnectFromServer()
        self._take(handover)

    def _take(self, handover: Handover) -> None:
        if self._window is None:
            self._early.append(handover)
            return
        if handover.activation:
            os.environ["XDG_ACTIVATION_TOKEN"] = handover.activation  # where Qt looks for it, once
        self._window.to_front()
        if handover.link:
            self._window.take_link(handover.link)

    def _forget(self, peer: "QLocalSocket") -> None:
        self._peers.pop(peer, None)
        peer.deleteLater()


def take_place(folder: Path, handover: Handover) -> Place | None:
    """Become the desk of a data folder, or hand over to the one there is: None, and nothing is left to do.

    Needs no application yet. Waits for one that is just closing. Raises EnvironmentFault where one holds its
    place and does not answer.
    """
    place = place_of(folder)
    lock = QLockFile(str(_lock_of(place)))
    lock.setStaleLockTime(0)  # a desk runs for days: only a process that is gone is stale
    patience = QDeadlineTimer(_PATIENCE_MS)
    while not lock.tryLock(0):
        if lock.error() not in {QLockFile.LockError.LockFailedError, QLockFile.LockError.NoError}:
            raise EnvironmentFault(f"{_lock_of(place)}: cannot be written; it says which Callboard runs.")
        if _hand_over(place, handover):
            return None
        if patience.hasExpired():
            process, _host, program = lock.getLockInfo()
            raise EnvironmentFault(
                f"Callboard is running already ({program}, process {process}) and does not answer. "
                "End it, then start again."
            )
        QThread.msleep(_STEP_MS)
    return Place(place, lock)


def _hand_over(place: Path, handover: Handover) -> bool:
    """Whether the desk at a place took it."""
    from PySide6.QtNetwork import QLocalSocket

    socket = QLocalSocket()
    socket.connectToServer(str(place))
    try:
        if not socket.waitForConnected(_ANSWER_MS):
            return False
        greeting = _line(socket)
        if not greeting.isdigit():
            return False
        _let_raise(int(greeting))
        socket.write(msgspec.json.encode(handover) + b"\n")
        return _line(socket) == b"ok"
    finally:
        socket.abort()


def _line(socket: "QLocalSocket") -> bytes:
    patience = QDeadlineTimer(_ANSWER_MS)
    while not socket.canReadLine():
        if not socket.waitForReadyRead(patience.remainingTime()):
            break
    return bytes(socket.readLine(64).data()).strip()


def _let_raise(process: int) -> None:
    """Windows gives the right to come to the front to the program that was just started: pass it on."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(process)


def activation() -> str:
    """What the desktop gave this start as its leave to raise a window; "" for none."""
    return os.environ.get("XDG_ACTIVATION_TOKEN") or os.environ.get("DESKTOP_STARTUP_ID") or ""


def place_of(folder: Path) -> Path:
    """The socket's path for a data folder: the same for all starts of one person, apart from all others'."""
    key = f"{getpass.getuser()}\n{folder.resolve()}"
    name = f"callboard-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    if sys.platform == "win32":
        return Path(rf"\\.\pipe\{name}")
    return _private_folder() / name


def _lock_of(place: Path) -> Path:
    """The lock's path: a pipe is no place for a file."""
    base = Path(tempfile.gettempdir()) if sys.platform == "win32" else place.parent
    return base / f"{place.name}.lock"


def _private_folder() -> Path:
    """A folder of this person's alone with a short path: the session's, else one under the temporary folder.

    Raises EnvironmentFault where another person made it first.
    """
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    if session and len(session) < _LONGEST_SOCKET - 40 and _is_private(Path(session)):
        return Path(session)
    base = Path(tempfile.gettempdir())
    if len(str(base)) > _LONGEST_SOCKET - 60:
        base = Path("/tmp")
    folder = base / f"callboard-{os.getuid()}"
    try:
        folder.mkdir(mode=_PRIVATE)
    except FileExistsError:
        if not _is_private(folder):
            raise EnvironmentFault(
                f"{folder} belongs to somebody else or is open to others. Have it removed, then start again."
            ) from None
    except OSError as fault:
        raise EnvironmentFault(f"{folder}: cannot be made: {fault.strerror}.") from None
    return folder


def _is_private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
