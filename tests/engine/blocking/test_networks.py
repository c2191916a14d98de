"""Reference powers, what a phone needs, and which channels it could use with all blockers off."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from quietwing.coverage.blocking.networks import (
    headroom_db,
    reference_bandwidth_khz,
    reference_eirp_dbm,
    resource_blocks,
    strongest_sector,
)
from quietwing.coverage.blocking.thresholds import load_thresholds, noise_dbm
from quietwing.coverage.decibel import add_powers_db, floored
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.rules import load_rules
from quietwing.sites.model import Sector


def sector(technology="LTE", band="B20", freq_mhz=806.0, bandwidth_mhz=10.0, eirp_dbm=59.0, **changes) -> Sector:
    row = {
        "id": f"{band}-{technology}", "operator": "EE", "plmn": "234-30", "band": band, "technology": technology,
        "freq_mhz": freq_mhz, "bandwidth_mhz": bandwidth_mhz, "x_m": 0.0, "y_m": 0.0, "height_m": 25.0,
        "azimuth_deg": 0.0, "tilt_deg": 6.0, "pattern": "sector_65", "eirp_dbm": eirp_dbm, "environment": "UMa",
    }  # fmt: skip
    return Sector(**(row | changes))


def levels(*rows: list[float]) -> xr.DataArray:
    return xr.DataArray(np.array(rows, np.float32), dims=("sector", "point"))


def test_domain_examples_of_power_per_element():
    # By hand: 61 dBm over 20 MHz is 30.2 dBm per element, 59 dBm over 10 MHz is 31.2.
    assert reference_eirp_dbm(sector(bandwidth_mhz=20.0, eirp_dbm=61.0)) == pytest.approx(30.2, abs=0.05)
    assert reference_eirp_dbm(sector(bandwidth_mhz=10.0, eirp_dbm=59.0)) == pytest.approx(31.2, abs=0.05)


def test_a_gsm_carrier_is_its_own_reference_and_a_umts_pilot_is_a_tenth():
    assert reference_eirp_dbm(sector("GSM", "B8", 947.6, 0.2, 55.0)) == 55.0
    assert reference_eirp_dbm(sector("UMTS", "B1", 2150.0, 5.0, 60.0)) == 50.0


@pytest.mark.parametrize(
    ("technology", "bandwidth_mhz", "band", "blocks"),
    [("LTE", 5, "B20", 25), ("LTE", 20, "B3", 100), ("NR", 10, "n28", 52), ("NR", 40, "n78", 106),
     ("NR", 100, "78", 273), ("NR", 20, "n38", 51)],
)  # fmt: skip
def test_resource_blocks_of_the_standards(technology, bandwidth_mhz, band, blocks):
    assert resource_blocks(technology, bandwidth_mhz, band) == blocks


def test_an_nr_carrier_of_an_fdd_band_at_2600_mhz_has_15_khz_spacing():
    # TS 38.101-1: n7 is case A, 15 kHz alone, and 20 MHz then hold 106 blocks, not the 51 of 30 kHz.
    n7 = sector("NR", "n7", 2650.0, 20.0, 60.0)
    assert reference_bandwidth_khz(n7) == 15
    assert reference_eirp_dbm(n7) == pytest.approx(60 - 10 * math.log10(12 * 106))


def test_a_bandwidth_the_standard_does_not_list_is_refused_with_the_list():
    with pytest.raises(OutOfRangeError, match=r"7 MHz.*lists 1\.4, 3, 5"):
        resource_blocks("LTE", 7, "B20")
    with pytest.raises(OutOfRangeError, match="no spacing of NR is known in band 'B4'"):
        reference_bandwidth_khz(sector("NR", "B4", 2130))


def test_thermal_noise_of_one_lte_element():
    # -174 dBm/Hz + 10 lg 15000 = -132.2 dBm, + 5 dB noise figure of the best phone.
    assert noise_dbm(15) == pytest.approx(-174 + 10 * math.log10(15e3) + 5, abs=0.05)
    assert noise_dbm(200, 9) == pytest.approx(-174 + 10 * math.log10(200e3) + 9, abs=0.05)
    with pytest.raises(OutOfRangeError, match="above 0"):
        noise_dbm(0)


@pytest.mark.parametrize(("grade", "margins_db"), [("planning", (10, 6, 4, 6)), ("evidence", (17, 10, 7, 10))])
def test_search_margin_by_width_of_the_carrier(grade, margins_db):
    search_db = load_rules().grade(grade).search_db
    carriers = (("GSM", 0.2), ("LTE", 10), ("LTE", 20), ("NR", 100))  # of the last the SSB counts, 7.2 MHz wide
    assert tuple(search_db.of(*carrier) for carrier in carriers) == margins_db


def test_nr_is_compared_in_an_element_of_its_own_spacing():
    assert reference_bandwidth_khz(sector("NR", "n28", 773, 10)) == 15
    assert reference_bandwidth_khz(sector("NR", "n78", 3550, 40)) == 30


def test_headroom_of_lte_by_hand():
    # Floor: S + 5 >= -128 and S = RSRP + 3. Noise: N - S < 6 + 6 with N = -127.2, so S > -139.2: the floor binds.
    found = headroom_db(levels([-100.0, -136.0, -136.1]), (sector(),))
    assert found.values[0] == pytest.approx([36.0, 0.0, -0.1], abs=1e-3)


def test_headroom_of_gsm_by_hand():
    # Floor: S + 5 >= -108. Noise in 200 kHz: -116.0; N - S < 3 + 10, so S > -129.0: the floor binds.
    found = headroom_db(levels([-113.0, -90.0]), (sector("GSM", "B8", 947.6, 0.2),))
    assert found.values[0] == pytest.approx([0.0, 23.0], abs=1e-3)


def test_lte_boost_counts_inside_only():
    inside = headroom_db(levels([-100.0]), (sector(),), inside=True)
    keep = headroom_db(levels([-100.0]), (sector(),), inside=False)
    assert float(inside[0, 0] - keep[0, 0]) == pytest.approx(3)


def test_a_carrier_nobody_can_camp_on_is_never_usable():
    found = headroom_db(levels([-40.0]), (sector("NR", "n75", 1482, 20, campable=False),))
    assert found.values[0, 0] == -np.inf


def test_no_signal_is_not_usable_and_not_computed_is_refused():
    assert headroom_db(levels([-np.inf]), (sector(),)).values[0, 0] == -np.inf
    with pytest.raises(OutOfRangeError, match="NaN"):
        headroom_db(levels([np.nan]), (sector(),))


@given(level_dbm=st.floats(-150, -40), step_db=st.floats(0, 30))
def test_a_stronger_signal_never_has_less_headroom(level_dbm, step_db):
    found = headroom_db(levels([level_dbm, level_dbm + step_db]), (sector(),)).values[0]
    assert found[1] >= found[0]


def test_the_strongest_sector_speaks_for_its_channel():
    rows = (sector(), sector("GSM", "B8", 947.6, 0.2), sector(id="second"))
    found = strongest_sector(levels([-100, -90], [-80, -80], [-95, -99]), rows)
    assert list(found["channel"].values) == ["EE/B20/LTE", "EE/B8/GSM"]
    assert found.sel(channel="EE/B20/LTE").values.tolist() == [-95, -90]


def test_every_technology_has_a_threshold():
    assert set(load_thresholds()) == {"GSM", "UMTS", "LTE", "NR"}
    denied = [[grade.js_deny_db[name] for name in ("GSM", "UMTS", "LTE", "NR")] for grade in load_rules().grades]
    assert denied == [[3, 18, 6, 8], [3, 20, 10, 12]]


def test_two_equal_powers_add_3_db_and_ten_add_10():
    assert add_powers_db(-70.0, -70.0) == pytest.approx(-70 + 10 * math.log10(2))
    assert add_powers_db(*[-70.0] * 10) == pytest.approx(-60)
    assert add_powers_db(-np.inf, -70.0) == pytest.approx(-70)
    assert add_powers_db(-np.inf, -np.inf) == -np.inf


def test_margins_never_round_up():
    assert floored(0.3) == 0.3
    assert floored(-0.01) == -0.1
