"""From the mast to the phone, worked out by hand on the hut."""

import numpy as np
import pytest
from shapely.geometry import LineString, box

from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.opening_floor import opening_floor
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites.model import Opening, Room, Sector, Wall
from quietwing.sites.points import PointSet


def mast(**changes) -> Sector:
    row = {
        "id": "m1", "operator": "EE", "plmn": "234-30", "band": "B20", "technology": "LTE", "freq_mhz": 798.5,
        "bandwidth_mhz": 5.0, "x_m": 2.5, "y_m": -600.0, "height_m": 25.0, "azimuth_deg": 0.0, "tilt_deg": 0.0,
        "pattern": "omni", "eirp_dbm": 58.0, "environment": "UMa",
    }  # fmt: skip
    return Sector(**(row | changes))


def in_room(*xyz_m) -> PointSet:
    count = len(xyz_m)
    zero = np.zeros(count, np.int32)
    return PointSet(np.array(xyz_m, float), zero, zero, zero, ("centre",) * count)


def uma_los_db(d3_m: float, f_ghz: float) -> float:
    return 28 + 22 * np.log10(d3_m) + 20 * np.log10(f_ghz)


def uma_nlos_db(d3_m: float, f_ghz: float) -> float:
    return 13.54 + 39.08 * np.log10(d3_m) + 20 * np.log10(f_ghz)


def lossy(site, name, cos, freq_mhz=798.5) -> float:
    return float(surface_loss_db([site.constructions[name]], np.array([cos]), np.array([freq_mhz]))[0, 0])


def test_at_the_window_facing_the_mast_only_the_bars_are_lost(hut):
    site = hut()
    gain = mast_model(prepare_scene(site), (mast(),)).gain(in_room((2.5, 0.1, 1.5)))
    d3 = np.hypot(600.1, 23.5)  # break point at 4 (25-1)(1.5-1) 0.7985e9 / 3e8 = 128 m: past it
    after = (
        28 + 40 * np.log10(d3) + 20 * np.log10(0.7985) - 9 * np.log10((4 * 24 * 0.5 * 0.7985e9 / 3e8) ** 2 + 23.5**2)
    )
    bars_db = lossy(site, "bars", 600.1 / d3)
    assert -gain.los_db[0, 0] == pytest.approx(after + bars_db, abs=0.1)
    assert -gain.nlos_db[0, 0] == pytest.approx(max(after, uma_nlos_db(d3, 0.7985)) + bars_db, abs=0.1)


def test_behind_the_wall_the_room_keeps_the_level_of_its_own_opening_less_15_db(hut):
    site = hut(
        walls=tuple(
            Wall(w.id, w.building, w.storey, w.line, "precast_sandwich_foil" if w.id != "south" else "brick_215")
            for w in hut().walls
        )
    )
    north = mast(x_m=5.6, y_m=600.0)  # behind the hut: the ray to the room's east end misses window and door
    model = mast_model(prepare_scene(site), (north,))
    gain = model.gain(in_room((5.6, 1.0, 1.5)))
    d3 = np.hypot(599.0, 23.5)
    wall_db = lossy(site, "precast_sandwich_foil", 599.0 / d3)
    assert wall_db > 25
    # 38.901 to the points just outside window (2.5, -0.3, 1.5) and door (4.5, 4.3, 1.0), the hut itself left out.
    d_window = np.hypot(np.hypot(3.1, 600.3), 23.5)
    d_door = np.hypot(np.hypot(1.1, 595.7), 24.0)
    by_window = -uma_nlos_db(d_window, 0.7985) - lossy(site, "bars", 1.0) - 15
    by_door = -uma_nlos_db(d_door, 0.7985) - lossy(site, "timber_door", 1.0) - 15
    straight = -uma_nlos_db(d3, 0.7985) - wall_db
    assert max(by_window, by_door) > straight
    assert gain.nlos_db[0, 0] == pytest.approx(max(by_window, by_door), abs=0.1)


def test_where_the_ray_meets_the_rooms_opening_the_interim_floor_is_not_used(hut):
    site = hut()
    model = mast_model(prepare_scene(site), (mast(),))
    seen, unseen = in_room((2.5, 1.0, 1.5)), in_room((5.5, 1.0, 1.5))
    used = model.floor.of_room[0]
    assert used is not None
    source = np.array([2.5, -600.0, 25.0])
    assert model.floor.meets(used, source, seen.xyz_m).tolist() == [True]
    assert model.floor.meets(used, source, unseen.xyz_m).tolist() == [False]
    floor_db = float(model.floor_nlos_db[0, 0])
    assert model.gain(unseen).nlos_db[0, 0] >= floor_db


def test_an_inner_room_borrows_the_nearest_opening_and_pays_its_door(hut):
    rooms = (
        Room("front", "A", 0, box(0, 0, 6, 2), "silence"),
        Room("back", "A", 0, box(0, 2, 6, 4), "silence"),
    )
    middle = Wall("middle", "A", 0, LineString([(0, 2), (6, 2)]), "brick_215")
    openings = (
        hut().openings[0],
        Opening("cell-door", "middle", "door", LineString([(1, 2), (2, 2)]), 0.0, 2.0, "steel_cell_door", "shut"),
    )
    site = hut(rooms=rooms, walls=(*hut().walls, middle), openings=openings)
    floor = opening_floor(site)
    front, back = floor.of_room
    assert front is not None
    assert back is not None
    assert front.doors == ()
    assert back.places == front.places
    assert [door.id for door in back.doors] == ["cell-door"]
    model = mast_model(prepare_scene(site), (mast(),))
    step_db = float(model.floor_nlos_db[0, 0] - model.floor_nlos_db[0, 1])
    assert step_db == pytest.approx(lossy(site, "steel_cell_door", 1.0), abs=1e-3)


def test_a_storey_is_in_one_state_of_sight(hut):
    site = hut()
    gain = mast_model(prepare_scene(site), (mast(),)).gain(in_room((1, 1, 0.3), (5, 3, 2.2)))
    assert gain.los_probability[0, 0] == gain.los_probability[0, 1]
    assert 0 < gain.los_probability[0, 0] < 0.05  # 18/d at 600 m


def test_turning_the_antenna_away_costs_the_front_to_back_ratio(hut):
    scene = prepare_scene(hut())
    towards = mast_model(scene, (mast(pattern="sector_65", azimuth_deg=0.0),)).gain(in_room((2.5, 0.1, 1.5)))
    away = mast_model(scene, (mast(pattern="sector_65", azimuth_deg=180.0),)).gain(in_room((2.5, 0.1, 1.5)))
    assert towards.nlos_db[0, 0] - away.nlos_db[0, 0] == pytest.approx(30 - 12 * (2.24 / 10) ** 2, abs=0.1)


def test_one_db_more_eirp_is_one_db_more_and_gain_knows_no_eirp(hut):
    scene = prepare_scene(hut())
    weak = mast_model(scene, (mast(eirp_dbm=40.0),)).gain(in_room((3, 2, 1.5)))
    strong = mast_model(scene, (mast(eirp_dbm=41.0),)).gain(in_room((3, 2, 1.5)))
    assert weak.nlos_db.tobytes() == strong.nlos_db.tobytes()
