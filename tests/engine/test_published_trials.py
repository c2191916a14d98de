"""What published trials of jammers in prisons found, at planning grade, on an invented unit of concrete cells.

Sources: NTIA TR-18-533 (Cumberland, January 2018: one micro-jammer and one cell, below ambient at 6 and 30 m,
phones worked several feet from the window); US Department of Justice on Broad River, April 2019 (half a housing unit
blocked, calls possible 1 ft outside); DoT Wireless Monitoring on Mangaluru, October 2025 (a jammer on a mast, −80 dBm
at 900 m, −100 dBm at 2.5 km).
"""

import datetime as dt
import math

import numpy as np
import pytest
from shapely.geometry import LineString, Point, box

from quietwing.coverage import evaluate
from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import (
    Building,
    Opening,
    OutsideLevel,
    Perimeter,
    Receptor,
    Room,
    Sector,
    Site,
    Slab,
    Storey,
    Wall,
)

CATALOGUE = read_catalogue()
ASKED = Scenario(worlds=400)
CELL_M, DEEP_M, CORRIDOR_M = 2.4, 4.0, 2.0  # 13 × 8 ft is 4.0 × 2.4 m
PLACES = 5  # along each side: a store, three cells, a store
LONG_M, REAR_M = PLACES * CELL_M, 2 * DEEP_M + CORRIDOR_M
AMBIENT_DBM = -78.0  # RSRP read 30 m before the windows, assumed: a strong signal in a town
TO_END_A_CALL_DB = 6.0  # J/S of LTE at planning grade
FEET_M = 0.3048
MIDDLE_M = LONG_M / 2
CHANNELS = ["O2/B20/LTE", "EE/B3/LTE", "VF/B1/LTE"]


def sectors():
    """Three operators on one mast, 350 m away along the line of the windows."""
    carriers = (
        ("O2", "234-10", "B20", 816.0, 10.0),
        ("EE", "234-30", "B3", 1846.7, 20.0),
        ("VF", "234-15", "B1", 2118.0, 15.0),
    )
    return tuple(
        Sector(
            operator, operator, plmn, band, "LTE", freq_mhz, width_mhz, 350.0, 0.0, 30.0, 270.0, 6.0, "sector_65",
            59.0, "UMa", 8.0,
        )
        for operator, plmn, band, freq_mhz, width_mhz in carriers
    )  # fmt: skip


def unit():
    """Two rows of three cells and a corridor between, of 200 mm concrete, each with a small sealed coated window."""
    walls, openings, rooms = [], [], []

    def wall(name, *path):
        walls.append(Wall(name, "A", 0, LineString(path), "concrete_200"))

    inner_m = DEEP_M + CORRIDOR_M
    for name, y_m in (("front", 0.0), ("front-inner", DEEP_M), ("rear-inner", inner_m), ("rear", REAR_M)):
        wall(name, (0, y_m), (LONG_M, y_m))
    for name, x_m in (("west", 0.0), ("east", LONG_M)):
        wall(name, (x_m, 0), (x_m, REAR_M))
    for row, low_m, outer, inner in (("F", 0.0, "front", "front-inner"), ("R", inner_m, "rear", "rear-inner")):
        high_m = low_m + DEEP_M
        window_m, door_m = (low_m, high_m) if row == "F" else (high_m, low_m)
        for place in range(PLACES):
            x_m, middle_m = place * CELL_M, (place + 0.5) * CELL_M
            if place:
                wall(f"{row}{place}", (x_m, low_m), (x_m, high_m))
            window = LineString([(middle_m - 0.3, window_m), (middle_m + 0.3, window_m)])
            door = LineString([(middle_m - 0.4, door_m), (middle_m + 0.4, door_m)])
            openings += [
                Opening(f"w{row}{place}", outer, "window", window, 1.2, 2.0, "glass_low_e", "sealed", "bars"),
                Opening(f"d{row}{place}", inner, "door", door, 0.0, 2.0, "steel_cell_door", "shut"),
            ]
            role = "silence" if 0 < place < PLACES - 1 else "ignore"
            rooms.append(Room(f"{row}{place}", "A", 0, box(x_m, low_m, x_m + CELL_M, high_m), role))
    rooms.append(Room("corridor", "A", 0, box(0, DEEP_M, LONG_M, inner_m), "ignore"))
    outline = box(0, 0, LONG_M, REAR_M)
    away_m = (FEET_M, 5 * FEET_M, 3.0, 6.0, 30.0, 900.0, 2500.0)
    return Site(
        name="unit",
        crs="local",
        marking="OFFICIAL",
        as_of=dt.date(2026, 11, 24),
        buildings=(Building("A", outline, (Storey("Ground", 0.0, 3.0),)),),
        walls=tuple(walls),
        openings=tuple(openings),
        slabs=(
            Slab("floor", "A", outline, 0.0, "concrete_200"),
            Slab("roof", "A", outline, 3.0, "concrete_200", "roof"),
        ),
        rooms=tuple(rooms),
        perimeter=Perimeter("fence", outline.buffer(0.1, join_style="mitre"), 3.0, "open"),
        sectors=sectors(),
        receptors=(
            *(Receptor(f"front {metres:g}", Point(MIDDLE_M, -metres), "place", 0) for metres in away_m),
            Receptor(f"rear {FEET_M:g}", Point(MIDDLE_M, REAR_M + FEET_M), "place", 0),
        ),
        outside_levels=tuple(
            OutsideLevel(sector.channel, MIDDLE_M, -30.0, 1.5, AMBIENT_DBM, dt.date(2026, 11, 1))
            for sector in sectors()
        ),
    )


def micro(place):
    """A micro-jammer with the catalogue's powers under the ceiling of a cell of the front."""
    return Device(f"J{place}", "micro_jammer", (place + 0.5) * CELL_M + 1.0, 2.3, 2.7)


def above_ambient_db(verdict, place):
    """J/S of the medians at a receptor by channel, no boost. [dB]"""
    outside = verdict.spill.outside.sel(channel=CHANNELS).transpose("channel", "outside")
    at = outside["name"].values.tolist().index(f"{place} at 1.5 m")
    return outside["jam_dbm"].values[:, at] - outside["signal_dbm"].values[:, at]


def silent(verdict):
    return set(verdict.by_room["room"].values[verdict.by_room["called_silent"].values].tolist())


@pytest.fixture(scope="module")
def site():
    return unit()


@pytest.fixture(scope="module")
def one_jammer(site):
    return evaluate(site, ASKED, devices=(micro(2),), maps=False)


def test_the_ambient_level_is_as_it_was_read(one_jammer):
    outside = one_jammer.spill.outside.sel(channel=CHANNELS)
    at = outside["name"].values.tolist().index("front 30 at 1.5 m")
    # the median of 400 worlds of 3 dB: 1.25 · 3 / √400 = 0.19 dB
    np.testing.assert_allclose(
        outside["signal_dbm"].transpose("channel", "outside").values[:, at], AMBIENT_DBM, atol=0.6
    )


def test_one_micro_jammer_denies_its_concrete_cell(site, one_jammer):
    """Cumberland, inside: much above ambient at every place of the cell, on every channel."""
    assert one_jammer.grades[0].grade.name == "planning"
    assert "F2" in silent(one_jammer)
    assert not {"R1", "R2", "R3"} & silent(one_jammer)
    budgets = explain_room(site, ASKED, "F2", devices=(micro(2),), catalogue=CATALOGUE).nearest_to_working()
    assert {one.channel for one in budgets} == set(CHANNELS)
    for one in budgets:
        assert one.jam_dbm - one.rsrp_dbm > 20
    off = evaluate(site, ASKED, maps=False)
    assert not silent(off)
    assert not off.by_room["quiet_anyway"].values.any()


def test_it_is_below_ambient_6_m_and_30_m_outside_the_wall(one_jammer):
    """Cumberland, outside: 20 and 100 ft."""
    at_6_m, at_30_m = (above_ambient_db(one_jammer, f"front {metres}") for metres in (6, 30))
    assert (at_6_m < -2).all()
    assert (at_30_m < -10).all()
    # Free space takes 20 lg from the jammer, 2.5 m behind the window: 20 lg(32.5/8.5) = 11.6 dB from 6 to 30 m.
    fall_db = 20 * math.log10(32.5 / 8.5)
    np.testing.assert_allclose(at_6_m - at_30_m, fall_db, atol=1.5)


def test_phones_work_a_few_feet_from_the_window(one_jammer):
    """Cumberland: no channel is denied 1.5 and 3 m before the window, where it is loudest."""
    for place in (f"front {5 * FEET_M:g}", "front 3"):
        assert (above_ambient_db(one_jammer, place) < TO_END_A_CALL_DB - 1).all()
    louder = above_ambient_db(one_jammer, f"front {5 * FEET_M:g}") - above_ambient_db(one_jammer, "front 6")
    assert (louder > 3).all()


def test_half_a_unit_is_silenced_and_calls_are_possible_a_foot_outside(site):
    """Broad River: the row with jammers is silent, the other is not, and a phone 0.3 m from either wall works."""
    verdict = evaluate(site, ASKED, devices=tuple(micro(place) for place in (1, 2, 3)), maps=False)
    assert silent(verdict) == {"F1", "F2", "F3"}
    for side in ("front", "rear"):
        assert (above_ambient_db(verdict, f"{side} {FEET_M:g}") < TO_END_A_CALL_DB - 1).all()


def test_a_jammer_on_a_mast_fails_outside_for_kilometres(site):
    """Mangaluru: the limits fail in every ring to 3 km, yet not every cell is silent."""
    mast = Device("M", "outdoor_jammer", MIDDLE_M, REAR_M / 2, 15.0, azimuth_deg=180.0)
    verdict = evaluate(site, ASKED, devices=(mast,), maps=False)
    assert {name: passed for name, _, _, _, passed in verdict.spill.rings} == dict.fromkeys(
        ("0–20 m", "20–100 m", "100 m–1 km", "1–3 km", "receptor"), False
    )
    (far,) = (ring for ring in verdict.spill.rings if ring[0] == "1–3 km")
    assert far[2] > 0.8 * far[1]  # of its points
    assert silent(verdict) < {"F1", "F2", "F3", "R1", "R2", "R3"}
    for metres in (900, 2500):
        assert (above_ambient_db(verdict, f"front {metres}") > TO_END_A_CALL_DB).all()
    # 43 dBm into 10 dBi over 30 MHz is 20 dBm in 15 kHz; at 816 MHz the two rays meet at 4·15·1.5/0.367 = 245 m:
    # 900 m: 20 − 89.8 − 20 lg(900/245) = −81 dBm; 2.5 km: 20 − 98.6 − 20.2 = −99 dBm.
    outside = verdict.spill.outside.sel(channel="O2/B20/LTE")
    names = outside["name"].values.tolist()
    jam_dbm = {at: float(outside["jam_dbm"].values[names.index(f"front {at} at 1.5 m")]) for at in (900, 2500)}
    wave_m = 299.792458 / 816
    for metres, level_dbm in jam_dbm.items():
        distance_m = metres + REAR_M / 2
        by_hand = 53 - 10 * math.log10(30e6 / 15e3) - 20 * math.log10(4 * math.pi * distance_m / wave_m)
        by_hand -= 20 * math.log10(distance_m / (4 * 15 * 1.5 / wave_m))
        assert level_dbm == pytest.approx(by_hand, abs=1.0)
    # read there: 20 dB between the two, 45 dB in a decade
    assert jam_dbm[900] - jam_dbm[2500] == pytest.approx(20, abs=3)
