"""How far anything better could go in the planning model: a proof where it is small, else a relaxation's bound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from quietwing.coverage.errors import InfeasiblePlanError
from quietwing.coverage.planning.exact import Work, bound_of_relaxation, solve
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.milp import Goal, as_problem, selection_of, start_of
from quietwing.coverage.planning.plan import Status
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import score

__all__ = ["Certificate", "certify"]

SMALL_CANDIDATES = 40  # up to which a proof is tried
PROOF = Work(nodes=2_000, deadline_s=60.0)
RELAXATION = Work(nodes=1, deadline_s=300.0)
MOST_BRANCHES = 8
MOST_ENTRIES = 500_000  # of a model's rows, up to which its relaxation has all of them
WEAKEST_ROWS = 3  # of a room in a mode that a larger one keeps
NEAR_LIMIT = 0.5  # and limits that the plan takes more of


@dataclass(frozen=True)
class Certificate:
    """What is known of the best value in the planning model.

    Attributes
    ----------
    status : str
        ``optimal``, ``feasible`` or ``interrupted``.
    value, bound : float or None
        Weight, or pounds for a target.
    improved : Found or None
        A better plan that the proof came upon.
    target_impossible : bool
        No money buys the target from these positions and this catalogue.
    reproducible : bool
    notes : tuple of str
    """

    status: Status
    value: float | None
    bound: float | None
    improved: Found | None
    target_impossible: bool
    reproducible: bool
    notes: tuple[str, ...]


def certify(model: PlanModel, goal: Goal, found: Found, *, interrupted: bool = False) -> Certificate:
    """Bound the planning model and compare the plan found with it.

    Parameters
    ----------
    model : PlanModel
    goal : Goal
    found : Found
    interrupted : bool
        Nothing more is computed.

    Returns
    -------
    Certificate
    """
    value = found.score.weight if goal.target is None else found.score.cost_pence / 100
    if goal.target is not None and found.score.weight < goal.target:
        most = _most_weight(model)
        impossible = most is not None and most < goal.target - 1e-9
        note = (
            () if most is None else (f"in the planning model no money protects more than {math.floor(most + 1e-6)}",)
        )
        return Certificate("feasible", None, None, None, impossible, True, note)
    if interrupted:
        return Certificate("feasible", value, None, None, False, False, ("no bound was computed: interrupted",))
    if len(model.candidates) <= SMALL_CANDIDATES:
        return _proof(model, goal, found, value)
    bounds = [_bound(problem) for problem in _branches(_eased(model, found), goal)]
    known = [bound for bound in bounds if bound is not None]
    notes: tuple[str, ...] = ()
    if len(known) < len(bounds):  # the safety net of the clock
        notes = ("the relaxation took too long: the bound is what any money protects",)
        known = [float(model.weight[model.possible.any(axis=1)].sum()) if goal.target is None else 0.0]
    bound = _rounded(model, goal, max(known) if goal.target is None else min(known))
    bound = max(bound, value) if goal.target is None else min(bound, value)
    return Certificate("optimal" if bound == value else "feasible", value, bound, None, False, not notes, notes)


def _proof(model: PlanModel, goal: Goal, found: Found, value: float) -> Certificate:
    """The exact optimum, started from the plan found."""
    problem = as_problem(model, goal, ties=False)
    if _nothing_to_choose(problem):
        return Certificate("optimal", value, value, None, False, True, ())
    try:
        solution = solve(problem, start=start_of(model, found.selection, found.score.protected), work=PROOF)
    except InfeasiblePlanError as error:
        return Certificate("feasible", value, None, None, False, True, (str(error),))
    bound = solution.bound if goal.target is None or solution.bound is None else solution.bound / 100
    better = found
    if solution.x is not None:
        selection = selection_of(model, solution.x)
        better = Found(selection, score(model, selection))
    best = better.score.weight if goal.target is None else better.score.cost_pence / 100
    proven = solution.status == "optimal" and best == value == bound
    status: Status = "interrupted" if solution.status == "interrupted" else "optimal" if proven else "feasible"
    return Certificate(
        status, value, bound, better if best != value else None, False, solution.reproducible, solution.notes
    )


def _eased(model: PlanModel, found: Found) -> PlanModel:
    """A large model with fewer rows, so that its bound holds all the same: the weakest of each room in each mode, and
    the limits that the plan comes near."""
    if model.share.nnz + model.limit.size <= MOST_ENTRIES:
        return model
    ease = np.asarray(model.by_candidate[0].sum(axis=1)).ravel()
    ease[np.asarray((model.serve_mw > 0).sum(axis=1)).ravel() > 0] = np.inf
    key = model.row_room * model.mode_cost_pence.shape[1] + model.row_mode
    order = np.lexsort((ease, key))
    first = np.flatnonzero(np.diff(key[order], prepend=-1))
    rank = np.arange(len(key)) - np.repeat(first, np.diff([*first, len(key)]))
    rows = np.sort(order[rank < WEAKEST_ROWS])
    near = model.limit[:, list(found.selection.candidates)].sum(axis=1) > NEAR_LIMIT
    return replace(
        model,
        row_room=model.row_room[rows],
        row_mode=model.row_mode[rows],
        origin=model.origin[rows],
        share=model.share[rows],
        serve_mw=model.serve_mw[rows],
        jam_mw=model.jam_mw[rows],
        limit=model.limit[near],
        limit_name=tuple(name for name, kept in zip(model.limit_name, near.tolist(), strict=True) if kept),
    )


def _branches(model: PlanModel, goal: Goal) -> Iterator[Problem]:
    """The relaxation for each number of head-ends: together they bound the model, and each is tighter."""
    problem = as_problem(model, goal, interplay=False, ties=False)
    kinds = len(model.head_ends.name)
    first = len(problem.lower) - kinds
    most = problem.upper[first:].astype(int)
    if goal.budget_pence is not None:
        price = np.maximum(model.head_ends.cost_pence, 1)
        most = np.minimum(most, goal.budget_pence // price)
    counts = list(product(*(range(int(top) + 1) for top in most.tolist())))
    if len(counts) > MOST_BRANCHES:
        yield problem
        return
    for count in counts:
        lower, upper = problem.lower.copy(), problem.upper.copy()
        lower[first:] = upper[first:] = count
        yield replace(problem, lower=lower, upper=upper)


def _nothing_to_choose(problem: Problem) -> bool:
    """Every device for sale breaks a limit wherever it may stand, and no treatment helps."""
    return bool(problem.rows.shape[1] == 0)


def _bound(problem: Problem) -> float | None:
    """Bound of one relaxation; one that cannot be met bounds nothing away."""
    if _nothing_to_choose(problem):
        return 0.0
    try:
        found = bound_of_relaxation(problem, work=RELAXATION)
    except InfeasiblePlanError:
        return -math.inf if problem.maximise else math.inf
    return found


def _rounded(model: PlanModel, goal: Goal, bound: float) -> float:
    """Whole weights give whole sums, and money is in pence."""
    if goal.target is not None:
        return math.ceil(bound - 1e-6) / 100
    weights = model.weight[model.weight > 0]
    if len(weights) and np.array_equal(weights, np.round(weights)):
        return float(math.floor(bound + 1e-6))
    return bound


def _most_weight(model: PlanModel) -> float | None:
    """What no money can exceed."""
    bound = _bound(as_problem(model, Goal(), interplay=False, ties=False))
    return None if bound is None else max(bound, 0.0)
