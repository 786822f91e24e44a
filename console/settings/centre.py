"""The centre's options: `[server]`, `[switch]`, `[routing]`, queues, agents, users."""

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import unquote

from console.domain.address import Address, trunk_of
from console.domain.agent import INTERRUPTS, Agent, Role
from console.domain.attached import name_faults
from console.domain.doubts import warnings_of
from console.domain.errors import BadInput, SettingsError
from console.domain.plan import Fault, faults_of
from console.domain.queue import Channel, Queue
from console.domain.tolls import CallbackNumbers, offers_callback
from console.settings.app_queue import AppQueueSettings
from console.settings.asterisk import AsteriskSettings
from console.settings.declaration import Port, Section, chosen, number, told
from console.settings.values import flat, provisionable

KINDS = ("embedded", "asterisk", "app_queue", "none")
_NONE: dict[str, Any] = {}  # msgspec copies an empty default


class ServerSettings(Section, frozen=True, kw_only=True):
    """`[server]`: the centre's HTTP and websocket face."""

    host: Annotated[str, told("Address to listen on; the default is reachable from this machine only.")] = (
        "127.0.0.1"
    )
    port: Annotated[Port, told("TCP port; 0 takes a free one.")] = 8460
    database: Annotated[str, told("SQLAlchemy URL of the ledger; empty is a file in the data folder.")] = ""
    tls_certificate: Annotated[str, told("PEM file; with tls_key it turns on HTTPS.")] = ""
    tls_key: Annotated[str, told("PEM file of the private key.")] = ""
    token_hours: Annotated[float, number("Hours that a sign-in is good for.", least=0.01, most=720)] = 12.0
    heartbeat_s: Annotated[
        float, number("Seconds between heartbeats on a websocket.", least=0.2, most=60)
    ] = 5.0
    board_interval_ms: Annotated[
        int, number("At most one board update in this time.", least=10, most=5000)
    ] = 50
    drain_s: Annotated[
        float, number("Seconds that calls get to end when the centre stops.", least=0, most=3600)
    ] = 5.0


class SwitchSettings(Section, frozen=True, kw_only=True):
    """`[switch]`: the voice switch; ports, RTP and max_calls are the embedded one's."""

    kind: Annotated[
        str,
        chosen(
            "Which switch carries the calls: embedded, asterisk (driven by Callboard), app_queue (an "
            "Asterisk's own queues, which Callboard only watches) or none.",
            *KINDS,
        ),
    ] = "embedded"
    host: Annotated[str, told("Address for SIP and RTP.")] = "127.0.0.1"
    udp_port: Annotated[Port, told("SIP over UDP; 0 takes a free one.")] = 5060
    tcp_port: Annotated[Port, told("SIP over TCP; 0 takes a free one.")] = 5060
    rtp_first: Annotated[Port, told("First RTP port; 0 takes free ones.")] = 0
    rtp_last: Annotated[Port, told("Last RTP port.")] = 0
    language: Annotated[str, told("Language of the prompts: en or de.")] = "en"
    trunk: Annotated[
        str,
        told(
            "Where numbers are called for callbacks: host:port or a SIP URI; empty: where that customer's "
            "last call came from."
        ),
    ] = ""
    callbacks: CallbackNumbers = CallbackNumbers()
    attached: Annotated[
        tuple[str, ...],
        told(
            "Names of what goes along with a call to the agent, the ledger and other programs: SIP headers "
            "of the caller (X-...) and, on an Asterisk, variables that your dialplan sets."
        ),
    ] = ()
    max_calls: Annotated[
        int, number("Customers on the switch at once; further ones get 503.", least=1, most=10000)
    ] = 500
    messages: Annotated[str, told("Folder for voicemail; empty: the folder messages in the data folder.")] = (
        ""
    )
    media_timeout_s: Annotated[
        float, number("Seconds without sound after which a call counts as lost.", least=0.1, most=3600)
    ] = 30.0
    asterisk: AsteriskSettings = AsteriskSettings()
    app_queue: AppQueueSettings = AppQueueSettings()

    def refuses(self, customer: Address) -> str:
        """Why a customer must not be called back; "" when it may be."""
        return self.callbacks.refusal(unquote(customer.user), trunk=bool(self.trunk))


class CustomerRule(Section, frozen=True, kw_only=True):
    """`[[routing.customers]]`: a customer who is known by number."""

    number: Annotated[str, told("The number or user of the customer's address.")]
    value: Annotated[int, number("What the customer is worth; see value_weight.", least=0, most=1000)] = 0
    agent: Annotated[str, told("The agent who is to have this customer; empty: nobody.")] = ""
    priority: Annotated[int, number("Points of priority on top of the queue's.", least=-1000, most=1000)] = 0


class RoutingSettings(Section, frozen=True, kw_only=True):
    """`[routing]`: rules that hold for all queues."""

    grace_s: Annotated[
        float,
        number(
            "Seconds that a vanished desk keeps its agent's state; at least 25 after a restart.",
            least=0,
            most=3600,
        ),
    ] = 30.0
    pause_reasons: Annotated[tuple[str, ...], told("Reasons an agent can pause with.")] = (
        "Break",
        "Lunch",
        "Meeting",
        "Training",
        "Back office",
    )
    dispositions: Annotated[tuple[str, ...], told("Outcomes an agent can give a call.")] = (
        "Solved",
        "Call back",
        "Passed on",
        "No customer",
        "Other",
    )
    customers: tuple[CustomerRule, ...] = ()
    interrupts: Annotated[
        dict[Channel, tuple[Channel, ...]],
        told("By channel of the work at hand: what may come on top of it; the rest is as by default."),
    ] = {}  # noqa: RUF012 - msgspec copies an empty default

    @property
    def on_top(self) -> dict[Channel, tuple[Channel, ...]]:
        """`interrupts` with what is not given."""
        return INTERRUPTS | self.interrupts


class UserSettings(Section, frozen=True, kw_only=True):
    """`[[users]]`: somebody who may sign in. The password itself never stands in a file."""

    name: Annotated[str, told("Sign-in name; for an agent also the agent's key.")]
    role: Annotated[Role, told("agent, supervisor or admin.")] = Role.AGENT
    shown: Annotated[str, told("Name to show.")] = ""
    password_hash: Annotated[
        str, told("argon2 hash, from `callboardctl password`; empty: set by the admin.")
    ] = ""


class ProvisionSettings(Section, frozen=True, kw_only=True):
    """`[provision]`: options of desk.toml that desks get after sign-in; what a user chose goes before."""

    desks: Annotated[dict[str, Any], told("For every desk: tables as in desk.toml.")] = _NONE
    queues: Annotated[
        dict[str, dict[str, Any]],
        told("By a queue's key: for agents who serve it, on top; of several the agent's dearest counts."),
    ] = _NONE
    users: Annotated[dict[str, dict[str, Any]], told("By sign-in name: for one user, on top of all.")] = _NONE
    passwords: Annotated[
        str,
        told(
            "Folder with a file a user, named as the user, that holds the password of phone.uri; empty: none."
        ),
    ] = ""
    trusted_keys: Annotated[
        tuple[str, ...], told("Public keys whose provisioning links the desks take; see provision-key.")
    ] = ()

    def faults(self) -> Iterator[Fault]:
        """Options that no desk has, or that do not fit."""
        given = {"desks": self.desks}
        given |= {f"queues.{key}": table for key, table in self.queues.items()}
        given |= {f"users.{name}": table for name, table in self.users.items()}
        for place, table in given.items():
            try:
                provisionable(flat(table))
            except SettingsError as fault:
                option, _, words = str(fault).partition(": ")
                yield f"provision.{place}.{option}", words.rstrip(".")


class CentreSettings(Section, frozen=True, kw_only=True):
    """The centre's whole file."""

    server: ServerSettings = ServerSettings()
    switch: SwitchSettings = SwitchSettings()
    routing: RoutingSettings = RoutingSettings()
    provision: ProvisionSettings = ProvisionSettings()
    queues: tuple[Queue, ...] = ()
    agents: tuple[Agent, ...] = ()
    users: tuple[UserSettings, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a queue without a key: on the board "" is the row of all queues together."""
        for place, queue in enumerate(self.queues, start=1):
            if not queue.key:
                raise ValueError(f"queue number {place} has an empty key; give it a short name of its own")

    def faults(self) -> Iterator[Fault]:
        """What does not fit together, as options and words."""
        switch = self.switch
        if switch.kind not in KINDS:
            yield "switch.kind", f"there is no switch “{switch.kind}”; use one of {', '.join(KINDS)}"
        if switch.language not in {"en", "de"}:
            yield "switch.language", f"there are no prompts in “{switch.language}”; use en or de"
        if switch.rtp_last < switch.rtp_first:
            yield "switch.rtp_last", "the last RTP port is below the first"
        if switch.trunk:
            try:
                trunk_of(switch.trunk)
            except BadInput as fault:
                yield "switch.trunk", str(fault)
        yield from (("switch.attached", words) for words in name_faults(switch.attached))
        yield from ((f"switch.callbacks.{name}", words) for name, words in switch.callbacks.faults())
        yield from ((f"switch.asterisk.{name}", words) for name, words in switch.asterisk.faults())
        yield from ((f"switch.app_queue.{name}", words) for name, words in switch.app_queue.faults())
        customers = [(rule.number, rule.agent) for rule in self.routing.customers]
        yield from faults_of(self.queues, self.agents, customers)
        yield from self._faults_of_users()
        yield from self.provision.faults()
        yield from self._faults_of_provisioned_queues()

    def warnings(self) -> Iterator[Fault]:
        """What may be meant but serves nobody, as options and words: to be told at load."""
        yield from warnings_of(self.queues, self.agents)
        if self.switch.kind == "asterisk":
            yield from ((f"switch.asterisk.{name}", words) for name, words in self.switch.asterisk.warnings())
        if self.switch.kind == "app_queue":
            yield from ((f"switch.app_queue.{key}", words) for key, words in self.switch.app_queue.warnings())
        if self.switch.trunk and not self.switch.callbacks.allowed and any(map(offers_callback, self.queues)):
            words = "nothing is named, so only national numbers are called back; name your country, like +49"
            yield "switch.callbacks.allowed", words

    def _faults_of_provisioned_queues(self) -> Iterator[Fault]:
        known = {queue.key for queue in self.queues}
        for key in self.provision.queues:
            if known and key not in known:
                yield f"provision.queues.{key}", f"there is no queue “{key}”"

    def _faults_of_users(self) -> Iterator[Fault]:
        seen: set[str] = set()
        for index, user in enumerate(self.users):
            if user.name in seen or not user.name:
                yield f"users[{index}].name", f"“{user.name}” is empty or there already"
            seen.add(user.name)
            if user.password_hash and not user.password_hash.startswith("$argon2"):
                words = "this is no argon2 hash; `callboardctl password` makes one"
                yield f"users[{index}].password_hash", words
