"""The phone at a TLS registrar, at one that comes back, and at a peer that lets it choose the codec."""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from console.settings import PhoneSettings
from console.telephony import pjsua_accounts, pjsua_setup
from console.telephony.accounts import engine_settings, system_authorities
from console.telephony.engine import (
    Account,
    AccountState,
    CallConfirmed,
    CallMediaChanged,
    CertificateFault,
    EngineSettings,
    EngineStarted,
    IncomingCall,
    Transport,
    UnencryptedTurnedAway,
)
from console.telephony.live import words_for_registration
from console.telephony.pjsua import PjsuaEngine
from tests.bench.sip_socket import Peer
from tests.switch.certificates import DAY, Authority
from tests.telephony.far import Facts
from tests.telephony.test_pjsua_engine import Registrar

pytestmark = pytest.mark.sip


class StreamRegistrar(Registrar):
    """The same over TCP or TLS, with several good passwords, keeping all that was asked for and granted."""

    def __init__(self, *passwords: str) -> None:
        super().__init__(passwords[0])
        self.passwords = passwords
        self.asked: list[str] = []
        self.used: list[str] = []
        self.contacts: list[str] = []
        self.taken_back = asyncio.Event()

    def _is_good(self, text: str) -> bool:
        self.asked += re.findall(r"^Expires: (\d+)", text, re.MULTILINE)
        self.contacts += re.findall(r"^Contact: <([^>]*)>", text, re.MULTILINE)
        for password in self.passwords:
            self.password = password
            if super()._is_good(text):
                self.used.append(self.password)
                if self.asked[-1] == "0":
                    self.taken_back.set()
                return True
        return False

    @asynccontextmanager
    async def at(self, transport: Transport) -> AsyncIterator[int]:
        """Serve; the port."""
        if transport is Transport.TCP:
            async with await self.serve() as server:
                yield server.sockets[0].getsockname()[1]
            return
        loop = asyncio.get_running_loop()
        made, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.transport = made
        yield made.get_extra_info("sockname")[1]
        made.close()

    async def serve(self, port: int = 0, tls: ssl.SSLContext | None = None) -> asyncio.Server:
        return await asyncio.start_server(self._talk, "127.0.0.1", port, ssl=tls)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.transport = _Writer(writer)  # type: ignore[assignment]
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.datagram_received(head, ())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def hang_up(self) -> None:
        """Close the connection that it has."""
        assert self.transport is not None
        self.transport.close()


class _Writer:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def sendto(self, data: bytes, _source: object) -> None:
        self._writer.write(data)

    def close(self) -> None:
        self._writer.close()


class Phone:
    """An engine and its facts."""

    def __init__(self, **settings: object) -> None:
        self.facts = Facts()
        self.engine = PjsuaEngine(EngineSettings(bind="127.0.0.1", **settings))  # type: ignore[arg-type]

    async def register(
        self, host: str, port: int, transport: Transport, password: str = "pw", srtp: str = "off"
    ) -> AccountState:
        mark = len(self.facts.all)
        self.engine.add_account(
            Account(
                key="pbx",
                uri=f"sip:anna@{host}",
                registrar=f"sip:{host}:{port}",
                password=password,
                transport=transport,
                contact_user="secret",
                srtp=srtp,
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


@pytest.mark.parametrize(
    ("holder", "good_for", "known", "fault", "said"),
    [
        ("127.0.0.1", DAY, True, CertificateFault.NONE, ""),
        ("127.0.0.1", DAY, False, CertificateFault.UNTRUSTED, "an authority that is trusted here"),
        ("pbx.example", DAY, True, CertificateFault.NAME, "for another name"),
        ("127.0.0.1", -DAY, True, CertificateFault.EXPIRED, "has expired"),
        ("pbx.example", -DAY, False, CertificateFault.UNTRUSTED, "an authority that is trusted here"),
    ],
)
async def test_tls_registrars_must_prove_who_they_are(
    open_phone: Callable[..., Phone],
    tmp_path: Path,
    holder: str,
    good_for: timedelta,
    known: bool,
    fault: CertificateFault,
    said: str,
) -> None:
    authority = Authority(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.sign("pbx", holder, good_for))
    registrar = StreamRegistrar("pw")
    async with await registrar.serve(tls=tls) as server:
        phone = open_phone(tls_ca_file=str(authority.file) if known else system_authorities())
        state = await phone.register("127.0.0.1", server.sockets[0].getsockname()[1], Transport.TLS)
        good = fault is CertificateFault.NONE
        assert (state.code, state.certificate) == (200 if good else 503, fault)
        assert bool(registrar.contact) == good
        words = words_for_registration(state.code, state.reason, state.certificate)
        assert good or said in words
        await asyncio.to_thread(phone.engine.stop)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.close()


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As a SIP port does that waits for the end of a line."""
    await reader.read()
    writer.close()


async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


@pytest.mark.parametrize("answer", [hang_up, say_nothing, speak_http])
async def test_a_port_without_tls_is_told_as_such(
    open_phone: Callable[..., Phone],
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pjsua_setup, "TLS_MS", 300)
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        phone = open_phone()
        state = await phone.register("127.0.0.1", server.sockets[0].getsockname()[1], Transport.TLS)
        assert "does not speak TLS" in words_for_registration(state.code, state.reason, tls=True)
        await asyncio.to_thread(phone.engine.stop)


async def test_nobody_at_the_registrars_port_is_told_as_such(
    open_phone: Callable[..., Phone], free_port: int
) -> None:
    state = await open_phone().register("127.0.0.1", free_port, Transport.TLS)
    words = words_for_registration(state.code, state.reason, tls=True)
    assert words.startswith("The registrar cannot be reached: nobody listens there.")


def test_a_registrar_that_is_out_of_service_is_told_in_its_own_words() -> None:
    assert words_for_registration(503, "Service Unavailable", tls=True) == "Service Unavailable"


def test_a_password_that_nobody_typed_is_nobodys_to_check() -> None:
    assert "Check both" in words_for_registration(401, "Unauthorized")
    assert "Sign out and in again" in words_for_registration(401, "Unauthorized", given=True)


@pytest.mark.parametrize(
    ("srtp", "crypto", "told"), [("required", False, True), ("required", True, False), ("off", False, False)]
)
async def test_a_call_without_srtp_that_a_phone_must_have_is_refused_and_told(
    open_phone: Callable[..., Phone], srtp: str, crypto: bool, told: bool
) -> None:
    phone = open_phone()
    registrar = StreamRegistrar("pw")
    async with registrar.at(Transport.UDP) as port:
        await phone.register("127.0.0.1", port, Transport.UDP, srtp=srtp)
        there = Peer()
        key = base64.b64encode(bytes(30)).decode()
        sdp = there.sdp.replace("RTP/AVP", "RTP/SAVP") if crypto else there.sdp
        sdp += f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n" if crypto else ""
        call = there.call(registrar.contacts[0])
        there.sip.sendto(call.request("INVITE", 1, sdp), call.where)
        if told:
            refused = await phone.facts.of(UnencryptedTurnedAway)
            assert (refused.account, refused.source) == ("pbx", f"127.0.0.1:{there.port}")
        else:
            await phone.facts.of(IncomingCall)
        seen = [type(fact) for fact in phone.facts.all]
        assert (IncomingCall in seen, UnencryptedTurnedAway in seen) == (not told, told)
        await asyncio.to_thread(phone.engine.stop)
        there.close()


async def test_a_lost_connection_to_the_registrar_is_made_again_at_once(
    open_phone: Callable[..., Phone], free_port: int
) -> None:
    phone = open_phone()
    registrar = StreamRegistrar("pw")
    async with await registrar.serve(free_port):
        assert (await phone.register("127.0.0.1", free_port, Transport.TCP)).code == 200
        mark = len(phone.facts.all)
        registrar.hang_up()
        again = await phone.facts.of(AccountState, mark)
        assert (again.code, again.expires_s > 0) == (200, True)  # it would be renewed after minutes only
        await asyncio.to_thread(phone.engine.stop)


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.UDP])
async def test_a_registration_has_no_gap_when_the_password_changes(
    open_phone: Callable[..., Phone], transport: Transport
) -> None:
    registrar = StreamRegistrar("one", "two")
    phone = open_phone()
    async with registrar.at(transport) as port:
        for password in ("one", "two", "one"):
            assert (await phone.register("127.0.0.1", port, transport, password)).expires_s > 0
        assert "0" not in registrar.asked  # taken back and made anew, it may end as taken back
        assert registrar.used[0] == registrar.used[-1] == "one"
        assert "two" in registrar.used
        assert len(set(registrar.contacts)) == 1
        await asyncio.to_thread(phone.engine.stop)
        assert registrar.asked[-1] == "0"


async def test_a_registration_that_moves_is_taken_back_where_it_was(
    open_phone: Callable[..., Phone],
) -> None:
    first, second = StreamRegistrar("pw"), StreamRegistrar("pw")
    phone = open_phone()
    async with first.at(Transport.TCP) as port, second.at(Transport.TCP) as other:
        await phone.register("127.0.0.1", port, Transport.TCP)
        await phone.register("127.0.0.1", other, Transport.TCP)
        await asyncio.wait_for(first.taken_back.wait(), 10)
        assert second.expires == "300"
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
