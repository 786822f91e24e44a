"""All replications of all variants, spread over the machine's cores, in an order that does not matter."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product

from console.simulator.results import Outcome, Results, results_of, run_once
from console.simulator.scenario import Scenario

WORTH_A_PROCESS = 4000
"""Customers altogether from which starting processes pays."""

Progress = Callable[[int, int], None]
"""Called with how many runs are done, and how many there are."""


def simulate(scenario: Scenario, jobs: int = 0, progress: Progress = lambda done, whole: None) -> Results:
    """Run a scenario and its variants; `jobs` processes at once, 0 for one a core.

    The results depend on the scenario alone, not on `jobs` nor on which run ends first.
    """
    scenarios = [scenario, *(scenario.variant(variant) for variant in scenario.variants)]
    runs = list(product(range(len(scenarios)), range(scenario.replications)))
    whole = sum(made.calls for made in scenarios) * scenario.replications
    at_once = min(jobs or os.cpu_count() or 1, len(runs))
    done: dict[tuple[int, int], Outcome] = {}
    inside = at_once == 1 or (not jobs and whole < WORTH_A_PROCESS)
    for key, outcome in _here(scenarios, runs) if inside else _spread(scenarios, runs, at_once):
        done[key] = outcome
        progress(len(done), len(runs))
    return results_of(
        scenario,
        [[done[index, number] for number in range(scenario.replications)] for index in range(len(scenarios))],
    )


_Runs = list[tuple[int, int]]
_Done = Iterator[tuple[tuple[int, int], Outcome]]


def _here(scenarios: list[Scenario], runs: _Runs) -> _Done:
    for index, number in runs:
        yield (index, number), run_once(scenarios[index], number)


def _spread(scenarios: list[Scenario], runs: _Runs, at_once: int) -> _Done:
    """Processes are started afresh (spawn): nothing of this one is copied in whatever state it is in."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(at_once, mp_context=context) as pool:
        asked = {pool.submit(run_once, scenarios[index], number): (index, number) for index, number in runs}
        try:
            for future in as_completed(asked):
                yield asked[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
