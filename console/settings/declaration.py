"""What a settings class is made of, and its options as data: name, type, default, range, choices, help.

The declaration is the Struct: a field's annotation carries its help, its default is the default. The command
line, the settings window, the table in the README, policies and their templates read it through `options`.
"""

import functools
from collections.abc import Iterator
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

_CHOICES = "choices"


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a settings file; an option that is not declared is refused."""


def told(text: str) -> msgspec.Meta:
    """An option with its help."""
    return msgspec.Meta(description=text)


def number(text: str, *, least: float, most: float) -> msgspec.Meta:
    """A number with its help and range."""
    return msgspec.Meta(description=text, ge=least, le=most)


def chosen(text: str, *choices: str) -> msgspec.Meta:
    """A text with its help that is one of some; `choice_faults` checks it."""
    return msgspec.Meta(description=text, extra={_CHOICES: choices})


Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Option(msgspec.Struct, frozen=True):
    """One declared option, for help texts, tables and templates.

    `kind` is its type in words: text, whole number, number, true or false, list of text, one of a, b. `least`
    and `most` are the range of a number; `choices` what a text may be (empty: anything).
    """

    name: str
    kind: str
    default: Any
    help: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


@functools.cache
def declared(kind: type[msgspec.Struct]) -> tuple[Option, ...]:
    """All options of a settings class, looked up once."""
    return tuple(options(kind))


def options(kind: type[msgspec.Struct], prefix: str = "") -> Iterator[Option]:
    """All options of a settings class, depth first."""
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        name = f"{prefix}{field.name}"
        hint = hints[field.name]
        bare = _bare(hint)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            yield from options(bare, f"{name}.")
            continue
        element = _element(bare)
        if element is not None:
            yield from options(element, f"{name}[].")
            continue
        default = None if field.default is msgspec.NODEFAULT else field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        yield Option(name, _words(bare), default, _described(hint), *_range_of(hint), _choices_of(hint, bare))


def _bare(hint: Any) -> Any:
    """The type without its annotation, and without the None of what may be left out."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if isinstance(hint, UnionType):
        return _bare(next(kind for kind in get_args(hint) if kind is not NoneType))
    return hint


def _element(bare: Any) -> type[msgspec.Struct] | None:
    arguments = get_args(bare)
    if (
        get_origin(bare) is tuple
        and arguments
        and isinstance(arguments[0], type)
        and issubclass(arguments[0], msgspec.Struct)
    ):
        return arguments[0]
    return None


def _described(hint: Any) -> str:
    if get_origin(hint) is not Annotated:
        return ""
    inner, *metas = get_args(hint)
    for meta in reversed(metas):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    return _described(inner)


def _words(bare: Any) -> str:
    if get_origin(bare) is tuple:
        return f"list of {_words(get_args(bare)[0])}"
    if get_origin(bare) is dict:
        return f"table of {_words(_bare(get_args(bare)[1]))}"
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        return "one of " + ", ".join(bare)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "option"}
    return names.get(bare, getattr(bare, "__name__", str(bare)))


def _metas(hint: Any) -> list[msgspec.Meta]:
    """What is told of a type, the outermost first."""
    if get_origin(hint) is not Annotated:
        return []
    inner, *metas = get_args(hint)
    return [meta for meta in reversed(metas) if isinstance(meta, msgspec.Meta)] + _metas(inner)


def _range_of(hint: Any) -> tuple[float | None, float | None]:
    metas = _metas(hint)
    least = next((meta.ge for meta in metas if meta.ge is not None), None)
    return least, next((meta.le for meta in metas if meta.le is not None), None)


def _choices_of(hint: Any, bare: Any) -> tuple[str, ...]:
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        return tuple(bare)
    return next((meta.extra[_CHOICES] for meta in _metas(hint) if meta.extra and _CHOICES in meta.extra), ())
