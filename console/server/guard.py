"""The check before every route: who asks, and whether the table of rights lets them."""

from ipaddress import ip_address
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from console.domain.agent import Role
from console.domain.errors import Refused
from console.server.auth import SignedIn, Tokens
from console.server.rights import ROUTES, Open

Connection = ASGIConnection[Any, Any, Any, Any]
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


class Guard:
    """Lets a request through to its handler, or answers 401 or 403; a route not in the table is closed."""

    def __init__(self, tokens: Tokens) -> None:
        """`tokens` tells who holds a token."""
        self._tokens = tokens

    async def __call__(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        """Check, and note who it is in `scope["user"]`."""
        needed = ROUTES.get(operation(connection))
        if needed is None:
            raise PermissionDeniedException(detail="This is open to nobody.")
        if needed is Open.EVERYBODY or (needed is Open.LOCAL_OR_ADMIN and is_local(connection)):
            return
        signed_in = self._signed_in(connection)
        least = Role.ADMIN if isinstance(needed, Open) else needed
        if not signed_in.role.includes(least):
            raise PermissionDeniedException(
                detail=f"This needs the role {least}; yours is {signed_in.role}. Ask your admin."
            )
        connection.scope["user"] = signed_in

    def _signed_in(self, connection: Connection) -> SignedIn:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthorizedException(
                detail="Sign in first: this needs a token (Authorization: Bearer …)."
            )
        try:
            return self._tokens.check(token.strip())
        except Refused as fault:
            raise NotAuthorizedException(detail=str(fault)) from None


def operation(connection: Connection) -> str:
    """The key of a connection in the table of rights: method (or WS) and the route's path."""
    template = str(connection.scope.get("path_template", ""))
    path = "/".join(
        f"{{{part[1:-1].split(':')[0]}}}" if part[:1] == "{" else part for part in template.split("/")
    )
    method = str(connection.scope.get("method", "WS"))
    return f"{'GET' if method == 'HEAD' else method} {path}"


def is_local(connection: Connection) -> bool:
    """Whether somebody on this very machine asks, not somebody else through a proxy on it."""
    if any(connection.headers.get(name) for name in _FORWARDED) or connection.client is None:
        return False
    try:
        return ip_address(connection.client.host).is_loopback
    except ValueError:
        return False
