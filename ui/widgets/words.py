"""What the windows say, in English and German. English stands where it is used, and is the table's key."""

import functools
import re
from collections.abc import Mapping

from PySide6.QtCore import QLocale

_LANGUAGES = ("en", "de")


class Words:
    """One language's words. What its table misses is shown in English (a test keeps the table whole)."""

    def __init__(
        self,
        language: str = "en",
        table: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None,
    ) -> None:
        """`language` is en or de; `table` maps English to it, `faults` what the rooms below say, with `{}`
        where they fill something in.
        """
        self.language = language
        self._table = dict(table or {})
        self._faults = dict(faults or {})
        # The one that says most first: "{}: {} ({})" would take what is meant for others.
        self._shapes = sorted((key for key in self._faults if "{}" in key), key=_said, reverse=True)

    def __call__(self, english: str, **values: object) -> str:
        """The words for it, with `{name}` filled from `values`."""
        found = self._table.get(english, english)
        return found.format(**values) if values else found

    def fault(self, told: str) -> str:
        """What a room below told in English, in this language; as it came where the table has nothing.

        What is filled in is looked up too, so that one sentence can give another as its reason.
        """
        if told in self._faults:
            return self._faults[told]
        for english in self._shapes:
            found = _shape(english).fullmatch(told)
            if found:
                return self._faults[english].format(*map(self.fault, found.groups()))
        return told

    def count(self, number: int, one: str, many: str) -> str:
        """`one` for 1, else `many`, each with `{n}` for the number."""
        return self(one if number == 1 else many, n=number)


def _said(english: str) -> int:
    return len(english.replace("{}", ""))


@functools.cache
def _shape(english: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL)


def words_for(choice: str) -> Words:
    """The words for a choice of the settings: en, de or system (the desktop's language, else English)."""
    language = choice if choice in _LANGUAGES else QLocale.system().name()[:2]
    if language != "de":
        return Words("en")
    from ui.widgets.german import GERMAN
    from ui.widgets.german_faults import FAULTS

    return Words("de", GERMAN, FAULTS)
