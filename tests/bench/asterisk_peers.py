"""The other side of bench_asterisk: callers and agents as bare UDP, in a process of their own.

Reads one line of JSON for each run (`to`: host, port and user to call; `rate` in calls/s, `calls`, `talk_s`)
and answers with one: seconds from each caller's INVITE to its agent's, and how many calls were never rung.
Says its own two addresses first. There is no media: what is compared is signalling.
"""

import asyncio
import contextlib
import json
import re
import secrets
import sys
import time
from typing import Any

_NUMBER = re.compile(rb"^From:[^\r]*sip:([^@;>]+)@", re.MULTILINE | re.IGNORECASE)
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)
_COPIED = (b"via:", b"from:", b"call-id:", b"cseq:")
_PATIENCE_S = 20.0


class Agents(asyncio.DatagramProtocol):
    """Every agent's desk: answers at once, and agrees to all."""

    def __init__(self) -> None:
        self.rung: dict[str, float] = {}
        self.on_ring: Any = None
        self._changed = asyncio.Event()
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        now = time.perf_counter()
        method = data.partition(b" ")[0]
        if method == b"INVITE":
            number = _NUMBER.search(data)
            caller = number[1].decode() if number else ""
            fresh = b"To:" in data and b";tag=" not in _line(data, b"to:")
            if fresh and caller not in self.rung:
                self.rung[caller] = now
                self.on_ring(caller)
                self._changed.set()
            self._say(data, addr, _SDP)
        elif method not in (b"ACK", b"SIP/2.0"):
            self._say(data, addr, "")

    async def ring(self, number: str, until: float) -> None:
        """Wait until this caller has been rung for, or the loop's time is `until`."""
        self._changed = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while number not in self.rung:
                    self._changed.clear()
                    await self._changed.wait()

    def _say(self, data: bytes, addr: Any, body: str) -> None:
        port = self._transport.get_extra_info("sockname")[1]
        self._transport.sendto(_answer(data, port, body), addr)


class Callers(asyncio.DatagramProtocol):
    """Every caller: calls, acknowledges, hangs up."""

    def __init__(self) -> None:
        self.called: dict[str, float] = {}
        self.refused = 0
        self._transport: Any = None
        self._dialogs: dict[str, tuple[str, str, tuple[str, int]]] = {}  # number -> call-id, to, where

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def call(self, number: str, user: str, where: tuple[str, int]) -> None:
        uri = f"sip:{user}@{where[0]}:{where[1]}"
        self._dialogs[number] = (secrets.token_hex(8), f"<{uri}>", where)
        self.called[number] = time.perf_counter()
        self._send("INVITE", number, 1, _SDP)

    def hang_up(self, number: str) -> None:
        if number in self._dialogs:
            self._send("BYE", number, 2, "")

    def _send(self, method: str, number: str, cseq: int, body: str) -> None:
        call_id, to, where = self._dialogs[number]
        port = self._transport.get_extra_info("sockname")[1]
        uri = to[1 : to.index(">")]
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{call_id}{method}{cseq}",
            "Max-Forwards: 70",
            f"From: <sip:{number}@127.0.0.1>;tag={call_id}",
            f"To: {to}",
            f"Call-ID: {call_id}-{number}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:{number}@127.0.0.1:{port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._transport.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), where)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not data.startswith(b"SIP/2.0"):
            if not data.startswith(b"ACK"):
                port = self._transport.get_extra_info("sockname")[1]
                self._transport.sendto(_answer(data, port, _SDP if data.startswith(b"INVITE") else ""), addr)
            return
        code = int(data[8:11])
        if b"INVITE" not in _line(data, b"cseq:") or code < 200:
            return
        found = _NUMBER.search(data)
        number = found[1].decode() if found else ""
        if number not in self._dialogs:
            return
        call_id, _, where = self._dialogs[number]
        to = _line(data, b"to:").partition(b":")[2].strip().decode()
        self._dialogs[number] = (call_id, to, where)
        self._send("ACK", number, 1, "")
        if code >= 300:
            self.refused += 1
            del self._dialogs[number]


def _line(data: bytes, name: bytes) -> bytes:
    for line in data.split(b"\r\n"):
        if line[: len(name)].lower() == name:
            return line
    return b""


def _answer(data: bytes, port: int, body: str) -> bytes:
    lines = [b"SIP/2.0 200 OK"]
    for line in data.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        low = line[:8].lower()
        if low.startswith(b"to:"):
            lines.append(line if b";tag=" in line else line + b";tag=" + secrets.token_hex(4).encode())
        elif low.startswith(_COPIED):
            lines.append(line)
    lines.append(f"Contact: <sip:peer@127.0.0.1:{port}>".encode())
    if body:
        lines.append(b"Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(body)}".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body.encode()


async def _run(callers: Callers, agents: Agents, order: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    where = (order["host"], order["port"])
    numbers = [f"{order['first'] + index}" for index in range(order["calls"])]
    agents.on_ring = lambda number: loop.call_later(order["talk_s"], callers.hang_up, number)
    began = loop.time()
    for index, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, began + index / order["rate"] - loop.time()))
        callers.call(number, order["user"], where)
    for number in numbers:
        await agents.ring(number, began + order["calls"] / order["rate"] + _PATIENCE_S)
    await asyncio.sleep(order["talk_s"] + 0.5)
    rung = [number for number in numbers if number in agents.rung]
    return {
        "seconds": [agents.rung[number] - callers.called[number] for number in rung],
        "never": len(numbers) - len(rung),
        "refused": callers.refused,
    }


async def main() -> None:
    loop = asyncio.get_running_loop()
    desks, agents = await loop.create_datagram_endpoint(Agents, local_addr=("127.0.0.1", 0))
    _, callers = await loop.create_datagram_endpoint(Callers, local_addr=("127.0.0.1", 0))
    print(json.dumps({"agents": desks.get_extra_info("sockname")[1]}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await _run(callers, agents, json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
