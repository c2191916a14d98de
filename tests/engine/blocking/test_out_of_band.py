"""Noise beside the bands and harmonics, at receivers of base stations, GNSS, TETRA, aircraft and alarms."""

import math
from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import LineString, box

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.links import link_model
from quietwing.coverage.blocking.out_of_band import out_of_band_rows, staff_levels_dbm, staff_receivers, stray_heard
from quietwing.coverage.blocking.protect import (
    base_station_levels_dbm,
    load_protected,
    protected_services,
    receiver_levels_dbm,
)
from quietwing.coverage.blocking.spills import spill
from quietwing.coverage.blocking.stray import NOTHING, radiated, stray_into
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.planning.levels import Candidates, LimitBlock
from quietwing.coverage.planning.limit_rows import limit_rows
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.outdoor import clipped_mast_loss_db
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Building, Perimeter, Room, Sector, Storey, Wall
from quietwing.sites.points import scattered
from quietwing.sites.trial_point_sets import trial_points

# A mast 1.9 km north that listens in 842 to 852 MHz, 41 MHz above where it sends.
MAST = Sector(
    "S1", "VF", "234-15", "B20", "LTE", 806.0, 10.0, 0.0, 1900.0, 30.0, 180.0, 0.0, "omni", 59.0, "RMa", 8.0
)  # fmt: skip
B20 = (BandPower("B20", 791.0, 821.0, 30.0),)
ROOM_JAMMER = Model("room", "jammer", B20, gain_dbi=3.0)
OUTDOOR = Model("outdoor", "jammer", (replace(B20[0], power_dbm=43.0),), "sector_65", 10.0)
QUIET = {"out_of_band_dbc": -200.0}
HERE = Device("D1", "room", 0.0, 0.0, 2.0)
NARROW = replace(B20[0], low_mhz=841.0, high_mhz=853.0)
GNSS = next(index for index, s in enumerate(s for s in load_protected() if s.receiver) if s.service == "GNSS")


def open_ground(hut, *sectors, rooms=()):
    """No walls within half a kilometre."""
    site = hut(
        walls=(), openings=(), slabs=(), rooms=rooms, sectors=sectors,
        buildings=(Building("A", box(0, 0, 6, 4), (Storey("Ground", 0.0, 3.0),)),),
        perimeter=Perimeter("fence", box(-30, -30, 36, 34), 5.2, "open"),
    )  # fmt: skip
    return link_model(prepare_scene(site), sectors)


def heard(model, kind, places_m, device=HERE):
    """Level of one device in the GNSS band at some places."""
    points = scattered(np.array(places_m, float))
    one = replace(device, model=kind.name)
    blockers = blocker_links(model, (one,), {kind.name: kind}, points, outside=True)
    return stray_heard(model, blockers, {kind.name: kind}, points).level_dbm[GNSS]


# ------------------------------------------------------------------ what is sent


def test_noise_stands_so_far_below_what_the_band_sends_in_the_same_bandwidth():
    # 30 dBm over 30 MHz is 7.78 dBm in 180 kHz; 50 dB below that −42.22 dBm.
    found = stray_into(radiated(HERE, ROOM_JAMMER, ()), (842.0, 852.0), 0.18)
    assert found.level_dbm == pytest.approx(30 - 10 * math.log10(30 / 0.18) - 50, abs=1e-9)
    assert (found.words, found.assumed) == ("noise of B20", True)


def test_a_harmonic_is_spread_over_twice_and_three_times_the_width():
    # 30 − 60 dBm over 2 × 30 MHz: −30 − 10 lg(60/2.046) = −44.67 dBm in 2.046 MHz, at 1582 to 1642 MHz.
    kind = replace(ROOM_JAMMER, **QUIET)
    second = stray_into(radiated(HERE, kind, ()), (1559.0, 1610.0), 2.046)
    assert second.level_dbm == pytest.approx(-30 - 10 * math.log10(60 / 2.046), abs=1e-6)
    assert second.words == "2 × B20"
    third = stray_into(radiated(HERE, kind, ()), (2400.0, 2483.5), 20.0)  # 2373 to 2463 MHz
    assert third.level_dbm == pytest.approx(-30 - 10 * math.log10(90 / 20), abs=1e-6)
    assert third.words == "3 × B20"


def test_a_harmonic_of_a_narrow_carrier_does_not_grow_with_the_receiver():
    cell = MasCarrier("234-10", "GSM", 800.0, 0.2)
    node = Model("node", "mas", B20, mas_carriers=(cell,), **QUIET)
    found = stray_into(radiated(HERE, node, ()), (1559.0, 1610.0), 2.046)  # all of 2 × 0.2 MHz lies within 2 MHz
    assert found.level_dbm == pytest.approx(30 - 60, abs=1e-6)


def test_what_only_touches_a_receivers_band_is_not_in_it_and_each_part_that_is_adds():
    kind = replace(ROOM_JAMMER, **QUIET)
    assert stray_into(radiated(HERE, kind, ()), (1642.0, 1660.0), 1.0).level_dbm < -150  # twice the band ends there
    two = replace(kind, bands=(*B20, BandPower("B8", 1185.0, 1235.0, 27.0)))  # 2 × 1185 is within 3 × 791 to 3 × 821
    found = stray_into(radiated(HERE, two, ()), (2400.0, 2440.0), 20.0)
    parts_mw = 10 ** ((30 - 60 - 10 * math.log10(90 / 20)) / 10), 10 ** ((27 - 60 - 10 * math.log10(100 / 20)) / 10)
    assert found.level_dbm == pytest.approx(10 * math.log10(sum(parts_mw)), abs=1e-6)
    assert found.words == "3 × B20"


def test_of_several_bands_the_loudest_noise_counts_and_not_their_sum():
    for power_dbm, words in ((20.0, "noise of B20"), (40.0, "noise of B8")):
        two = replace(ROOM_JAMMER, bands=(*B20, BandPower("B8", 925.0, 960.0, power_dbm)), harmonics_dbc=-200.0)
        most_dbm = max(30 - 10 * math.log10(30), power_dbm - 10 * math.log10(35))
        found = stray_into(radiated(HERE, two, ()), (842.0, 852.0), 1.0)
        assert found.level_dbm == pytest.approx(most_dbm - 50, abs=1e-9)
        assert found.words == words


def test_noise_ends_an_octave_away():
    far = replace(ROOM_JAMMER, bands=(BandPower("B7", 2620.0, 2690.0, 30.0),))
    assert (
        stray_into(radiated(HERE, ROOM_JAMMER, ()), (380.0, 400.0), 0.025).words == "noise of B20"
    )  # 791/2 = 395.5 MHz
    assert stray_into(radiated(HERE, far, ()), (380.0, 400.0), 0.025) == NOTHING


def test_the_makers_figures_take_the_place_of_the_assumed_ones():
    known = replace(ROOM_JAMMER, out_of_band_dbc=-90.0, harmonics_dbc=-100.0)
    for span in ((842.0, 852.0), (1582.0, 1610.0)):
        assumed, stated = (stray_into(radiated(HERE, kind, ()), span, 0.18) for kind in (ROOM_JAMMER, known))
        assert assumed.level_dbm - stated.level_dbm == pytest.approx(40)
        assert (assumed.assumed, stated.assumed) == (True, False)


def test_a_managed_access_node_makes_noise_with_all_its_carriers():
    cells = tuple(MasCarrier("234-10", "LTE", freq_mhz, 10.0) for freq_mhz in (796.0, 806.0))
    node = Model("node", "mas", B20, mas_carriers=cells)
    # Two carriers of 30 dBm in the band of 30 MHz: 33.01 − 10 lg(30/0.18) − 50.
    found = stray_into(radiated(HERE, node, ()), (842.0, 852.0), 0.18)
    assert found.level_dbm == pytest.approx(33.01 - 10 * math.log10(30 / 0.18) - 50, abs=0.01)


def test_noise_falls_with_the_trim_of_the_loudest_carrier(hut):
    carriers = open_ground(hut, MAST).carriers
    trimmed = replace(HERE, trim_db=(("VF/B20/LTE", -12.0),))
    levels = [stray_into(radiated(d, ROOM_JAMMER, carriers), (842.0, 852.0), 0.18).level_dbm for d in (HERE, trimmed)]
    assert levels[0] - levels[1] == pytest.approx(12)


# ------------------------------------------------------------------ base stations


def test_an_outdoor_jammer_deafens_an_fdd_mast_two_kilometres_away(hut):
    # 43 dBm over 30 MHz: 20.78 dBm in a block, −50 dBc: −29.22, + 10 + 15 dBi, less the path at 847 MHz. In free
    # space, 96.6 dB over 1.9 km, −100.8 dBm and 21 dB above the limit of −122; 38.901 RMa takes 7.7 dB more of it.
    kind = replace(OUTDOOR, harmonics_dbc=-200.0)
    model = open_ground(hut, MAST)
    loss_db, _ = clipped_mast_loss_db("RMa", 806.0, 1900.0, 30.0, 2.0, True)
    by_hand = 43 - 10 * math.log10(30 / 0.18) - 50 + 10 + 15 - float(loss_db) - 20 * math.log10(847 / 806)
    device = replace(HERE, model="outdoor")
    level = base_station_levels_dbm(model, Scenario(), (device,), {"outdoor": kind})[0]
    assert level == pytest.approx(by_hand, abs=0.1)
    assert level + float(loss_db) - float(free_space_loss_db(1900.0, 806.0)) == pytest.approx(-122 + 21, abs=2)
    rows = {row[0]: row for row in protected_services(model, Scenario(), (device,), {"outdoor": kind})}
    _, found, passed = rows["FDD base stations"]
    assert not passed
    assert "mast of S1" in found
    assert "noise of B20 of D1, a figure that is assumed" in found


def test_a_room_jammer_behind_metallised_glass_leaves_it_alone(hut):
    # 20 dB less than the outdoor one, and 25.4 + 0.11 · 0.8 dB of glass all round: 45.5 dB lower, about −146 dBm in
    # free space.
    glass = tuple(replace(wall, construction="glass_low_e") for wall in hut().walls)
    site = hut(walls=glass, openings=(), sectors=(MAST,))
    model = link_model(prepare_scene(site), (MAST,))
    device = replace(HERE, x_m=3.0, y_m=2.0)
    level = base_station_levels_dbm(model, Scenario(), (device,), {"room": ROOM_JAMMER})[0]
    loss_db, _ = clipped_mast_loss_db("RMa", 806.0, math.hypot(3, 1898), 30.0, 2.0, True)
    assert level + float(loss_db) - float(free_space_loss_db(1898.0, 806.0)) == pytest.approx(-146, abs=2)
    rows = {row[0]: row for row in protected_services(model, Scenario(), (device,), {"room": ROOM_JAMMER})}
    assert rows["FDD base stations"][2]


def test_what_is_sent_in_the_uplink_itself_counts_in_full(hut):
    model = open_ground(hut, MAST)
    kinds = {"room": ROOM_JAMMER, "uplink": replace(ROOM_JAMMER, name="uplink", bands=(NARROW,))}
    noise, wanted = (
        base_station_levels_dbm(model, Scenario(), (replace(HERE, model=name),), kinds)[0] for name in kinds
    )
    # 12 instead of 30 MHz: 3.98 dB denser, and not 50 dB down.
    assert wanted - noise == pytest.approx(50 + 10 * math.log10(30 / 12), abs=0.01)


def test_nobody_listens_on_supplementary_downlink(hut):
    alone = replace(MAST, band="n67", technology="NR", freq_mhz=748.0, bandwidth_mhz=20.0)
    assert base_station_levels_dbm(open_ground(hut, alone), Scenario(), (HERE,), {"room": ROOM_JAMMER})[0] == -np.inf


def test_noise_of_managed_access_reaches_uplinks_and_keeps_to_the_slots_of_tdd(hut):
    tdd = replace(MAST, id="S2", band="B40", freq_mhz=2360.0, bandwidth_mhz=20.0)
    node = Model("node", "mas", B20, mas_carriers=(MasCarrier("234-15", "LTE", 806.0, 10.0),))
    on_carrier, stray = receiver_levels_dbm(
        open_ground(hut, MAST, tdd), Scenario(), (replace(HERE, model="node"),), {"node": node}
    )
    assert np.isneginf(on_carrier).all()
    assert np.isfinite(stray[0, 0])
    assert np.isneginf(stray[0, 1])


# ------------------------------------------------------------------ receivers that no data places


def test_gnss_beside_a_room_jammer_and_far_from_an_outdoor_one(hut):
    # Second harmonic of 791–821 MHz, −60 dBc, no walls. In 1 MHz: 33 − 60 − 10 lg 60 = −44.8 dBm, 30 m at 1584 MHz
    # lose 66.0 dB, the noise is −112.0: I/N about +1 dB. 20 dB more sent and 100 m away: about +11 dB.
    model = open_ground(hut, MAST)
    noise_dbm = -173.98 + 2 + 10 * math.log10(2.046e6)
    room = heard(model, replace(ROOM_JAMMER, **QUIET), [(0.0, 30.0, 2.0)])[0]
    assert room - noise_dbm == pytest.approx(33 - 60 - 10 * math.log10(60) - 66.0 + 112.0, abs=0.3)
    assert room - noise_dbm == pytest.approx(1, abs=2)
    outdoor = heard(model, replace(OUTDOOR, **QUIET), [(0.0, 100.0, 2.0)])[0]
    assert outdoor - noise_dbm == pytest.approx(11, abs=2)


def test_noise_outside_fails_by_name_and_stronger_filters_pass(hut):
    model = open_ground(hut, MAST)
    points, scenario = trial_points(model.scene.site), Scenario(worlds=100)
    loud, clean = (
        spill(model, scenario, (HERE,), {"room": kind}, points)[0]
        for kind in (ROOM_JAMMER, replace(ROOM_JAMMER, out_of_band_dbc=-110.0, harmonics_dbc=-110.0))
    )
    found = {row[0]: row for row in loud.protected}
    for name in ("GNSS", "TETRA staff radio", "alarms and tags 868 MHz"):
        assert found[f"{name}, out of band"][2] is False
        assert "dB too much" in found[f"{name}, out of band"][1]
    assert "outside, " in found["GNSS, out of band"][1]
    assert found["GNSS"][2] is True  # nothing is sent on purpose there
    assert all(row[2] for row in clean.protected if "out of band" in row[0])
    assert "assumed" not in " ".join(row[1] for row in clean.protected)


def test_in_keep_rooms_too_much_fails_whoever_gave_the_figure(hut):
    rooms = (Room("A-01", "A", 0, box(0, 0, 6, 4), "keep"),)
    model = open_ground(hut, MAST, rooms=rooms)
    points = trial_points(model.scene.site)
    nowhere = stray_heard(
        model,
        blocker_links(model, (), {}, scattered(np.zeros((0, 3))), outside=True),
        {},
        scattered(np.zeros((0, 3))),
    )
    name = "TETRA staff radio, out of band, keep rooms"
    found = []
    for kind in (ROOM_JAMMER, replace(ROOM_JAMMER, out_of_band_dbc=-50.0)):
        rows = out_of_band_rows(model, (HERE,), {"room": kind}, points, (), (nowhere,))
        found.append({row[0]: row for row in rows}[name])
        assert found[-1][1].startswith("in A-01")
        assert "dB too much" in found[-1][1]
        assert not found[-1].passed
    assert found[0].found == found[1].found + ", a figure that is assumed: ask the maker"
    # What a plan must keep is what is judged: the loudest row of a device is the level that the verdict prints.
    names, limit_dbm, places = staff_receivers(model.scene.site)
    (levels_dbm,) = staff_levels_dbm(model, (HERE,), {"room": ROOM_JAMMER}, places)
    tetra = [row for row, said in enumerate(names) if said == "TETRA staff radio in A-01"]
    assert f"in A-01: {np.ceil(levels_dbm[tetra].max() * 10) / 10:.1f} dBm" in found[0].found
    assert (levels_dbm[tetra] > limit_dbm[tetra]).all()


def test_aircraft_are_looked_for_above_the_roof(hut):
    site = hut(sectors=(MAST,))
    model = link_model(prepare_scene(site), (MAST,))
    nowhere = stray_heard(
        model,
        blocker_links(model, (), {}, scattered(np.zeros((0, 3))), outside=True),
        {},
        scattered(np.zeros((0, 3))),
    )
    inside = replace(HERE, x_m=3.0, y_m=2.0)
    rows = out_of_band_rows(model, (inside,), {"room": ROOM_JAMMER}, trial_points(site), (), (nowhere,))
    found = {row[0]: row[1] for row in rows}["aeronautical DME and SSR, out of band"]
    # 33 dBm over 30 MHz: 18.2 in 1 MHz, −31.8 with −50 dBc; 148 m at 1087.5 MHz lose 76.6 dB and the roof the rest.
    level_dbm = float(found.split(": ")[1].split(" dBm")[0])
    assert found.startswith("150 m above A: ")
    assert -31.8 - 76.6 - 40 < level_dbm < -31.8 - 76.6 - 5


def test_no_device_no_rows(hut):
    model = open_ground(hut, MAST)
    assert out_of_band_rows(model, (), {}, trial_points(model.scene.site), (), ()) == ()


# ------------------------------------------------------------------ the planner


def test_in_the_planner_noise_goes_with_the_largest_trim():
    # One base, 10 dB above the limit at zero trim; what it sends on the carrier is 3 dB louder than its noise.
    candidates = Candidates(
        id=("a", "b"), base=np.array([0, 0]), position=np.array([0, 1]),
        trim_db=np.array([[-20.0, -20.0], [-20.0, 0.0]]), cost_pence=np.array([1, 1]), is_mas=np.zeros(2, bool),
        head_end=np.array([-1, -1]), room=np.array([-1, -1]), mode=np.array([0, 0]), existing=np.zeros(2, bool),
    )  # fmt: skip
    block = LimitBlock(
        ("receiver of S",), np.array([0]), np.array([-122.0]), np.full((1, 1, 1), -112.0, np.float32),
        stray_db=np.full((1, 1), 3.0, np.float32),
    )  # fmt: skip
    rows = limit_rows((block,), candidates)
    assert rows.forbidden.tolist() == [False, True]  # −132 dBm, and 7 dB above it with the other carrier untrimmed


def test_walls_are_part_of_the_way(hut):
    model = link_model(prepare_scene(hut(sectors=(MAST,))), (MAST,))
    brick = Wall("more", "A", 0, LineString([(0, 3), (6, 3)]), "brick_215")
    thick = link_model(prepare_scene(hut(sectors=(MAST,), walls=(*hut().walls, brick))), (MAST,))
    inside = replace(HERE, x_m=1.0, y_m=2.0)
    levels = [heard(one, ROOM_JAMMER, [(1.0, 60.0, 1.5)], inside)[0] for one in (model, thick)]
    assert levels[1] < levels[0] - 3
