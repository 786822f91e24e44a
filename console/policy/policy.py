"""The machine's policy: what IT sets for everybody at this computer.

As TOML (the Windows registry and macOS' managed preferences hold the same tables, see `registry` and
`managed`):

    organisation = "Example Ltd IT"       # who locks; shown to the person
    contact = "it@example.org"            # whom to ask
    trusted_keys = ["…"]                  # public keys whose provisioning links are taken
    reason = "…"                          # why, for locks without a reason of their own
    [defaults]                            # what holds until somebody chooses otherwise: options of desk.toml
    phone.transport = "tls"
    [locks]                               # what nobody at the desk can change
    phone.srtp = "required"
    [reasons]                             # why, by option or by table
    phone.srtp = "Customers' voices never leave unencrypted."
"""

import tomllib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from console.domain.errors import SettingsError
from console.policy.resolve import Layer, Rank
from console.settings.declaration import Section, told
from console.settings.values import desk_names, desk_values, flat, line_of, lines_of, nested

THIS_COMPUTER = "the policy of this computer"
"""Who decides, where the policy does not name an organisation."""

_TABLES = ("defaults", "locks")
_FOREIGN_NAMES = {
    "Organisation": "organisation",
    "Contact": "contact",
    "Reason": "reason",
    "TrustedKeys": "trusted_keys",
    "Defaults": "defaults",
    "Locks": "locks",
    "Reasons": "reasons",
}
"""What the tables of a policy are called in a registry and in preferences."""

_EMPTY: dict[str, Any] = {}  # msgspec copies an empty default


class _Form(Section, frozen=True, kw_only=True):
    organisation: Annotated[str, told("Who decides; shown beside what is locked.")] = ""
    contact: Annotated[str, told("Whom to ask: a mail address, a number.")] = ""
    reason: Annotated[str, told("Why things are locked, where no reason of their own is given.")] = ""
    trusted_keys: Annotated[tuple[str, ...], told("Public keys whose provisioning links are taken.")] = ()
    defaults: Annotated[dict[str, Any], told("What holds until somebody chooses otherwise.")] = _EMPTY
    locks: Annotated[dict[str, Any], told("What nobody at the desk can change.")] = _EMPTY
    reasons: Annotated[dict[str, Any], told("Why, by option or by table.")] = _EMPTY


class RawPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as it was found: its tables, where each dotted name stands (`locks.phone.srtp`), and its text
    to keep a copy of.

    `lenient`: texts may stand for numbers and booleans, as in a registry.
    """

    where: str
    tables: Mapping[str, Any]
    places: Mapping[str, str] = {}
    text: str = ""
    lenient: bool = False


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that was read and found good."""

    where: str = ""
    organisation: str = ""
    contact: str = ""
    trusted_keys: tuple[str, ...] = ()
    defaults: Layer
    locks: Layer

    @property
    def layers(self) -> tuple[Layer, Layer]:
        """Its locks and its defaults."""
        return self.locks, self.defaults


def raw_policy(text: str, where: str) -> RawPolicy:
    """A policy from TOML text. Raises SettingsError."""
    if not text.strip():
        raise SettingsError(f"{where}: the file is empty. Write it anew, or delete it to have no policy.")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SettingsError(f"{where}: not TOML: {fault}") from None
    lines = lines_of(text)
    places = {}
    for name in flat(tables):
        line = line_of(name, lines)
        places[name] = f"{where}:{line}" if line else where
    for name, line in lines.items():
        places.setdefault(name, f"{where}:{line}")
    return RawPolicy(where=where, tables=tables, places=places, text=text)


def read_policy(raw: RawPolicy) -> Policy:
    """A policy whose options all exist and fit. Raises SettingsError naming place and option."""
    try:
        form = msgspec.convert(raw.tables, _Form, strict=not raw.lenient)
    except msgspec.ValidationError as fault:
        message, _, path = str(fault).partition(" - at `$")
        if message.startswith("Object contains unknown field"):
            unknown = message.split("`")[1]
            raise _named(raw, unknown, "there is no such entry in a policy") from None
        raise _named(raw, path.rstrip("`").lstrip("."), message) from None
    values = {table: _values(raw, table, getattr(form, table)) for table in _TABLES}
    who = form.organisation or THIS_COMPUTER
    reasons = _reasons(raw, form)

    def layer(table: str, rank: Rank) -> Layer:
        places = {name: _place(raw, f"{table}.{name}") for name in values[table]}
        return Layer(
            rank=rank,
            source=who,
            values=values[table],
            places=places,
            reasons=reasons,
            contact=form.contact,
        )

    return Policy(
        where=raw.where,
        organisation=form.organisation,
        contact=form.contact,
        trusted_keys=form.trusted_keys,
        defaults=layer("defaults", Rank.DEFAULT),
        locks=layer("locks", Rank.LOCK),
    )


def _values(raw: RawPolicy, table: str, tables: Mapping[str, Any]) -> dict[str, Any]:
    """The options of defaults or locks, checked one by one, so that the fault can be named."""
    found = flat(tables)
    checked: dict[str, Any] = {}
    for name, value in found.items():
        try:
            checked |= desk_values({name: value}, strict=not raw.lenient)
        except SettingsError as fault:
            words = str(fault).partition(": ")[2] or str(fault)
            raise _named(raw, f"{table}.{name}", words) from None
    return checked


def _reasons(raw: RawPolicy, form: _Form) -> dict[str, str]:
    reasons = flat(form.reasons)
    known = desk_names() | {name.rpartition(".")[0] for name in desk_names()} - {""}
    for name, why in reasons.items():
        if name not in known:
            raise _named(raw, f"reasons.{name}", "there is no such option")
        if not isinstance(why, str):
            raise _named(raw, f"reasons.{name}", "a reason is a text")
    return {"": form.reason} | reasons


def _place(raw: RawPolicy, name: str) -> str:
    while name and name not in raw.places:
        name = name.rpartition(".")[0]
    return raw.places.get(name, raw.where)


def _named(raw: RawPolicy, name: str, words: str) -> SettingsError:
    return SettingsError(f"{_place(raw, name)}: {name or 'the policy'}: {words.rstrip('.')}.")


def named_here(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of a registry or of preferences, with the names and the form of a policy file."""
    found: dict[str, Any] = {}
    for name, value in tables.items():
        here = _FOREIGN_NAMES.get(name, name)
        found[here] = nested(flat(value)) if isinstance(value, Mapping) else value
    return found
