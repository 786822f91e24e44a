"""A Windows registry in memory, with the calls of `winreg` that the desk makes."""

from typing import Any

from console.policy.registry import POLICY_KEY


class Winreg:
    """`HKEY_LOCAL_MACHINE` alone, keys by path."""

    HKEY_LOCAL_MACHINE = "HKLM"

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, Any]] = {}

    def put(self, key: str, name: str, value: Any) -> None:
        """Write a value; the policy's own key is there with the first one below it."""
        self.keys.setdefault(key, {})[name] = value
        self.keys.setdefault(POLICY_KEY, {})

    def OpenKey(self, key: Any, sub_key: str, reserved: int = 0, access: int = 0) -> dict[str, Any]:  # noqa: N802
        assert (reserved, access & 0x0100) == (0, 0x0100)  # the 64-bit registry
        if sub_key not in self.keys:
            raise FileNotFoundError(sub_key)
        return self.keys[sub_key]

    def EnumValue(self, key: Any, index: int) -> tuple[str, Any, int]:  # noqa: N802
        if index >= len(key):
            raise OSError("no more")
        name = list(key)[index]
        return name, key[name], 0

    def CloseKey(self, key: Any) -> None:  # noqa: N802
        pass
