"""Packs the module, its libraries and their licences into a wheel; the same input gives the same bytes."""

import base64
import hashlib
import json
import os
import re
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

from fault import BuildFault
from native import CARRIED, EPOCH
from source import PJSIP, SRTP

# PyPI's wheel has this name, and pip replaces the one by the other cleanly because ours has it too. The label
# after the + is what PEP 440 provides for somebody's own build: no index serves it, and no pin matches it.
NAME = "pjsua2_python"
REVISION = 1
VERSION = f"{PJSIP.version}+callboard{REVISION}"
LICENCES = {
    "PJSIP.txt": "COPYING",
    "libsrtp.txt": "third_party/srtp/LICENSE",
    "WebRTC.txt": "third_party/webrtc_aec3/LICENSE",
    "WebRTC-patents.txt": "third_party/webrtc_aec3/PATENTS",
    "WebRTC-ooura.txt": "third_party/webrtc_aec3/src/common_audio/third_party/ooura/LICENSE",
    "WebRTC-sqrt.txt": "third_party/webrtc_aec3/src/common_audio/third_party/spl_sqrt_floor/LICENSE",
    "Abseil.txt": "third_party/webrtc_aec3/src/absl/LICENSE",
    "RNNoise.txt": "third_party/webrtc_aec3/src/third_party/rnnoise/COPYING",
    "PFFFT.txt": "third_party/webrtc_aec3/src/third_party/pffft/README.txt",
}
_INIT = '''"""PJSIP's SIP user agent for Python (pjsua2), as Callboard builds it. build.json tells how."""

from pjsua2.pjsua2 import *  # noqa: F403

__version__ = "{version}"
'''
_METADATA = f"""Metadata-Version: 2.4
Name: pjsua2-python
Version: {VERSION}
Summary: PJSIP's pjsua2, built for Callboard: OpenSSL 3, Opus, ALSA, WebRTC echo canceller
License-Expression: GPL-2.0-or-later
Requires-Python: =={sys.version_info[0]}.{sys.version_info[1]}.*
"""


def tag() -> str:
    """The interpreter and platform that the wheel is for."""
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    return f"{python}-{python}-linux_{os.uname().machine}"


def file_name() -> str:
    """The wheel's file name."""
    return f"{NAME}-{VERSION}-{tag()}.whl"


def collect_licences(pjsip: Path, into: Path) -> None:
    """Copy the licence text of each part. Raises BuildFault when one is not where it was."""
    places = {name: pjsip / path for name, path in LICENCES.items()}
    for package in CARRIED.values():
        places[f"{package}.txt"] = Path("/usr/share/doc") / package / "copyright"
    lacking = [str(path) for path in places.values() if not path.is_file()]
    if lacking:
        raise BuildFault(f"Licence texts are missing: {', '.join(lacking)}.")
    into.mkdir()
    for name, path in places.items():
        (into / name).write_bytes(path.read_bytes())


def pack(compiled: Path, facts: dict[str, Any], path: Path) -> Path:
    """Write the wheel of compiled/built and compiled/licences."""
    texts = {text.name: text.read_bytes() for text in sorted((compiled / "licences").iterdir())}
    built = compiled / "built"
    info = f"{NAME}-{VERSION}.dist-info"
    named = "".join(f"License-File: {name}\n" for name in texts)
    files = {
        f"pjsua2/{path.relative_to(built).as_posix()}": path.read_bytes()
        for path in built.rglob("*")
        if path.is_file()
    }
    files["pjsua2/__init__.py"] = _INIT.format(version=VERSION).encode()
    files["pjsua2/build.json"] = (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode()
    files |= {f"{info}/licenses/{name}": text for name, text in texts.items()}
    files[f"{info}/METADATA"] = (_METADATA + named).encode()
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: callboard\nRoot-Is-Purelib: false\nTag: {tag()}\n".encode()
    )
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in sorted(files.items()))
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(files.items(), key=lambda item: (".dist-info/" in item[0], item[0])):
            entry = zipfile.ZipInfo(name, time.gmtime(int(EPOCH))[:6])
            entry.external_attr = (0o100755 if re.search(r"\.so(\.|$)", name) else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    part.replace(path)
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def sources() -> dict[str, str]:
    """Name, version and SHA-256 of what it was built from."""
    return {f"{source.name} {source.version}": source.sha256 for source in (PJSIP, SRTP)}
