"""The best solution of a bare problem, with a bound, from a solver that is not believed unchecked."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning._solver_process import Call, Ended, model_of, solver_command
from quietwing.coverage.planning.problem import Problem, demand_sound
from quietwing.coverage.planning.solution_check import Keeper, exact_value

__all__ = ["Progress", "Solution", "Work", "bound_of_relaxation", "solve"]

Progress = Callable[[float | None, float | None], None]
Status = Literal["optimal", "feasible", "infeasible", "none found", "interrupted", "refused"]
Floats = NDArray[np.float64]

ONE = Fraction(1)
BOUND_TOLERANCE = Fraction(1, 10**6)  # value and bound this close, relative to the larger of 1 and them, are one
HOLD_TOLERANCE = Fraction(1, 10**9)  # what a tie-break may give away of an objective without a step, relative
FINEST_STEP_DIGITS = 4  # decimals in which the step of an objective is looked for: pence, and tenths of a per cent
FLOAT_ERROR = 2.0**-50  # relative, of a decimal read as a float and moved by a power of ten


@dataclass(frozen=True)
class Work:
    """How much a solve may work.

    Attributes
    ----------
    nodes : int
        Branch-and-bound nodes of each solve (the main one and each tie-break): counted work, the same on any machine.
    deadline_s : float or None
        Wall clock for all of them together. Only a safety net: an answer it ends is not reproducible. [s]
    """

    nodes: int = 20_000
    deadline_s: float | None = 600.0


@dataclass(frozen=True, eq=False)
class Solution:
    """What was found, and how sure it is.

    Attributes
    ----------
    status : str
        "optimal": proven. "feasible": holds, not proven best. "infeasible": proven that nothing holds. "none found":
        the work ended before anything was found. "interrupted": stopped by Ctrl-C, with the best so far. "refused":
        the solver only offered points that do not hold.
    x : ndarray or None, shape (column,)
        Whole columns are exactly whole.
    value : float or None
        The objective of `x`, added up here and never taken from the solver.
    bound : float or None
        No solution of the model as stated is better than this, to the solver's tolerance (1e-6, relative above 1);
        equal to `value` when optimal.
    gap : float or None
        |bound - value| / max(|value|, 1e-9), rounded up to 1e-6; 0 when optimal.
    reproducible : bool
        False if the clock, a person or a crash ended the work: then another run may differ.
    notes : tuple of str
        What a reader should know: what was refused, and why the work ended.
    """

    status: Status
    x: Floats | None
    value: float | None
    bound: float | None
    gap: float | None
    reproducible: bool
    notes: tuple[str, ...]


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
    never worse than a `start` that holds.

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
    InfeasiblePlanError
        If a row cannot be met whatever is chosen.
    ScenarioError
        If the problem or a parameter is not sound.
    """
    demand_sound(problem)
    _demand_parameters(problem, start, work, gap, seed)
    until_s = math.inf if work.deadline_s is None else time.monotonic() + work.deadline_s
    cost = _toward_least(problem.objective, problem.maximise)
    keeper = Keeper(problem, cost)
    notes: list[str] = []
    if start is not None:
        keeper.offer(start)
        notes.extend(f"the start does not hold and was left out: {fault}" for fault in keeper.refused)
        keeper.refused = ()
    step = _step(problem, cost)

    def watch(bound: float | None) -> None:
        if progress is not None:
            best = None if keeper.value is None else _signed(keeper.value, problem.maximise)
            known = _trusted_bound(bound, keeper.value, step)
            progress(best, None if known is None else _signed(known, problem.maximise))

    call = Call(solver_command(solver), work.nodes, gap, seed, until_s)
    ended = call.run(model_of(problem, cost), keeper, watch, start=keeper.x)
    status, bound, said = _judge(keeper, ended, step, gap, work)
    notes.extend(said)
    reproducible = ended.how == "itself"
    x, value = keeper.x, keeper.value
    if status == "optimal" and x is not None and value is not None:
        main = _signed(value, problem.maximise)

        def idle(_: float | None) -> None:
            if progress is not None:
                progress(main, main)

        x, how, said = _broken_ties(problem, x, call, idle, work)
        notes.extend(said)
        reproducible = how == "itself"
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
        )
    final = float(exact_value(problem.objective, x))
    reached = status == "optimal" or (bound is not None and bound == value)
    limit = final if reached else None if bound is None else _signed(bound, problem.maximise)
    return Solution(status, x, final, limit, _gap(final, limit), reproducible, tuple(notes))


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
    InfeasiblePlanError, ScenarioError
        As `solve`.
    KeyboardInterrupt
        On Ctrl-C, after the child was stopped.
    """
    demand_sound(problem)
    _demand_parameters(problem, None, work, 0.0, 1)
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


def _demand_parameters(problem: Problem, start: ArrayLike | None, work: Work, gap: float, seed: int) -> None:
    """Refuse parameters that HiGHS would refuse or misread."""
    if start is not None and np.shape(start) != problem.objective.shape:
        raise ScenarioError(
            f"a start of shape {np.shape(start)}, expected {problem.objective.shape}; give one number for each column"
        )
    if not 0 <= work.nodes < 2**31:
        raise ScenarioError(f"work of {work.nodes} nodes, expected 0 to 2147483647; give a count")
    if work.deadline_s is not None and not work.deadline_s > 0:
        raise ScenarioError(f"a deadline of {work.deadline_s} s, expected more than 0 or None; give seconds")
    if not 0 <= gap < math.inf:
        raise ScenarioError(f"a gap of {gap}, expected 0 or more; 0.01 stands for 1 %")
    if not 0 <= seed < 2**31:
        raise ScenarioError(f"a seed of {seed}, expected 0 to 2147483647; choose another")


def _toward_least(objective: Floats, maximise: bool) -> Floats:
    """The objective as a cost."""
    return -np.asarray(objective, float) if maximise else np.asarray(objective, float)


def _signed(cost: Fraction, maximise: bool) -> float:
    """A cost as a value of the objective."""
    return float(-cost if maximise else cost) + 0.0


def _gap(value: float, bound: float | None) -> float | None:
    """The relative gap, rounded up."""
    if bound is None:
        return None
    share = abs(Fraction(bound) - Fraction(value)) / max(abs(Fraction(value)), Fraction(1, 10**9))
    return math.ceil(share * 10**6) / 10**6


def _step(problem: Problem, cost: Floats) -> Fraction | None:
    """The step of which every value of a cost is a multiple, None if there is none worth using."""
    paid = np.flatnonzero(cost)
    if not problem.integer[paid].all():
        return None
    most = np.maximum(np.abs(problem.lower[paid]), np.abs(problem.upper[paid]))
    for digits in range(FINEST_STEP_DIGITS + 1):
        units = cost[paid] * 10.0**digits
        whole = np.round(units)
        if np.abs(whole).max(initial=0) >= 2**53:
            return None
        step = Fraction(int(np.gcd.reduce(whole.astype(np.int64), initial=0)) or 1, 10**digits)
        # Prices such as 0.1 are no exact floats: off by rounding alone, and all together far below the step.
        off = np.abs(units - whole)
        if (off <= FLOAT_ERROR * np.abs(units)).all() and (off * most).sum() / 10.0**digits < float(step) / 1000:
            return step
    return None


def _trusted_bound(bound: float | None, value: Fraction | None, step: Fraction | None) -> Fraction | None:
    """A solver's bound raised to the next step and at most the value; None if it contradicts the value."""
    if bound is None:
        return None
    exact = Fraction(bound)
    tolerance = BOUND_TOLERANCE * max(ONE, abs(exact))
    if step is not None and step > 4 * tolerance:
        exact = step * math.ceil((exact - tolerance) / step)
    if value is None:
        return exact
    if exact > value + BOUND_TOLERANCE * max(ONE, abs(value)):
        return None
    return min(exact, value)


def _judge(
    keeper: Keeper, ended: Ended, step: Fraction | None, gap: float, work: Work
) -> tuple[Status, Fraction | None, list[str]]:
    """Status and bound that the evidence supports, and what a reader should know."""
    notes = []
    value, bound = keeper.value, _trusted_bound(ended.bound, keeper.value, step)
    if keeper.refused:
        notes.append(f"{len(keeper.refused)} point(s) of the solver refused, the first because {keeper.refused[0]}")
    if ended.bound is not None and bound is None:
        notes.append("the solver's bound was refused: a solution that holds is better than it")
    if ended.how == "deadline":
        notes.append(f"the deadline of {work.deadline_s:g} s ended the work; another run may differ")
    elif ended.how == "crash":
        notes.append(f"the solver failed ({ended.complaint}); what it had found until then is kept")
    elif ended.how == "interrupt":
        notes.append("interrupted; what was found until then is kept")
        return "interrupted", bound, notes
    elif ended.status == "limit":
        notes.append(f"the search ended after its {work.nodes} nodes")
    elif ended.status not in ("optimal", "infeasible"):
        notes.append(f"the solver ended with the word {ended.status!r}")
    if value is None:
        proven = ended.how == "itself" and ended.status == "infeasible" and not keeper.refused
        return ("infeasible" if proven else "refused" if keeper.refused else "none found"), bound, notes
    if ended.how == "itself" and ended.status == "infeasible":
        notes.append("the solver calls the problem infeasible and was not believed: a solution holds")
        return "feasible", None, notes
    if ended.how == "itself" and ended.status == "optimal":
        reported = None if ended.value is None else Fraction(ended.value)
        if reported is not None and abs(reported - value) > BOUND_TOLERANCE * max(ONE, abs(value)):
            notes.append(
                f"the solver gives {float(reported):.12g} as its cost, the best point kept costs {float(value):.12g}"
            )
        apart = None if bound is None else value - bound
        if ended.nodes > work.nodes:
            notes.append(f"the solver's proof was not believed: {ended.nodes} nodes, {work.nodes} allowed")
        elif apart is not None and apart <= BOUND_TOLERANCE * max(ONE, abs(value)):
            return "optimal", value, notes
        elif apart is not None and apart <= Fraction(gap) * abs(value) * (1 + BOUND_TOLERANCE):
            notes.append(f"the search ended within the gap of {gap:g} asked for")
        else:
            notes.append("the solver's proof was not believed: its bound does not meet the value")
    return "feasible", bound, notes


def _broken_ties(
    problem: Problem, x: Floats, call: Call, watch: Callable[[float | None], None], work: Work
) -> tuple[Floats, str, list[str]]:
    """The optimum that is least in each further objective in turn, how the work ended, and what was not reached."""
    held: tuple[tuple[Floats, Fraction], ...] = ()
    former = _toward_least(problem.objective, problem.maximise)
    call = replace(call, gap=0.0)
    for place, extra in enumerate(problem.tie_breaks):
        cost = np.asarray(extra, float)
        if not cost.any():
            continue  # everything ties
        reached, step = exact_value(former, x), _step(problem, former)
        allowance = HOLD_TOLERANCE * max(ONE, abs(reached)) if step is None else step / 2
        held = (*held, (former, reached + allowance))
        # The row may be met with equality, then rounding alone must not refuse the point.
        keeper = Keeper(problem, cost, tuple((c, limit + HOLD_TOLERANCE * max(ONE, abs(limit))) for c, limit in held))
        keeper.offer(x)
        try:
            ended = call.run(model_of(problem, cost, held), keeper, watch, start=x)
        except KeyboardInterrupt:
            return x, "interrupt", [f"interrupted in tie-break {place}; the optimum before it is kept"]
        status, _, notes = _judge(keeper, ended, _step(problem, cost), 0.0, work)
        if keeper.x is not None:
            x = keeper.x  # never worse than before, proven or not
        if status != "optimal":
            why = "; ".join(notes) or status
            return x, ended.how, [f"tie-break {place} was not finished ({why}): another optimum may be less in it"]
        former = cost
    return x, "itself", []
