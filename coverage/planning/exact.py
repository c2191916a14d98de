"""The best solution of a bare problem, with a bound, from a solver that is not believed unchecked."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning._endless import improving_direction
from quietwing.coverage.planning._evidence import Status, gap_between, judged, step_of, trusted_bound
from quietwing.coverage.planning._problem_faults import unreachable_rows
from quietwing.coverage.planning._problem_input import as_numbers, whole_number
from quietwing.coverage.planning._problem_units import column_name
from quietwing.coverage.planning._solver_process import Call, model_of, solver_command
from quietwing.coverage.planning.covering_search import covering_of, search_cover
from quietwing.coverage.planning.problem import Problem, demand_reachable, demand_sound
from quietwing.coverage.planning.solution_check import Keeper, cost_unit, exact_value

__all__ = ["Progress", "Solution", "Work", "bound_of_relaxation", "solve"]

Progress = Callable[[float | None, float | None], None]
Floats = NDArray[np.float64]

LEAST_SEARCH_S = 20.0  # left on the clock for local search to begin: compiling it may take seconds
LEAST_DEADLINE_S = 1e-3
MOST_NAMED = 5  # columns in a note
HOLD_TOLERANCE = Fraction(1, 10**9)  # what a tie-break may give away of an objective without a step, relative


@dataclass(frozen=True)
class Work:
    """How much a solve may work.

    Attributes
    ----------
    nodes : int
        Branch-and-bound nodes of each solve (the main one and each tie-break): counted work, the same on any machine.
    deadline_s : float or None
        Wall clock for all of them together. Only a safety net: an answer it ends is not reproducible. [s]
    bound_alone : bool
        Look for no solutions by the way: for whoever has one and wants a bound.
    """

    nodes: int = 20_000
    deadline_s: float | None = 600.0
    bound_alone: bool = False


@dataclass(frozen=True, eq=False)
class Solution:
    """What was found, and how sure it is.

    Attributes
    ----------
    status : str
        "optimal": proven. "feasible": holds, not proven best. "infeasible": proven that nothing holds; the notes name
        rows that no choice can meet by itself. "unbounded": from `x`, which holds, the objective improves without
        end; the notes name the columns along which. "none found": the work ended before anything was found.
        "interrupted": stopped by Ctrl-C, with the best so far. "refused": the solver only offered points that do not
        hold.
    x : ndarray or None, shape (column,)
        Whole columns are exactly whole.
    value : float or None
        The objective of `x`, added up here and never taken from the solver.
    bound : float or None
        No solution of the model as stated is better than this, to the solver's tolerance (1e-6 of the value, or of
        the objective's largest coefficient, at most 1, where that is more); equal to `value` when optimal.
    gap : float or None
        |bound - value| / |value|, rounded up to 1e-6, with a billionth of the objective's largest coefficient, at
        most 1, in the place of a smaller value; 0 when optimal.
    reproducible : bool
        False if the clock, a person or a crash ended the work: then another run may differ.
    notes : tuple of str
        What a reader should know: what was refused, and why the work ended.
    nodes : int
        Branch-and-bound nodes worked through, those of the tie-breaks included; as far as the solver has told.
    """

    status: Status
    x: Floats | None
    value: float | None
    bound: float | None
    gap: float | None
    reproducible: bool
    notes: tuple[str, ...]
    nodes: int = 0


DEFAULT_WORK = Work()


def solve(
    problem: Problem,
    *,
    start: ArrayLike | None = None,
    work: Work = DEFAULT_WORK,
    gap: float = 0.0,
    seed: int = 1,
    progress: Progress | None = None,
    solver: str | Sequence[str] | None = None,
) -> Solution:
    """The best x of a problem, checked in exact rationals, with a bound.

    HiGHS works in a child process with one thread and leaves its solutions in a private folder as it finds them, so
    a hanging, killed or crashed child loses nothing. Whatever it says is checked (`check_solution`); the answer is
    never worse than a `start` that holds. A covering problem of some size is first given to a local search of counted
    steps (`covering_search`), and HiGHS starts from what it finds.

    Tie-breaks are solved in turn once the main objective is proven optimal, with a row that holds what was reached:
    to half a step where all values of an objective are multiples of one step (whole pounds, pence, weights), which
    loses nothing and admits nothing worse, else to 1e-9 of the larger of 1 and the value.

    Parameters
    ----------
    problem : Problem
    start : array_like, optional, shape (column,)
        A solution to begin with.
    work : Work
    gap : float
        Relative gap at which to stop; the status is then "feasible" unless the optimum was proven all the same.
    seed : int
        Seed of the solver. Same seed, same bytes, unless the deadline ends the work.
    progress : callable, optional
        Called some 20 times a second with the best value and the bound so far, None where there is none. What it
        raises stops the solver and passes on.
    solver : str or sequence of str, optional
        Another child in the place of HiGHS: a Python file, or a command to which the folder is added. The protocol
        stands in `_highs_child`.

    Returns
    -------
    Solution

    Raises
    ------
    ScenarioError
        If the problem or a parameter is not sound. That nothing holds is no error but the status "infeasible".
    """
    demand_sound(problem)
    start = _demand_parameters(problem, start, work, gap, seed)
    missed = unreachable_rows(problem)
    if missed:
        return Solution("infeasible", None, None, None, None, True, missed)
    until_s = math.inf if work.deadline_s is None else time.monotonic() + work.deadline_s
    call = Call(solver_command(solver), work.nodes, gap, seed, until_s, work.bound_alone)
    cost = _toward_least(problem.objective, problem.maximise)
    keeper = Keeper(problem, cost)
    notes: list[str] = []
    if start is not None:
        keeper.offer(start)
        notes.extend(f"the start does not hold and was left out: {fault}" for fault in keeper.refused)
        keeper.refused = ()
    try:
        endless = improving_direction(problem, cost, call)
        if endless is not None:
            left_s = None if work.deadline_s is None else max(until_s - time.monotonic(), LEAST_DEADLINE_S)
            left = replace(work, deadline_s=left_s)
            return _without_end(problem, endless, start, left, seed, progress, solver)
        searched = _search(problem, keeper, seed, until_s, progress)
    except KeyboardInterrupt:
        kept = None if keeper.value is None else _signed(keeper.value, problem.maximise)
        notes.append("interrupted; what was found until then is kept")
        return Solution("interrupted", keeper.x, kept, None, None, False, tuple(notes))
    step = step_of(problem, cost)

    def watch(bound: float | None) -> None:
        if progress is not None:
            best = None if keeper.value is None else _signed(keeper.value, problem.maximise)
            known = trusted_bound(bound, keeper.value, step, keeper.unit)
            progress(best, None if known is None else _signed(known, problem.maximise))

    ended = call.run(model_of(problem, cost), keeper, watch, start=keeper.x)
    nodes = ended.nodes
    status, bound, said = judged(keeper, ended, step, gap, work)
    notes.extend(said)
    reproducible = searched and ended.how == "itself"
    x, value = keeper.x, keeper.value
    if status == "optimal" and x is not None and value is not None:
        main = _signed(value, problem.maximise)

        def idle(_: float | None) -> None:
            if progress is not None:
                progress(main, main)

        x, how, said, more = _broken_ties(problem, x, call, idle, work)
        nodes += more
        notes.extend(said)
        reproducible = searched and how == "itself"
        status = "interrupted" if how == "interrupt" else status
    if x is None or value is None:
        return Solution(
            status,
            None,
            None,
            None if bound is None or status == "infeasible" else _signed(bound, problem.maximise),
            None,
            reproducible,
            tuple(notes),
            nodes,
        )
    final = float(exact_value(problem.objective, x))
    reached = status == "optimal" or (bound is not None and bound == value)
    limit = final if reached else None if bound is None else _signed(bound, problem.maximise)
    gap_left = gap_between(final, limit, keeper.unit)
    return Solution(status, x, final, limit, gap_left, reproducible, tuple(notes), nodes)


def _search(problem: Problem, keeper: Keeper, seed: int, until_s: float, progress: Progress | None) -> bool:
    """Offer what local search finds for a covering problem; False if the clock cut it short."""
    covering = covering_of(problem, keeper.cost)
    if covering is None or until_s - time.monotonic() < LEAST_SEARCH_S:
        return True
    for cover in search_cover(covering, seed, until_s - LEAST_SEARCH_S / 2):
        if cover is None:
            return False
        keeper.offer(cover)
        if progress is not None and keeper.value is not None:
            progress(_signed(keeper.value, problem.maximise), None)
    return True


def _without_end(
    problem: Problem,
    direction: Floats,
    start: Floats | None,
    work: Work,
    seed: int,
    progress: Progress | None,
    solver: str | Sequence[str] | None,
) -> Solution:
    """Unbounded if anything holds at all, which a solve without objective finds out."""
    nothing = replace(problem, objective=np.zeros(problem.objective.shape), maximise=False, tie_breaks=())
    told = None if progress is None else lambda _value, _bound: progress(None, None)
    found = solve(nothing, start=start, work=work, seed=seed, progress=told, solver=solver)
    if found.x is None:
        return replace(found, bound=None, gap=None)
    columns = [column_name(problem, int(k)) for k in np.flatnonzero(direction)]
    named = ", ".join(columns[:MOST_NAMED]) + (
        f" and {len(columns) - MOST_NAMED} more" if columns[MOST_NAMED:] else ""
    )
    note = f"the objective improves without end along {named}; give them finite bounds or rows that hold them"
    value = float(exact_value(problem.objective, found.x))
    return Solution("unbounded", found.x, value, None, None, found.reproducible, (note,), found.nodes)


def bound_of_relaxation(
    problem: Problem, *, work: Work = DEFAULT_WORK, solver: str | Sequence[str] | None = None
) -> float | None:
    """What no solution can beat, from the relaxation that lets whole columns be divided.

    The bound is computed here from the solver's row duals, whatever they are, so it holds to the last bit (with
    columns bounded on the side that matters; else it is the solver's own).

    Parameters
    ----------
    problem : Problem
    work : Work
        Only the deadline counts.
    solver : str or sequence of str, optional
        As for `solve`.

    Returns
    -------
    float or None
        None if the relaxation was not solved: the deadline came, or it has no solution or no end.

    Raises
    ------
    InfeasiblePlanError
        If a row cannot be met whatever is chosen: there is no number to return.
    ScenarioError
        As `solve`.
    KeyboardInterrupt
        On Ctrl-C, after the child was stopped.
    """
    demand_sound(problem)
    _demand_parameters(problem, None, work, 0.0, 1)
    demand_reachable(problem)
    until_s = math.inf if work.deadline_s is None else time.monotonic() + work.deadline_s
    relaxed = replace(problem, integer=np.zeros(problem.integer.shape, bool), tie_breaks=())
    cost = _toward_least(problem.objective, problem.maximise)
    # Bounds of whole columns are rounded before they are let go.
    model = replace(model_of(problem, cost), integer=relaxed.integer)
    ended = Call(solver_command(solver), work.nodes, 0.0, 1, until_s).run(
        model, Keeper(relaxed, cost), lambda _: None
    )
    if ended.how == "interrupt":
        raise KeyboardInterrupt
    if ended.how != "itself" or ended.status != "optimal" or ended.bound is None:
        return None
    return _signed(Fraction(ended.bound), problem.maximise)


def _demand_parameters(problem: Problem, start: ArrayLike | None, work: Work, gap: float, seed: int) -> Floats | None:
    """Refuse parameters that HiGHS would refuse or misread; the start as numbers."""
    point = None if start is None else as_numbers("the start", start)
    if point is not None and point.shape != problem.objective.shape:
        raise ScenarioError(
            f"a start of shape {point.shape}, expected {problem.objective.shape}; give one number for each column"
        )
    if not 0 <= whole_number("the count of nodes", work.nodes) < 2**31:
        raise ScenarioError(f"work of {work.nodes} nodes, expected 0 to 2147483647; give a count")
    if work.deadline_s is not None and not as_numbers("the deadline", work.deadline_s) > 0:
        raise ScenarioError(f"a deadline of {work.deadline_s} s, expected more than 0 or None; give seconds")
    if not 0 <= as_numbers("the gap", gap) < math.inf:
        raise ScenarioError(f"a gap of {gap}, expected 0 or more; 0.01 stands for 1 %")
    if not 0 <= whole_number("the seed", seed) < 2**31:
        raise ScenarioError(f"a seed of {seed}, expected 0 to 2147483647; choose another")
    return point


def _toward_least(objective: Floats, maximise: bool) -> Floats:
    """The objective as a cost."""
    return -np.asarray(objective, float) if maximise else np.asarray(objective, float)


def _signed(cost: Fraction, maximise: bool) -> float:
    """A cost as a value of the objective."""
    return float(-cost if maximise else cost) + 0.0


def _broken_ties(
    problem: Problem, x: Floats, call: Call, watch: Callable[[float | None], None], work: Work
) -> tuple[Floats, str, list[str], int]:
    """The optimum least in each further objective in turn, how the work ended, what was not reached, and nodes."""
    held: tuple[tuple[Floats, Fraction], ...] = ()
    former = _toward_least(problem.objective, problem.maximise)
    call, nodes = replace(call, gap=0.0), 0
    for place, extra in enumerate(problem.tie_breaks):
        cost = np.asarray(extra, float)
        if not cost.any():
            continue  # everything ties
        reached, step = exact_value(former, x), step_of(problem, former)
        allowance = HOLD_TOLERANCE * max(cost_unit(problem, former), abs(reached)) if step is None else step / 2
        held = (*held, (former, reached + allowance))
        # The row may be met with equality, then rounding alone must not refuse the point.
        eased = (HOLD_TOLERANCE * max(cost_unit(problem, c), abs(limit)) for c, limit in held)
        keeper = Keeper(problem, cost, tuple((c, most + more) for (c, most), more in zip(held, eased, strict=True)))
        keeper.offer(x)
        try:
            ended = call.run(model_of(problem, cost, held), keeper, watch, start=x)
        except KeyboardInterrupt:
            return x, "interrupt", [f"interrupted in tie-break {place}; the optimum before it is kept"], nodes
        nodes += ended.nodes
        status, _, notes = judged(keeper, ended, step_of(problem, cost), 0.0, work)
        if keeper.x is not None:
            x = keeper.x  # never worse than before, proven or not
        if status != "optimal":
            why = "; ".join(notes) or status
            said = f"tie-break {place} was not finished ({why}): another optimum may be less in it"
            return x, ended.how, [said], nodes
        former = cost
    return x, "itself", [], nodes
