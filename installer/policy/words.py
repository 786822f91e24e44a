"""What the templates say in English and German, besides what the settings themselves say."""

from collections.abc import Callable

from console.settings import Option
from ui.settings.form import label_of
from ui.widgets.german import GERMAN
from ui.widgets.words import Words

LANGUAGES = ("en-US", "de-DE")
_WORDS = {"en-US": Words("en"), "de-DE": Words("de", GERMAN)}

_GERMAN = {
    "Callboard": "Callboard",
    "Callboard: policies for the desk (softphone and wallboard).": (
        "Callboard: Richtlinien für den Arbeitsplatz (Softphone und Wallboard)."
    ),
    "Callboard 0.1 or newer": "Callboard 0.1 oder neuer",
    "Defaults (people can change them)": "Vorgaben (können geändert werden)",
    "Locks (nobody at the desk can change them)": "Sperren (am Arbeitsplatz nicht zu ändern)",
    "General": "Allgemein",
    "Telephone": "Telefon",
    "Sound": "Ton",
    "History": "Anrufliste",
    "Window": "Fenster",
    "Start": "Start",
    "Updates": "Aktualisierungen",
    "Crash reports": "Absturzberichte",
    "Value": "Wert",
    "One a line": "Einer je Zeile",
    "Why it is locked (shown to the person)": "Warum es gesperrt ist (wird angezeigt)",
    "Organisation": "Organisation",
    "Contact": "Ansprechpartner",
    "Reason": "Grund",
    "Trusted keys": "Vertraute Schlüssel",
    "Who decides; shown beside what is locked.": "Wer entscheidet; steht neben dem, was gesperrt ist.",
    "Whom to ask: a mail address, a number.": "Wen man fragt: eine Mailadresse, eine Nummer.",
    "Why things are locked, where no reason of their own is given.": (
        "Warum etwas gesperrt ist, wo kein eigener Grund steht."
    ),
    "Public keys whose provisioning links are taken.": (
        "Öffentliche Schlüssel, deren Links mit Einstellungen angenommen werden."
    ),
    "What holds until somebody chooses otherwise.": "Gilt, bis jemand etwas anderes wählt.",
    "What nobody at the desk can change; the window shows it as locked, by whom and why.": (
        "Am Arbeitsplatz nicht zu ändern; das Fenster zeigt es als gesperrt, von wem und warum."
    ),
    "Option: {name}": "Option: {name}",
    "Built in: {value}": "Eingebaut: {value}",
    "From {least} to {most}.": "Von {least} bis {most}.",
    "Enabled: yes. Disabled: no. Not configured: this policy says nothing.": (
        "Aktiviert: ja. Deaktiviert: nein. Nicht konfiguriert: Diese Richtlinie sagt nichts."
    ),
    "Enabled: the value below. Disabled or not configured: this policy says nothing.": (
        "Aktiviert: der Wert unten. Deaktiviert oder nicht konfiguriert: Diese Richtlinie sagt nichts."
    ),
    "yes": "ja",
    "no": "nein",
    "nothing": "nichts",
    "The reason below counts for yes, the general reason for no.": (
        "Der Grund unten gilt für ja, der allgemeine Grund für nein."
    ),
}
SECTIONS = {
    "": "General",
    "phone": "Telephone",
    "audio": "Sound",
    "history": "History",
    "window": "Window",
    "start": "Start",
    "updates": "Updates",
    "crash": "Crash reports",
}
"""What the tables of desk.toml are called; one that is not named here is called as it is in the file."""

Say = Callable[..., str]


def speaker(language: str) -> Say:
    """What says an English sentence of this module in a language. A sentence without German is an error."""
    if language == "en-US":
        return lambda english, **values: english.format(**values)
    return lambda english, **values: _GERMAN[english].format(**values)


def helped(option: Option, language: str) -> str:
    """An option's help."""
    return _WORDS[language](option.help)


def titled(option: Option, language: str) -> str:
    """An option's title: as in the settings window, with its name in files."""
    return f"{label_of(option, _WORDS[language])} ({option.name})"


def section_of(name: str) -> str:
    """The table an option stands in."""
    return name.rpartition(".")[0]


def section_title(section: str, language: str) -> str:
    """What a table is called."""
    english = SECTIONS.get(section)
    return speaker(language)(english) if english else section.capitalize()


def built_in(option: Option, language: str) -> str:
    """What holds when nobody says anything."""
    say = speaker(language)
    value = option.default
    if isinstance(value, bool):
        return say("yes" if value else "no")
    if value in ("", (), None):
        return say("nothing")
    return ", ".join(value) if isinstance(value, tuple) else str(value)
