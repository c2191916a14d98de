"""The bare door against trying every choice: small problems of every kind, and a second solver on some of them."""

from collections import Counter

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.planning import Problem, check_solution, solve

small_problems = module_at("tests/engine/planning/small_problems.py")


def differs(seed: int, seen: Counter, solver: tuple[str, ...]) -> str:
    """What the door says otherwise than trying every choice."""
    kind, problem = small_problems.small_problem(seed)
    status, best = small_problems.by_trying(problem)
    found = solve(problem, solver=solver)
    seen.update((kind, status))
    if found.status != status:
        return f"{seed} {kind}: {found.status}, expected {status} {best}; {found.notes}"
    if status == "infeasible":
        return "" if found.x is None else f"{seed} {kind}: a solution of what has none"
    if check_solution(problem, found.x, found.value):
        return f"{seed} {kind}: {check_solution(problem, found.x, found.value)}"
    if status == "unbounded":
        return ""
    sign = -1 if problem.maximise else 1
    reached = [sign * found.value, *(float(extra @ found.x) for extra in problem.tie_breaks)]
    size = max(float(np.abs(problem.objective).max()), 1e-30)
    sizes = [min(size, 1.0), *(1.0 for _ in problem.tie_breaks)]
    for ours, theirs, unit in zip(reached, best, sizes, strict=True):
        if abs(ours - float(theirs)) > 1e-6 * max(unit, abs(float(theirs))):
            return f"{seed} {kind}: {reached}, expected {[float(part) for part in best]}"
    if found.bound != found.value or found.gap != 0:
        return f"{seed} {kind}: bound {found.bound} of an optimum of {found.value}"
    return ""


def compare(seeds: range, solver: tuple[str, ...]) -> Counter:
    seen = Counter()
    assert [text for text in (differs(seed, seen, solver) for seed in seeds) if text] == []
    return seen


@pytest.mark.slow
def test_45_problems_of_nine_kinds_come_to_what_trying_every_choice_finds(forked):
    seen = compare(range(45), forked)
    assert all(seen[kind] == 5 for kind in small_problems.KINDS)


@pytest.mark.slow
@pytest.mark.long
def test_500_problems_of_nine_kinds_come_to_what_trying_every_choice_finds(forked):
    seen = compare(range(1000, 1500), forked)
    assert seen["unbounded"] >= 10
    assert seen["infeasible"] >= 30
    assert seen["optimal"] >= 350


@pytest.mark.slow
def test_scip_says_the_same_of_50_problems_of_nine_kinds(forked):
    pyscipopt = pytest.importorskip("pyscipopt")
    for seed in range(5000, 5050):
        kind, problem = small_problems.small_problem(seed)
        status, value = by_scip(pyscipopt, problem)
        found = solve(problem, solver=forked)
        unsure = {"inforunbd"} if found.status in ("unbounded", "infeasible") else set()  # a word of SCIP for either
        assert status in {found.status} | unsure, (seed, kind)
        if status == "optimal":
            size = max(float(np.abs(problem.objective).max()), 1e-30)
            assert found.value == pytest.approx(value, rel=1e-6, abs=1e-6 * min(1.0, size)), (seed, kind)


def by_scip(pyscipopt, problem) -> tuple[str, float | None]:
    """Status and optimum by SCIP, which is given each row and the objective with 1 as the largest coefficient."""
    scip = pyscipopt.Model()
    scip.hideOutput()
    x = [
        scip.addVar(
            vtype="I" if whole else "C",
            lb=float(low) if np.isfinite(low) else None,
            ub=float(high) if np.isfinite(high) else None,
        )
        for whole, low, high in zip(problem.integer, problem.lower, problem.upper, strict=True)
    ]
    for line, low, high in zip(problem.rows.toarray(), problem.row_lower, problem.row_upper, strict=True):
        unit = float(np.abs(line).max())
        if unit == 0:
            if low > 0 or high < 0:
                return "infeasible", None
            continue
        activity = pyscipopt.quicksum(float(a) / unit * column for a, column in zip(line, x, strict=True))
        if np.isfinite(low):
            scip.addCons(activity >= float(low) / unit)
        if np.isfinite(high):
            scip.addCons(activity <= float(high) / unit)
    unit = float(np.abs(problem.objective).max()) or 1.0
    total = pyscipopt.quicksum(float(c) / unit * column for c, column in zip(problem.objective, x, strict=True))
    scip.setObjective(total, "maximize" if problem.maximise else "minimize")
    scip.optimize()
    status = scip.getStatus()
    return status, scip.getObjVal() * unit if status == "optimal" else None


@pytest.mark.slow
def test_scip_covers_as_many_people_from_as_many_places():
    """Maximal covering among up to 400 points of a square, each with a few dozen people."""
    pyscipopt = pytest.importorskip("pyscipopt")
    rng = np.random.default_rng(11)
    for points, places, most, reach in ((100, 40, 5, 0.15), (200, 80, 8, 0.12), (400, 100, 10, 0.1)):
        at = rng.random((points, 2))
        sets = [np.flatnonzero(np.hypot(*(at - own).T) <= reach) for own in at[:places]]
        problem = Problem.maximal_covering(rng.integers(1, 100, points), sets, most)
        status, value = by_scip(pyscipopt, problem)
        found = solve(problem)
        assert (found.status, status) == ("optimal", "optimal")
        assert found.value == pytest.approx(value)
