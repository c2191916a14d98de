"""One budget over many sites: equal to trying every combination."""

import itertools

import numpy as np
import pytest

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.estate import split_budget


def by_brute_force(offers, budget):
    """Most cells, and of these the least money, of all combinations."""
    best = (0, 0)
    for combination in itertools.product(*([(0, 0), *site] for site in offers)):
        cost, cells = map(sum, zip(*combination, strict=True)) if combination else (0, 0)
        if cost <= budget and (cells, -cost) > (best[0], -best[1]):
            best = (cells, cost)
    return best


@pytest.mark.parametrize("seed", range(200))
def test_a_split_is_what_trying_everything_finds(seed):
    draw = np.random.default_rng(seed)
    offers = [
        [tuple(map(int, (draw.integers(0, 60), draw.integers(0, 12)))) for _ in range(draw.integers(0, 5))]
        for _ in range(draw.integers(1, 6))
    ]
    budget = int(draw.integers(0, 160))
    found = split_budget(offers, budget)
    assert (found.cells, found.spent_pence) == by_brute_force(offers, budget)
    taken = [site[at] for site, at in zip(offers, found.chosen, strict=True) if at is not None]
    assert (sum(cells for _, cells in taken), sum(cost for cost, _ in taken)) == (found.cells, found.spent_pence)
    for pence, cells in zip(found.curve_pence.tolist(), found.curve_cells.tolist(), strict=True):
        assert by_brute_force(offers, pence) == (cells, pence)


def test_two_small_prisons_beat_one_large_by_hand():
    # £100: the large one silences 10 for £100; the small ones 6 for £50 each, so 12.
    assert split_budget([[(10_000, 10)], [(5_000, 6)], [(5_000, 6)]], 10_000).chosen == (None, 0, 0)


def test_forty_prisons_with_eight_plans_each_are_split_at_once():
    draw = np.random.default_rng(7)
    offers = [
        list(
            zip(np.sort(draw.integers(1, 10**8, 8)).tolist(), np.sort(draw.integers(0, 300, 8)).tolist(), strict=True)
        )
        for _ in range(40)
    ]
    found = split_budget(offers, 4 * 10**8)
    assert found.spent_pence <= 4 * 10**8
    assert (np.diff(found.curve_cells) > 0).all()
    assert (np.diff(found.curve_pence) > 0).all()


def test_money_below_zero_is_refused():
    with pytest.raises(ScenarioError, match="must not be negative"):
        split_budget([[(-1, 3)]], 10)
