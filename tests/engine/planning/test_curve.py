"""What money buys: what a further cell costs, where gains fall off, and which known plan serves a budget."""

import numpy as np

from quietwing.coverage.planning.curve import (
    Marginal,
    Offer,
    best_known,
    cheapest_known,
    knee,
    marginal,
)


def test_a_further_cell_costs_the_money_more_over_the_cells_more():
    assert marginal((30_000.0, 20), (50_000.0, 30)) == Marginal(10, 20_000.0, 2_000.0)
    assert marginal((30_000.0, 20), (50_000.0, 20)).per_cell_gbp is None
    assert marginal((30_000.0, 20), (30_000.0, 22)).per_cell_gbp is None


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
