"""What the routes work with: the centre's face and the server's own parts, handed to each handler."""

from typing import Any

import msgspec
from litestar import Request
from litestar.di import NamedDependency

from console.clock import Clock
from console.server.auth import Brake, Passwords, SignedIn, Tokens
from console.server.directory import Directory
from console.server.face import CentreFace
from console.server.gauges import Gauges
from console.server.live import Live


class Services(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Everything a handler may need; made once by `build_app`."""

    face: CentreFace
    clock: Clock
    tokens: Tokens
    passwords: Passwords
    brake: Brake
    directory: Directory
    gauges: Gauges
    live: Live


Needs = NamedDependency[Services]
"""How a handler asks for them."""

Asked = Request[SignedIn, Any, Any]
"""A request by somebody whose token is good: `.user` is who."""
