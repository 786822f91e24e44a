"""The phone at a TLS registrar, at one that comes back, and at a peer that lets it choose the codec."""

import asyncio
import re
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from console.settings import PhoneSettings
from console.telephony import pjsua_accounts
from console.telephony.accounts import engine_settings, system_authorities
from console.telephony.engine import (
    Account,
    AccountState,
    CallConfirmed,
    CallMediaChanged,
    EngineSettings,
    EngineStarted,
    Transport,
)
from console.telephony.live import words_for_registration
from console.telephony.pjsua import PjsuaEngine
from tests.bench.sip_socket import Peer
from tests.telephony.far import Facts
from tests.telephony.test_pjsua_engine import Registrar

pytestmark = pytest.mark.sip


class StreamRegistrar(Registrar):
    """The same over TCP or TLS."""

    async def serve(self, port: int = 0, tls: ssl.SSLContext | None = None) -> asyncio.Server:
        return await asyncio.start_server(self._talk, "127.0.0.1", port, ssl=tls)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.transport = _Writer(writer)  # type: ignore[assignment]
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.datagram_received(head, ())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class _Writer:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def sendto(self, data: bytes, _source: object) -> None:
        self._writer.write(data)


class Phone:
    """An engine and its facts."""

    def __init__(self, **settings: object) -> None:
        self.facts = Facts()
        self.engine = PjsuaEngine(EngineSettings(bind="127.0.0.1", **settings))  # type: ignore[arg-type]

    async def register(self, host: str, port: int, transport: Transport) -> AccountState:
        mark = len(self.facts.all)
        self.engine.add_account(
            Account(
                key="pbx",
                uri=f"sip:anna@{host}",
                registrar=f"sip:{host}:{port}",
                password="pw",
                transport=transport,
                contact_user="secret",
            )
        )
        state: AccountState = await self.facts.of(AccountState, mark)
        return state


@pytest.fixture
async def open_phone() -> AsyncIterator[Callable[..., Phone]]:
    opened: list[Phone] = []

    def begin(**settings: object) -> Phone:
        phone = Phone(**settings)
        phone.engine.start(phone.facts.add)
        opened.append(phone)
        return phone

    yield begin
    for phone in opened:
        await asyncio.to_thread(phone.engine.stop)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that is its own authority; its key lies beside it."""
    made = tmp_path / "pbx.crt"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=127.0.0.1",
            ),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(tmp_path / "pbx.key"), "-out", str(made)),
        ],
        check=True,
        capture_output=True,
    )
    return made


@pytest.mark.parametrize(
    ("known", "host", "code"), [(True, "127.0.0.1", 200), (False, "127.0.0.1", 503), (True, "localhost", 503)]
)
async def test_tls_registrars_must_prove_who_they_are(
    open_phone: Callable[..., Phone], authority: Path, known: bool, host: str, code: int
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority, authority.with_suffix(".key"))
    registrar = StreamRegistrar("pw")
    async with await registrar.serve(tls=tls) as server:
        phone = open_phone(tls_ca_file=str(authority) if known else system_authorities())
        state = await phone.register(host, server.sockets[0].getsockname()[1], Transport.TLS)
        assert state.code == code
        assert bool(registrar.contact) == (code == 200)
        if code != 200:
            assert "certificate" in words_for_registration(state.code, state.reason)
        await asyncio.to_thread(phone.engine.stop)


async def test_a_registrar_that_comes_back_is_found_again(
    open_phone: Callable[..., Phone], free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pjsua_accounts, "FIRST_RETRY_S", 0.2)
    phone = open_phone()
    gone = await phone.register("127.0.0.1", free_port, Transport.TCP)
    assert (gone.code, gone.expires_s) == (503, 0)
    async with await StreamRegistrar("pw").serve(free_port):
        back = await phone.facts.of(AccountState, code=200)
        assert back.expires_s > 0
        await asyncio.to_thread(phone.engine.stop)


def test_settings_name_the_authorities(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.touch()
    assert engine_settings(PhoneSettings(tls_ca=str(own))).tls_ca_file == str(own)
    assert engine_settings(PhoneSettings()).tls_ca_file == system_authorities()


class ChoosyPeer:
    """Answers with two codecs, so that the phone settles on one by UPDATE; answers that late."""

    sdp = "m=audio {port} RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na={way}\r\n"

    def __init__(self) -> None:
        self.peer = Peer()
        self.offers: list[str] = []
        self.kept: list[tuple[str, tuple[str, int]]] = []

    async def until(self, method: str) -> None:
        """Answer what comes, up to and with a request of a method; an UPDATE is kept unanswered."""
        while True:
            text, _, source = await asyncio.to_thread(self.peer.receive)
            if text.startswith("INVITE"):
                self.offers.append(re.findall(r"^a=(sendrecv|sendonly)", text, re.MULTILINE)[-1])
            if text.startswith("UPDATE"):
                self.kept.append((text, source))
            elif not text.startswith("ACK"):
                self.answer(text, source)
            if text.startswith(method):
                return

    def answer(self, text: str, source: tuple[str, int]) -> None:
        lines = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*(?=\r)", text, re.MULTILINE)
        lines = [line + ";tag=p" if line.startswith("To:") and "tag=" not in line else line for line in lines]
        way = "recvonly" if "a=sendonly" in text else "sendrecv"
        rtp = self.peer.rtp.getsockname()[1]
        body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        body += self.sdp.format(port=rtp, way=way) if text.startswith("INVITE") else ""
        if text.startswith("UPDATE"):
            body += (
                self.sdp.replace(" 0 8", " 0")
                .format(port=rtp, way=way)
                .replace("a=rtpmap:8 PCMA/8000\r\n", "")
            )
        body = "" if text.startswith("BYE") else body
        head = [
            "SIP/2.0 200 OK",
            *lines,
            f"Contact: <sip:peer@127.0.0.1:{self.peer.port}>",
            "Allow: INVITE, ACK, BYE, CANCEL, UPDATE",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self.peer.sip.sendto(("\r\n".join(head) + "\r\n\r\n" + body).encode(), source)


async def test_resuming_while_the_codec_is_being_settled_offers_sound_both_ways(
    open_phone: Callable[..., Phone],
) -> None:
    phone = open_phone(codecs=("PCMU", "PCMA"))
    await phone.facts.of(EngineStarted)
    there = ChoosyPeer()
    call: UUID = uuid4()
    try:
        phone.engine.add_account(Account(key="a", uri="sip:a@127.0.0.1"))
        phone.engine.dial(call, "a", f"sip:peer@127.0.0.1:{there.peer.port}", {})
        await there.until("UPDATE")
        await phone.facts.of(CallConfirmed, call=call)
        there.answer(*there.kept.pop())
        phone.engine.hold(call)
        await there.until("UPDATE")
        await phone.facts.of(CallMediaChanged, call=call, hold="local")
        phone.engine.resume(call)
        await asyncio.sleep(0.3)  # time in which a too early offer would go out
        there.answer(*there.kept.pop())
        await there.until("INVITE")
        assert there.offers == ["sendrecv", "sendonly", "sendrecv"]
    finally:
        phone.engine.hang_up(call)
        await there.until("BYE")
        there.peer.close()
