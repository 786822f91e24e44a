"""Debian's wixl in place of WiX 3: what wixl does not know is taken out of the source and put into the
finished MSI's tables afterwards, so that one source serves both.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser, fromstring, register_namespace, tostring

from installer.windows.harvest import WIX

_TAG = f"{{{WIX}}}"
_UNKNOWN = {
    "Package": ("Platform",),  # --arch says it
    "MajorUpgrade": ("Schedule",),
    "Property": ("Secure",),
    "Feature": ("Absent", "AllowAdvertise"),
    "RegistrySearch": ("Win64",),
}
_AFTER_INSTALL_INITIALIZE = 1501
_MOVE_FILES = 3800
_MOVE_TABLE = (
    "CREATE TABLE `MoveFile` (`FileKey` CHAR(72) NOT NULL, `Component_` CHAR(72) NOT NULL, "
    "`SourceName` CHAR(255) LOCALIZABLE, `DestName` CHAR(255) LOCALIZABLE, `SourceFolder` CHAR(72), "
    "`DestFolder` CHAR(72) NOT NULL, `Options` INT NOT NULL PRIMARY KEY `FileKey`)"
)
_SET_PROPERTY = 51 | 0x100  # once, in the first sequence that gets there
_REG_64_BIT = 16
_REG_RAW = 2
_FEATURE = 8 | 16  # msidbFeatureAttributesDisallowAdvertise, ...UIDisallowAbsent


class Prepared(NamedTuple):
    """Source that wixl reads, and the statements that bring its MSI to what the source said."""

    source: str
    statements: list[str]


def prepared(source: Path) -> Prepared:
    """Take out what wixl does not know."""
    register_namespace("", WIX)
    root = fromstring(source.read_text(encoding="utf-8"), XMLParser(target=TreeBuilder(insert_pis=True)))
    statements = [
        *_secure(root),
        *(statement for find in (_conditions, _copies, _searches) for statement in find(root)),
        f"UPDATE `InstallExecuteSequence` SET `Sequence` = {_AFTER_INSTALL_INITIALIZE} "
        "WHERE `Action` = 'RemoveExistingProducts'",
        f"UPDATE `Feature` SET `Attributes` = {_FEATURE}",
        f"UPDATE `CustomAction` SET `Type` = {_SET_PROPERTY}",
    ]
    for element in _elements(root):
        for name in _UNKNOWN.get(_name(element), ()):
            element.attrib.pop(name, None)
    return Prepared(tostring(root, encoding="unicode"), statements)


def _elements(root: Element) -> Iterator[Element]:
    """All but processing instructions, whose tag is a function (which the stubs do not say)."""
    return (element for element in root.iter() if isinstance(element.tag, str))  # type: ignore[redundant-expr]


def _name(element: Element) -> str:
    return element.tag.removeprefix(_TAG)


def _taken(root: Element, name: str, told: Callable[[Element, Element], None]) -> None:
    """Take elements of a name out of components."""
    for component in root.iter(f"{_TAG}Component"):
        for element in component.findall(f"{_TAG}{name}"):
            told(component, element)
            component.remove(element)


def _secure(root: Element) -> Iterator[str]:
    names = [each.attrib["Id"] for each in root.iter(f"{_TAG}Property") if each.get("Secure") == "yes"]
    # The names that wixl gives to what an upgrade finds; both have to reach the part that runs as the system.
    whole = ";".join(sorted({*names, "WIX_DOWNGRADE_DETECTED", "WIX_UPGRADE_DETECTED"}))
    yield f"UPDATE `Property` SET `Value` = '{whole}' WHERE `Property` = 'SecureCustomProperties'"


def _conditions(root: Element) -> list[str]:
    found: list[str] = []

    def told(component: Element, condition: Element) -> None:
        words = " ".join((condition.text or "").split())
        where = f"WHERE `Component` = '{component.attrib['Id']}'"
        found.append(f"UPDATE `Component` SET `Condition` = '{words}' {where}")

    _taken(root, "Condition", told)
    return found


def _copies(root: Element) -> list[str]:
    found: list[str] = []

    def told(component: Element, copy: Element) -> None:
        row = (
            copy.attrib["Id"], component.attrib["Id"], copy.attrib["DestinationName"],
            copy.attrib["SourceProperty"], copy.attrib["DestinationDirectory"],
        )  # fmt: skip
        found.append(
            "INSERT INTO `MoveFile` (`FileKey`, `Component_`, `DestName`, `SourceFolder`, `DestFolder`, "
            "`Options`) VALUES ({}, 0)".format(", ".join(f"'{cell}'" for cell in row))
        )

    _taken(root, "CopyFile", told)
    sequence = (
        f"INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('MoveFiles', {_MOVE_FILES})"
    )
    return [_MOVE_TABLE, *found, sequence] if found else []


def _searches(root: Element) -> list[str]:
    """A search of the 64-bit registry."""
    kind = _REG_RAW | _REG_64_BIT
    return [
        f"UPDATE `RegLocator` SET `Type` = {kind} WHERE `Signature_` = '{each.attrib['Id']}'"
        for each in root.iter(f"{_TAG}RegistrySearch")
        if each.get("Win64") == "yes"
    ]
