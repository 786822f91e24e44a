"""A desk's phone at a real Asterisk over TLS and SRTP, by an account that a real centre makes and changes."""

import asyncio
import base64
import os
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from aiortp.codecs import get_codec

from console import paths
from console.__main__ import main as command
from console.clock import SystemClock
from console.demo import scenario
from console.demo.floor import Floor, prepare_floor
from console.demo.peers import Voice
from console.demo.robots import RobotCustomer
from console.demo.scenario import BRISK
from console.demo.sound import CUSTOMER_TONES, DESK_TONE
from console.demo.tones import Ear
from console.server.rights import ROUTES
from console.settings import AsteriskSettings
from console.switch import tls_probe
from console.switch.asterisk import AsteriskOptions
from console.switch.asterisk_check import Wanted, examine
from console.switch.asterisk_sounds import lay_sounds
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.certificates import DAY, Authority

pytestmark = [pytest.mark.asterisk, pytest.mark.e2e, pytest.mark.sip]
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
WAIT_S = 30.0
CALLER = CUSTOMER_TONES[0]
A_FEW_S = 1.2
PHONE = "callboard-desk-you"
RTP = {*range(26000, 27000)}


class Program:
    """Another program, with what it says in lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def run(cls, *command: str, log: Path) -> "Program":
        with log.open("wb") as file:
            made = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=file,
                env={**os.environ, "PYTHONPATH": str(ROOT)}, limit=2**24,
            )  # fmt: skip
        return cls(made)

    async def said(self, first: str) -> str:
        """The rest of the next line that begins so."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            while line := (await self.process.stdout.readline()).decode():
                if line.startswith(first):
                    return line.removeprefix(first).strip()
        raise AssertionError(f"the program ended without saying {first!r}")

    async def rest(self) -> str:
        """Close its input; all that it has still said."""
        out, _ = await asyncio.wait_for(self.process.communicate(b"\n"), WAIT_S)
        assert self.process.returncode == 0
        return out.decode()

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@pytest.fixture(scope="module")
def box() -> Iterator[tuple[AsteriskServer, Authority]]:
    folder = Path(tempfile.mkdtemp(prefix="cb-tls-"))
    authority = Authority(folder)
    lay_sounds(paths.resources() / "sounds", folder / "sounds")
    server = AsteriskServer(
        folder,
        folder / "sounds",
        rtp_first=min(RTP),
        rtp_last=max(RTP),
        tls=authority.sign("pbx", "127.0.0.1", 25 * DAY),
    )
    (folder / "ari-password").write_text("ari-secret")
    server.start()
    yield server, authority
    server.remove()


@pytest.fixture
async def floor(box: tuple[AsteriskServer, Authority], tmp_path: Path) -> AsyncIterator[Floor]:
    """A centre, logging all that there is, whose phones get another password every few seconds."""
    server, _ = box
    asterisk = AsteriskSettings(
        url=server.url,
        password_file=str(server.folder / "ari-password"),
        sounds=server.plan.sounds,
        sip=f"127.0.0.1:{server.sip}",
        tls_port=server.tls_port,
        phone_transport="tls",
        phone_srtp="required",
        phone_password_hours=A_FEW_S / 3600,
    )
    made = prepare_floor(tmp_path, scenario.agents(0, 1), BRISK, asterisk=asterisk)
    await made.start("debug")
    yield made
    await made.stop()


def customer_of(server: AsteriskServer) -> RobotCustomer:
    voice = Voice(tone=CALLER, listens_for=(DESK_TONE,), codecs=("PCMA",))
    return RobotCustomer(
        f"sip:100@127.0.0.1:{server.sip}", voice, number="+49305555", patience_s=WAIT_S, talk_s=None
    )


async def hears_desk(customer: RobotCustomer) -> None:
    """Wait until the customer hears the desk afresh."""
    before = customer.ear.heard[DESK_TONE]
    async with asyncio.timeout(WAIT_S):
        while customer.ear.heard[DESK_TONE] < before + 3:  # noqa: ASYNC110 - sound tells nobody
            await asyncio.sleep(0.02)


@asynccontextmanager
async def called(server: AsteriskServer, desk: Program) -> AsyncIterator[RobotCustomer]:
    """A customer whom the desk has answered and who hears it; hangs up at the end."""
    customer = customer_of(server)
    calling = asyncio.create_task(customer.run())
    await desk.said("answered ")
    await hears_desk(customer)
    yield customer
    customer.hang_up()
    await calling


def tones(packets: str) -> dict[int, set[int]]:
    """Which tones somebody on the wire can hear, by the port that sends them, of what passes Asterisk."""
    codec = get_codec(8)
    heard: dict[int, Ear] = defaultdict(lambda: Ear((CALLER, DESK_TONE)))
    for line in packets.splitlines():
        source, destination, payload = line.split()
        if not {int(source), int(destination)} & RTP:
            continue  # another test's
        heard[int(source)].listen(codec.decode(bytes.fromhex(payload)[:160]))
    return {port: {tone for tone, count in ear.heard.items() if count > 5} for port, ear in heard.items()}


def state_of(server: AsteriskServer) -> str:
    with httpx.Client(auth=("callboard", "ari-secret"), trust_env=False) as client:
        return str(client.get(f"{server.url}/ari/endpoints/PJSIP/{PHONE}").json()["state"])


@asynccontextmanager
async def desk_in(folder: Path, floor: Floor, authority: Authority) -> AsyncIterator[Program]:
    """A desk of the agent's, at work."""
    program = (sys.executable, str(HERE / "desk_program.py"), floor.url, floor.password)
    log = folder.with_name(f"{folder.name}-debug.log")
    made = await Program.run(*program, str(folder), str(authority.file), log=log)
    yield made
    await made.kill()


@pytest.fixture
async def desk(box: tuple[AsteriskServer, Authority], floor: Floor, tmp_path: Path) -> AsyncIterator[Program]:
    async with desk_in(tmp_path / "desk", floor, box[1]) as made:
        yield made


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Program]:
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    made = await Program.run(*root, sys.executable, str(HERE / "sniffer.py"), log=tmp_path / "sniffer.log")
    await made.said("listening")
    yield made
    await made.kill()


def keep_answers(floor: Floor, folder: Path) -> None:
    """What the centre answers an administrator, whatever can be asked without naming something."""
    folder.mkdir()
    asked = [path for method, _, path in (route.partition(" ") for route in ROUTES) if method == "GET"]
    with httpx.Client(base_url=floor.url, trust_env=False) as client:
        signed_in = client.post("/api/v1/sign-in", json={"user": "admin", "password": floor.password})
        bearer = {"Authorization": f"Bearer {signed_in.raise_for_status().json()['token']}"}
        for number, path in enumerate(path for path in asked if "{" not in path):
            answer = client.get(path, headers=bearer)
            (folder / f"{number}.txt").write_bytes(answer.content)
    assert any(b"callboard_" in file.read_bytes() for file in folder.iterdir())


def keep_bundles(folder: Path) -> None:
    """What support is sent, of the centre and of the desk, unpacked."""
    log, config = folder / "centre.log", folder / "centre.toml"
    of_centre = ["--config", str(config), "--log", str(log), "--log", str(folder / "desk-debug.log")]
    for name, options in {"centre": of_centre, "desk": ["--data", str(folder / "desk")]}.items():
        bundle = folder / f"{name}.zip"
        assert command(["support-bundle", "--to", str(bundle), "--yes", *options]) == 0
        with zipfile.ZipFile(bundle) as packed:
            packed.extractall(folder / f"bundle of {name}")
        bundle.unlink()


def look_for_secrets(passwords: list[str], *places: Path) -> None:
    """In every file of the centre, the desk and Asterisk; their logs have all that there is to log. Neither
    whole nor in part, nor as HTTP carries it.
    """
    pieces = [password[at : at + 10].encode() for password in passwords for at in (0, 11, len(password) - 10)]
    ari = (b"ari-secret", base64.b64encode(b"callboard:ari-secret"), b"ari%2Dsecret")
    for file in [file for place in places for file in place.rglob("*") if file.is_file()]:
        text = file.read_bytes()
        assert not [piece for piece in pieces if piece in text], f"{file} has a phone's password"
        if file.name not in {"ari-password", "ari.conf"}:
            assert not [secret for secret in ari if secret in text], f"{file} has the password of ARI"


async def test_the_check_looks_at_the_certificate_that_phones_are_shown(
    box: tuple[AsteriskServer, Authority], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, authority = box
    monkeypatch.setattr(tls_probe, "_WAIT_S", 0.5)
    sound = Wanted(
        options=AsteriskOptions(url=server.url, password="ari-secret", sounds=server.plan.sounds),
        plan=server.plan,
        sip=f"127.0.0.1:{server.sip}",
        tls=True,
        tls_at=f"127.0.0.1:{server.tls_port}",
        tls_ca=str(authority.file),
        accounts=True,
    )

    async def said_of(**changed: str) -> list[str]:
        report = await examine(msgspec.structs.replace(sound, **changed), SystemClock())
        return [fault["what"] for fault in report["faults"] if "older than" not in fault["what"]]

    assert await said_of() == []
    (name,) = await said_of(tls_at=f"localhost:{server.tls_port}")
    assert name.endswith("is for 127.0.0.1, and phones call it localhost.")
    (stranger,) = await said_of(tls_ca="")
    assert "“Example Authority”, which is not trusted here" in stranger
    (plain,) = await said_of(tls_at=f"127.0.0.1:{server.sip}")
    assert "speaks no TLS" in plain


async def test_a_phone_talks_encrypted_while_its_password_changes(
    box: tuple[AsteriskServer, Authority], floor: Floor, desk: Program, wire: Program, tmp_path: Path
) -> None:
    server, _ = box
    passwords = [await desk.said("account ")]
    await desk.said("registered")
    async with called(server, desk) as customer:
        for _ in range(2):  # after two neither password is good any more that the call began with
            passwords.append(await desk.said("account "))
            await desk.said("registered")
            await desk.said("hears")
            await hears_desk(customer)
        packets = await wire.rest()
    async with called(server, desk):
        assert state_of(server) == "online"
        await asyncio.to_thread(keep_answers, floor, tmp_path / "answers")
    async with desk_in(tmp_path / "another", floor, box[1]) as other:
        passwords.append(await other.said("account "))
        await desk.said("not registered 200")  # it gives way, and takes nothing back that is the other's
        await other.said("registered")
        async with called(server, other):
            assert state_of(server) == "online"
        await other.rest()
    assert state_of(server) == "offline"
    await floor.stop()

    assert len(set(passwords)) == len(passwords) == 4
    assert min(map(len, passwords)) >= 32
    assert customer.sound is not None
    on_wire = tones(packets)
    assert on_wire.pop(customer.sound.address[1]) == {CALLER}  # not encrypted: the ear on the wire is good
    assert sorted(map(sorted, on_wire.values())) == [[], [], [DESK_TONE]]  # to and from the desk: nothing
    keep_bundles(tmp_path)
    look_for_secrets(passwords, tmp_path, server.folder)
    for log in ("centre.log", "desk-debug.log"):
        assert b"DEBUG" in (tmp_path / log).read_bytes()
