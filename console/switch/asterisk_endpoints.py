"""Which desks are registered at an Asterisk."""

import logging
from collections.abc import Callable

import msgspec

from console.switch.ari import Ari, AriAnswer, AriEvent, Endpoint

_ONLINE = "online"
_log = logging.getLogger(__name__)


class Endpoints:
    """The names of its PJSIP endpoints that are there now."""

    def __init__(self, ari: Ari) -> None:
        """Nobody is there before `watch`."""
        self.online: set[str] = set()
        self.came: Callable[[str], None] = lambda name: None
        """Told of each that is there now and was not."""
        self._ari = ari

    def watch(self) -> None:
        """From now on; again after every loss of the connection."""
        source = {"eventSource": "endpoint:PJSIP"}
        self._ari.send("POST", f"applications/{self._ari.app}/subscription", source)
        self._ari.send("GET", "endpoints/PJSIP", answered=self._listed)

    def heard(self, event: AriEvent) -> None:
        """One came or went."""
        if event.endpoint is not None:
            self._put(event.endpoint)

    def _listed(self, answer: AriAnswer) -> None:
        if not answer.ok:
            return
        listed = msgspec.json.decode(answer.body, type=list[Endpoint])
        self.online &= {endpoint.resource for endpoint in listed}
        for endpoint in listed:
            self._put(endpoint)

    def _put(self, endpoint: Endpoint) -> None:
        if endpoint.state == _ONLINE:
            if endpoint.resource not in self.online:
                self.online.add(endpoint.resource)
                self.came(endpoint.resource)
        else:
            self.online.discard(endpoint.resource)
