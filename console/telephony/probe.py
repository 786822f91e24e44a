"""The telephony part of `callboardctl doctor`: which build of the SIP library runs, and what to do about
its limits.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from console.domain.errors import EnvironmentFault
from console.telephony.build import EngineBuild

WANTED_CODECS = ("PCMU", "PCMA", "G722", "opus")
COMFORTABLE_CALLS = 8
OLD_TLS = ("1.0", "1.1")


def probe(describe: Callable[[], EngineBuild], *, tls_wanted: bool = False) -> dict[str, Any]:
    """A JSON-able report: `ok`, the build's figures, and `warnings`, each with `what`, `means` and `do`.

    `tls_wanted`: an account of this desk uses TLS, which makes an old TLS library worth a warning. `describe`
    imports and asks the library; an ImportError from it says that it is not installed.
    """
    try:
        build = describe()
    except ImportError as fault:
        return _missing(str(fault))
    except EnvironmentFault as fault:
        return {
            "ok": False,
            "installed": True,
            "warnings": [_warning(str(fault), "The phone cannot start.", "")],
        }
    warnings = [
        found
        for found in (_about_tls(build, wanted=tls_wanted), _about_codecs(build), _about_calls(build))
        if found
    ]
    figures: dict[str, Any] = msgspec.to_builtins(build)
    return {"ok": True, "installed": True, **figures, "warnings": [*warnings, *_about_devices(build)]}


def _missing(fault: str) -> dict[str, Any]:
    warning = _warning(
        f"pjsua2 is not installed ({fault}).",
        "The phone cannot make calls; the centre and the wallboard work.",
        "Install the desk's parts: pip install 'callboard[desk]'.",
    )
    return {"ok": False, "installed": False, "warnings": [warning]}


def _warning(what: str, means: str, do: str) -> dict[str, str]:
    return {"what": what, "means": means, "do": do}


def _about_tls(build: EngineBuild, *, wanted: bool) -> dict[str, str] | None:
    if not build.tls:
        return _warning(
            "The SIP library was built without TLS.",
            "Accounts with transport tls cannot be used.",
            "Use the packages of Callboard or make native, or transport udp or tcp inside a VPN.",
        )
    number = build.tls.removeprefix("OpenSSL ").split()[0]
    if wanted and number.startswith(OLD_TLS):
        return _warning(
            f"phone.transport is tls, and the SIP library ({build.builder}'s build) comes with {build.tls}, "
            "which gets no security fixes any more.",
            "TLS 1.2 works, TLS 1.3 does not; known weaknesses stay open.",
            "Install the packages of Callboard, or run make native in a checkout: both bring OpenSSL 3.",
        )
    return None


def _about_codecs(build: EngineBuild) -> dict[str, str] | None:
    have = {codec.partition("/")[0].lower() for codec in build.codecs}
    missing = [codec for codec in WANTED_CODECS if codec.lower() not in have]
    if not missing:
        return None
    return _warning(
        f"This build has no {', '.join(missing)}.",
        "Calls with parties that offer nothing else fail; others use what both have.",
        "If such a codec is needed, use the packages of Callboard, or make native in a checkout.",
    )


def _about_calls(build: EngineBuild) -> dict[str, str] | None:
    if build.call_limit >= COMFORTABLE_CALLS:
        return None
    return _warning(
        f"This build carries {build.call_limit} calls at once.",
        "Enough for an agent; a further call gets busy.",
        "Nothing, unless this desk is to carry more: then use the packages of Callboard.",
    )


def _about_devices(build: EngineBuild) -> list[dict[str, str]]:
    if build.devices:
        return []
    return [
        _warning(
            "This build opens no sound devices itself.",
            "The desk's window plays and records through Qt; a call without it has files and tones only.",
            "Nothing.",
        )
    ]
