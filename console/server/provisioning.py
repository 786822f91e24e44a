"""What a desk gets after sign-in: its telephone account, codecs, queues and other options."""

import asyncio
import logging
from pathlib import Path

from litestar import get

from console.provision.answer import PATH, Provision, provision_for
from console.server.frames import safe
from console.server.services import Asked, Needs

_log = logging.getLogger(__name__)
_PASSWORD_MOST = 1024


@get(PATH, summary="The desk's settings", tags=["configuration"])
async def provision(request: Asked, services: Needs) -> Provision:
    """What the centre's rules give the signed-in user: options of desk.toml by dotted name.

    The password of the telephone account is part of it over HTTPS and on the centre's own machine only.
    """
    user = request.user.name
    rules = services.face.settings.provision
    agent = (await services.directory.agents()).get(user)
    password = ""
    if rules.passwords and safe(request):
        password = await asyncio.to_thread(_password, Path(rules.passwords), user)
    return provision_for(user, agent, await services.directory.queues(), rules, password)


def _password(folder: Path, user: str) -> str:
    """The user's telephone password, "" when there is none."""
    if user in {".", ".."} or not user.replace("\0", "") == user == Path(user).name:
        return ""
    try:
        return (folder / user).read_text(encoding="utf-8")[:_PASSWORD_MOST].strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as fault:
        _log.warning("the telephone password of %s cannot be read: %s", user, fault)
        return ""


ROUTES = [provision]
