"""Lists of versions are believed when signed, new and fresh; the file they name when its sum is right."""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from console.domain.errors import BadInput, NetworkError, SettingsError, SignatureFault
from console.settings import UpdateSettings
from console.signature import new_minisign_keys, sign_minisign
from console.support import updates
from console.support.updates import Updates, download, managed_by
from console.support.versions import Download, this_system
from tests.support.certificates import certificate

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET, PUBLIC = new_minisign_keys()
PACKAGE = b"a new callboard" * 1000


class Site:
    """A web server of a vendor, over https: path to answer."""

    def __init__(self, pem: Path) -> None:
        pages: dict[str, bytes | str] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = pages.get(self.path)
                self.send_response(404 if page is None else 302 if isinstance(page, str) else 200)
                if isinstance(page, str):
                    self.send_header("location", page)
                self.end_headers()
                if isinstance(page, bytes):
                    self.wfile.write(page)

            def log_message(self, *_: object) -> None:
                pass

        self.pages = pages
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"https://localhost:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def publish(self, secret: str = SECRET, **changes: Any) -> None:
        made = {
            "form": 1,
            "product": "callboard",
            "serial": 7,
            "version": "9.0.0",
            "date": NOW.isoformat(),
            "expires": (NOW + timedelta(days=9)).isoformat(),
            "files": {
                this_system(): {
                    "url": f"{self.url}/callboard.deb",
                    "size": len(PACKAGE),
                    "sha256": __import__("hashlib").sha256(PACKAGE).hexdigest(),
                }
            },
            **changes,
        }
        self.put(json.dumps(made).encode(), secret)

    def put(self, data: bytes, secret: str = SECRET) -> None:
        self.pages["/versions.json"] = data
        self.pages["/versions.json.minisig"] = sign_minisign(secret, data, "list").encode()
        self.pages["/callboard.deb"] = PACKAGE

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    made = Site(pem)
    yield made
    made.stop()


@pytest.fixture
def looking(site: Site, tmp_path: Path) -> Updates:
    wanted = UpdateSettings(check=True, url=f"{site.url}/versions.json", key=PUBLIC.split()[-1])
    return Updates(wanted, tmp_path / "data")


async def test_a_newer_version_is_told_fetched_and_checked(
    site: Site, looking: Updates, tmp_path: Path
) -> None:
    site.publish()
    assert looking.due(NOW)
    found = await looking.look(NOW)
    assert found.newer
    assert found.version == "9.0.0"
    assert not looking.due(NOW + timedelta(hours=23))
    assert looking.due(NOW + timedelta(hours=24))
    assert looking.due(NOW - timedelta(hours=1)), "a clock that was set back must not stop the look"
    assert found.download is not None
    file = await download(found.download, tmp_path)
    assert file.read_bytes() == PACKAGE


async def test_what_runs_is_the_newest(site: Site, looking: Updates) -> None:
    site.publish(version="0.0.1")
    assert not (await looking.look(NOW)).newer


def _expired(site: Site) -> None:
    site.publish(expires=NOW.isoformat())


def _stranger(site: Site) -> None:
    site.publish(new_minisign_keys()[0])


def _changed(site: Site) -> None:
    site.publish()
    site.pages["/versions.json"] = site.pages["/versions.json"].replace(b"9.0.0", b"9.0.1")  # type: ignore[union-attr,arg-type]


def _no_json(site: Site) -> None:
    site.put(b"<html>sign in to the hotel's network</html>")


def _too_big(site: Site) -> None:
    site.put(b'{"form": 1, "x": "' + bytes(300_000) + b'"}')


def _other(site: Site) -> None:
    site.publish(product="otherboard")


def _plain(site: Site) -> None:
    site.publish(files={this_system(): {"url": "http://x/y", "size": 1, "sha256": "0" * 64}})


def _no_version(site: Site) -> None:
    site.publish(version="latest")


def _sent_to_http(site: Site) -> None:
    site.pages["/versions.json"] = f"http://localhost:{site.port}/x"


def _other_form(site: Site) -> None:
    site.publish(form=2)


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (_expired, "expired"),
        (_stranger, "another key"),
        (_changed, "changed"),
        (_no_json, "cannot be read"),
        (_too_big, "more than"),
        (_other, "otherboard"),
        (_plain, "https"),
        (_no_version, "no version"),
        (_sent_to_http, "https"),
        (_other_form, "newer form"),
    ],
)
async def test_what_is_not_to_be_believed_is_refused(
    site: Site, looking: Updates, prepare: Callable[[Site], None], told: str
) -> None:
    prepare(site)
    with pytest.raises(BadInput, match=told):
        await looking.look(NOW)
    assert looking.seen().serial == 0


@pytest.mark.parametrize(
    "older", [{"serial": 6}, {"serial": 8, "version": "8.9.9"}, {"serial": 7, "version": "9.5.0"}]
)
async def test_a_list_that_is_rolled_back_is_refused_also_after_a_restart(
    site: Site, looking: Updates, older: dict[str, Any], tmp_path: Path
) -> None:
    site.publish()
    await looking.look(NOW)
    site.publish(**older)
    wanted = UpdateSettings(check=True, url=f"{site.url}/versions.json", key=PUBLIC)
    with pytest.raises(BadInput, match="older"):
        await Updates(wanted, tmp_path / "data").look(NOW)
    assert looking.seen().serial == 7
    site.publish()
    assert (await looking.look(NOW)).newer, "the same list may come again"


async def test_no_list_no_signature_no_server(site: Site, looking: Updates) -> None:
    with pytest.raises(NetworkError, match="404"):
        await looking.look(NOW)
    site.publish()
    del site.pages["/versions.json.minisig"]
    with pytest.raises(NetworkError, match="404"):
        await looking.look(NOW)
    site.pages["/versions.json.minisig"] = b"no signature"
    with pytest.raises(SignatureFault):
        await looking.look(NOW)
    await asyncio.to_thread(site.stop)
    with pytest.raises(NetworkError, match="later"):
        await looking.look(NOW)
    assert not looking.due(NOW), "asked once a day, also when nobody answers"
    site._thread = threading.Thread(target=lambda: None)
    site._thread.start()
    site._server.shutdown = lambda: None  # type: ignore[method-assign]


async def test_a_site_that_sends_in_circles_is_left(site: Site, looking: Updates) -> None:
    site.pages["/versions.json"] = "/versions.json"
    with pytest.raises(NetworkError, match="more than"):
        await looking.look(NOW)


@pytest.mark.parametrize("page", [PACKAGE[:-1], PACKAGE + b"x", PACKAGE[:-1] + b"x", b""])
async def test_a_file_that_is_not_the_signed_one_is_not_left(site: Site, tmp_path: Path, page: bytes) -> None:
    site.publish()
    site.pages["/callboard.deb"] = page
    sha256 = __import__("hashlib").sha256(PACKAGE).hexdigest()
    folder = tmp_path / "to"
    folder.mkdir()
    with pytest.raises(BadInput, match="not the file that was signed"):
        await download(Download(url=f"{site.url}/callboard.deb", size=len(PACKAGE), sha256=sha256), folder)
    assert list(folder.iterdir()) == []


async def test_off_by_default_and_where_others_look_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not Updates(UpdateSettings(), tmp_path).due(NOW)
    with pytest.raises(SettingsError, match=r"updates\.url"):
        await Updates(UpdateSettings(check=True), tmp_path).look(NOW)
    wanted = UpdateSettings(check=True, url="https://x/y", key=PUBLIC)
    assert Updates(wanted, tmp_path).due(NOW)
    monkeypatch.setattr(updates, "managed_by", lambda: "apt")
    assert not Updates(wanted, tmp_path).due(NOW)


def test_who_looks_after_it_is_found_out(tmp_path: Path) -> None:
    program, info = tmp_path / "lib" / "callboard" / "callboard", tmp_path / "info"
    program.parent.mkdir(parents=True)
    info.mkdir()
    program.touch()
    assert managed_by(program, info) == ""
    (info / "callboard.list").write_text(f"/.\n{program}x\n")
    assert managed_by(program, info) == ""
    (info / "callboard.list").write_text(f"/.\n{program}\n")
    assert managed_by(program, info) == "apt"
    (program.parent / "managed-by").write_text("Intune by IT\n")
    assert managed_by(program, info) == "Intune"


def test_a_builder_makes_a_list_that_is_believed(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package, made, keys = tmp_path / "callboard.deb", tmp_path / "versions.json", tmp_path / "vendor"
    package.write_bytes(PACKAGE)
    assert main(["sign-update", "--new-key", str(keys)]) == 0
    assert main(["sign-update", "--new-key", str(keys)]) == 2, "a key is never written over"
    assert (tmp_path / "vendor.key").stat().st_mode & 0o777 == 0o600
    words = ["sign-update", "--key", f"{keys}.key", "--to", str(made), "--version", "9.1", "--serial", "3"]
    assert main([*words, "--file", f"{this_system()},{package},{site.url}/callboard.deb"]) == 0
    site.pages["/callboard.deb"] = PACKAGE
    site.pages["/versions.json"] = made.read_bytes()
    site.pages["/versions.json.minisig"] = Path(f"{made}.minisig").read_bytes()
    public = (tmp_path / "vendor.pub").read_text().split()[-1]
    data, to = tmp_path / "data", tmp_path / "to"
    data.mkdir()
    to.mkdir()
    look = ["update", "--url", f"{site.url}/versions.json", "--key", public, "--data", str(data)]
    assert main([*look, "--check"]) == 3
    assert "9.1" in capsys.readouterr().out
    assert main([*look, "--download", str(to)]) == 0
    assert (to / "callboard.deb").read_bytes() == PACKAGE
    for wrong in (["--serial", "0"], ["--file", "x"], ["--version", "new"], ["--key", "/nowhere"]):
        assert main([*words, *wrong]) == 2
