"""The knife edge of Rec. ITU-R P.526."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import fresnel

from quietwing.coverage.propagation.diffraction import fresnel_v, knife_edge_loss_db
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


def test_an_edge_5_m_up_midway_over_200_m():
    # λ = 0.1499 m at 2 GHz: v = 5·√(2/0.1499·(1/100 + 1/100))
    assert fresnel_v(5, 100, 100, 2000) == pytest.approx(2.583, abs=0.001)


@given(height_m=st.floats(-20, 20), d1_m=st.floats(1, 1000), d2_m=st.floats(1, 1000), freq_mhz=st.floats(300, 7125))
def test_either_end_sees_the_same_edge(height_m, d1_m, d2_m, freq_mhz):
    assert fresnel_v(height_m, d1_m, d2_m, freq_mhz) == pytest.approx(fresnel_v(height_m, d2_m, d1_m, freq_mhz))


def test_an_end_on_the_edge_raises():
    with pytest.raises(OutOfRangeError, match="0 m from the edge"):
        fresnel_v(1, [10, 0], 10, 800)
