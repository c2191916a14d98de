"""Points of a frontier made from plans and their verdicts, and a frontier made from points.

A search makes a frontier of what it found; the check of a stored one makes it again of what the folder holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from quietwing.coverage.planning import (
    DUST,
    SPREADS,
    Chance,
    ChosenFrom,
    Frontier,
    FrontierPoint,
    Plan,
    PlanResult,
    Unmet,
    count_spread,
    knee,
    marginal,
    most_cells,
)
from quietwing.coverage.report import bound_shown, count_rooms
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.buying import spent_gbp as cost_of
from quietwing.sites import Site

__all__ = ["frontier_point", "joined", "least_gbp"]


def frontier_point(
    result: PlanResult, *, spent_gbp: float, found_for_gbp: float, bound_gbp: float | None
) -> FrontierPoint:
    """A point by itself: all its figures but what a further cell costs.

    Parameters
    ----------
    result : PlanResult
        A plan, its verdict on fresh worlds, and what was asked, with a budget.
    spent_gbp, found_for_gbp, bound_gbp : as for `FrontierPoint`

    Returns
    -------
    FrontierPoint
    """
    plan, verdict = result.plan, result.verdict
    value, bound = _in_cells(result)
    return FrontierPoint(
        budget_gbp=result.asked.budget_gbp or 0.0,
        spent_gbp=spent_gbp,
        found_for_gbp=found_for_gbp,
        result=result,
        cells=tuple(count_rooms(verdict, number).silent for number in range(len(verdict.grades))),
        cells_choice=plan.attempts[plan.chosen].rooms_judged,
        margin_db=tuple(math.inf if one.spill is None else one.spill.worst_margin_db for one in verdict.grades),
        kept=tuple(one.spill is not None and one.spill.passed for one in verdict.grades),
        value=value,
        bound=bound,
        gap=None if value is None or bound is None else bound - value,
        marginal=None,
        bound_gbp=bound_gbp,
    )


def joined(
    site: Site,
    asked: Scenario,
    points: Sequence[FrontierPoint],
    *,
    missing_gbp: Sequence[float],
    interrupted: bool,
    chosen_from: ChosenFrom | None,
    unmet: Sequence[Unmet],
    given_judged: bool,
    searched_apart: bool,
) -> Frontier:
    """A frontier of points by rising budget: each compared with the one before, the knee, what chance explains.

    Parameters
    ----------
    site, asked, missing_gbp, interrupted, chosen_from, unmet, given_judged, searched_apart : as for `Frontier`
    points : sequence of FrontierPoint
        At least one.

    Returns
    -------
    Frontier
    """
    stepped = [
        point if not at else replace(point, marginal=marginal(_step(points[at - 1]), _step(point)))
        for at, point in enumerate(points)
    ]
    first = points[0].result.verdict
    return Frontier(
        site=site,
        asked=asked,
        grades=tuple(one.grade.name for one in first.grades),
        rooms=count_rooms(first).silence,
        points=tuple(stepped),
        knee=knee([point.spent_gbp for point in points], [point.cells[0] for point in points]),
        chance=_chance(points, asked),
        missing_gbp=tuple(missing_gbp),
        interrupted=interrupted,
        chosen_from=chosen_from,
        unmet=tuple(unmet),
        given_judged=given_judged,
        searched_apart=searched_apart,
    )


def least_gbp(searched: Scenario, plan: Plan, spent_gbp: float) -> float | None:
    """Whole pounds below which the planning model has no plan for a target, with what is paid in any case.

    Parameters
    ----------
    searched : Scenario
        What the target's own search was asked.
    plan : Plan
        What that search found.
    spent_gbp : float
        Of the plan taken; the bound is never above it. [£]

    Returns
    -------
    float or None
        None where it is not known. [£]
    """
    value, bound = plan.value, plan.bound
    if searched.objective != "least_cost" or value is None or bound is None or not math.isfinite(bound):
        return None
    paid_gbp = cost_of(plan, searched) - value
    return float(math.floor(min(bound + paid_gbp, spent_gbp) + DUST))


def _in_cells(result: PlanResult) -> tuple[int | None, int | None]:
    """Cells of a plan in the planning model, and what nothing can exceed there."""
    if result.asked.objective == "least_cost" or result.plan.value is None:
        return None, None
    weight = bound_shown(result)
    if weight is None:
        return result.plan.rooms_model, None
    weights = [room.weight for room in result.verdict.site.rooms if room.role == "silence" and room.weight > 0]
    return result.plan.rooms_model, max(most_cells(weights, weight), result.plan.rooms_model)


def _step(point: FrontierPoint) -> tuple[float, int, float | None]:
    return point.spent_gbp, point.cells[0], point.gap


def _chance(points: Sequence[FrontierPoint], asked: Scenario) -> Chance:
    """Falls on fresh worlds, each with what chance explains of it."""
    falls = []
    for at in range(1, len(points)):
        lost = points[at - 1].cells[0] - points[at].cells[0]
        if lost <= 0:
            continue
        pair = [point.result.verdict.grades[0] for point in points[at - 1 : at + 1]]
        counted = ~(pair[0].by_room["quiet_anyway"].values | pair[1].by_room["quiet_anyway"].values)
        spread = count_spread(
            pair[0].silent[counted],
            pair[1].silent[counted],
            pair[0].grade.confidence,
            np.random.default_rng(asked.seed),
        )
        falls.append((at, lost, SPREADS * spread))
    return Chance(tuple(falls))
