"""One desk's settings: policy, provisioning and the user's file put together, and the user's changes kept."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from console.domain.errors import SettingsError
from console.policy.keeping import LAST_GOOD, FoundPolicy, find_policy
from console.policy.machine import PolicySource
from console.policy.policy import THIS_COMPUTER, Policy
from console.policy.provisioned import (
    CENTRE,
    PROVISIONED_FILE,
    Provisioned,
    read_provisioned,
    write_provisioned,
)
from console.policy.resolve import Layer, Origin, Rank, Resolved, resolve
from console.settings import DeskSettings, read_settings
from console.settings.values import desk_values, flat, line_of, lines_of, value_of
from console.settings.writing import DROP, change_settings

USER_FILE = "desk.toml"


class Keeper:
    """Reads all origins when it is made and at `reload`; a bad one is told and never stops anything."""

    def __init__(
        self,
        config: Path,
        data: Path,
        source: PolicySource,
        *,
        asked: Mapping[str, Any] | None = None,
        keeps: bool = True,
    ) -> None:
        """`config` holds the user's file and what was provisioned, `data` the copy of the last good policy.

        `asked` are options of the command line, for this run only. `keeps` False: nothing at all is written.
        """
        self.file = config / USER_FILE
        self._provisioned_file = config / PROVISIONED_FILE
        self._last_good = data / LAST_GOOD
        self._source = source
        self._asked = desk_values(asked or {})
        self._keeps = keeps
        self._found = FoundPolicy()
        self.provisioned = Provisioned()
        self.user_fault = ""
        self._provisioned_fault = ""
        self._user = Layer(rank=Rank.USER, source="the user", values={})
        self.resolved = resolve(())
        self.reload()

    # ------------------------------------------------------------ what holds

    @property
    def settings(self) -> DeskSettings:
        """The settings that hold."""
        return self.resolved.settings

    @property
    def policy(self) -> Policy | None:
        """The policy that holds, if there is one."""
        return self._found.policy

    @property
    def policy_fault(self) -> str:
        """What is wrong with the policy that was found; ""."""
        return self._found.fault

    @property
    def policy_place(self) -> str:
        """Where this machine's policy is looked for."""
        return self._source.where

    @property
    def faults(self) -> list[str]:
        """All that is wrong, in words; the user's file is read as empty when it is among them."""
        told = [self._found.fault, self._provisioned_fault, self.user_fault]
        told += [
            f"{name} is locked by {self.origin(name).source}: what the command line says is not used"
            for name, value in self._asked.items()
            if self.origin(name).locked and self.origin(name).value != value
        ]
        return [fault for fault in told if fault]

    def origin(self, name: str) -> Origin:
        """An option's value and whose it is."""
        return self.resolved.origins[name]

    def given(self, name: str) -> Origin:
        """What would hold if the user had chosen nothing."""
        return self._without_user().origins[name]

    def trusted_keys(self) -> dict[str, str]:
        """The public keys whose links are taken, and whose word that is."""
        trusted: dict[str, str] = {}
        if self.provisioned.centre is not None:
            centre = self.provisioned.centre
            trusted |= dict.fromkeys(centre.trusted_keys, f"{CENTRE}{centre.centre}")
        if self.policy is not None:
            who = self.policy.organisation or THIS_COMPUTER
            trusted |= dict.fromkeys(self.policy.trusted_keys, who)
        return trusted

    # ------------------------------------------------------------ reading

    def reload(self) -> None:
        """Read everything anew."""
        self._found = find_policy(self._source, self._last_good, keep=self._keeps)
        try:
            self.provisioned, self._provisioned_fault = read_provisioned(self._provisioned_file), ""
        except SettingsError as fault:
            self.provisioned, self._provisioned_fault = Provisioned(), str(fault)
        self._read_user()
        self._resolve()

    def _read_user(self) -> None:
        values: dict[str, Any] = {}
        places: dict[str, str] = {}
        self.user_fault = ""
        if self.file.exists():
            try:
                settings = read_settings(self.file, DeskSettings)
                values, places = _given_in(self.file, settings)
            except SettingsError as fault:
                self.user_fault = str(fault)
        self._user = Layer(rank=Rank.USER, source="the user", values=values, places=places)

    def _layers(self, provisioned: Provisioned) -> list[Layer]:
        policy = self._found.policy
        return [
            *(policy.layers if policy is not None else ()),
            *provisioned.layers(str(self._provisioned_file)),
        ]

    def _without_user(self) -> Resolved:
        return resolve(self._layers(self.provisioned))

    def would(self, provisioned: Provisioned, without: set[str]) -> Resolved:
        """What would hold if this were provisioned, and the user had not set the options `without`."""
        asked = Layer(rank=Rank.USER, source="the command line", values=_less(self._asked, without))
        user = msgspec.structs.replace(self._user, values=_less(self._user.values, without))
        return resolve([*self._layers(provisioned), asked, user])

    def _resolve(self) -> None:
        self.resolved = self.would(self.provisioned, set())

    # ------------------------------------------------------------ changing

    @property
    def writable(self) -> bool:
        """Whether changes are kept: a file with a fault is left as it is, nothing of it may be lost."""
        return self._keeps and not self.user_fault

    def change(self, wanted: DeskSettings) -> None:
        """Keep what the user changed and nothing else: a value that would hold anyway leaves the file.

        What is locked stays as it is. Raises SettingsError when the file cannot be written; what was wanted
        holds for this run all the same.
        """
        given = self._without_user().origins
        changes: dict[str, Any] = {}
        for name, origin in self.resolved.origins.items():
            value = value_of(wanted, name)
            if not origin.locked and value != origin.value:
                changes[name] = DROP if value == given[name].value else value
        self._change(changes)

    def drop(self, names: set[str]) -> None:
        """Take options out of the user's file. Raises SettingsError."""
        self._change({name: DROP for name in names if name in self._user.values or name in self._asked})

    def _change(self, changes: Mapping[str, Any]) -> None:
        if not changes:
            return
        values = {**self._user.values}
        for name, value in changes.items():
            self._asked.pop(name, None)
            if value is DROP:
                values.pop(name, None)
            else:
                values[name] = value
        places = {name: place for name, place in self._user.places.items() if name in values}
        self._user = Layer(rank=Rank.USER, source="the user", values=values, places=places)
        self._resolve()
        if self.writable:
            change_settings(self.file, changes)

    def provision(self, provisioned: Provisioned) -> None:
        """Take this instead of what was provisioned before. Raises SettingsError when it cannot be kept; it
        holds for this run all the same.
        """
        self.provisioned = provisioned
        self._resolve()
        if self._keeps:
            write_provisioned(self._provisioned_file, provisioned)


def _less(values: Mapping[str, Any], without: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in without}


def _given_in(file: Path, settings: DeskSettings) -> tuple[dict[str, Any], dict[str, str]]:
    """The options that a good file sets, and where."""
    text = file.read_text(encoding="utf-8")
    lines = lines_of(text)
    values = {name: value_of(settings, name) for name in flat(tomllib.loads(text))}
    return values, {name: f"{file}:{line_of(name, lines)}" for name in values}
