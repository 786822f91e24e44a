"""Serving: real ports, TLS, faults in words, signals left alone, a clean stop."""

import asyncio
import signal
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from console.domain.errors import NetworkError, SettingsError
from console.server.run import serve
from console.wire import Hello, Welcome, decode_centre_frame, encode_frame


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = str(folder / "cert.pem"), str(folder / "key.pem")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run([*command, *names], check=True, capture_output=True)
    return certificate, key


async def test_port_0_takes_a_free_one(running: Any) -> None:
    assert running.server.port > 0
    assert running.server.url == f"http://127.0.0.1:{running.server.port}"
    assert (await running.http.get("/health")).status_code == 200


async def test_a_port_in_use_is_told(running: Any) -> None:
    with pytest.raises(NetworkError, match=f"port {running.server.port} on 127.0.0.1 is in use"):
        await serve(running.another_app(), "127.0.0.1", running.server.port)


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("192.0.2.1", 0, "no address of this machine"),
        ("no.such.host.invalid", 0, "--host"),
        ("127.0.0.1", 99999, "--port"),
    ],
)
async def test_an_address_that_cannot_be_had_is_told(running: Any, host: str, port: int, words: str) -> None:
    with pytest.raises(NetworkError, match=words):
        await serve(running.another_app(), host, port)


async def test_ipv6_is_shown_in_brackets(running: Any) -> None:
    server = await serve(running.another_app(), "::1", 0)
    assert server.url == f"http://[::1]:{server.port}"
    await server.stop()


async def test_tls_serves_https_and_wss(running: Any, certificate: tuple[str, str]) -> None:
    server = await serve(
        running.another_app(), "127.0.0.1", 0, certificate=certificate[0], key=certificate[1]
    )
    assert server.url.startswith("https://")
    trust = ssl.create_default_context(cafile=certificate[0])
    async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
        assert (await client.get(f"{server.url}/health")).status_code == 200
    url = server.url.replace("https", "wss") + "/api/v1/live"
    async with connect(url, ssl=trust, proxy=None) as wire:
        await wire.send(encode_frame(Hello(token=running.token("anna"))).decode())
        assert isinstance(decode_centre_frame(await wire.recv()), Welcome)
        await server.stop()


async def test_tls_files_that_do_not_fit_are_told(
    running: Any, certificate: tuple[str, str], tmp_path: Path
) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    for pair, words in (
        ((certificate[0], ""), "only one is set"),
        ((certificate[0], "/no/such/key"), "does not exist"),
        ((certificate[0], str(junk)), "cannot be used"),
        ((str(junk), certificate[1]), "cannot be used"),
    ):
        with pytest.raises(SettingsError, match=words):
            await serve(running.another_app(), "127.0.0.1", 0, certificate=pair[0], key=pair[1])


async def test_the_signals_stay_with_the_program(start: Any) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    running = await start()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    await running.server.stop()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_stopping_leaves_nothing(start: Any) -> None:
    tasks, threads = len(asyncio.all_tasks()), threading.active_count()
    running = await start()
    await running.http.get("/health")
    await running.http.aclose()
    await running.server.stop()
    await running.server.stop()
    await running.centre.ledger.close()
    assert len(asyncio.all_tasks()) == tasks
    assert {thread.name for thread in threading.enumerate() if thread.name.startswith("ledger")} == set()
    assert threading.active_count() <= threads + 1  # the loop's own pool
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((running.server.host, running.server.port), timeout=5)


async def test_a_start_that_fails_is_told_and_frees_the_port(running: Any, monkeypatch: Any) -> None:
    def broken() -> None:
        raise OSError("no")

    app = running.another_app()
    monkeypatch.setattr(app.state.live, "start", broken)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(NetworkError, match="could not start"):
        await serve(app, "127.0.0.1", port)
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))


async def test_garbage_on_the_port_disturbs_nobody(running: Any) -> None:
    for junk in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\n\r\n",
        b"\x00" * 100_000,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.server.port)
        writer.write(junk)
        writer.write_eof()
        await reader.read()
        writer.close()
    assert (await running.http.get("/health")).status_code == 200
