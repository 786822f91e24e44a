"""What the windows say, in English and German. English stands where it is used, and is the table's key."""

from collections.abc import Mapping

from PySide6.QtCore import QLocale

_LANGUAGES = ("en", "de")


class Words:
    """One language's words. What its table misses is shown in English (a test keeps the table whole)."""

    def __init__(self, language: str = "en", table: Mapping[str, str] | None = None) -> None:
        """`language` is en or de; `table` maps English to it."""
        self.language = language
        self._table = dict(table or {})

    def __call__(self, english: str, **values: object) -> str:
        """The words for it, with `{name}` filled from `values`."""
        found = self._table.get(english, english)
        return found.format(**values) if values else found

    def count(self, number: int, one: str, many: str) -> str:
        """`one` for 1, else `many`, each with `{n}` for the number."""
        return self(one if number == 1 else many, n=number)


def words_for(choice: str) -> Words:
    """The words for a choice of the settings: en, de or system (the desktop's language, else English)."""
    language = choice if choice in _LANGUAGES else QLocale.system().name()[:2]
    if language != "de":
        return Words("en")
    from ui.widgets.german import GERMAN

    return Words("de", GERMAN)
