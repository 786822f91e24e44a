"""The README says what the code does: options, keys, commands, pictures."""

import re
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.__main__ import _parser
from console.settings import CentreSettings, DeskSettings, Option, options, parse_settings

HOUSE = Path(__file__).resolve().parent.parent
README = (HOUSE / "README.md").read_text(encoding="utf-8")


def _shown(value: Any) -> str:
    match value:
        case None:
            return "required"
        case "" | () | {}:
            return "empty" if value == "" else "none"
        case bool():
            return f"`{str(value).lower()}`"
        case Enum():
            return f"`{value.value}`"
        case tuple():
            return ", ".join(f"`{item}`" for item in value)
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _row(option: Option) -> str:
    return f"| `{option.name}` | {option.kind} | {_shown(option.default)} | {option.help} |"


@pytest.mark.parametrize("kind", [CentreSettings, DeskSettings])
def test_the_settings_table_is_the_declaration(kind: type[msgspec.Struct]) -> None:
    missing = [row for row in map(_row, options(kind)) if row not in README]
    assert missing == []


def test_no_option_is_told_that_is_not_there() -> None:
    known = {option.name for kind in (CentreSettings, DeskSettings) for option in options(kind)}
    told = set(re.findall(r"^\| `([a-z_.\[\]]+)` \| [a-z ,_]+ \|", README, flags=re.MULTILINE))
    assert told <= known


def test_the_first_centre_is_a_file_that_works() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    settings = parse_settings(example, CentreSettings, "README")
    assert settings.queues[0].numbers[0] == "100"


def test_an_asterisk_is_named_as_the_chapter_says() -> None:
    (example,) = re.findall(r"```ini\n( *\[switch\].*?)```", README, flags=re.DOTALL)
    settings = parse_settings(example, CentreSettings, "README")
    assert settings.switch.kind == "asterisk"
    assert list(settings.warnings()) == []


def test_an_asterisk_that_keeps_its_queues_is_named_as_the_chapter_says() -> None:
    (example,) = re.findall(r"```ini\n( *# centre\.toml\n *\[switch\].*?)```", README, flags=re.DOTALL)
    settings = parse_settings(example, CentreSettings, "README")
    assert settings.switch.kind == "app_queue"
    assert settings.switch.app_queue.queues == {"support": "400"}
    assert list(settings.warnings()) == []


def test_every_command_is_named() -> None:
    (commands,) = (action for action in _parser()._actions if action.dest == "==SUPPRESS==" or action.choices)
    for command in commands.choices or ():
        assert f"`{command}" in README, command


def test_every_key_of_the_window_is_told() -> None:
    from ui.shell.actions import TABLE

    for spec in TABLE.values():
        if spec.keys:
            assert f"| {spec.keys} | {spec.words} |" in README


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (HOUSE / picture).stat().st_size > 10_000


def test_the_queue_that_thinks_ahead_is_one() -> None:
    (example,) = re.findall(r"```ini\n(\[\[queues\]\].*?)```", README, flags=re.DOTALL)
    skilled = '\n[[agents]]\nkey = "ada"\nqueues = ["support"]\nskills = { english = 8, billing = 1 }\n'
    settings = parse_settings(example + skilled, CentreSettings, "README")
    assert [step.after_s for step in settings.queues[0].relax] == [30, 60]
    assert list(settings.warnings()) == []
