"""Whose a setting is, in the person's words."""

from collections.abc import Mapping
from typing import NamedTuple

from console.policy.policy import THIS_COMPUTER
from console.policy.provisioned import CENTRE, LINK
from console.policy.resolve import Origin, Rank
from ui.widgets.words import Words


class Given(NamedTuple):
    """What others decided for the person: whose each option is, and the queues that are served."""

    origins: Mapping[str, Origin] = {}
    queues: tuple[str, ...] = ()


def who(source: str, words: Words) -> str:
    """Who gave a value, in the person's language."""
    if source == THIS_COMPUTER:
        return words("the policy of this computer")
    if source.startswith(CENTRE):
        return words("the centre {url}", url=source.removeprefix(CENTRE))
    if source.startswith(LINK):
        return words("a link of {issuer}", issuer=source.removeprefix(LINK))
    return source


def given_words(origin: Origin | None, words: Words) -> str:
    """Who gave a value that is not the person's own, and why; "" when there is nothing to say."""
    if origin is None or origin.rank in {Rank.USER, Rank.BUILT_IN}:
        return ""
    source = who(origin.source, words)
    if not origin.locked:
        return words("Preset by {who}.", who=source)
    told = [words("Locked by {who}.", who=source)]
    if origin.reason:
        told.append(f"{origin.reason.rstrip('.')}.")
    if origin.contact:
        told.append(words("Questions: {contact}", contact=origin.contact))
    return " ".join(told)
