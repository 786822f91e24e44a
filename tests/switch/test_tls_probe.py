"""What `callboardctl asterisk check` finds at a port where phones are to register over TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.demo.asterisk import free_port
from console.switch import tls_probe
from console.switch.asterisk_check_tls import look_at_tls
from tests.switch.certificates import DAY, Authority

NOW = datetime.now(UTC)


async def answer_sip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SIP/2.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    await reader.read()
    writer.close()


async def answer_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


@asynccontextmanager
async def serving(pair: tuple[Path, Path] | None, answer: object = answer_sip) -> AsyncIterator[str]:
    """A server with a certificate, or without TLS; where it is."""
    tls = None
    if pair is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*pair)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as server:  # type: ignore[arg-type]
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_nothing_is_wrong_with_a_sound_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with serving(authority.sign("pbx", "127.0.0.1", 30 * DAY)) as where:
        found, faults = await look_at_tls(where, str(authority.file), NOW)
    assert faults == []
    assert found == {"sip_tls": True, "certificate_until": (NOW + 30 * DAY).date().isoformat()}


@pytest.mark.parametrize(
    ("holder", "good_for", "known", "what", "do"),
    [
        ("127.0.0.1", 30 * DAY, False, "from “Example Authority”, which is not trusted here", "tls_ca"),
        ("pbx.example", 30 * DAY, True, "for pbx.example, and phones call it 127.0.0.1", "asterisk.sip"),
        ("127.0.0.1", -DAY, True, f"expired on {(NOW - DAY).date().isoformat()}", "Renew it"),
        ("127.0.0.1", DAY, True, "expires within two days", "Renew it"),
        ("127.0.0.1", 5 * DAY + timedelta(hours=1), True, "expires in 5 days", "Renew it"),
    ],
)
async def test_a_planted_fault_of_the_certificate_is_found(
    tmp_path: Path, holder: str, good_for: timedelta, known: bool, what: str, do: str
) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "Another")
    async with serving(authority.sign("pbx", holder, good_for)) as where:
        trusted = authority if known else other
        _, faults = await look_at_tls(where, str(trusted.file), NOW)
    (fault,) = faults
    assert what in fault["what"]
    assert do in fault["do"]
    assert ("severe" in fault) == ("expires" not in what)


async def test_a_chain_with_a_gap_is_told(tmp_path: Path) -> None:
    root = Authority(tmp_path, "Root")
    between = root.authority(tmp_path, "Between")
    certificate, key = between.sign("pbx", "127.0.0.1", 30 * DAY)
    async with serving((certificate, key)) as where:
        _, faults = await look_at_tls(where, str(root.file), NOW)
    assert "its chain has a gap" in faults[0]["what"]
    assert "certificates in between" in faults[0]["do"]
    certificate.write_bytes(certificate.read_bytes() + between.file.read_bytes())
    async with serving((certificate, key)) as where:
        assert (await look_at_tls(where, str(root.file), NOW))[1] == []


async def test_a_port_without_tls_and_one_of_a_web_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_probe, "_WAIT_S", 0.5)
    authority = Authority(tmp_path)
    async with serving(None, answer_http) as where:
        _, faults = await look_at_tls(where, str(authority.file), NOW)
        assert "speaks no TLS" in faults[0]["what"]
    async with serving(authority.sign("web", "127.0.0.1", 30 * DAY), answer_http) as where:
        _, faults = await look_at_tls(where, str(authority.file), NOW)
        assert "speaks no SIP" in faults[0]["what"]


async def test_nobody_at_the_port(tmp_path: Path) -> None:
    where = f"127.0.0.1:{free_port()}"
    found, faults = await look_at_tls(where, str(Authority(tmp_path).file), NOW)
    assert faults[0]["what"] == f"Nobody listens for SIP over TLS at {where}."
    assert "pjsip-transports.conf" in faults[0]["do"]
    assert found == {"sip_tls": False, "certificate_until": ""}


@pytest.mark.parametrize("text", [None, "no certificate"])
async def test_an_authority_that_cannot_be_read(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    found, faults = await look_at_tls("127.0.0.1:5061", str(file), NOW)
    assert found == {}
    assert str(file) in faults[0]["what"]
    assert "switch.asterisk.tls_ca" in faults[0]["do"]
