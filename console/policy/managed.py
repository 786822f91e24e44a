"""A policy in macOS' managed preferences, as a configuration profile writes them."""

import plistlib
from pathlib import Path

from console.domain.errors import SettingsError
from console.policy.file import bytes_of
from console.policy.policy import RawPolicy, named_here

MANAGED_FILE = Path("/Library/Managed Preferences/org.callboard.Callboard.plist")


class ManagedPolicy:
    """A policy in a property list.

    The names are those of the registry; options stand as dotted names or as dictionaries in dictionaries.
    """

    def __init__(self, file: Path = MANAGED_FILE) -> None:
        """The file need not be there."""
        self._file = file
        self.where = str(file)

    def read(self) -> RawPolicy | None:
        """Read it. Raises SettingsError."""
        found = bytes_of(self._file)
        if found is None:
            return None
        try:
            tables = plistlib.loads(found)
        except Exception as fault:  # noqa: BLE001 - plistlib lets out whatever its parsers raise
            raise SettingsError(f"{self.where}: not a property list: {fault}") from None
        if not isinstance(tables, dict):
            raise SettingsError(f"{self.where}: the property list is no dictionary")
        return RawPolicy(where=self.where, tables=named_here(tables))
