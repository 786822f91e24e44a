"""Callboard's pieces as files to be included by an Asterisk that has a configuration of its own already.

Each is for the file of the same name: `#include callboard/pjsip.conf` in pjsip.conf, and so on. install.sh
does that; it changes nothing else, and running it again changes nothing.
"""

from pathlib import Path
from urllib.parse import urlsplit

from console.settings import AsteriskNode, SwitchSettings
from console.switch.asterisk_config import HEAD, Plan, node_secret, pieces
from console.switch.asterisk_texts import INSTALL, MANAGER, TRANSPORTS, TRUNK

EVERYWHERE = "0.0.0.0"
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_SIP = 5060
_STATIC = "[general]\nstatic=yes\nwriteprotect=yes\n"
_PUBLIC, _SECRET = 0o644, 0o640
_NOT_INCLUDED = frozenset({"pjsip-transports.conf", "pjsip-trunk.conf", "manager.conf"})
"""Written, but for IT to decide about."""


def plan_of(switch: SwitchSettings, node: AsteriskNode, password: str) -> Plan:
    """What the settings ask of one Asterisk. `password` is of the first one, for the secret of several."""
    asterisk = switch.asterisk
    url = urlsplit(node.url)
    port = node.sip.rpartition(":")[2]
    return Plan(
        host=EVERYWHERE,
        sip_port=int(port) if port.isdigit() else _SIP,
        http_port=url.port or (8089 if url.scheme == "https" else 8088),
        app=asterisk.app,
        user=node.user,
        password=password,
        endpoint=asterisk.endpoint,
        context=asterisk.context,
        fallback=asterisk.fallback,
        node_secret=node_secret(password) if len(asterisk.nodes) > 1 else "",
        sounds=asterisk.sounds,
        tls_port=asterisk.tls_port if asterisk.phone_transport == "tls" else 0,
        tls_certificate=asterisk.tls_certificate,
        tls_key=asterisk.tls_key,
        attached=switch.attached,
    )


def files(plan: Plan, url: str) -> dict[str, str]:
    """The files by name, with their text. `url` is where the centre reaches Asterisk."""
    texts = pieces(plan)
    texts["extensions.conf"] = texts["extensions.conf"].replace(_STATIC, "")
    texts = {name: text.replace("[general]\n", "[general](+)\n") for name, text in texts.items()}
    texts["sorcery.conf"] = texts["sorcery.conf"].replace("[res_pjsip]", "[res_pjsip](+)")
    texts["musiconhold.conf"] = HEAD + "\n".join(
        one for one in _sections(texts["musiconhold.conf"]) if not _named(one, "default")
    )
    sections = _sections(texts["pjsip.conf"])
    texts["pjsip.conf"] = HEAD + "\n".join(
        one for one in sections if not _is(one, "global", "system", "transport")
    )
    texts["pjsip-transports.conf"] = (
        HEAD + TRANSPORTS + "\n".join(one for one in sections if _is(one, "transport"))
    )
    texts["pjsip-trunk.conf"] = HEAD + TRUNK.format(context=plan.context, endpoint=plan.endpoint)
    texts["http.conf"] = _http(plan, url)
    texts["manager.conf"] = HEAD + MANAGER.format(user=plan.user)
    return {name: f"{text.rstrip()}\n" for name, text in texts.items()}


def shown(plan: Plan, url: str) -> str:
    """All texts one after the other."""
    return "\n".join(f"; ------ {name}\n{text}" for name, text in files(plan, url).items())


def write_files(folder: Path, plan: Plan, url: str) -> int:
    """Write the files and install.sh below `folder`; returns how many files. Raises OSError."""
    kept = folder / "callboard"
    kept.mkdir(parents=True, exist_ok=True)
    texts = files(plan, url)
    for name, text in texts.items():
        secret = plan.password in text or bool(plan.node_secret and plan.node_secret in text)
        write_file(kept / name, text, _SECRET if secret else _PUBLIC)
    write_file(folder / "install.sh", _install(plan), 0o755)
    return len(texts)


def write_file(file: Path, text: str, mode: int) -> None:
    """Write a file that nobody could ever read who may not. Raises OSError."""
    file.unlink(missing_ok=True)
    file.touch(mode=mode)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


# ---------------------------------------------------------------- inside


def _sections(text: str) -> list[str]:
    """The sections of a file, each with the comment before it; without what only a fixed address needs."""
    sections: list[list[str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if line.startswith((f"media_address={EVERYWHERE}", "bind_rtp_to_media_address")):
            continue
        if line.startswith(";") and line != HEAD.strip():
            comment.append(line)
        elif line.startswith("["):
            sections.append([*comment, line])
            comment = []
        elif sections and line and line != HEAD.strip():
            sections[-1].append(line)
    return ["\n".join(lines) + "\n" for lines in sections]


def _is(section: str, *kinds: str) -> bool:
    return any(f"type={kind}" in section.splitlines() for kind in kinds)


def _named(section: str, name: str) -> bool:
    return f"[{name}]" in section.splitlines()


def _http(plan: Plan, url: str) -> str:
    parts = urlsplit(url)
    here = parts.hostname in _HERE
    if parts.scheme == "https":
        return f"""{HEAD}
[general](+)
enabled=yes
bindaddr=127.0.0.1
tlsenable=yes
tlsbindaddr={"127.0.0.1" if here else EVERYWHERE}:{plan.http_port}
; A certificate that the centre's machine trusts for {parts.hostname}, and its key.
tlscertfile=/etc/asterisk/keys/callboard.crt
tlsprivatekey=/etc/asterisk/keys/callboard.key
sessionlimit=500
"""
    return f"""{HEAD}
[general](+)
enabled=yes
bindaddr={"127.0.0.1" if here else EVERYWHERE}
bindport={plan.http_port}
sessionlimit=500
"""


def _install(plan: Plan) -> str:
    included = sorted(name for name in pieces(plan) if name not in _NOT_INCLUDED)
    return INSTALL.replace("@SOUNDS@", plan.sounds).replace("@FILES@", " ".join(included))
