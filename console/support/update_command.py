"""`callboardctl update` for whoever runs the program, `sign-update` for whoever builds it."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.domain.errors import BadInput

if TYPE_CHECKING:
    from console.settings import UpdateSettings
    from console.support.versions import Download

_Say = Callable[[str], None]
_NEWER = 3


def add_update(commands: Any, say: _Say) -> argparse.ArgumentParser:
    """Declare `update`."""
    made: argparse.ArgumentParser = commands.add_parser(
        "update", help="whether there is a newer version; fetch and check it"
    )
    what = made.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help=f"tell; exit code {_NEWER} when there is one")
    what.add_argument("--download", metavar="DIR", help="fetch the newer version's file, checked")
    made.add_argument("--url", default="", help="the signed list (updates.url of the settings)")
    made.add_argument("--key", default="", help="its public key (updates.key of the settings)")
    made.add_argument("--data", metavar="DIR", default="", help="another folder of settings and history")
    made.set_defaults(command=partial(_update, say=say))
    return made


def add_sign_update(commands: Any, say: _Say) -> argparse.ArgumentParser:
    """Declare `sign-update`."""
    made: argparse.ArgumentParser = commands.add_parser(
        "sign-update", help="make and sign a list of versions (for builders)"
    )
    made.add_argument("--new-key", metavar="NAME", default="", help="make NAME.key and NAME.pub, no list")
    made.add_argument("--key", metavar="FILE", default="", help="secret key (minisign); - reads it")
    made.add_argument(
        "--to", metavar="FILE.json", default="", help="the list; its signature is put beside it"
    )
    made.add_argument("--version", dest="of", metavar="V", default="", help="the version it announces")
    made.add_argument(
        "--serial", type=int, default=0, metavar="N", help="larger than that of any list before"
    )
    made.add_argument("--days", type=int, default=90, metavar="D", help="expires after so many days (90)")
    made.add_argument("--notes", metavar="URL", default="", help="where the changes are told")
    made.add_argument(
        "--file", action="append", default=[], metavar="SYSTEM,FILE,URL", help="linux-x86_64,FILE,https://…"
    )
    made.set_defaults(command=partial(_sign, say=say))
    return made


def _update(chosen: argparse.Namespace, say: _Say) -> int:
    from console import __version__, paths
    from console.clock import SystemClock
    from console.support.updates import Updates, managed_by

    keeper = managed_by()
    if keeper and not chosen.url:
        say(f"Callboard {__version__} was installed by {keeper}, which looks after updates.")
        return 0
    folder = Path(chosen.data) if chosen.data else paths.data_folder()
    found = asyncio.run(Updates(_wanted(chosen), folder).look(SystemClock().now()))
    if not found.newer:
        say(f"Callboard {__version__} is the newest version.")
        return 0
    say(f"Callboard {found.version} is there; this is {__version__}. {found.notes}".rstrip())
    return _NEWER if chosen.check else _fetch(found.download, Path(chosen.download), say)


def _wanted(chosen: argparse.Namespace) -> "UpdateSettings":
    """The settings, with what the command line says instead. Raises BadInput for what policy has locked."""
    import msgspec

    from console.policy.command import here

    keeper = here(chosen.data)
    check = keeper.origin("updates.check")
    if check.locked and not check.value:
        raise BadInput(f"looking for updates is switched off by {check.source}: ask there for new versions.")
    given = {name: getattr(chosen, name) for name in ("url", "key") if getattr(chosen, name)}
    for name in given:
        if keeper.origin(f"updates.{name}").locked:
            raise BadInput(f"--{name}: updates.{name} is locked by the policy of this computer.")
    return msgspec.structs.replace(keeper.settings.updates, **given)


def _fetch(wanted: "Download | None", folder: Path, say: _Say) -> int:
    from console.support.updates import download

    if wanted is None:
        raise BadInput("there is no file for this system in the list: ask who builds it.")
    if not folder.is_dir():
        raise BadInput(f"{folder} is no folder")
    say(f"{asyncio.run(download(wanted, folder))} is fetched and checked: install it.")
    return 0


def _sign(chosen: argparse.Namespace, say: _Say) -> int:
    if chosen.new_key:
        return _new_key(Path(chosen.new_key), say)
    for name in ("key", "to", "of", "serial"):
        if not getattr(chosen, name):
            raise BadInput(f"--{'version' if name == 'of' else name} is missing")
    from console.clock import SystemClock
    from console.signature import sign_minisign
    from console.support.versions import Versions, described, written

    now = SystemClock().now().replace(microsecond=0)
    files = {system: described(Path(file), url) for system, file, url in map(_file, chosen.file)}
    made = Versions(
        serial=chosen.serial,
        version=chosen.of,
        date=now,
        expires=now + timedelta(days=chosen.days),
        notes=chosen.notes,
        files=files,
    )
    data = written(made)
    secret = sys.stdin.read() if chosen.key == "-" else _read(Path(chosen.key))
    signature = sign_minisign(secret, data, f"callboard versions, serial {chosen.serial}", _password())
    to = Path(chosen.to)
    try:
        to.write_bytes(data)
        Path(f"{to}.minisig").write_text(signature, encoding="ascii")
    except OSError as fault:
        raise BadInput(f"the list cannot be written: {fault}") from None
    say(f"{to} and {to}.minisig: version {made.version}, serial {made.serial}, until {made.expires:%Y-%m-%d}")
    return 0


def _password() -> str:
    """That of the secret key, from the environment: builders have no terminal."""
    import os

    return os.environ.get("MINISIGN_PASSWORD", "")


def _new_key(name: Path, say: _Say) -> int:
    from console.signature import new_minisign_keys

    secret_file, public_file = name.with_name(f"{name.name}.key"), name.with_name(f"{name.name}.pub")
    secret, public = new_minisign_keys(_password())
    try:
        for file, text, mode in ((secret_file, secret, 0o600), (public_file, public, 0o644)):
            file.touch(mode=mode, exist_ok=False)
            file.write_text(text, encoding="ascii")
    except OSError as fault:
        raise BadInput(f"the keys cannot be written: {fault}") from None
    say(f"{secret_file} (keep it secret) and {public_file}; updates.key = {public.split()[-1]}")
    return 0


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"the key cannot be read: {fault}") from None


def _file(text: str) -> tuple[str, str, str]:
    parts = text.split(",")
    if len(parts) != len(("system", "file", "url")):
        raise BadInput(f"--file {text[:60]}: give it as linux-x86_64,FILE,https://…")
    return parts[0], parts[1], parts[2]
