"""macOS: a configuration profile to fill in, and a manifest of all options for the tools that edit profiles.

The preferences' domain is org.callboard.Callboard; a device management system puts them into
/Library/Managed Preferences, where `console.policy.managed` reads them. The manifest has the form that
iMazing Profile Editor and ProfileCreator read (`pfm_*` keys).
"""

import plistlib
from typing import Any

from console.settings import Option
from installer.policy.admx import desk_options
from installer.policy.words import helped, titled

DOMAIN = "org.callboard.Callboard"
_PROFILE = "6F0C2C1E-6D0B-4C57-9C57-3E6C3A5D0B11"
_PAYLOAD = "B1C7B2B2-0E5A-4F1B-8B39-2D2E9E1C7A42"
_ENGLISH = "en-US"
_GENERAL = (
    ("Organisation", "string", "Who decides; shown beside what is locked."),
    ("Contact", "string", "Whom to ask: a mail address, a number."),
    ("Reason", "string", "Why things are locked, where no reason of their own is given."),
    ("TrustedKeys", "array", "Public keys whose provisioning links are taken."),
)
_TABLES = {
    "Defaults": "What holds until somebody chooses otherwise.",
    "Locks": "What nobody at the desk can change.",
}


def mobileconfig() -> str:
    """Return a profile with our domain and nothing set."""
    payload = {
        "PayloadType": DOMAIN,
        "PayloadIdentifier": f"{DOMAIN}.policy",
        "PayloadUUID": _PAYLOAD,
        "PayloadVersion": 1,
        "PayloadDisplayName": "Callboard",
        "Organisation": "",
        "Contact": "",
        "Defaults": {},
        "Locks": {},
        "Reasons": {},
    }
    return _written(
        {
            "PayloadType": "Configuration",
            "PayloadIdentifier": f"{DOMAIN}.profile",
            "PayloadUUID": _PROFILE,
            "PayloadVersion": 1,
            "PayloadDisplayName": "Callboard",
            "PayloadDescription": "Defaults and locks of Callboard on this computer.",
            "PayloadScope": "System",
            "PayloadRemovalDisallowed": False,
            "PayloadContent": [payload],
        }
    )


def manifest() -> str:
    """Return all options as a manifest of preferences."""
    keys = [_plain(name, kind, words) for name, kind, words in _GENERAL]
    keys[-1]["pfm_subkeys"] = [{"pfm_type": "string"}]
    for table, words in _TABLES.items():
        subkeys = [_option(option) for option in desk_options()]
        keys.append(_plain(table, "dictionary", words) | {"pfm_subkeys": subkeys})
    reasons = [_plain(option.name, "string", "") for option in desk_options()]
    keys.append(_plain("Reasons", "dictionary", "Why, by option.") | {"pfm_subkeys": reasons})
    return _written(
        {
            "pfm_description": "Callboard: policies for the desk (softphone and wallboard)",
            "pfm_domain": DOMAIN,
            "pfm_format_version": 1,
            "pfm_platforms": ["macOS"],
            "pfm_targets": ["system"],
            "pfm_title": "Callboard",
            "pfm_unique": True,
            "pfm_version": 1,
            "pfm_subkeys": keys,
        }
    )


def _plain(name: str, kind: str, words: str) -> dict[str, Any]:
    return {"pfm_name": name, "pfm_title": name, "pfm_type": kind, "pfm_description": words}


def _option(option: Option) -> dict[str, Any]:
    made = _plain(option.name, _kind(option), helped(option, _ENGLISH))
    made["pfm_title"] = titled(option, _ENGLISH)
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    made["pfm_default"] = default
    if option.choices:
        made["pfm_range_list"] = list(option.choices)
    if option.least is not None and option.most is not None:
        made |= {"pfm_range_min": option.least, "pfm_range_max": option.most}
    if made["pfm_type"] == "array":
        made["pfm_subkeys"] = [{"pfm_type": "string"}]
    return made


def _kind(option: Option) -> str:
    kinds = {"true or false": "boolean", "whole number": "integer", "number": "real"}
    return "array" if option.kind.startswith("list") else kinds.get(option.kind, "string")


def _written(tables: dict[str, Any]) -> str:
    return plistlib.dumps(tables, sort_keys=False).decode()
