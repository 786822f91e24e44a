"""SIP by hand: messages as text, over a socket that drops and repeats what a test wants."""

import asyncio
import re
from collections.abc import Callable

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP {codecs}\r\n"
)


def sdp(port: int = 40000, codecs: str = "0 8 101") -> str:
    """A session description."""
    return SDP.format(port=port, codecs=codecs) + "a=rtpmap:101 telephone-event/8000\r\n"


class RawPeer(asyncio.DatagramProtocol):
    """A UDP socket that keeps all that it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.answer: Callable[[str], str | None] = lambda text: None
        self._changed = asyncio.Event()
        self.transport: asyncio.DatagramTransport | None = None
        self.to = ("", 0)

    async def open(self, to: str) -> "RawPeer":
        """Bind, to speak with `host:port`."""
        host, _, port = to.rpartition(":")
        self.to = (host, int(port))
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    @property
    def port(self) -> int:
        """Ours."""
        assert self.transport is not None
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode("utf-8", "replace")
        self.heard.append(text)
        self._changed.set()
        reply = self.answer(text)
        if reply is not None and self.transport is not None:
            self.transport.sendto(reply.encode(), addr)

    def send(self, text: str | bytes) -> None:
        """Send a message as it is."""
        assert self.transport is not None
        self.transport.sendto(text if isinstance(text, bytes) else text.encode(), self.to)

    def request(
        self, method: str, *, body: str = "", to_tag: str = "", cseq: int = 1, call: str = "c1", **more: str
    ) -> str:
        """A request of ours in good form; `more` adds headers or replaces them (`_` for `-`)."""
        uri = more.pop("uri", f"sip:sales@{self.to[0]}:{self.to[1]}")
        branch = more.pop("branch", f"z9hG4bK-{call}-{cseq}-{method}")
        headers = {
            "Via": f"SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch}",
            "Max-Forwards": "70",
            "From": f'"Anna" <sip:anna@127.0.0.1:{self.port}>;tag=f1',
            "To": "<sip:sales@127.0.0.1>" + (f";tag={to_tag}" if to_tag else ""),
            "Call-ID": f"{call}@127.0.0.1",
            "CSeq": f"{cseq} {method}",
            "Contact": f"<sip:anna@127.0.0.1:{self.port}>",
        }
        if body:
            headers["Content-Type"] = "application/sdp"
        headers["Content-Length"] = str(len(body.encode()))
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        lines = [f"{name}: {value}" for name, value in headers.items() if value]
        return "\r\n".join([f"{method} {uri} SIP/2.0", *lines, "", body])

    async def until(self, holds: Callable[[list[str]], object], what: str = "it") -> None:
        """Wait until what was heard satisfies."""
        async with asyncio.timeout(10):
            while not holds(self.heard):
                self._changed.clear()
                await self._changed.wait()
        del what

    async def status(self, code: int, count: int = 1) -> str:
        """Wait for the `count`th answer with this status."""
        found = lambda heard: [text for text in heard if text.startswith(f"SIP/2.0 {code} ")]  # noqa: E731
        await self.until(lambda heard: len(found(heard)) >= count)
        return str(found(self.heard)[count - 1])

    def close(self) -> None:
        """Close the socket."""
        if self.transport is not None:
            self.transport.close()


def header(text: str, name: str) -> str:
    """A header's value."""
    match = re.search(rf"^{name}:\s*(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return match[1] if match else ""


def tag_of(text: str) -> str:
    """The tag in To."""
    return header(text, "To").partition("tag=")[2].partition(";")[0]


class Desk:
    """A desk, or a phone, by hand: answers an INVITE as told, and forgets the first `deaf` datagrams."""

    def __init__(self, peer: RawPeer, status: str, *, deaf: int = 0, body: str = "") -> None:
        self.peer = peer
        self.deaf = deaf
        self.status = status
        self.body = body
        peer.answer = self.reply

    def reply(self, text: str) -> str | None:
        """Its answer."""
        if self.deaf > 0:
            self.deaf -= 1
            return None
        method = text.split(" ", 1)[0]
        if method in {"ACK", "SIP/2.0"}:
            return None
        return self.say(text, self.status if method == "INVITE" else "200 OK")

    def say(self, request: str, status: str) -> str:
        """An answer to a request."""
        lines = [f"SIP/2.0 {status}"]
        lines += [f"{name}: {header(request, name)}" for name in ("Via", "From", "Call-ID", "CSeq")]
        lines.append(f"To: {header(request, 'To')};tag=desk")
        lines.append(f"Contact: <sip:desk@127.0.0.1:{self.peer.port}>")
        body = self.body if status.startswith(("200", "183")) and "INVITE" in header(request, "CSeq") else ""
        lines += ["Content-Type: application/sdp"] if body else []
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
