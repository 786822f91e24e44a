"""The ASGI application: routes, the one guard before them, errors as problems, the API's description."""

from litestar import Litestar, websocket
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from console import __version__
from console.clock import Clock
from console.server import (
    admin,
    api,
    calls,
    consulting,
    counters,
    dialling,
    interactions,
    listening,
    provisioning,
    reports,
    voicemails,
)
from console.server.auth import Brake, Passwords, Tokens
from console.server.directory import Directory
from console.server.face import CentreFace
from console.server.frames import Socket
from console.server.gauges import Gauges
from console.server.guard import Guard
from console.server.live import Live
from console.server.problems import HANDLERS, described
from console.server.rights import ROUTES, Open
from console.server.services import Needs, Services

BODY_MOST = 2 * 1024 * 1024
"""Bytes of a request's body at most."""

_PARTS = (api, calls, consulting, dialling, interactions, listening, provisioning, reports, voicemails, admin)


@websocket("/api/v1/live")
async def live(socket: Socket, services: Needs) -> None:
    """The live connection: frames of console.wire."""
    await services.live.serve(socket)


def build_services(face: CentreFace, clock: Clock) -> Services:
    """The server's parts around a centre."""
    gauges = Gauges()
    tokens = Tokens(face.users, clock, face.settings.server.token_hours)
    return Services(
        face=face,
        clock=clock,
        tokens=tokens,
        passwords=Passwords(),
        brake=Brake(clock),
        directory=Directory(face.ledger),
        gauges=gauges,
        live=Live(face, tokens, gauges, clock),
    )


def build_app(face: CentreFace, clock: Clock) -> Litestar:
    """The centre's HTTP and websocket application; `app.state.live` is its Live.

    The board updates run from start-up to shut-down; stop `app.state.live` before the server, as `run` does,
    for a farewell to all.
    """
    services = build_services(face, clock)
    face.ledger.on_written = services.gauges.written

    async def start() -> None:
        services.live.start()

    async def stop() -> None:
        await services.live.stop()

    routes = [
        *api.ROUTES,
        *calls.ROUTES,
        *counters.ROUTES,
        *interactions.ROUTES,
        *consulting.ROUTES,
        *dialling.ROUTES,
        *listening.ROUTES,
        *provisioning.ROUTES,
        *reports.ROUTES,
        *voicemails.ROUTES,
        *admin.ROUTES,
    ]
    for route in routes:
        route.responses = {**(route.responses or {}), **described(_errors(route))}
    app = Litestar(
        route_handlers=[*routes, live],
        guards=[Guard(services.tokens)],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        request_max_body_size=BODY_MOST,
        on_startup=[start],
        on_shutdown=[stop],
        openapi_config=_description(),
        logging_config=None,
    )
    app.state.live = services.live
    app.state.services = services
    return app


def _errors(route: HTTPRouteHandler) -> set[int]:
    """The errors that a route may answer with, by what it takes and who may ask."""
    (path,) = route.paths
    (method,) = route.http_methods
    right = ROUTES.get(f"{method} {path.replace(':str', '').replace(':uuid', '')}")
    errors = {400, 500, 503}
    if right is not Open.EVERYBODY:
        errors |= {401, 403}
    if "{" in path or "/figures" in path or path in {"/api/v1/interactions", "/api/v1/asterisk/counters"}:
        errors.add(404)
    if method in {"POST", "PUT"}:
        errors.add(413)
    if path.startswith("/api/v1/interactions/") and method == "POST":
        errors.add(409)
    if path.endswith("/sign-in"):
        errors |= {401, 429}
    return errors


def _description() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Callboard centre",
        version=__version__,
        description=(
            "Every route but health and sign-in needs a token: `Authorization: Bearer …`. Errors are problem "
            "details (RFC 9457). Times are ISO 8601 with an offset; durations are seconds. The live board "
            "and the desk's link are a websocket at /api/v1/live."
        ),
        components=Components(
            security_schemes={
                "token": SecurityScheme(type="http", scheme="bearer", bearer_format="Callboard")
            }
        ),
        security=[{"token": []}],
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        path="/schema",
    )
