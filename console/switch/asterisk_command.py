"""`callboardctl asterisk check|config`: its options, and what it does with them. The work is loaded late."""

import argparse
import asyncio
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from console import paths
from console.clock import SystemClock
from console.domain.errors import BadInput, EnvironmentFault, SettingsError
from console.settings import AsteriskNode, CentreSettings, password_of, read_settings

if TYPE_CHECKING:
    from console.switch.asterisk_check import Wanted

_Say = Callable[[str], None]
_CHANGE_IT = "CHANGE-ME"


def add_asterisk(commands: Any, say: _Say) -> argparse.ArgumentParser:
    """Declare both; `commands` is what argparse's add_subparsers returned."""
    made: argparse.ArgumentParser = commands.add_parser(
        "asterisk", help="an Asterisk as the switch: what it needs, and whether it has it"
    )
    made.add_argument("what", choices=("check", "config"), help="look at a running one, or write its files")
    made.add_argument("--config", metavar="FILE", help="the centre's TOML settings, which name it")
    made.add_argument("--out", metavar="DIR", help="config: write files and sounds here (else: show them)")
    made.add_argument("--json", action="store_true", help="check: as JSON")
    made.set_defaults(command=partial(_run, say=say))
    return made


def _run(chosen: argparse.Namespace, say: _Say) -> int:
    settings = read_settings(Path(chosen.config), CentreSettings) if chosen.config else CentreSettings()
    if chosen.what == "config":
        if chosen.json:
            raise BadInput("--json belongs to `callboardctl asterisk check`")
        return _config(settings, chosen.out or "", say)
    if chosen.out:
        raise BadInput("--out belongs to `callboardctl asterisk config`")
    reports = examined(settings)
    if chosen.json:
        say(json.dumps({"ok": _fine(reports), "nodes": reports}, indent=2, ensure_ascii=False))
    else:
        for line in words(reports):
            say(line)
    return 0 if _fine(reports) else 1


# ---------------------------------------------------------------- check


def examined(settings: CentreSettings) -> list[dict[str, Any]]:
    """A report for each Asterisk of the settings, see `asterisk_check`; a missing password is a fault."""
    from console.switch import ami_command
    from console.switch.asterisk_check import examine

    if settings.switch.kind == "app_queue":
        return ami_command.examined(settings)

    async def all_of_them() -> list[dict[str, Any]]:
        found = []
        for node in settings.switch.asterisk.all_nodes():
            try:
                wanted = await asyncio.to_thread(_wanted, settings, node)
            except SettingsError as fault:
                wrong = {"what": str(fault), "do": "Mend the centre's settings.", "severe": "yes"}
                found.append({"ok": False, "url": node.url, "reachable": False, "faults": [wrong]})
                continue
            report = await examine(wanted, SystemClock())
            report["faults"] += _of_file(node)
            found.append(report)
        return found

    return asyncio.run(all_of_them())


def _wanted(settings: CentreSettings, node: AsteriskNode) -> "Wanted":
    from console.switch.asterisk import AsteriskOptions
    from console.switch.asterisk_check import Wanted
    from console.switch.asterisk_files import plan_of

    asterisk = settings.switch.asterisk
    options = AsteriskOptions(
        url=node.url,
        user=node.user,
        password=password_of(node),
        app=asterisk.app,
        endpoint=asterisk.endpoint,
        sounds=asterisk.sounds,
        language=settings.switch.language,
    )
    return Wanted(
        options=options,
        plan=plan_of(settings.switch, node, password_of(asterisk.all_nodes()[0])),
        sip=node.sip,
        prompts=tuple(sorted(file.stem for file in (paths.resources() / "sounds").glob("*.wav"))),
        tls=asterisk.phone_transport == "tls" or asterisk.phone_srtp != "off",
        tls_at=asterisk.phones_at(node) if asterisk.phone_transport == "tls" else "",
        tls_ca=asterisk.tls_ca,
        accounts=asterisk.phones == "registered",
    )


def _of_file(node: AsteriskNode) -> Iterator[dict[str, str]]:
    """Who else can read the password."""
    if not node.password_file or os.name == "nt":
        return
    if Path(node.password_file).stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        yield {
            "what": f"Everybody on this machine can read or change {node.password_file}.",
            "do": f"chmod 640 {node.password_file}, and have it belong to the centre's user.",
        }


def _fine(reports: Sequence[dict[str, Any]]) -> bool:
    return all(report["ok"] for report in reports)


def words(reports: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The reports for a person, line by line."""
    for report in reports:
        shown = "; ".join(
            f"{key.replace('_', ' ')} {_in_words(value)}"
            for key, value in report.items()
            if key not in {"faults", "ok", "url"}
        )
        yield f"Asterisk at {report['url']}: {shown}"
        for fault in report["faults"]:
            yield f"! {fault['what']}{' ' + fault['means'] if 'means' in fault else ''}"
            yield f"  {fault['do']}"
        if not report["faults"]:
            yield "Nothing is wrong."


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


# ---------------------------------------------------------------- config


def _config(settings: CentreSettings, out: str, say: _Say) -> int:
    from console.switch import ami_command
    from console.switch.asterisk_files import plan_of, shown

    watches = settings.switch.kind == "app_queue"
    nodes = settings.switch.asterisk.all_nodes()
    if not out and not watches:
        for node in nodes:
            say(shown(plan_of(settings.switch, node, _CHANGE_IT), node.url).rstrip())
        return 0
    try:
        if watches:
            ami_command.configured(settings, out, say)
            return 0
        for line in _written(settings, nodes, Path(out)):
            say(line)
    except OSError as fault:
        raise EnvironmentFault(
            f"{fault.filename or out} cannot be written: {fault.strerror}. Name another folder by --out."
        ) from None
    return 0


def _written(settings: CentreSettings, nodes: Sequence[AsteriskNode], out: Path) -> Iterator[str]:
    """Write everything below `out`, a folder a node when there are several, and tell what to do with it."""
    from console.switch.asterisk_files import plan_of, write_file, write_files
    from console.switch.asterisk_sounds import lay_sounds

    fresh = secrets.token_urlsafe(24)
    passwords = [_known(node) or fresh for node in nodes]
    for node, password in zip(nodes, passwords, strict=True):
        folder = out / node.name if len(nodes) > 1 else out
        plan = replace(plan_of(settings.switch, node, passwords[0]), password=password)
        count = write_files(folder, plan, node.url)
        prompts = lay_sounds(paths.resources() / "sounds", folder / "sounds")
        yield f"written to {folder}: {count} files in callboard, {prompts} prompts in sounds"
    if fresh in passwords:
        write_file(out / "ari-password", f"{fresh}\n", 0o600)
        yield (
            f"a new password for the user “{nodes[0].user}” is in {out / 'ari-password'}: keep that file on "
            "the centre's machine, and name it as switch.asterisk.password_file"
        )
    yield "next: copy the folder to Asterisk's machine, run `sh install.sh` in it as root, restart Asterisk"
    yield "then: `callboardctl asterisk check --config FILE` on the centre's machine"


def _known(node: AsteriskNode) -> str:
    """The password that the settings give; "" when there is none yet."""
    try:
        return password_of(node)
    except SettingsError:
        return ""
