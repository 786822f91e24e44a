"""The commands that keep a centre and a desk healthy; `backup` and `restore` among them."""

import argparse
import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.domain.errors import BadInput
from console.support.bundle_command import add_support_bundle
from console.support.update_command import add_sign_update, add_update

if TYPE_CHECKING:
    from console.support.backup import Manifest, Refold
    from console.support.sources import Parts

_Say = Callable[[str], None]
_Add = Callable[[Any], argparse.ArgumentParser]


def health_commands(say: _Say, refold: "Refold", parts: "Callable[[], Parts]") -> tuple[_Add, ...]:
    """All of them, each to be called with what argparse's add_subparsers returned. `refold` makes figures,
    `parts` tells a bundle what other rooms know.
    """
    return (
        partial(add_backup, say=say, refold=refold),
        partial(add_restore, say=say, refold=refold),
        partial(add_support_bundle, say=say, parts=parts),
        partial(add_update, say=say),
        partial(add_sign_update, say=say),
    )


def add_backup(commands: Any, say: _Say, refold: "Refold") -> argparse.ArgumentParser:
    """Declare `backup`; `commands` is what argparse's add_subparsers returned, `refold` makes figures."""
    made: argparse.ArgumentParser = commands.add_parser(
        "backup", help="a copy of a centre's data in one file, while it runs"
    )
    _add_centre(made)
    made.add_argument(
        "--to", required=True, metavar="FILE", help="FILE.tar.gz, FILE.tar.zst, or a folder for dated ones"
    )
    made.add_argument("--keep", type=_positive, metavar="N", help="in that folder keep the newest N only")
    made.add_argument("--quick", action="store_true", help="do not fold the figures to compare them later")
    made.set_defaults(command=partial(_backup, say=say, refold=refold))
    return made


def add_restore(commands: Any, say: _Say, refold: "Refold") -> argparse.ArgumentParser:
    """Declare `restore`."""
    made: argparse.ArgumentParser = commands.add_parser(
        "restore", help="check a backup, and put it in place of a centre's data"
    )
    made.add_argument("--from", dest="source", required=True, metavar="FILE", help="the backup")
    _add_centre(made)
    made.add_argument("--verify", action="store_true", help="only check the backup")
    made.add_argument(
        "--settings", action="store_true", help="put the backup's settings in place of --config too"
    )
    made.add_argument("--force", action="store_true", help="keep aside what is there, instead of refusing")
    made.add_argument("--quick", action="store_true", help="do not fold the figures to compare them")
    made.set_defaults(command=partial(_restore, say=say, refold=refold))
    return made


def _add_centre(made: argparse.ArgumentParser) -> None:
    made.add_argument("--config", metavar="FILE", help="the centre's TOML settings")
    made.add_argument("--database", metavar="URL", default="", help="SQLAlchemy URL of the ledger")
    made.add_argument("--messages", metavar="DIR", default="", help="the folder of voicemail")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _backup(chosen: argparse.Namespace, say: _Say, refold: "Refold") -> int:
    from console.clock import SystemClock
    from console.support.backup import backup, keep_newest, name_of, places

    now = SystemClock().now()
    to = Path(chosen.to)
    folder = to.is_dir()
    if chosen.keep and not folder:
        raise BadInput("--keep: name a folder with --to; its newest backups are kept.")
    to = to / name_of(now) if folder else to
    source = places(Path(chosen.config) if chosen.config else None, chosen.database, chosen.messages)
    made = backup(source, to, now, None if chosen.quick else refold)
    say(f"{to}: {_told(made)}, {to.stat().st_size / 2**20:.1f} MB")
    for missed in made.missed:
        say(f"{missed} was deleted meanwhile, and is not in it")
    for gone in keep_newest(to.parent, chosen.keep) if chosen.keep else ():
        say(f"{gone} was deleted: {chosen.keep} are kept")
    return 0


def _restore(chosen: argparse.Namespace, say: _Say, refold: "Refold") -> int:
    from console.clock import SystemClock
    from console.support.restore import Wanted, restore, verify

    source, folded = Path(chosen.source), None if chosen.quick else refold
    if chosen.verify:
        say(f"{source} is sound: {_told(verify(source, folded))}")
        return 0
    if not chosen.config and not chosen.database:
        raise BadInput("say where it is to go: --config FILE of the centre, or --database URL (or --verify).")
    wanted = Wanted(
        config=Path(chosen.config) if chosen.config else None,
        database=chosen.database,
        messages=chosen.messages,
        settings=chosen.settings,
        force=chosen.force,
    )
    done = asyncio.run(restore(source, wanted, SystemClock().now(), folded, say))
    say(f"restored: {_told(done.manifest)}; voicemail is in {done.places.messages}")
    for kept in done.aside:
        say(f"what was there before is kept: {kept}")
    if done.settings:
        say(done.settings)
    return 0


def _told(made: "Manifest") -> str:
    rows = made.ledger.rows
    messages = sum(part.path.startswith("messages/") for part in made.files)
    return (
        f"{rows.get('events', 0)} events up to number {made.ledger.last_sequence}, {rows.get('users', 0)} "
        f"users, {messages} messages, of {made.made_at:%Y-%m-%d %H:%M:%S} UTC by Callboard {made.callboard}"
    )
