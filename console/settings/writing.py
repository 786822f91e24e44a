"""Changes to a settings file, as the person who wrote it would make them: comments and order stay."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from console.domain.errors import SettingsError


class Drop:
    """In place of a value: the option goes out of the file."""


DROP = Drop()


def change_settings(file: Path, changes: Mapping[str, Any]) -> None:
    """Write values by dotted name into a TOML file, which is made when it is not there; `DROP` takes one out.

    The file is whole or as it was. Raises SettingsError when it cannot be read or written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        document = tomlkit.parse(file.read_text(encoding="utf-8")) if file.exists() else tomlkit.document()
        for name, value in changes.items():
            _change(document, name.split("."), value)
        part.write_text(tomlkit.dumps(document), encoding="utf-8")
        part.replace(file)
    except (OSError, ValueError, TOMLKitError) as fault:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise SettingsError(f"{file}: the settings cannot be written: {fault}") from None


def _change(table: Any, path: list[str], value: Any) -> None:
    first, *rest = path
    if rest:
        if first not in table:
            if value is DROP:
                return
            table[first] = tomlkit.table()
        _change(table[first], rest, value)
    elif value is not DROP:
        table[first] = list(value) if isinstance(value, tuple) else value
    elif first in table:
        del table[first]
