"""Where this machine keeps its policy: one small port, and a reader for each system behind it."""

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from console.policy.file import FilePolicy
from console.policy.managed import ManagedPolicy
from console.policy.policy import RawPolicy
from console.policy.registry import RegistryPolicy
from console.settings.values import flat, nested

MACHINE_FILE = Path("/etc/callboard/policy.toml")
INSTALLED_FILE = "policy.toml"
"""What Windows' installer copies POLICY_FILE to, beside the program, where only administrators write."""

ANOTHER_FILE = "CALLBOARD_POLICY"
"""The environment variable for another policy file, for tests and portable use; the machine's goes first."""


class PolicySource(Protocol):
    """Where a policy comes from."""

    @property
    def where(self) -> str:
        """The place, for messages."""
        ...

    def read(self) -> RawPolicy | None:
        """The policy as it stands there; None: there is none. Raises SettingsError."""
        ...


def machine_policy(environ: Mapping[str, str], platform: str = sys.platform) -> PolicySource:
    """The policy of this machine: its own place when there is something, else the file that the environment
    names.
    """
    if platform == "win32":
        registry = RegistryPolicy(importlib.import_module("winreg"))
        own: PolicySource = Together(registry, FilePolicy(Path(sys.executable).with_name(INSTALLED_FILE)))
    elif platform == "darwin":
        own = ManagedPolicy()
    else:
        own = FilePolicy(MACHINE_FILE)
    another = environ.get(ANOTHER_FILE, "")
    if not another:
        return own
    return FirstOf(own, FilePolicy(Path(another)))


class Together:
    """Two policies as one: where both say something of an option, the first counts."""

    def __init__(self, first: PolicySource, second: PolicySource) -> None:
        """Both are asked; a fault of either is a fault."""
        self._first = first
        self._second = second
        self.where = first.where

    def read(self) -> RawPolicy | None:
        """Read both. Raises SettingsError."""
        first, second = self._first.read(), self._second.read()
        self.where = self._first.where if first is not None or second is None else self._second.where
        if first is None or second is None:
            return first or second
        tables = {**second.tables, **first.tables}
        for name in ("defaults", "locks", "reasons"):
            both = [policy.tables[name] for policy in (second, first) if name in policy.tables]
            if len(both) > 1 and all(isinstance(table, Mapping) for table in both):
                tables[name] = nested(flat(both[0]) | flat(both[1]))
        places = {**second.places, **first.places}
        return RawPolicy(where=self.where, tables=tables, places=places, lenient=True)


class FirstOf:
    """The first policy of two that is there; a fault of the first is a fault."""

    def __init__(self, first: PolicySource, second: PolicySource) -> None:
        """The second is asked only when the first says None."""
        self._first = first
        self._second = second
        self.where = second.where

    def read(self) -> RawPolicy | None:
        """Read it. Raises SettingsError."""
        found = self._first.read()
        if found is not None:
            self.where = self._first.where
            return found
        return self._second.read()
