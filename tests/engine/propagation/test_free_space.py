"""Free space: what distance and frequency alone cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from quietwing.coverage.propagation.free_space import free_space_loss_db, wavelength_m
from quietwing.sites.errors import OutOfRangeError, QuietwingError

distances = st.floats(0.01, 1e5)
carriers = st.floats(300, 7125)


def test_one_kilometre_at_one_gigahertz_loses_92_45_db():
    assert free_space_loss_db(1000, 1000) == pytest.approx(92.45, abs=0.005)


def test_ten_times_the_distance_adds_20_db():
    assert free_space_loss_db(350, 800) - free_space_loss_db(35, 800) == pytest.approx(20)


@given(distance_m=distances, freq_mhz=carriers, factor=st.floats(1, 100))
def test_distance_and_frequency_cost_the_same(distance_m, freq_mhz, factor):
    assert free_space_loss_db(factor * distance_m, freq_mhz) == pytest.approx(
        free_space_loss_db(distance_m, factor * freq_mhz), abs=1e-9
    )


@given(freq_mhz=carriers)
def test_one_wavelength_away_loses_22_db(freq_mhz):
    assert free_space_loss_db(wavelength_m(freq_mhz), freq_mhz) == pytest.approx(20 * np.log10(4 * np.pi))


def test_arrays_broadcast():
    loss_db = free_space_loss_db(np.array([[10.0], [20.0]]), np.array([800.0, 1800.0, 3500.0]))
    assert loss_db.shape == (2, 3)
    assert_allclose(loss_db[1] - loss_db[0], 20 * np.log10(2))


@pytest.mark.parametrize("distance_m", [0.0, -1.0, np.nan])
def test_no_distance_raises_and_says_what_to_do(distance_m):
    with pytest.raises(
        OutOfRangeError, match=r"expected above 0.*move the two ends apart, or hold the distance at 0\.1 m"
    ) as caught:
        free_space_loss_db([5.0, distance_m], 800)
    assert isinstance(caught.value, QuietwingError)
    assert isinstance(caught.value, ValueError)


def test_no_frequency_raises():
    with pytest.raises(OutOfRangeError, match="frequency 0 MHz"):
        free_space_loss_db(1, 0)
