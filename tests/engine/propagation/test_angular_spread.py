"""What of a mast's field reaches a façade, by hand from TR 38.901's table 7.5-6."""

import numpy as np
import pytest
from scipy.stats import norm

from quietwing.coverage.propagation.angular_spread import facade_share_db
from quietwing.sites.errors import OutOfRangeError


def wrapped_share(turned_deg: float, width_deg: float) -> float:
    """By summing the wrapped density over the half circle: a second way to the same number."""
    angle = np.arange(-90, 90, 0.01) + 0.005
    density = sum(norm.pdf(angle - turned_deg + 360 * k, scale=width_deg) for k in range(-6, 7))
    return float(density.sum() * 0.01)


@pytest.mark.parametrize(
    ("environment", "width_deg"),
    [
        ("UMa", 10 ** (2.08 - 0.27 * np.log10(6))),  # below 6 GHz the value there
        ("UMi", 10 ** (1.81 - 0.08 * np.log10(1 + 2))),  # below 2 GHz the value there
        ("RMa", 10**1.52),
    ],
)
@pytest.mark.parametrize("turned_deg", [0.0, 30.0, 90.0, 150.0, 180.0])
def test_hidden_masts_by_the_wrapped_density(environment, width_deg, turned_deg):
    share_db = 10 * np.log10(wrapped_share(turned_deg, width_deg))
    assert facade_share_db(environment, False, 1800.0, turned_deg) == pytest.approx(share_db, abs=1e-3)


def test_in_line_of_sight_only_the_scattered_part_counts():
    # UMa: K = 9 dB, so 1/(1 + 7.94) = -9.5 dB is scattered, and nearly evenly: 10^1.81 x sqrt(8.94) = 193 deg
    assert facade_share_db("UMa", True, 800.0, 180.0) == pytest.approx(-9.5 - 3.0, abs=0.1)
    # RMa: K = 7 dB and 33.1 x sqrt(6.01) = 81 deg: -7.8 dB and 2 (1 - Phi(90 / 81)) = 27 %
    assert facade_share_db("RMa", True, 800.0, 180.0) == pytest.approx(-7.8 + 10 * np.log10(0.27), abs=0.15)


def test_two_opposite_facades_share_all_that_is_scattered():
    for environment in ("UMa", "UMi", "RMa"):
        for turned_deg in (0.0, 20.0, 77.0):
            both = 10 ** (facade_share_db(environment, False, 2100.0, [turned_deg, 180 - turned_deg]) / 10)
            assert both.sum() == pytest.approx(1.0, abs=1e-6)


def test_turning_away_never_brings_more_and_the_frequency_matters_only_where_the_table_says():
    turned = np.arange(0.0, 181.0)
    for environment in ("UMa", "UMi", "RMa"):
        for clear in (True, False):
            assert (np.diff(facade_share_db(environment, clear, 900.0, turned)) <= 1e-12).all()
    assert facade_share_db("UMi", False, 700.0, 180.0) == facade_share_db("UMi", False, 2000.0, 180.0)
    assert facade_share_db("UMi", False, 3500.0, 180.0) < facade_share_db("UMi", False, 2000.0, 180.0)


def test_an_unknown_scenario_is_refused():
    with pytest.raises(OutOfRangeError, match="InH"):
        facade_share_db("InH", True, 900.0, 0.0)
