"""What the centre gives a desk after sign-in: chosen from its rules, and taken in at the desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from console.domain.agent import Agent
from console.domain.queue import Queue
from console.policy.provisioned import ByCentre, OwnQueue
from console.settings import ProvisionSettings
from console.settings.desk import BY_MACHINE_ONLY
from console.settings.values import flat

PATH = "/api/v1/provision"


class Provision(msgspec.Struct, frozen=True, kw_only=True):
    """A desk's provisioning: options of desk.toml by dotted name, the queues that the user serves, the keys
    whose links may be taken, and the password of `phone.uri` ("": none; only over a safe connection).
    """

    values: dict[str, Any] = {}
    queues: tuple[OwnQueue, ...] = ()
    trusted_keys: tuple[str, ...] = ()
    sip_password: str = ""


def provision_for(
    user: str,
    agent: Agent | None,
    queues: Mapping[str, Queue],
    rules: ProvisionSettings,
    sip_password: str = "",
) -> Provision:
    """What a user gets: what holds for every desk, under that of the agent's queues, under the user's own."""
    served: Sequence[str] = agent.queues if agent is not None else ()
    values = flat(rules.desks)
    for key in reversed(served):  # the dearest, the first, is put on last
        values |= flat(rules.queues.get(key, {}))
    values |= flat(rules.users.get(user, {}))
    return Provision(
        values=values,
        queues=tuple(OwnQueue(key, queues[key].name or key) for key in served if key in queues),
        trusted_keys=rules.trusted_keys,
        sip_password=sip_password,
    )


def taken_in(provision: Provision, centre: str, user: str, at: datetime) -> ByCentre:
    """What the desk keeps of it: not the password, and nothing that a centre has no say in."""
    values = {name: value for name, value in provision.values.items() if name not in BY_MACHINE_ONLY}
    return ByCentre(
        centre=centre,
        user=user,
        at=at,
        values=values,
        queues=provision.queues,
        trusted_keys=provision.trusted_keys,
    )
