"""Changes by dotted path: `agents[0].count`, `queues[support].max_wait_s`, `days`."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from console.domain.errors import SettingsError

_T = TypeVar("_T", bound=msgspec.Struct)
_STEP = re.compile(r"(?P<name>[A-Za-z_][\w-]*)(?:\[(?P<entry>[^\[\]]+)\])?")


def changed(given: _T, changes: Mapping[str, Any]) -> _T:
    """The value with these options changed. Raises SettingsError naming the option that does not do."""
    plain, made = msgspec.to_builtins(given), given
    for path, value in changes.items():
        _set(plain, path, value)
        try:
            made = msgspec.convert(plain, type(given))
        except msgspec.ValidationError as fault:
            raise SettingsError(f"{path}: {_words(fault)}") from None
    return made


def _set(plain: dict[str, Any], path: str, value: Any) -> None:
    *way, last = _steps(path)
    place: Any = plain
    for name, entry in way:
        place = _step_into(place, name, entry, path)
    name, entry = last
    if entry:
        raise SettingsError(f"{path}: name one of its options, like {path}.key")
    if not isinstance(place, dict):
        raise SettingsError(f"{path}: there is no such option")
    place[name] = value


def _steps(path: str) -> list[tuple[str, str]]:
    found = [_STEP.fullmatch(step) for step in path.split(".")]
    if not all(found):
        raise SettingsError(f"{path}: this is no option; one looks like agents[0].count")
    return [(step["name"], step["entry"] or "") for step in found if step]


def _step_into(place: Any, name: str, entry: str, path: str) -> Any:
    if not isinstance(place, dict):
        raise SettingsError(f"{path}: there is no such option")
    if not entry:
        return place.setdefault(name, {})
    inner = place.get(name)
    entries = inner if isinstance(inner, list | tuple) else ()
    for number, item in enumerate(entries):
        if entry == str(number) or (isinstance(item, dict) and item.get("key", item.get("queue")) == entry):
            return item
    raise SettingsError(f"{path}: there is no {name}[{entry}] in this file")


def _words(fault: msgspec.ValidationError) -> str:
    message, _, _ = str(fault).partition(" - at `$")
    return "there is no such option" if message.startswith("Object contains unknown field") else message
