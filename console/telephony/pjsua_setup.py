"""pjsua2's configuration objects from our own values. Only the engine thread uses what is made here."""

import ctypes
import logging
import re
import sys

import pjsua2 as pj

from console.telephony.engine import Account, EngineSettings, Transport

_log = logging.getLogger(__name__)
MEDIA_TICK_MS = 20
TLS_MS = 5000
"""Who has not shown a certificate by then speaks no TLS at that port; without it half a minute goes by."""
_SRTP = {
    "off": pj.PJMEDIA_SRTP_DISABLED,
    "optional": pj.PJMEDIA_SRTP_OPTIONAL,
    "required": pj.PJMEDIA_SRTP_MANDATORY,
}


def keep_quiet() -> None:
    """Stop the library from printing to standard output what it does before its own settings are read.

    A build that does not export its C functions stays talkative for six lines.
    """
    try:
        library = ctypes.CDLL(sys.modules["pjsua2._pjsua2"].__file__)
        library.pj_log_set_level(0)
    except (KeyError, OSError, AttributeError) as fault:
        _log.debug("pjsua2 cannot be kept quiet: %s", fault)


def endpoint_config(settings: EngineSettings) -> pj.EpConfig:
    """No threads of its own for SIP, one for RTP; nothing printed."""
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.maxCalls = settings.max_calls
    config.uaConfig.userAgent = settings.user_agent
    config.logConfig.level = 0
    config.logConfig.consoleLevel = 0
    config.logConfig.msgLogging = 0
    config.medConfig.clockRate = settings.clock_rate_hz
    config.medConfig.audioFramePtime = MEDIA_TICK_MS
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = settings.echo_cancel_ms
    config.medConfig.ecOptions = pj.PJMEDIA_ECHO_USE_NOISE_SUPPRESSOR  # with the build's own canceller
    config.medConfig.quality = 4
    return config


def transport_config(settings: EngineSettings, port: int) -> pj.TransportConfig:
    """A listener at the settings' address; with rules for versions and certificates, which only TLS reads."""
    config = pj.TransportConfig()
    config.port = port
    if settings.bind:
        config.boundAddress = settings.bind
    config.tlsConfig.CaListFile = settings.tls_ca_file
    config.tlsConfig.verifyServer = settings.tls_verify
    config.tlsConfig.msecTimeout = TLS_MS
    config.tlsConfig.proto = pj.PJ_SSL_SOCK_PROTO_TLS1_2 | pj.PJ_SSL_SOCK_PROTO_TLS1_3  # RFC 8996: none older
    return config


def choose_codecs(endpoint: pj.Endpoint, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Offer the wanted codecs, in that order, and no others; returns the ids of those that the build has.

    A name without its clock (`G722`) means every clock of it. With none of the wanted in the build all stay
    as
    they are: a phone that can talk somehow is better than one that cannot.
    """
    known = [codec.codecId for codec in endpoint.codecEnum2()]
    chosen = [
        codec for name in wanted for codec in known if f"{codec}/".upper().startswith(f"{name}/".upper())
    ]
    ordered = tuple(dict.fromkeys(chosen))
    if not ordered:
        return tuple(known)
    for codec in known:
        endpoint.codecSetPriority(codec, 0)
    for rank, codec in enumerate(ordered):
        endpoint.codecSetPriority(codec, 254 - rank)
    return ordered


def nobody_config(address: str) -> pj.AccountConfig:
    """The account of calls that will be refused: it has no sockets for sound, which a flood could use up."""
    config = pj.AccountConfig()
    config.idUri = f"sip:nobody@{address}"
    config.mediaConfig.useLoopMedTp = True
    return config


def account_config(account: Account, settings: EngineSettings, contact: str) -> pj.AccountConfig:
    """A pjsua2 account; `contact` is the whole Contact URI to give, or "" to let the engine make it.

    Registration is tried again by us, with back-off, not by pjsua2 at a fixed pace.
    """
    config = pj.AccountConfig()
    name = account.display_name.replace("\\", "").replace('"', "")
    config.idUri = f'"{name}" <{account.uri}>' if name else account.uri
    _add_registration(config, account)
    config.sipConfig.contactForced = f"<{contact}>" if contact else ""
    if account.proxy:
        config.sipConfig.proxies.append(with_transport(account.proxy, account.transport))
    media = config.mediaConfig
    media.srtpUse = _SRTP.get(account.srtp, pj.PJMEDIA_SRTP_DISABLED)
    media.srtpSecureSignaling = 0  # the operator decides by `transport`; the window says what is encrypted
    if settings.bind:
        media.transportConfig.boundAddress = settings.bind
    config.natConfig.contactRewriteUse = 0 if contact else 2
    config.natConfig.sdpNatRewriteUse = 0
    change = config.ipChangeConfig
    change.shutdownTp = True
    change.hangupCalls = False
    change.reinviteFlags = (
        pj.PJSUA_CALL_REINIT_MEDIA | pj.PJSUA_CALL_UPDATE_CONTACT | pj.PJSUA_CALL_UPDATE_VIA
    )
    return config


def _add_registration(config: pj.AccountConfig, account: Account) -> None:
    registration = config.regConfig
    registration.registerOnAdd = bool(account.registrar)
    if not account.registrar:
        return
    registration.registrarUri = with_transport(account.registrar, account.transport)
    registration.timeoutSec = 300
    registration.retryIntervalSec = 0
    registration.firstRetryIntervalSec = 0
    registration.dropCallsOnFail = False
    registration.unregWaitMsec = 1500
    user = account.username or re.sub(r"^sips?:|@.*$", "", account.uri)
    config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, account.password))


def with_transport(uri: str, transport: Transport) -> str:
    """The URI with the account's transport in it, unless it names one or is `sips:`."""
    if transport is Transport.UDP or "transport=" in uri.lower() or uri.lower().startswith("sips:"):
        return uri
    bare, question, headers = uri.partition("?")
    return f"{bare};transport={transport}{question}{headers}"


def call_defaults() -> pj.CallOpParam:
    """The parameters of a call operation with pjsua2's own settings (one sound stream)."""
    return pj.CallOpParam(True)  # noqa: FBT003  # the binding takes no keywords
