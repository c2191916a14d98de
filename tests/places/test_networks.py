"""The United Kingdom's mobile networks of 2026 as data, and typical masts."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pytest
from numpy.testing import assert_allclose

from quietwing.sites import band_number, bands, load_site
from quietwing.sites.errors import OutOfRangeError, SiteError
from quietwing.sites.networks import (
    Mast,
    carriers,
    macro_defaults,
    mast_sectors,
    typical_eirp_dbm,
    typical_masts,
    typical_sectors,
)

EDGE_MHZ = 1e-6  # carriers may touch the edge of their block

# Assumption A33: downlink or TDD spectrum each operator holds, 2026.
CHANNELS = {
    "EE": "B1/LTE B20/LTE B3/GSM B3/LTE B7/LTE n28/NR n67/NR n78/NR",
    "O2": "B1/LTE B20/LTE B28/LTE B3/LTE B32/LTE B38/LTE B40/LTE B8/GSM B8/LTE n28/NR n78/NR",
    "Three": "B1/LTE B20/LTE B3/LTE n28/NR n75/NR n78/NR",
    "VF": "B1/LTE B20/LTE B3/LTE B38/LTE B7/LTE B8/GSM B8/LTE n78/NR",
}
HELD_MHZ = {  # DL + SDL + TDD of each band, by hand
    "700": (738, 788, 50),
    "B20": (791, 821, 30),
    "B8": (925, 960, 34.8),
    "1400 SDL": (1452, 1492, 40),
    "B3": (1805, 1880, 71.6),
    "B1": (2110, 2170, 59.4),
    "B40": (2350, 2390, 40),
    "B38": (2570, 2620, 50),
    "B7": (2620, 2690, 70),
    "n78": (3410, 3800, 390),
}
LTE_MHZ = {1.4, 3, 5, 10, 15, 20}  # TS 36.101 table 5.6-1
NR_MHZ = {5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100}  # TS 38.101-1 table 5.3.5-1


@pytest.mark.parametrize("operator", list(CHANNELS))
def test_each_operator_has_each_of_its_bands_and_technologies(operator):
    found = {carrier.channel for carrier in carriers() if carrier.operator == operator}
    assert found == {f"{operator}/{channel}" for channel in CHANNELS[operator].split()}


def test_four_networks_keep_their_own_plmn():
    plmns = {carrier.operator: carrier.plmn for carrier in carriers()}
    assert plmns == {"EE": "234-30", "O2": "234-10", "VF": "234-15", "Three": "234-20"}


def test_every_carrier_has_a_standard_width_and_lies_inside_its_block():
    for carrier in carriers():
        standard = {"GSM": {0.2}, "LTE": LTE_MHZ, "NR": NR_MHZ}[carrier.technology]
        assert carrier.bandwidth_mhz in standard
        half_mhz = carrier.bandwidth_mhz / 2
        assert carrier.freq_mhz - half_mhz >= carrier.block_low_mhz - EDGE_MHZ
        assert carrier.freq_mhz + half_mhz <= carrier.block_high_mhz + EDGE_MHZ


def test_carriers_do_not_overlap_except_lte_and_nr_that_share_one():
    for a, b in itertools.combinations(carriers(), 2):
        apart_mhz = abs(a.freq_mhz - b.freq_mhz) - (a.bandwidth_mhz + b.bandwidth_mhz) / 2
        shared = a.operator == b.operator and a.freq_mhz == b.freq_mhz and a.technology != b.technology
        assert apart_mhz >= -EDGE_MHZ or (shared and "DSS" in a.source + b.source)


def test_gsm_stands_on_its_raster():
    for carrier in carriers():
        if carrier.technology == "GSM":
            first_mhz = 925.2 if carrier.band == "B8" else 1805.2  # TS 45.005: ARFCN 975 and 512
            steps = (carrier.freq_mhz - first_mhz) / 0.2
            assert_allclose(steps, round(steps), atol=1e-6)


def test_blocks_do_not_overlap_and_add_up_to_836_mhz():
    blocks = sorted({(carrier.block_low_mhz, carrier.block_high_mhz, carrier.operator) for carrier in carriers()})
    for (_, high, _), (low, _, _) in itertools.pairwise(blocks):
        assert low >= high - EDGE_MHZ
    total_mhz = 0.0
    for low_mhz, high_mhz, held_mhz in HELD_MHZ.values():
        inside = [high - low for low, high, _ in blocks if low_mhz <= low and high <= high_mhz]
        assert_allclose(sum(inside), held_mhz, atol=0.01)
        total_mhz += sum(inside)
    assert_allclose(total_mhz, 836, atol=1)
    assert_allclose(sum(high - low for low, high, _ in blocks), total_mhz)


def test_carriers_use_nine_tenths_of_the_spectrum():
    spectrum = {(carrier.freq_mhz, carrier.bandwidth_mhz) for carrier in carriers()}
    used_mhz = sum(width for _, width in spectrum)
    assert 0.9 * 836 <= used_mhz <= 836


def test_only_supplementary_downlinks_cannot_be_camped_on():
    assert {carrier.channel for carrier in carriers() if not carrier.campable} == {
        "EE/n67/NR",
        "O2/B32/LTE",
        "Three/n75/NR",
    }
    assert all(carrier.campable == (bands()[band_number(carrier.band)].duplex != "SDL") for carrier in carriers())


def test_3g_is_off_and_the_bands_of_the_hand_computed_budgets_exist():
    assert "UMTS" not in {carrier.technology for carrier in carriers()}
    assert any(carrier.channel == "O2/B28/LTE" and carrier.freq_mhz == 763 for carrier in carriers())
    assert any(abs(carrier.freq_mhz - 3500) < 50 for carrier in carriers())


def test_every_row_is_dated_sourced_and_says_how_sure_it_is():
    assert all(carrier.source and carrier.mark in "FCKA" for carrier in carriers())
    assert {str(carrier.as_of) for carrier in carriers()} == {"2026-11-24"}


@pytest.mark.parametrize(
    ("area", "eirp_dbm", "height_m", "tilt_deg"),
    [("rural", (58, 61, 61), 30, 3), ("suburban", (56, 59, 59), 30, 6), ("urban", (56, 59, 59), 25, 10)],
)
def test_typical_masts_are_those_of_report_m2292(area, eirp_dbm, height_m, tilt_deg):
    found = tuple(typical_eirp_dbm(area, "LTE", 1800, width) for width in (5, 10, 20))
    assert found == eirp_dbm
    usual = macro_defaults(area)
    assert (usual.height_m, usual.tilt_deg) == (height_m, tilt_deg)


def test_sync_beams_of_a_100_mhz_array_are_7_db_below_its_75_dbm_traffic_beam():
    assert typical_eirp_dbm("urban", "NR", 3630, 100) == 75 - 7
    assert_allclose(typical_eirp_dbm("urban", "NR", 3560, 40), 68 + 10 * math.log10(0.4), atol=0.05)
    assert typical_eirp_dbm("urban", "NR", 773, 10) == 59  # below 3.4 GHz no array


def test_no_typical_power_for_a_technology_that_is_off():
    with pytest.raises(OutOfRangeError, match="UMTS"):
        typical_eirp_dbm("urban", "UMTS", 2115, 5)


@pytest.mark.parametrize("area", ["rural", "suburban", "urban"])
def test_typical_sectors_bring_every_channel_marked_assumed(area):
    sectors = typical_sectors(area, (430_000.0, 250_000.0))
    assert {sector.channel for sector in sectors} == {carrier.channel for carrier in carriers()}
    assert all(sector.assumed and sector.sigma_db == 8.0 for sector in sectors)
    usual = macro_defaults(area)
    for sector in sectors:
        assert sector.environment == usual.environment
        distance_m = math.dist((sector.x_m, sector.y_m), (430_000.0, 250_000.0))
        assert 0.4 * usual.radius_m <= distance_m <= 1.3 * usual.radius_m
    assert len({sector.id for sector in sectors}) == len(sectors)


def test_every_mast_faces_the_site():
    for area in ("rural", "suburban", "urban"):
        by_mast = defaultdict(list)
        for sector in typical_sectors(area, (0.0, 0.0)):
            bearing_deg = math.degrees(math.atan2(-sector.x_m, -sector.y_m))
            off_deg = abs((sector.azimuth_deg - bearing_deg + 180) % 360 - 180)
            by_mast[sector.id.split("-")[0]].append(off_deg)
        assert len(by_mast) == len(typical_masts(area, (0.0, 0.0)))
        assert all(min(off) <= 60 for off in by_mast.values())


def test_between_two_sectors_both_count():
    straight = Mast("M", ("EE",), 0.0, 1000.0, 180.0, "rural")
    between = Mast("M", ("EE",), 0.0, 1000.0, 240.0, "rural")
    one, two = mast_sectors(straight, (0.0, 0.0)), mast_sectors(between, (0.0, 0.0))
    assert {sector.azimuth_deg for sector in one} == {180.0}
    assert {sector.azimuth_deg for sector in two} == {120.0, 240.0}
    assert len(two) == 2 * len(one)


def test_a_shift_of_the_site_shifts_its_typical_masts():
    here, there = typical_sectors("urban", (0.0, 0.0)), typical_sectors("urban", (1000.0, -500.0))
    assert_allclose([(a.x_m + 1000, a.y_m - 500) for a in here], [(b.x_m, b.y_m) for b in there], atol=0.11)


@pytest.mark.parametrize(("area", "hint"), [("urbn", "did you mean 'urban'"), ("moon", "choose one of these")])
def test_an_unknown_area_is_refused_with_the_known_ones(area, hint):
    with pytest.raises(SiteError, match=hint):
        typical_sectors(area, (0.0, 0.0))


def test_an_unknown_operator_is_refused():
    with pytest.raises(SiteError, match="Orange"):
        mast_sectors(Mast("M", ("Orange",), 0.0, 1000.0, 180.0, "rural"), (0.0, 0.0))


def test_a_street_mast_above_the_roofs_is_remarked_on(folder):
    masts = folder / "masts.csv"
    text = masts.read_text().replace("UMa", "street")  # 25 m and 20 m high
    masts.write_text(text)
    assert sum("high in a street" in note for note in load_site(folder).notes) == 2
    masts.write_text(text.replace(",25,270", ",8,270").replace(",20,120", ",8,120"))
    assert not any("high in a street" in note for note in load_site(folder).notes)
