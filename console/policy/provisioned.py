"""What was provisioned and is kept: by the centre after sign-in, and by links that the person agreed to."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from console.domain.errors import SettingsError
from console.policy.keeping import write_whole
from console.policy.resolve import Layer, Rank
from console.settings.values import desk_names, desk_values

PROVISIONED_FILE = "provisioned.json"
CENTRE = "the centre "
LINK = "a link of "
"""How the sources begin, in words."""

LINKS_MOST = 20
"""Links that are remembered; who sends more than that has meant the last ones."""


class OwnQueue(msgspec.Struct, frozen=True):
    """A queue that the signed-in agent serves."""

    key: str
    name: str


class ByCentre(msgspec.Struct, frozen=True, kw_only=True):
    """What a centre gave its user: options by dotted name, the queues served, keys of links to trust."""

    centre: str
    user: str
    at: datetime
    values: dict[str, Any] = {}
    queues: tuple[OwnQueue, ...] = ()
    trusted_keys: tuple[str, ...] = ()


class ByLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a link brought: who issued it, the key that signed it, options by dotted name."""

    issuer: str
    key: str
    at: datetime
    values: dict[str, Any]


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was provisioned; the newest link first."""

    centre: ByCentre | None = None
    links: tuple[ByLink, ...] = ()

    def with_link(self, link: ByLink) -> "Provisioned":
        """With one more link; what it sets is no longer set by older ones."""
        older = []
        for one in self.links:
            left = {name: value for name, value in one.values.items() if name not in link.values}
            if left:
                older.append(msgspec.structs.replace(one, values=left))
        return msgspec.structs.replace(self, links=(link, *older)[:LINKS_MOST])

    def layers(self, place: str) -> list[Layer]:
        """As layers: the centre's before the links'. Options that this version does not know are left out."""
        found = []
        if self.centre is not None:
            found.append(_layer(f"{CENTRE}{self.centre.centre}", self.centre.values, place))
        found += [_layer(f"{LINK}{link.issuer}", link.values, place) for link in self.links]
        return [layer for layer in found if layer.values]


def _layer(source: str, values: Mapping[str, Any], place: str) -> Layer:
    good = fitting(values)
    return Layer(rank=Rank.PROVISIONED, source=source, values=good, places=dict.fromkeys(good, place))


def fitting(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of provisioned values that this version knows and that fit: a newer centre may know more."""
    good: dict[str, Any] = {}
    for name, value in values.items():
        if name not in desk_names():
            continue
        try:
            good |= desk_values({name: value})
        except SettingsError:
            continue
    return good


def read_provisioned(file: Path) -> Provisioned:
    """What was kept; nothing when there is no file. Raises SettingsError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Provisioned)
    except FileNotFoundError:
        return Provisioned()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise SettingsError(
            f"{file}: what was provisioned cannot be read: {fault}. Sign in to get it anew."
        ) from None


def write_provisioned(file: Path, provisioned: Provisioned) -> None:
    """Keep it. Raises SettingsError."""
    text = msgspec.json.format(msgspec.json.encode(provisioned), indent=2).decode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text + "\n")
    except OSError as fault:
        raise SettingsError(f"{file}: what was provisioned cannot be kept: {fault.strerror}.") from None
