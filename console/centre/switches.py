"""The voice switch that the settings name, and what is told of it at the start."""

from collections import Counter

from msgspec.structs import replace

from console import paths
from console.centre.centre import Centre
from console.centre.watched import WatchedCentre
from console.clock import Clock
from console.domain.errors import SettingsError
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.settings import KINDS, AsteriskNode, AsteriskSettings, CentreSettings, password_of
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch
from console.switch.asterisk_accounts import Phones
from console.switch.asterisk_config import node_secret
from console.switch.asterisk_nodes import AsteriskNodes
from console.switch.embedded import EmbeddedSwitch
from console.switch.switch import Switch


def switch_of(settings: CentreSettings, clock: Clock) -> Switch | None:
    """Made, not started; None when no calls are carried. Raises SettingsError."""
    match settings.switch.kind:
        case "embedded":
            return EmbeddedSwitch(settings.switch, clock, paths.resources() / "sounds")
        case "asterisk":
            return _asterisk(settings, clock)
        case "none" | "app_queue":
            return None
    raise SettingsError(
        f"switch.kind: there is no switch “{settings.switch.kind}”. Use one of {', '.join(KINDS)}."
    )


def centre_of(
    settings: CentreSettings, clock: Clock, ledger: Ledger, users: Users, switch: Switch | None
) -> Centre:
    """A centre that routes by the switch, or one that watches. Raises SettingsError."""
    if settings.switch.kind == "app_queue":
        return WatchedCentre(settings, clock, ledger, users)
    return Centre(settings, clock, ledger, users, switch)


def _asterisk(settings: CentreSettings, clock: Clock) -> Switch:
    nodes = settings.switch.asterisk.all_nodes()
    options = [asterisk_options(settings, node) for node in nodes]
    if len(nodes) == 1:
        return AsteriskSwitch(options[0], clock)
    secret = node_secret(options[0].password)
    several = [
        replace(one, sip=node.sip, node_secret=secret) for one, node in zip(options, nodes, strict=True)
    ]
    return AsteriskNodes(several, clock)


def asterisk_options(settings: CentreSettings, node: AsteriskNode) -> AsteriskOptions:
    """What one Asterisk is driven with, its password read. Raises SettingsError."""
    switch = settings.switch
    return AsteriskOptions(
        url=node.url,
        user=node.user,
        password=password_of(node),
        app=switch.asterisk.app,
        endpoint=switch.asterisk.endpoint,
        sounds=switch.asterisk.sounds,
        language=switch.language,
        trunk=switch.trunk,
        name=node.name,
        fallback=switch.asterisk.fallback,
        queue_log=switch.asterisk.queue_log,
        phones=_phones(switch.asterisk, node),
        attached=switch.attached,
    )


def _phones(asterisk: AsteriskSettings, node: AsteriskNode) -> Phones | None:
    """How agents' phones register there; None when they do not."""
    if asterisk.phones != "registered":
        return None
    return Phones(
        sip=asterisk.phones_at(node),
        transport=asterisk.phone_transport,
        srtp=asterisk.phone_srtp,
        context=asterisk.context,
    )


def sip_of(switch: Switch | None, settings: CentreSettings) -> tuple[str, str]:
    """Where phones reach the switch over UDP and over TCP, host:port."""
    if isinstance(switch, EmbeddedSwitch):
        return switch.addresses
    if isinstance(switch, AsteriskSwitch | AsteriskNodes):
        sip = settings.switch.asterisk.all_nodes()[0].sip
        return sip, sip
    return "", ""


def metrics_of(switch: Switch | None) -> Counter[str] | None:
    """What the switch counts."""
    return switch.metrics if isinstance(switch, EmbeddedSwitch | AsteriskSwitch) else None
