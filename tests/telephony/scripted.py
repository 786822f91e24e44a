"""An engine that does as a test says: records what it is told, tells what the test wants told."""

from collections.abc import Callable
from uuid import UUID

from console.telephony.engine import Account, EngineEvent, EngineStarted


class ScriptedEngine:
    """`commands` holds (name, arguments) in order."""

    def __init__(self) -> None:
        self.commands: list[tuple[object, ...]] = []
        self.tell: Callable[[EngineEvent], None] = lambda _event: None

    def start(self, sink: Callable[[EngineEvent], None]) -> None:
        self.tell = sink
        sink(EngineStarted(at=0.0, udp_port=1, tcp_port=2, tls_port=3))

    def stop(self) -> None:
        self.commands.append(("stop",))

    def add_account(self, account: Account) -> None:
        self.commands.append(("add_account", account.key))

    def remove_account(self, key: str) -> None:
        self.commands.append(("remove_account", key))

    def dial(self, call: UUID, account: str, uri: str, headers: dict[str, str]) -> None:
        self.commands.append(("dial", call, account, uri, headers))

    def answer(self, call: UUID) -> None:
        self.commands.append(("answer", call))

    def hang_up(self, call: UUID, code: int = 0) -> None:
        self.commands.append(("hang_up", call, code))

    def hold(self, call: UUID) -> None:
        self.commands.append(("hold", call))

    def resume(self, call: UUID) -> None:
        self.commands.append(("resume", call))

    def mute(self, call: UUID, *, muted: bool) -> None:
        self.commands.append(("mute", call, muted))

    def send_digits(self, call: UUID, digits: str) -> None:
        self.commands.append(("send_digits", call, digits))

    def transfer(self, call: UUID, uri: str) -> None:
        self.commands.append(("transfer", call, uri))

    def transfer_attended(self, call: UUID, consult: UUID) -> None:
        self.commands.append(("transfer_attended", call, consult))

    def use_codecs(self, codecs: tuple[str, ...]) -> None:
        self.commands.append(("use_codecs", (codecs,)))

    def network_changed(self) -> None:
        self.commands.append(("network_changed",))

    def reopen_audio(self) -> None:
        self.commands.append(("reopen_audio",))
