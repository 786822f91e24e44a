"""Every option with its value and where it came from, for the terminal and as JSON."""

from typing import Any

import msgspec

from console.policy.keeper import Keeper
from console.policy.resolve import Origin


def explained(keeper: Keeper) -> dict[str, Any]:
    """All of it as JSON: what is wrong, the policy, each option with value, rank, source, place, reason."""
    policy, centre = keeper.policy, keeper.provisioned.centre
    return {
        "faults": keeper.faults,
        "policy": None
        if policy is None
        else {"place": policy.where, "organisation": policy.organisation, "contact": policy.contact},
        "user_file": str(keeper.file),
        "trusted_keys": keeper.trusted_keys(),
        "queues": [queue.name for queue in centre.queues] if centre is not None else [],
        "settings": [_row(origin) for origin in keeper.resolved.origins.values()],
    }


def _row(origin: Origin) -> dict[str, Any]:
    return {
        "name": origin.name,
        "value": msgspec.to_builtins(origin.value),
        "from": origin.rank.name.lower(),
        "source": origin.source,
        "place": origin.place,
        "reason": origin.reason,
        "contact": origin.contact,
    }


def listed(keeper: Keeper) -> list[str]:
    """Each option and its value, as it would stand in a file."""
    return [f"{origin.name} = {shown(origin.value)}" for origin in keeper.resolved.origins.values()]


def told(keeper: Keeper) -> list[str]:
    """Each option, its value and where it came from, in columns."""
    rows = [
        (origin.name, shown(origin.value), origin_words(origin))
        for origin in keeper.resolved.origins.values()
    ]
    name, value = (max(len(row[at]) for row in rows) for at in (0, 1))
    value = min(value, 40)
    return [f"{row[0]:{name}}  {row[1]:{value}}  {row[2]}" for row in rows]


def origin_words(origin: Origin) -> str:
    """Whose a value is, in one line."""
    words = origin.rank.words
    if origin.source not in {"Callboard", "the user"}:
        words += f" ({origin.source})"
    if origin.place:
        words += f", {origin.place}"
    return f"{words}: {origin.reason}" if origin.reason and origin.locked else words


def shown(value: Any) -> str:
    """A value as TOML writes it."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, bool):
        return str(plain).lower()
    if isinstance(plain, str):
        return msgspec.json.encode(plain).decode()
    if isinstance(plain, (list, tuple)):
        return "[" + ", ".join(shown(part) for part in plain) + "]"
    return str(plain)
