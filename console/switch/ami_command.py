"""`callboardctl asterisk check|config` where the queues of an Asterisk are watched."""

import asyncio
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from console.clock import SystemClock
from console.domain.errors import SettingsError
from console.settings import CentreSettings, secret_of
from console.switch.ami import Place
from console.switch.ami_check import examine_queues
from console.switch.ami_files import FILE, manager_conf
from console.switch.ami_members import Watched
from console.switch.asterisk_files import write_file

_CHANGE_IT = "CHANGE-ME"
_PUBLIC, _SECRET = 0o640, 0o600


def watched_of(settings: CentreSettings) -> Watched:
    """Whom to watch, the secret read. Raises SettingsError."""
    told = settings.switch.app_queue
    place = Place(
        host=told.host,
        port=told.port,
        user=told.user,
        secret=secret_of(told),
        tls=told.tls,
        certificates=told.tls_ca,
    )
    queues = {queue.key: told.queues.get(queue.key, queue.key) for queue in settings.queues}
    agents = {agent.key: told.agents.get(agent.key, agent.key) for agent in settings.agents}
    return Watched(
        place=place,
        queue_log=told.queue_log,
        every=not settings.queues,
        queues=queues | told.queues,
        agents=agents | told.agents,
        interface=told.interface,
        state=told.state_interface,
    )


def examined(settings: CentreSettings) -> list[dict[str, Any]]:
    """The report; a missing secret is a fault."""
    told = settings.switch.app_queue
    try:
        watched = watched_of(settings)
    except SettingsError as fault:
        wrong = {"what": str(fault), "do": "Mend the centre's settings.", "severe": "yes"}
        return [{"ok": False, "url": f"{told.host}:{told.port}", "reachable": False, "faults": [wrong]}]
    report = asyncio.run(examine_queues(watched, SystemClock()))
    report["faults"] += _of_file(told.secret_file)
    return [report]


def _of_file(file: str) -> Iterator[dict[str, str]]:
    """Who else can read the secret."""
    if file and os.name != "nt" and Path(file).stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        yield {
            "what": f"Everybody on this machine can read or change {file}.",
            "do": f"chmod 640 {file}, and have it belong to the centre's user.",
        }


def configured(settings: CentreSettings, out: str, say: Callable[[str], None]) -> None:
    """Show what belongs into manager.conf, or write it. Raises OSError."""
    told = settings.switch.app_queue
    if not out:
        say(manager_conf(told, _CHANGE_IT).rstrip())
        return
    folder = Path(out) / "callboard"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        secret = secret_of(told)
    except SettingsError:
        secret = secrets.token_urlsafe(24)
        file = Path(out) / "ami-secret"
        write_file(file, f"{secret}\n", _SECRET)
        say(
            f"a new secret for the user “{told.user}” is in {file}: keep that file on the centre's machine, "
            "and name it as switch.app_queue.secret_file"
        )
    write_file(folder / FILE, manager_conf(told, secret), _PUBLIC)
    say(f"written: {folder / FILE}")
    say(
        "next: copy it to /etc/asterisk/callboard on Asterisk's machine, readable for Asterisk, write "
        f"#include callboard/{FILE} at the end of {FILE}, then `asterisk -rx 'manager reload'`"
    )
    say("then: `callboardctl asterisk check --config FILE` on the centre's machine")
