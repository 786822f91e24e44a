"""`callboardctl kpi --asterisk`: Asterisk's own counters beside the figures of a ledger."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from console.centre.reconciled import beside, since_start
from console.clock import Clock
from console.domain.counters import QueueCounters
from console.domain.errors import BadInput
from console.domain.events import LedgerEvent
from console.metrics.increments import Dimension
from console.metrics.snapshot import Fold
from console.settings import CentreSettings
from console.switch.ami import Ami
from console.switch.ami_command import watched_of
from console.switch.ami_events import counters, is_a
from console.switch.ami_members import Names


def both(settings: CentreSettings, events: Iterable[LedgerEvent], clock: Clock) -> list[QueueCounters]:
    """Ask the Asterisk that the settings name. Raises BadInput, SettingsError, NetworkError."""
    if settings.switch.kind != "app_queue":
        raise BadInput('--asterisk is for a centre that watches: switch.kind = "app_queue" in --config.')
    fold = Fold(keep_increments=True)
    for sequence, event in enumerate(events, start=1):
        fold.apply(event, sequence)
    return asyncio.run(_asked(settings, fold, clock.now()))


async def _asked(settings: CentreSettings, fold: Fold, now: datetime) -> list[QueueCounters]:
    watched = watched_of(settings)
    names = Names(watched)
    ami = Ami(watched.place, lambda event: None)
    await ami.open()
    try:
        lines = await ami.list("QueueStatus")
        said = await ami.ask("CoreStatus")
    finally:
        await ami.close()
    since = since_start(f"{said.get('CoreStartupDate', '')} {said.get('CoreStartupTime', '')}", now)
    theirs = [
        counters(one) for one in lines if is_a(one, "QueueParams") and names.watches(one.get("Queue", ""))
    ]
    ours = [one for one in fold.take_increments() if one.dimension is Dimension.QUEUE and one.start >= since]
    return beside(theirs, ours, fold.standings.queues, names.queues, since)
