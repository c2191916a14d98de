"""The knife edge of Rec. ITU-R P.526."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import fresnel

from quietwing.coverage.propagation.diffraction import (
    bullington_loss_db,
    fresnel_v,
    knife_edge_gain,
    knife_edge_loss_db,
)
from quietwing.sites.errors import OutOfRangeError


def exact_loss_db(v: float) -> float:
    """The Fresnel-Kirchhoff integral of P.526: another road to J(v)."""
    sine, cosine = fresnel(v)
    real, imaginary = 1 - cosine - sine, cosine - sine
    return float(-20 * np.log10(np.hypot(real, imaginary) / 2))


@pytest.mark.parametrize(("v", "expected_db"), [(0, 6.03), (1, 13.9), (2.4, 20.5)])
def test_loss_at_the_usual_check_values(v, expected_db):
    assert knife_edge_loss_db(v) == pytest.approx(expected_db, abs=0.05)


def test_grazing_costs_6_03_db():
    assert knife_edge_loss_db(0) == pytest.approx(6.03, abs=0.005)


@pytest.mark.parametrize("v", np.linspace(-0.7, 8, 30))
def test_the_approximation_is_within_half_a_decibel_of_the_integral(v):
    assert knife_edge_loss_db(v) == pytest.approx(exact_loss_db(v), abs=0.5)


@pytest.mark.parametrize("v", [-0.78, -1, -100])
def test_with_clearance_nothing_is_lost(v):
    assert knife_edge_loss_db(v) == 0


@given(low=st.floats(-3, 50), high=st.floats(-3, 50))
def test_a_higher_edge_never_loses_less(low, high):
    low, high = sorted((low, high))
    assert 0 <= knife_edge_loss_db(low) <= knife_edge_loss_db(high)


@given(v=st.floats(-3, 50))
def test_the_amplitude_past_an_edge_is_what_its_loss_leaves(v):
    assert knife_edge_gain(v) == pytest.approx(10 ** (-knife_edge_loss_db(v) / 20), rel=1e-12)


def test_an_edge_5_m_up_midway_over_200_m():
    # λ = 0.1499 m at 2 GHz: v = 5·√(2/0.1499·(1/100 + 1/100))
    assert fresnel_v(5, 100, 100, 2000) == pytest.approx(2.583, abs=0.001)


@given(height_m=st.floats(-20, 20), d1_m=st.floats(1, 1000), d2_m=st.floats(1, 1000), freq_mhz=st.floats(300, 7125))
def test_either_end_sees_the_same_edge(height_m, d1_m, d2_m, freq_mhz):
    assert fresnel_v(height_m, d1_m, d2_m, freq_mhz) == pytest.approx(fresnel_v(height_m, d2_m, d1_m, freq_mhz))


def test_an_end_on_the_edge_raises():
    with pytest.raises(OutOfRangeError, match="0 m from the edge"):
        fresnel_v(1, [10, 0], 10, 800)


def test_over_one_ridge_bullington_is_its_knife_edge_and_the_texts_correction():
    ground = np.zeros(101)
    ground[50] = 60.0
    over_m = 60.0 + 500.0**2 / (2 * 8.5e6) - (25 + 1.5) / 2  # the Earth bulges by 1.5 cm midway over a kilometre
    edge_db = knife_edge_loss_db(fresnel_v(over_m, 500, 500, 800))
    found_db = bullington_loss_db(ground, 10.0, 25.0, 1.5, 800.0)
    assert found_db == pytest.approx(edge_db + (1 - np.exp(-edge_db / 6)) * (10 + 0.02), abs=1e-9)


def test_two_ridges_are_one_edge_where_the_horizon_rays_meet():
    ground = np.zeros(101)
    ground[[30, 70]] = 60.0  # seen alike from both ends: the rays rise by 50 m over 300 m and meet midway
    over_m = 50 / 300 * 500
    edge_db = knife_edge_loss_db(fresnel_v(over_m, 500, 500, 800))
    found_db = bullington_loss_db(ground, 10.0, 10.0, 10.0, 800.0)
    assert found_db == pytest.approx(edge_db + (1 - np.exp(-edge_db / 6)) * 10.02, abs=0.02)  # the Earth is round


def test_bullington_over_a_valley_loses_nothing_and_is_the_same_both_ways():
    valley = 100 * np.cos(np.linspace(0, 2 * np.pi, 101))
    assert bullington_loss_db(valley, 10.0, 30.0, 30.0, [800.0, 3500.0]) == pytest.approx(0)
    hills = np.random.default_rng(1).normal(0, 10, 101)
    there = bullington_loss_db(hills, 10.0, 25.0, 2.0, [800.0, 3500.0])
    assert there == pytest.approx(bullington_loss_db(hills[::-1], 10.0, 2.0, 25.0, [800.0, 3500.0]))
    assert there[0] < there[1]


@pytest.mark.parametrize(("ground", "height_m"), [([0, 0], 2), ([0, np.nan, 0], 2), ([0, 0, 0], 0)])
def test_what_is_no_profile_raises(ground, height_m):
    with pytest.raises(OutOfRangeError, match="expected"):
        bullington_loss_db(ground, 10.0, 20.0, height_m, 800.0)
