"""Our own build of pjsua2, made once and unpacked."""

import zipfile
from pathlib import Path

import pytest

from tests.native.building import NativeBuild, run_build


@pytest.fixture(scope="session")
def native_build(tmp_path_factory: pytest.TempPathFactory) -> NativeBuild:
    """Build it (minutes, the first time; the script itself lets one go on at a time) and unpack it."""
    done = run_build()
    if done.returncode:
        pytest.fail(f"our own pjsua2 does not build:\n{done.stderr[-4000:]}")
    wheel = Path(done.stdout.splitlines()[-1])
    folder = tmp_path_factory.mktemp("pjsua2")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return NativeBuild(wheel, folder)
