"""The link over TLS: a certificate that cannot be trusted keeps the password at home."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.domain.errors import NetworkError
from console.domain.events import LinkState
from console.sync.link import Link
from tests.sync.rooms import Rooms
from tests.sync.small_centre import SmallCentre


def make_certificate(folder: Path, host: str) -> Path:
    """A self-signed certificate and its key in one PEM file."""
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    command += ["-addext", f"subjectAltName={host}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return both


@pytest.fixture(params=["IP:127.0.0.1"])
async def centre(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    running = SmallCentre()
    running.certificate = make_certificate(tmp_path, request.param)
    await running.start()
    yield running
    await running.stop()


def trusting(rooms: Rooms, centre: SmallCentre) -> Link:
    tls = ssl.create_default_context(cafile=str(centre.certificate))
    return Link(rooms.bus, rooms.clock, rooms.outbox, contact=lambda: "", tls=tls)


async def test_an_unknown_authority_is_refused_before_the_password_is_sent(
    centre: SmallCentre, rooms: Rooms
) -> None:
    asked: list[bytes] = []
    centre.answer_sign_in = lambda body: asked.append(body)
    with pytest.raises(NetworkError, match="certificate cannot be trusted"):
        await rooms.link.sign_in(centre.url, "anna", "secret")
    assert asked == []
    assert rooms.link.state is LinkState.SIGNED_OUT


@pytest.mark.parametrize("centre", ["DNS:elsewhere.example"], indirect=True)
async def test_a_certificate_of_another_host_is_refused(centre: SmallCentre, rooms: Rooms) -> None:
    link = trusting(rooms, centre)
    with pytest.raises(NetworkError, match="certificate cannot be trusted"):
        await link.sign_in(centre.url, "anna", "secret")


async def test_with_a_known_authority_all_goes_encrypted(centre: SmallCentre, rooms: Rooms) -> None:
    link = trusting(rooms, centre)
    await link.sign_in(centre.url, "anna", "secret")
    await rooms.facts.wait(lambda: link.state is LinkState.ONLINE)
    await link.command("ready")
    assert link.url == centre.url
    assert link.url.startswith("https://")
    await link.sign_out()


async def test_plain_http_where_the_centre_speaks_tls_is_told(centre: SmallCentre, rooms: Rooms) -> None:
    with pytest.raises(NetworkError, match="cannot be reached"):
        await rooms.link.sign_in(centre.url.replace("https", "http"), "anna", "secret")


async def test_https_where_the_centre_speaks_plain_is_told(rooms: Rooms) -> None:
    plain = SmallCentre()
    await plain.start()
    with pytest.raises(NetworkError, match="no secure connection"):
        await rooms.link.sign_in(plain.url.replace("http", "https"), "anna", "secret")
    await plain.stop()
