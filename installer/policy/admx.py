"""Group Policy templates (ADMX and ADML, the PolicyDefinitions schema 1.0) from the declared options.

Each option stands twice: as a default and as a lock. The values go where `console.policy.registry` reads
them: below HKLM\\Software\\Policies\\Callboard in Defaults and Locks, by the option's dotted name. The
templates refer to no other template, so that Intune takes them as they are.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from console.policy.registry import POLICY_KEY
from console.settings import DeskSettings, Option, options
from installer.policy.words import Say, built_in, helped, section_of, section_title, speaker, titled

_FACES = {
    "Defaults": "Defaults (people can change them)",
    "Locks": "Locks (nobody at the desk can change them)",
}
_MEANS = {
    "Defaults": "What holds until somebody chooses otherwise.",
    "Locks": "What nobody at the desk can change; the window shows it as locked, by whom and why.",
}
_GENERAL = (
    ("Organisation", "Who decides; shown beside what is locked."),
    ("Contact", "Whom to ask: a mail address, a number."),
    ("Reason", "Why things are locked, where no reason of their own is given."),
    ("TrustedKeys", "Public keys whose provisioning links are taken."),
)
_TITLES = {"TrustedKeys": "Trusted keys"}
_SUPPORTED = "SUPPORTED_Callboard"
_NAMESPACE = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"
_LONGEST = "1023"
_LARGEST = 4294967295  # a REG_DWORD
REVISION = "1.0"


def desk_options() -> list[Option]:
    """The options that a policy can set."""
    return list(options(DeskSettings))


def identified(face: str, name: str) -> str:
    """An option's id in the templates; it stays as it is for ever, as policies in use name it."""
    return f"{face}_{name.replace('.', '_')}"


def _sections() -> list[str]:
    return list(dict.fromkeys(section_of(option.name) for option in desk_options()))


def _section_id(face: str, section: str) -> str:
    return f"Cat_{face}_{section.replace('.', '_') or 'general'}"


def kind_of(option: Option) -> str:
    """Which element an option is: boolean, enum, decimal, multiText or text (also for fractions)."""
    if option.kind == "true or false":
        return "boolean"
    if option.choices:
        return "enum"
    if option.kind == "whole number" and (option.least or 0) >= 0:
        return "decimal"
    return "multiText" if option.kind.startswith("list") else "text"


# ------------------------------------------------------------ ADMX


def admx() -> str:
    """Return the template's language-neutral half."""
    root = Element(
        "policyDefinitions",
        {"xmlns": _NAMESPACE, "revision": REVISION, "schemaVersion": "1.0"},
    )
    namespaces = SubElement(root, "policyNamespaces")
    SubElement(namespaces, "target", prefix="callboard", namespace="Callboard.Policies.Desk")
    SubElement(root, "resources", minRequiredRevision=REVISION)
    definitions = SubElement(SubElement(root, "supportedOn"), "definitions")
    SubElement(definitions, "definition", name=_SUPPORTED, displayName=f"$(string.{_SUPPORTED})")
    _categories(SubElement(root, "categories"))
    policies = SubElement(root, "policies")
    for name, _ in _GENERAL:
        _general(policies, name)
    for face in _FACES:
        for option in desk_options():
            _policy(policies, face, option)
    return _written(root)


def _categories(parent: Element) -> None:
    _category(parent, "Cat_Callboard", "")
    for face in _FACES:
        _category(parent, f"Cat_{face}", "Cat_Callboard")
        for section in _sections():
            _category(parent, _section_id(face, section), f"Cat_{face}")


def _category(parent: Element, name: str, above: str) -> None:
    made = SubElement(parent, "category", name=name, displayName=f"$(string.{name})")
    if above:
        SubElement(made, "parentCategory", ref=above)


def _opened(parent: Element, name: str, key: str, category: str, **more: str) -> Element:
    policy = SubElement(
        parent,
        "policy",
        {
            "name": name,
            "class": "Machine",
            "displayName": f"$(string.{name})",
            "explainText": f"$(string.{name}_Explain)",
            "key": key,
            **more,
        },
    )
    SubElement(policy, "parentCategory", ref=category)
    SubElement(policy, "supportedOn", ref=_SUPPORTED)
    return policy


def _general(parent: Element, name: str) -> None:
    made = _opened(parent, name, POLICY_KEY, "Cat_Callboard", presentation=f"$(presentation.{name})")
    kind = "multiText" if name == "TrustedKeys" else "text"
    _element(SubElement(made, "elements"), kind, name)


def _policy(parent: Element, face: str, option: Option) -> None:
    name, key, kind = identified(face, option.name), f"{POLICY_KEY}\\{face}", kind_of(option)
    more = {"valueName": option.name} if kind == "boolean" else {}
    if kind != "boolean" or face == "Locks":
        more["presentation"] = f"$(presentation.{name})"
    made = _opened(parent, name, key, _section_id(face, section_of(option.name)), **more)
    if kind == "boolean":
        for tag, value in (("enabledValue", "1"), ("disabledValue", "0")):
            SubElement(SubElement(made, tag), "decimal", value=value)
        if face == "Defaults":
            return
    elements = SubElement(made, "elements")
    if kind != "boolean":
        _value(elements, kind, option)
    if face == "Locks":
        reason = _element(elements, "text", option.name)
        reason.set("id", "reason")
        reason.set("key", f"{POLICY_KEY}\\Reasons")


def _value(elements: Element, kind: str, option: Option) -> None:
    made = _element(elements, kind, option.name)
    if kind == "decimal":
        made.set("minValue", f"{option.least or 0:.0f}")
        made.set("maxValue", f"{_LARGEST if option.most is None else option.most:.0f}")
    if kind in {"enum", "decimal"}:
        made.set("required", "true")
    for choice in option.choices if kind == "enum" else ():
        item = SubElement(made, "item", displayName=f"$(string.{_choice_id(option, choice)})")
        SubElement(SubElement(item, "value"), "string").text = choice


def _element(parent: Element, kind: str, value_name: str) -> Element:
    made = SubElement(parent, kind, id="value", valueName=value_name)
    if kind == "text":
        made.set("maxLength", _LONGEST)
    return made


def _choice_id(option: Option, choice: str) -> str:
    return f"Choice_{option.name.replace('.', '_')}_{choice}"


# ------------------------------------------------------------ ADML


def adml(language: str) -> str:
    """Return the template's words in a language: en-US or de-DE."""
    say = speaker(language)
    root = Element(
        "policyDefinitionResources", {"xmlns": _NAMESPACE, "revision": REVISION, "schemaVersion": "1.0"}
    )
    SubElement(root, "displayName").text = say("Callboard")
    SubElement(root, "description").text = say("Callboard: policies for the desk (softphone and wallboard).")
    resources = SubElement(root, "resources")
    table = SubElement(resources, "stringTable")
    for name, words in _strings(language):
        SubElement(table, "string", id=name).text = words
    presentations = SubElement(resources, "presentationTable")
    for name, _ in _GENERAL:
        shown = SubElement(presentations, "presentation", id=name)
        _field(shown, "multiText" if name == "TrustedKeys" else "text", say)
    for face in _FACES:
        for option in desk_options():
            _presentation(presentations, face, option, say)
    return _written(root)


def _strings(language: str) -> Iterator[tuple[str, str]]:
    say = speaker(language)
    yield _SUPPORTED, say("Callboard 0.1 or newer")
    yield "Cat_Callboard", say("Callboard")
    for face, title in _FACES.items():
        yield f"Cat_{face}", say(title)
        for section in _sections():
            yield _section_id(face, section), section_title(section, language)
    for name, words in _GENERAL:
        yield name, say(_TITLES.get(name, name))
        yield f"{name}_Explain", say(words)
    for option in desk_options():
        for choice in option.choices:
            yield _choice_id(option, choice), choice
    for face in _FACES:
        for option in desk_options():
            yield identified(face, option.name), titled(option, language)
            yield f"{identified(face, option.name)}_Explain", _explained(face, option, language)


def _explained(face: str, option: Option, language: str) -> str:
    say = speaker(language)
    told = [helped(option, language)]
    if kind_of(option) == "decimal" and option.most is not None:
        told.append(say("From {least} to {most}.", least=f"{option.least or 0:g}", most=f"{option.most:g}"))
    boolean = kind_of(option) == "boolean"
    told.append(say(_MEANS[face]))
    told.append(
        say(
            "Enabled: yes. Disabled: no. Not configured: this policy says nothing."
            if boolean
            else "Enabled: the value below. Disabled or not configured: this policy says nothing."
        )
    )
    if boolean and face == "Locks":
        told.append(say("The reason below counts for yes, the general reason for no."))
    told.append(say("Option: {name}", name=option.name))
    told.append(say("Built in: {value}", value=built_in(option, language)))
    return "\n\n".join(told)


def _presentation(parent: Element, face: str, option: Option, say: Say) -> None:
    kind = kind_of(option)
    if kind == "boolean" and face == "Defaults":
        return
    shown = SubElement(parent, "presentation", id=identified(face, option.name))
    if kind != "boolean":
        _field(shown, kind, say, option)
    if face == "Locks":
        box = SubElement(shown, "textBox", refId="reason")
        SubElement(box, "label").text = say("Why it is locked (shown to the person)")


def _field(parent: Element, kind: str, say: Say, option: Option | None = None) -> None:
    if kind == "decimal":
        default = f"{option.default:.0f}" if option is not None else "0"
        SubElement(parent, "decimalTextBox", refId="value", defaultValue=default).text = say("Value")
    elif kind == "enum":
        place = option.choices.index(option.default) if option is not None else 0
        box = SubElement(parent, "dropdownList", refId="value", noSort="true", defaultItem=str(place))
        box.text = say("Value")
    elif kind == "multiText":
        SubElement(parent, "multiTextBox", refId="value").text = say("One a line")
    else:
        SubElement(SubElement(parent, "textBox", refId="value"), "label").text = say("Value")


def _written(root: Element) -> str:
    indent(root, "  ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"
