"""The German of links from other programs, as the windows and the rooms below say it."""

from typing import Final

LINKS: Final[dict[str, str]] = {
    "A link asks to call {number}. Nobody is called until you press Call.": (
        "Ein Link möchte {number} anrufen. Angerufen wird erst, wenn Sie „Anrufen“ drücken."
    ),
    "It is a local number within {context}.": "Es ist eine örtliche Nummer innerhalb von {context}.",
    "Extension, once it is answered: {digits}.": "Nebenstelle, sobald abgehoben ist: {digits}.",
    "It asked for more, which was left out: {what}.": "Er wollte mehr, was weggelassen wurde: {what}.",
    "{number} from a link waits here until you have signed in.": (
        "{number} aus einem Link wartet hier, bis Sie angemeldet sind."
    ),
}

LINK_FAULTS: Final[dict[str, str]] = {
    "Links from other programs do not reach this window: {}: {}.": (
        "Links aus anderen Programmen erreichen dieses Fenster nicht: {}: {}."
    ),
    "The link “{}” is damaged. Ask for the number, and type it in.": (
        "Der Link „{}“ ist beschädigt. Erfragen Sie die Nummer und geben Sie sie ein."
    ),
    "“{}” is no link for a telephone. It begins with tel:, sip: or callto:.": (
        "„{}“ ist kein Link für ein Telefon. Ein solcher beginnt mit tel:, sip: oder callto:."
    ),
    "“{}” asks for what this version does not know. It may be for a newer Callboard.": (
        "„{}“ verlangt etwas, das diese Version nicht kennt. Er ist vielleicht für ein neueres Callboard."
    ),
    "There is no telephone number in “{}”. Ask for it, and type it in.": (
        "In „{}“ steht keine Telefonnummer. Erfragen Sie sie und geben Sie sie ein."
    ),
    "There is no SIP address in “{}”. It looks like sip:name@company.example.": (
        "In „{}“ steht keine SIP-Adresse. Sie sieht so aus: sip:name@firma.example."
    ),
}
