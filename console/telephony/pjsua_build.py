"""Asks pjsua2 what build it is. Works only while no engine runs: the library is started and ended for it."""

import ctypes
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pjsua2 as pj

from console.domain.errors import EnvironmentFault
from console.telephony.build import EngineBuild, SoundDevice
from console.telephony.engine import EngineSettings
from console.telephony.pjsua_desk import words_of
from console.telephony.pjsua_setup import endpoint_config, keep_quiet

_ASKED_CALLS = 100_000
_TLS_TEXT = re.compile(rb"OpenSSL (\d+\.\d+\.\d+[a-z]*) {1,2}\d{1,2} [A-Z][a-z]{2} \d{4}")


def describe_build() -> EngineBuild:
    """Start the library on this thread, ask it, end it. Raises EnvironmentFault when it cannot start."""
    keep_quiet()
    endpoint = pj.Endpoint()
    try:
        endpoint.libCreate()
        with _hushed():
            endpoint.libInit(endpoint_config(EngineSettings(max_calls=_ASKED_CALLS)))
        return _ask(endpoint)
    except pj.Error as fault:
        raise EnvironmentFault(f"pjsua2 is installed but does not start: {words_of(fault)}.") from None
    finally:
        endpoint.libDestroy()
        del endpoint


def _ask(endpoint: pj.Endpoint) -> EngineBuild:
    ciphers = _ciphers(endpoint)
    devices = tuple(
        SoundDevice(device.name, device.driver, device.inputCount, device.outputCount)
        for device in endpoint.audDevManager().enumDev2()
        if device.inputCount or device.outputCount  # ALSA lists plug-ins, too, that open nothing here
    )
    return EngineBuild(
        version=endpoint.libVersion().full,
        tls=(_tls_version() or "built in") if ciphers else "",
        ciphers=ciphers,
        codecs=tuple(codec.codecId for codec in endpoint.codecEnum2()),
        devices=devices,
        call_limit=_call_limit(),
        srtp=tuple(str(crypto) for crypto in endpoint.srtpCryptoEnum()),
        builder=_builder(),
    )


@contextmanager
def _hushed() -> Iterator[None]:
    """Drop what C libraries print: ALSA's plug-ins complain of every sound server that is not there."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _builder() -> str:
    """Who built it: our own build says so in a file beside its module (installer/pjsua2/wheel.py)."""
    try:
        return str(json.loads((_library().parent / "build.json").read_text())["builder"])
    except (OSError, ValueError, KeyError):
        return "PyPI"


def _ciphers(endpoint: pj.Endpoint) -> int:
    try:
        return len(endpoint.utilSslGetAvailableCiphers())
    except pj.Error:
        return 0


def _library() -> Path:
    return Path(str(sys.modules["pjsua2._pjsua2"].__file__))


def _call_limit() -> int:
    """The limit that the library cut our asking for very many calls down to; 4 when it does not let itself
    be asked.
    """
    try:
        return int(ctypes.CDLL(str(_library())).pjsua_call_get_max_count())
    except (OSError, AttributeError):
        return 4


def _tls_version() -> str:
    """The version of the OpenSSL that is loaded, by its own word; else the text in its file."""
    try:
        library = ctypes.CDLL(str(_library()))
    except OSError:
        return _tls_text()
    for name in ("OpenSSL_version", "SSLeay_version"):  # since 1.1, and before
        version = getattr(library, name, None)
        if version is not None:
            version.restype = ctypes.c_char_p
            return " ".join(version(0).decode("ascii", "replace").split()[:2])
    return _tls_text()


def _tls_text() -> str:
    """The version text that OpenSSL puts into its library, wherever the wheel keeps it."""
    folder = _library().parent
    places = [
        *folder.glob("libcrypto*"),
        *(folder.parent / "pjsua2_python.libs").glob("libcrypto*"),
        _library(),
    ]
    for place in places:
        found = _TLS_TEXT.search(place.read_bytes())
        if found:
            return f"OpenSSL {found[1].decode()}"
    return ""
