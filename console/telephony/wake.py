"""Waking the engine thread out of its poll, from any thread."""

import logging
import socket

_log = logging.getLogger(__name__)
_EVERYWHERE = frozenset({"", "0.0.0.0"})


class Waker:
    """Sends keep-alives to our own SIP port over UDP.

    A CRLF is a keep-alive that SIP ignores (RFC 5626 4.4.1); the poll returns for it within a tenth of a
    millisecond.
    """

    def __init__(self, bind: str, port: int) -> None:
        """`bind`: the address that the SIP port is bound to, "" for all."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1" if bind in _EVERYWHERE else bind, port))
        self._socket.settimeout(0)

    def wake(self) -> None:
        """Let the poll return. If that cannot be, the poll's own pace has to do."""
        try:
            self._socket.send(b"\r\n")
        except OSError as fault:
            _log.debug("cannot wake the engine: %s", fault)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
