"""`callboardctl doctor`: what works on this machine, and what to do about what does not."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from console import __version__, paths
from console.domain.errors import EnvironmentFault
from console.telephony.build import EngineBuild
from console.telephony.probe import probe

_LEAST_FREE_MB = 200


def examine(describe: Callable[[], EngineBuild], centre_url: str = "") -> dict[str, Any]:
    """Examine everything.

    The report: `ok`, `version`, `python`, `phone`, `display`, `storage`, `centre` and `faults`, each with
    `what`, `do` and perhaps `means`. `ok` is False when a fault keeps the centre or the phone from working; a
    machine without sound or screen is told so but can still run the centre. `describe` asks the SIP library.
    """
    faults: list[dict[str, str]] = []
    phone = probe(describe)
    severe = {} if phone["ok"] else {"severe": "yes"}
    faults += [{**warning, **severe} for warning in phone.pop("warnings")]
    display = _display(faults)
    storage = _storage(faults)
    centre = _centre(centre_url, faults) if centre_url else None
    return {
        "ok": not any(fault.get("severe") == "yes" for fault in faults),
        "version": __version__,
        "python": sys.version.split()[0],
        "phone": phone,
        "display": display,
        "storage": storage,
        "centre": centre,
        "faults": faults,
    }


def words(report: dict[str, Any]) -> Iterator[str]:
    """The report for a person, line by line."""
    yield f"Callboard {report['version']} on Python {report['python']}"
    for part in ("phone", "display", "storage", "centre"):
        found = report[part]
        if found:
            shown = ", ".join(f"{key}: {value}" for key, value in found.items() if key != "faults")
            yield f"{part}: {shown}"
    if not report["faults"]:
        yield "Nothing is wrong."
    for fault in report["faults"]:
        yield f"! {fault['what']}{' ' + fault['means'] if 'means' in fault else ''}"
        yield f"  {fault['do']}"


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
    return {"available": True, "url": url, "answer": answer.json()}
