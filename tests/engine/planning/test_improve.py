"""A plan made better by the solver among what the relaxation uses: money moves from one place to another."""

from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at
from scipy import sparse

from quietwing.coverage.planning import improve as improving
from quietwing.coverage.planning.cuts import CutWork, Reduced
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.improve import Relaxations, improve
from quietwing.coverage.planning.milp import Goal, Selection, as_problem
from quietwing.coverage.planning.score import score

hand_model = module_at("tests/engine/planning/hand_models.py").hand_model
WORK = CutWork(iterations=10_000, rounds=20)
PAIRS = 8
GOAL = Goal(budget_pence=800_000)


def pairs_of_rooms():
    """Two rooms a pair: a device of £1,000 for each of them, and another of £1,000 that serves both.

    £8,000 buy eight rooms one by one, and sixteen with devices that serve two.
    """
    shares = np.zeros((2 * PAIRS, 3 * PAIRS))
    cost_gbp = np.zeros(3 * PAIRS)
    for pair in range(PAIRS):
        shares[2 * pair, 3 * pair] = shares[2 * pair + 1, 3 * pair + 1] = 1.2
        shares[[2 * pair, 2 * pair + 1], 3 * pair + 2] = 1.1
        cost_gbp[3 * pair : 3 * pair + 3] = 1000.0
    return hand_model(shares.tolist(), [], tuple(cost_gbp.tolist()))


def one_by_one(model):
    """Eight rooms, each with a device of its own."""
    selection = Selection((0, 1, 3, 4, 6, 7, 9, 10), (0,) * len(model.weight))
    return Found(selection, score(model, selection))


def improved(model, found, choices, **how):
    with Relaxations(model, GOAL, WORK) as relaxations:
        return improve(model, GOAL, found, relaxations, choices, **how)


def test_the_solver_buys_the_devices_that_serve_two():
    """Eight of £1,000 serve sixteen rooms: all there are."""
    model = pairs_of_rooms()
    better = improved(model, one_by_one(model), 1)
    assert one_by_one(model).score.weight == 8.0
    assert better.found.score.weight == 16.0
    assert better.bound == pytest.approx(16.0, abs=0.01)
    assert better.found.score.broken == ()


class NoRowsOfRooms:
    """A relaxation that needed no row of a room: a choice breaks all of those that it counts on."""

    def __init__(self, model):
        problem = as_problem(model, GOAL, interplay=False, ties=False)
        short = np.flatnonzero(problem.row_upper < np.inf)
        few = replace(
            problem,
            rows=sparse.csr_array(problem.rows[short]),
            row_lower=problem.row_lower[short],
            row_upper=problem.row_upper[short],
            row_names=tuple(problem.row_names[row] for row in short.tolist()),
        )
        self.problem, self.reduced = problem, Reduced(few, 16.0, np.ones(len(problem.lower), bool), True)

    def problems(self):
        return (self.problem,)

    def each(self):
        return (self.reduced,)

    def bound(self):
        return 16.0


def test_rows_that_a_choice_breaks_are_told_for_the_next():
    """Without rows of rooms the first choice buys nothing that helps; with those it broke the next ones do."""
    model = pairs_of_rooms()
    found = one_by_one(model)
    values = [improve(model, GOAL, found, NoRowsOfRooms(model), choices).found.score.weight for choices in (1, 2, 9)]
    assert values[0] == found.score.weight == 8.0
    assert values[0] <= values[1] <= values[2] == 16.0


def test_a_choice_never_leaves_a_plan_worse():
    """The best plan there is stays."""
    model = pairs_of_rooms()
    best = improved(model, one_by_one(model), 1).found
    again = improve(model, GOAL, best, NoRowsOfRooms(model), 1).found
    assert again.score.weight == best.score.weight == 16.0


@pytest.mark.parametrize("choices", [1, 5])
def test_no_choice_begins_after_the_time_is_over(choices):
    model = pairs_of_rooms()
    assert improved(model, one_by_one(model), choices, late=lambda: True).found.score.weight == 8.0


def test_no_further_choice_is_asked_for_that_has_nothing_new_to_be_told(monkeypatch):
    """The rows that the relaxation needed are all that matter here: one choice is enough."""
    asked, solve = [], improving.solve

    def counted(*given, **how):
        asked.append(given)
        return solve(*given, **how)

    monkeypatch.setattr(improving, "solve", counted)
    model = pairs_of_rooms()
    assert improved(model, one_by_one(model), 5).found.score.weight == 16.0
    assert len(asked) == 1


@pytest.mark.parametrize(("little", "asked_once"), [(1.0, True), (0.02, False)])
def test_a_choice_of_which_the_model_allows_nearly_all_is_the_last(monkeypatch, little, asked_once):
    """Without rows of rooms the first choice claims sixteen rooms, of which the model allows none."""
    asked, solve = [], improving.solve

    def counted(*given, **how):
        asked.append(given)
        return solve(*given, **how)

    monkeypatch.setattr(improving, "solve", counted)
    monkeypatch.setattr(improving, "LITTLE_LOST", little)
    model = pairs_of_rooms()
    improve(model, GOAL, one_by_one(model), NoRowsOfRooms(model), 9)
    assert (len(asked) == 1) == asked_once
