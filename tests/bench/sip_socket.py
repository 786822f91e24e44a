"""A SIP peer that is nothing but a UDP socket: it times answers from outside, and talks RTP."""

import re
import secrets
import socket
import struct
import time

WAIT_S = 5.0


class Peer:
    """One socket for SIP and one for RTP on 127.0.0.1."""

    def __init__(self) -> None:
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind(("127.0.0.1", 0))
        self.sip.settimeout(WAIT_S)
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind(("127.0.0.1", 0))
        self.rtp.setblocking(False)
        self.port = self.sip.getsockname()[1]
        self.sdp = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.rtp.getsockname()[1]} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )

    def close(self) -> None:
        self.sip.close()
        self.rtp.close()

    def receive(self) -> tuple[str, float, tuple[str, int]]:
        """The next SIP message, when it came, from where."""
        data, source = self.sip.recvfrom(65_535)
        return data.decode(errors="replace"), time.perf_counter(), source

    def call(self, contact: str) -> "Dialog":
        return Dialog(self, contact)


class Dialog:
    """One call of the peer's to a contact: INVITE, its answers with their times, ACK, BYE."""

    def __init__(self, peer: Peer, contact: str) -> None:
        self.peer = peer
        self.uri = contact
        host, _, port = contact.partition("@")[2].partition(":")
        self.where = (host, int(port.partition(";")[0]))
        self.call_id = secrets.token_hex(8)
        self.to_tag = ""
        self.answer_sdp = ""

    def request(self, method: str, cseq: int, body: str = "") -> bytes:
        """A request in this call, ready to send; a CANCEL is in the INVITE's transaction."""
        branch = self.call_id + ("INVITE" if method == "CANCEL" else method)
        to = f"<{self.uri}>" + (f";tag={self.to_tag}" if self.to_tag else "")
        lines = [
            f"{method} {self.uri} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.peer.port};branch=z9hG4bK{branch}",
            "Max-Forwards: 70",
            f"From: <sip:bench@127.0.0.1>;tag={self.call_id}",
            f"To: {to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:bench@127.0.0.1:{self.peer.port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def invite(self) -> dict[int, float]:
        """Send INVITE; returns seconds to each status up to the final one, and acknowledges that."""
        times: dict[int, float] = {}
        began = time.perf_counter()
        self.peer.sip.sendto(self.request("INVITE", 1, self.peer.sdp), self.where)
        while not any(code >= 200 for code in times):
            text, at, _ = self.peer.receive()
            status = re.match(r"SIP/2.0 (\d{3})", text)
            if status and self.call_id in text and "INVITE" in text:
                times.setdefault(int(status[1]), at - began)
                self.learn(text)
        self.peer.sip.sendto(self.request("ACK", 1), self.where)
        return times

    def learn(self, text: str) -> None:
        """Note the other side's tag and SDP."""
        tag = re.search(r"^(?:To|t):.*;tag=([^;\s]+)", text, re.MULTILINE | re.IGNORECASE)
        self.to_tag = tag[1] if tag else self.to_tag
        self.answer_sdp = text.partition("\r\n\r\n")[2] or self.answer_sdp

    def bye(self) -> None:
        """Send BYE and wait for its answer."""
        self.peer.sip.sendto(self.request("BYE", 2), self.where)
        while True:
            text, _, _ = self.peer.receive()
            if text.startswith("SIP/2.0 200") and "BYE" in text and self.call_id in text:
                return

    def talk(self, seconds: float) -> int:
        """Send a PCMU packet every 20 ms; returns how many came back meanwhile."""
        found = re.search(r"^m=audio (\d+)", self.answer_sdp, re.MULTILINE)
        assert found is not None
        where = (self.where[0], int(found[1]))
        came = 0
        began = time.perf_counter()
        for number in range(int(seconds * 50)):
            header = struct.pack("!BBHII", 0x80, 0, number, number * 160, 7)
            self.peer.rtp.sendto(header + bytes([number % 256]) * 160, where)
            time.sleep(max(0.0, began + (number + 1) * 0.02 - time.perf_counter()))
            came += self._drain()
        return came

    def _drain(self) -> int:
        came = 0
        while True:
            try:
                self.peer.rtp.recv(2048)
            except BlockingIOError:
                return came
            came += 1


def refuse(peer: Peer, text: str, source: tuple[str, int], code: int = 486) -> None:
    """Answer a request with a refusal, copying what has to be copied."""
    keep = re.findall(r"^(?:Via|From|To|Call-ID|CSeq|v|f|t|i):.*$", text, re.MULTILINE | re.IGNORECASE)
    lines = [line.rstrip("\r") for line in keep]
    lines = [line + ";tag=bench" if re.match(r"(?i)(to|t):", line) else line for line in lines]
    answer = f"SIP/2.0 {code} Busy Here\r\n" + "\r\n".join(lines) + "\r\nContent-Length: 0\r\n\r\n"
    peer.sip.sendto(answer.encode(), source)
