"""Sixteen lanes at a time: each instruction is the plain float32 sum, lane by lane, and touches no other byte."""

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_array_equal

from quietwing.coverage.propagation import _lanes
from quietwing.coverage.propagation._lanes import (
    AHEAD,
    LANES,
    ROW_BYTES,
    add_loss,
    add_slab_loss,
    cap,
    look_up,
    write,
)

RNG = np.random.default_rng(7)


def row(low=0.0, high=30.0) -> np.ndarray:
    return RNG.uniform(low, high, LANES).astype(np.float32)


@njit
def _add_loss(sums, table, share):
    add_loss(sums.ctypes.data, table.ctypes.data, share)


@njit
def _add_slab(sums, dearest, seen, table, share):
    add_slab_loss(sums.ctypes.data, dearest.ctypes.data, seen, table.ctypes.data, share)


@njit
def _cap(sums, dearest, ceiling):
    cap(sums.ctypes.data, dearest.ctypes.data, ceiling)


@njit
def _write(out, sums, lane_db, spread_db, lanes):
    write(out.ctypes.data, sums.ctypes.data, lane_db.ctypes.data, spread_db, lanes)


@njit
def _look_up(where, share, start, step, i, inverse, low_end, last):
    look_up(where.ctypes.data, share.ctypes.data, start, step, i, inverse.ctypes.data, low_end, last)


def between(table: np.ndarray, share: float) -> np.ndarray:
    """The plain float32 sum, in the order of the source."""
    return table[0] + np.float32(share) * (table[1] - table[0])


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_loss_between_two_rows_of_the_table_is_added(share):
    sums, table = row(), np.stack([row(), row()])
    expected = sums + between(table, share)
    _add_loss(sums, table, np.float32(share))
    assert_array_equal(sums, expected)


@pytest.mark.parametrize(("seen", "keeps"), [(0, False), (1, True), (5, True)])
def test_the_dearest_slab_is_the_first_or_the_dearer(seen, keeps):
    sums, dearest, table = row(), np.full(LANES, 15, np.float32), np.stack([row(), row()])
    loss = between(table, 0.5)
    expected = sums + loss
    _add_slab(sums, dearest, np.int32(seen), table, np.float32(0.5))
    assert_array_equal(sums, expected)
    assert_array_equal(dearest, np.maximum(15, loss) if keeps else loss)  # what stood there before the first is dust


def test_walls_together_cost_no_more_than_the_ceiling_or_the_dearest_of_them():
    sums, dearest = np.full(LANES, 40, np.float32), row(20, 50)
    _cap(sums, dearest, np.float32(35))
    assert_array_equal(sums, np.minimum(40, np.maximum(dearest, 35)))


@pytest.mark.parametrize("lanes", [1, 7, LANES])
def test_as_many_lanes_are_written_as_there_are_and_no_byte_beyond(lanes):
    out, sums, lane_db = np.full(2 * LANES, -1, np.float32), row(), row()
    _write(out, sums, lane_db, np.float32(2.5), lanes)
    assert_array_equal(out[:lanes], (sums + (lane_db + np.float32(2.5)))[:lanes])
    assert (out[lanes:] == -1).all()


@pytest.mark.parametrize("i", [0, 8])
def test_eight_receivers_find_their_rows_and_stay_within_the_table(i):
    """Cosines −0.9 … over a table of 64 rows between: 0 below its low end, the last row above its high end."""
    where, share = np.zeros(AHEAD, np.int32), np.zeros(AHEAD, np.float32)
    inverse = RNG.uniform(0.5, 2.0, AHEAD).astype(np.float32)
    start, step, low_end, last = -45.0, 7.3, 5.0, 40
    _look_up(where, share, start, step, i, inverse, low_end, last)
    node = np.maximum(np.abs(start + step * (i + np.arange(AHEAD))) * inverse.astype(float) - low_end, 0.0)
    rows = np.minimum(node.astype(int), last)
    assert_array_equal(where, rows * ROW_BYTES)
    assert_array_equal(share, (node - rows).astype(np.float32))


def test_a_row_is_one_cache_line():
    assert _lanes.ROW_BYTES == LANES * np.dtype(np.float32).itemsize == 64
