"""A bare problem: what is wrong with it is said before any solver starts, and its optimum is the enumerated one."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from quietwing.coverage.errors import InfeasiblePlanError, ScenarioError
from quietwing.coverage.planning import solution_check
from quietwing.coverage.planning.exact import Work, bound_of_relaxation, solve
from quietwing.coverage.planning.problem import Problem, check_problem
from quietwing.coverage.planning.solution_check import check_solution, dual_bound


def small(objective, rows, row_lower, row_upper, upper=None, integer=None, **changes) -> Problem:
    """Columns from 0 to `upper` (1 each without it), whole unless `integer` says otherwise."""
    width = len(objective)
    return Problem(
        objective=np.array(objective, float),
        rows=sparse.csr_array(np.array(rows, float).reshape(len(row_lower), width)),
        row_lower=np.array(row_lower, float),
        row_upper=np.array(row_upper, float),
        lower=np.zeros(width),
        upper=np.ones(width) if upper is None else np.array(upper, float),
        integer=np.ones(width, bool) if integer is None else np.array(integer, bool),
        **changes,
    )


def knapsack(**changes) -> Problem:
    """Two of three things fit: a and b for 9, with nothing to spare."""
    parts = {"maximise": True, "column_names": ("a", "b", "c"), "row_names": ("weight",)} | changes
    return small([5, 4, 3], [[2, 3, 1]], [-np.inf], [5], **parts)


# --- What is said before the solver starts.


def test_a_sound_problem_has_no_fault():
    assert check_problem(knapsack()) == ()


def with_entry(value: float) -> Problem:
    problem = knapsack()
    return replace(problem, rows=sparse.csr_array(np.array([[2.0, value, 1.0]])))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e15])
def test_a_coefficient_the_solver_would_misread_is_named_by_row_and_column(value):
    (fault,) = check_problem(with_entry(value))
    assert fault.startswith("weight, b: coefficient")
    with pytest.raises(ScenarioError, match="weight, b"):
        solve(with_entry(value))


@pytest.mark.parametrize("value", [1e-10, -1e-10])
def test_what_is_next_to_nothing_beside_its_row_is_taken_in_and_refused_where_it_could_be_more(value):
    """A ten-billionth of one item decides nothing; of ten million items it is a thousandth of a unit and would."""
    assert check_problem(with_entry(value)) == ()
    assert_array_equal(solve(with_entry(value)).x, [1, 1, 1])
    many = replace(with_entry(value), upper=np.array([1, 1e7, 1]))
    (fault,) = check_problem(many)
    assert fault.startswith(f"weight, b: coefficient {value:g}, expected 0 or at least a billionth")
    with pytest.raises(ScenarioError, match="weight, b"):
        solve(many)


@pytest.mark.parametrize("value", [np.nan, 1e-12])
def test_objectives_and_tie_breaks_are_looked_at_too(value):
    problem = knapsack(tie_breaks=(np.array([1, value, 0]),))
    problem = replace(problem, objective=np.array([5, 4, value]))
    first, second = check_problem(problem)
    assert first.startswith("objective, c")
    assert second.startswith("tie_breaks[0], b")


def test_all_faults_are_told_at_once():
    problem = replace(
        with_entry(np.nan),
        upper=np.array([1, 0.7, np.inf]),
        lower=np.array([2, 0.2, 0]),
        row_lower=np.array([np.nan]),
    )
    text = "\n".join(check_problem(problem))
    for part in (
        "weight, b",
        "row weight has bounds nan",
        "column a has crossed bounds",
        "integer column c",
        "whole",
    ):
        assert part in text
    assert len(check_problem(problem)) == 5


def test_an_empty_model_and_arrays_that_do_not_fit_are_faults():
    empty = small([], np.zeros((1, 0)), [0], [1])
    assert "no column" in check_problem(empty)[0]
    odd = replace(knapsack(), upper=np.ones(2), tie_breaks=(np.ones(4),), row_names=("one", "two"))
    assert len(check_problem(odd)) == 3
    with pytest.raises(ScenarioError, match="no column"):
        solve(empty)


def test_a_row_beyond_reach_is_proven_infeasible_without_a_solver():
    for rows, low, high in (([[0, 0, 0]], 1, np.inf), ([[1, 1, 1]], 3.1, np.inf), ([[1, 1, -1]], -9, -1.5)):
        problem = small([1, 1, 1], rows, [low], [high], row_names=("need",))
        found = solve(problem, solver="there is no such file")
        assert (found.status, found.x, found.value, found.bound, found.nodes) == ("infeasible", None, None, None, 0)
        assert found.notes[0].startswith("row need must be at")
        with pytest.raises(InfeasiblePlanError, match="row need must be at"):
            bound_of_relaxation(problem)
    assert check_problem(small([1, 1, 1], [[1, 1, 1]], [3], [3])) == ()
    # A tenth three times is not 0.3 in floats; the row is within reach all the same.
    assert check_problem(small([1, 1, 1], [[0.1, 0.1, 0.1]], [0.30000000000000004], [1])) == ()


def test_whole_columns_reach_no_further_than_their_last_whole_number():
    assert "reaches at most 2" in check_problem(small([1], [[1]], [2.5], [np.inf], upper=[2.9]))[0]
    assert check_problem(small([1], [[1]], [2.5], [np.inf], upper=[2.9], integer=[False])) == ()


def test_a_column_that_improves_for_ever_is_named():
    problem = small([1], np.zeros((0, 1)), [], [], upper=[np.inf], integer=[False], maximise=True)
    assert "without end" in check_problem(problem)[0]
    assert check_problem(replace(problem, maximise=False)) == ()


@pytest.mark.parametrize(
    "wrong", [{"gap": -0.1}, {"seed": -1}, {"work": Work(nodes=-1)}, {"work": Work(deadline_s=0)}, {"start": [1, 1]}]
)
def test_parameters_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ScenarioError, match="expected"):
        solve(knapsack(), **wrong)


# --- What is said of a solution, in exact rationals.


def test_a_good_solution_passes():
    assert check_solution(knapsack(), [1, 1, 0], 9.0) == ()


@pytest.mark.parametrize(
    ("x", "value", "said"),
    [
        ([1, 1, 1], None, "row weight comes to 6, expected at most 5"),
        ([1, 0.999, 0], None, "column b is 0.999, expected a whole number"),
        ([2, 0, 0], None, "column a is 2, outside its bounds 0 to 1"),
        ([1, 0, 0], 5.001, "the value is given as 5.001, the columns come to 5"),
        ([1, 0, 0], np.nan, "the value is given as nan"),
        ([1, np.nan, 0], None, "column b is nan"),
        ([1, 0], None, "shape"),
    ],
)
def test_what_does_not_hold_is_named(x, value, said):
    (fault,) = check_solution(knapsack(), x, value)
    assert said in fault


def test_a_row_may_be_missed_by_a_millionth_of_its_unit_and_no_more():
    for size in (1.0, 2.0**-10, 2.0**10):
        allowed = 1e-6 * min(size, 1)
        problem = small([1], [[size]], [size], [np.inf], integer=[False])
        assert check_solution(problem, [1 - 0.99 * allowed / size]) == ()
        assert len(check_solution(problem, [1 - 1.01 * allowed / size])) == 1


def test_the_edge_of_the_tolerance_is_decided_to_the_last_bit():
    """The exact miss 1 - x of the row x >= 1 against one millionth, for the floats around the edge."""
    problem = small([1], [[1]], [1], [np.inf], integer=[False])
    x = np.float64(1 - 1e-6)
    for _ in range(8):
        x = np.nextafter(x, 0)
    verdicts = []
    for _ in range(16):
        verdicts.append(check_solution(problem, [x]) == ())
        assert verdicts[-1] == (1 - Fraction(x) <= Fraction(1, 10**6))
        x = np.nextafter(x, 1)
    assert set(verdicts) == {True, False}


def test_only_rows_near_their_bound_are_added_up_exactly(monkeypatch):
    """Whichever of its bounds a row has: exact sums of all rows took a tenth of a search."""
    added = []
    exact = solution_check.exact_value
    monkeypatch.setattr(solution_check, "exact_value", lambda *of: added.append(of) or exact(*of))
    rows = [[1.0, 1.0]] * 4
    lower, upper = [1.0, -np.inf, 1.0, 0.0], [np.inf, 3.0, 3.0, 2.0 - 1e-6]
    assert check_solution(small([1, 1], rows, lower, upper), [1, 1]) == ()
    assert len(added) == 1


def test_any_row_duals_give_a_bound_below_every_solution():
    rng = np.random.default_rng(5)
    for _ in range(50):
        rows = sparse.csr_array(rng.integers(-3, 5, (4, 6)).astype(float))
        cost = rng.normal(size=6)
        x = rng.integers(0, 3, 6).astype(float)
        low, high = rows @ x - rng.random(4), np.where(rng.random(4) < 0.5, np.inf, rows @ x + rng.random(4))
        bound = dual_bound(cost, rows, (low, high), (np.zeros(6), np.full(6, 2.0)), rng.normal(size=4))
        assert bound is not None
        assert bound <= cost @ x + 1e-12


# --- The optimum is the enumerated one.


def random_problem(rng: np.random.Generator, mixed: bool = False) -> Problem:
    """Up to 6 columns of 0 or 1, up to 2 or up to 3, up to 4 rows, some equalities, prices with pence at times."""
    width, height = int(rng.integers(2, 7)), int(rng.integers(1, 5))
    upper = rng.integers(1, 4, width).astype(float)
    rows = rng.integers(-4, 7, (height, width)) * (rng.random((height, width)) < 0.7)
    inside = rows @ np.floor(rng.random(width) * (upper + 1))
    kind = rng.integers(0, 4, height)
    unit = rng.choice([1.0, 0.25, 0.01])  # 0.01: values that floats only come close to
    objective = rng.integers(-5, 12, width) * unit
    ties = tuple(rng.integers(0, 4, width).astype(float) for _ in range(rng.integers(0, 3)))
    integer = rng.random(width) < 0.6 if mixed else np.ones(width, bool)
    return Problem(
        objective=objective,
        rows=sparse.csr_array(rows.astype(float)),
        row_lower=np.where(kind == 1, -np.inf, inside - (kind == 2)).astype(float),
        row_upper=np.where(kind == 0, np.inf, inside + (kind == 2)).astype(float),
        lower=np.zeros(width),
        upper=upper,
        integer=integer,
        maximise=bool(rng.random() < 0.5),
        tie_breaks=() if mixed else ties,
    )


def enumerated(problem: Problem) -> tuple[Fraction, ...] | None:
    """The best value and the least tie-breaks, in rationals; prices are read as the decimals they stand for."""
    sign = -1 if problem.maximise else 1
    orders = [[Fraction(round(c * 100), 100) * sign for c in problem.objective]]
    orders += [[Fraction(c) for c in extra] for extra in problem.tie_breaks]
    points = np.array(list(itertools.product(*(range(int(u) + 1) for u in problem.upper))))
    activity = points @ problem.rows.toarray().T
    holds = ((activity >= problem.row_lower) & (activity <= problem.row_upper)).all(axis=1)
    return min(
        (tuple(sum(c * int(v) for c, v in zip(order, x, strict=True)) for order in orders) for x in points[holds]),
        default=None,
    )


def compare_with_enumeration(seeds: range) -> int:
    """Solve each and compare; how many had a solution."""
    solved = 0
    for seed in seeds:
        problem = random_problem(np.random.default_rng(seed))
        best = enumerated(problem)
        found = solve(problem)
        if best is None:
            assert found.status == "infeasible", seed
            continue
        assert found.status == "optimal", (seed, found)
        assert found.gap == 0
        assert found.bound == found.value
        assert check_solution(problem, found.x, found.value) == ()
        reached = [round(found.value * 100) * (-1 if problem.maximise else 1)]
        reached += [round(float(extra @ found.x) * 100) for extra in problem.tie_breaks]
        assert reached == [int(part * 100) for part in best], seed
        solved += 1
    return solved


@pytest.mark.long
def test_the_optimum_and_its_tie_breaks_are_the_enumerated_ones_on_6_problems():
    assert compare_with_enumeration(range(6)) >= 3


@pytest.mark.slow
@pytest.mark.long
def test_the_optimum_and_its_tie_breaks_are_the_enumerated_ones_on_200_problems():
    assert compare_with_enumeration(range(1000, 1200)) >= 120


@pytest.mark.slow
def test_scip_finds_the_same_optimum_of_30_mixed_problems():
    pyscipopt = pytest.importorskip("pyscipopt")
    for seed in range(30):
        problem = random_problem(np.random.default_rng(2000 + seed), mixed=True)
        scip = pyscipopt.Model()
        scip.hideOutput()
        columns = [
            scip.addVar(vtype="I" if whole else "C", lb=0.0, ub=float(most))
            for whole, most in zip(problem.integer, problem.upper, strict=True)
        ]
        for row, low, high in zip(problem.rows.toarray(), problem.row_lower, problem.row_upper, strict=True):
            activity = pyscipopt.quicksum(float(a) * x for a, x in zip(row, columns, strict=True))
            if not row.any():
                continue
            if np.isfinite(low):
                scip.addCons(activity >= float(low))
            if np.isfinite(high):
                scip.addCons(activity <= float(high))
        total = pyscipopt.quicksum(float(c) * x for c, x in zip(problem.objective, columns, strict=True))
        scip.setObjective(total, "maximize" if problem.maximise else "minimize")
        scip.optimize()
        found = solve(problem)
        assert scip.getStatus() == found.status == "optimal", seed
        assert found.value == pytest.approx(scip.getObjVal(), abs=1e-6)
        assert check_solution(problem, found.x, found.value) == ()


# --- Ties, starts, bounds.


def test_ties_are_broken_in_turn_each_among_the_optima_of_those_before():
    """Six items of weight 1, two may be taken: equal value, so the cheapest pair, then the smallest number."""
    price = np.array([3.0, 1, 2, 1, 1, 9])
    number = np.arange(6.0)
    problem = small([1] * 6, [[1] * 6], [-np.inf], [2], maximise=True, tie_breaks=(price, number))
    found = solve(problem)
    assert found.status == "optimal"
    assert_array_equal(found.x, [0, 1, 0, 1, 0, 0])
    swapped = solve(replace(problem, tie_breaks=(-number, price)), gap=0.5)  # the gap is for the main objective alone
    assert_array_equal(swapped.x, [0, 0, 0, 0, 1, 1])


def test_a_tie_break_gives_away_nothing_of_the_value():
    """a alone is worth 0.01 more than b and costs a million more: the penny decides."""
    problem = small([100.01, 100.0], [[1, 1]], [1], [1], maximise=True, tie_breaks=(np.array([1e6, 0]),))
    found = solve(problem)
    assert (found.status, found.value) == ("optimal", 100.01)
    # Without a step: value differences far above 1e-9 decide as well.
    uneven = small([np.pi, np.pi - 1e-5], [[1, 1]], [1], [1], maximise=True, tie_breaks=(np.array([1e6, 0]),))
    found = solve(uneven)
    assert found.status == "optimal"
    assert_array_equal(found.x, [1, 0])


def test_a_price_a_little_off_the_others_step_is_a_price_of_its_own():
    """1000.001 is no multiple of 1000 and 0.30000001 is none of a tenth: nothing is rounded to a common step."""
    for odd, even in ((1000.001, 1000.0), (0.30000001, 0.3)):
        problem = small([odd, even], [[1, 1]], [1], [1], maximise=True, tie_breaks=(np.array([1.0, 0]),))
        found = solve(problem)
        assert (found.status, found.value, found.bound) == ("optimal", odd, odd)


def test_ties_of_a_divisible_problem_are_broken_too():
    """x + y = 1 at equal price: all of it in the column that the tie-break prefers."""
    problem = small([1, 1], [[1, 1]], [1], [np.inf], integer=[False, False], tie_breaks=(np.array([2.0, 1.0]),))
    found = solve(problem)
    assert found.status == "optimal"
    assert found.x == pytest.approx([0, 1], abs=1e-6)
    assert found.value == pytest.approx(1, abs=2e-9)


def test_money_in_pence_is_added_up_exactly():
    """0.1 + 0.2 pounds fit into a budget of 0.3 although the floats add up to more."""
    problem = small([1, 1, 1], [[0.1, 0.2, 0.3]], [-np.inf], [0.3], maximise=True)
    assert_array_equal(solve(problem).x, [1, 1, 0])


def test_a_small_unit_changes_no_answer():
    """The same knapsack in units of 1e-8: the solver's absolute tolerance of 1e-7 must not let a third item in."""
    problem = knapsack()
    tiny = replace(
        problem, rows=problem.rows * 1e-8, row_upper=problem.row_upper * 1e-8, objective=problem.objective * 1e-7
    )
    found = solve(tiny)
    assert found.status == "optimal"
    assert_array_equal(found.x, [1, 1, 0])


def test_equal_seeds_give_equal_bytes():
    rng = np.random.default_rng(3)
    problem = Problem.covering(rng.integers(1, 9, 60), [rng.integers(0, 40, 6) for _ in range(60)])
    if check_problem(problem):
        problem = Problem.covering(np.append(problem.objective, 200), [*problem.rows.T.tolil().rows, range(40)])
    first, second = solve(problem, seed=7), solve(problem, seed=7)
    assert first.x.tobytes() == second.x.tobytes()
    assert (first.value, first.bound, first.notes) == (second.value, second.bound, second.notes)
    assert first.reproducible


def test_the_relaxation_bounds_both_senses():
    assert bound_of_relaxation(knapsack()) == pytest.approx(5 + 3 + 4 * 2 / 3, abs=1e-9)
    assert bound_of_relaxation(knapsack()) >= 5 + 3 + 4 * 2 / 3 - 1e-15
    cover = Problem.covering([1, 1, 1], [[0, 1], [1, 2], [0, 2]])
    assert bound_of_relaxation(cover) == pytest.approx(1.5, abs=1e-9)
    assert bound_of_relaxation(cover) <= 1.5
    assert solve(cover).value == 2
    assert bound_of_relaxation(replace(knapsack(), row_lower=np.array([5.0]), row_upper=np.array([5.0]))) is not None


def test_a_relaxation_without_solution_has_no_bound():
    problem = small([1, 1], [[1, 1], [1, -1], [1, -1]], [1, 0.5, -1], [1, 1, -0.5])
    assert bound_of_relaxation(problem) is None
    assert solve(problem).status == "infeasible"


def test_a_problem_without_rows_is_solved():
    assert_array_equal(solve(small([1, -1], np.zeros((0, 2)), [], [], upper=[3, 3])).x, [0, 3])


def test_covering_refuses_costs_and_elements_that_do_not_fit():
    with pytest.raises(ScenarioError, match="one cost for each"):
        Problem.covering([1, 2], [[0]])
    with pytest.raises(ScenarioError, match="counts from 0"):
        Problem.covering([1], [[-1]])
    nobody = solve(Problem.covering([1], [[0, 2]]))
    assert nobody.status == "infeasible"
    assert "row element 1 must be at least 1" in nobody.notes[0]
