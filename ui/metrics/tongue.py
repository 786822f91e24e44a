"""How the wallboard speaks: words of one language, and its numbers, shares, durations and times of day."""

import functools
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ui.metrics import desk_words
from ui.metrics.german_reasons import german
from ui.metrics.words import DASH, ENGLISH, GERMAN
from ui.widgets.words import Words, words_for

_SPOKEN = {
    "en": Words("en", {**ENGLISH, **desk_words.ENGLISH}),
    "de": Words("de", {**GERMAN, **desk_words.GERMAN}),
}


@functools.cache
def _heard(language: str) -> Words:
    """What the centre says, in a language."""
    return words_for(language)


@dataclass(frozen=True)
class Tongue:
    """One language and time zone. `zone` None is the machine's own."""

    language: str = "en"
    zone: tzinfo | None = None

    def say(self, key: str, **values: object) -> str:
        """The words of a key with its values put in (ui.metrics.words)."""
        return _SPOKEN.get(self.language, _SPOKEN["en"])(key, **values)

    def fault(self, told: str) -> str:
        """What the centre or the link said, in this language."""
        return _heard(self.language).fault(told)

    def reason(self, told: str) -> str:
        """What the centre decided and why, in this language."""
        return german(told) if self.language == "de" else told

    def _decimal(self, text: str) -> str:
        if self.language != "de":
            return text
        return text.translate(str.maketrans(",.", ".,"))

    def count(self, value: int) -> str:
        """A count with the language's thousands separator: 1,204."""
        return self._decimal(f"{value:,}")

    def share(self, value: float | None) -> str:
        """A share from 0 to 1 in per cent with one decimal; None is "-"."""
        return DASH if value is None else self._decimal(f"{value * 100:.1f}") + "\N{NO-BREAK SPACE}%"

    def target(self, value: float) -> str:
        """A target share in per cent, without a decimal that says nothing."""
        return self._decimal(f"{value * 100:.4g}") + "\N{NO-BREAK SPACE}%"

    def limit(self, seconds: float) -> str:
        """A configured number of seconds: 20, or 2.5."""
        return self._decimal(f"{seconds:g}")

    def duration(self, seconds: float | None) -> str:
        """0:42, 12:05 or 1:02:03, seconds cut as a clock does; None is "-"; never below zero."""
        if seconds is None:
            return DASH
        whole = max(0, int(seconds))
        minutes, rest = divmod(whole, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

    def mean(self, seconds: float | None) -> str:
        """A mean duration, rounded to the second; None is "-"."""
        return DASH if seconds is None else self.duration(round(seconds))

    def age(self, seconds: float) -> str:
        """An age in words that a person would use: 12 s, 3 min, 2 h."""
        whole = max(0, int(seconds))
        if whole < 120:
            return f"{whole} s"
        return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"

    def time(self, when: datetime | None) -> str:
        """Local time of day to the second; None is "-"."""
        return DASH if when is None else f"{when.astimezone(self.zone):%H:%M:%S}"

    def minute(self, when: datetime) -> str:
        """Local time of day to the minute, for axes."""
        return f"{when.astimezone(self.zone):%H:%M}"
