"""What Callboard needs of an Asterisk: versions and modules, each with what it is for. Pure."""

import re
from collections.abc import Collection

from console.switch.ari_http import by_socket

_OLDEST = 20

MODULES = {
    "the REST interface": """res_ari res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels
        res_ari_endpoints res_ari_events res_ari_playbacks res_ari_recordings res_http_websocket""",
    "calls in our hands": """app_stasis res_stasis res_stasis_answer res_stasis_playback
        res_stasis_recording res_stasis_snoop""",
    "telephones": """chan_pjsip res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_header_funcs
        res_pjsip_refer res_pjsip_registrar res_pjsip_nat res_pjsip_dtmf_info res_pjsip_rfc3326
        res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
        res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_rtp_asterisk
        res_sorcery_memory""",
    "conversations": "bridge_simple bridge_native_rtp bridge_softmix chan_bridge_media",
    "sound": "codec_alaw codec_ulaw codec_g722 codec_resample format_pcm format_wav res_musiconhold",
    "the dialplan": """pbx_config app_stack app_softhangup func_uri func_channel func_global func_strings
        func_logic func_dialplan func_pjsip_endpoint""",
}
"""By purpose."""

FOR_TLS = ("res_crypto", "res_srtp")
FOR_FALLBACK = ("app_queue", "func_cut", "func_devstate")


def too_old(version: str) -> str:
    """Why a version cannot be used; "" when it can."""
    found = re.match(r"\D*(\d+)\.", version)
    if found is None or int(found[1]) >= _OLDEST:
        return ""  # unknown: built from a branch
    return f"Callboard needs Asterisk {_OLDEST} or newer"


def lacks(version: str) -> str:
    """What a version that can be used cannot do, "" when it can all."""
    if by_socket(version):
        return ""
    return (
        "A desk that transfers a call begins a new one there, and it goes to numbers of ours only; commands "
        "take longer, for they go over HTTP."
    )


def missing(running: Collection[str], *, tls: bool, fallback: bool) -> dict[str, list[str]]:
    """The modules that do not run, by what they are for."""
    wanted = {purpose: names.split() for purpose, names in MODULES.items()}
    if tls:
        wanted["encryption"] = list(FOR_TLS)
    if fallback:
        wanted["the queue without a centre"] = list(FOR_FALLBACK)
    gone = {purpose: [name for name in names if name not in running] for purpose, names in wanted.items()}
    return {purpose: names for purpose, names in gone.items() if names}
