"""What leaves this computer for support holds no secrets, and nothing that tells who called whom.

Secrets go by `console.log.without_secrets`. Numbers, SIP and mail addresses are known by their form; names
are not, so those that are known here (history, settings, ledger) are handed in. Times, IP addresses,
versions and UUIDs stay: without them nothing can be found.
"""

import re
from collections.abc import Iterable

from console.log import without_secrets

_LEAST_NAME = 3
_QUOTED = re.compile(r'"[^"\n]{1,120}"(\s{0,3}<(?:sips?|tel|callto):)', re.IGNORECASE)
_BARE_NAME = re.compile(
    r"(^|[:=,]\s{0,3})[^\s\"<>:=,\[][^\"<>:=,\n]{0,100}?(\s{0,3}<(?:sips?|tel|callto):)", re.MULTILINE
)
_LINK = re.compile(r"\b(sips?|tel|callto|mailto|callboard):[^\s<>\"'\\),;\]]+", re.IGNORECASE)
_MAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
_TELLING = (
    r"customer(?:_name|_number)?|caller(?:_name)?|shown|name|display_?name|who|whom|note|number|digits|uri|user|"
    r"user_?name|peer|contact|called|aor|from|to"
)
_JSON_FIELD = re.compile(rf'("(?:{_TELLING})"\s*:\s*)"(?:[^"\\\n]|\\.)*"', re.IGNORECASE)
_REPR_FIELD = re.compile(
    rf"""(?<![\w.])((?:{_TELLING})\s*=\s*)(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""", re.IGNORECASE
)
_LONG = re.compile(r"(?<![\w/.+-])[\w+][\w+=/-]{38,}")
_DIGITS = re.compile(
    r"(?P<keep>"
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)"
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.])"
    r"|(?<!\d)\d\d:\d\d:\d\d(?:[.,]\d+)?(?!\d)"
    r"|(?<![\d+.])\d+\.\d+(?![\d.])"
    r"|0x[0-9a-fA-F]+"
    r")|(?P<number>\+\(?\d(?:[ ()./\u00a0-]{0,2}\d){3,}|(?<![\w.])\(?\d(?:[ ()./\u00a0-]{0,2}\d){5,}(?!\w))"
)
_WORD = re.compile(r"[^\W_](?:[\w'\u2019-]*[^\W_])?")


class Redactor:
    """Takes secrets and people out of texts."""

    def __init__(self, people: Iterable[str] = ()) -> None:
        """`people` are names, sign-in names and numbers that are known here."""
        self._exact: set[str] = set()
        self._folded: set[str] = set()
        for name in people:
            for word in _WORD.findall(name):
                if len(word) >= _LEAST_NAME:
                    self._exact.add(word)
                    self._folded.add(word.casefold())

    def __call__(self, text: str) -> str:
        """The text without them."""
        text = without_secrets(text)
        text = _QUOTED.sub(r"[name]\1", text)
        text = _BARE_NAME.sub(r"\1[name]\2", text)
        text = _LINK.sub(r"\1:[address]", text)
        text = _MAIL.sub("[address]", text)
        text = _JSON_FIELD.sub(r'\1"[removed]"', text)
        text = _REPR_FIELD.sub(r"\1[removed]", text)
        text = _LONG.sub(_key, text)
        text = _DIGITS.sub(_number, text)
        return _WORD.sub(self._word, text) if self._exact else text

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        if word in self._exact or (word[0].isupper() and word.casefold() in self._folded):
            return "[name]"
        parts = re.split(r"['\u2019-]", word)
        if len(parts) > 1 and any(part in self._exact for part in parts):
            return "[name]"
        return word


def _number(found: re.Match[str]) -> str:
    return found["keep"] or "[number]"


def _key(found: re.Match[str]) -> str:
    """Long runs of letters and digits are keys, tokens, hashes; a long name has no digits."""
    run = found[0]
    mixed = any(char.isdigit() for char in run) and any(char.isalpha() for char in run)
    return "[key]" if mixed else run
