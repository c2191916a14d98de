"""What money buys: what a further cell costs, where gains fall off, and which known plan serves a budget."""

import numpy as np
import pytest

from quietwing.coverage.planning.curve import (
    Offer,
    best_known,
    cheapest_known,
    count_spread,
    knee,
    marginal,
    most_cells,
)


def test_a_further_cell_costs_the_money_more_over_the_cells_more():
    # £20,000 more for 10 cells more, each plan at most 4 short of the best: £2,000
    one = marginal((30_000.0, 20, 3.0), (50_000.0, 30, 4.0))
    assert (one.cells, one.gbp) == (10, 20_000.0)
    assert one.per_cell_gbp == one.least_gbp == one.most_gbp == 2_000.0


def test_a_gap_wider_than_the_step_makes_a_range():
    # the best here may have 15 more: 20,000 / (10 + 15) = £800; the best before may have 6 more: 20,000 / (10 − 6)
    one = marginal((30_000.0, 20, 6.0), (50_000.0, 30, 15.0))
    assert (one.least_gbp, one.per_cell_gbp, one.most_gbp) == (800.0, 2_000.0, 5_000.0)
    # the best before may have as many as this plan: a further cell may cost any money
    one = marginal((30_000.0, 20, 10.0), (50_000.0, 30, 15.0))
    assert (one.least_gbp, one.most_gbp) == (800.0, None)


def test_without_a_bound_only_the_plans_are_compared():
    one = marginal((30_000.0, 20, None), (50_000.0, 30, None))
    assert (one.per_cell_gbp, one.least_gbp, one.most_gbp) == (2_000.0, None, None)
    one = marginal((30_000.0, 20, None), (50_000.0, 30, 15.0))
    assert (one.least_gbp, one.most_gbp) == (800.0, None)


def test_no_further_cell_has_no_price_and_the_same_plan_none_either():
    one = marginal((30_000.0, 20, 0.0), (50_000.0, 20, 5.0))
    assert one.per_cell_gbp is None
    assert one.least_gbp == 4_000.0  # the best here may have 5 more: 20,000 / 5
    assert one.most_gbp is None
    same = marginal((30_000.0, 20, 0.0), (30_000.0, 20, 5.0))
    assert (same.per_cell_gbp, same.least_gbp, same.most_gbp) == (None, None, None)


def test_the_knee_stands_highest_over_the_line_from_first_to_last():
    # scaled heights over the chord: 0, 0.6 − 0.25, 0.8 − 0.5, 0.9 − 0.75, 0
    assert knee([0, 25, 50, 75, 100], [0, 60, 80, 90, 100]) == 1
    assert knee([10, 20, 30], [0, 5, 10]) is None  # even gains
    assert knee([10, 20, 30], [0, 2, 10]) is None  # gains grow
    assert knee([10, 20, 30], [4, 4, 4]) is None  # none at all
    assert knee([10, 20], [0, 9]) is None
    assert knee([10, 10, 10], [0, 9, 10]) is None  # no money between them


def test_a_budget_takes_the_best_plan_that_costs_no_more():
    offers = [
        Offer(passed=True, weight=10.0, cells=10, spent_gbp=9_000.0),
        Offer(passed=True, weight=14.0, cells=14, spent_gbp=8_000.0),  # found for more money, and cheaper
        Offer(passed=False, weight=90.0, cells=90, spent_gbp=1_000.0),  # breaks a limit
        Offer(passed=True, weight=40.0, cells=40, spent_gbp=30_000.0),
    ]
    assert best_known(offers, 10_000.0, own=0) == 1
    assert best_known(offers, 30_000.0, own=0) == 3
    assert best_known(offers, 29_999.0, own=0) == 1
    assert best_known(offers[:1], 500.0, own=0) == 0  # its own search's answer stands, whatever it costs
    alike = [offers[0], offers[0]]
    assert best_known(alike, 10_000.0, own=1) == 1


def test_more_money_never_buys_less_whatever_the_searches_found():
    rng = np.random.default_rng(5)
    for _ in range(200):
        budgets = np.sort(rng.integers(1_000, 90_000, 8)).astype(float)
        offers = [Offer(True, float(rng.integers(0, 50)), 0, float(rng.uniform(0.3, 1.0) * one)) for one in budgets]
        weights = [offers[best_known(offers, one, at)].weight for at, one in enumerate(budgets)]
        assert weights == sorted(weights)


def test_a_target_takes_the_cheapest_plan_that_reaches_it():
    offers = [
        Offer(passed=True, weight=20.0, cells=20, spent_gbp=9_000.0),
        Offer(passed=True, weight=25.0, cells=25, spent_gbp=8_000.0),
        Offer(passed=False, weight=25.0, cells=25, spent_gbp=10.0),
    ]
    assert cheapest_known(offers, 20, own=0) == 1
    assert cheapest_known(offers[:1], 30, own=0) == 0


def test_worlds_drawn_again_move_a_count_near_the_confidence_and_no_other():
    worlds, rng = 400, np.random.default_rng(1)
    sure, never = np.ones((5, worlds), bool), np.zeros((5, worlds), bool)
    assert count_spread(sure, never, 0.9, np.random.default_rng(1)) == 0.0
    edge = rng.random((1, worlds)) < 0.9
    # one room whose share is about q counts in about half of the draws: √(½ · ½) = 0.5
    spread = count_spread(never[:1], edge, float(edge.mean()), np.random.default_rng(1))
    assert spread == pytest.approx(0.5, abs=0.02)
    # the same worlds for both: a room alike in both plans moves neither against the other
    assert count_spread(edge, edge, 0.9, np.random.default_rng(1)) == 0.0


def test_a_bound_on_weight_bounds_cells_by_the_lightest_of_them():
    assert most_cells([1.0] * 10, 7.0) == 7
    assert most_cells([3.0, 1.0, 2.0, 1.0], 4.0) == 3  # 1 + 1 + 2
    assert most_cells([3.0, 1.0, 2.0, 1.0], 3.9) == 2
    assert most_cells([2.0, 2.0], 1.0) == 0
    assert most_cells([1.0], 9.0) == 1
