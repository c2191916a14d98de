"""A pattern measured in two cuts: the file's own values along them, their sum elsewhere, turning with the antenna."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from quietwing.coverage.propagation.antennas import load_patterns, pattern_gain_db
from quietwing.coverage.propagation.cut_pattern import CutPattern
from quietwing.sites.antenna_files import AntennaFile, parse_msi

WHOLE_DEG = np.arange(360)
angles = st.floats(-720, 720)
elevations = st.floats(-90, 90)


def antenna(horizontal_db, vertical_db) -> CutPattern:
    return CutPattern(AntennaFile("made-up", None, None, tuple(horizontal_db), tuple(vertical_db)))


def off_deg(peak_deg: float):
    return (WHOLE_DEG - peak_deg + 180) % 360 - 180


def made_up(tilt_deg: int = 6) -> CutPattern:
    """Lop-sided on purpose: to the right it loses less than to the left, and the beam points down."""
    horizontal_db = np.where(off_deg(0) >= 0, 0.1, 0.2) * np.abs(off_deg(0))
    return antenna(horizontal_db.tolist(), np.minimum(0.5 * np.abs(off_deg(tilt_deg)), 30.0).tolist())


def test_whole_degrees_of_either_cut_are_exactly_those_of_the_file():
    pattern = made_up()
    assert (pattern.gain_db(WHOLE_DEG, 6) == -np.array(pattern.antenna.horizontal_loss_db)).all()
    assert (pattern.gain_db(0, WHOLE_DEG) == -np.array(pattern.antenna.vertical_loss_db)).all()


def test_positive_angles_are_to_the_right_and_down():
    pattern = made_up()
    assert pattern_gain_db(pattern, 90, -6, 0, 0) == pytest.approx(-9)  # east of an antenna that looks north
    assert pattern_gain_db(pattern, 270, -6, 0, 0) == pytest.approx(-18)
    assert pattern_gain_db(pattern, 0, -90, 0, 0) == -30
    assert pattern_gain_db(pattern, 0, 4, 0, 0) == pytest.approx(-5)


def test_an_electrical_tilt_is_in_the_cut_and_a_mechanical_one_adds_to_it():
    pattern = made_up(tilt_deg=6)
    assert pattern.peak_depression_deg == 6
    assert pattern_gain_db(pattern, 0, -6, 0, 0) == 0
    assert pattern_gain_db(pattern, 0, -8, 0, 2) == 0
    assert made_up(tilt_deg=-3).peak_depression_deg == -3


@given(share=st.floats(0, 1), angle_deg=st.integers(-360, 719))
def test_between_whole_degrees_the_cut_is_linear_also_across_the_full_turn(share, angle_deg):
    pattern = made_up()
    before, after = pattern.gain_db([angle_deg, angle_deg + 1], 6)
    assert_allclose(pattern.gain_db(angle_deg + share, 6), (1 - share) * before + share * after, atol=1e-9)


@given(azimuth_deg=angles, elevation_deg=elevations, look_deg=angles, turn_deg=angles, tilt_deg=st.floats(-30, 45))
def test_turning_antenna_and_point_together_changes_nothing(azimuth_deg, elevation_deg, look_deg, turn_deg, tilt_deg):
    pattern = made_up()
    gain_db = pattern_gain_db(pattern, azimuth_deg, elevation_deg, look_deg, tilt_deg)
    turned_db = pattern_gain_db(pattern, azimuth_deg + turn_deg, elevation_deg, look_deg + turn_deg, tilt_deg)
    assert turned_db == pytest.approx(gain_db, abs=1e-9)


@given(shift_deg=st.integers(0, 359), azimuth_deg=angles)
def test_a_cut_shifted_by_some_degrees_is_the_antenna_turned_by_them(shift_deg, azimuth_deg):
    pattern = made_up()
    rolled = np.roll(pattern.antenna.horizontal_loss_db, shift_deg).tolist()
    shifted = antenna(rolled, pattern.antenna.vertical_loss_db)
    assert_allclose(
        pattern_gain_db(shifted, azimuth_deg, -6, 0, 0),
        pattern_gain_db(pattern, azimuth_deg, -6, shift_deg, 0),
        atol=1e-9,
    )


@given(azimuth_deg=angles, depression_deg=angles)
def test_the_losses_of_both_cuts_add_and_never_gain(azimuth_deg, depression_deg):
    pattern = made_up()
    both_db = pattern.gain_db(azimuth_deg, depression_deg)
    assert both_db == pytest.approx(float(pattern.gain_db(azimuth_deg, 6) + pattern.gain_db(0, depression_deg)))
    assert both_db <= 0


@given(azimuth_deg=st.integers(-40, 40), depression_deg=st.integers(-5, 5))
def test_a_file_made_of_the_parabolic_cuts_is_the_built_in_pattern_within_its_main_lobe(azimuth_deg, depression_deg):
    built_in = load_patterns()["sector_65"]
    sampled = antenna(-built_in.gain_db(WHOLE_DEG, 0), -built_in.gain_db(0, off_deg(0)))
    assert_allclose(
        sampled.gain_db(azimuth_deg, depression_deg), built_in.gain_db(azimuth_deg, depression_deg), atol=1e-9
    )


def test_a_flat_pattern_from_a_file_gains_and_loses_nothing_anywhere():
    rows = "".join(f"{angle} 0\n" for angle in range(360))
    flat = CutPattern(parse_msi(f"NAME flat\nHORIZONTAL 360\n{rows}VERTICAL 360\n{rows}", "flat.msi"))
    assert (pattern_gain_db(flat, np.linspace(0, 360, 50), np.linspace(-90, 90, 50), 12.3, 4.5) == 0).all()
