"""Settings by dotted name: `{"phone.transport": "tls"}` from and to tables, checked by the declaration."""

import functools
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from console.domain.errors import SettingsError
from console.settings.declaration import declared
from console.settings.desk import BY_MACHINE_ONLY, DeskSettings
from console.settings.reading import Checked

_T = TypeVar("_T", bound=msgspec.Struct)

_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


@functools.cache
def desk_names() -> frozenset[str]:
    """The dotted names of all options of a desk."""
    return frozenset(option.name for option in declared(DeskSettings))


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by dotted name from tables in tables."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tables in tables from values by dotted name. Raises SettingsError when one is a table and a value."""
    whole: dict[str, Any] = {}
    for name, value in values.items():
        *tables, last = name.split(".")
        place = whole
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise SettingsError(f"{name}: there is no such option")
        place[last] = value
    return whole


def value_of(settings: object, name: str) -> Any:
    """The value of an option by its dotted name."""
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def settings_of(values: Mapping[str, Any], kind: type[_T], *, strict: bool = True) -> _T:
    """Settings from values by dotted name; not `strict`: texts may stand for numbers (a registry's).

    Raises SettingsError, `option: what is wrong`.
    """
    try:
        made = msgspec.convert(nested(values), kind, strict=strict)
    except msgspec.ValidationError as fault:
        raise SettingsError(": ".join(_in_words(str(fault)))) from None
    whole: object = made
    if isinstance(whole, Checked):
        for option, words in whole.faults():
            raise SettingsError(f"{option}: {words}.")
    return made


def desk_values(values: Mapping[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """The same values, checked and of their declared types. Raises SettingsError, naming the option."""
    made = settings_of(values, DeskSettings, strict=strict)
    unknown = sorted(values.keys() - desk_names())
    if unknown:
        raise SettingsError(f"{unknown[0]}: there is no such option")
    return {name: value_of(made, name) for name in values}


def provisionable(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values, checked, that a centre or a link may set. Raises SettingsError, naming the option."""
    refused = sorted(values.keys() & BY_MACHINE_ONLY)
    if refused:
        raise SettingsError(f"{refused[0]}: only the policy of a computer or its user can set this")
    return desk_values(values)


def _in_words(fault: str) -> tuple[str, str]:
    message, _, path = fault.partition(" - at `$")
    option = path.rstrip("`").lstrip(".")
    if message.startswith("Object contains unknown field"):
        unknown = message.split("`")[1]
        return f"{option}.{unknown}" if option else unknown, "there is no such option"
    return option or "the file", message


def lines_of(text: str) -> dict[str, int]:
    """The line (from 1) on which each dotted key of a TOML text stands."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.startswith("[") and not bare.startswith("[["):
            table = _dotted(bare[1:].split("]")[0])
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            name = _dotted(key[1])
            found.setdefault(f"{table}.{name}" if table else name, number)
    return found


def line_of(name: str, lines: Mapping[str, int]) -> int:
    """The line of an option, or of the nearest table around it; 0 when it cannot be told."""
    while name and name not in lines:
        name = name.rpartition(".")[0]
    return lines.get(name, 0)


def _dotted(key: str) -> str:
    return ".".join(part.strip("\"'") for part in _PART.findall(key))
