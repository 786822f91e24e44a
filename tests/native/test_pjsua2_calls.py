"""Calls of our own build: Opus, SRTP, TLS, a hundred at once."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console.telephony.accounts import system_authorities
from tests.native.building import NativeBuild
from tests.telephony.far import FarEnd
from tests.telephony.test_pjsua_engine import Registrar

pytestmark = [pytest.mark.sip, pytest.mark.timeout(1200)]
HERE = Path(__file__).parent
ENGINE, CROWD = HERE / "engine_program.py", HERE / "crowd_program.py"
Begin = Callable[..., Awaitable[FarEnd]]


@pytest.fixture
async def begin(native_build: NativeBuild) -> AsyncIterator[Begin]:
    """Starts engines with our build; stops them all, and none may have died."""
    begun: list[FarEnd] = []

    async def run(**options: object) -> FarEnd:
        begun.append(await FarEnd.run(program=ENGINE, env=native_build.env, **options))
        return begun[-1]

    yield run
    assert [await far.stop() for far in begun] == [0] * len(begun)


async def converse(
    begin: Begin, settings: dict[str, object], account: dict[str, object]
) -> dict[str, object]:
    """Have two engines call each other and hear each other's tone; the media that the caller tells of."""
    called = await begin(hz=900, settings=settings, account={**account, "auto_answer": True})
    caller = await begin(hz=500, settings=settings, account=account)
    caller.do("dial", to=called.contact)
    media = await caller.fact("CallMediaChanged", active=True)
    await caller.hears(900)
    await called.hears(500)
    caller.do("hang_up")
    ended = await called.fact("CallDisconnected")
    assert not ended["by_us"]
    return media


async def test_opus_carries_sound_both_ways(begin: Begin) -> None:
    media = await converse(begin, {"codecs": ["opus/48000/2"]}, {})
    assert media["codec"] == "opus/48000"


@pytest.mark.parametrize("codec", ["G722/16000", "PCMA/8000"])
async def test_the_classical_codecs_carry_sound_both_ways(begin: Begin, codec: str) -> None:
    assert (await converse(begin, {"codecs": [codec]}, {}))["codec"] == codec


async def test_srtp_encrypts_and_carries_sound_both_ways(begin: Begin) -> None:
    media = await converse(begin, {"codecs": ["opus/48000/2"]}, {"srtp": "required"})
    assert media["encrypted"]


async def test_required_srtp_takes_no_plain_call(begin: Begin) -> None:
    called = await begin(account={"srtp": "required", "auto_answer": True})
    caller = await begin()
    caller.do("dial", to=called.contact)
    ended = await caller.fact("CallDisconnected")
    assert not ended["answered"]
    assert ended["code"] in {406, 488}


# ---- TLS


class TlsRegistrar(Registrar):
    """A registrar on TLS 1.3 alone, that keeps what versions were spoken."""

    def __init__(self) -> None:
        super().__init__("pw")
        self.versions: list[str | None] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.transport = _Out(writer)  # type: ignore[assignment]
        self.versions.append(writer.get_extra_info("ssl_object").version())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.datagram_received(head, ())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class _Out:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def sendto(self, data: bytes, _source: object) -> None:
        self._writer.write(data)


class Authority:
    """A certificate authority that signs what a test asks for."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        own = self._certificate(self._name, self._key, days=2).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _certificate(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return x509.CertificateBuilder(
            issuer_name=self._name, subject_name=name, public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(days=9), not_valid_after=now + timedelta(days=days),
        )  # fmt: skip

    def server(self, *names: x509.GeneralName, days: int = 2) -> ssl.SSLContext:
        """A TLS server that only speaks 1.3, with a certificate for `names`."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pbx")])
        made = self._certificate(name, key, days).add_extension(
            x509.SubjectAlternativeName(names), critical=False
        )
        file = self._folder / "server.pem"
        file.write_bytes(
            made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(file)
        return context


HOST = x509.IPAddress(IPv4Address("127.0.0.1"))


@pytest.mark.parametrize(
    ("trusted", "name", "days", "code"),
    [
        pytest.param(True, HOST, 2, 200, id="good"),
        pytest.param(False, HOST, 2, 503, id="of a stranger"),
        pytest.param(True, x509.DNSName("elsewhere.example"), 2, 503, id="for another name"),
        pytest.param(True, HOST, -1, 503, id="expired"),
    ],
)
async def test_tls_1_3_with_the_certificate_checked(
    begin: Begin, tmp_path: Path, trusted: bool, name: x509.GeneralName, days: int, code: int
) -> None:
    authority = Authority(tmp_path, "authority")
    registrar = TlsRegistrar()
    server = await asyncio.start_server(registrar.talk, "127.0.0.1", 0, ssl=authority.server(name, days=days))
    async with server:
        port = server.sockets[0].getsockname()[1]
        phone = await begin(
            settings={"tls_ca_file": str(authority.file) if trusted else system_authorities()},
            account={"transport": "tls", "registrar": f"sip:127.0.0.1:{port}", "password": "pw"},
        )
        state = await phone.fact("AccountState")
        assert state["code"] == code
        assert bool(registrar.contact) == (code == 200)
        if code == 200:
            assert registrar.versions == ["TLSv1.3"]
        else:
            assert "certificate" in state["reason"].lower()
        assert await phone.stop() == 0


# ---- many


async def test_a_hundred_calls_at_once(native_build: NativeBuild) -> None:
    done = await asyncio.to_thread(native_build.run, str(CROWD), "100")
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["confirmed"] == report["at_once"] == 200  # both ends live in the one program
    assert report["with_sound"] == 200
    assert report["ended"] == 200
