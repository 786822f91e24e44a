"""Asks pjsua2 what build it is. Works only while no engine runs: the library is started and ended for it."""

import ctypes
import re
import sys
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
    )
    return EngineBuild(
        version=endpoint.libVersion().full,
        tls=(_tls_version() or "built in") if ciphers else "",
        ciphers=ciphers,
        codecs=tuple(codec.codecId for codec in endpoint.codecEnum2()),
        devices=devices,
        call_limit=_call_limit(),
        srtp=tuple(str(crypto) for crypto in endpoint.srtpCryptoEnum()),
    )


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
