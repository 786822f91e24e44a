"""Hardware that tests bring along: sound devices (PulseAudio), a screen (Xvfb); private, and really stopped.

Both start their program with its own run-time folder, know its process, and end it. A missing program is a
failure that names the set-up, never a skip.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

STEP_S = 0.02
PATIENCE_STEPS = 500


def tool(name: str) -> str:
    """Return the path of a program; fail the test where it is missing."""
    path = shutil.which(name)
    if path is None:
        pytest.fail(
            f"{name} is not installed; `make setup` installs all that tests need (installer/debian/test.txt)"
        )
    return path


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process: ask, then insist."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0


@dataclass
class Pulse:
    """A private PulseAudio: `speaker` (heard at `speaker.monitor`) and `mic` (spoken into at `mic_in`).

    `env` is what another program needs to find it. QtMultimedia joins a sound server once in the life of a
    process, so one server serves the whole session; devices come and go with `plugged`. QtMultimedia 6.11
    notices a device that went only when the next one comes.
    """

    folder: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        log = (self.folder / "pulse.log").open("wb")
        with log:
            self.process = subprocess.Popen(
                [
                    tool("pulseaudio"), "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                    f"--load=module-native-protocol-unix socket={self.socket} auth-anonymous=1",
                    "--load=module-null-sink sink_name=speaker sink_properties=device.description=Speaker",
                    "--load=module-null-sink sink_name=mic_in sink_properties=device.description=Mouth",
                    "--load=module-remap-source source_name=mic master=mic_in.monitor "
                    "source_properties=device.description=Microphone",
                ],
                env={**os.environ, **self.env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        for _ in range(PATIENCE_STEPS):
            if _answers(self.socket):
                return
            try:
                self.process.wait(STEP_S)
            except subprocess.TimeoutExpired:
                continue
            break
        self.stop()
        pytest.fail(
            "pulseaudio did not start:\n" + (self.folder / "pulse.log").read_text(errors="replace")[-2000:]
        )

    def stop(self) -> None:
        """End the server."""
        stop(self.process)

    @property
    def socket(self) -> Path:
        """Where the server listens."""
        return self.folder / "pulse.socket"

    @property
    def env(self) -> dict[str, str]:
        """Variables that lead a program to this server and to no other."""
        return {
            "PULSE_SERVER": f"unix:{self.socket}",
            "PULSE_COOKIE": str(self.folder / "cookie"),
            "XDG_RUNTIME_DIR": str(self.folder),
            "PIPEWIRE_RUNTIME_DIR": str(self.folder),
        }

    def pactl(self, *arguments: str) -> str:
        """Run pactl and return what it prints."""
        done = subprocess.run(
            [tool("pactl"), *arguments],
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=20,
        )
        if done.returncode:
            pytest.fail(f"pactl {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    @contextmanager
    def plugged(self, name: str) -> Iterator[None]:
        """Have a headset in for the block: speaker NAME, microphone NAME_mic, spoken into at NAME_mic_in."""
        told = f"device.description={name}"
        loads = (
            ("module-null-sink", f"sink_name={name}", f"sink_properties={told}"),
            ("module-null-sink", f"sink_name={name}_mic_in"),
            (
                "module-remap-source",
                f"source_name={name}_mic",
                f"master={name}_mic_in.monitor",
                f"source_properties={told}",
            ),
        )
        modules = [self.pactl("load-module", *load) for load in loads]
        try:
            yield
        finally:
            for module in reversed(modules):
                self.pactl("unload-module", module)

    def say(self, wav: Path, sink: str = "mic_in") -> None:
        """Play a WAV file into a sink (by default the microphone) to its end."""
        subprocess.run(
            [tool("paplay"), f"--device={sink}", str(wav)],
            env={**os.environ, **self.env},
            check=True,
            timeout=120,
        )

    @contextmanager
    def hearing(self, into: Path, source: str = "speaker.monitor", rate: int = 16000) -> Iterator[None]:
        """Record a source as raw mono 16-bit PCM while the block runs, which starts once sound flows."""
        with into.open("wb") as out:
            ear = subprocess.Popen(
                [
                    tool("parec"), f"--device={source}", f"--rate={rate}", "--channels=1", "--format=s16le",
                    "--latency-msec=10", "--raw",
                ],
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                for _ in range(PATIENCE_STEPS):
                    if into.stat().st_size:
                        break
                    try:
                        ear.wait(STEP_S)
                    except subprocess.TimeoutExpired:
                        continue
                    pytest.fail(f"parec ended with {ear.returncode}: is there a source {source}?")
                yield
            finally:
                stop(ear)


@dataclass
class Display:
    """A private X screen. `env` is what a program needs to open its windows on it."""

    folder: Path
    size: str = "1920x1200x24"
    number: int = field(init=False)
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start Xvfb on a free display number of its own choice; it names the number once it is ready."""
        ready, write = os.pipe()
        try:
            self.process = subprocess.Popen(
                [
                    tool("Xvfb"), "-displayfd", str(write), "-screen", "0", self.size, "-dpi", "96", "-ac",
                    "-nolisten", "tcp", "-noreset",
                ],
                pass_fds=(write,),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            os.close(write)
        with os.fdopen(ready) as answer:
            number = answer.readline().strip()
        if not number:
            self.stop()
            pytest.fail("Xvfb did not start")
        self.number = int(number)

    def stop(self) -> None:
        """End the screen."""
        stop(self.process)

    @property
    def env(self) -> dict[str, str]:
        """Variables that lead a program to this screen."""
        return {"DISPLAY": f":{self.number}", "QT_QPA_PLATFORM": "xcb"}

    def xdotool(self, *arguments: str) -> str:
        """Run xdotool on this screen and return what it prints."""
        done = subprocess.run(
            [tool("xdotool"), *arguments],
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            pytest.fail(f"xdotool {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def picture(self, into: Path, window: str = "root") -> Path:
        """Save what the screen, or one window (its X id), shows as PNG."""
        subprocess.run(
            [tool("import"), "-window", window, str(into)],
            env={**os.environ, **self.env},
            check=True,
            timeout=60,
        )
        return into
