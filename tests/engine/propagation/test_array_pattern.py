"""An antenna array with sync beams: each the sum over its elements, their envelope, and the beam of traffic."""

import cmath
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from quietwing.coverage.blocking.links import link_model
from quietwing.coverage.blocking.protect import base_station_levels_dbm
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.propagation.antennas import pattern_gain_db
from quietwing.coverage.propagation.array_pattern import load_arrays
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.propagation.sector_patterns import connected_gain_db, sector_gain_db
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Sector

ARRAY = load_arrays()["array_64_ssb_8"]
SECTOR = Sector(
    "S1", "O2", "234-10", "n78", "NR", 3500.0, 40.0, 0.0, 500.0, 30.0, 180.0, 0.0, "array_64_ssb_8", 66.0, "RMa", 8.0
)  # fmt: skip
azimuths, depressions = st.floats(-180, 180), st.floats(-90, 90)


def element_db(azimuth_deg, depression_deg):
    """TR 38.901, table 7.3-1: 65° × 65°, both floors 30 dB."""
    across, along = min(12 * (azimuth_deg / 65) ** 2, 30), min(12 * (depression_deg / 65) ** 2, 30)
    return -min(across + along, 30)


def by_elements_dbi(azimuth_deg, depression_deg, steered_deg, rows):
    """Rec. ITU-R M.2101, element by element, in its own angles: theta from the zenith, eight columns λ/2 apart."""
    theta, phi, scan = math.radians(90 + depression_deg), math.radians(azimuth_deg), math.radians(steered_deg)
    total = 0j
    for n in range(rows):
        for m in range(8):
            v = cmath.exp(2j * math.pi * (n * 0.5 * math.cos(theta) + m * 0.5 * math.sin(theta) * math.sin(phi)))
            w = cmath.exp(-2j * math.pi * m * 0.5 * math.sin(scan)) / math.sqrt(8 * rows)
            total += w * v
    power = abs(total) ** 2
    return 8 + element_db(azimuth_deg, depression_deg) + (10 * math.log10(power) if power else -math.inf)


@given(azimuth_deg=azimuths, depression_deg=depressions, steered_deg=st.floats(-60, 60), rows=st.sampled_from([2, 8]))
def test_a_beam_is_the_sum_over_its_elements(azimuth_deg, depression_deg, steered_deg, rows):
    expected = by_elements_dbi(azimuth_deg, depression_deg, steered_deg, rows)
    found = float(ARRAY.beam_dbi(azimuth_deg, depression_deg, steered_deg, rows))
    assert 10 ** (found / 10) == pytest.approx(10 ** (expected / 10), rel=1e-6, abs=1e-9)


def test_ahead_a_whole_beam_gains_the_element_and_64_fold():
    assert ARRAY.beam_dbi(0, 0, 0, 8) == pytest.approx(8 + 10 * math.log10(64))
    half_deg = math.degrees(math.asin(0.443 / (8 * 0.5)))  # 0.886 λ / (N d): half power of a row of N
    assert ARRAY.beam_dbi(half_deg, 0, 0, 8) == pytest.approx(8 + 18.06 - 3 + element_db(half_deg, 0), abs=0.1)


def test_the_envelope_is_the_strongest_of_eight_sync_beams_15_degrees_apart():
    axes_deg = [-52.5, -37.5, -22.5, -7.5, 7.5, 22.5, 37.5, 52.5]
    for azimuth_deg, depression_deg in [(0, 0), (7.5, 0), (15, 5), (-33, 12), (60, 20), (75, 0)]:
        best = max(by_elements_dbi(azimuth_deg, depression_deg, axis, 2) for axis in axes_deg)
        found = ARRAY.gain_db(azimuth_deg, depression_deg)
        assert found == pytest.approx(max(best - ARRAY.ssb_peak_dbi, -30), abs=1e-6)
    # The innermost beams gain most, 8 + 10 lg 16 dBi less what the element loses there, 12 (7.5/65)² = 0.16 dB.
    assert ARRAY.ssb_peak_dbi == pytest.approx(8 + 12.04 - 0.16, abs=0.02)
    assert ARRAY.gain_db(7.5, 0) == pytest.approx(0, abs=0.02)
    assert ARRAY.gain_db(52.5, 0) == pytest.approx(-12 * (52.5**2 - 7.5**2) / 65**2, abs=0.02)


def test_within_the_fan_the_envelope_dips_between_beams_by_less_than_6_db():
    azimuth_deg = np.linspace(-52.5, 52.5, 1051)
    below_element_db = ARRAY.gain_db(azimuth_deg, 0) - [element_db(angle, 0) for angle in azimuth_deg]
    assert below_element_db.min() > -6 + 0.16
    assert below_element_db.max() < 0.17 + 0.01


@given(azimuth_deg=azimuths, depression_deg=depressions)
def test_the_envelope_is_even_at_most_0_and_no_null_reaches_below_its_floor(azimuth_deg, depression_deg):
    found = float(ARRAY.gain_db(azimuth_deg, depression_deg))
    assert -30 <= found <= 0
    assert found == pytest.approx(float(ARRAY.gain_db(-azimuth_deg, depression_deg)), abs=1e-6)
    assert found == pytest.approx(float(ARRAY.gain_db(azimuth_deg, -depression_deg)), abs=1e-6)


@given(azimuth_deg=azimuths, depression_deg=depressions)
def test_the_beam_of_traffic_is_never_below_the_sync_beams(azimuth_deg, depression_deg):
    assert ARRAY.traffic_gain_db(azimuth_deg, depression_deg) >= ARRAY.gain_db(azimuth_deg, depression_deg)


def test_ahead_a_connected_phone_has_some_6_db_more_and_far_below_the_axis_more_still():
    # 8 + 10 lg 64 dBi against 19.88 dBi at the peak of the sync beams.
    assert ARRAY.traffic_gain_db(0, 0) == pytest.approx(26.06 - 19.88, abs=0.02)
    assert ARRAY.traffic_gain_db(7.5, 0) - ARRAY.gain_db(7.5, 0) == pytest.approx(6.02, abs=0.02)  # 10 lg (8/2)
    assert ARRAY.traffic_gain_db(7.5, 30) - ARRAY.gain_db(7.5, 30) > 9


def test_a_tilt_turns_the_array_as_a_body():
    assert pattern_gain_db(ARRAY, 7.5, -10, 0, 10) == pytest.approx(0, abs=0.05)
    assert pattern_gain_db(ARRAY, 187.5, 10, 180, -10) == pytest.approx(0, abs=0.05)


def test_of_a_sector_the_sync_beams_count_and_only_arrays_gain_when_connected(hut):
    site = hut(sectors=(SECTOR,))
    azimuth_deg, elevation_deg = np.linspace(0, 359, 40), np.linspace(-30, 5, 40)
    assert_allclose(
        sector_gain_db(site, SECTOR, azimuth_deg, elevation_deg),
        ARRAY.gain_db(azimuth_deg - 180, -elevation_deg),
        atol=1e-6,
    )
    more_db = connected_gain_db(site, SECTOR, azimuth_deg, elevation_deg)
    assert (more_db >= 0).all()
    assert connected_gain_db(site, SECTOR, 187.5, 0) == pytest.approx(6.02, abs=0.02)
    plain = replace(SECTOR, pattern="sector_65")
    assert (connected_gain_db(site, plain, azimuth_deg, elevation_deg) == 0).all()


def test_the_receiver_of_an_array_hears_a_jammer_with_the_beam_turned_to_it(hut):
    """Whatever the sync beams do there: 8 + 10 lg 64 dBi and the element, in place of 15 dBi and an omni pattern."""
    jammer = Model("jammer", "jammer", (BandPower("n78", 3400.0, 3600.0, 13.0),))
    device = Device("D1", "jammer", 20.0, 2.0, 2.0)
    found = {}
    for pattern in ("omni", "array_64_ssb_8"):
        sector = replace(SECTOR, pattern=pattern)
        site = hut(walls=(), openings=(), slabs=(), rooms=(), sectors=(sector,))
        model = link_model(prepare_scene(site), (sector,))
        found[pattern] = float(base_station_levels_dbm(model, Scenario(), (device,), {"jammer": jammer})[0])
    off_deg = math.degrees(math.atan2(20, 498))
    down_deg = math.degrees(math.atan2(28, math.hypot(20, 498)))
    more_db = 8 + 10 * math.log10(64) + element_db(off_deg, down_deg) - 15
    assert found["array_64_ssb_8"] - found["omni"] == pytest.approx(more_db, abs=0.01)
