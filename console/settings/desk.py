"""The desk's options: the telephone, its sound, its history and looks, and what IT decides for it."""

from collections.abc import Iterator
from typing import Annotated

from console.domain.plan import Fault
from console.settings.declaration import Section, chosen, declared, number, told


class PhoneSettings(Section, frozen=True, kw_only=True):
    """`[phone]`: the softphone, also without a centre. The password lives in the system keyring."""

    uri: Annotated[str, told("SIP address of this phone, sip:name@company.example; empty: none.")] = ""
    registrar: Annotated[
        str, told("SIP URI of the registrar, sip:pbx.company.example; empty: do not register.")
    ] = ""
    username: Annotated[str, told("Name for digest authentication; empty: the address's user.")] = ""
    transport: Annotated[str, chosen("udp, tcp or tls.", "udp", "tcp", "tls")] = "udp"
    srtp: Annotated[
        str,
        chosen(
            "off, optional (encrypted when the other side asks for it) or required.",
            "off",
            "optional",
            "required",
        ),
    ] = "off"
    tls_ca: Annotated[
        str,
        told(
            "File with the authorities that a TLS registrar's certificate may come from; empty: the system's."
        ),
    ] = ""
    bind: Annotated[str, told("Address for SIP and RTP; empty: all.")] = ""
    codecs: Annotated[tuple[str, ...], told("Codecs by preference.")] = ("G722", "PCMU", "PCMA")
    auto_answer: Annotated[bool, told("Answer the centre's calls at once.")] = False


class AudioSettings(Section, frozen=True, kw_only=True):
    """`[audio]`: devices by name, tried in order; an unplugged one is taken back when it returns."""

    speaker: Annotated[str, told("Where voices are heard; empty: the system's default.")] = ""
    microphone: Annotated[str, told("What picks up the voice; empty: the system's default.")] = ""
    ringer: Annotated[str, told("Where it rings; empty: the system's default, none: nowhere.")] = ""


class HistorySettings(Section, frozen=True, kw_only=True):
    """`[history]`: the desk's own call history."""

    keep_days: Annotated[int, number("Days to keep a call; 0 keeps all.", least=0, most=36500)] = 365


class WindowSettings(Section, frozen=True, kw_only=True):
    """`[window]`: how it looks."""

    theme: Annotated[str, chosen("light, dark or system.", "light", "dark", "system")] = "system"
    language: Annotated[str, chosen("en, de or system.", "en", "de", "system")] = "system"


class StartSettings(Section, frozen=True, kw_only=True):
    """`[start]`: how the program begins."""

    autostart: Annotated[bool, told("Open when the person signs in to the computer.")] = False


class UpdateSettings(Section, frozen=True, kw_only=True):
    """`[updates]`: whether and where to look for newer versions. Packages leave that to the system."""

    check: Annotated[bool, told("Look for a newer version and say when there is one.")] = False
    url: Annotated[str, told("URL of the signed list of versions; empty: nowhere to look.")] = ""
    key: Annotated[str, told("Public key (minisign) that signs the list of versions.")] = ""


class CrashSettings(Section, frozen=True, kw_only=True):
    """`[crash]`: what becomes of crash reports; they are kept on this computer in any case."""

    send: Annotated[
        str, chosen("never, ask (each one, before it is sent) or always.", "never", "ask", "always")
    ] = "never"
    url: Annotated[str, told("URL that crash reports are sent to; empty: nowhere.")] = ""


class LogSettings(Section, frozen=True, kw_only=True):
    """`[log]`: the desk's log file, in the folder logs of the data folder. A centre logs to its service."""

    level: Annotated[
        str, chosen("Least that is kept: debug, info, warning or error.", "debug", "info", "warning", "error")
    ] = "info"
    size_mb: Annotated[
        float, number("Size of a log file before a new one is begun.", least=0.1, most=1000)
    ] = 5.0
    files: Annotated[int, number("Older log files to keep.", least=1, most=100)] = 3


class DeskSettings(Section, frozen=True, kw_only=True):
    """The desk's whole file."""

    centre: Annotated[
        str, told("URL of the centre, https://centre.company.example; empty: a plain SIP phone.")
    ] = ""
    user: Annotated[str, told("Sign-in name to offer first.")] = ""
    phone: PhoneSettings = PhoneSettings()
    audio: AudioSettings = AudioSettings()
    history: HistorySettings = HistorySettings()
    window: WindowSettings = WindowSettings()
    start: StartSettings = StartSettings()
    updates: UpdateSettings = UpdateSettings()
    crash: CrashSettings = CrashSettings()
    log: LogSettings = LogSettings()

    def faults(self) -> Iterator[Fault]:
        """What is none of its choices, as options and words."""
        for option in declared(DeskSettings):
            if not option.choices:
                continue
            found: object = self
            for part in option.name.split("."):
                found = getattr(found, part)
            if found not in option.choices:
                yield option.name, f"“{found}” is none of {', '.join(option.choices)}"


BY_MACHINE_ONLY = frozenset({"updates.url", "updates.key", "crash.send", "crash.url"})
"""Options that neither a centre nor a link may set: where programs come from, what the person agreed to."""
