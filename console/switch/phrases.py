"""What is said to callers, as names of prompts in their order (resources/sounds/manifest.toml). Pure."""

_TENS = 10
_SPOKEN_SINGLY = 20
_HIGHEST = 99
_MINUTE_S = 60.0
_KEYS = {"*": "star", "#": "hash"}


def number(value: int, language: str = "en") -> tuple[str, ...]:
    """A number from 0 to 99; beyond that nothing: nobody wants to hear it."""
    if not 0 <= value <= _HIGHEST:
        return ()
    tens, unit = divmod(value, _TENS)
    if value <= _SPOKEN_SINGLY or unit == 0:
        return (f"number-{value}",)
    if language == "de":
        return ("number-one" if unit == 1 else f"number-{unit}", "and", f"number-{tens * _TENS}")
    return (f"number-{tens * _TENS}", f"number-{unit}")


def place(position: int, language: str = "en") -> tuple[str, ...]:
    """Your number in the queue; nothing beyond 99."""
    said = number(position, language)
    return ("you-are-number", *said, "in-the-queue") if said else ()


def expected_wait(seconds: float, language: str = "en") -> tuple[str, ...]:
    """The expected wait, to the nearest minute; nothing beyond 99 minutes."""
    if seconds < _MINUTE_S:
        return ("expected-wait", "less-than-a-minute")
    minutes = int(seconds / _MINUTE_S + 0.5)
    if minutes == 1:
        return ("expected-wait", "one-minute")
    said = number(minutes, language)
    return ("expected-wait", *said, "minutes") if said else ()


def callback_offer(key: str) -> tuple[str, ...]:
    """Which key asks for a callback; nothing for what is no key."""
    if len(key) != 1 or key not in "0123456789*#":
        return ()
    return ("please-press", _KEYS.get(key, f"number-{key}"), "to-be-called-back")
