"""The policy templates: checked in as declared, by the schema's rules, and read back by the desk."""

import plistlib
import re
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from console.policy.managed import ManagedPolicy
from console.policy.policy import raw_policy, read_policy
from console.policy.registry import POLICY_KEY, RegistryPolicy
from console.settings import DeskSettings, options
from installer.policy import make, words
from installer.policy.admx import adml, admx
from tests.installer.registry import Winreg

HERE = Path(make.__file__).parent
SPACE = "{http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions}"
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
ORDER = ["policyNamespaces", "resources", "supportedOn", "categories", "policies"]
FACES = ("Defaults", "Locks")
SHOWN_AS = {
    "text": "textBox",
    "decimal": "decimalTextBox",
    "enum": "dropdownList",
    "multiText": "multiTextBox",
    "boolean": "checkBox",
}
OPTIONS = {option.name: option for option in options(DeskSettings)}


def tag(element: Element) -> str:
    return element.tag.removeprefix(SPACE)


def found(root: Element, name: str) -> list[Element]:
    return list(root.iter(SPACE + name))


@pytest.fixture(scope="module")
def definitions() -> Element:
    return ElementTree.fromstring(admx())


@pytest.fixture(scope="module", params=words.LANGUAGES)
def resources(request: pytest.FixtureRequest) -> Element:
    return ElementTree.fromstring(adml(request.param))


@pytest.mark.parametrize("name", sorted(make.templates()))
def test_what_is_checked_in_is_what_is_declared(name: str) -> None:
    there = (HERE / name).read_text(encoding="utf-8")
    assert there == make.templates()[name], "run: python -m installer.policy.make"


def test_nothing_old_lies_beside_them() -> None:
    lying = {
        str(file.relative_to(HERE)) for file in HERE.rglob("*.*") if file.suffix not in {".py", ".pyc", ".md"}
    }
    assert lying == set(make.templates())


# ---- the rules of the PolicyDefinitions schema


def test_the_parts_stand_in_the_order_of_the_schema(definitions: Element, resources: Element) -> None:
    assert [tag(part) for part in definitions] == ORDER
    assert [tag(part) for part in resources] == ["displayName", "description", "resources"]
    assert [tag(part) for part in resources[2]] == ["stringTable", "presentationTable"]
    for policy in found(definitions, "policy"):
        parts = [tag(part) for part in policy]
        schema = ["parentCategory", "supportedOn", "enabledValue", "disabledValue", "elements"]
        assert parts == [part for part in schema if part in parts]


def test_names_are_names_and_unique(definitions: Element, resources: Element) -> None:
    for kind, key, root in (
        ("policy", "name", definitions),
        ("category", "name", definitions),
        ("definition", "name", definitions),
        ("string", "id", resources),
        ("presentation", "id", resources),
    ):
        names = [element.get(key, "") for element in found(root, kind)]
        assert len(names) == len(set(names)), kind
        assert all(NAME.match(name) for name in names), kind


def test_every_string_is_there_and_none_is_left_over(definitions: Element, resources: Element) -> None:
    text = ElementTree.tostring(definitions, encoding="unicode")
    used = set(re.findall(r"\$\(string\.(\w+)\)", text))
    strings = {element.get("id", ""): element.text or "" for element in found(resources, "string")}
    assert used == set(strings)
    assert all(words.strip() for words in strings.values())
    shown = set(re.findall(r"\$\(presentation\.(\w+)\)", text))
    assert shown == {element.get("id") for element in found(resources, "presentation")}


def test_what_is_referred_to_is_there(definitions: Element) -> None:
    categories = {element.get("name") for element in found(definitions, "category")}
    for parent in found(definitions, "parentCategory"):
        assert parent.get("ref") in categories
    supported = {element.get("name") for element in found(definitions, "definition")}
    for policy in found(definitions, "policy"):
        reference = policy.find(f"{SPACE}supportedOn")
        assert reference is not None
        assert reference.get("ref") in supported


def test_versions_agree(definitions: Element, resources: Element) -> None:
    required = found(definitions, "resources")[0].get("minRequiredRevision")
    assert required == resources.get("revision") == definitions.get("revision")
    assert definitions.get("schemaVersion") == resources.get("schemaVersion") == "1.0"


def test_each_element_is_shown_by_the_field_of_its_kind(definitions: Element, resources: Element) -> None:
    presentations = {element.get("id"): element for element in found(resources, "presentation")}
    for policy in found(definitions, "policy"):
        elements = policy.find(f"{SPACE}elements")
        reference = policy.get("presentation", "")
        assert (elements is None) is (reference == "")
        if elements is None:
            assert policy.get("valueName")
            continue
        shown = presentations[reference.removeprefix("$(presentation.").rstrip(")")]
        assert [(part.get("id"), SHOWN_AS[tag(part)]) for part in elements] == [
            (field.get("refId"), tag(field)) for field in shown
        ]
        for field in shown:
            label = field.find(f"{SPACE}label") if tag(field) == "textBox" else field
            assert label is not None
            assert (label.text or "").strip()


def test_values_are_what_a_registry_takes(definitions: Element) -> None:
    for policy in found(definitions, "policy"):
        assert policy.get("class") == "Machine"
        for element in [policy, *(policy.find(f"{SPACE}elements") or ())]:
            key = element.get("key", policy.get("key", ""))
            assert key.split("\\")[0] == "Software"  # no hive
            assert key.startswith(POLICY_KEY)
            assert 0 < len(element.get("valueName", policy.get("name", ""))) <= 255
    for decimal in found(definitions, "decimal"):
        if "id" in decimal.attrib:
            assert 0 <= int(decimal.attrib["minValue"]) <= int(decimal.attrib["maxValue"]) <= 2**32 - 1
    for enum in found(definitions, "enum"):
        values = [value.text for value in found(enum, "string")]
        assert len(values) == len(set(values)) >= 2
        assert values == list(OPTIONS[enum.attrib["valueName"]].choices)


def test_a_default_in_a_field_is_the_built_in_one(definitions: Element, resources: Element) -> None:
    presentations = {element.get("id"): element for element in found(resources, "presentation")}
    for face in FACES:
        for option in OPTIONS.values():
            shown = presentations.get(f"{face}_{option.name.replace('.', '_')}")
            for field in shown if shown is not None else ():
                if tag(field) == "decimalTextBox":
                    assert int(field.attrib["defaultValue"]) == option.default
                if tag(field) == "dropdownList":
                    assert option.choices[int(field.attrib["defaultItem"])] == option.default


def test_the_german_is_german() -> None:
    english, german = (
        {element.get("id"): element.text for element in found(ElementTree.fromstring(adml(each)), "string")}
        for each in words.LANGUAGES
    )
    explained = [name for name in english if name and name.endswith("_Explain")]
    assert [name for name in explained if english[name] == german[name]] == []
    assert [option.help for option in OPTIONS.values() if words.helped(option, "de-DE") == option.help] == []


# ---- what Group Policy would write is what the desk reads


def another(name: str) -> Any:
    """A value of the option's kind that is not the built-in one."""
    option = OPTIONS[name]
    if option.choices:
        return next(choice for choice in option.choices if choice != option.default)
    if isinstance(option.default, bool):
        return not option.default
    if isinstance(option.default, int | float):
        return option.default + 1
    return ["PCMA"] if isinstance(option.default, tuple) else f"a {name}"


def write_all(definitions: Element, registry: Winreg) -> None:
    """Do what the Group Policy client does with all policies configured."""
    for policy in found(definitions, "policy"):
        key, value_name = policy.attrib["key"], policy.get("valueName")
        if value_name:
            state = "enabledValue" if another(value_name) else "disabledValue"
            (number,) = policy.findall(f"{SPACE}{state}/{SPACE}decimal")
            registry.put(key, value_name, int(number.attrib["value"]))
        for element in policy.find(f"{SPACE}elements") or ():
            name, where = element.attrib["valueName"], element.get("key", key)
            if element.get("id") == "reason":
                registry.put(where, name, f"because of {name}")
            elif name in OPTIONS:
                value = another(name)  # there are no fractions in a registry: they are texts there
                registry.put(where, name, str(value) if isinstance(value, float) else value)
            else:
                registry.put(where, name, ["a key"] if tag(element) == "multiText" else f"an {name}")


def test_the_desk_reads_all_that_group_policy_writes(definitions: Element) -> None:
    registry = Winreg()
    write_all(definitions, registry)
    raw = RegistryPolicy(registry).read()
    assert raw is not None
    policy = read_policy(raw)
    assert (policy.organisation, policy.contact) == ("an Organisation", "an Contact")
    assert policy.trusted_keys == ("a key",)
    for layer in policy.layers:
        assert {
            name: list(value) if isinstance(value, tuple) else value for name, value in layer.values.items()
        } == {name: another(name) for name in OPTIONS}
    assert {name: policy.locks.reason(name) for name in OPTIONS} == {
        name: f"because of {name}" for name in OPTIONS
    }


# ---- the file, and the profile


def test_the_file_as_it_stands_sets_nothing() -> None:
    policy = read_policy(raw_policy(make.templates()["policy.toml"], "policy.toml"))
    assert policy.defaults.values == policy.locks.values == {}


def test_every_line_of_the_file_can_be_used() -> None:
    text = re.sub(r"^# (?=[a-z_.]+ = )", "", make.templates()["policy.toml"], flags=re.MULTILINE)
    policy = read_policy(raw_policy(text, "policy.toml"))
    for layer in policy.layers:
        assert layer.values == {name: option.default for name, option in OPTIONS.items()}
    assert policy.locks.reason("phone.srtp")


def test_the_file_is_narrow_enough_to_read() -> None:
    assert max(map(len, make.templates()["policy.toml"].splitlines())) <= 120
    assert tomllib.loads(make.templates()["policy.toml"]) == {"defaults": {}, "locks": {}, "reasons": {}}


def test_the_profile_sets_nothing_and_can_be_filled_in(tmp_path: Path) -> None:
    profile = plistlib.loads(make.templates()["macos/callboard.mobileconfig"].encode())
    (payload,) = profile["PayloadContent"]
    assert payload["PayloadType"] == "org.callboard.Callboard"
    assert profile["PayloadScope"] == "System"
    tables = {name: value for name, value in payload.items() if not name.startswith("Payload")}
    file = tmp_path / "org.callboard.Callboard.plist"
    for filled in ({}, {name: another(name) for name in OPTIONS}):
        tables["Locks"] = filled
        file.write_bytes(plistlib.dumps(tables, fmt=plistlib.FMT_BINARY))
        raw = ManagedPolicy(file).read()
        assert raw is not None
        assert set(read_policy(raw).locks.values) == set(filled)


def test_the_manifest_names_every_option_with_its_kind() -> None:
    manifest = plistlib.loads(make.templates()["macos/org.callboard.Callboard.manifest.plist"].encode())
    keys = {key["pfm_name"]: key for key in manifest["pfm_subkeys"]}
    kinds = {str: "string", bool: "boolean", int: "integer", tuple: "array", float: "real"}
    for face in FACES:
        told = {key["pfm_name"]: key for key in keys[face]["pfm_subkeys"]}
        assert set(told) == set(OPTIONS)
        for name, key in told.items():
            assert key["pfm_type"] == kinds[type(OPTIONS[name].default)]
            assert tuple(key.get("pfm_range_list", ())) == OPTIONS[name].choices
