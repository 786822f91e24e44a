"""What callers are told in which case, as names of sounds (longer ones: console.switch.phrases). Pure."""

Prompts = tuple[str, ...]

WELCOME: Prompts = ("welcome", "please-hold")
GOODBYE: Prompts = ("goodbye",)
CALLBACK_REFUSED: Prompts = ("callback-refused", "please-hold")
CALLBACK_CONFIRMED: Prompts = ("callback-confirmed",)

_CAUSES: dict[str, Prompts] = {
    "closed": ("closed",),
    "full": ("queue-full",),
    "no_agents": ("no-agents",),
}


def cause(reason: str) -> Prompts:
    """Why it cannot be taken now; nothing for reasons that a caller need not hear."""
    return _CAUSES.get(reason, ())


def farewell(reason: str) -> Prompts:
    """The last words of a call that goes nowhere."""
    return (*cause(reason), *GOODBYE)


def voicemail_greeting(reason: str) -> Prompts:
    """What is said before a message is recorded."""
    return (*cause(reason), "voicemail-greeting", "beep")
