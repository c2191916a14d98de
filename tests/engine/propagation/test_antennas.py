"""Which way antennas look and what they lose beside their main direction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from quietwing.coverage.propagation.antennas import (
    SectorPattern,
    direction,
    load_patterns,
    parse_patterns,
    pattern_gain_db,
)
from quietwing.sites.errors import OutOfRangeError

HEADER = "pattern,horizontal_width_deg,vertical_width_deg,front_to_back_db,side_lobe_floor_db\n"

patterns = st.sampled_from(sorted(load_patterns()))
angles = st.floats(-720, 720)


@given(pattern=patterns, azimuth_deg=angles, tilt_deg=st.floats(-30, 45))
def test_the_peak_lies_along_azimuth_and_tilt_down(pattern, azimuth_deg, tilt_deg):
    assert pattern_gain_db(pattern, azimuth_deg, -tilt_deg, azimuth_deg, tilt_deg) == 0


@given(
    pattern=patterns, azimuth_deg=angles, elevation_deg=st.floats(-90, 90), turn_deg=angles, tilt_deg=st.floats(0, 20)
)
def test_turning_everything_changes_nothing(pattern, azimuth_deg, elevation_deg, turn_deg, tilt_deg):
    gain_db = pattern_gain_db(pattern, azimuth_deg, elevation_deg, 30, tilt_deg)
    turned_db = pattern_gain_db(pattern, azimuth_deg + turn_deg, elevation_deg, 30 + turn_deg, tilt_deg)
    assert -30 <= gain_db <= 0
    assert gain_db == pytest.approx(turned_db, abs=1e-6)


def test_at_half_the_width_3_db_are_lost():
    assert pattern_gain_db("sector_65", 32.5, 0, 0, 0) == pytest.approx(-3)
    assert pattern_gain_db("sector_65", 0, 5, 0, 0) == pytest.approx(-3)
    assert pattern_gain_db("sector_65", 32.5, 5, 0, 0) == pytest.approx(-6)


def test_behind_the_antenna_30_db_are_lost_and_no_more():
    assert pattern_gain_db("sector_65", 180, 0, 0, 0) == -30
    assert pattern_gain_db("sector_65", 180, -60, 0, 6) == -30


def test_across_north_the_short_way_round_counts():
    assert pattern_gain_db("sector_65", 350, 0, 10, 0) == pytest.approx(-12 * (20 / 65) ** 2)


def test_tilt_down_lowers_the_horizon_and_lifts_the_ground():
    level_db = pattern_gain_db("sector_65", 0, [0, -6], 0, 0)
    tilted_db = pattern_gain_db("sector_65", 0, [0, -6], 0, 6)
    assert_allclose(tilted_db, level_db[::-1])
    assert tilted_db[1] == 0


def test_an_omni_has_no_direction():
    assert_allclose(pattern_gain_db("omni", [0, 90, 180], [-90, 0, 45], 10, 6), 0)
    assert pattern_gain_db("omni_10", 123, 5, 0, 0) == pytest.approx(-3)


def test_the_four_winds_and_up():
    azimuth_deg, elevation_deg = direction(
        [10, 10, 5], [[10, 20, 5], [20, 10, 5], [10, 0, 5], [0, 10, 5], [20, 10, 15], [10, 10, 9]]
    )
    assert_allclose(azimuth_deg, [0, 90, 180, 270, 90, 0], atol=1e-9)
    assert_allclose(elevation_deg, [0, 0, 0, 0, 45, 90], atol=1e-9)


@given(x_m=st.floats(-1e4, 1e4), y_m=st.floats(-1e4, 1e4), z_m=st.floats(-100, 100))
def test_azimuths_stay_below_a_full_turn(x_m, y_m, z_m):
    azimuth_deg, elevation_deg = direction([0, 0, 0], [x_m, y_m, z_m])
    assert 0 <= azimuth_deg < 360
    assert -90 <= elevation_deg <= 90


def test_a_hair_west_of_north_is_north_and_not_360():
    azimuth_deg, _ = direction([0, 0, 0], [-1e-20, 1, 0])
    assert azimuth_deg == 0


def test_a_mast_looking_at_the_wing_has_its_peak_there():
    azimuth_deg, elevation_deg = direction([0, 0, 25], [300, 300, 1.5])
    assert azimuth_deg == pytest.approx(45)
    assert pattern_gain_db("sector_65", azimuth_deg, elevation_deg, 45, -elevation_deg) == 0
    assert pattern_gain_db("sector_65", azimuth_deg, elevation_deg, 225, 0) < -25


def test_an_unknown_pattern_is_named_with_what_there_is():
    with pytest.raises(OutOfRangeError, match=r"no antenna pattern 'dish' .*sector_65.*choose"):
        pattern_gain_db("dish", 0, 0, 0, 0)


def test_other_patterns_come_from_a_file():
    mine = parse_patterns(HEADER + "mine,40,,25,0\n", "mine.csv")["mine"]
    assert pattern_gain_db(mine, 20, 80, 0, 0) == pytest.approx(-3)
    assert pattern_gain_db(mine, 180, 0, 0, 0) == -25


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER + "mine,0,10,30,30\n", "mine.csv: pattern 'mine' has a width of 0"),
        (HEADER + "mine,65,10,-1,30\n", "negative floor"),
        (HEADER + "mine,wide,10,30,30\n", "give numbers"),
        (HEADER + "mine,65,10\n", "column missing"),
        ("pattern,width\nmine,65\n", "column missing"),
    ],
)
def test_a_pattern_file_that_makes_no_sense_is_refused(text, words):
    with pytest.raises(OutOfRangeError, match=words):
        parse_patterns(text, "mine.csv")


def test_a_width_in_one_cut_only():
    fan = SectorPattern("fan", np.inf, 10, 0, 20)
    assert fan.gain_db(90, 0) == 0
    assert fan.gain_db(0, 90) == -20
