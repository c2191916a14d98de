"""Exposure of people to blockers against the ICNIRP reference levels."""

import math
from dataclasses import replace

import numpy as np
import pytest

from quietwing.coverage.blocking.exposures import exposure, power_density_w_m2, reference_level_w_m2
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.errors import OutOfRangeError
from quietwing.sites.points import PointSet

JAMMER = Model("jammer", "jammer", (BandPower("B20", 800.0, 821.0, 40.0),))
DEVICE = Device("D1", "jammer", 3.0, 2.0, 1.5)


def at(*xyz_m) -> PointSet:
    count = len(xyz_m)
    zeros = np.zeros(count, np.int32)
    return PointSet(np.array(xyz_m, float), zeros, zeros, zeros, ("centre",) * count)


def test_ten_watts_at_one_metre_are_0_8_watts_per_square_metre():
    # 10 / (4π·1²) = 0.796 W/m² by hand; at 2 m a quarter of it.
    assert power_density_w_m2(10, 1) == pytest.approx(0.796, abs=5e-4)
    assert power_density_w_m2(10, 2) == pytest.approx(0.796 / 4, abs=5e-4)


def test_nobody_is_nearer_than_twenty_centimetres():
    assert power_density_w_m2(10, 0) == power_density_w_m2(10, 0.2)


@pytest.mark.parametrize(("freq_mhz", "limit"), [(380, 2), (400, 2), (800, 4), (1800, 9), (2000, 10), (3500, 10)])
def test_reference_levels_of_the_general_public(freq_mhz, limit):
    assert reference_level_w_m2(freq_mhz) == pytest.approx(limit)


def test_no_level_outside_the_table():
    with pytest.raises(OutOfRangeError, match="ICNIRP 2020 table 5"):
        reference_level_w_m2(10.0)


def test_share_of_the_limit_by_hand(hut):
    # 40 dBm = 10 W at 1 m: 0.796 W/m²; the limit at 800 MHz, the lower edge, is 4 W/m²: 0.199.
    assert exposure(hut(), (DEVICE,), {"jammer": JAMMER}, at((3, 1, 1.5))) == (
        ("A-01", pytest.approx(10 / (4 * math.pi) / 4), True),
    )


def test_devices_and_bands_add_up_and_the_worst_point_counts(hut):
    # Two devices, each with 10 W at 800 MHz (limit 4) and 10 W at 2620 MHz (limit 10), at 0.5 m:
    # density 10/(4π·0.25) = 3.183 W/m²; 2 · (3.183/4 + 3.183/10) = 2.228 > 1.
    both = replace(JAMMER, bands=(*JAMMER.bands, BandPower("B7", 2620.0, 2690.0, 40.0)))
    devices = (DEVICE, replace(DEVICE, id="D2"))
    ((room, share, passed),) = exposure(hut(), devices, {"jammer": both}, at((3, 1, 1.5), (3, 2.5, 1.5)))
    assert (room, passed) == ("A-01", False)
    assert share == pytest.approx(2.228, abs=1e-3)


def test_a_node_sends_its_power_on_each_of_its_carriers_but_once_for_several_operators(hut):
    cells = tuple(
        MasCarrier(plmn, "LTE", freq_mhz, 5.0)
        for plmn, freq_mhz in (("234-30", 810.0), ("234-10", 810.0), ("234-10", 815.0))
    )
    node = Model("node", "mas", (BandPower("B20", 791.0, 821.0, 40.0),), mas_carriers=cells)
    ((_, share, _),) = exposure(hut(), (replace(DEVICE, model="node"),), {"node": node}, at((3, 1, 1.5)))
    density = 10 / (4 * math.pi)
    assert share == pytest.approx(density / (810 / 200) + density / (815 / 200))


def test_what_is_off_exposes_nobody(hut):
    off = replace(DEVICE, state="off")
    assert exposure(hut(), (off,), {"jammer": JAMMER}, at((3, 1, 1.5))) == (("A-01", 0.0, True),)
