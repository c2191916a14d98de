"""Services that must not be hit, and base stations that listen where a jammer sends."""

import math
from dataclasses import replace

import pytest
from shapely.geometry import box

from quietwing.coverage.blocking.links import link_model
from quietwing.coverage.blocking.protect import base_station_levels_dbm, load_protected, protected_services
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.propagation.outdoor import clipped_mast_loss_db
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Building, Perimeter, Sector, Storey

TDD = Sector(
    "S1", "O2", "234-10", "B40", "LTE", 2360.0, 20.0, 0.0, 500.0, 30.0, 180.0, 0.0, "omni", 59.0, "RMa", 8.0
)  # fmt: skip
FDD = replace(TDD, id="S2", band="B7", freq_mhz=2650.0)
JAMMER = Model("jammer", "jammer", (BandPower("B40", 2350.0, 2390.0, 13.0), BandPower("B7", 2620.0, 2690.0, 13.0)))
DEVICE = Device("D1", "jammer", 20.0, 2.0, 2.0)


def open_ground(hut, *sectors):
    """The hut's fence and nothing solid inside."""
    site = hut(
        walls=(), openings=(), slabs=(), rooms=(), sectors=sectors,
        buildings=(Building("A", box(0, 0, 6, 4), (Storey("Ground", 0.0, 3.0),)),),
        perimeter=Perimeter("fence", box(-30, -30, 36, 34), 5.2, "open"),
    )  # fmt: skip
    return link_model(prepare_scene(site), sectors)


def rows(model, devices, catalogue):
    return {row[0]: row for row in protected_services(model, Scenario(), devices, catalogue)}


def test_the_list_names_every_service_of_the_design():
    names = " ".join(service.service for service in load_protected())
    for word in ("TETRA", "GNSS", "alarms", "ISM", "radar", "uplink", "ESN"):
        assert word in names


@pytest.mark.parametrize(
    ("low_mhz", "high_mhz", "service", "hit"),
    [
        (395.0, 410.0, "TETRA staff radio", True),
        (400.0, 410.0, "TETRA staff radio", False),  # edges that only touch do not overlap
        (1500.0, 1559.1, "GNSS", True),
        (1452.0, 1492.0, "GNSS", False),
        (2350.0, 2410.0, "Wi-Fi and ISM 2.4 GHz", True),
        (2350.0, 2390.0, "Wi-Fi and ISM 2.4 GHz", False),
        (700.0, 788.0, "mobile uplink 700 MHz", True),
        (866.0, 867.0, "alarms and tags 868 MHz", True),
    ],
)
def test_a_device_in_a_protected_band_fails_by_name(hut, low_mhz, high_mhz, service, hit):
    model = replace(JAMMER, bands=(BandPower("X", low_mhz, high_mhz, -60.0),))
    row = rows(open_ground(hut, FDD), (DEVICE,), {"jammer": model})[service]
    assert row[2] is not hit
    assert ("D1 (X)" in row[1]) is hit
    off = replace(DEVICE, state="off")
    assert rows(open_ground(hut, FDD), (off,), {"jammer": model})[service][2]


def test_a_cell_of_managed_access_counts_by_its_own_edges(hut):
    cells = (MasCarrier("234-30", "LTE", 1616.0, 20.0),)  # 1606 to 1626 MHz
    node = Model("node", "mas", (BandPower("L", 1600.0, 1700.0, 0.0),), mas_carriers=cells)
    row = rows(open_ground(hut, FDD), (replace(DEVICE, model="node"),), {"node": node})["GNSS"]
    assert row[1:] == ("1559–1610 MHz: overlapped by D1 (1616 MHz)", False)


def test_power_at_a_base_station_by_hand(hut):
    # 13 dBm over 40 MHz is 13 − 10 lg(40000/180) = −10.47 dBm in a resource block. The mast listens with 15 dBi.
    # Path: 38.901 RMa turned round over 498.4 m in plan, 30 m and 2 m high, clear (P(LOS) = exp(−0.488) > 5 %).
    model = open_ground(hut, TDD, FDD)
    loss_db, _ = clipped_mast_loss_db("RMa", 2360.0, math.hypot(20, 498), 30.0, 2.0, True)
    level = base_station_levels_dbm(model, Scenario(), (DEVICE,), {"jammer": JAMMER})
    assert level[0] == pytest.approx(13 - 10 * math.log10(40000 / 180) + 15 - float(loss_db), abs=0.01)
    # The FDD mast listens 120 MHz below, at 2530 MHz. Of what stands beside the bands there, the 40 MHz of B40 are
    # denser than the 70 MHz of B7: 50 dB below them, with the loss of free space at 2530 instead of 2650 MHz.
    loss_db, _ = clipped_mast_loss_db("RMa", 2650.0, math.hypot(20, 498), 30.0, 2.0, True)
    noise_dbm = 13 - 10 * math.log10(40000 / 180) - 50
    assert level[1] == pytest.approx(noise_dbm + 15 - float(loss_db) + 20 * math.log10(2650 / 2530), abs=0.01)


def test_two_equal_jammers_add_3_db_at_the_mast(hut):
    model = open_ground(hut, TDD)
    one = base_station_levels_dbm(model, Scenario(), (DEVICE,), {"jammer": JAMMER})
    two = base_station_levels_dbm(model, Scenario(), (DEVICE, replace(DEVICE, id="D2")), {"jammer": JAMMER})
    assert two[0] - one[0] == pytest.approx(3.01, abs=0.01)


def test_a_desensitised_mast_fails_by_name_and_a_quiet_one_is_shown(hut):
    model = open_ground(hut, TDD)
    # About −88 dB of path and +4.5 dBm sent and gained: near −84 dBm in a resource block, 38 dB too much.
    row = rows(model, (DEVICE,), {"jammer": JAMMER})["TDD base stations"]
    assert row[2] is False
    assert "mast of S1" in row[1]
    quiet = rows(model, (replace(DEVICE, power_dbm=-40.0),), {"jammer": JAMMER})["TDD base stations"]
    assert quiet[2] is True
    assert "mast of S1" in quiet[1]
    assert rows(model, (), {})["TDD base stations"][1:] == ("no jammer sends on a TDD carrier", True)


def test_managed_access_keeps_to_the_slots_of_the_network(hut):
    node = Model(
        "node", "mas", (BandPower("B40", 2350.0, 2390.0, 30.0),),
        mas_carriers=(MasCarrier("234-10", "LTE", 2360.0, 20.0),),
    )  # fmt: skip
    device = replace(DEVICE, model="node")
    assert rows(open_ground(hut, TDD), (device,), {"node": node})["TDD base stations"][2] is True


def test_walls_shield_the_mast_and_the_window_lets_through(hut):
    site = hut(sectors=(TDD,))
    model = link_model(prepare_scene(site), (TDD,))
    inside = base_station_levels_dbm(model, Scenario(), (replace(DEVICE, x_m=1.0),), {"jammer": JAMMER})
    outside = base_station_levels_dbm(model, Scenario(), (DEVICE,), {"jammer": JAMMER})
    assert -60 < inside[0] - outside[0] < -3
