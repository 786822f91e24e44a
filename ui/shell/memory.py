"""Where the window was: kept in a small file in the user's configuration folder."""

import base64
from pathlib import Path

from PySide6.QtCore import QSettings


class FileMemory:
    """Small values by name in an INI file; a file that cannot be read counts as empty."""

    def __init__(self, file: Path) -> None:
        """The file need not be there yet."""
        self._settings = QSettings(str(file), QSettings.Format.IniFormat)

    def read(self, name: str) -> bytes:
        """What was kept, or nothing."""
        kept = self._settings.value(name, "")
        try:
            return base64.b64decode(str(kept), validate=True)
        except ValueError:
            return b""

    def write(self, name: str, value: bytes) -> None:
        """Keep it."""
        self._settings.setValue(name, base64.b64encode(value).decode())
        self._settings.sync()


class NoMemory:
    """Keeps things for this run only. For demonstrations and tests."""

    def __init__(self) -> None:
        """Nothing kept."""
        self.kept: dict[str, bytes] = {}

    def read(self, name: str) -> bytes:
        """What was kept, or nothing."""
        return self.kept.get(name, b"")

    def write(self, name: str, value: bytes) -> None:
        """Keep it."""
        self.kept[name] = value
