"""A real Asterisk for tests: fetched from Debian's packages once, started with a configuration of its own."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx

from console.demo.asterisk import command, fetching, free_port, lay_out
from console.switch.asterisk_config import Plan

_BOOT_S = 30.0


def fetched() -> Path:
    """Asterisk's files, fetched once a checkout into build/asterisk."""
    command, root = fetching()
    if command:
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"Asterisk cannot be had: {done.stderr}"
    return root


class AsteriskServer:
    """One Asterisk process in a folder of its own. Killed at the end: its state is nobody's."""

    def __init__(
        self,
        folder: Path,
        sounds: Path,
        *,
        rtp_first: int,
        rtp_last: int,
        tls: tuple[Path, Path] | None = None,
        attached: tuple[str, ...] = (),
    ) -> None:
        """`tls`: the certificate and the key with which it also takes SIP over TLS, at `tls_port`."""
        self.folder = folder
        self.root = fetched()
        self.sip = free_port()
        self.http = free_port()
        self.tls_port = free_port() if tls else 0
        self.plan = Plan(
            sip_port=self.sip,
            http_port=self.http,
            host="127.0.0.1",
            sounds=str(sounds),
            password="ari-secret",
            open_to_all=True,
            tls_port=self.tls_port,
            tls_certificate=str(tls[0]) if tls else "",
            tls_key=str(tls[1]) if tls else "",
            attached=attached,
        )
        self._process: subprocess.Popen[bytes] | None = None
        lay_out(folder, self.root, self.plan, (rtp_first, rtp_last))

    @property
    def url(self) -> str:
        """Of its REST interface."""
        return f"http://127.0.0.1:{self.http}"

    def start(self, status: int = 200) -> None:
        """Start, and wait until its REST interface answers so."""
        with (self.folder / "log/out.txt").open("wb") as out:
            self._process = subprocess.Popen(
                command(self.folder, self.root),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        end = time.monotonic() + _BOOT_S
        with httpx.Client(auth=("callboard", "ari-secret"), trust_env=False) as client:
            while self._status(client) != status:
                assert self._process.poll() is None, self.said()
                assert time.monotonic() < end, self.said()
                time.sleep(0.05)

    def _status(self, client: httpx.Client) -> int:
        try:
            return client.get(f"{self.url}/ari/asterisk/info", params={"only": "status"}).status_code
        except httpx.HTTPError:
            return 0

    def said(self) -> str:
        """Its log."""
        return "\n".join(
            file.read_text(errors="replace")
            for file in sorted((self.folder / "log").iterdir())
            if file.is_file()
        )

    def kill(self) -> None:
        """As a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def remove(self) -> None:
        """Kill it and leave nothing."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
