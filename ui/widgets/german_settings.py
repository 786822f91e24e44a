"""The German of the settings, of who set them, and of links that bring them."""

from typing import Final

SETTINGS: Final[dict[str, str]] = {
    "Look for a newer version and say when there is one.": (
        "Nach einer neueren Version sehen und sagen, wenn es eine gibt."
    ),
    "Open when the person signs in to the computer.": "Öffnen, wenn sich jemand am Rechner anmeldet.",
    "Public key (minisign) that signs the list of versions.": (
        "Öffentlicher Schlüssel (minisign), mit dem die Liste der Versionen unterschrieben ist."
    ),
    "URL of the signed list of versions; empty: nowhere to look.": (
        "URL der unterschriebenen Liste der Versionen; leer: nirgends."
    ),
    "URL that crash reports are sent to; empty: nowhere.": (
        "URL, an die Absturzberichte gesendet werden; leer: nirgendwohin."
    ),
    "never, ask (each one, before it is sent) or always.": (
        "never (nie), ask (jeden einzeln, bevor er gesendet wird) oder always (immer)."
    ),
    "Also replace what I chose myself": "Auch ersetzen, was ich selbst gewählt habe",
    "Ask each time": "Jedes Mal fragen",
    "Crash reports go to": "Absturzberichte gehen an",
    "Key of the list of versions": "Schlüssel der Versionsliste",
    "List of versions": "Versionsliste",
    "Locked by {who}.": "Gesperrt durch {who}.",
    "Look for new versions": "Nach neuen Versionen sehen",
    "Never": "Nie",
    "Preset by {who}.": "Vorgegeben durch {who}.",
    "Program": "Programm",
    "Questions: {contact}": "Fragen: {contact}",
    "Log": "Protokoll",
    "Older log files": "Ältere Protokolle",
    "Size of a log file (MB)": "Größe eines Protokolls (MB)",
    "Send crash reports": "Absturzberichte senden",
    "Settings from a link": "Einstellungen aus einem Link",
    "Start with the computer": "Mit dem Rechner starten",
    "The centre is set by {who}.": "Die Zentrale ist festgelegt durch {who}.",
    "The settings of {issuer} are in use.": "Die Einstellungen von {issuer} gelten.",
    "Trusted authorities": "Vertraute Zertifizierungsstellen",
    "Use these settings": "Diese Einstellungen verwenden",
    "What would change": "Was sich ändern würde",
    "Yes": "Ja",
    "No": "Nein",
    "nothing": "nichts",
    "You chose it yourself.": "Das haben Sie selbst gewählt.",
    "Your queues": "Ihre Warteschlangen",
    "a link of {issuer}": "einen Link von {issuer}",
    "the centre {url}": "die Zentrale {url}",
    "the policy of this computer": "die Richtlinie dieses Rechners",
    "stays {now} (the link has {then})": "bleibt {now} (im Link steht {then})",
    "{now} becomes {then}": "bisher {now}, dann {then}",
    "{now}, as it is already": "{now}, wie schon jetzt",
    "{issuer} sends settings for this desk. The link is vouched for by {who} and good until {day}.": (
        "{issuer} schickt Einstellungen für diesen Platz. Für den Link bürgt {who}; er gilt bis {day}."
    ),
}
