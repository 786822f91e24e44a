"""The Windows package: compiled by wixl around a stand-in of the program, its tables read by msiinfo."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from console.policy.policy import read_policy
from console.policy.registry import POLICY_KEY, RegistryPolicy
from installer.windows import build as builder
from installer.windows.build import BuildFault, build, icon_of, msi_version, project_version
from installer.windows.harvest import StagingFault, harvest
from tests.installer.registry import Winreg
from tests.machine import tool

HERE = Path(builder.__file__).parent
FILES = {
    "callboard.exe": b"MZ one",
    "callboardctl.exe": b"MZ two",
    "_internal/base_library.zip": b"PK",
    "_internal/PySide6/plugins/platforms/qwindows.dll": b"MZ",
    "_internal/PySide6/Qt6 Core.dll": b"MZ core",
    "_internal/resources/sounds/Gruß & Kuss.wav": b"RIFF",
    "_internal/resources/a name that is far longer than eight signs.txt": b"x" * 5000,
}
MSI_64_BIT, MSI_PERMANENT, HKLM = 256, 16, "2"
COMMAND = '"[INSTALLFOLDER]callboard.exe" -- "%1"'
Rows = list[dict[str, str]]


def stage(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two versions; the newer one has a file more and one less."""
    folder = tmp_path_factory.mktemp("msi")
    newer = dict(list(FILES.items())[:-1]) | {"_internal/new.dll": b"MZ new"}
    made = {"1.2.3": folder / "old.msi", "1.3.0": folder / "new.msi"}
    for (version, out), files in zip(made.items(), (FILES, newer), strict=True):
        build(stage(folder / version, files), out, version=version, wixl=True)
    return made


def rows_of(msi: Path, table: str) -> Rows:
    told = subprocess.run(
        [tool("msiinfo"), "export", str(msi), table], check=True, capture_output=True, text=True
    )
    names, _kinds, _keys, *lines = told.stdout.rstrip("\r\n").split("\n")
    columns = names.rstrip("\r").split("\t")
    return [dict(zip(columns, line.rstrip("\r").split("\t"), strict=True)) for line in lines]


@pytest.fixture(scope="module")
def table(packages: dict[str, Path]) -> Callable[[str], Rows]:
    return lambda name: rows_of(packages["1.2.3"], name)


def by(rows: Rows, key: str, value: str) -> dict[str, str]:
    return {row[key]: row[value] for row in rows}


def test_it_is_for_the_machine_and_asks_nobody(
    table: Callable[[str], Rows], packages: dict[str, Path]
) -> None:
    properties = by(table("Property"), "Property", "Value")
    assert properties["ALLUSERS"] == "1"
    assert "MSIINSTALLPERUSER" not in properties
    assert properties["ProductName"] == "Callboard"
    assert properties["ProductVersion"] == "1.2.3"
    assert {"CENTRE_URL", "AUTOSTART", "POLICY_FILE"} <= set(properties["SecureCustomProperties"].split(";"))
    told = subprocess.run(
        [tool("msiinfo"), "suminfo", str(packages["1.2.3"])], check=True, capture_output=True, text=True
    )
    assert "Template: x64;1033" in told.stdout
    tables = subprocess.run(
        [tool("msiinfo"), "tables", str(packages["1.2.3"])], check=True, capture_output=True, text=True
    )
    assert "Dialog" not in tables.stdout.split()


def test_every_component_is_64_bit_and_goes_with_the_product(table: Callable[[str], Rows]) -> None:
    components = table("Component")
    assert len(components) == len(FILES) + 5
    for component in components:
        attributes = int(component["Attributes"])
        assert attributes & MSI_64_BIT
        assert not attributes & MSI_PERMANENT
        assert component["KeyPath"]
    assert len({component["ComponentId"] for component in components}) == len(components)
    listed = {row["Component_"] for row in table("FeatureComponents")}
    assert listed == {component["Component"] for component in components}


def test_the_fixed_ids_are_those_of_all_versions(table: Callable[[str], Rows]) -> None:
    ids = by(table("Component"), "Component", "ComponentId")
    fixed = ("Registration", "CentreUrl", "Autostart", "PolicyFile", "StartMenu")
    assert [ids[name] for name in fixed] == [
        f"{{0C8E1C0B-6E39-4A0B-A5C0-7C6B7E5D1A0{number}}}" for number in range(1, 6)
    ]
    properties = by(table("Property"), "Property", "Value")
    assert properties["UpgradeCode"] == "{7E5B3C4A-9D0E-4C57-8F4B-5B2C4F0E6A31}"
    core = by(table("File"), "FileName", "Component_")["callboard.exe"]
    assert ids[core] == "{65FFC730-0731-5A1B-B5F2-651AD86610F3}"


def test_all_files_are_in_it_where_they_belong(packages: dict[str, Path], tmp_path: Path) -> None:
    subprocess.run(
        [tool("msiextract"), "-C", str(tmp_path), str(packages["1.2.3"])], check=True, capture_output=True
    )
    (root,) = tmp_path.rglob("callboard.exe")
    assert root.parent.name == "Callboard"
    found = {
        str(file.relative_to(root.parent)): file.read_bytes()
        for file in root.parent.rglob("*")
        if file.is_file()
    }
    assert found == FILES


def test_an_upgrade_keeps_what_stays_and_removes_the_older_one(packages: dict[str, Path]) -> None:
    older, newer = packages["1.2.3"], packages["1.3.0"]
    before, after = (by(rows_of(msi, "Component"), "Component", "ComponentId") for msi in (older, newer))
    assert len(before.keys() & after.keys()) == len(before) - 1
    assert {name: before[name] for name in before.keys() & after.keys()}.items() <= after.items()
    codes = [by(rows_of(msi, "Property"), "Property", "Value") for msi in (older, newer)]
    assert codes[0]["ProductCode"] != codes[1]["ProductCode"]
    assert codes[0]["UpgradeCode"] == codes[1]["UpgradeCode"]
    upgrades = by(rows_of(newer, "Upgrade"), "ActionProperty", "VersionMax")
    assert upgrades == {"WIX_UPGRADE_DETECTED": "1.3.0", "WIX_DOWNGRADE_DETECTED": ""}
    order = by(rows_of(newer, "InstallExecuteSequence"), "Action", "Sequence")
    initialize, remove = int(order["InstallInitialize"]), int(order["RemoveExistingProducts"])
    assert initialize < remove < int(order["InstallFiles"])  # in the same transaction: a failure rolls back


def test_an_older_one_is_refused_in_words(table: Callable[[str], Rows]) -> None:
    conditions = by(table("LaunchCondition"), "Condition", "Description")
    assert conditions["NOT WIX_DOWNGRADE_DETECTED"].startswith("A newer version of Callboard is installed.")
    assert "administrator" in conditions["Installed OR Privileged"]
    windows = next(condition for condition in conditions if "VersionNT64" in condition)
    assert "17763" in conditions[windows]
    downgrade = next(row for row in table("Upgrade") if row["ActionProperty"] == "WIX_DOWNGRADE_DETECTED")
    assert downgrade["VersionMin"] == "1.2.3"
    assert int(downgrade["Attributes"]) & 2  # only looked for


def registry(table: Callable[[str], Rows]) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["Key"], row["Name"]): row for row in table("Registry")}


def test_all_of_the_registry_is_the_machines(table: Callable[[str], Rows]) -> None:
    assert {row["Root"] for row in table("Registry")} == {HKLM}


def test_links_are_opened_and_nothing_in_them_is_an_option(table: Callable[[str], Rows]) -> None:
    found = registry(table)
    assert found["Software\\Classes\\Callboard.Link\\shell\\open\\command", ""]["Value"] == COMMAND
    assert found["Software\\Classes\\callboard\\shell\\open\\command", ""]["Value"] == COMMAND
    assert ("Software\\Classes\\Callboard.Link", "URL Protocol") in found
    assert ("Software\\Classes\\callboard", "URL Protocol") in found
    capabilities = found["Software\\RegisteredApplications", "Callboard"]["Value"]
    opened = {name for key, name in found if key == f"{capabilities}\\UrlAssociations"}
    assert opened == {"tel", "sip", "sips", "callto", "callboard"}
    assert all(
        row["Value"] == "Callboard.Link"
        for (key, _), row in found.items()
        if key.endswith("\\UrlAssociations")
    )
    # the schemes that others may have are left to them until the person or IT decides
    assert not {key for key, _ in found if re.match(r"Software\\Classes\\(tel|sips?|callto)", key)}


def test_it_starts_at_sign_in_where_the_settings_say_so(table: Callable[[str], Rows]) -> None:
    run = registry(table)["Software\\Microsoft\\Windows\\CurrentVersion\\Run", "Callboard"]
    assert run["Value"] == '"[INSTALLFOLDER]callboard.exe" --at-login'
    assert run["Component_"] == "Registration"


def test_what_is_given_to_msiexec_reaches_the_desk(table: Callable[[str], Rows]) -> None:
    conditions = by(table("Component"), "Component", "Condition")
    assert conditions["CentreUrl"] == "CENTRE_URL"
    assert conditions["Autostart"] == 'AUTOSTART = "1"'
    assert conditions["PolicyFile"] == "POLICY_FILE"
    desk = Winreg()
    for (key, name), row in registry(table).items():
        if key.startswith(POLICY_KEY):
            value = row["Value"].replace("[CENTRE_URL]", "https://centre.example.org")
            desk.put(key, name, int(value[1:]) if value.startswith("#") else value)
    raw = RegistryPolicy(desk).read()
    assert raw is not None
    policy = read_policy(raw)
    assert policy.defaults.values == {"centre": "https://centre.example.org", "start.autostart": True}
    assert policy.locks.values == {}
    (copied,) = table("MoveFile")
    assert (copied["SourceFolder"], copied["DestFolder"], copied["DestName"]) == (
        "POLICY_FILE", "INSTALLFOLDER", "policy.toml",
    )  # fmt: skip


def test_an_upgrade_finds_again_what_was_given_and_what_is_given_now_counts_more(
    table: Callable[[str], Rows],
) -> None:
    searched = by(table("AppSearch"), "Signature_", "Property")
    kept = registry(table)
    for row in table("RegLocator"):
        assert int(row["Type"]) == 18  # as it stands, in the 64-bit registry
        if row["Key"].endswith("Setup"):
            assert kept[row["Key"], row["Name"]]["Value"] == f"[{searched[row['Signature_']]}]"
    actions = by(table("CustomAction"), "Action", "Source")
    for sequence in ("InstallExecuteSequence", "InstallUISequence"):
        order = {name: int(place) for name, place in by(table(sequence), "Action", "Sequence").items()}
        for name in ("CentreUrl", "Autostart"):
            assert (
                order[f"KeepGiven{name}"]
                < order["AppSearch"]
                < order[f"UseGiven{name}"]
                < order["CostFinalize"]
            )
            assert actions[f"KeepGiven{name}"] == f"GIVEN_{actions[f'UseGiven{name}']}"


def test_the_start_menu_has_it_for_everybody_and_never_repairs_itself(table: Callable[[str], Rows]) -> None:
    (shortcut,) = table("Shortcut")
    assert shortcut["Directory_"] == "ProgramMenuFolder"
    assert shortcut["Target"] == "[INSTALLFOLDER]callboard.exe"  # not a feature: not advertised
    assert by(table("Directory"), "Directory", "Directory_Parent")["INSTALLFOLDER"] == "ProgramFiles64Folder"


def test_the_same_again_is_the_same_product(packages: dict[str, Path], tmp_path: Path) -> None:
    again = tmp_path / "again.msi"
    build(stage(tmp_path / "staged", FILES), again, version="1.2.3", wixl=True)
    for name in ("Property", "Component", "File", "Registry", "Directory", "InstallExecuteSequence"):
        assert rows_of(again, name) == rows_of(packages["1.2.3"], name)


@pytest.mark.parametrize("name", ["callboard.wxs", "firewall.wxs"])
def test_the_sources_are_well_formed_and_their_ids_unique(name: str) -> None:
    root = ElementTree.parse(HERE / name).getroot()
    for kind in ("Component", "RegistrySearch", "CustomAction", "Shortcut"):
        ids = [
            element.get("Id") for element in root.iter(f"{{http://schemas.microsoft.com/wix/2006/wi}}{kind}")
        ]
        assert len(ids) == len(set(ids))
    guids = [element.get("Guid") for element in root.iter() if element.get("Guid")]
    assert len(guids) == len(set(guids))


def test_the_firewall_lets_calls_in_but_not_from_public_networks() -> None:
    root = ElementTree.parse(HERE / "firewall.wxs").getroot()
    rules = list(root.iter("{http://schemas.microsoft.com/wix/FirewallExtension}FirewallException"))
    assert {(rule.get("Protocol"), rule.get("Profile")) for rule in rules} == {
        (protocol, profile) for protocol in ("udp", "tcp") for profile in ("domain", "private")
    }
    assert {rule.get("Program") for rule in rules} == {"[INSTALLFOLDER]callboard.exe"}


# ---- bad input


def test_a_folder_without_the_programs_is_told(tmp_path: Path) -> None:
    stage(tmp_path, {"callboard.exe": b"MZ"})
    with pytest.raises(StagingFault, match=r"callboardctl\.exe not there. Run PyInstaller first"):
        harvest(tmp_path, "staged")


def test_two_files_that_are_one_to_windows_are_told(tmp_path: Path) -> None:
    stage(tmp_path, {**FILES, "_internal/A.dll": b"1", "_internal/a.dll": b"2"})
    with pytest.raises(StagingFault, match="are one file to Windows"):
        harvest(tmp_path, "staged")


@pytest.mark.parametrize("version", ["1.2", "", "256.0.0", "1.2.65536", "one"])
def test_a_version_that_windows_cannot_hold_is_told(version: str) -> None:
    with pytest.raises(BuildFault, match="three numbers"):
        msi_version(version)


def test_the_projects_version_fits() -> None:
    assert msi_version(project_version())
    assert msi_version("1.2.3rc1") == "1.2.3"


def test_without_its_tools_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildFault, match="install WiX"):
        build(stage(tmp_path / "staged", FILES), tmp_path / "a.msi", version="1.0.0", wixl=True)
    with pytest.raises(BuildFault, match="install WiX"):
        build(tmp_path / "staged", tmp_path / "a.msi", version="1.0.0", wixl=False)


def test_the_icon_holds_the_picture() -> None:
    png = (HERE.parent.parent / "resources/icons/callboard.png").read_bytes()
    icon = icon_of(png)
    assert icon[:6] == b"\0\0\1\0\1\0"
    assert icon[6:8] == b"\0\0"  # 256 by 256
    assert icon[22:] == png
