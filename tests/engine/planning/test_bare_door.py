"""The door for bare matrices as others use it: what it takes, what it refuses in words, what it says at the end."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

import quietwing.coverage.planning as planning
from quietwing.coverage.planning import Problem, ScenarioError, Work, bound_of_relaxation, check_problem, solve

ROOT = Path(__file__).parents[3]


def plain(**changes) -> Problem:
    """Three things worth 5, 4 and 3 that weigh 2, 3 and 1; together 5 at most."""
    parts = {
        "objective": [5, 4, 3], "rows": [[2, 3, 1]], "row_lower": [-np.inf], "row_upper": [5], "lower": [0, 0, 0],
        "upper": [1, 1, 1], "integer": [True, True, True], "maximise": True,
    }  # fmt: skip
    return Problem(**(parts | changes))


def divisible(objective, rows, low, high, **changes) -> Problem:
    """Columns from 0 without end."""
    width = len(objective)
    parts = {"lower": np.zeros(width), "upper": np.full(width, np.inf), "integer": np.zeros(width, bool)}
    return Problem(objective, np.reshape(rows, (-1, width)), low, high, **(parts | changes))


# --- What it takes.


def test_the_example_of_the_documentation_prints_what_it_says(capsys):
    page = (ROOT / "docs" / "solver.md").read_text("utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    assert len(example.splitlines()) <= 20
    exec(example, {})
    (promised,) = re.findall(r"It prints `(.*?)`", page)
    assert capsys.readouterr().out.startswith(promised)


def test_all_that_the_door_raises_and_returns_has_its_name_there():
    assert all(hasattr(planning, name) for name in planning.__all__)
    assert {"ScenarioError", "InfeasiblePlanError", "QuietwingError", "Solution"} <= set(planning.__all__)


def test_lists_and_dense_and_sparse_rows_are_taken():
    for rows in ([[2, 3, 1]], np.array([[2, 3, 1]]), sparse.coo_array([[2, 3, 1]]), sparse.csr_matrix([[2, 3, 1]])):
        assert solve(plain(rows=rows)).value == 9


def test_entries_at_one_place_are_added_up():
    twice = sparse.coo_array(([1.0, 1.0, 3.0, 1.0], ([0, 0, 0, 0], [0, 0, 1, 2])), shape=(1, 3))
    assert plain(rows=twice).rows.toarray().tolist() == [[2, 3, 1]]


def test_what_the_caller_changes_afterwards_changes_nothing():
    given = {name: np.array(value, float) for name, value in (("objective", [5, 4, 3]), ("row_upper", [5]))}
    given |= {"upper": np.ones(3), "integer": np.ones(3, bool), "rows": sparse.csr_array([[2.0, 3.0, 1.0]])}
    tie = np.arange(3.0)
    problem = plain(**given, tie_breaks=(tie,))
    for array in (*given.values(), tie):
        data = array.data if sparse.issparse(array) else array
        data[:] = 0
    assert problem.tie_breaks[0].tolist() == [0, 1, 2]
    assert solve(problem).value == 9
    for array in (problem.objective, problem.upper, problem.integer, problem.rows.data, problem.tie_breaks[0]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_elements_at_the_end_that_no_set_holds_are_kept():
    assert Problem.covering([1, 1], [[0], [1]]).rows.shape == (2, 2)
    problem = Problem.covering([1, 1], [[0], [1]], elements=4)
    assert problem.rows.shape == (4, 2)
    found = solve(problem)
    assert found.status == "infeasible"
    assert [note.split(" must")[0] for note in found.notes] == ["row element 2", "row element 3"]
    with pytest.raises(ScenarioError, match="element 1 in a set, expected fewer than the 1"):
        Problem.covering([1, 1], [[0], [1]], elements=1)


def test_the_most_weight_that_a_budget_covers():
    """Two sets of three: {0, 1} and {2} cover 5 + 1 + 4; with prices 3, 3, 1 and a budget of 4 the same pair fits."""
    sets = [[0, 1], [1, 2], [2]]
    assert solve(Problem.maximal_covering([5, 1, 4], sets, 2)).value == 10
    assert solve(Problem.maximal_covering([5, 1, 4], sets, 1)).value == 6
    assert solve(Problem.maximal_covering([5, 1, 4], sets, 4, costs=[3, 3, 1])).value == 10
    assert solve(Problem.maximal_covering([5, 1, 4], sets, 0)).value == 0


def test_powers_as_they_are_received_need_no_unit():
    """Two rooms need 3 and 4 fW: only the dear first place gives enough to both, and the other two do together."""
    received_mw = [[4e-15, 3e-15, 1e-15], [5e-15, 1e-15, 3e-15]]
    dear = Problem([9, 4, 4], received_mw, [3e-15, 4e-15], [np.inf] * 2, np.zeros(3), np.ones(3), np.ones(3, bool))
    found = solve(dear)
    assert (found.status, found.value, found.x.tolist()) == ("optimal", 8, [0, 1, 1])
    assert solve(replace(dear, objective=np.array([7, 4, 4]))).x.tolist() == [1, 0, 0]
    assert solve(replace(dear, row_lower=np.array([8.1e-15, 0]))).status == "infeasible"


def test_a_blocker_in_the_room_is_not_what_another_room_is_judged_by():
    """1 µW from the blocker in the room, 1 fW from that of the neighbour, 0.6 fW needed: one of the two, not none."""
    problem = Problem([3, 2], [[1e-6, 1e-15]], [6e-16], [np.inf], [0, 0], [1, 1], [True, True])
    found = solve(problem)
    assert (found.status, found.value, found.x.tolist()) == ("optimal", 2, [0, 1])
    # As a limit: what is a billion times too much may not stand, what is within it may.
    limit = Problem([3, 2], [[1e-6, 1e-15]], [-np.inf], [2e-15], [0, 0], [1, 1], [True, True], maximise=True)
    assert solve(limit).x.tolist() == [0, 1]


def test_powers_to_choose_are_taken_in_watts_too():
    """Gains of 1e-9, at most 2 µW each, 3 fW needed: the cheaper one first at full power, then half of the other."""
    gain = [[1e-9, 1e-9]]
    problem = divisible([1, 3], gain, [3e-15], [np.inf], upper=[2e-6, 2e-6])
    found = solve(problem)
    assert found.status == "optimal"
    np.testing.assert_allclose(found.x, [2e-6, 1e-6], rtol=1e-5)
    assert found.value == pytest.approx(5e-6, rel=1e-5)


# --- What it refuses.


@pytest.mark.parametrize("sets", [[[0.9]], [[0.0]], [["0"]], ["01"], [[True]], [[None]], [np.array([0.9])], [3]])
def test_elements_are_whole_numbers_and_nothing_else(sets):
    with pytest.raises(ScenarioError, match=r"expected .*whole number"):
        Problem.covering([1], sets)


def test_whole_numbers_of_numpy_are_whole_numbers():
    assert solve(Problem.covering([1], [np.array([0, 1], np.uint8)])).value == 1
    assert solve(Problem.covering([1], [{np.int64(0), 1}])).value == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"integer": [0, 2, 1]},
        {"integer": [0.9, 1, 1]},
        {"integer": ["a", "b", "c"]},
        {"objective": ["5", "4", "3"]},
        {"objective": [5, None, 3]},
        {"upper": [1, True, "1"]},
        {"rows": [["2", "3", "1"]]},
        {"rows": [2, 3, 1]},
        {"rows": [[2, 3], [1]]},
        {"row_upper": [5j]},
        {"tie_breaks": (["x", "y", "z"],)},
    ],
)
def test_what_is_no_number_is_refused_by_its_field(wrong):
    with pytest.raises(ScenarioError, match=rf"^{next(iter(wrong))}.*(expected|give)"):
        plain(**wrong)


@pytest.mark.parametrize("wrong", [{"seed": 0.9}, {"seed": "1"}, {"work": Work(nodes=10.5)}, {"start": ["a", 0, 0]}])
def test_parameters_of_another_kind_are_refused(wrong):
    with pytest.raises(ScenarioError, match="expected"):
        solve(plain(), **wrong)


def test_a_row_without_a_name_is_called_row_0_once():
    found = solve(plain(row_lower=[7], row_upper=[9]))
    assert found.notes[0].startswith("row 0 must be at least 7 and reaches at most 6")
    for problem in (plain(row_lower=[np.nan]), plain(row_lower=[6])):
        (fault,) = check_problem(problem)
        assert fault.startswith("row 0 has")
    assert planning.check_solution(plain(), [1, 1, 1]) == ("row 0 comes to 6, expected at most 5",)


# --- What it says.


def test_what_improves_for_ever_is_unbounded_and_says_along_what():
    """More of b costs nothing and earns: 2a - b <= 3 holds the better for it."""
    problem = divisible([1, 1], [[2, -1]], [-np.inf], [3], maximise=True, column_names=("a", "b"))
    found = solve(problem)
    assert (found.status, found.bound, found.gap) == ("unbounded", None, None)
    assert planning.check_solution(problem, found.x, found.value) == ()
    assert "improves without end along" in found.notes[0]
    assert "b" in found.notes[0]
    assert bound_of_relaxation(problem) is None


def test_a_column_that_nothing_holds_is_unbounded_too():
    assert solve(divisible([1], np.zeros((0, 1)), [], [], maximise=True)).status == "unbounded"
    assert solve(divisible([1], np.zeros((0, 1)), [], [])).status == "optimal"


def test_where_nothing_holds_nothing_is_unbounded():
    """x + y = 1 and x + y = 2 while z could go on for ever."""
    problem = divisible([0, 0, 1], [[1, 1, 0], [1, 1, 0]], [1, 2], [1, 2], maximise=True)
    assert solve(problem).status == "infeasible"


def test_a_small_coefficient_that_holds_a_column_is_seen():
    """x + y/10,000,000 <= 1 ends at y = 10,000,000, however large that is beside x."""
    found = solve(divisible([0, 1], [[1, 1e-7]], [-np.inf], [1], maximise=True))
    assert (found.status, found.value) == ("optimal", pytest.approx(1e7))


def test_nodes_are_counted():
    rng = np.random.default_rng(0)
    hard = Problem.covering(rng.integers(100, 200, 60), [np.flatnonzero(rng.random(60) < 0.2) for _ in range(60)])
    assert solve(plain()).nodes <= 1
    assert solve(hard).nodes > 1
    assert solve(plain(row_lower=[7], row_upper=[9])).nodes == 0


def test_objectives_in_tiny_units_are_proven_as_well_as_others():
    """Worth 5, 4 and 3 femtopounds: a gap of 1 of them is a gap."""
    found = solve(plain(objective=np.array([5.0, 4.0, 3.0]) * 2.0**-50))
    assert (found.status, found.value) == ("optimal", 9 * 2.0**-50)
    assert_array_equal(found.x, [1, 1, 0])


@pytest.mark.parametrize(("places", "most"), [(10, 90), (16, 144), (20, 144)])
def test_blocks_of_nine_on_a_ring_of_twelve_by_twelve_cover_nine_each_until_all_is_covered(places, most):
    """Sixteen blocks of three by three tile twelve by twelve; more of them than that bring nothing."""
    around = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    sets = [[(a + i) % 12 * 12 + (b + j) % 12 for i, j in around] for a in range(12) for b in range(12)]
    found = solve(Problem.maximal_covering(np.ones(144), sets, places))
    assert (found.status, found.value, found.bound) == ("optimal", most, most)
