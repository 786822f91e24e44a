"""Where things lie: resources that come with the program, and the folders of this user and this machine."""

import os
import sys
from pathlib import Path

from console.domain.errors import EnvironmentFault

_PROGRAMS = {"console": "callboardctl", "ui": "callboard"}


def resources() -> Path:
    """The folder of sounds and icons: beside the packages, else in the installation."""
    beside = Path(__file__).resolve().parent.parent / "resources"
    installed = Path(sys.prefix) / "share" / "callboard" / "resources"
    return beside if beside.is_dir() else installed


def program(package: str) -> list[str]:
    """Return how the program of `console` or `ui` is started by another of ours: beside this one where both
    are programs of a package, else as a module of this Python. Raises EnvironmentFault when it is not there.
    """
    if not getattr(sys, "frozen", False):
        return [sys.executable, "-m", package]
    suffix = Path(sys.executable).suffix if sys.platform == "win32" else ""
    file = Path(sys.executable).with_name(_PROGRAMS[package] + suffix)
    if not file.is_file():
        raise EnvironmentFault(f"{file} is not there: install the package that brings {_PROGRAMS[package]}.")
    return [str(file)]


def data_folder() -> Path:
    """Where this user's databases live (XDG, %LOCALAPPDATA%, Library). Created when missing."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData/Local")))
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share"))
    return _made(base / "callboard")


def config_folder() -> Path:
    """Where this user's settings file lives. Created when missing."""
    if sys.platform in {"win32", "darwin"}:
        return data_folder()
    base = Path(os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config"))
    return _made(base / "callboard")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
