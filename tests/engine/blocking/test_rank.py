"""The order of worlds' levels, as the limits outside take it, against numpy's sort."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from quietwing.coverage.blocking import _spill_kernels as kernels

LEVELS = st.one_of(
    st.floats(-200.0, 50.0),
    st.sampled_from([-1e30, -np.inf, -80.0, -80.0 + 1e-13, 0.0]),  # not heard, no such carrier, almost the same
)


@njit
def room_for(worlds):
    return np.empty(kernels.BOXES, np.int64), np.empty(worlds, np.uint8), np.empty(worlds)


@njit
def ranked(values, rank):
    return kernels._rank(values, rank, *room_for(len(values)))


@njit
def middle(values):
    return kernels._median(values, *room_for(len(values)))


@settings(max_examples=200, deadline=None)
@given(st.lists(LEVELS, min_size=1, max_size=60), st.data())
def test_a_rank_is_that_of_the_sorted_levels_and_moves_none(levels, data):
    values = np.array(levels)
    rank = data.draw(st.integers(0, len(values) - 1))
    found, before = ranked(values, rank)
    assert found == np.sort(values)[rank]
    assert before == (np.sort(values)[rank - 1] if rank else -np.inf)
    assert values.tolist() == levels


@pytest.mark.parametrize("worlds", [1, 2, 999, 1000])
def test_the_median_is_that_of_numpy(worlds):
    values = np.random.default_rng(5).normal(-90.0, 8.0, worlds)
    assert middle(values) == pytest.approx(np.median(values), abs=1e-12)
