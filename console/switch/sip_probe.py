"""Whether something speaks SIP at an address: an OPTIONS request (RFC 3261, 11), and any answer to it."""

import asyncio
import secrets
from contextlib import suppress

_WAIT_S = 2.0
_AGAIN_S = 0.5
ANSWER = b"SIP/2.0 "
"""Every answer begins so."""


async def answers_tcp(host: str, port: int) -> bool:
    """Over TCP."""
    try:
        async with asyncio.timeout(_WAIT_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(options_request(host, port, "TCP", writer.get_extra_info("sockname")))
                said: bytes = await reader.read(len(ANSWER))
                return said.startswith(ANSWER)
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False


async def answers_udp(host: str, port: int) -> bool:
    """Over UDP; asked more than once, for datagrams get lost."""
    loop = asyncio.get_running_loop()
    try:
        transport, probe = await loop.create_datagram_endpoint(_Probe, remote_addr=(host, port))
    except OSError:
        return False
    try:
        asked = options_request(host, port, "UDP", transport.get_extra_info("sockname"))
        for _ in range(int(_WAIT_S / _AGAIN_S)):
            transport.sendto(asked)
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(probe.answered), _AGAIN_S)
        return False
    finally:
        transport.close()


class _Probe(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._settle(answered=data.startswith(ANSWER))

    def error_received(self, exc: Exception) -> None:
        self._settle(answered=False)  # nobody listens there

    def _settle(self, *, answered: bool) -> None:
        if not self.answered.done():
            self.answered.set_result(answered)


def options_request(host: str, port: int, transport: str, here: tuple[str, int]) -> bytes:
    """An OPTIONS request to there, from `here`."""
    own = f"[{here[0]}]:{here[1]}" if ":" in here[0] else f"{here[0]}:{here[1]}"
    there = f"[{host}]" if ":" in host else host
    token = secrets.token_hex(8)
    lines = (
        f"OPTIONS sip:{there}:{port} SIP/2.0",
        f"Via: SIP/2.0/{transport} {own};rport;branch=z9hG4bK{token}",
        "Max-Forwards: 70",
        f"From: <sip:check@{own}>;tag={token}",
        f"To: <sip:{there}:{port}>",
        f"Call-ID: {token}@callboard",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:check@{own}>",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
