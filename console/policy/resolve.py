"""Whose value of an option holds: a pure function over layers.

Lock, user, provisioned, policy's default, built-in: the first of them that has a value gives it. Among layers
of one rank the one named first counts (the centre's provisioning before a link's, the command line before
the user's file).
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any

import msgspec

from console.settings import DeskSettings
from console.settings.declaration import declared
from console.settings.values import settings_of


class Rank(IntEnum):
    """How much a layer counts; less is more."""

    LOCK = 0
    USER = 1
    PROVISIONED = 2
    DEFAULT = 3
    BUILT_IN = 4

    @property
    def words(self) -> str:
        """For a person."""
        return _RANKS[self]


_RANKS = {
    Rank.LOCK: "locked by policy",
    Rank.USER: "set by the user",
    Rank.PROVISIONED: "provisioned",
    Rank.DEFAULT: "policy default",
    Rank.BUILT_IN: "built in",
}


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """Values of one origin by dotted name, checked already.

    `source` is who gave them, in words, `contact` whom to ask; `places` are file and line by name, as far as
    they are known; `reasons` why (locks), by option, by table, or by "" for all.
    """

    rank: Rank
    source: str
    values: Mapping[str, Any]
    places: Mapping[str, str] = {}
    reasons: Mapping[str, str] = {}
    contact: str = ""

    def reason(self, name: str) -> str:
        """Why, for the option or a table around it; ""."""
        while name and name not in self.reasons:
            name = name.rpartition(".")[0]
        return self.reasons.get(name, "")


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """One option's value, whose it is, and where that stands."""

    name: str
    value: Any
    rank: Rank
    source: str = ""
    place: str = ""
    reason: str = ""
    contact: str = ""

    @property
    def locked(self) -> bool:
        """Whether nobody at this desk can change it."""
        return self.rank is Rank.LOCK


class Resolved(msgspec.Struct, frozen=True):
    """All options with their origins, and the settings they make."""

    origins: Mapping[str, Origin]
    settings: DeskSettings


def resolve(layers: Iterable[Layer]) -> Resolved:
    """What holds, of layers in any order of ranks."""
    ordered = sorted(layers, key=lambda layer: layer.rank)
    origins = {
        option.name: origin_of(option.name, option.default, ordered) for option in declared(DeskSettings)
    }
    settings = settings_of({name: origin.value for name, origin in origins.items()}, DeskSettings)
    return Resolved(origins, settings)


def origin_of(name: str, built_in: Any, ordered: Sequence[Layer]) -> Origin:
    """One option's, from layers ordered by rank."""
    for layer in ordered:
        if name in layer.values:
            return Origin(
                name=name,
                value=layer.values[name],
                rank=layer.rank,
                source=layer.source,
                place=layer.places.get(name, ""),
                reason=layer.reason(name),
                contact=layer.contact,
            )
    return Origin(name=name, value=built_in, rank=Rank.BUILT_IN, source="Callboard")
