"""A switch that notes what it is told, for tests of the centre alone."""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from console.domain.events import EndedBy, InteractionEnded, InteractionEvent
from console.switch.switch import Capability, LegStatistics, Ring


class SpySwitch:
    """Notes every command; the test plays the customers and the agents through `tell`."""

    capabilities: frozenset[Capability] = frozenset()

    def __init__(self) -> None:
        self.commands: list[tuple[str, object]] = []
        self.rings: list[Ring] = []
        self.tell: Callable[[InteractionEvent], None] = lambda _: None

    async def start(self, tell: Callable[[InteractionEvent], None]) -> None:
        self.tell = tell

    async def stop(self) -> None:
        self.commands.append(("stop", ""))

    def play(self, interaction: UUID, prompts: Sequence[str]) -> None:
        self.commands.append(("play", tuple(prompts)))

    def music(self, interaction: UUID, name: str) -> None:
        self.commands.append(("music", name))

    def ring(self, order: Ring) -> None:
        self.rings.append(order)

    def cancel(self, offer: UUID, *, elsewhere: bool = False) -> None:
        self.commands.append(("cancel elsewhere" if elsewhere else "cancel", offer))

    def hang_up(self, interaction: UUID, *, reason: str = "", after: Sequence[str] = ()) -> None:
        self.commands.append(("hang_up", reason))
        self.commands.append(("hang_up after", tuple(after)))

    def voicemail(
        self, interaction: UUID, *, queue: str, greeting: Sequence[str], file: Path, most_s: float
    ) -> None:
        self.commands.append(("voicemail", (interaction, queue, tuple(greeting), file, most_s)))

    def hold(self, interaction: UUID) -> None:
        self.commands.append(("hold", interaction))

    def resume(self, interaction: UUID) -> None:
        self.commands.append(("resume", interaction))

    def release_agent(self, interaction: UUID) -> None:
        self.commands.append(("release_agent", interaction))

    def connect(self, interaction: UUID, uri: str) -> None:
        self.commands.append(("connect", uri))

    def statistics(self) -> list[LegStatistics]:
        return []

    def told(self, command: str) -> list[object]:
        """What every command of that name was given."""
        return [argument for name, argument in self.commands if name == command]


def ended(interaction: UUID, new_id: UUID, at: object, by: EndedBy = EndedBy.CUSTOMER) -> InteractionEnded:
    """The fact that an interaction is over."""
    return InteractionEnded(id=new_id, at=at, interaction=interaction, by=by)  # type: ignore[arg-type]
