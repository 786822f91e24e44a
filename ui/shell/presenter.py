"""The connection in words: centre, telephone account, sound. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.events import AudioDevicesChanged, LinkState, RegistrationChanged, StrangerRefused
from ui.widgets.words import Words


@dataclass(frozen=True)
class Said:
    """One thing about the connection: words, the shape and tone they come with, and the whole story."""

    words: str
    icon: str
    tone: str
    detail: str = ""


def present_link(state: LinkState, name: str, reason: str, words: Words) -> Said:
    """How the desk stands with its centre."""
    match state:
        case LinkState.NONE:
            return Said(
                words("Phone alone"), "phone", "neutral", words("No centre: calls go straight to your phone.")
            )
        case LinkState.SIGNED_OUT:
            return Said(words("Signed out"), "log-in", "neutral", words.fault(reason))
        case LinkState.CONNECTING:
            return Said(words("Connecting…"), "refresh-cw", "info", words.fault(reason))
        case LinkState.ONLINE:
            return Said(words("Online as {name}", name=name) if name else words("Online"), "wifi", "good")
        case LinkState.LOST:
            return Said(words("Centre lost, trying again…"), "wifi-off", "warning", words.fault(reason))
    return Said(words("Sign-in refused"), "octagon-alert", "critical", words.fault(reason))


def link_notice(state: LinkState, reason: str, words: Words) -> str:
    """What to tell about a troubled link: what happened, what it means, what to do; "" when all is well."""
    if state is LinkState.LOST:
        return words(
            "The centre is out of reach; trying again. Calls at hand go on, nothing written is lost."
        )
    if state is LinkState.REFUSED:
        told = words.fault(reason) or words("The password or the sign-in is no longer accepted.")
        return words("The centre refused: {reason} Sign in again.", reason=_sentence(told))
    return ""


def present_registration(fact: RegistrationChanged | None, words: Words) -> Said | None:
    """How the telephone account stands with its registrar; None when there is nothing to register."""
    if fact is None:
        return None
    if fact.registered:
        return Said(words("Registered"), "plug", "good", fact.account)
    code = f" ({fact.sip_code})" if fact.sip_code else ""
    return Said(
        words("Not registered{code}", code=code),
        "unplug",
        "critical",
        words(
            "{reason} You cannot be called. Trying again.", reason=_sentence(words.fault(fact.reason))
        ).strip(),
    )


def registration_notice(fact: RegistrationChanged | None, words: Words) -> str:
    """What to tell about a telephone account that cannot be called, "" when nothing is."""
    said = present_registration(fact, words)
    return said.detail if said is not None and fact is not None and not fact.registered else ""


def present_sound(fact: AudioDevicesChanged | None, words: Words) -> Said | None:
    """What is missing to hear and be heard; None when nothing is, or nothing is known."""
    if fact is None or (fact.speaker and fact.microphone):
        return None
    missing = {
        (True, True): words("No speaker and no microphone"),
        (True, False): words("No speaker"),
        (False, True): words("No microphone"),
    }[not fact.speaker, not fact.microphone]
    return Said(missing, "headphone-off", "critical", words("{what}: plug in a headset.", what=missing))


def sound_notice(fact: AudioDevicesChanged, words: Words) -> str:
    """What to tell about missing sound devices, "" when nothing is missing."""
    if not fact.speaker and not fact.microphone:
        return words("There is no sound device: callers cannot hear you, nor you them. Plug in a headset.")
    if not fact.speaker:
        return words("There is no speaker: you cannot hear callers. Plug in a headset.")
    if not fact.microphone:
        return words("There is no microphone: callers cannot hear you. Plug in a headset.")
    return ""


def present_strangers(count: int, last: StrangerRefused | None, words: Words) -> Said | None:
    """Calls from nobody we know, refused without ringing; None while there was none."""
    if not count or last is None:
        return None
    return Said(
        words.count(count, "{n} stranger refused", "{n} strangers refused"),
        "user-x",
        "neutral",
        words(
            "Calls that came neither from your centre nor from your provider were refused and did not ring; "
            "the last one from {source}.",
            source=last.source,
        ),
    )


def worst(registrations: Mapping[str, RegistrationChanged]) -> RegistrationChanged | None:
    """The account that most needs to be told of: a failed one, else any."""
    facts = sorted(registrations.values(), key=lambda fact: fact.registered)
    return facts[0] if facts else None


def _sentence(text: str) -> str:
    told = text.strip()
    return told if not told or told[-1] in ".!?…" else f"{told}."
