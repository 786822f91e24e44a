"""`callboardctl doctor`: what works on this machine, and what to do about what does not."""

import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from console import __version__, paths
from console.domain.errors import EnvironmentFault
from console.policy.keeper import Keeper
from console.settings import DeskSettings
from console.telephony.build import EngineBuild
from console.telephony.probe import probe

_LEAST_FREE_MB = 200


def examine(
    describe: Callable[[], EngineBuild],
    centre_url: str = "",
    keeper: Keeper | None = None,
    asterisks: Callable[[], list[dict[str, Any]]] | None = None,
) -> dict[str, Any]:
    """Examine everything.

    The report: `ok`, `version`, `python`, `phone`, `audio`, `display`, `network`, `storage`, `settings`,
    `centre`, `asterisks` and `faults`, each with `what`, `do` and perhaps `means`. `ok` is False when a fault
    keeps the centre or the phone from working; a machine without sound or screen is told so but can still
    run the centre.
    `describe` asks the SIP library; `keeper` has this desk's settings, and its centre if none is named;
    `asterisks` are what the centre's calls are carried by.
    """
    faults: list[dict[str, str]] = []
    wanted = keeper.settings if keeper is not None else DeskSettings()
    centre_url = centre_url or wanted.centre
    phone = probe(describe, tls_wanted=wanted.phone.transport == "tls")
    severe = {} if phone["ok"] else {"severe": "yes"}
    faults += [{**warning, **severe} for warning in phone.pop("warnings")]
    display = _display(faults)
    audio = _audio(faults)
    network = _network(faults)
    storage = _storage(faults)
    settings = _settings(keeper, faults) if keeper is not None else None
    centre = _centre(centre_url, faults) if centre_url else None
    switches = asterisks() if asterisks is not None else []
    for switch in switches:
        faults += switch.pop("faults")
    return {
        "ok": not any(fault.get("severe") == "yes" for fault in faults),
        "version": __version__,
        "python": sys.version.split()[0],
        "phone": phone,
        "audio": audio,
        "display": display,
        "network": network,
        "storage": storage,
        "settings": settings,
        "centre": centre,
        "asterisks": switches,
        "faults": faults,
    }


def words(report: dict[str, Any]) -> Iterator[str]:
    """The report for a person, line by line."""
    yield f"Callboard {report['version']} on Python {report['python']}"
    for part in ("phone", "audio", "display", "network", "storage", "settings", "centre"):
        found = report[part]
        if found:
            shown = "; ".join(f"{key} {_in_words(value)}" for key, value in found.items())
            yield f"{part}: {shown}"
    for switch in report["asterisks"]:
        yield f"asterisk: {'; '.join(f'{key} {_in_words(value)}' for key, value in switch.items())}"
    if not report["faults"]:
        yield "Nothing is wrong."
    for fault in report["faults"]:
        yield f"! {fault['what']}{' ' + fault['means'] if 'means' in fault else ''}"
        yield f"  {fault['do']}"


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_in_words, value)) or "none"
    if isinstance(value, dict):
        return str(value.get("name", value))
    return str(value) or "none"


def _audio(faults: list[dict[str, str]]) -> dict[str, Any]:
    """What the desk's sound can go through. The windows use Qt, which finds the devices of the system by
    itself.
    """
    if not sys.platform.startswith("linux"):
        return {"available": True, "through": "the system"}
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    servers = {"PipeWire": "pipewire-0", "PulseAudio": "pulse/native"}
    found = [name for name, place in servers.items() if runtime and (Path(runtime) / place).exists()]
    if os.environ.get("PULSE_SERVER"):
        found.append("PulseAudio (PULSE_SERVER)")
    cards = Path("/proc/asound/cards")
    has_card = cards.exists() and "no soundcards" not in cards.read_text(errors="replace")
    if not found and not has_card:
        faults.append(
            {
                "what": "There is no sound server and no sound card.",
                "do": "Start PipeWire or PulseAudio here, or plug in a headset; a centre needs none.",
            }
        )
    return {"available": bool(found or has_card), "servers": found, "sound_card": has_card}


def _network(faults: list[dict[str, str]]) -> dict[str, Any]:
    """The address that leads out of this machine (asked of the routing table: no packet is sent)."""
    found: dict[str, str] = {}
    for name, family, elsewhere in (
        ("ipv4", socket.AF_INET, "192.0.2.1"),  # addresses for documentation: RFC 5737, RFC 3849
        ("ipv6", socket.AF_INET6, "2001:db8::1"),
    ):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((elsewhere, 9))
                found[name] = probe.getsockname()[0]
        except OSError:
            continue
    if not found:
        faults.append(
            {
                "what": "No network leads out of this machine: only programs on it can be reached.",
                "do": "Connect a network; a centre on this machine works without.",
            }
        )
    return {"available": bool(found), "host": socket.gethostname(), **found}


def _display(faults: list[dict[str, str]]) -> dict[str, Any]:
    screen = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or ""
    there = bool(screen) or sys.platform in {"win32", "darwin"}
    if not there:
        faults.append(
            {
                "what": "There is no screen: the windows cannot be shown.",
                "do": "Start the desk in a graphical session; the centre needs none.",
            }
        )
    return {"available": there, "name": screen, "platform": sys.platform}


def _storage(faults: list[dict[str, str]]) -> dict[str, Any]:
    try:
        folder = paths.data_folder()
        free_mb = shutil.disk_usage(folder).free // 2**20
        writable = os.access(folder, os.W_OK)
    except OSError as fault:
        faults.append(
            {
                "what": f"The data folder cannot be used: {fault}",
                "do": "Set XDG_DATA_HOME to a folder you may write to.",
                "severe": "yes",
            }
        )
        return {"available": False}
    if not writable or free_mb < _LEAST_FREE_MB:
        faults.append(
            {
                "what": f"{folder} has {free_mb} MB free and is {'' if writable else 'not '}writable.",
                "do": "Free some space, or mend the folder's rights.",
                "severe": "yes",
            }
        )
    return {"available": True, "folder": str(folder), "free_mb": free_mb, "sqlite": sqlite3.sqlite_version}


def _settings(keeper: Keeper, faults: list[dict[str, str]]) -> dict[str, Any]:
    """Where the desk's settings come from, and what is wrong there: nothing that stops the phone."""
    for fault in keeper.faults:
        of_policy = fault == keeper.policy_fault
        faults.append(
            {
                "what": fault,
                "do": f"Mend {keeper.policy_place}; `callboardctl settings --check-policy FILE` looks at it."
                if of_policy
                else "Mend it, or delete it; `callboardctl settings --explain` tells what holds.",
            }
        )
    policy, centre = keeper.policy, keeper.provisioned.centre
    return {
        "policy": policy.where if policy is not None else "",
        "locked": len(policy.locks.values) if policy is not None else 0,
        "provisioned_by": centre.centre if centre is not None else "",
        "file": str(keeper.file) if keeper.file.exists() else "",
    }


def _centre(url: str, faults: list[dict[str, str]]) -> dict[str, Any]:
    try:
        answer = httpx.get(f"{url.rstrip('/')}/health", timeout=5.0)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, EnvironmentFault) as fault:
        faults.append(
            {
                "what": f"The centre at {url} does not answer: {fault}",
                "do": "Check the address, that the centre runs, and the network between.",
                "severe": "yes",
            }
        )
        return {"available": False, "url": url}
    said = answer.json()
    faults.extend(
        {
            "what": f"The centre cannot reach the telephone system {name}: it carries no new calls there.",
            "do": "Look whether that Asterisk runs; `callboardctl asterisk check` tells what is wrong in it.",
        }
        for name in said.get("out_of_reach", ())
    )
    return {"available": True, "url": url, "answer": said}
