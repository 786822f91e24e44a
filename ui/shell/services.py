"""What the window needs from the desk, gathered: narrow Protocols; composition brings the real ones."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from console.clock import Clock
from console.domain.agent import Role
from console.domain.events import LinkState
from console.settings import DeskSettings
from console.wire import AgentView, Welcome
from ui.bridge import Bridge, Runner
from ui.history.services import History
from ui.settings.services import Provisioning
from ui.settings.words import Given
from ui.telephony.services import Contacts, Phone
from ui.widgets.words import Words


class Link(Protocol):
    """The link to the centre."""

    @property
    def state(self) -> LinkState: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def user(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def role(self) -> Role | None: ...  # noqa: D102
    @property
    def welcome(self) -> Welcome | None: ...  # noqa: D102
    @property
    def agent_view(self) -> AgentView | None: ...  # noqa: D102
    @property
    def clock_offset(self) -> timedelta: ...  # noqa: D102

    async def sign_in(self, url: str, user: str, password: str) -> None:
        """Sign in. Raises Refused, NetworkError or SettingsError, in words."""
        ...

    async def sign_out(self) -> None:
        """Leave the centre."""
        ...

    def try_now(self) -> None:
        """Try to reach a lost centre at once."""
        ...

    async def command(self, action: str, argument: str = "") -> None:
        """ready, pause, end_wrap_up. Raises Refused with the centre's words."""
        ...


class Archive(History, Contacts, Protocol):
    """The desk's history: what is listed, and whom the person may mean."""


class Memory(Protocol):
    """Small things that are kept from one run to the next, by name."""

    def read(self, name: str) -> bytes:
        """What was kept, or nothing."""
        ...

    def write(self, name: str, value: bytes) -> None:
        """Keep it."""
        ...


@dataclass(frozen=True)
class Devices:
    """The sound devices there are, by name."""

    speakers: tuple[str, ...] = ()
    microphones: tuple[str, ...] = ()


def no_devices() -> Devices:
    """Nothing is known of sound devices."""
    return Devices()


@dataclass(frozen=True)
class Services:
    """Everything the agent's window needs.

    `export(kind, path)` writes the history as csv or json; `save(settings, password)` keeps the settings
    (password None: unchanged) and puts them to use; both raise an EnvironmentFault in words. `devices` is
    asked when the settings open.
    """

    phone: Phone
    history: Archive
    link: Link
    bridge: Bridge
    runner: Runner
    clock: Clock
    words: Words
    memory: Memory
    settings: Callable[[], DeskSettings]
    save: Callable[[DeskSettings, str | None], Coroutine[Any, Any, None]]
    export: Callable[[str, Path], Coroutine[Any, Any, None]]
    devices: Callable[[], Devices] = no_devices
    centres: Sequence[str] = ()  # centres signed in to before, the last one first
    given: Callable[[], Given] = Given  # what others decided of the settings
    provisioning: Provisioning | None = None  # for links with settings
