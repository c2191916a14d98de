"""What of a budget is spent whatever a plan buys: operators' work, treatments asked for, what stands already."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.costing import cost
from quietwing.coverage.planning.milp import Goal
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.target import credit_of, target_asked
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import Site

__all__ = ["check_budget", "goal_of", "missing_for_anything", "nothing_to_buy"]


def check_budget(
    site: Site, scenario: Scenario, catalogue: Mapping[str, Model], existing: tuple[Device, ...]
) -> None:
    """Raise if a budget does not even pay what is spent in any case.

    Parameters
    ----------
    site : Site
    scenario : Scenario
    catalogue : mapping of str to Model
    existing : tuple of Device
        Devices that stand and stay.

    Raises
    ------
    ScenarioError
        Naming both sums.
    """
    if scenario.budget_gbp is None:
        return
    paid = _paid_pence(site, existing, resolve_treatments(site, scenario.treatments, catalogue), catalogue, scenario)
    if paid > _budget_pence(scenario):
        raise ScenarioError(
            f"scenario: budget_gbp: is £{scenario.budget_gbp:,.2f}, but operator_actions, treatments and what stands "
            f"already cost £{paid / 100:,.2f}; raise the budget, or leave some of them out"
        )


def goal_of(inputs: PlanningInputs) -> Goal:
    """What a plan is to reach, and what it may spend: the budget less what is spent in any case.

    Parameters
    ----------
    inputs : PlanningInputs

    Returns
    -------
    Goal
    """
    scenario, budget = inputs.scenario, None
    if scenario.budget_gbp is not None:
        paid = _paid_pence(inputs.site, inputs.existing, inputs.given, inputs.catalogue, scenario)
        budget = max(0, _budget_pence(scenario) - paid)
    target = target_asked(inputs.site, scenario)
    if target is not None:
        quiet = np.count_nonzero(credit_of(inputs.site, scenario) > inputs.weight) if target.quiet_counts else 0
        return Goal(budget_pence=budget, target=float(max(target.needed - quiet, 0)))
    return Goal(budget_pence=budget)


def missing_for_anything(inputs: PlanningInputs) -> int:
    """Pence by which what is left of a budget misses the price of the cheapest thing to buy.

    Parameters
    ----------
    inputs : PlanningInputs

    Returns
    -------
    int
        0 where something can be bought, or is free; where no money is asked for; and with a target.
    """
    goal = goal_of(inputs)
    if goal.budget_pence is None or goal.target is not None:
        return 0
    return max(min(_prices_pence(inputs), default=0) - goal.budget_pence, 0)


def nothing_to_buy(inputs: PlanningInputs) -> bool:
    """Whether nothing is for sale here, or nothing that what is left of the budget pays for."""
    prices, left = _prices_pence(inputs), goal_of(inputs).budget_pence
    return not prices or (left is not None and min(prices) > left)


def _prices_pence(inputs: PlanningInputs) -> list[int]:
    """Prices of every device at every place, its head-end included, and of every treatment."""
    ends = inputs.head_ends
    first = {
        name: 0 if there else int(pence)
        for name, pence, there in zip(ends.name, ends.cost_pence, ends.existing, strict=True)
    }
    prices = [
        int(inputs.base_pence[at]) + first.get(inputs.catalogue[base.device.model].head_end, 0)
        for at, base in enumerate(inputs.bases)
        if not base.existing
    ]
    treatments = inputs.modes.cost_pence[:, 1:]
    return [*prices, *treatments[treatments >= 0].tolist()]


def _budget_pence(scenario: Scenario) -> int:
    return math.floor((scenario.budget_gbp or 0.0) * 100 + 1e-6)


def _paid_pence(
    site: Site,
    existing: tuple[Device, ...],
    given: tuple[Treatment, ...],
    catalogue: Mapping[str, Model],
    scenario: Scenario,
) -> int:
    """On the basis of the budget."""
    paid = cost(site, existing, given, catalogue, scenario)
    return round((paid.whole_life_gbp if scenario.budget_basis == "whole_life" else paid.capex_gbp) * 100)
