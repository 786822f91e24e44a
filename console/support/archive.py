"""A compressed tar that is either whole or not there, and read back with the sum of every file in it.

gzip by default; zstd (`.zst`) by the program of that name, which compresses better and much faster.
"""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

import msgspec

from console.domain.errors import BadInput, EnvironmentFault, StoreError

GZIP = (".tar.gz", ".tgz", ".backup")
ZSTD = (".tar.zst", ".zst")

_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 20
_UNREADABLE = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an archive: where it lies there, its size in bytes, its SHA-256."""

    path: str
    size: int
    sha256: str


def compression(file: Path) -> str:
    """Return gzip or zstd, by the file's name. Raises BadInput for a name that tells neither,
    EnvironmentFault when zstd is wanted and not installed.
    """
    if file.name.endswith(GZIP):
        return "gzip"
    if not file.name.endswith(ZSTD):
        raise BadInput(f"{file.name}: a backup's name ends in .tar.gz or .tar.zst.")
    _zstd()
    return "zstd"


def _zstd() -> str:
    program = shutil.which("zstd")
    if program is None:
        raise EnvironmentFault(
            "the program zstd is not installed: install it (apt-get install zstd), or take .tar.gz."
        )
    return program


class Writer:
    """Adds files to an archive under way."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        """Not for callers: see `writing`."""
        self._tar = tar
        self.parts: list[Part] = []

    def add(self, path: str, file: Path) -> None:
        """Add a file. Raises FileNotFoundError when it has gone, OSError when it or the archive fails."""
        with file.open("rb") as source:
            info = _entry(path, os.fstat(source.fileno()).st_size)
            info.mtime = int(os.fstat(source.fileno()).st_mtime)
            summed = _Summed(source)
            self._tar.addfile(info, cast(IO[bytes], summed))
        self.parts.append(Part(path=path, size=info.size, sha256=summed.digest.hexdigest()))

    def add_bytes(self, path: str, data: bytes) -> None:
        """Add what is in memory."""
        self._tar.addfile(_entry(path, len(data)), io.BytesIO(data))


def _entry(path: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.size, info.mode = size, 0o600
    return info


class _Summed:
    """A file that is summed up as it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


@contextmanager
def writing(file: Path, how: str) -> Iterator[Writer]:
    """Write the new archive `file`, on the disk when this ends well. Raises OSError, EnvironmentFault."""
    with file.open("xb") as out:
        file.chmod(0o600)
        if how == "gzip":
            with gzip.GzipFile("", "wb", 6, out, mtime=0) as zipped, _tar(zipped) as tar:
                yield Writer(tar)
        else:
            with _through_zstd(out) as packed, _tar(packed) as tar:
                yield Writer(tar)
        out.flush()
        os.fsync(out.fileno())


def _tar(packed: object) -> tarfile.TarFile:
    return tarfile.open(fileobj=cast(IO[bytes], packed), mode="w|", format=tarfile.PAX_FORMAT)


@contextmanager
def _through_zstd(out: IO[bytes]) -> Iterator[IO[bytes]]:
    """What is written goes through zstd into `out`; its failure is an OSError in its own words."""
    program = subprocess.Popen(
        [_zstd(), "-q", "-c", "-T0"], stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE
    )
    with program:
        assert program.stdin is not None
        assert program.stderr is not None
        try:
            yield program.stdin
            program.stdin.close()
        except BrokenPipeError:
            pass  # its own words tell why
        except BaseException:
            program.kill()
            raise
        said = program.stderr.read().decode(errors="replace").strip()
    if program.returncode:
        raise OSError(said or f"zstd ended with {program.returncode}: is the disk full?")


# ---------------------------------------------------------------- reading


def unpack(file: Path, place: Callable[[str], Path]) -> list[Part]:
    """Write each file of the archive to where `place` says; return what there was, in order.

    Raises StoreError for an archive that is cut off, damaged or none, with anything in it but plain files
    under plain names; OSError when the disk is full.
    """
    try:
        with _reading(file) as tar:
            return [_taken(tar, info, place) for info in tar]
    except FileNotFoundError:
        raise StoreError(f"there is no backup {file}: is the name right?") from None
    except _UNREADABLE as fault:
        raise StoreError(
            f"{file} is cut off or damaged ({fault}): nothing was changed. Take another backup."
        ) from None


@contextmanager
def _reading(file: Path) -> Iterator[tarfile.TarFile]:
    with file.open("rb", buffering=0) as packed:  # another program may go on reading it
        magic = packed.read(4)
        packed.seek(0)
        if magic == _ZSTD_MAGIC:
            with _from_zstd(packed) as plain, _opened(plain) as tar:
                yield tar
        elif magic[:2] == _GZIP_MAGIC:
            with gzip.GzipFile(fileobj=packed, mode="rb") as unpacked, _opened(unpacked) as tar:
                yield tar
                while unpacked.read(_CHUNK):  # its own sum stands at the end
                    pass
        else:
            raise StoreError(f"{file} is no backup: it is neither gzip nor zstd. Take another file.")


def _opened(plain: object) -> tarfile.TarFile:
    return tarfile.open(fileobj=cast(IO[bytes], plain), mode="r|")


@contextmanager
def _from_zstd(packed: IO[bytes]) -> Iterator[IO[bytes]]:
    program = subprocess.Popen(
        [_zstd(), "-q", "-d", "-c"], stdin=packed, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with program:
        assert program.stdout is not None
        assert program.stderr is not None
        try:
            yield program.stdout
            while program.stdout.read(_CHUNK):
                pass
        except BaseException:
            program.kill()
            raise
        said = program.stderr.read().decode(errors="replace").strip()
    if program.returncode:
        raise tarfile.ReadError(said or f"zstd ended with {program.returncode}")


def _taken(tar: tarfile.TarFile, info: tarfile.TarInfo, place: Callable[[str], Path]) -> Part:
    path = PurePosixPath(info.name)
    if not info.isreg() or path.is_absolute() or ".." in path.parts or "\\" in info.name or "\0" in info.name:
        raise tarfile.ReadError(f"“{info.name[:80]}” is no plain file under a plain name")
    source = tar.extractfile(info)
    assert source is not None
    target = place(info.name)
    digest = hashlib.sha256()
    with target.open("xb") as out:
        target.chmod(0o600)
        while data := source.read(_CHUNK):
            digest.update(data)
            out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return Part(path=info.name, size=info.size, sha256=digest.hexdigest())
