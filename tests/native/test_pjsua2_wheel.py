"""The wheel: what is in it, what it can do, and that it is made once for the same inputs."""

import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.machine import tool
from tests.native.building import NativeBuild, run_build

pytestmark = [pytest.mark.sip, pytest.mark.timeout(1200)]
NEWEST_GLIBC = (2, 36)  # Debian 12
DESCRIBE = "import msgspec; from console.telephony.pjsua_build import describe_build; " \
           "print(msgspec.json.encode(describe_build()).decode())"  # fmt: skip


def test_the_build_has_what_was_asked_for(native_build: NativeBuild) -> None:
    done = native_build.run("-c", DESCRIBE)
    assert done.returncode == 0, done.stderr
    build = json.loads(done.stdout)
    assert (build["version"], build["builder"], build["call_limit"]) == ("2.17", "Callboard", 512)
    assert build["tls"].startswith("OpenSSL 3.")
    assert {"opus/48000/2", "G722/16000/1", "PCMU/8000/1", "PCMA/8000/1"} <= set(build["codecs"])
    assert {"AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM"} <= set(build["srtp"])


def test_the_doctor_names_it_and_finds_nothing_to_warn_of(native_build: NativeBuild, tmp_path: Path) -> None:
    (tmp_path / "callboard").mkdir()
    (tmp_path / "callboard/desk.toml").write_text('[phone]\nuri = "sip:a@example.org"\ntransport = "tls"\n')
    done = native_build.run("-m", "console", "doctor", "--json", XDG_CONFIG_HOME=str(tmp_path))
    report = json.loads(done.stdout)
    assert report["phone"]["builder"] == "Callboard"
    told = " ".join(fault["what"] for fault in report["faults"])
    assert "OpenSSL" not in told
    assert "no opus" not in told


def test_the_wheel_of_the_index_is_warned_of_where_tls_is_used(tmp_path: Path) -> None:
    """Whatever is in .venv: the warning is there exactly when the library is an old one."""
    (tmp_path / "callboard").mkdir()
    (tmp_path / "callboard/desk.toml").write_text('[phone]\nuri = "sip:a@example.org"\ntransport = "tls"\n')
    done = NativeBuild(tmp_path, tmp_path).run(
        "-m", "console", "doctor", "--json", XDG_CONFIG_HOME=str(tmp_path)
    )
    report = json.loads(done.stdout)
    warned = any("no security fixes" in fault["what"] for fault in report["faults"])
    assert warned == report["phone"]["tls"].startswith("OpenSSL 1.0")


def test_the_record_is_true_and_licences_lie_inside(native_build: NativeBuild) -> None:
    with zipfile.ZipFile(native_build.wheel) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        listed = {row[0]: row[1] for row in csv.reader(io.StringIO(archive.read(record).decode()))}
        assert set(listed) == set(archive.namelist())
        for name, digest in listed.items():
            if digest:
                found = (
                    base64.urlsafe_b64encode(hashlib.sha256(archive.read(name)).digest())
                    .rstrip(b"=")
                    .decode()
                )
                assert digest == f"sha256={found}"
        licences = {Path(name).name for name in listed if "/licenses/" in name}
        assert all(len(archive.read(name)) > 200 for name in listed if "/licenses/" in name)
    assert {"PJSIP.txt", "WebRTC.txt", "libsrtp.txt", "libopus0.txt", "Abseil.txt"} <= licences


def test_every_library_of_it_is_position_independent_and_bound_before_it_runs(
    native_build: NativeBuild,
) -> None:
    (module,) = native_build.folder.glob("pjsua2/_pjsua2*.so")
    told = subprocess.run(
        [tool("readelf"), "-W", "-d", "-l", "--dyn-syms", str(module)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "GNU_RELRO" in told
    assert re.search(r"FLAGS.*BIND_NOW", told)
    assert "TEXTREL" not in told
    assert "__stack_chk_fail" in told
    assert "__memcpy_chk" in told
    needed = [tuple(map(int, found)) for found in re.findall(r"@GLIBC_(\d+)\.(\d+)", told)]
    assert max(needed) <= NEWEST_GLIBC


def test_with_nothing_changed_nothing_is_built(native_build: NativeBuild, tmp_path: Path) -> None:
    before = native_build.wheel.stat().st_mtime_ns
    again = run_build("--wheel", str(tmp_path))
    assert again.returncode == 0
    assert again.stderr == ""
    copy = Path(again.stdout.splitlines()[-1])
    assert copy.parent == tmp_path
    assert copy.read_bytes() == native_build.wheel.read_bytes()
    assert native_build.wheel.stat().st_mtime_ns == before


def test_a_wrong_source_is_refused(
    native_build: NativeBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "pjproject.tar"
    wrong.write_bytes(b"something else")
    monkeypatch.setenv("PJSIP_SOURCE", str(wrong))
    done = run_build("--again")
    assert done.returncode == 1
    assert "SHA-256" in done.stderr
    assert native_build.wheel.exists()
