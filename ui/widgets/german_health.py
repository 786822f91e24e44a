"""The German of crash reports, updates, the bundle for support, and the log."""

from typing import Final

HEALTH: Final[dict[str, str]] = {
    "Bundle for support": "Paket für den Support",
    "Callboard ended unexpectedly ({time}). A report is kept on this computer.": (
        "Callboard wurde unerwartet beendet ({time}). Ein Bericht liegt auf diesem Rechner."
    ),
    "Callboard {version} is there.": "Callboard {version} ist da.",
    "Crash report": "Absturzbericht",
    "Delete it": "Löschen",
    "Keep it": "Behalten",
    "Least that is kept: debug, info, warning or error.": (
        "Was mindestens aufgehoben wird: debug, info, warning oder error."
    ),
    "Look at it": "Ansehen",
    "Older log files to keep.": "Ältere Protokolldateien, die bleiben.",
    "Save…": "Speichern …",
    "Send it": "Senden",
    "Size of a log file before a new one is begun.": (
        "Größe einer Protokolldatei in MB, bevor eine neue begonnen wird."
    ),
    "The bundle is in {file}. Nothing was sent.": "Das Paket ist in {file}. Nichts wurde gesendet.",
    "The report was sent. Thank you.": "Der Bericht wurde gesendet. Danke.",
    "This is what would be sent, without passwords and names. It goes to {url}.": (
        "Das würde gesendet, ohne Passwörter und Namen. Es geht an {url}."
    ),
    "This report stays on this computer.": "Dieser Bericht bleibt auf diesem Rechner.",
    "What changed": "Was neu ist",
    "What goes into it; save it and pass it on yourself.": (
        "Was hineinkommt; speichern und selbst weitergeben."
    ),
}
