"""Building entry without a plan: Rec. ITU-R P.2109-2 and the outdoor-to-indoor part of TR 38.901."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from quietwing.coverage.propagation.building_entry import (
    building_entry_loss_db,
)
from quietwing.sites.errors import OutOfRangeError

DATA = Path(__file__).parents[2] / "data"
CLASSES = {1.0: "traditional", 2.0: "thermally_efficient"}

classes = st.sampled_from(sorted(CLASSES.values()))
probabilities = st.floats(0.001, 0.999)


def compare_with_crc(path: Path, least_rows: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))[1:]
    assert len(rows) >= least_rows
    freq_ghz, percent, kind, elevation_deg, expected_db = np.array(rows, float).T
    for number, name in CLASSES.items():
        chosen = kind == number
        actual_db = building_entry_loss_db(freq_ghz[chosen] * 1e3, percent[chosen] / 100, name, elevation_deg[chosen])
        assert_allclose(actual_db, expected_db[chosen], rtol=0, atol=1e-6)


def test_entry_loss_is_that_of_crc_canada():
    compare_with_crc(DATA / "p2109_crc.csv", 3000)


@pytest.mark.skipif("QUIETWING_DATA" not in os.environ, reason="QUIETWING_DATA names no folder of data sets")
def test_entry_loss_is_that_of_the_grid_in_the_data_folder():
    compare_with_crc(Path(os.environ["QUIETWING_DATA"]) / "rf-crc-p2109/validation.csv", 3000)


@pytest.mark.parametrize(
    ("building_class", "freq_mhz", "expected_db"),
    [
        ("traditional", 800, [5.7, 14.2, 24.9]),
        ("traditional", 2100, [5.8, 15.0, 27.2]),
        ("traditional", 3500, [5.9, 15.7, 28.7]),
        ("thermally_efficient", 800, [17.3, 31.3, 46.6]),
        ("thermally_efficient", 3500, [16.6, 30.9, 49.3]),
    ],
)
def test_entry_loss_at_10_50_and_90_percent(building_class, freq_mhz, expected_db):
    assert_allclose(building_entry_loss_db(freq_mhz, [0.1, 0.5, 0.9], building_class), expected_db, atol=0.05)


@given(building_class=classes, low=probabilities, high=probabilities)
def test_a_higher_probability_never_lowers_the_loss(building_class, low, high):
    low, high = sorted((low, high))
    assert building_entry_loss_db(1800, low, building_class) <= building_entry_loss_db(1800, high, building_class)


@given(building_class=classes, probability=probabilities, elevation_deg=st.floats(0, 90))
def test_looking_up_costs_as_much_as_looking_down(building_class, probability, elevation_deg):
    up_db = building_entry_loss_db(800, probability, building_class, elevation_deg)
    assert up_db == building_entry_loss_db(800, probability, building_class, -elevation_deg)
    assert up_db >= building_entry_loss_db(800, probability, building_class, 0)


@pytest.mark.parametrize(
    "given_values",
    [(79.9, 0.5, 0), (100_001, 0.5, 0), (800, 0.0, 0), (800, 1.0, 0), (800, 50, 0), (800, 0.5, 90.1)],
)
def test_outside_the_range_of_p2109_raises(given_values):
    freq_mhz, probability, elevation_deg = given_values
    with pytest.raises(OutOfRangeError, match=r"expected .*; "):
        building_entry_loss_db(freq_mhz, probability, "traditional", elevation_deg)


def test_range_ends_of_p2109_are_inside():
    assert np.isfinite(building_entry_loss_db([80, 100_000], 0.5, "traditional", [-90, 90])).all()


def test_an_unknown_building_class_raises():
    with pytest.raises(OutOfRangeError, match="traditional, thermally_efficient"):
        building_entry_loss_db(800, 0.5, "victorian")
