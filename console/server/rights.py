"""Who may do what: the one table for every route and websocket message. What is not in it is refused."""

from enum import Enum, auto

from console.domain.agent import Role


class Open(Enum):
    """Routes that need no token, or not always."""

    EVERYBODY = auto()
    LOCAL_OR_ADMIN = auto()
    """No token from this very machine (not through a proxy); an admin's from elsewhere."""


ROUTES: dict[str, Role | Open] = {
    "GET /health": Open.EVERYBODY,
    "GET /metrics": Open.LOCAL_OR_ADMIN,
    "POST /api/v1/sign-in": Open.EVERYBODY,
    # The websocket's token comes with its first frame, so that it stands in no URL and no log.
    "WS /api/v1/live": Open.EVERYBODY,
    "POST /api/v1/sign-out": Role.AGENT,
    "GET /api/v1/me": Role.AGENT,
    # The API's description; Litestar answers 404 under the last of them.
    "GET /schema": Role.AGENT,
    "GET /schema/openapi.json": Role.AGENT,
    "GET /schema/{path}": Role.AGENT,
    "POST /api/v1/records": Role.AGENT,
    "GET /api/v1/history": Role.AGENT,
    "GET /api/v1/interactions/{interaction}": Role.AGENT,
    "POST /api/v1/consultation": Role.AGENT,
    "POST /api/v1/dial": Role.AGENT,
    "DELETE /api/v1/dial": Role.AGENT,
    "GET /api/v1/interactions": Role.SUPERVISOR,
    "POST /api/v1/interactions/{interaction}/move": Role.SUPERVISOR,
    "POST /api/v1/interactions/{interaction}/priority": Role.SUPERVISOR,
    "POST /api/v1/interactions/{interaction}/attached": Role.AGENT,
    "POST /api/v1/interactions/{interaction}/pull": Role.SUPERVISOR,
    "GET /api/v1/interactions/{interaction}/explain": Role.SUPERVISOR,
    "GET /api/v1/plan": Role.SUPERVISOR,
    "GET /api/v1/voicemails": Role.SUPERVISOR,
    "GET /api/v1/voicemails/{interaction}/sound": Role.SUPERVISOR,
    "GET /api/v1/recordings": Role.SUPERVISOR,
    "GET /api/v1/recordings/{recording}/sound": Role.SUPERVISOR,
    "POST /api/v1/interactions/{interaction}/recording": Role.SUPERVISOR,
    "POST /api/v1/interactions/{interaction}/monitor": Role.SUPERVISOR,
    "GET /api/v1/monitorings": Role.SUPERVISOR,
    "POST /api/v1/monitorings/{monitoring}": Role.SUPERVISOR,
    "DELETE /api/v1/monitorings/{monitoring}": Role.SUPERVISOR,
    "GET /api/v1/asterisk/counters": Role.SUPERVISOR,
    "GET /api/v1/metrics": Role.AGENT,
    "GET /api/v1/figures": Role.SUPERVISOR,
    "GET /api/v1/figures.csv": Role.SUPERVISOR,
    "GET /api/v1/figures.xlsx": Role.SUPERVISOR,
    "GET /api/v1/queues": Role.AGENT,
    "GET /api/v1/agents": Role.AGENT,
    "GET /api/v1/skills": Role.AGENT,
    "GET /api/v1/provision": Role.AGENT,
    "GET /api/v1/board": Role.SUPERVISOR,
    "PUT /api/v1/queues/{key}": Role.ADMIN,
    "DELETE /api/v1/queues/{key}": Role.ADMIN,
    "PUT /api/v1/agents/{key}": Role.ADMIN,
    "DELETE /api/v1/agents/{key}": Role.ADMIN,
    "PUT /api/v1/agents/{key}/skills/{skill}": Role.ADMIN,
    "DELETE /api/v1/agents/{key}/skills/{skill}": Role.ADMIN,
    "GET /api/v1/users": Role.ADMIN,
    "PUT /api/v1/users/{name}": Role.ADMIN,
    "DELETE /api/v1/users/{name}": Role.ADMIN,
}

MESSAGES: dict[str, Role] = {
    "Hello": Role.AGENT,
    "Heartbeat": Role.AGENT,
    "board": Role.SUPERVISOR,
    "Command ready": Role.AGENT,
    "Command pause": Role.AGENT,
    "Command sign_out": Role.AGENT,
    "Command end_wrap_up": Role.AGENT,
    "Command pause_after": Role.AGENT,
    "Command extend_wrap_up": Role.AGENT,
    "Command dial": Role.AGENT,
    "Command consult": Role.AGENT,
    "Command swap": Role.AGENT,
    "Command conference": Role.AGENT,
    "Command complete": Role.AGENT,
    "Command cancel_consult": Role.AGENT,
    "Command record_start": Role.AGENT,
    "Command record_stop": Role.AGENT,
    "Command record_pause": Role.AGENT,
    "Command record_resume": Role.AGENT,
}


def may(role: Role, message: str) -> bool:
    """Whether a role may send (or be sent) a websocket message."""
    needed = MESSAGES.get(message)
    return needed is not None and role.includes(needed)
