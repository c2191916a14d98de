"""Shadow fading of masts: TR 38.901, tables 7.4.1-1 and 7.5-6."""

from dataclasses import replace

import pytest

from quietwing.coverage.propagation.shadowing_model import Shadowing, shadowing
from quietwing.sites.model import Sector

MAST = Sector("m", "EE", "234-30", "B20", "LTE", 800.0, 10.0, 0.0, 0.0, 30.0, 0.0, 0.0, "omni", 58.0, "UMa")


@pytest.mark.parametrize(
    ("environment", "clear", "sigma_db", "correlation_m"),
    [
        ("UMa", True, 4.0, 37.0),
        ("UMa", False, 6.0, 50.0),
        ("UMi", True, 4.0, 10.0),
        ("UMi", False, 7.82, 13.0),
        ("RMa", True, 4.0, 37.0),
        ("RMa", False, 8.0, 120.0),
        ("street", False, 7.82, 13.0),
        ("roofs", True, 4.0, 37.0),
    ],
)
def test_shadowing_by_scenario_and_state_of_sight(environment, clear, sigma_db, correlation_m):
    found = shadowing(replace(MAST, environment=environment), clear, 500.0, 1.5)
    assert found == Shadowing(sigma_db, correlation_m)


def test_beyond_the_break_point_a_clear_rural_path_varies_more():
    """2π · 30 m · 1.5 m · 800 MHz ÷ 3e8 m/s = 754 m."""
    rural = replace(MAST, environment="RMa")
    assert [shadowing(rural, True, distance_m, 1.5).sigma_db for distance_m in (753.0, 755.0)] == [4.0, 6.0]
    assert shadowing(rural, False, 755.0, 1.5).sigma_db == 8.0


def test_two_places_one_correlation_distance_apart_share_a_third():
    """36 dB² ÷ e = 13.24."""
    assert Shadowing(6.0, 50.0).covariance_db2([0.0, 50.0]) == pytest.approx([36.0, 13.24], abs=0.01)
