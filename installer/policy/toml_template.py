"""A policy file with every option explained, for Linux and for the installer's POLICY_FILE."""

import textwrap
from collections.abc import Iterator

from console.policy.explain import shown
from console.settings import Option
from installer.policy.admx import desk_options
from installer.policy.words import section_of

_WIDTH = 100
_HEAD = """\
# Callboard: the policy of this computer. Everything here is a comment: as it stands, it sets nothing.
#
# Linux: /etc/callboard/policy.toml. Windows: policy.toml beside callboard.exe, where the installer's
# POLICY_FILE puts it; what Group Policy says counts more. macOS: a configuration profile takes its place.
# The file has to be readable for everybody and writable for the administrator only.
# `callboardctl settings --check-policy FILE` says whether it is good, `callboardctl settings --explain` what
# holds and why. What is wrong here never stops the phone: it is told, and the last good policy goes on.

# organisation = "Example Ltd IT"    # who decides; shown beside what is locked
# contact = "it@example.org"         # whom to ask
# reason = ""                        # why things are locked, where no reason of their own is given
# trusted_keys = []                  # public keys whose provisioning links are taken
"""
_TABLES = {
    "defaults": "What holds until somebody chooses otherwise.",
    "locks": "What nobody at the desk can change; the settings window shows it as locked, by whom and why.",
}
_REASONS = """
# Why, by option or by table.
[reasons]
# phone.srtp = "Customers' voices never leave unencrypted."
# audio = ""
"""


def toml_template() -> str:
    """Return the file's text: each option once as a default, its name again as a lock."""
    parts = [_HEAD]
    for table, words in _TABLES.items():
        parts.append(f"\n# {words}\n[{table}]\n" + "".join(_lines(table)))
    return "".join(parts) + _REASONS


def _lines(table: str) -> Iterator[str]:
    section = None
    for option in desk_options():
        if section_of(option.name) != section:
            section = section_of(option.name)
            yield "\n"
        if table == "defaults":
            yield from (f"#   {line}\n" for line in _told(option))
        yield f"# {option.name} = {shown(option.default)}\n"


def _told(option: Option) -> list[str]:
    kind = f"one of {', '.join(option.choices)}" if option.choices else option.kind
    if option.least is not None and option.most is not None:
        kind += f" from {option.least:g} to {option.most:g}"
    return textwrap.wrap(f"{option.help} ({kind})", _WIDTH)
