"""Points of a frontier made from plans and their verdicts, and a frontier made from points.

A search makes a frontier of what it found; the check of a stored one makes it again of what the folder holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from quietwing.coverage.planning import (
    ChosenFrom,
    Frontier,
    FrontierPoint,
    PlanResult,
    Unmet,
    knee,
    marginal,
)
from quietwing.coverage.report import count_rooms
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Site

__all__ = ["frontier_point", "joined", "reported"]


def frontier_point(result: PlanResult, *, spent_gbp: float, found_for_gbp: float) -> FrontierPoint:
    """A point by itself: all its figures but what a further cell costs.

    Parameters
    ----------
    result : PlanResult
        A plan, its verdict on fresh worlds, and what was asked, with a budget.
    spent_gbp, found_for_gbp : as for `FrontierPoint`

    Returns
    -------
    FrontierPoint
    """
    plan, verdict = result.plan, result.verdict
    return FrontierPoint(
        budget_gbp=result.asked.budget_gbp or 0.0,
        spent_gbp=spent_gbp,
        found_for_gbp=found_for_gbp,
        result=result,
        cells=tuple(count_rooms(verdict, number).silent for number in range(len(verdict.grades))),
        cells_choice=plan.attempts[plan.chosen].rooms_judged,
        margin_db=tuple(math.inf if one.spill is None else one.spill.worst_margin_db for one in verdict.grades),
        kept=tuple(one.spill is not None and one.spill.passed for one in verdict.grades),
        marginal=None,
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
    """A frontier of points by rising budget: each compared with the one before, and the knee.

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
        missing_gbp=tuple(missing_gbp),
        interrupted=interrupted,
        chosen_from=chosen_from,
        unmet=tuple(unmet),
        given_judged=given_judged,
        searched_apart=searched_apart,
    )


def reported(verdict: Verdict) -> tuple[bool, float]:
    """How good a plan is as it is reported, more is better: limits kept, weight of the rooms blocked."""
    rooms = verdict.by_room
    weight = float((rooms["called_silent"].values * rooms["weight"].values).sum())
    return verdict.spill is None or verdict.spill.passed, weight


def _step(point: FrontierPoint) -> tuple[float, int]:
    return point.spent_gbp, point.cells[0]
