"""What a settings file says that may be meant but serves nobody: told at load, not refused. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from console.domain.agent import Agent
from console.domain.plan import ONWARD, Fault
from console.domain.queue import Queue, SkillNeed

_Demand = tuple[tuple[SkillNeed, ...], int]


def warnings_of(queues: Sequence[Queue], agents: Sequence[Agent]) -> Iterator[Fault]:
    """What to look at again, as options and words, in the order of the file."""
    known = {queue.key: queue for queue in queues}
    for index, queue in enumerate(queues):
        serving = [agent for agent in agents if queue.key in agent.queues]
        told = [*_of_staff(queue, serving), *_of_options(queue), *_of_circles(queue, known)]
        for option, words in told:
            yield f"queues[{index}].{option}", words
    for index, agent in enumerate(agents):
        for name, places in (("tiers", agent.tiers), ("weights", agent.weights)):
            for key in places:
                if key in known and key not in agent.queues:
                    yield f"agents[{index}].{name}", f"“{agent.key}” does not serve the queue “{key}”"


def demands_of(queue: Queue) -> list[_Demand]:
    """What a queue asks of an agent at first, and after each step of relaxation."""
    demands: list[_Demand] = [(queue.skills, queue.tier)]
    for step in queue.relax:
        skills, tier = demands[-1]
        demands.append(
            (skills if step.skills is None else step.skills, tier if step.tier is None else step.tier)
        )
    return demands


def _of_staff(queue: Queue, serving: Sequence[Agent]) -> Iterator[Fault]:
    if not serving:
        yield "key", f"no agent serves the queue “{queue.key}”"
        return
    demands = demands_of(queue)
    first = next((step for step, demand in enumerate(demands) if _anybody(queue, serving, demand)), None)
    if first == 0:
        return
    missing = _missing(queue, serving, demands[0])
    if first is None:
        yield "skills", f"no agent of “{queue.key}” can ever take a caller: {missing}"
    else:
        after_s = queue.relax[first - 1].after_s
        yield "skills", f"no agent of “{queue.key}” can take a caller before {after_s:g} s: {missing}"


def _anybody(queue: Queue, serving: Sequence[Agent], demand: _Demand) -> bool:
    skills, tier = demand
    return any(
        (not tier or agent.tiers.get(queue.key, 1) <= tier)
        and all(need.preferred or agent.skills.get(need.skill, 0) >= need.level for need in skills)
        for agent in serving
    )


def _missing(queue: Queue, serving: Sequence[Agent], demand: _Demand) -> str:
    """Why not: the first thing that nobody has, or that nobody has all of it."""
    skills, tier = demand
    if tier and all(agent.tiers.get(queue.key, 1) > tier for agent in serving):
        return f"nobody is of tier {tier}"
    for need in skills:
        if not need.preferred and all(agent.skills.get(need.skill, 0) < need.level for agent in serving):
            return f"nobody has “{need.skill}” at level {need.level}"
    return "nobody has all that is asked for at once"


def _of_options(queue: Queue) -> Iterator[Fault]:
    """Options that never come to bear."""
    idle = {
        "overflow_to": queue.max_wait_s <= 0 and "max_wait_s is 0, so nobody ever flows over",
        "closed_to": not queue.hours and not queue.holidays and "there are no hours, so it is never closed",
        "full_to": queue.max_waiting <= 0 and "max_waiting is 0, so it is never full",
        "no_agents_to": not queue.leave_empty and "leave_empty is false, so callers stay",
    }
    for option, words in idle.items():
        if getattr(queue, option) and words:
            yield option, words
    if queue.max_wait_s <= 0:
        return
    for index, step in enumerate(queue.relax):
        if step.after_s >= queue.max_wait_s:
            yield f"relax[{index}].after_s", f"nobody waits longer than max_wait_s ({queue.max_wait_s:g} s)"
    for option in ("last_agent_s", "named_agent_s", "callback_after_s"):
        if getattr(queue, option) >= queue.max_wait_s and getattr(queue, option) != _default(option):
            yield option, f"nobody waits longer than max_wait_s ({queue.max_wait_s:g} s)"


def _default(option: str) -> object:
    return getattr(Queue(key="-"), option)


def _of_circles(queue: Queue, known: Mapping[str, Queue]) -> Iterator[Fault]:
    """A way of other options than overflow_to that leads back: it ends with goodbye where it closes."""
    for option in ONWARD:
        way = _way_back(queue.key, getattr(queue, option), known)
        if way and not (option == "overflow_to" and _is_overflow(way, known)):
            yield (
                option,
                f"callers may be sent {' → '.join(way)}; nobody enters a queue twice, so goodbye follows",
            )


def _way_back(start: str, target: str, known: Mapping[str, Queue]) -> list[str]:
    """The shortest way from a queue by way of `target` back to it, first and last the same; [] for none."""
    ways = [[start, target]] if target in known else []
    seen = {target}
    for way in ways:
        if way[-1] == start:
            return way
        for option in ONWARD:
            onward = getattr(known[way[-1]], option)
            if onward in known and (onward == start or onward not in seen):
                seen.add(onward)
                ways.append([*way, onward])
    return []


def _is_overflow(way: Sequence[str], known: Mapping[str, Queue]) -> bool:
    return all(known[here].overflow_to == there for here, there in pairwise(way))
