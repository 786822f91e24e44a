"""A whole centre under fire: a real call and a supervisor's board go on while everything hostile comes in."""

import asyncio
import contextlib
import random
import re
import socket
import struct
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from console.bus import Bus
from console.clock import SystemClock
from console.demo import scenario
from console.demo.floor import Floor, prepare_floor
from console.demo.hands import InnerHand
from console.demo.peers import Voice
from console.demo.robots import RobotCustomer
from console.demo.scenario import BRISK
from console.demo.sound import AGENT_TONES, CUSTOMER_TONES, DESK_TONE
from console.domain import events as ev
from console.domain.agent import AgentState, Role
from console.ledger.ledger import Ledger
from console.server.rights import ROUTES
from console.sync.link import Link
from console.telephony.pjsua import PjsuaEngine
from tests.switch.raw import RawPeer, sdp

pytestmark = [pytest.mark.e2e, pytest.mark.sip]

CLOCK = SystemClock()
JUNK: tuple[str | bytes, ...] = (
    *("", "{", "null", "[]", "7", '"x"', "{}", '{"frame":"Nope"}', '{"frame":"Hello","token":7}'),
    *("[" * 30_000, '{"frame":' * 5_000, b"\x00\xff\xfe", "☎" * 1000, "x" * 200_000),
    '{"frame":"Hello","token":"stolen"}',
)


class Scene:
    """A running centre process, our desk signed in to it, and a supervisor who watches the board."""

    def __init__(self, floor: Floor, hand: InnerHand, watch: Link, tcp_port: int) -> None:
        self.floor, self.hand, self.watch = floor, hand, watch
        self.tcp_port = tcp_port
        self.http = httpx.AsyncClient(base_url=floor.url, timeout=30.0)

    @property
    def contact(self) -> str:
        """`host:port` of the desk's own SIP socket for UDP."""
        assert self.hand._desk is not None
        started = self.hand._desk.phone._started
        assert started is not None
        return f"127.0.0.1:{started.udp_port}"

    def customer(self, number: int, talk_s: float | None) -> RobotCustomer:
        voice = Voice(tone=CUSTOMER_TONES[0], listens_for=(*AGENT_TONES, DESK_TONE))
        uri = f"sip:100@{self.floor.sip_udp}"
        return RobotCustomer(uri, voice, number=f"+4930{number:04d}", patience_s=30.0, talk_s=talk_s)

    async def token(self, user: str) -> str:
        body = {"user": user, "password": self.floor.password}
        answer = await self.http.post("/api/v1/sign-in", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    async def metrics(self) -> dict[str, float]:
        page = (await self.http.get("/metrics")).text
        lines = [line.rpartition(" ") for line in page.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    async def ready(self, after: int = 0) -> None:
        """Wait until the board says that the desk is ready, later than a sequence."""
        changed = asyncio.Event()
        undo = self.watch.on_board(lambda _: changed.set())
        async with asyncio.timeout(60.0):
            while not self._is_ready(after):
                await changed.wait()
                changed.clear()
        undo()

    def _is_ready(self, after: int) -> bool:
        board = self.watch.board
        rows = board.agents if board is not None and board.sequence > after else ()
        return any(row.agent == scenario.DESK and row.state is AgentState.READY for row in rows)


@pytest.fixture
async def scene(tmp_path: Path, free_port: int) -> AsyncIterator[Scene]:
    floor = prepare_floor(tmp_path, scenario.agents(0, 1), BRISK)
    settings = tmp_path / "centre.toml"
    settings.write_text(settings.read_text().replace("tcp_port = 0", f"tcp_port = {free_port}"))
    await floor.start()
    hand = InnerHand(floor, CLOCK, {}, PjsuaEngine, tmp_path / "desk")
    watch = Link(Bus(), CLOCK, None, contact=lambda: "")
    watch.want_board(wanted=True)
    made = Scene(floor, hand, watch, free_port)
    try:
        await watch.sign_in(floor.url, scenario.SUPERVISOR, floor.password)
        await hand.open()
        await made.ready()
        yield made
    finally:
        await made.http.aclose()
        await hand.close()
        await watch.stop()
        await floor.stop()
    log = (tmp_path / "centre.log").read_text()
    assert "Traceback" not in log, log


# ---------------------------------------------------------------- the fire


async def _sip(to: str) -> None:
    """Torture over UDP and TCP: bytes, cut and garbled messages, bad requests, a connection that stalls."""
    dice = random.Random(3)
    peer = await RawPeer().open(to)
    bad = {"uri": f"sip:stranger@{to}", "Max_Forwards": "many"}
    good = peer.request("INVITE", body=sdp(), call="x", **bad).encode()
    try:
        for round_ in range(150):
            peer.send(dice.randbytes(dice.randint(1, 1400)))
            cut = bytearray(good[: dice.randint(1, len(good) - 1)])
            for _ in range(3):
                cut[dice.randrange(len(cut))] = dice.randrange(256)
            peer.send(bytes(cut))
            peer.send(peer.request("BYE", call=f"b{round_}", to_tag="nobody"))
            peer.send(peer.request("NEWMETHOD", call=f"n{round_}"))
            peer.send(peer.request("INVITE", call=f"c{round_}", body=sdp(codecs="18 3"), CSeq="x INVITE"))
            await asyncio.sleep(0)
        peer.send(good.replace(b"\r\n\r\n", b"\r\nX: " + b"y" * 50_000 + b"\r\n\r\n"))
    finally:
        peer.close()


async def _sip_streams(port: int) -> None:
    """On TCP: no message, one without end, one whose length is a lie."""
    for blob in (
        random.Random(4).randbytes(100_000),
        b"INVITE " + b"a" * 100_000,
        b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(blob)
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


def _rtp(to: tuple[str, int]) -> None:
    """A stranger speaks into a call."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.9", 0))
        for number in range(200):
            header = struct.pack("!BBHII", 0x80, 0, number, number * 160, 666)
            stranger.sendto(header + b"\x00" * 160, to)
            stranger.sendto(b"\x80" * (number % 20), to)


async def _frames(url: str) -> None:
    """What is no frame of ours, on as many connections."""
    live = "ws" + urllib.parse.urljoin(url, "/api/v1/live").removeprefix("http")
    for junk in JUNK:
        async with connect(live, ping_interval=None) as wire:
            await wire.send(junk)
            async with asyncio.timeout(20):
                with contextlib.suppress(ConnectionClosed):
                    while True:  # until the farewell
                        await wire.recv()
            assert wire.close_code in {1007, 1009, 4400, 4401}, (junk[:20], wire.close_code)


async def _rest(scene: Scene) -> None:
    """Every route: without a token, with a wrong one, by a role that may not; bodies of any shape."""
    agent = {"Authorization": f"Bearer {await scene.token(scenario.DESK)}"}
    wrong = {"Authorization": "Bearer " + "x" * 5000}
    for route, right in ROUTES.items():
        method, _, path = route.partition(" ")
        if method == "WS" or not isinstance(right, Role):
            continue
        path = re.sub(r"\{(interaction|recording|monitoring)\}", str(CLOCK.new_id()), path)
        path = path.replace("{", "").replace("}", "")
        for headers in ({}, wrong):
            answer = await scene.http.request(method, path, headers=headers)
            assert answer.status_code == 401, (route, answer.text)
        if right is not Role.AGENT:
            answer = await scene.http.request(method, path, headers=agent)
            assert answer.status_code == 403, (route, answer.text)
        if path.endswith("sign-out"):
            continue
        for body in (b"{", b"[" * 100_000, b"\xff\xfe", b"7", b"null", b'{"records":' * 3000):
            answer = await scene.http.request(method, path, headers=agent, content=body)
            assert answer.status_code < 500, (route, body[:10], answer.text)
    too_big = await scene.http.post("/api/v1/records", headers=agent, content=b"x" * 3_000_000)
    assert too_big.status_code == 413


async def _stranger_at_desk(contact: str) -> None:
    """Calls straight to the desk's own socket: never rung."""
    peer = await RawPeer().open(contact)
    try:
        async with asyncio.timeout(30):
            await _scan(peer, contact)
        assert not any(text.startswith(("SIP/2.0 18", "SIP/2.0 200")) for text in peer.heard)
    finally:
        peer.close()


async def _scan(peer: RawPeer, contact: str) -> None:
    for number in range(3):
        mark = f"scan{number}@"
        invite = peer.request("INVITE", body=sdp(), uri=f"sip:100@{contact}", call=mark.rstrip("@"))
        while not any(mark in text for text in peer.heard):  # what is full drops datagrams
            peer.send(invite)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await peer.until(lambda heard, mark=mark: any(mark in text for text in heard))
    await peer.until(lambda heard: {text[8:11] for text in heard} - {"100"} == {"404"})


# ---------------------------------------------------------------- what holds


async def test_a_call_and_the_board_go_on_under_fire(scene: Scene) -> None:
    customer = scene.customer(1, talk_s=60.0)
    calling = asyncio.create_task(customer.run())
    await asyncio.wait_for(customer.answered.wait(), 30)
    updates: list[int] = []
    undo = scene.watch.on_board(lambda board: updates.append(board.sequence))
    assert customer.sound is not None
    switch_rtp = customer.sound._peer  # the switch's port of this call
    assert switch_rtp is not None
    heard_before = customer.sound.received
    async with asyncio.TaskGroup() as fire:
        fire.create_task(_sip(scene.floor.sip_udp))
        fire.create_task(_sip(scene.contact))
        fire.create_task(_sip_streams(scene.tcp_port))
        fire.create_task(asyncio.to_thread(_rtp, switch_rtp))
        fire.create_task(_frames(scene.floor.url))
        fire.create_task(_rest(scene))
        fire.create_task(_stranger_at_desk(scene.contact))
        waiting = scene.customer(2, talk_s=1.0)
        second = fire.create_task(waiting.run())
        await asyncio.wait_for(waiting.in_call.wait(), 30)
    assert not calling.done(), "the call was ended by what came in beside it"
    assert customer.sound.received > heard_before
    assert updates, "the board stood still"
    customer.hang_up()
    first = await calling
    assert first.heard
    assert first.lost <= first.received // 100
    await second
    undo()
    await _counted(scene)


async def _counted(scene: Scene) -> None:
    metrics = await scene.metrics()
    kinds = {name.partition('"')[2].partition('"')[0] for name in metrics if "callboard_switch_" in name}
    assert {"sip_unreadable", "sip_refused", "sip_connections_cut", "rtp_strangers", "calls"} <= kinds
    assert metrics["callboard_websocket_bad_frames_total"] > 0
    assert metrics['callboard_switch_total{what="calls"}'] == 2


async def test_the_books_are_right_after_the_fire(scene: Scene) -> None:
    await _sip(scene.floor.sip_udp)
    await _frames(scene.floor.url)
    customer = scene.customer(1, talk_s=1.0)
    assert (await customer.run()).heard
    await scene.ready(after=scene.watch.board.sequence if scene.watch.board else 0)
    book = (await scene.hand.finish()).book
    assert book.unsynced_rows == 0
    ledger = await Ledger.open(scene.floor.database)
    facts = [event async for _, event in ledger.read()]
    await ledger.close()
    kinds = [type(fact) for fact in facts]
    assert kinds.count(ev.InteractionArrived) == kinds.count(ev.InteractionEnded) == 1
    assert kinds.count(ev.CallRecorded) == book.history_rows
    assert msgspec.json.encode(facts[-1])
