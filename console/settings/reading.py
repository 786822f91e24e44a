"""Settings files: TOML; an error names the file, the line and the option."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import msgspec

from console.domain.errors import SettingsError
from console.domain.plan import Fault

_T = TypeVar("_T", bound=msgspec.Struct)


@runtime_checkable
class Checked(Protocol):
    """A settings class that knows what only the whole file can tell."""

    def faults(self) -> Iterator[Fault]:
        """What does not fit together, as options and words."""
        ...


def read_settings(path: Path, kind: type[_T]) -> _T:
    """Read a TOML file. Raises SettingsError naming the file, the line and the option."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file. Create it, or leave out --config.") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{path}: cannot be read: {fault}") from None
    return parse_settings(text, kind, str(path))


def parse_settings(text: str, kind: type[_T], where: str = "settings") -> _T:
    """Read settings from TOML text. Raises SettingsError naming the line and the option."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SettingsError(f"{where}: not TOML: {fault}") from None
    try:
        made = msgspec.convert(data, kind)
    except msgspec.ValidationError as fault:
        message, _, path = str(fault).partition(" - at `$")
        option = path.rstrip("`").lstrip(".")
        if message.startswith("Object contains unknown field"):
            unknown = message.split("`")[1]
            option = f"{option}.{unknown}" if option else unknown
            message = "there is no such option"
        raise _named(text, where, option, message) from None
    whole: object = made
    if isinstance(whole, Checked):
        for option, words in whole.faults():
            raise _named(text, where, option, f"{words}.")
    return made


def _named(text: str, where: str, option: str, message: str) -> SettingsError:
    line = _line_of(text, option)
    place = f"{where}:{line}" if line else where
    return SettingsError(f"{place}: {option or 'the file'}: {message}")


def _line_of(text: str, option: str) -> int:
    """The line (from 1) that sets a dotted option, `queues[1].threshold_s`, or 0 when it cannot be told.

    What stands deeper, `queues[1].skills[0].level`, is on the line of what holds it, `skills`.
    """
    parts = option.split(".")
    depth = 2 if len(parts) > 2 and "[" in parts[0] else len(parts)
    table, _, key = ".".join(parts[:depth]).rpartition(".")
    wanted, _, index = table.partition("[")
    nth = int(index.split("]")[0]) + 1 if index else 1
    seen = 0
    inside = not wanted
    first = 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("["):
            header = line.split("#")[0].strip().strip("[]").strip()
            seen += header == wanted
            inside = header == wanted and seen == nth
            first = number if inside else first
            if header == option.split("[")[0] and not first:
                first = number
        elif inside and key and line.split("=")[0].strip().strip('"') == key.split("[")[0]:
            return number
    return first
