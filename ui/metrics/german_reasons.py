"""The German of what the centre says of its decisions; a `{}` stands for what it fills in. A test holds this
to the sources of routing.
"""

import functools
import re
from typing import Final

REASONS: Final[dict[str, str]] = {
    # steps
    "came in on {} for {}": "kam an: {} für {}",
    "priority {} by {}": "Priorität {}, gesetzt von {}",
    "attached by {}: {}": "angehängt von {}: {}",
    "pulled to {} by {}": "zugeteilt an {} von {}",
    "answered by {}": "angenommen von {}",
    "transferred by {} to {}": "weitergeleitet von {} an {}",
    "{} consults {}": "{} fragt {}",
    "{} joins all three": "{} verbindet alle drei",
    "the consultation is over: {}": "die Rückfrage ist vorbei: {}",
    "cancelled": "abgebrochen",
    "left": "aufgelegt",
    "busy": "besetzt",
    "declined": "abgelehnt",
    "no answer": "keine Antwort",
    "failed": "gescheitert",
    "over": "beendet",
    "{} is there, the customer is rung": "{} ist da, der Kunde wird angerufen",
    "{} calls {} for {}, asked for by {}": "{} ruft {} an für {}, verlangt von {}",
    "{} calls {} for {}": "{} ruft {} an für {}",
    "the customer was not reached: {}": "der Kunde war nicht zu erreichen: {}",
    "not tried again before {} UTC, after {} tries": "kein neuer Versuch vor {} UTC, nach {} Versuchen",
    "may leave a message for {}": "darf eine Nachricht für {} hinterlassen",
    "not let into {}: {}": "nicht eingelassen in {}: {}",
    "not let into any queue: {}": "in keine Warteschlange eingelassen: {}",
    "waits in {} ({} by {}): {}": "wartet in {} ({}, von {}): {}",
    "waits in {} ({}): {}": "wartet in {} ({}): {}",
    "left {} after {} s: {}": "verließ {} nach {} s: {}",
    "step {} of its queue: asks for {} now": "Stufe {} seiner Warteschlange: verlangt jetzt {}",
    "a callback takes its place in {}: {}": "ein Rückruf nimmt seinen Platz in {} ein: {}",
    "a callback waits in {} for the call {}: number {} of {}, priority {}, asks for {}": (
        "ein Rückruf wartet in {} für den Anruf {}: Nummer {} von {}, Priorität {}, verlangt {}"
    ),
    "still waits in {}: number {} of {}": "wartet noch in {}: Nummer {} von {}",
    "not tried until {} UTC": "nicht versucht bis {} UTC",
    "not tried": "noch nicht versucht",
    "kept for {} until {} UTC": "vorbehalten für {} bis {} UTC",
    "kept for {}": "vorbehalten für {}",
    "and nobody serves that queue": "und niemand bedient diese Warteschlange",
    "offered to {}: {} (number {} of {}, asks for {})": (
        "angeboten an {}: {} (Nummer {} von {}, verlangt {})"
    ),
    "ended by the customer": "beendet vom Kunden",
    "ended by the agent": "beendet vom Agenten",
    "ended by the centre": "beendet von der Zentrale",
    "ended by the customer: {}": "beendet vom Kunden: {}",
    "ended by the agent: {}": "beendet vom Agenten: {}",
    "ended by the centre: {}": "beendet von der Zentrale: {}",
    "callback failed": "der Rückruf ist gescheitert",
    # parts of steps
    "number {} of {}": "Nummer {} von {}",
    "priority {}": "Priorität {}",
    "customer's value {}": "Kundenwert {}",
    "asks for {}": "verlangt {}",
    "waits {} s for {}": "wartet {} s auf {}",
    "on to a message": "weiter zu einer Nachricht",
    "on to a callback": "weiter zu einem Rückruf",
    "on to {}": "weiter zu {}",
    "any queue": "eine Warteschlange",
    "anybody of the queue": "irgendwen der Warteschlange",
    "{} if there is": "{}, wenn vorhanden",
    "tier {} at most": "höchstens Rang {}",
    "tier 1": "Rang 1",
    "a supervisor pulled it there": "ein Supervisor hat es zugeteilt",
    "it asks for this agent": "es verlangt diesen Agenten",
    "the only one who could have it": "der Einzige, der es haben konnte",
    "{} of {} who could have it": "{} von {}, die es haben konnten",
    "arrived": "angekommen",
    "overflow": "übergelaufen",
    "transfer": "weitergeleitet",
    "closed": "geschlossen",
    "full": "voll",
    "no_agents": "keine Agenten",
    "moved": "verschoben",
    "timeout": "zu lange gewartet",
    "callback": "Rückruf",
    # strategies
    "the longest idle": "der am längsten Freie",
    "in turn": "der Reihe nach",
    "the fewest contacts": "der mit den wenigsten Kontakten",
    "the least talk time": "der mit der kürzesten Gesprächszeit",
    "the lowest tier": "der mit dem ersten Rang",
    "by lot": "durch das Los",
    "all at once": "alle zugleich",
    # offers that came to nothing
    "{} did not answer": "{} ging nicht ran",
    "{} declined": "{} lehnte ab",
    "{}'s desk was busy": "der Platz von {} war besetzt",
    "{}'s desk could not be rung": "der Platz von {} war nicht zu erreichen",
    "no longer for {}": "nicht mehr für {}",
    # why not
    "not signed in": "nicht angemeldet",
    "paused ({})": "Pause ({})",
    "paused": "Pause",
    "did not answer before, and is not ready again": "ging zuvor nicht ran und ist noch nicht wieder bereit",
    "the desk is gone": "der Platz ist getrennt",
    "is being rung for another": "es klingelt dort schon für jemand anderen",
    "on a contact ({} {} of {})": "im Gespräch ({} {} von {})",
    "takes no {}": "nimmt kein {}",
    "{} does not come on top of {}": "{} kommt nicht zu {} hinzu",
    "it is pulled to {}": "es ist {} zugeteilt",
    "it is waits for {}": "es wartet auf {}",
    "it is not to be tried yet": "es ist noch nicht wieder dran",
    "does not serve {}": "bedient {} nicht",
    "and it asks for {} at most so far": "und bisher ist höchstens {} verlangt",
    "no {}": "kein {}",
    # claims
    "{} of {} preferred skills": "{} von {} bevorzugten Fähigkeiten",
    "nothing offered here yet": "hier noch nichts angeboten",
    "last offered here {} s ago": "hier zuletzt vor {} s angeboten",
    "1 contact": "1 Kontakt",
    "{} contacts": "{} Kontakte",
    "{} s of talk": "{} s Gespräch",
    "tier {}": "Rang {}",
    "weight {}": "Gewicht {}",
    "room beside {}": "Platz neben {}",
    "idle for {} s": "seit {} s frei",
    "idle": "frei",
    "free now": "jetzt frei",
}


def german(told: str) -> str:
    """A decision's words in German, part by part; what is not known (names, skills) stays as it came."""
    parts = told.split(", ")
    said, begin = [], 0
    while begin < len(parts):
        for end in range(begin + 1, len(parts) + 1):
            found = _sentence(", ".join(parts[begin:end]))
            if found is not None:
                said.append(found)
                begin = end
                break
        else:
            said.append(parts[begin])
            begin += 1
    return ", ".join(said)


def _sentence(told: str) -> str | None:
    """A sentence of the table with what is filled in, in German; None where the table has none."""
    if told in REASONS:
        return REASONS[told]
    for shape, words in _shapes():
        found = shape.fullmatch(told)
        if found:
            return words.format(*map(german, found.groups()))
    return None


@functools.cache
def _shapes() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences with holes, the one that says most first."""
    holed = sorted((key for key in REASONS if "{}" in key), key=lambda key: -len(key.replace("{}", "")))
    return tuple((re.compile("(.+?)".join(map(re.escape, key.split("{}")))), REASONS[key]) for key in holed)
