"""What more money buys: a plan for each of a few budgets, each beginning with the one before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.plan import PlanResult
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.buying import optimise
from quietwing.sites.model import Site

__all__ = ["MOST_BUDGETS", "frontier"]

MOST_BUDGETS = 20


def frontier(
    site: Site,
    scenario: Scenario | None = None,
    budgets_gbp: Sequence[float] = (),
    *,
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    maps: bool = False,
    time_limit_s: float | None = None,
    progress: Callable[[int, str, float], None] | None = None,
) -> tuple[PlanResult, ...]:
    """A plan for each budget, from the least on; more money never protects less on the worlds plans are chosen on.

    Parameters
    ----------
    site : Site
        A checked site with at least one mast.
    scenario : Scenario, optional
        As for `optimise`; the most is to be protected, whatever its `objective`, and its budget is not used.
    budgets_gbp : sequence of float
        Budgets, on the scenario's basis; sorted, each once. [£]
    devices, catalogue, maps : as for `optimise`
    time_limit_s : float, optional
        Of each search. [s]
    progress : callable, optional
        Called with the number of the plan from 0, what is being done for it, and the share of it done, 0 to 1.

    Returns
    -------
    tuple of PlanResult
        In order of budget. After an interruption those found so far, the best of the interrupted search last.

    Raises
    ------
    ScenarioError
        If there is no budget, one is no amount of money, or the scenario asks for what is not there.
    """
    budgets = sorted(set(budgets_gbp))
    if not 1 <= len(budgets) <= MOST_BUDGETS:
        raise ScenarioError(
            f"budgets: {len(budgets)} are given (expected 1 to {MOST_BUDGETS}); give some amounts of £"
        )
    wrong = [budget for budget in budgets if not (math.isfinite(budget) and 0 <= budget <= 1e9)]
    if wrong:
        raise ScenarioError(f"budgets: £{wrong[0]:g} is no budget (expected £0 to £1,000,000,000); correct it")
    asked = replace(scenario or Scenario(), objective="most_protected", target_rooms=None)
    found: list[PlanResult] = []
    for number, budget_gbp in enumerate(budgets):

        def say(what: str, share: float, number: int = number) -> None:
            if progress is not None:
                progress(number, what, share)

        try:
            found.append(
                optimise(
                    site,
                    replace(asked, budget_gbp=float(budget_gbp)),
                    devices=devices,
                    catalogue=catalogue,
                    start=found[-1].plan if found else None,
                    maps=maps,
                    time_limit_s=time_limit_s,
                    progress=say,
                )
            )
        except KeyboardInterrupt:
            if not found:
                raise
            break
        if found[-1].plan.status == "interrupted":
            break
    return tuple(found)
