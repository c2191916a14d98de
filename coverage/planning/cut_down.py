"""A plan that costs too much, cut down to a budget: where a search for less money begins."""

from __future__ import annotations

from quietwing.coverage.planning.milp import Goal, Selection
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import score

__all__ = ["cut_down"]


def cut_down(model: PlanModel, plan: Selection, goal: Goal) -> Selection:
    """What is left of a plan when devices go, those first that the least weight per pound hangs on.

    Parameters
    ----------
    model : PlanModel
    plan : Selection
    goal : Goal
        Its budget; a plan within it, or without one, is returned as it is.

    Returns
    -------
    Selection
        Within the budget, unless treatments alone cost more.
    """
    found = score(model, plan)
    if goal.budget_pence is None or found.cost_pence <= goal.budget_pence:
        return plan
    price = model.candidates.cost_pence
    bought = [at for at in plan.candidates if not model.candidates.existing[at]]

    def lost_per_penny(at: int) -> float:
        rest = score(model, _without(plan, {at}))
        return (found.weight - rest.weight) / max(float(found.cost_pence - rest.cost_pence), 1.0)

    order = sorted(bought, key=lambda at: (lost_per_penny(at), -int(price[at]), at))
    gone: set[int] = set()
    for at in order:
        gone.add(at)
        if score(model, _without(plan, gone)).cost_pence <= goal.budget_pence:
            break
    return _without(plan, gone)


def _without(plan: Selection, gone: set[int]) -> Selection:
    return Selection(tuple(at for at in plan.candidates if at not in gone), plan.modes)
