"""How tests build our own pjsua2, and run programs with it; .venv stays as it is."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.telephony.far import ROOT

BUILD = ROOT / "installer/pjsua2/build.sh"


def run_build(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the build script for the Python of these tests."""
    return subprocess.run(
        ["nice", "-n", "5", "sh", str(BUILD), *arguments],
        env={**os.environ, "PYTHON": sys.executable}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@dataclass(frozen=True)
class NativeBuild:
    """The wheel, and the folder that it is unpacked in."""

    wheel: Path
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """What lets a program find our build before the one in .venv."""
        return {"PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}"}

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run Python with it to the end."""
        return subprocess.run(
            [sys.executable, *arguments], env={**os.environ, **self.env, **env},
            cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
