"""Every option, declared once: name, type, default, help. Files are TOML; an error names the line and the
option.

The declaration is the Struct: a field's annotation carries its help, its default is the default. The
command line, the settings window and the table in the README read the same declaration through `options`.
"""

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Protocol, TypeVar, get_args, get_origin, get_type_hints, runtime_checkable

import msgspec

from console.domain.address import trunk_of
from console.domain.agent import INTERRUPTS, Agent, Role
from console.domain.doubts import warnings_of
from console.domain.errors import BadInput, SettingsError
from console.domain.plan import Fault, faults_of
from console.domain.queue import Channel, Queue

_T = TypeVar("_T", bound=msgspec.Struct)


@runtime_checkable
class Checked(Protocol):
    """A settings class that knows what only the whole file can tell."""

    def faults(self) -> Iterator[Fault]:
        """What does not fit together, as options and words."""
        ...


def _help(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


def _number(text: str, *, least: float, most: float) -> msgspec.Meta:
    return msgspec.Meta(description=text, ge=least, le=most)


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


_Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class ServerSettings(_Section, frozen=True, kw_only=True):
    """`[server]`: the centre's HTTP and websocket face."""

    host: Annotated[str, _help("Address to listen on; the default is reachable from this machine only.")] = (
        "127.0.0.1"
    )
    port: Annotated[_Port, _help("TCP port; 0 takes a free one.")] = 8460
    database: Annotated[str, _help("SQLAlchemy URL of the ledger; empty is a file in the data folder.")] = ""
    tls_certificate: Annotated[str, _help("PEM file; with tls_key it turns on HTTPS.")] = ""
    tls_key: Annotated[str, _help("PEM file of the private key.")] = ""
    token_hours: Annotated[float, _number("Hours that a sign-in is good for.", least=0.01, most=720)] = 12.0
    heartbeat_s: Annotated[
        float, _number("Seconds between heartbeats on a websocket.", least=0.2, most=60)
    ] = 5.0
    board_interval_ms: Annotated[
        int, _number("At most one board update in this time.", least=10, most=5000)
    ] = 50
    drain_s: Annotated[
        float, _number("Seconds that calls get to end when the centre stops.", least=0, most=3600)
    ] = 5.0


class SwitchSettings(_Section, frozen=True, kw_only=True):
    """`[switch]`: the embedded voice switch."""

    kind: Annotated[str, _help("Which switch carries the calls: embedded or none.")] = "embedded"
    host: Annotated[str, _help("Address for SIP and RTP.")] = "127.0.0.1"
    udp_port: Annotated[_Port, _help("SIP over UDP; 0 takes a free one.")] = 5060
    tcp_port: Annotated[_Port, _help("SIP over TCP; 0 takes a free one.")] = 5060
    rtp_first: Annotated[_Port, _help("First RTP port; 0 takes free ones.")] = 0
    rtp_last: Annotated[_Port, _help("Last RTP port.")] = 0
    language: Annotated[str, _help("Language of the prompts: en or de.")] = "en"
    trunk: Annotated[
        str,
        _help(
            "Where numbers are called for callbacks: host:port or a SIP URI; empty: where that customer's "
            "last call came from."
        ),
    ] = ""
    max_calls: Annotated[
        int, _number("Customers on the switch at once; further ones get 503.", least=1, most=10000)
    ] = 500
    messages: Annotated[
        str, _help("Folder for voicemail; empty: the folder messages in the data folder.")
    ] = ""
    media_timeout_s: Annotated[
        float, _number("Seconds without sound after which a call counts as lost.", least=0.1, most=3600)
    ] = 30.0


class CustomerRule(_Section, frozen=True, kw_only=True):
    """`[[routing.customers]]`: a customer who is known by number."""

    number: Annotated[str, _help("The number or user of the customer's address.")]
    value: Annotated[int, _number("What the customer is worth; see value_weight.", least=0, most=1000)] = 0
    agent: Annotated[str, _help("The agent who is to have this customer; empty: nobody.")] = ""
    priority: Annotated[int, _number("Points of priority on top of the queue's.", least=-1000, most=1000)] = 0


class RoutingSettings(_Section, frozen=True, kw_only=True):
    """`[routing]`: rules that hold for all queues."""

    grace_s: Annotated[
        float,
        _number(
            "Seconds that a vanished desk keeps its agent's state; at least 45 after a restart.",
            least=0,
            most=3600,
        ),
    ] = 30.0
    pause_reasons: Annotated[tuple[str, ...], _help("Reasons an agent can pause with.")] = (
        "Break",
        "Lunch",
        "Meeting",
        "Training",
        "Back office",
    )
    dispositions: Annotated[tuple[str, ...], _help("Outcomes an agent can give a call.")] = (
        "Solved",
        "Call back",
        "Passed on",
        "No customer",
        "Other",
    )
    customers: tuple[CustomerRule, ...] = ()
    interrupts: Annotated[
        dict[Channel, tuple[Channel, ...]],
        _help("By channel of the work at hand: what may come on top of it; the rest is as by default."),
    ] = {}

    @property
    def on_top(self) -> dict[Channel, tuple[Channel, ...]]:
        """`interrupts` with what is not given."""
        return INTERRUPTS | self.interrupts


class UserSettings(_Section, frozen=True, kw_only=True):
    """`[[users]]`: somebody who may sign in. The password itself never stands in a file."""

    name: Annotated[str, _help("Sign-in name; for an agent also the agent's key.")]
    role: Annotated[Role, _help("agent, supervisor or admin.")] = Role.AGENT
    shown: Annotated[str, _help("Name to show.")] = ""
    password_hash: Annotated[
        str, _help("argon2 hash, from `callboardctl password`; empty: set by the admin.")
    ] = ""


class CentreSettings(_Section, frozen=True, kw_only=True):
    """The centre's whole file."""

    server: ServerSettings = ServerSettings()
    switch: SwitchSettings = SwitchSettings()
    routing: RoutingSettings = RoutingSettings()
    queues: tuple[Queue, ...] = ()
    agents: tuple[Agent, ...] = ()
    users: tuple[UserSettings, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a queue without a key: on the board "" is the row of all queues together."""
        for number, queue in enumerate(self.queues, start=1):
            if not queue.key:
                raise ValueError(f"queue number {number} has an empty key; give it a short name of its own")

    def faults(self) -> Iterator[Fault]:
        """What does not fit together, as options and words."""
        switch = self.switch
        if switch.kind not in {"embedded", "none"}:
            yield "switch.kind", f"there is no switch “{switch.kind}”; use embedded or none"
        if switch.language not in {"en", "de"}:
            yield "switch.language", f"there are no prompts in “{switch.language}”; use en or de"
        if switch.rtp_last < switch.rtp_first:
            yield "switch.rtp_last", "the last RTP port is below the first"
        if switch.trunk:
            try:
                trunk_of(switch.trunk)
            except BadInput as fault:
                yield "switch.trunk", str(fault)
        customers = [(rule.number, rule.agent) for rule in self.routing.customers]
        yield from faults_of(self.queues, self.agents, customers)
        yield from self._faults_of_users()

    def warnings(self) -> Iterator[Fault]:
        """What may be meant but serves nobody, as options and words: to be told at load."""
        yield from warnings_of(self.queues, self.agents)

    def _faults_of_users(self) -> Iterator[Fault]:
        seen: set[str] = set()
        for index, user in enumerate(self.users):
            if user.name in seen or not user.name:
                yield f"users[{index}].name", f"“{user.name}” is empty or there already"
            seen.add(user.name)
            if user.password_hash and not user.password_hash.startswith("$argon2"):
                words = "this is no argon2 hash; `callboardctl password` makes one"
                yield f"users[{index}].password_hash", words


class PhoneSettings(_Section, frozen=True, kw_only=True):
    """`[phone]`: the softphone, also without a centre. The password lives in the system keyring."""

    uri: Annotated[str, _help("SIP address of this phone, sip:name@company.example; empty: none.")] = ""
    registrar: Annotated[
        str, _help("SIP URI of the registrar, sip:pbx.company.example; empty: do not register.")
    ] = ""
    username: Annotated[str, _help("Name for digest authentication; empty: the address's user.")] = ""
    transport: Annotated[str, _help("udp, tcp or tls.")] = "udp"
    srtp: Annotated[str, _help("off, optional (encrypted when the other side asks for it) or required.")] = (
        "off"
    )
    tls_ca: Annotated[
        str,
        _help(
            "File with the authorities that a TLS registrar's certificate may come from; empty: the system's."
        ),
    ] = ""
    bind: Annotated[str, _help("Address for SIP and RTP; empty: all.")] = ""
    codecs: Annotated[tuple[str, ...], _help("Codecs by preference.")] = ("G722", "PCMU", "PCMA")
    auto_answer: Annotated[bool, _help("Answer the centre's calls at once.")] = False


class AudioSettings(_Section, frozen=True, kw_only=True):
    """`[audio]`: devices by name, tried in order; an unplugged one is taken back when it returns."""

    speaker: Annotated[str, _help("Where voices are heard; empty: the system's default.")] = ""
    microphone: Annotated[str, _help("What picks up the voice; empty: the system's default.")] = ""
    ringer: Annotated[str, _help("Where it rings; empty: the system's default, none: nowhere.")] = ""


class HistorySettings(_Section, frozen=True, kw_only=True):
    """`[history]`: the desk's own call history."""

    keep_days: Annotated[int, _number("Days to keep a call; 0 keeps all.", least=0, most=36500)] = 365


class WindowSettings(_Section, frozen=True, kw_only=True):
    """`[window]`: how it looks."""

    theme: Annotated[str, _help("light, dark or system.")] = "system"
    language: Annotated[str, _help("en, de or system.")] = "system"


class DeskSettings(_Section, frozen=True, kw_only=True):
    """The desk's whole file."""

    centre: Annotated[
        str, _help("URL of the centre, https://centre.company.example; empty: a plain SIP phone.")
    ] = ""
    user: Annotated[str, _help("Sign-in name to offer first.")] = ""
    phone: PhoneSettings = PhoneSettings()
    audio: AudioSettings = AudioSettings()
    history: HistorySettings = HistorySettings()
    window: WindowSettings = WindowSettings()


class Option(msgspec.Struct, frozen=True):
    """One declared option, for help texts and tables: its dotted name, type in words, default and help."""

    name: str
    kind: str
    default: Any
    help: str


def options(kind: type[msgspec.Struct], prefix: str = "") -> Iterator[Option]:
    """All options of a settings class, depth first."""
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        name = f"{prefix}{field.name}"
        hint = hints[field.name]
        bare = _bare(hint)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            yield from options(bare, f"{name}.")
            continue
        element = _element(bare)
        if element is not None:
            yield from options(element, f"{name}[].")
            continue
        default = None if field.default is msgspec.NODEFAULT else field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        yield Option(name, _words(bare), default, _described(hint))


def read_settings(path: Path, kind: type[_T]) -> _T:
    """Read a TOML file. Raises SettingsError naming the file, the line and the option."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file. Create it, or leave out --config.") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{path}: cannot be read: {fault}") from None
    return parse_settings(text, kind, str(path))


def parse_settings(text: str, kind: type[_T], where: str = "settings") -> _T:
    """Read settings from TOML text. Raises SettingsError naming the line and the option."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SettingsError(f"{where}: not TOML: {fault}") from None
    try:
        made = msgspec.convert(data, kind)
    except msgspec.ValidationError as fault:
        message, _, path = str(fault).partition(" - at `$")
        option = path.rstrip("`").lstrip(".")
        if message.startswith("Object contains unknown field"):
            unknown = message.split("`")[1]
            option = f"{option}.{unknown}" if option else unknown
            message = "there is no such option"
        raise _named(text, where, option, message) from None
    whole: object = made
    if isinstance(whole, Checked):
        for option, words in whole.faults():
            raise _named(text, where, option, f"{words}.")
    return made


def _named(text: str, where: str, option: str, message: str) -> SettingsError:
    line = _line_of(text, option)
    place = f"{where}:{line}" if line else where
    return SettingsError(f"{place}: {option or 'the file'}: {message}")


def _line_of(text: str, option: str) -> int:
    """The line (from 1) that sets a dotted option, `queues[1].threshold_s`, or 0 when it cannot be told.

    What stands deeper, `queues[1].skills[0].level`, is on the line of what holds it, `skills`.
    """
    parts = option.split(".")
    depth = 2 if len(parts) > 2 and "[" in parts[0] else len(parts)
    table, _, key = ".".join(parts[:depth]).rpartition(".")
    wanted, _, index = table.partition("[")
    nth = int(index.split("]")[0]) + 1 if index else 1
    seen = 0
    inside = not wanted
    first = 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("["):
            header = line.split("#")[0].strip().strip("[]").strip()
            seen += header == wanted
            inside = header == wanted and seen == nth
            first = number if inside else first
            if header == option.split("[")[0] and not first:
                first = number
        elif inside and key and line.split("=")[0].strip().strip('"') == key.split("[")[0]:
            return number
    return first


def _bare(hint: Any) -> Any:
    """The type without its annotation, and without the None of what may be left out."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if isinstance(hint, UnionType):
        return _bare(next(kind for kind in get_args(hint) if kind is not NoneType))
    return hint


def _element(bare: Any) -> type[msgspec.Struct] | None:
    arguments = get_args(bare)
    if (
        get_origin(bare) is tuple
        and arguments
        and isinstance(arguments[0], type)
        and issubclass(arguments[0], msgspec.Struct)
    ):
        return arguments[0]
    return None


def _described(hint: Any) -> str:
    if get_origin(hint) is not Annotated:
        return ""
    inner, *metas = get_args(hint)
    for meta in reversed(metas):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    return _described(inner)


def _words(bare: Any) -> str:
    if get_origin(bare) is tuple:
        return f"list of {_words(get_args(bare)[0])}"
    if get_origin(bare) is dict:
        return f"table of {_words(_bare(get_args(bare)[1]))}"
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        return "one of " + ", ".join(bare)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names.get(bare, getattr(bare, "__name__", str(bare)))
