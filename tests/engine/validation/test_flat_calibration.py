"""Calibration of a made flat, judged on an anchor held out: one anchor counts little, anchors that agree much."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import shapely

from quietwing.coverage.validation import validate
from quietwing.coverage.validation.flat_calibration import ASSUMED_WALLS, Piece, calibrated_flat

LIGHT = ASSUMED_WALLS[0]  # one kind, 3.4 dB
HALL = shapely.box(0, 0, 10, 10)
CELLS = 60


def made_flat(more_db, *, walled=None):
    """Each anchor's error before and after, in a world where walls lose `more_db` more than 3.4 dB for each anchor.

    Every other cell lies behind one wall; for an anchor that is not `walled`, none does.
    """
    anchors = len(more_db)
    anchor = np.repeat(np.arange(anchors), CELLS)
    behind = np.tile(np.arange(CELLS) % 2 == 1, anchors)
    behind &= np.repeat(walled if walled is not None else [True] * anchors, CELLS)
    cell_m = np.column_stack([np.tile(np.linspace(1, 9, CELLS), anchors), np.full(len(anchor), 5.0), anchor * 0.0])
    distance_m = np.full(len(anchor), 3.0)  # the exponent has nothing to say
    level_dbm = -60 - np.where(behind, 3.4 + np.repeat(np.array(more_db, float), CELLS), 0.0)
    pieces = [[Piece(0.1, 1.0)] if one else [] for one in behind]
    return calibrated_flat(LIGHT, HALL, anchor, cell_m, distance_m, level_dbm, pieces, 2440.0)


def steps_db(flat, error_db):
    """By how much more each anchor's cells behind the wall are predicted too loud than those before it."""
    each = error_db.reshape(-1, CELLS // 2, 2).mean(axis=1)
    return each[:, 1] - each[:, 0]


def test_walls_that_all_anchors_find_thicker_are_taken_for_thicker():
    flat = made_flat([4.0] * 6)
    before_db, after_db = steps_db(flat, flat.before_db), steps_db(flat, flat.after_db)
    # σ² = 0.7 · 9 = 6.3 of the kind and of each anchor: five anchors leave 1/6 of the 4 dB
    assert before_db == pytest.approx(np.full(6, 4.0))
    assert after_db == pytest.approx(np.full(6, 4.0 / 6), abs=0.1)


def test_what_a_single_anchor_says_of_a_wall_counts_half_however_many_cells_it_has():
    flat = made_flat([6.0, 0.0, 0.0], walled=[True, False, True])
    after_db = steps_db(flat, flat.after_db)
    # the third anchor is predicted from the first alone: 6 dB · 6.3 / (6.3 + 6.3) = 3 dB too much loss, of which
    # three quarters are believed, since no anchor tested it
    assert after_db[2] == pytest.approx(-0.75 * 3.0, abs=0.15)


def test_anchors_that_disagree_shift_nothing_on_one_held_out():
    flat = made_flat([6.0, -3.0, 5.0, -2.5])
    assert np.abs(flat.after_db - flat.before_db).max() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.skipif("QUIETWING_DATA" not in os.environ, reason="QUIETWING_DATA names no folder of data sets")
def test_on_the_measured_flat_no_anchor_gets_worse_and_the_mean_gets_better():
    gains_db = []
    for one in validate(Path(os.environ["QUIETWING_DATA"])):
        if one.name.startswith("rf-ble-flat-wut/calibrated"):
            words = one.note.split("anchor by anchor ")[1].split(";")[0].split(", ")
            pairs = [tuple(map(float, pair.split(" to "))) for pair in words]
            gains_db += [before - after for before, after in pairs]
    assert min(gains_db) > 0  # of two decimals
    assert np.mean(gains_db) >= 0.3
