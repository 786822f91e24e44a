"""What callers are told, as names of sounds in resources/sounds. Pure; how a language puts a number together
stands in manifest.toml there.
"""

from collections.abc import Sequence

_TENS = 10
_SPOKEN_SINGLY = 20
_HIGHEST_SPOKEN = 99
_MINUTE_S = 60.0
_HOUR_MINUTES = 60
_KEYS = {"*": "key-star", "#": "key-hash"}

Prompts = tuple[str, ...]

_CAUSES: dict[str, Prompts] = {
    "closed": ("closed",),
    "full": ("queue-full",),
    "no_agents": ("no-agents",),
}

WELCOME: Prompts = ("welcome", "please-hold")
GOODBYE: Prompts = ("goodbye",)
CALLBACK_CONFIRMED: Prompts = ("callback-confirmed",)


def spoken_number(number: int, language: str = "en") -> Prompts:
    """The prompts that speak a number from 0 to 99; beyond that none: nobody wants to hear it."""
    if not 0 <= number <= _HIGHEST_SPOKEN:
        return ()
    tens, unit = divmod(number, _TENS)
    if number <= _SPOKEN_SINGLY or unit == 0:
        return (f"number-{number}",)
    if language == "de":
        return ("number-one" if unit == 1 else f"number-{unit}", "and", f"number-{tens * _TENS}")
    return (f"number-{tens * _TENS}", f"number-{unit}")


def place(position: int, language: str) -> Prompts:
    """The place in the queue."""
    number = spoken_number(position, language)
    return ("you-are-number", *number, "in-the-queue") if number else ()


def expected_wait(seconds: float, language: str) -> Prompts:
    """A wait to expect, in minutes, rounded up: nobody is promised less than it will be."""
    minutes = max(1, -int(-seconds // _MINUTE_S))
    if minutes == 1:
        return ("expected-wait", "less-than-a-minute")
    if minutes > _HOUR_MINUTES:
        return ("expected-wait", "more-than-an-hour")
    return ("expected-wait", *spoken_number(minutes, language), "minutes")


def cause(reason: str) -> Prompts:
    """Why it cannot be taken now; nothing for reasons that a caller need not hear."""
    return _CAUSES.get(reason, ())


def farewell(reason: str) -> Prompts:
    """The last words of a call that goes nowhere."""
    return (*cause(reason), *GOODBYE)


def voicemail_greeting(reason: str) -> Prompts:
    """What is said before the tone."""
    return (*cause(reason), "voicemail-greeting")


def callback_offer(digit: str, language: str) -> Prompts:
    """Which key asks for a callback."""
    key: Sequence[str] = (
        (_KEYS[digit],) if digit in _KEYS else spoken_number(int(digit), language) if digit.isdigit() else ()
    )
    return ("callback-offer", *key)
