"""Addresses of SIP: where a URI leads, and which of our own a peer sees."""

import socket

from aiosipua import SipUri

Address = tuple[str, int]


def peer_of(uri: SipUri) -> Address:
    """Where a SIP URI leads (RFC 3263 without DNS records): its host, and its port or 5060."""
    return uri.host.strip("[]"), uri.port or 5060


def by_tcp(uri: SipUri) -> bool:
    """Whether a SIP URI asks for TCP (`transport=tcp`); else it is UDP."""
    return (uri.params.get("transport") or "").lower() == "tcp"


def reachable(bound: str, peer: Address) -> str:
    """Our address as the peer sees it.

    The bound one, or for a wildcard the one that the route to the peer uses.
    """
    if bound not in {"0.0.0.0", "::"}:
        return bound
    family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer[0], peer[1] or 5060))
        except OSError:
            return bound
        return str(probe.getsockname()[0])
