"""The German of what is in the way of listening to a call."""

from typing import Final

LISTENING_FAULTS: Final[dict[str, str]] = {
    "Nobody can listen to calls at this switch: connect an Asterisk (switch.kind = “asterisk”).": (
        "An dieser Telefonanlage kann niemand mithören: Verbinden Sie ein Asterisk "
        "(switch.kind = „asterisk“)."
    ),
    "No agent talks with this customer: there is nothing to listen to.": (
        "Kein Agent spricht mit diesem Kunden: Es gibt nichts mitzuhören."
    ),
    "It is your own call.": "Es ist Ihr eigener Anruf.",
    "You are in a call already: leave that one first.": (
        "Sie hören schon in einem Anruf mit: Verlassen Sie den zuerst."
    ),
    "Nobody listens there (any more).": "Dort hört niemand (mehr) mit.",
    "It is {} who listens there: only who listens can change it.": (
        "Dort hört {} mit: Nur wer mithört, kann es ändern."
    ),
    "The contact is a SIP address, as sip:sue@10.0.0.7.": (
        "Das Telefon ist eine SIP-Adresse, wie sip:sue@10.0.0.7."
    ),
    "Where is your phone? Sign in with your desk, or name a SIP address as the order's contact.": (
        "Wo ist Ihr Telefon? Melden Sie sich an Ihrem Arbeitsplatz an, oder nennen Sie eine SIP-Adresse."
    ),
}
