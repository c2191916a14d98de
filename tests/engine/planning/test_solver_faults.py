"""A solver that lies or is cut short: what it had found is kept and nothing it says is believed.

Children and problems are those of ``stub_solver.py``.
"""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from by_path import module_at
from numpy.testing import assert_array_equal

from quietwing.coverage.planning.exact import Work, bound_of_relaxation, solve
from quietwing.coverage.planning.solution_check import check_solution

stub_solver = module_at("tests/engine/planning/stub_solver.py")
CHILD, hard, knapsack = stub_solver.CHILD, stub_solver.hard, stub_solver.knapsack
stub = stub_solver.stub  # a fixture


# --- Wrong answers.


def test_an_honest_child_is_believed(stub):
    found = solve(knapsack(), solver=stub("point(1, [1, 1, 0]); end()"))
    assert (found.status, found.value, found.bound, found.gap, found.reproducible) == ("optimal", 9, 9, 0, True)
    assert found.notes == ()


def test_optimal_said_at_the_deadline_is_not_optimal(stub):
    began_s = time.monotonic()
    code = "point(1, [1, 0, 1]); put('bound.json', {'bound': -9.5}); end(value=-8.0, bound=-8.0); time.sleep(60)"
    found = solve(knapsack(), work=Work(deadline_s=1.0), solver=stub(code))
    assert time.monotonic() - began_s < 3
    assert (found.status, found.value, found.bound) == ("feasible", 8, 9)  # 9.5 cut to whole pounds
    assert found.gap == 0.125
    assert not found.reproducible
    assert "deadline of 1 s" in " ".join(found.notes)


def test_a_point_that_breaks_a_row_is_refused_and_named(stub):
    found = solve(knapsack(), solver=stub("point(1, [1, 1, 1]); end(value=-12.0, bound=-12.0)"))
    assert (found.status, found.x, found.value, found.gap) == ("refused", None, None, None)
    assert "row weight comes to 6, expected at most 5" in found.notes[0]


def test_after_a_refused_point_the_start_is_kept(stub):
    found = solve(knapsack(), start=[0, 1, 1], solver=stub("point(1, [1, 1, 1]); end(value=-12.0, bound=-12.0)"))
    assert (found.status, found.value, found.bound) == ("feasible", 7, 12)
    assert "refused" in found.notes[0]


def test_after_a_refused_point_the_last_good_one_is_kept(stub):
    code = "point(1, [1, 0, 0]); point(2, [1, 0, 1]); point(3, [1, 1, 1]); end(value=-12.0, bound=-12.0)"
    found = solve(knapsack(), solver=stub(code))
    assert (found.status, found.value) == ("feasible", 8)


def test_0_999_of_a_thing_is_refused_and_0_9999999_is_one(stub):
    found = solve(knapsack(), solver=stub("point(1, [1, 0.999, 0]); end(value=-8.996, bound=-9.0)"))
    assert found.status == "refused"
    assert "column b is 0.999, expected a whole number" in found.notes[0]
    found = solve(knapsack(), solver=stub("point(1, [1, 0.9999999, -1e-9]); end(value=-8.9999996)"))
    assert found.status == "optimal"
    assert found.x.tobytes() == np.array([1.0, 1.0, 0.0]).tobytes()


def test_a_value_that_is_not_the_points_own_is_not_believed(stub):
    found = solve(knapsack(), solver=stub("point(1, [1, 0, 1]); end(value=-100.0, bound=-100.0)"))
    assert (found.status, found.value, found.bound) == ("feasible", 8, 100)
    assert "the solver gives -100 as its cost" in found.notes[0]


def test_a_bound_that_a_solution_beats_is_dropped(stub):
    found = solve(knapsack(), solver=stub("point(1, [1, 1, 0]); end(value=-9.0, bound=-5.0)"))
    assert (found.status, found.value, found.bound, found.gap) == ("feasible", 9, None, None)
    assert "bound was refused" in found.notes[0]


def test_a_bound_that_does_not_meet_the_value_proves_nothing(stub):
    found = solve(knapsack(), solver=stub("point(1, [1, 0, 1]); end(value=-8.0, bound=-9.0)"))
    assert (found.status, found.value, found.bound, found.gap) == ("feasible", 8, 9, 0.125)
    assert "does not meet" in found.notes[0]


def test_a_proof_beyond_the_nodes_allowed_is_not_believed(stub):
    found = solve(knapsack(), work=Work(nodes=10), solver=stub("point(1, [1, 1, 0]); end(nodes=11)"))
    assert found.status == "feasible"
    assert "11 nodes, 10 allowed" in found.notes[0]


def test_an_infeasible_that_a_solution_contradicts_is_not_believed(stub):
    ended = "end(status='infeasible', value=None, bound=None)"
    found = solve(knapsack(), start=[1, 0, 0], solver=stub(ended))
    assert (found.status, found.value, found.bound) == ("feasible", 5, None)
    assert solve(knapsack(), solver=stub("point(1, [1, 0, 0]); " + ended)).status == "feasible"
    assert solve(knapsack(), solver=stub(ended)).status == "infeasible"  # nothing contradicts it


def test_an_infeasible_from_a_child_that_died_or_was_stopped_is_no_proof(stub):
    ended = "end(status='infeasible', value=None, bound=None); "
    assert solve(knapsack(), solver=stub(ended + "sys.exit(3)")).status == "none found"
    found = solve(knapsack(), work=Work(deadline_s=0.8), solver=stub(ended + "time.sleep(60)"))
    assert found.status == "none found"


@pytest.mark.parametrize(
    "code",
    [
        "(folder / 'point-000001.npy').write_text('no array')",
        "np.save(folder / 'point-000001.npy', np.array([None, {}]), allow_pickle=True)",
        "np.save(folder / 'point-000001.npy', np.array(['1', 'b', '0']))",
        "point(1, [1, 1])",
        "point(1, [1, np.nan, 0])",
    ],
)
def test_files_that_are_no_solution_are_refused(stub, code):
    assert solve(knapsack(), solver=stub(f"{code}; end()")).status == "refused"


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"status": 3}'])
def test_a_last_word_that_is_none_counts_as_a_failure(stub, text):
    found = solve(knapsack(), solver=stub(f"point(1, [1, 1, 0]); (folder / 'end.json').write_text({text!r})"))
    assert (found.status, found.value, found.bound, found.reproducible) == ("feasible", 9, None, False)
    assert "the solver failed" in found.notes[0]


def test_numbers_that_are_no_bound_are_left_out(stub):
    for bound in ("float('nan')", "float('-inf')", "'9'", "True", "None"):
        found = solve(knapsack(), solver=stub(f"point(1, [1, 1, 0]); end(bound={bound})"))
        assert (found.status, found.bound, found.gap) == ("feasible", None, None)


def test_lying_duals_cannot_raise_the_bound_of_the_relaxation(stub):
    """Any row dual gives a true bound: the lie of -1000 about the value is not used."""
    code = "np.save(folder / 'duals.npy', np.array([-0.5])); point(1, [1, 0, 0]); end(value=1000.0, bound=1000.0)"
    assert bound_of_relaxation(knapsack(), solver=stub(code)) == pytest.approx(2.5 + 4 + 2.5 + 2.5, abs=1e-9)


# --- Limits.


def test_stopped_before_anything_was_found_is_none_found_and_never_infeasible():
    found = solve(hard(), work=Work(deadline_s=0.001))
    assert (found.status, found.x, found.value, found.bound, found.gap) == ("none found", None, None, None, None)
    assert not found.reproducible
    assert "infeasible" not in " ".join(found.notes)


def test_nodes_used_up_keep_the_plan_and_its_gap():
    problem = hard(60)
    found, again = solve(problem, work=Work(nodes=1)), solve(problem, work=Work(nodes=1))
    assert found.status == "feasible"
    assert found.reproducible
    assert 0 < found.gap < 1
    assert found.bound < found.value
    assert check_solution(problem, found.x, found.value) == ()
    assert found.x.tobytes() == again.x.tobytes()
    assert (found.bound, found.notes) == (again.bound, again.notes)
    assert found.notes == ("the search ended after its 1 nodes",)


def test_the_deadline_stops_highs_and_keeps_what_it_had():
    began_s = time.monotonic()
    seen = []
    found = solve(hard(), work=Work(nodes=10**9, deadline_s=2.0), progress=lambda *now: seen.append(now))
    assert time.monotonic() - began_s < 4
    assert found.status == "feasible"
    assert not found.reproducible
    assert 0 < found.gap < 1
    values = [value for value, _ in seen if value is not None]
    bounds = [bound for _, bound in seen if bound is not None]
    assert values == sorted(values, reverse=True)
    assert bounds == sorted(bounds)
    assert max(bounds) <= found.value <= min(values)


def test_a_gap_asked_for_ends_the_search_without_the_word_optimal():
    found = solve(hard(60), gap=0.5)
    assert found.status == "feasible"
    assert 0 < found.gap <= 0.5
    assert found.reproducible


def test_a_start_is_never_made_worse(stub):
    best = solve(knapsack(), start=[1, 1, 0], work=Work(nodes=0))
    assert best.value == 9
    code = "np.save(here / 'start.npy', np.load(folder / 'start.npy')); point(1, [0, 0, 1]); end(value=-3.0)"
    found = solve(knapsack(), start=[1, 0, 1], solver=stub(code))
    assert found.value == 8
    given = Path(stub("")).parent / "start.npy"
    assert_array_equal(np.load(given), [1, 0, 1])


def test_highs_begins_from_the_start(stub):
    """With no node at all it has nothing to show but what it was told."""
    code = f"""
    import runpy
    runpy.run_path({str(CHILD)!r}, run_name="__main__")
    (here / "end.json").write_text((folder / "end.json").read_text())
    """
    path, problem = stub(code), hard(60)
    cold = solve(problem, work=Work(nodes=0), solver=path)
    assert (cold.status, cold.bound) == ("none found", None)
    told = solve(problem, work=Work(nodes=1))
    solve(problem, start=told.x, work=Work(nodes=0), solver=path)
    assert json.loads((Path(path).parent / "end.json").read_text())["value"] == told.value


def test_of_equally_good_points_the_first_is_kept(stub):
    problem = replace(knapsack(), objective=np.array([5.0, 5.0, 3.0]), row_upper=np.array([3.0]))
    found = solve(problem, solver=stub("point(1, [0, 1, 0]); point(2, [1, 0, 0]); end(value=-5.0, bound=-5.0)"))
    assert_array_equal(found.x, [0, 1, 0])


def test_the_gap_asked_for_is_for_the_main_objective_alone(stub):
    code = """
    gap = json.loads((folder / "options.json").read_text())["gap"]
    with (here / "gaps.txt").open("a") as file: file.write(f"{gap} ")
    point(1, [1, 1, 0]); end() if len(np.load(folder / "row_lower.npy")) == 1 else end(value=2.0, bound=2.0)
    """
    path = stub(code)
    problem = replace(knapsack(), tie_breaks=(np.array([1.0, 1.0, 0.0]),))
    found = solve(problem, gap=0.25, solver=path)
    assert (found.status, found.notes) == ("optimal", ())
    assert (Path(path).parent / "gaps.txt").read_text().split() == ["0.25", "0.0"]


def test_a_start_that_does_not_hold_is_left_out_and_named(stub):
    code = "assert not (folder / 'start.npy').exists(); point(1, [1, 1, 0]); end()"
    found = solve(knapsack(), start=[1, 1, 1], solver=stub(code))
    assert found.status == "optimal"
    assert found.notes[0].startswith("the start does not hold and was left out: row weight comes to 6")


def test_a_tie_break_that_is_not_finished_is_said(stub):
    """The first call proves the optimum; the second, with the row that holds it, only runs into its limit."""
    code = """
    tie = len(np.load(folder / "row_lower.npy")) == 2
    point(1, [0, 0, 1] if tie else [1, 1, 0])
    end("limit", -3.0, -12.0) if tie else end()
    """
    problem = replace(knapsack(), tie_breaks=(np.array([1.0, 1.0, 0.0]),))
    found = solve(problem, solver=stub(code))
    assert (found.status, found.value, found.bound) == ("optimal", 9, 9)
    assert_array_equal(found.x, [1, 1, 0])
    assert "tie-break 0 was not finished" in found.notes[0]
    assert "gives away" in found.notes[0]


def test_what_an_unfinished_tie_break_improved_is_kept(stub):
    """a and b are worth the same, b is cheaper: found, though not proven cheapest."""
    code = """
    tie = len(np.load(folder / "row_lower.npy")) == 2
    point(1, [0, 1, 0] if tie else [1, 0, 0])
    end("limit", 1.0, 0.0) if tie else end(value=-5.0, bound=-5.0)
    """
    problem = replace(knapsack(), objective=np.array([5.0, 5.0, 3.0]), tie_breaks=(np.array([2.0, 1.0, 0.0]),))
    found = solve(replace(problem, row_upper=np.array([3.0])), solver=stub(code))
    assert (found.status, found.value, found.reproducible) == ("optimal", 5, True)
    assert_array_equal(found.x, [0, 1, 0])
    assert "tie-break 0 was not finished (the search ended after its 20000 nodes)" in found.notes[0]


TIE_THAT_HANGS = """
if len(np.load(folder / "row_lower.npy")) == 2:
    time.sleep(60)
point(1, [1, 1, 0]); end()
"""


def test_a_tie_break_at_the_deadline_leaves_the_optimum_and_is_not_reproducible(stub):
    problem = replace(knapsack(), tie_breaks=(np.array([1.0, 1.0, 0.0]),))
    found = solve(problem, work=Work(deadline_s=1.0), solver=stub(TIE_THAT_HANGS))
    assert (found.status, found.value, found.bound, found.gap, found.reproducible) == ("optimal", 9, 9, 0, False)
    assert "tie-break 0 was not finished (the deadline of 1 s" in found.notes[0]


def test_ctrl_c_in_a_tie_break_keeps_the_optimum_and_says_interrupted(stub):
    def press(value: float | None, bound: float | None) -> None:
        if value is not None and value == bound:
            raise KeyboardInterrupt

    problem = replace(knapsack(), tie_breaks=(np.array([1.0, 1.0, 0.0]),))
    found = solve(problem, progress=press, solver=stub(TIE_THAT_HANGS))
    assert (found.status, found.value, found.bound, found.reproducible) == ("interrupted", 9, 9, False)
