"""A policy in the Windows registry, as Group Policy and Intune write it.

`HKLM\\Software\\Policies\\Callboard` holds the texts Organisation, Contact and Reason and the list
(REG_MULTI_SZ) TrustedKeys; its subkeys Defaults and Locks hold one value an option, named as in desk.toml
(`phone.transport`): REG_SZ for texts and fractions, REG_DWORD for whole numbers and for true (1) and
false (0), REG_MULTI_SZ for lists; the subkey Reasons holds texts by the same names.
"""

from typing import Any, Protocol

from console.domain.errors import SettingsError
from console.policy.policy import RawPolicy, named_here
from console.settings import DeskSettings, options

POLICY_KEY = r"Software\Policies\Callboard"
_SUBKEYS = ("Defaults", "Locks", "Reasons")
_NO_MORE = 259  # ERROR_NO_MORE_ITEMS
_READ = 0x20019  # KEY_READ
_64_BIT = 0x0100  # KEY_WOW64_64KEY: where Group Policy writes, also for a 32-bit program


class Registry(Protocol):
    """What is used of the standard library's `winreg`."""

    HKEY_LOCAL_MACHINE: Any

    def OpenKey(self, key: Any, sub_key: str, reserved: int = 0, access: int = 0) -> Any:  # noqa: N802
        """Open a key. Raises FileNotFoundError."""
        ...

    def EnumValue(self, key: Any, index: int) -> tuple[str, Any, int]:  # noqa: N802
        """A value's name, content and type. Raises OSError after the last one."""
        ...

    def CloseKey(self, key: Any) -> None:  # noqa: N802
        """Close a key."""
        ...


class RegistryPolicy:
    """A policy below one key of the registry."""

    def __init__(self, registry: Registry, key: str = POLICY_KEY) -> None:
        """`registry` is `winreg`."""
        self._registry = registry
        self._key = key
        self.where = f"HKLM\\{key}"

    def read(self) -> RawPolicy | None:
        """Read it; None when the key is not there, or empty. Raises SettingsError."""
        found = self._values("")
        if found is None:
            return None
        tables: dict[str, Any] = dict(found)
        places: dict[str, str] = {}
        lists = {option.name for option in options(DeskSettings) if option.kind.startswith("list")}
        for subkey in _SUBKEYS:
            values = self._values(f"\\{subkey}") or {}
            listed = lists if subkey != "Reasons" else set()
            tables[subkey] = {name: _fitting(value, name in listed) for name, value in values.items()}
            places |= {f"{subkey.lower()}.{name}": f"{self.where}\\{subkey}\\{name}" for name in values}
        if not any(tables.values()):
            return None
        return RawPolicy(where=self.where, tables=named_here(tables), places=places, lenient=True)

    def _values(self, below: str) -> dict[str, Any] | None:
        """The values of a key; None when it is not there."""
        registry = self._registry
        try:
            key = registry.OpenKey(registry.HKEY_LOCAL_MACHINE, self._key + below, 0, _READ | _64_BIT)
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise SettingsError(f"{self.where}{below}: cannot be read: {fault}") from None
        found: dict[str, Any] = {}
        try:
            while True:
                name, value, _kind = registry.EnumValue(key, len(found))
                found[name] = value
        except OSError as fault:
            if getattr(fault, "winerror", _NO_MORE) != _NO_MORE:
                raise SettingsError(f"{self.where}{below}: cannot be read: {fault}") from None
        finally:
            registry.CloseKey(key)
        return found


def _fitting(value: Any, is_list: bool) -> Any:  # noqa: FBT001 - what the option is
    """A list may also stand as one text, separated by commas."""
    if is_list and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value
