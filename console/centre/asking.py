"""What agents in a call want of a third party: ask first, swap, join all three, hand over, go back."""

from uuid import UUID, uuid4

from console.centre.numbers import WaysOut
from console.domain.agent import Presence
from console.domain.attached import headers_of
from console.domain.errors import BadInput, Refused
from console.domain.interaction import Phase
from console.domain.standing import AgentStanding, InteractionStanding
from console.routing.router import Router
from console.switch.switch import Consult, Consulting, Switch

ACTIONS = frozenset({"consult", "swap", "conference", "complete", "cancel_consult"})

CANNOT = "This centre's telephone switch cannot ask somebody first or join three: that takes an Asterisk."
_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})
_LONGEST = 60


class Asking:
    """Checks what agents ask for, and has the switch do it; what came of it is told as facts."""

    def __init__(self, switch: Switch, router: Router, ways_out: WaysOut) -> None:
        """`ways_out` tells where, and whether, somebody outside is called."""
        self._switch = switch if isinstance(switch, Consulting) else None
        self._router = router
        self._ways_out = ways_out

    @property
    def able(self) -> bool:
        """Whether the switch can."""
        return self._switch is not None

    def command(self, agent: str, action: str, argument: str) -> bool:
        """Do it; False when it is none of these. Raises Refused, in words for the agent."""
        if action not in ACTIONS:
            return False
        if self._switch is None:
            raise Refused(CANNOT)
        standing = self._talks(agent)
        if action == "consult":
            self._consult(self._switch, standing, argument.strip())
            return True
        if standing.consult is None:
            raise Refused("You are asking nobody.")
        if action != "cancel_consult" and not standing.consult.answered:
            raise Refused("They have not answered yet.")
        {
            "swap": self._switch.swap,
            "conference": self._switch.conference,
            "complete": self._switch.complete,
            "cancel_consult": self._switch.cancel_consult,
        }[action](standing.interaction)
        return True

    def _talks(self, agent: str) -> InteractionStanding:
        """The interaction on which this agent is with a customer."""
        known = self._router.agent(agent)
        for interaction in known.work if known is not None else ():
            standing = self._router.interaction(interaction)
            if standing is not None and standing.agent == agent and standing.phase in _TALKING:
                return standing
        raise Refused("You have no customer on the line.")

    def _consult(self, switch: Consulting, standing: InteractionStanding, target: str) -> None:
        if standing.consult is not None:
            raise Refused("You are asking somebody already.")
        if not target:
            raise Refused("Enter whom you want to ask.")
        found = self._colleague(standing.agent, target)
        contact = found.contact if found is not None else self._outside(target)
        headers = headers_of(standing.attached) if found is not None else {}
        if standing.agent.isascii():
            headers["X-Consult-From"] = standing.agent
        switch.consult(
            Consult(
                interaction=standing.interaction,
                consult=_new_id(),
                target=target,
                contact=contact,
                queue=standing.queue,
                to=found.agent.key if found is not None else "",
                headers=headers,
            )
        )

    def _colleague(self, asks: str, target: str) -> AgentStanding | None:
        """The agent who is meant, or who of a queue has been free for longest; None: somebody outside."""
        admission = self._router.admission
        queue = admission.door.find(target)
        if queue is not None:
            members = [one for one in self._router.agents() if queue in one.agent.queues]
            free = [one for one in members if one.free and one.contact and one.agent.key != asks]
            if not free:
                raise Refused(f"Nobody of “{target[:_LONGEST]}” is free to be asked.")
            return min(free, key=lambda one: one.idle_turn)
        found = self._router.agent(admission.agent_named(target))
        if found is None:
            return None
        if found.agent.key == asks:
            raise Refused("That is you.")
        if found.presence is Presence.OFFLINE or not found.contact or found.lost_since is not None:
            raise Refused(f"{found.agent.shown} is not signed in.")
        if found.work:
            raise Refused(f"{found.agent.shown} has a contact at hand.")
        return found

    def _outside(self, target: str) -> str:
        """Where somebody outside is called, if that may be."""
        try:
            return self._ways_out.address_of(target)
        except BadInput as fault:
            raise Refused(str(fault)) from fault


def _new_id() -> UUID:
    return uuid4()
