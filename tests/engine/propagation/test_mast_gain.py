"""From the mast to the phone, worked out by hand on the hut."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr
from shapely.geometry import LineString, box

from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.detour_paths import detour_path
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.multiwall import element_loss_db
from quietwing.coverage.propagation.opening_floor import opening_floor
from quietwing.coverage.propagation.scatter_floor import behind_openings
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


def test_behind_the_wall_the_room_keeps_what_scatter_brings_to_its_own_openings(hut, kirchhoff):
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
    # 38.901 to the points just outside window (2.5, -0.3, 1.5) and door (4.5, 4.3, 1.0), the hut itself left out. The
    # azimuth spread is 10^(2.08 - 0.27 lg 6) = 74.1 deg; the window looks away from the mast, the door towards it:
    # 2 (1 - Phi(90 / 74.1)) and 2 Phi(90 / 74.1) - 1, the circle's next turns being below 0.1 dB.
    away_db, towards_db = 10 * np.log10(2 * (1 - ndtr(90 / 74.1))), 10 * np.log10(2 * ndtr(90 / 74.1) - 1)
    assert away_db == pytest.approx(-6.5, abs=0.1)
    assert towards_db == pytest.approx(-1.1, abs=0.1)
    d_window = np.hypot(np.hypot(3.1, 600.3), 23.5)
    d_door = np.hypot(np.hypot(1.1, 595.7), 24.0)
    by_window = -uma_nlos_db(d_window, 0.7985) - lossy(site, "bars", 1.0) + away_db
    by_door = -uma_nlos_db(d_door, 0.7985) - lossy(site, "timber_door", 1.0) + towards_db
    straight = -uma_nlos_db(d3, 0.7985) - wall_db
    # Behind them: 1 m deep and 3.1 m beside the window, 3 m deep and 1.1 m beside the door. Towards the mast the
    # field is denser than from all sides alike, from behind it never counts as less. 108 m2 of surfaces return 30 %.
    towards = [(74.1, float(np.degrees(np.arctan2(1.1, 596.0)))), (np.inf, 0.0)]
    door = max(
        kirchhoff.power_behind((1.0, 2.0), 3.0, 1.1, 0.5, 798.5, *way, rise)
        for way in towards
        for rise in (0.0, 10.2)
    )
    door += 4 * 2.0 / 108 * 0.3 / 0.7 * max(kirchhoff.flux(*way) for way in towards)
    window = kirchhoff.power_behind((1.0, 1.0), 1.0, 3.1, 0.0, 798.5) + 4 * 1.0 / 108 * 0.3 / 0.7 * kirchhoff.flux()
    by_hand = 10 * np.log10(window * 10 ** (by_window / 10) + door * 10 ** (by_door / 10))
    assert max(by_window, by_door) - 11 < by_hand < max(by_window, by_door) - 5
    assert by_hand > straight
    assert gain.scattered_nlos[0, 0]
    assert gain.nlos_db[0, 0] == pytest.approx(by_hand, abs=1.0)


def test_a_hand_held_out_of_a_window_that_looks_away_gets_the_scatter_without_the_window(hut):
    site = hut()
    model = mast_model(prepare_scene(site), (mast(y_m=600.0),))
    zero = np.zeros(1, np.int32)
    held_out = PointSet(np.array([[2.5, -0.3, 1.5]]), zero, zero, zero, ("window-out",))
    inside = model.scatter_nlos.inside_db[0, 0]
    before = model.scatter_nlos.before_db[0, 0]
    assert before > inside
    assert model.scatter_nlos.at(held_out, behind_openings(model.floor, held_out, model.freq_mhz))[0, 0] == before
    assert model.gain(held_out).nlos_db[0, 0] >= before


def test_the_detour_is_added_to_the_straight_ray_as_a_power(hut):
    model = mast_model(prepare_scene(hut()), (mast(y_m=600.0),))
    nothing = np.full_like(model.scatter_nlos.inside_db, -np.inf)  # what scatter brings would hide it
    model = replace(model, scatter_nlos=replace(model.scatter_nlos, inside_db=nothing))
    point = in_room((5.5, 0.5, 0.3))
    routes = model.detours.routes(point)
    straight_db = element_loss_db(model.scene.prepared, model.table, [2.5, 600.0, 25.0], point)[0, 0, 0]
    detour_db = routes.loss_db[0, 0, 0]
    path = detour_path(model.detours.model, (2.5, 600.0, 25.0), point.xyz_m[0], 798.5, near=False)
    assert path is not None
    assert detour_db == pytest.approx(path.loss_db, abs=0.01)
    d3 = np.linalg.norm(point.xyz_m[0] - [2.5, 600.0, 25.0])
    both_db = -10 * np.log10(10 ** (-straight_db / 10) + 10 ** (-detour_db / 10))
    assert straight_db - both_db > 0.5
    found = model.gain(point)
    assert found.nlos_db[0, 0] == pytest.approx(-uma_nlos_db(d3, 0.7985) - both_db, abs=0.05)
    assert found.straight_nlos[0, 0] == pytest.approx(10 ** ((both_db - straight_db) / 10), abs=1e-3)
    assert found.detoured[0, 0] == (detour_db < straight_db)


def test_what_a_detour_crosses_is_what_its_legs_cross(hut):
    """Every traced way against the path found and told for itself, element by element."""
    scene = prepare_scene(hut())
    sectors = (mast(y_m=600.0), mast(id="m2", x_m=-400.0, y_m=300.0, freq_mhz=2120.0))
    model = mast_model(scene, sectors)
    points = in_room((1.0, 1.0, 1.5), (5.0, 3.0, 0.3), (3.0, 2.0, 2.0))
    routes = model.detours.routes(points, traced=True)
    surfaces = scene.facets.surfaces
    names = sorted({name for surface in surfaces for name in surface})
    incidence = np.array([[surface.count(name) for name in names] for surface in surfaces], np.float32)
    told_of = 0
    for number, sector in enumerate(sectors):
        band = int(np.searchsorted(model.freq_mhz, sector.freq_mhz))
        for at in range(len(points)):
            last = routes.last[number, at, band]
            place = (sector.x_m, sector.y_m, sector.height_m)
            path = detour_path(model.detours.model, place, points.xyz_m[at], sector.freq_mhz, near=False)
            assert (path is None) == (last[0] < 0)
            if path is None:
                continue
            told_of += 1
            crossed, walls_db = model.detours.crossed(
                np.array([number]), np.array([at]), points.xyz_m, last[None], incidence
            )
            told = [name for leg in path.legs for element in leg.elements for name in element.constructions]
            assert crossed[0].tolist() == [told.count(name) for name in names]
            assert walls_db[0, band] == pytest.approx(sum(leg.elements_db for leg in path.legs), abs=1e-3)
    assert told_of >= 3


def test_a_straight_ray_meets_the_rooms_opening_or_does_not(hut):
    floor = opening_floor(hut())
    used = floor.of_room[0]
    assert used is not None
    source = np.array([2.5, -600.0, 25.0])
    assert floor.meets(used, source, np.array([[2.5, 1.0, 1.5], [5.5, 1.0, 1.5]])).tolist() == [True, False]
    assert floor.turned_deg(source)[0] == pytest.approx(0.0, abs=1e-9)  # the window looks south
    assert floor.turned_deg(np.array([602.5, -0.3, 25.0]))[0] == pytest.approx(90.0, abs=1e-9)
    assert floor.turned_deg(np.array([2.5, 600.0, 25.0]))[0] == pytest.approx(180.0, abs=1e-9)


def test_a_ray_along_a_slanting_window_meets_nothing_and_nothing_is_warned_of(hut):
    floor = opening_floor(hut())
    window = replace(floor.of_room[0], places=floor.of_room[0].places[:1])
    slanting = replace(floor.places[window.places[0]], normal=(1.0, -1.0))
    floor = replace(floor, places=(slanting,) * len(floor.places))
    mast, along, behind = np.array(slanting.centre_m) + np.array([[5.0, 1.0, 8.0], [7.0, 3.0, 0.0], [-5.0, 9.0, 0.0]])
    assert floor.meets(window, mast, np.array([along])).tolist() == [False]  # as far from its plane as the mast
    before = 2 * np.array(slanting.centre_m) - behind
    assert floor.meets(window, before, np.array([along, behind])).tolist() == [False, True]  # by the middle


@pytest.mark.parametrize(("wall", "pays"), [("precast_sandwich_foil", "steel_cell_door"), ("brick_215", "brick_215")])
def test_an_inner_room_borrows_the_nearest_opening_and_pays_its_door_or_its_wall(hut, wall, pays):
    rooms = (
        Room("front", "A", 0, box(0, 0, 6, 2), "silence"),
        Room("back", "A", 0, box(0, 2, 6, 4), "silence"),
    )
    middle = Wall("middle", "A", 0, LineString([(0, 2), (6, 2)]), wall)
    openings = (
        hut().openings[0],
        Opening("cell-door", "middle", "door", LineString([(1, 2), (2, 2)]), 0.0, 2.0, "steel_cell_door", "shut"),
    )
    site = hut(rooms=rooms, walls=(*hut().walls, middle), openings=openings)
    floor = opening_floor(site)
    front, back = floor.of_room
    assert front is not None
    assert back is not None
    assert (front.borrowed, back.borrowed) == (False, True)
    assert back.places == front.places
    assert [door.id for door in back.doors] == ["cell-door"]
    scatter = mast_model(prepare_scene(site), (mast(),)).scatter_nlos
    step_db = float(scatter.inside_db[0, 0] - scatter.inside_db[0, 1])
    # the wall straight from 0.3 m within the window at (2.5, 0.3) to the middle of the back room at (3, 3)
    cos = 1.0 if pays == "steel_cell_door" else 2.7 / np.hypot(0.5, 2.7)
    assert step_db == pytest.approx(lossy(site, pays, cos), abs=0.02)


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
