"""Where a centre is, and what it gives to who signs in there."""

import ipaddress
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from console.domain.agent import Role
from console.domain.errors import SettingsError


class SignedIn(msgspec.Struct, frozen=True):
    """What a sign-in gives. The token is kept in memory only, and never shown."""

    token: str
    user: str
    role: Role
    expires_at: datetime | None = None
    name: str = ""

    def __repr__(self) -> str:
        return f"SignedIn(user={self.user!r}, role={self.role.value!r})"


class Place(msgspec.Struct, frozen=True):
    """Where a centre is: `base` for HTTP, `live` for the websocket. `loopback`: on this machine."""

    base: str
    live: str
    secure: bool
    loopback: bool


def read_url(url: str) -> Place:
    """Read the centre's URL from the settings. Raises SettingsError when it is none."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable or parts.username or parts.query or parts.fragment:
        # The text itself is not repeated where it may hold a password.
        shown = "This" if "@" in url else f"“{url}”"
        raise SettingsError(
            f"{shown} is not a centre's address. It looks like https://centre.company.example."
        )
    secure = parts.scheme == "https"
    rest = f"{parts.netloc}{parts.path.rstrip('/')}"
    live = f"{'wss' if secure else 'ws'}://{rest}/api/v1/live"
    return Place(f"{parts.scheme}://{rest}", live, secure, _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
