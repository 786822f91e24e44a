"""A policy in a TOML file."""

import stat
from pathlib import Path

from console.domain.errors import SettingsError
from console.policy.policy import RawPolicy, raw_policy

MOST_BYTES = 1_000_000


class FilePolicy:
    """A policy in a TOML file."""

    def __init__(self, file: Path) -> None:
        """The file need not be there."""
        self._file = file
        self.where = str(file)

    def read(self) -> RawPolicy | None:
        """Read it. Raises SettingsError."""
        found = bytes_of(self._file)
        if found is None:
            return None
        try:
            text = found.decode()
        except UnicodeDecodeError as fault:
            raise SettingsError(f"{self.where}: not UTF-8 text: {fault}") from None
        return raw_policy(text, self.where)


def bytes_of(file: Path) -> bytes | None:
    """A regular file's content, None when there is no such file. Raises SettingsError."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SettingsError(f"{file}: not a file. Put the policy's file there, or nothing.")
        if found.st_size > MOST_BYTES:
            raise SettingsError(f"{file}: {found.st_size} bytes are too many for a policy ({MOST_BYTES}).")
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as fault:  # ValueError: a name with a zero in it
        why = getattr(fault, "strerror", None) or str(fault)
        raise SettingsError(f"{file}: cannot be read: {why}. Give everybody the right to read it.") from None
