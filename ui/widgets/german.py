"""The German of the windows: English, as it stands in the code, to German."""

from typing import Final

GERMAN: Final[dict[str, str]] = {
    "Monday": "Montag",
    "Tuesday": "Dienstag",
    "Wednesday": "Mittwoch",
    "Thursday": "Donnerstag",
    "Friday": "Freitag",
    "Saturday": "Samstag",
    "Sunday": "Sonntag",
    "Yesterday {clock}": "Gestern {clock}",
    "{h} h {m} min": "{h} Std. {m} Min.",
    "{m} min {s} s": "{m} Min. {s} s",
    "{m} min": "{m} Min.",
    "{s} s": "{s} s",
}
