"""The last good policy: a bad one never stops the phone, and never opens what was locked."""

import contextlib
import logging
from pathlib import Path

import msgspec
import tomlkit

from console.domain.errors import SettingsError
from console.policy.file import FilePolicy
from console.policy.machine import PolicySource
from console.policy.policy import Policy, RawPolicy, read_policy

LAST_GOOD = "policy-last-good.toml"

_log = logging.getLogger(__name__)


class FoundPolicy(msgspec.Struct, frozen=True):
    """The policy that holds (None: none), and what is wrong with the one that was found ("": nothing)."""

    policy: Policy | None = None
    fault: str = ""


def find_policy(source: PolicySource, last_good: Path, *, keep: bool) -> FoundPolicy:
    """The policy of `source`; when that is bad, the copy of the last good one, with what is wrong.

    `keep` makes the copy; a policy that IT took away takes it away too. Raises nothing: what cannot be
    written is logged.
    """
    try:
        raw = source.read()
        policy = read_policy(raw) if raw is not None else None
    except SettingsError as fault:
        return _held(str(fault), last_good)
    if keep:
        _keep(raw, last_good)
    return FoundPolicy(policy)


def _held(fault: str, last_good: Path) -> FoundPolicy:
    try:
        raw = FilePolicy(last_good).read()
        policy = read_policy(raw) if raw is not None else None
    except SettingsError as other:
        _log.warning("the copy of the last good policy is bad too: %s", other)
        policy = None
    if policy is None:
        return FoundPolicy(
            None, f"{fault.rstrip('.')}. The policy is not used, and there was no good one before."
        )
    return FoundPolicy(policy, f"{fault.rstrip('.')}. The policy is not used; the last good one holds.")


def _keep(raw: RawPolicy | None, last_good: Path) -> None:
    try:
        if raw is None:
            last_good.unlink(missing_ok=True)
            return
        text = raw.text or tomlkit.dumps(raw.tables)
        if last_good.is_file() and last_good.read_bytes() == text.encode():
            return
        write_whole(last_good, text)
    except (OSError, ValueError) as fault:
        _log.warning("no copy of the policy could be kept: %s", fault)


def write_whole(file: Path, text: str) -> None:
    """Write a file so that it is whole or as it was. Raises OSError."""
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
