"""What the offer of a link with settings needs, gathered."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.clock import Clock
from ui.bridge import Runner
from ui.settings.home import SettingsHome
from ui.widgets.words import Words

if TYPE_CHECKING:
    from console.provision.link import Offered


@dataclass(frozen=True)
class Provisioning:
    """`take(offered, replacing)` keeps what a link brings and puts it to use; it raises EnvironmentFault."""

    words: Words
    runner: Runner
    clock: Clock
    home: SettingsHome
    take: Callable[["Offered", bool], Coroutine[Any, Any, None]]
