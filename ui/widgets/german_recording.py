"""The German of recording calls."""

from typing import Final

RECORDING: Final[dict[str, str]] = {
    "Being recorded": "Wird aufgezeichnet",
    "Not recorded": "Nicht aufgezeichnet",
    "Pause recording": "Aufzeichnung pausieren",
    "Record on": "Weiter aufzeichnen",
    "Record this call": "Anruf aufzeichnen",
    "Recording paused": "Aufzeichnung pausiert",
    "Stop recording": "Aufzeichnung beenden",
}

RECORDING_FAULTS: Final[dict[str, str]] = {
    "This switch cannot record calls: connect an Asterisk (switch.kind = “asterisk”).": (
        "Diese Telefonanlage kann nicht aufzeichnen: Verbinden Sie ein Asterisk (switch.kind = „asterisk“)."
    ),
    "There is no call to record: nobody talks with you.": (
        "Es gibt keinen Anruf aufzuzeichnen: Niemand spricht mit Ihnen."
    ),
    "There is no such open interaction.": "Einen solchen offenen Vorgang gibt es nicht.",
    "This call is not recorded.": "Dieser Anruf wird nicht aufgezeichnet.",
    "This queue's calls are recorded: you can pause it, but not stop it.": (
        "Anrufe dieser Warteschlange werden aufgezeichnet: Sie können pausieren, aber nicht beenden."
    ),
    "Nobody talks with this customer: there is nothing to record yet.": (
        "Niemand spricht mit diesem Kunden: Es gibt noch nichts aufzuzeichnen."
    ),
}
