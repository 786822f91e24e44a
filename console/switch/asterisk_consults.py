"""The commands of the port `Consulting`, for one Asterisk."""

from uuid import UUID

from console.switch.asterisk_calls import Call
from console.switch.switch import Consult


class Consultations:
    """A switch's commands about consultations, carried out by the calls."""

    trunk: str
    _calls: dict[UUID, Call]

    def consult(self, order: Consult) -> None:
        """Call a third party for the agent; the customer hears music."""
        if call := self._calls.get(order.interaction):
            call.consultation.begin(order, self.trunk)

    def swap(self, interaction: UUID) -> None:
        """The agent talks with the other one of the two."""
        if call := self._calls.get(interaction):
            call.consultation.swap()

    def conference(self, interaction: UUID) -> None:
        """All three talk."""
        if call := self._calls.get(interaction):
            call.consultation.conference()

    def complete(self, interaction: UUID) -> None:
        """The agent leaves, the others go on."""
        if call := self._calls.get(interaction):
            call.consultation.complete()

    def cancel_consult(self, interaction: UUID) -> None:
        """The third party goes, the agent has the customer again."""
        if call := self._calls.get(interaction):
            call.consultation.cancel()
