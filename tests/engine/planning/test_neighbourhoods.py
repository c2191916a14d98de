"""A plan made better part by part: what stands elsewhere stays, and money moves from one place to another."""

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.planning import neighbourhoods
from quietwing.coverage.planning.cuts import CutWork
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.improve import Relaxations, improve
from quietwing.coverage.planning.milp import Goal, Selection
from quietwing.coverage.planning.score import score

hand_model = module_at("tests/engine/planning/hand_models.py").hand_model
WORK = CutWork(iterations=10_000, rounds=20)
PAIRS = 8


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


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of four candidates, two at each place."""
    monkeypatch.setattr(neighbourhoods, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(neighbourhoods, "MOST_OF_A_PART", 6)


def improved(model, found, parts, **how):
    goal = Goal(budget_pence=800_000)
    with Relaxations(model, goal, WORK) as relaxations:
        return improve(model, goal, found, relaxations, parts, **how)


def test_all_at_once_buys_the_devices_that_serve_two():
    """Eight of £1,000 serve sixteen rooms: all there are."""
    model = pairs_of_rooms()
    better = improved(model, one_by_one(model), 1)
    assert one_by_one(model).score.weight == 8.0
    assert better.found.score.weight == 16.0
    assert better.bound == pytest.approx(16.0, abs=0.01)
    assert better.found.score.broken == ()


def test_parts_lead_there_too_and_money_moves_from_place_to_place(small_parts):
    model = pairs_of_rooms()
    better = improved(model, one_by_one(model), 40)
    assert better.found.score.weight == 16.0
    assert better.found.score.cost_pence <= 800_000


@pytest.mark.parametrize("parts", [0, 1, 2, 5])
def test_a_part_never_leaves_a_plan_worse(small_parts, parts):
    model = pairs_of_rooms()
    values = [improved(model, one_by_one(model), many).found.score.weight for many in (parts, parts + 3)]
    assert 8.0 <= values[0] <= values[1]


def test_the_same_seed_chooses_the_same_parts(small_parts):
    model = pairs_of_rooms()
    one, same, other = (improved(model, one_by_one(model), 3, seed=seed).found.selection for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_no_part_begins_after_the_time_is_over():
    model = pairs_of_rooms()
    assert improved(model, one_by_one(model), 5, late=lambda: True).found.score.weight == 8.0


def test_what_stands_elsewhere_stays(small_parts):
    """A part of two pairs leaves the devices of the six others as they are."""
    model = pairs_of_rooms()
    found = one_by_one(model)
    after = improved(model, found, 1, seed=3).found.selection
    changed = {at // 3 for at in set(found.selection.candidates) ^ set(after.candidates)}
    assert 0 < len(changed) <= 2


@pytest.mark.parametrize(("at_once", "asked"), [(100, 2), (0, 5)])
def test_after_all_at_once_parts_end_with_the_first_that_brings_nothing(monkeypatch, at_once, asked):
    """The solver finds nothing in five parts; where the first was of all candidates it is asked once more."""
    calls = []

    def nothing(_problem, start, free, _work):
        calls.append(free)
        return start, True, False

    monkeypatch.setattr(neighbourhoods, "MOST_AT_ONCE", at_once)
    monkeypatch.setattr(neighbourhoods, "MOST_OF_A_PART", 6)
    monkeypatch.setattr(neighbourhoods, "_chosen_anew", nothing)
    model = pairs_of_rooms()
    found = one_by_one(model)
    assert improved(model, found, 5).found.score.weight == found.score.weight
    assert len(calls) == asked
