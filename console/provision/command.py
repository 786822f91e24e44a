"""`callboardctl provision-key` and `provision-link`: for IT, to make links that bring settings."""

import argparse
import os
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from console.clock import Clock
from console.domain.errors import BadInput, SettingsError, SignatureFault
from console.provision.link import DAYS_MOST, make_link, read_link
from console.settings import DeskSettings, options, read_settings
from console.settings.values import desk_values, flat
from console.signature import new_key, public_of

_Say = Callable[[str], None]
_SECRET = 0o600
_KEY_MOST = 4096


def add_key(commands: Any, say: _Say) -> argparse.ArgumentParser:
    """Add `callboardctl provision-key`."""
    made: argparse.ArgumentParser = commands.add_parser(
        "provision-key", help="make the key that signs provisioning links; prints its public half"
    )
    which = made.add_mutually_exclusive_group(required=True)
    which.add_argument("--out", metavar="FILE", help="make a key and keep it here, readable by you alone")
    which.add_argument("--show", metavar="FILE", help="print the public half of this key again")
    made.set_defaults(command=lambda chosen: _key(chosen, say))
    return made


def add_link(commands: Any, clock: Callable[[], Clock], say: _Say) -> argparse.ArgumentParser:
    """Add `callboardctl provision-link`. `clock` makes one."""
    made: argparse.ArgumentParser = commands.add_parser(
        "provision-link", help="make a signed link that brings settings to desks"
    )
    made.add_argument("--key", required=True, metavar="FILE", help="the secret key, from provision-key")
    made.add_argument("--issuer", required=True, metavar="NAME", help="who issues it; shown to the person")
    made.add_argument("--days", type=_days, default=7.0, metavar="N", help="days that it is good for (7)")
    made.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", help="an option; may be repeated"
    )
    made.add_argument("--from", dest="file", metavar="FILE", help="options of this file, as in desk.toml")
    made.set_defaults(command=lambda chosen: _link(chosen, clock(), say))
    return made


def _days(text: str) -> float:
    number = float(text)
    if not 0 < number <= DAYS_MOST:
        raise argparse.ArgumentTypeError(f"must be more than 0, and {DAYS_MOST:.0f} at most")
    return number


def _key(chosen: argparse.Namespace, say: _Say) -> int:
    if chosen.show:
        say(public_of(_secret(Path(chosen.show))))
        return 0
    file, secret = Path(chosen.out), new_key()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET), "w") as out:
            out.write(secret + "\n")
    except FileExistsError:
        raise BadInput(f"{file} is there already: a key is never overwritten. Choose another name.") from None
    except OSError as fault:
        raise BadInput(f"{file}: the key cannot be written: {fault.strerror}") from None
    say(public_of(secret))
    return 0


def _link(chosen: argparse.Namespace, clock: Clock, say: _Say) -> int:
    values: dict[str, Any] = {}
    if chosen.file:
        read_settings(Path(chosen.file), DeskSettings)
        values |= flat(tomllib.loads(Path(chosen.file).read_text(encoding="utf-8")))
    for text in chosen.set:
        values |= _assigned(text)
    if not values:
        raise BadInput("nothing is set: name options with --set OPTION=VALUE or --from FILE")
    secret = _secret(Path(chosen.key))
    try:
        link = make_link(secret, chosen.issuer, values, clock.now() + timedelta(days=chosen.days))
    except (SettingsError, SignatureFault) as fault:
        raise BadInput(str(fault)) from None
    read_link(link, {public_of(secret): chosen.issuer}, clock.now())
    say(link)
    return 0


def _assigned(text: str) -> dict[str, Any]:
    """`phone.transport=tls` as a value of the option's type. Raises BadInput."""
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals:
        raise BadInput(f"“{text}” is no OPTION=VALUE, like phone.transport=tls")
    kinds = {option.name: option.kind for option in options(DeskSettings)}
    plain: Any = value.strip()
    if kinds.get(name, "").startswith("list"):
        plain = [part.strip() for part in plain.split(",") if part.strip()]
    try:
        return desk_values({name: plain}, strict=False)
    except SettingsError as fault:
        raise BadInput(str(fault)) from None


def _secret(file: Path) -> str:
    """A secret key from its file. Raises BadInput."""
    try:
        with file.open(encoding="ascii") as text:
            secret = text.read(_KEY_MOST).strip()
        public_of(secret)
    except OSError as fault:
        raise BadInput(f"{file}: the key cannot be read: {fault.strerror}") from None
    except (SignatureFault, UnicodeDecodeError) as fault:
        raise BadInput(f"{file}: {fault}. `callboardctl provision-key --out FILE` makes a key.") from None
    return secret
