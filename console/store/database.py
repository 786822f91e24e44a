"""One SQLite file, one thread that writes to it, one that reads. This is the named home of both threads.

Durability: WAL with `synchronous=FULL`. In WAL mode NORMAL would lose the last commits on a power cut, and a
call record that was reported as kept must be kept; the price is one fsync a transaction, which a desk does
not feel.

Sharing: one program at a time. A second one would take the first one's running calls for left-overs of a
crash, so it is refused in words. The lock is an SQLite lock on a file beside the database; it goes when the
program dies, however. Tools that only look (the `sqlite3` shell) are let in.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from console.clock import Clock, SystemClock
from console.domain.errors import StoreError

if TYPE_CHECKING:
    import sqlite_utils

    Connection: TypeAlias = sqlite_utils.Database
else:
    # sqlite-utils takes a fifth of a second to load: where a database is opened, not before the first window.
    Connection = Any

_T = TypeVar("_T")

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_OF_THE_WORLD = {
    sqlite3.SQLITE_FULL: "the disk is full. Free some space; what was not written is tried again.",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written. Check the disk and its connection.",
    sqlite3.SQLITE_READONLY: "it is read-only. Give this user the right to write to it.",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check that this user may write in its folder.",
    sqlite3.SQLITE_PERM: "this user may not use it. Check its permissions.",
    sqlite3.SQLITE_BUSY: "another program holds it. Close that program, or try again.",
    sqlite3.SQLITE_LOCKED: "another program holds it. Close that program, or try again.",
    sqlite3.SQLITE_CORRUPT: "it is damaged. Restart: it is then set aside and a new one begun.",
    sqlite3.SQLITE_NOTADB: "it is damaged. Restart: it is then set aside and a new one begun.",
}
_BUSY_S = 5.0
_SMALL = 32 * 1024 * 1024
_SIDE_FILES = ("", "-wal", "-shm")


class Migrations:
    """The steps that bring one room's tables up to date, in order, each done once. Used as a decorator."""

    def __init__(self, name: str) -> None:
        """`name` tells this room's steps from another's in the same database."""
        self.name = name
        self.steps: list[Callable[[Connection], None]] = []

    def __call__(self) -> Callable[[Callable[[Connection], None]], Callable[[Connection], None]]:
        """Add a step."""

        def add(step: Callable[[Connection], None]) -> Callable[[Connection], None]:
            self.steps.append(step)
            return step

        return add


class _Thread:
    """A thread with one connection: runs functions in the order they came, each in its own transaction."""

    def __init__(self, name: str, connect: Callable[[], Connection], path: Path) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[Connection], Any], Any, Any] | None] = (
            queue.SimpleQueue()
        )
        self._path = path
        self._open = True
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, args=(connect,), name=name, daemon=True)
        self._thread.start()

    async def run(self, job: Callable[[Connection], _T]) -> _T:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_T] = loop.create_future()
        with self._lock:
            if not self._open:
                raise StoreError(f"{self._path}: the database is closed: the program is about to end.")
            self._jobs.put((job, loop, answer))
        return await answer

    def close(self) -> None:
        """Do what is queued, then end; waits for it. Doing it twice does nothing."""
        with self._lock:
            if self._open:
                self._open = False
                self._jobs.put(None)
        self._thread.join()

    def _work(self, connect: Callable[[], Connection]) -> None:
        db: Connection | None = None
        while (item := self._jobs.get()) is not None:
            job, loop, answer = item
            value: Any = None
            fault: BaseException | None = None
            try:
                with translated(self._path):
                    db = db or connect()
                    with db.atomic():
                        value = job(db)
            except BaseException as error:  # noqa: BLE001 - it belongs to the one who asked
                fault = error
            # A loop that has closed has nobody left who waits for the answer.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_answer, answer, value, fault)
        if db is not None:
            db.close()


def _answer(answer: "asyncio.Future[Any]", value: Any, fault: BaseException | None) -> None:
    if answer.done():
        return
    if fault is None:
        answer.set_result(value)
    else:
        answer.set_exception(fault)


class Database:
    """The desk's database. `notice`, if any, tells the person that a damaged file was set aside and where."""

    def __init__(self, path: Path, lock: sqlite3.Connection, notice: str) -> None:
        """Use `open`."""
        self.path = path
        self.notice = notice
        self._lock = lock
        self._writer = _Thread("callboard-store-write", lambda: _connect(path), path)
        self._reader = _Thread("callboard-store-read", lambda: _connect(path, query_only=True), path)

    @classmethod
    def open(cls, path: Path, migrations: Sequence[Migrations], *, clock: Clock | None = None) -> "Database":
        """Open or create the file (mode 600) and bring its tables up to date.

        A damaged file is renamed to `<name>.damaged-<UTC time>` and a new one begun; `notice` tells. Raises
        StoreError when another program uses it, when a newer program wrote it, when it cannot be written, or
        the disk is full.
        """
        path = Path(path)
        with translated(path):
            lock = _lock(path)
        try:
            with translated(path):
                notice = _prepare(path, migrations, clock or SystemClock())
        except BaseException:
            lock.close()
            raise
        return cls(path, lock, notice)

    async def run(self, job: Callable[[Connection], _T]) -> _T:
        """Run a function on the write thread, in a transaction of its own that is on the disk on return.

        Raises StoreError for a fault of disk or file (nothing of the function is kept then), or what the
        function raised.
        """
        return await self._writer.run(job)

    async def read(self, job: Callable[[Connection], _T]) -> _T:
        """Run a function that only reads, on the read thread; it sees what was written before."""
        return await self._reader.run(job)

    async def close(self) -> None:
        """Do what is queued and let go of the file. Doing it twice does nothing."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """The same for those who have no loop; blocks until what is queued is done."""
        self._reader.close()
        self._writer.close()
        self._lock.close()


class LateDatabase(Database):
    """A database that `open_late` opens, on a thread; what is asked before that waits for it.

    A window is shown sooner so: opening costs some tenths of a second, most of it loading sqlite-utils.
    """

    def __init__(self, path: Path, migrations: Sequence[Migrations], clock: Clock) -> None:
        """Nothing is touched yet. Needs a running loop."""
        self.path = path
        self.notice = ""
        self._migrations = migrations
        self._clock = clock
        self._found: asyncio.Future[Database] = asyncio.get_running_loop().create_future()

    async def open_late(self) -> None:
        """Open it. Raises StoreError as `open` does; so does then whatever waits for it."""
        try:
            found = await asyncio.to_thread(Database.open, self.path, self._migrations, clock=self._clock)
        except StoreError as fault:
            self._found.set_exception(fault)
            self._found.exception()  # it is raised here: nobody else has to ask for it
            raise
        self.notice = found.notice
        self._found.set_result(found)

    async def run(self, job: Callable[[Connection], _T]) -> _T:
        """As Database.run, once it is open."""
        return await (await asyncio.shield(self._found)).run(job)

    async def read(self, job: Callable[[Connection], _T]) -> _T:
        """As Database.read, once it is open."""
        return await (await asyncio.shield(self._found)).read(job)

    def close_now(self) -> None:
        """As Database.close_now; nothing when it was never opened."""
        if self._found.done() and self._found.exception() is None:
            self._found.result().close_now()


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's faults of disk and file into StoreError with what to do; our own stay what they are."""
    try:
        yield
    except sqlite3.Error as fault:
        code = getattr(fault, "sqlite_errorcode", None)
        words = _OF_THE_WORLD.get(code & 0xFF) if code is not None else None
        if words is None:
            raise
        raise StoreError(f"{path}: {words} ({fault})") from fault
    except OSError as fault:
        raise StoreError(f"{path}: the database cannot be used: {fault.strerror or fault}.") from fault


def _connect(path: Path, *, query_only: bool = False) -> Connection:
    import sqlite_utils  # late: see Connection

    connection = sqlite3.connect(path, timeout=_BUSY_S)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA query_only={int(query_only)}")
        return sqlite_utils.Database(connection, execute_plugins=False)
    except BaseException:
        connection.close()
        raise


def _lock(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_name(path.name + ".lock")
    file.touch(mode=0o600)
    connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as fault:
        connection.close()
        if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        raise StoreError(
            f"{path}: Callboard is already running with this call history. "
            "Use the window that is open, or close it and try again."
        ) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(path: Path, migrations: Sequence[Migrations], clock: Clock) -> str:
    """Bring the file up to date; what to tell the person about it."""
    if path.is_dir():
        raise StoreError(f"{path}: this is a folder. Name a file for the database.")
    try:
        _migrate(path, migrations)
    except sqlite3.DatabaseError as fault:
        code = getattr(fault, "sqlite_errorcode", None)
        if code is None or code & 0xFF not in _DAMAGED:
            raise
        aside = _set_aside(path, clock)
        _migrate(path, migrations)
        return (
            f"The call history in {path} was damaged ({fault}). "
            f"It is kept as {aside.name}, and a new one was begun."
        )
    return ""


def _migrate(path: Path, migrations: Sequence[Migrations]) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    doubtful = _is_doubtful(path)
    db = _connect(path)
    try:
        if doubtful:
            _check(db)
        _refuse_newer(db, path, migrations)
        _bring_up_to_date(db, path, migrations)
    finally:
        db.close()


def _is_doubtful(path: Path) -> bool:
    """Whether to look through the whole file: always, but a big one that was closed well (no WAL left) is
    trusted.
    """
    return path.stat().st_size < _SMALL or path.with_name(path.name + "-wal").exists()


def _bring_up_to_date(db: Connection, path: Path, migrations: Sequence[Migrations]) -> None:
    from sqlite_utils.migrations import Migrations as Steps

    try:
        for one in migrations:
            steps = Steps(one.name)
            for step in one.steps:
                steps()(step)
            steps.apply(db)
    except sqlite3.OperationalError as fault:
        if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR:
            raise
        raise StoreError(
            f"{path}: its tables are not Callboard's ({fault}). Name another file, or move this one away."
        ) from fault


def _check(db: Connection) -> None:
    """Raise what SQLite raises for a damaged file when the file's structure does not hold."""
    (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        fault = sqlite3.DatabaseError(str(found))
        fault.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise fault


def _refuse_newer(db: Connection, path: Path, migrations: Sequence[Migrations]) -> None:
    if "_sqlite_migrations" not in db.table_names():
        return
    known = {(one.name, step.__name__) for one in migrations for step in one.steps}
    done = set(db.execute("SELECT migration_set, name FROM _sqlite_migrations").fetchall())
    if done - known:
        raise StoreError(
            f"{path}: this call history was written by a newer Callboard than this one. "
            "Update this program, or let it use another data folder."
        )


def _set_aside(path: Path, clock: Clock) -> Path:
    stamp = clock.now().strftime("%Y%m%dT%H%M%S.%fZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for end in _SIDE_FILES:
        file = path.with_name(path.name + end)
        if file.exists():
            file.replace(aside.with_name(aside.name + end))
    return aside
