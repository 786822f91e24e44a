"""What an interaction asks for after it has waited for a while. Pure."""

from datetime import datetime
from uuid import UUID

from console.domain import events as ev
from console.domain.queue import Queue
from console.domain.standing import InteractionStanding


def relaxed(
    standing: InteractionStanding, queue: Queue, now: datetime, identity: UUID
) -> ev.InteractionRelaxed:
    """The fact that the next step holds, and all later ones whose time has come too, the later over the
    earlier. `identity` is the fact's id.
    """
    waited = (now - (standing.relax_since or standing.waiting_since)).total_seconds()
    step, skills, tier = standing.step, standing.skills, standing.tier
    for relaxation in queue.relax[standing.step :]:
        if relaxation.after_s > waited and step > standing.step:
            break
        step += 1
        skills = skills if relaxation.skills is None else relaxation.skills
        tier = tier if relaxation.tier is None else relaxation.tier
    return ev.InteractionRelaxed(
        id=identity, at=now, interaction=standing.interaction, step=step, skills=skills, tier=tier
    )
