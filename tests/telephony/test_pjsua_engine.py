"""The engine against plain sockets and against itself: hostile input, floods, ends, encryption, registrar."""

import asyncio
import hashlib
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import uuid4

import pytest

from console.telephony.engine import (
    Account,
    AccountState,
    CallConfirmed,
    CallDisconnected,
    CallMediaChanged,
    CallStatistics,
    CommandFailed,
    EngineFailed,
    EngineSettings,
    EngineStarted,
    IncomingCall,
    StrangerTurnedAway,
    TransferProgress,
    Transport,
)
from console.telephony.pjsua import PjsuaEngine
from console.telephony.sounds import TonePort
from tests.bench.sip_socket import Dialog, Peer
from tests.telephony.far import Facts

pytestmark = pytest.mark.sip


class Running:
    """A started engine with two accounts that can call each other."""

    def __init__(self, **settings: object) -> None:
        self.facts = Facts()
        self.sound = TonePort(600)
        self.engine = PjsuaEngine(EngineSettings(bind="127.0.0.1", **settings), self.sound)  # type: ignore[arg-type]
        self.ports: EngineStarted

    async def start(self, **account: object) -> "Running":
        for name in ("one", "two"):
            self.engine.add_account(
                Account(key=name, uri=f"sip:{name}@127.0.0.1", contact_user=f"{name}-secret", **account)  # type: ignore[arg-type]
            )
        mark = self.mark
        self.engine.start(self.facts.add)
        self.ports = await self.facts.of(EngineStarted, mark)
        return self

    @property
    def mark(self) -> int:
        return len(self.facts.all)

    def contact(self, user: str = "two-secret") -> str:
        return f"sip:{user}@127.0.0.1:{self.ports.udp_port}"

    async def stop(self) -> None:
        await asyncio.to_thread(self.engine.stop)


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts engines with settings, and accounts with options; stops them all."""
    started: list[Running] = []

    async def begin(settings: dict[str, object] | None = None, **account: object) -> Running:
        running = Running(**(settings or {}))
        started.append(running)
        return await running.start(**account)

    yield begin
    for running in started:
        await running.stop()


@pytest.fixture
async def running(start: Start) -> Running:
    return await start()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


async def answers(running: Running) -> None:
    """It still takes a call."""
    mark = running.mark
    call = uuid4()
    running.engine.dial(call, "one", running.contact(), {"X-Queue": "Sales"})
    ring = await running.facts.of(IncomingCall, mark)
    assert ring.headers["x-queue"] == "Sales"
    running.engine.answer(ring.call)
    await running.facts.of(CallConfirmed, mark, call=call)
    await running.facts.of(CallConfirmed, mark, call=ring.call)
    running.engine.hang_up(call)
    await running.facts.of(CallDisconnected, mark, call=call, by_us=True, code=200)
    await running.facts.of(CallDisconnected, mark, call=ring.call, by_us=False, code=200)


async def test_starts_and_stops_again_and_again() -> None:
    running = Running()
    for _ in range(8):
        await running.start()
        await answers(running)
        await running.stop()


async def test_a_second_engine_in_the_program_fails_in_words(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.telephony.pjsua._STOP_S", 0.1)
    second = Running()
    second.engine.start(second.facts.add)
    failed = await second.facts.of(EngineFailed)
    assert "another SIP engine" in failed.reason
    await answers(running)


async def test_a_port_in_use_fails_in_words() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        running = Running(udp_port=taken.getsockname()[1])
        running.engine.start(running.facts.add)
        failed = await running.facts.of(EngineFailed)
        assert "in use" in failed.reason
        await running.stop()


HOSTILE = [
    b"",
    b"\x00" * 2000,
    b"\xff\xfe\xfd" * 400,
    b"INVITE",
    b"INVITE sip:two-secret@127.0.0.1 SIP/2.0\r\n\r\n",
    b"INVITE sip:\xff\xfe@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n\r\n",
    b"INVITE sip:two-secret@127.0.0.1 SIP/7.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKy\r\n\r\n",
    b"NEWMETHOD sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKz\r\nCSeq: 9999999999999 X\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnothing\r\nCSeq: 1 INVITE\r\n\r\n",
    b"INVITE sip:two-secret@127.0.0.1 SIP/2.0\r\n" + b"X: " + b"a" * 3500 + b"\r\n\r\n",
    b"REGISTER sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n",
]


async def test_hostile_messages_disturb_nobody(running: Running, peer: Peer) -> None:
    for message in HOSTILE:
        peer.sip.sendto(message, ("127.0.0.1", running.ports.udp_port))
        reader, writer = await asyncio.open_connection("127.0.0.1", running.ports.tcp_port)
        writer.write(message)
        await writer.drain()
        writer.close()
        del reader
    dialog = peer.call(running.contact())
    peer.sdp = "v=0\r\nthis is no SDP\r\n"
    assert max(await asyncio.to_thread(dialog.invite)) >= 400
    peer.sdp = (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 9 RTP/AVP 96\r\na=rtpmap:96 FOO/8000\r\n"
    )
    assert max(await asyncio.to_thread(peer.call(running.contact()).invite)) == 488
    assert not any(isinstance(fact, IncomingCall) for fact in running.facts.all)
    await answers(running)


async def test_a_flood_of_strangers_is_refused_and_nothing_breaks(running: Running, peer: Peer) -> None:
    """More calls in a moment than the library has sockets for."""
    dialogs = [Dialog(peer, running.contact(f"{number}")) for number in range(150)]
    codes = [max(await asyncio.to_thread(dialog.invite)) for dialog in dialogs]
    assert set(codes) <= {404, 486}
    await running.facts.of(StrangerTurnedAway)
    assert not any(isinstance(fact, IncomingCall) for fact in running.facts.all)
    await answers(running)


async def test_a_flood_at_our_own_contact_gets_busy_and_nothing_breaks(running: Running, peer: Peer) -> None:
    for _ in range(100):
        dialog = peer.call(running.contact())
        peer.sip.sendto(dialog.request("INVITE", 1, peer.sdp), dialog.where)
        peer.sip.sendto(dialog.request("CANCEL", 1), dialog.where)
    codes: set[str] = set()
    while not {"486", "487"} <= codes:
        text, _, _ = await asyncio.to_thread(peer.receive)
        codes.add(text[8:11])
    rung = [fact.call for fact in running.facts.all if isinstance(fact, IncomingCall)]
    for call in rung:
        await running.facts.of(CallDisconnected, call=call)
    await asyncio.sleep(0.7)  # the time after which the library has its sockets back
    await answers(running)


async def test_calls_beyond_the_limit_get_busy(start: Start, peer: Peer) -> None:
    running = await start({"max_calls": 2})
    for _ in range(2):
        mark = running.mark
        running.engine.answer((await ring_from(peer, running, mark)).call)
    assert max(await asyncio.to_thread(peer.call(running.contact()).invite)) == 486


async def ring_from(peer: Peer, running: Running, mark: int) -> IncomingCall:
    dialog = peer.call(running.contact())
    peer.sip.sendto(dialog.request("INVITE", 1, peer.sdp), dialog.where)
    ring: IncomingCall = await running.facts.of(IncomingCall, mark)
    return ring


async def test_cancel_says_that_another_phone_took_it(running: Running, peer: Peer) -> None:
    dialog = peer.call(running.contact())
    peer.sip.sendto(dialog.request("INVITE", 1, peer.sdp), dialog.where)
    ring = await running.facts.of(IncomingCall)
    cancel = dialog.request("CANCEL", 1).replace(
        b"Max-Forwards", b'Reason: SIP;cause=200;text="Call completed elsewhere"\r\nMax-Forwards'
    )
    peer.sip.sendto(cancel, dialog.where)
    ended = await running.facts.of(CallDisconnected, call=ring.call)
    assert (ended.elsewhere, ended.code, ended.by_us) == (True, 487, False)


async def test_a_peer_that_never_answers_our_bye_does_not_hold_us_up(running: Running, peer: Peer) -> None:
    dialog = peer.call(running.contact())
    peer.sip.sendto(dialog.request("INVITE", 1, peer.sdp), dialog.where)
    ring = await running.facts.of(IncomingCall)
    running.engine.answer(ring.call)
    text = ""
    while not text.startswith("SIP/2.0 200"):
        text, _, _ = await asyncio.to_thread(peer.receive)
    dialog.learn(text)
    peer.sip.sendto(dialog.request("ACK", 1), dialog.where)
    await running.facts.of(CallConfirmed, call=ring.call)
    running.engine.hang_up(ring.call)
    ended = await running.facts.of(CallDisconnected, call=ring.call)
    assert (ended.by_us, ended.answered, ended.code) == (True, True, 200)


async def test_what_rings_behind_a_dead_call_is_answered_by_itself_once_that_is_over(
    start: Start, peer: Peer
) -> None:
    running = await start(auto_answer=True)
    await asyncio.to_thread(peer.call(running.contact()).invite)
    dead = await running.facts.of(CallConfirmed)
    mark = running.mark
    answered = asyncio.create_task(asyncio.to_thread(peer.call(running.contact()).invite))
    ring = await running.facts.of(IncomingCall, mark)
    await running.facts.of(CallStatistics, running.mark, call=dead.call)
    assert not [fact for fact in running.facts.all[mark:] if isinstance(fact, CallConfirmed)]
    running.engine.hang_up(dead.call)  # to which nobody says a word
    assert set(await answered) == {100, 180, 200}
    await running.facts.of(CallConfirmed, mark, call=ring.call)


async def test_dialling_rubbish_fails_in_words(running: Running) -> None:
    call = uuid4()
    running.engine.dial(call, "one", "this is no address", {})
    failed = await running.facts.of(CommandFailed, call=call, command="dial")
    assert failed.reason
    running.engine.dial(uuid4(), "gone", running.contact(), {})
    assert "account" in (await running.facts.of(CommandFailed, running.mark - 0, command="dial")).reason
    await answers(running)


@pytest.mark.parametrize("there", ["optional", "required"])
async def test_encrypted_sound(start: Start, there: str) -> None:
    running = await start(srtp="required")
    two = Account(key="two", uri="sip:two@127.0.0.1", contact_user="two-secret", srtp=there)
    running.engine.add_account(two)
    call = uuid4()
    running.engine.dial(call, "one", running.contact(), {})
    running.engine.answer((await running.facts.of(IncomingCall)).call)
    assert (await running.facts.of(CallMediaChanged, call=call)).encrypted


async def test_required_encryption_refuses_plain_sound(start: Start, peer: Peer) -> None:
    running = await start(srtp="required")
    assert max(await asyncio.to_thread(peer.call(running.contact()).invite)) in {406, 488}


async def test_attended_transfer_joins_the_two_others(running: Running) -> None:
    """Both consultation legs end here: the target takes the referred call in the place of the one it had."""
    first, second = uuid4(), uuid4()
    running.engine.dial(first, "one", running.contact(), {})
    ring = await running.facts.of(IncomingCall)
    running.engine.answer(ring.call)
    await running.facts.of(CallConfirmed, call=first)
    mark = running.mark
    running.engine.dial(second, "one", running.contact(), {})
    other = await running.facts.of(IncomingCall, mark)
    running.engine.answer(other.call)
    await running.facts.of(CallConfirmed, mark, call=second)
    running.engine.transfer_attended(first, second)
    told = await running.facts.of(TransferProgress, mark, call=first)
    assert (told.code, told.final) == (603, True)  # desks do not let themselves be sent


class Registrar(asyncio.DatagramProtocol):
    """Asks for a digest, then keeps what is registered; the last Expires and Contact are kept."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.contact = ""
        self.expires = ""
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, source: tuple[str | int, ...]) -> None:
        text = data.decode(errors="replace")
        if not text.startswith("REGISTER"):
            return
        good = self._is_good(text)
        lines = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*$", text, re.MULTILINE)
        head = "SIP/2.0 200 OK" if good else "SIP/2.0 401 Unauthorized"
        extra = 'WWW-Authenticate: Digest realm="r", nonce="n"\r\n'
        if good:
            found = re.search(r"^Contact: (.*)\r$", text, re.MULTILINE)
            expires = re.search(r"^Expires: (\d+)", text, re.MULTILINE)
            self.contact, self.expires = found[1] if found else "", expires[1] if expires else ""
            extra = f"Contact: {self.contact};expires={self.expires}\r\n" if self.expires != "0" else ""
        answer = head + "\r\n" + "\r\n".join(line.rstrip() for line in lines) + "\r\n" + extra
        assert self.transport is not None
        self.transport.sendto((answer + "Content-Length: 0\r\n\r\n").encode(), source)

    def _is_good(self, text: str) -> bool:
        given = dict(re.findall(r'(\w+)="([^"]*)"', text))
        if "response" not in given:
            return False
        first = hashlib.md5(f"{given['username']}:r:{self.password}".encode()).hexdigest()
        second = hashlib.md5(f"REGISTER:{given['uri']}".encode()).hexdigest()
        return given["response"] == hashlib.md5(f"{first}:n:{second}".encode()).hexdigest()


async def registered_at(running: Running, registrar: Registrar, password: str) -> AccountState:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: registrar, local_addr=("127.0.0.1", 0))
    registrar.transport = transport
    port = transport.get_extra_info("sockname")[1]
    mark = running.mark
    account = Account(
        key="pbx",
        uri="sip:anna@127.0.0.1",
        registrar=f"sip:127.0.0.1:{port}",
        password=password,
        contact_user="not-guessed",
    )
    assert password not in repr(account)
    running.engine.add_account(account)
    state: AccountState = await running.facts.of(AccountState, mark, account="pbx")
    return state


async def test_registers_with_digest_and_unregisters_at_the_end(running: Running) -> None:
    registrar = Registrar("pw")
    state = await registered_at(running, registrar, "pw")
    assert (state.code, state.expires_s > 0) == (200, True)
    assert "sip:not-guessed@127.0.0.1" in registrar.contact
    await running.stop()
    assert registrar.expires == "0"
    assert registrar.transport is not None
    registrar.transport.close()


async def test_a_wrong_password_is_told_and_not_hammered(running: Running) -> None:
    registrar = Registrar("pw")
    state = await registered_at(running, registrar, "wrong")
    assert (state.code, state.expires_s) == (401, 0)
    await running.stop()
    assert registrar.transport is not None
    registrar.transport.close()


async def test_calls_over_tcp(start: Start) -> None:
    running = await start(transport=Transport.TCP)
    call = uuid4()
    running.engine.dial(call, "one", f"sip:two-secret@127.0.0.1:{running.ports.tcp_port}", {})
    ring = await running.facts.of(IncomingCall)
    assert "SIP/2.0/TCP" in ring.headers["via"]
    running.engine.hang_up(ring.call, 486)
    ended = await running.facts.of(CallDisconnected, call=call)
    assert ended.code == 486


async def test_sound_opens_with_the_first_call_and_closes_after_the_last(running: Running) -> None:
    log: list[str] = []
    running.sound.start = lambda: log.append("start")  # type: ignore[method-assign]
    running.sound.stop = lambda: log.append("stop")  # type: ignore[method-assign]
    await answers(running)
    await asyncio.sleep(0.1)
    assert log == ["start", "stop"]
    assert running.sound.frames_heard >= 0
