"""The files of the program as WiX source: one component a file, whose ids follow from its path for ever."""

import hashlib
import uuid
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

WIX = "http://schemas.microsoft.com/wix/2006/wi"
_SPACE = uuid.UUID("5a0c7b52-0c5b-5e0a-9a5e-2c9b6c1f7d10")
PROGRAMS = ("callboard.exe", "callboardctl.exe")


class StagingFault(Exception):
    """The folder is not a program of ours; the message says what is missing."""


def guid(kind: str, name: str) -> str:
    """An id of a kind of thing: the same name, whatever its case, has the same id in all versions."""
    return str(uuid.uuid5(_SPACE, f"{kind}:{name.lower()}")).upper()


def _id(kind: str, path: str) -> str:
    """An identifier of at most 72 signs of [A-Za-z0-9_.] that begins with a letter."""
    return f"{kind}_{hashlib.sha256(path.lower().encode()).hexdigest()[:24]}"


def staged(folder: Path) -> list[PurePosixPath]:
    """Return the files below a folder by path. Raises StagingFault when the programs are not among them."""
    files = sorted(
        PurePosixPath(file.relative_to(folder).as_posix()) for file in folder.rglob("*") if file.is_file()
    )
    missing = [name for name in PROGRAMS if PurePosixPath(name) not in files]
    if missing:
        raise StagingFault(f"{folder}: {' and '.join(missing)} not there. Run PyInstaller first.")
    seen: dict[str, PurePosixPath] = {}
    for file in files:
        other = seen.setdefault(str(file).lower(), file)
        if other != file:
            raise StagingFault(f"{folder}: {other} and {file} are one file to Windows.")
    return files


def harvest(folder: Path, source: str) -> str:
    """Return WiX source with the ComponentGroup `Files` of all files below a folder, which the compiler finds
    below `source`. Raises StagingFault.
    """
    files = staged(folder)
    root = Element("Wix", xmlns=WIX)
    fragment = SubElement(root, "Fragment")
    top = SubElement(fragment, "DirectoryRef", Id="INSTALLFOLDER")
    folders: dict[PurePosixPath, Element] = {PurePosixPath("."): top}
    group = Element("ComponentGroup", Id="Files")
    for file in files:
        component = _component(_folder(folders, file.parent), source, file)
        SubElement(group, "ComponentRef", Id=component.attrib["Id"])
    second = SubElement(root, "Fragment")
    second.append(group)
    indent(root, "  ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _folder(folders: dict[PurePosixPath, Element], path: PurePosixPath) -> Element:
    if path not in folders:
        above = _folder(folders, path.parent)
        folders[path] = SubElement(above, "Directory", Id=_id("dir", str(path)), Name=path.name)
    return folders[path]


def _component(above: Element, source: str, file: PurePosixPath) -> Element:
    made = SubElement(above, "Component", Id=_id("cmp", str(file)), Guid=guid("file", str(file)), Win64="yes")
    SubElement(
        made, "File", Id=_id("fil", str(file)), KeyPath="yes", Source=f"{source}/{file}", Name=file.name
    )
    return made


def ids(files: Iterable[PurePosixPath]) -> dict[str, str]:
    """The component ids of files by path, for tests of an upgrade."""
    return {str(file): guid("file", str(file)) for file in files}
