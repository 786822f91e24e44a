"""The German of asking a third party, and of calls that the centre makes for an agent."""

from typing import Final

CONSULT: Final[dict[str, str]] = {
    "All three hear each other.": "Alle drei hören einander.",
    "Back to the customer": "Zurück zum Kunden",
    "Hand over": "Übergeben",
    "Join all three": "Zu dritt sprechen",
    "Swap": "Makeln",
    "The customer hears music.": "Der Kunde hört Musik.",
    "You are asking {name}": "Rückfrage bei {name}",
    "You talk with the customer; {name} hears music.": ("Sie sprechen mit dem Kunden; {name} hört Musik."),
    "Your call": "Ihr Anruf",
    "and {count} more": "und {count} weitere",
    "{name} could not be reached.": "{name} war nicht zu erreichen.",
    "You, the customer and {name}": "Sie, der Kunde und {name}",
    "{name} is being called": "{name} wird angerufen",
    "{name} waits": "{name} wartet",
}

CONSULT_FAULTS: Final[dict[str, str]] = {
    "This centre's telephone switch cannot ask somebody first or join three: that takes an Asterisk.": (
        "Die Telefonanlage dieser Zentrale kann weder rückfragen noch zu dritt verbinden: dazu braucht es "
        "ein Asterisk."
    ),
    "That is not your contact.": "Das ist nicht Ihr Kontakt.",
    "“{}” is not among the names of switch.attached.": "„{}“ ist kein Name aus switch.attached.",
    "You are asking nobody.": "Sie fragen gerade niemanden.",
    "They have not answered yet.": "Dort wurde noch nicht abgenommen.",
    "You have no customer on the line.": "Sie haben keinen Kunden in der Leitung.",
    "You are asking somebody already.": "Sie fragen bereits jemanden.",
    "Enter whom you want to ask.": "Geben Sie ein, wen Sie fragen möchten.",
    "Nobody of “{}” is free to be asked.": "Aus „{}“ ist niemand frei.",
    "That is you.": "Das sind Sie selbst.",
    "{} is not signed in.": "{} ist nicht angemeldet.",
    "{} has a contact at hand.": "{} hat gerade einen Kontakt.",
    "“{}” is neither a colleague, a queue nor a number.": (
        "„{}“ ist weder Kollege noch Warteschlange noch Nummer."
    ),
    "such numbers are barred": "solche Nummern sind gesperrt",
    "it is not among the numbers released": "nicht unter den freigegebenen Nummern",
    "numbers abroad are not released": "Auslandsnummern sind nicht freigegeben",
    "the number is too short": "die Nummer ist zu kurz",
    "This centre's telephone switch cannot make calls for agents: that takes an Asterisk.": (
        "Die Telefonanlage dieser Zentrale kann nicht für Agenten anrufen: dazu braucht es ein Asterisk."
    ),
    "Numbers cannot be called from here: the centre has no trunk ([switch] trunk).": (
        "Nummern können von hier nicht angerufen werden: die Zentrale hat keine Amtsleitung ([switch] trunk)."
    ),
    "A call came in between.": "Ein Anruf kam dazwischen.",
    "You make no call.": "Sie rufen gerade niemanden an.",
    "You are no agent.": "Sie sind kein Agent.",
    "You are on a call already.": "Sie telefonieren bereits.",
    "You do not serve the queue “{}”.": "Sie bedienen die Warteschlange „{}“ nicht.",
    "Say for which queue the call is: this agent serves none.": (
        "Sagen Sie, für welche Warteschlange der Anruf ist: dieser Agent bedient keine."
    ),
    "“{}” is a colleague or a queue of this centre, not a number.": (
        "„{}“ ist ein Kollege oder eine Warteschlange dieser Zentrale, keine Nummer."
    ),
    "“{}” must not be called from here ({}).": "„{}“ darf von hier nicht angerufen werden ({}).",
}
