"""`callboardctl settings`: what holds on this desk and why, and whether a policy file is good."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from console import paths
from console.domain.errors import SettingsError
from console.policy.explain import explained, listed, told
from console.policy.file import FilePolicy
from console.policy.keeper import Keeper
from console.policy.machine import PolicySource, machine_policy
from console.policy.policy import read_policy

_FAILED = 1
_Say = Callable[[str], None]


def here(data: str = "", *, asked: dict[str, Any] | None = None, keeps: bool = False) -> Keeper:
    """The settings of this user on this machine; `data`: a folder for settings and history in place of the
    usual ones.
    """
    config, kept = (Path(data), Path(data)) if data else (paths.config_folder(), paths.data_folder())
    return Keeper(config, kept, machine_policy(os.environ), asked=asked, keeps=keeps)


def add_settings(commands: Any, say: _Say, tell: _Say) -> argparse.ArgumentParser:
    """Add `callboardctl settings`. `say` prints a line, `tell` says what is wrong."""
    made: argparse.ArgumentParser = commands.add_parser(
        "settings", help="the desk's settings, where each came from, and whether a policy is good"
    )
    made.add_argument("--explain", action="store_true", help="with where each value came from")
    made.add_argument("--json", action="store_true", help="as JSON, with where each value came from")
    made.add_argument("--data", metavar="DIR", default="", help="another folder of settings and history")
    made.add_argument("--policy", metavar="FILE", default="", help="as if this were the machine's policy")
    made.add_argument("--check-policy", metavar="FILE", default="", help="only look whether FILE is good")
    made.set_defaults(command=lambda chosen: _settings(chosen, say, tell))
    return made


def _settings(chosen: argparse.Namespace, say: _Say, tell: _Say) -> int:
    if chosen.check_policy:
        return _check(Path(chosen.check_policy), say)
    keeper = _with(FilePolicy(Path(chosen.policy)), chosen.data) if chosen.policy else here(chosen.data)
    if chosen.json:
        say(msgspec.json.format(msgspec.json.encode(explained(keeper)), indent=2).decode())
    else:
        for line in told(keeper) if chosen.explain else listed(keeper):
            say(line)
    for fault in keeper.faults:
        tell(f"callboardctl: {fault}")
    return _FAILED if keeper.faults else 0


def _with(source: PolicySource, data: str) -> Keeper:
    config, kept = (Path(data), Path(data)) if data else (paths.config_folder(), paths.data_folder())
    return Keeper(config, kept, source, keeps=False)


def _check(file: Path, say: _Say) -> int:
    raw = FilePolicy(file).read()
    if raw is None:
        raise SettingsError(f"{file}: there is no such file.")
    policy = read_policy(raw)
    say(f"{file}: good; {len(policy.locks.values)} locks, {len(policy.defaults.values)} defaults")
    return 0
