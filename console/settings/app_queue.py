"""`[switch.app_queue]`: the Asterisk whose own queues are watched, and what they and agents are called."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from console.domain.errors import SettingsError
from console.domain.plan import Fault
from console.settings.declaration import Port, Section, told

SECRET = "CALLBOARD_AMI_SECRET"
"""The environment variable for the secret where no file is named."""

EXTENSION = "{extension}"
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_LONGEST = 1024
_BAD = ",;|\r\n"


class AppQueueSettings(Section, frozen=True, kw_only=True):
    """`[switch.app_queue]`: used with `switch.kind = "app_queue"`."""

    host: Annotated[str, told("Where Asterisk's manager interface (AMI) is.")] = "127.0.0.1"
    port: Annotated[Port, told("Its TCP port; with tls usually 5039.")] = 5038
    tls: Annotated[bool, told("Whether that port speaks TLS.")] = False
    tls_ca: Annotated[
        str, told("PEM file of the authority that signed its certificate; empty: the system's.")
    ] = ""
    user: Annotated[str, told("Our user in manager.conf.")] = "callboard"
    secret_file: Annotated[
        str,
        told(
            f"File with that user's secret alone; empty: the environment variable {SECRET}. The secret "
            "itself never stands in this file."
        ),
    ] = ""
    queue_log: Annotated[
        str,
        told(
            "Asterisk's queue_log where the centre can read it: what happened while the centre was away. "
            "Empty: that is not in the figures."
        ),
    ] = ""
    interface: Annotated[
        str, told(f"The queue member that an agent is; {EXTENSION} stands for the agent's extension.")
    ] = f"PJSIP/{EXTENSION}"
    state_interface: Annotated[
        str, told("The device that tells whether the agent is free; empty: the member itself.")
    ] = ""
    agents: Annotated[
        dict[str, str], told("Extensions of agents by their keys; who is not here has the key as extension.")
    ] = {}  # noqa: RUF012 - msgspec copies an empty default
    queues: Annotated[
        dict[str, str], told("Asterisk's names of queues by our keys; who is not here is called as the key.")
    ] = {}  # noqa: RUF012 - msgspec copies an empty default

    def faults(self) -> Iterator[Fault]:
        """What cannot be, as options below this table and words."""
        for option in ("host", "user"):
            text = getattr(self, option)
            if not text.strip() or any(sign in text for sign in _BAD):
                yield option, "this is empty, or has a comma, semicolon, bar or line break"
        if not self.port:
            yield "port", "a port is from 1 to 65535"
        if EXTENSION not in self.interface or any(sign in self.interface for sign in _BAD):
            yield "interface", f"this has to hold {EXTENSION}, and no comma, semicolon, bar or line break"
        for option in ("agents", "queues"):
            yield from _doubled(option, getattr(self, option))

    def warnings(self) -> Iterator[Fault]:
        """What may be meant but is not safe, or not whole."""
        if not self.tls and self.host not in _HERE:
            yield "tls", f"who calls whom goes to {self.host} and back in the clear: set tls"
        if not self.queue_log:
            yield "queue_log", "it is empty, so what happens while the centre is away is not in the figures"


def _doubled(option: str, table: dict[str, str]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for ours, theirs in table.items():
        if not theirs.strip() or any(sign in theirs for sign in _BAD):
            yield f"{option}.{ours}", "this is empty, or has a comma, semicolon, bar or line break"
        elif theirs in seen:
            yield f"{option}.{ours}", f"“{theirs}” is the one of {seen[theirs]} already"
        seen[theirs] = ours


def secret_of(settings: AppQueueSettings) -> str:
    """The secret of our manager user. Raises SettingsError when there is none, with what to do."""
    if not settings.secret_file:
        found = os.environ.get(SECRET, "")
        if found:
            return found
        raise SettingsError(
            f"switch.app_queue.secret_file: it is empty and {SECRET} is not set, so nothing tells the secret "
            f"of “{settings.user}” at {settings.host}. Write it into a file that only the centre can read, "
            "and name that file."
        )
    try:
        found = Path(settings.secret_file).read_text(encoding="utf-8")[:_LONGEST].strip()
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise SettingsError(
            f"switch.app_queue.secret_file: {settings.secret_file} cannot be read: {why}. It has to hold the "
            f"secret of “{settings.user}” in manager.conf, readable for the centre."
        ) from None
    if not found:
        raise SettingsError(f"switch.app_queue.secret_file: {settings.secret_file} is empty")
    return found
