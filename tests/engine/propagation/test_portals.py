"""Where a path may bend: openings, voids, corners and roof edges, and how they are joined."""

import datetime as dt
import tracemalloc

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Polygon, box

from quietwing.coverage.planning.places import room_at
from quietwing.coverage.propagation import portal_graphs
from quietwing.coverage.propagation import portals as portals_module
from quietwing.coverage.propagation.portal_graphs import guided_gain_db, portal_graph
from quietwing.coverage.propagation.portals import PORTAL_KINDS, portals
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites import OutOfRangeError, load_site, locate, room_of_points
from quietwing.sites.model import Building, Opening, Room, Slab, Storey, Wall
from quietwing.sites.readings import Reading


def of_kind(found, kind):
    return np.flatnonzero(found.is_kind(kind))


def test_an_opening_is_one_portal_with_its_rectangle_and_its_middle(hut):
    found = portals(hut())
    (window,) = of_kind(found, "window")
    np.testing.assert_allclose(found.source_m[window], (2.5, 0.0, 1.5))
    np.testing.assert_allclose(found.frame[window, 12:], (-0.5, 0.5, -0.5, 0.5))
    assert found.ids[window] == "w1"
    assert sorted(found.rooms[window].tolist()) == [-1, 0]


def test_the_axes_of_an_aperture_are_at_right_angles_and_one_long():
    frame = portals(load_site("radial")).frame
    axes = frame[:, 3:12].reshape(-1, 3, 3)
    np.testing.assert_allclose(axes @ axes.swapaxes(1, 2), np.broadcast_to(np.eye(3), axes.shape), atol=1e-9)


def test_a_long_void_has_a_source_every_six_metres_in_one_aperture(hut):
    hole = [(1, 1), (1, 3), (19, 3), (19, 1)]
    site = hut(slabs=(Slab("atrium", "A", Polygon(box(0, 0, 20, 4).exterior, [hole]), 3.0, "concrete_150"),))
    found = portals(site)
    voids = of_kind(found, "void")
    np.testing.assert_allclose(np.sort(found.source_m[voids, 0]), (4.0, 10.0, 16.0))
    assert len(np.unique(found.frame[voids], axis=0)) == 1
    assert len(np.unique(found.group[voids])) == 1


def test_a_void_with_two_arms_is_the_two_largest_rectangles_in_it(hut):
    arms = Polygon([(1, 2), (1, 3), (4, 3), (4, 5), (5, 5), (5, 1), (4, 1), (4, 2)])
    site = hut(slabs=(Slab("floor", "A", box(0, 0, 6, 6) - arms, 3.0, "concrete_150"),))
    found = portals(site)
    rows = np.unique(found.frame[of_kind(found, "void")], axis=0)
    sizes = sorted((round(row[13] - row[12], 3), round(row[15] - row[14], 3)) for row in rows)
    assert sizes == [(1.0, 4.0), (4.0, 1.0)]
    assert len(np.unique(found.group[of_kind(found, "void")])) == 1


def test_every_source_of_a_void_stands_in_a_hole_of_its_slab():
    site = load_site("radial")
    found = portals(site)
    slabs = {slab.id: slab for slab in site.slabs}
    voids = of_kind(found, "void")
    assert len(voids) > 100
    for index in voids:
        slab = slabs[found.ids[index]]
        assert not slab.outline.contains(shapely.Point(found.source_m[index, :2]))
        assert found.source_m[index, 2] == pytest.approx(slab.level_m)


def test_only_outside_corners_are_portals(hut):
    ell = Polygon([(0, 0), (6, 0), (6, 2), (3, 2), (3, 4), (0, 4)])  # five corners outward, one inward
    found = portals(hut(buildings=(Building("A", ell, (Storey("G", 0.0, 3.0), Storey("1", 3.0, 3.0))),)))
    corners = of_kind(found, "corner")
    assert len(corners) == 5 * 2  # one source on each storey
    assert not any(ell.covers(shapely.Point(found.source_m[index, :2])) for index in corners)


def test_roof_edges_stand_above_the_roof_and_outside_the_wall(hut):
    found = portals(hut())
    edges = of_kind(found, "roof-edge")
    assert len(edges) == 4
    outline = hut().buildings[0].outline
    for index in edges:
        assert found.source_m[index, 2] > 3.0
        assert not outline.covers(shapely.Point(found.source_m[index, :2]))


def test_portals_of_the_examples_are_of_the_kinds_named():
    assert set(portals(load_site("houseblock")).kind) == {"door", "window", "gate", "void", "corner", "roof-edge"}
    assert set(PORTAL_KINDS) >= {"hatch"}


def test_a_place_is_in_the_room_whose_floor_it_stands_on(hut):
    two = (Storey("G", 0.0, 3.0), Storey("1", 3.0, 3.0))
    site = hut(
        buildings=(Building("A", box(0, 0, 6, 4), two),),
        rooms=(Room("g", "A", 0, box(0, 0, 6, 4), "silence"), Room("u", "A", 1, box(0, 0, 6, 4), "silence")),
    )
    # Between two storeys the floor decides; what is fixed under the roof is in the room below it.
    places = np.array([[3, 2, 0.0], [3, 2, 2.9], [3, 2, 3.0], [3, 2, 6.0], [3, 2, 6.01], [9, 2, 1.0]])
    assert room_of_points(site, places).tolist() == [0, 0, 1, 1, -1, -1]
    as_device = [room_at(site, *place) for place in places.tolist()]
    as_reading = locate(
        site, tuple(Reading("EE/B20/LTE", *place, -90.0, dt.date(2026, 1, 1)) for place in places.tolist())
    )
    assert as_device == as_reading.room.tolist() == [0, 0, 1, 1, -1, -1]


def test_where_rooms_touch_the_first_in_the_sites_order_is_meant(hut):
    site = hut(rooms=(Room("w", "A", 0, box(0, 0, 3, 4), "silence"), Room("e", "A", 0, box(3, 0, 6, 4), "silence")))
    assert room_of_points(site, np.array([[3.0, 2.0, 1.5]])).tolist() == [0]


def test_joins_lead_both_ways(hut):
    graph = portal_graph(prepare_scene(hut()))
    into = np.repeat(np.arange(len(graph.portals)), np.diff(graph.into))
    pairs = set(zip(into.tolist(), graph.origin.tolist(), strict=True))
    assert pairs
    assert pairs == {(b, a) for a, b in pairs}


@pytest.mark.parametrize("rows", [1, 7])
def test_joins_are_the_same_however_many_rows_of_the_table_are_held_at_a_time(monkeypatch, rows):
    scene = prepare_scene(load_site("houseblock"))
    whole = portal_graph(scene)
    monkeypatch.setattr(portal_graphs, "PAIR_ROWS", rows)
    parts = portal_graph(scene)
    for name in ("into", "origin", "room_first", "room_portal"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_a_building_of_thousands_of_rooms_takes_no_table_of_all_pairs_of_them(hut):
    rooms = [Room(f"r{n}", "A", 0, box(0.1 + n / 1000, 1, 0.1005 + n / 1000, 3), "silence") for n in range(4000)]
    scene = prepare_scene(hut(rooms=tuple(rooms)))
    tracemalloc.start()
    graph = portal_graph(scene)
    most_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(graph.room_first) == 4001
    assert most_bytes < 4000**2


def test_more_portals_than_a_table_of_all_pairs_has_place_for_are_refused_by_name(hut, monkeypatch):
    scene = prepare_scene(hut())
    count = len(portal_graph(scene).portals)
    monkeypatch.setattr(portals_module, "MOST_PORTAL_PAIRS", count**2)
    portal_graph(scene)
    monkeypatch.setattr(portals_module, "MOST_PORTAL_PAIRS", count**2 - 1)
    told = rf"^openings\.geojson: building 'A' has {count} openings, .* \(limit {count - 1} in one building"
    with pytest.raises(OutOfRangeError, match=told):
        portal_graph(scene)


def test_window_and_door_of_one_room_are_joined(hut):
    graph = portal_graph(prepare_scene(hut()))
    window, door = graph.portals.ids.index("w1"), graph.portals.ids.index("d1")
    assert door in graph.origin[graph.into[window] : graph.into[window + 1]]


def test_two_windows_of_one_wall_are_not_joined(hut):
    more = Opening("w2", "south", "window", LineString([(4, 0), (5, 0)]), 1.0, 2.0, "glass_6", "open")
    graph = portal_graph(prepare_scene(hut(openings=(*hut().openings, more))))
    one, other = graph.portals.ids.index("w1"), graph.portals.ids.index("w2")
    assert other not in graph.origin[graph.into[one] : graph.into[one + 1]]


def test_a_room_is_reached_by_its_own_openings_and_a_place_outside_by_corners_and_roof_edges(hut):
    graph = portal_graph(prepare_scene(hut()))
    room, first, portal = graph.candidates(np.array([[3.0, 2.0, 1.5], [20.0, 2.0, 1.5]]))
    assert room.tolist() == [0, -1]
    assert {"w1", "d1"} <= {graph.portals.ids[index] for index in portal[first[0] : first[1]]}
    assert {graph.portals.kind[index] for index in portal[first[1] : first[2]]} <= {"corner", "roof-edge"}


def test_a_landing_guides_waves_and_a_prison_room_does_not():
    site = load_site("houseblock")
    graph = portal_graph(prepare_scene(site))
    guiding = {room.id for room, guides in zip(site.rooms, graph.corridor, strict=True) if guides}
    assert "A1-landing" in guiding
    assert all("landing" in name for name in guiding)


def test_legs_from_one_portal_are_guided_as_legs_each_from_its_own():
    site = load_site("houseblock")
    graph = portal_graph(prepare_scene(site))
    low_m, high_m = graph.portals.source_m.min(axis=0), graph.portals.source_m.max(axis=0)
    ends_m = np.random.default_rng(20).uniform(low_m, high_m, (400, 3))
    guided = 0
    for portal in range(0, len(graph.portals), 40):
        one_db = graph.guided_db(np.array([portal]), ends_m)
        assert one_db.tobytes() == graph.guided_db(np.full(len(ends_m), portal), ends_m).tobytes()
        guided += int((one_db > 0).sum())
    assert guided > 100


def test_guiding_follows_the_corridor_slope_from_two_metres_and_is_capped_where_its_table_ends():
    found = guided_gain_db(np.array([1.0, 2.0, 20.0, 160.0, 500.0]))
    np.testing.assert_allclose(found, [0, 0, 3.7, 3.7 * np.log10(80), 3.7 * np.log10(80)], atol=1e-9)


def test_a_site_without_buildings_has_no_portals(hut):
    bare = hut(buildings=(), walls=(), openings=(), slabs=(), rooms=())
    graph = portal_graph(prepare_scene(bare))
    assert len(graph.portals) == 0
    assert graph.candidates(np.array([[1.0, 2.0, 3.0]]))[2].size == 0


def test_a_void_too_narrow_for_any_ray_is_noted(hut):
    slit = [(1, 1), (1, 1.05), (5, 1.05), (5, 1)]
    site = hut(slabs=(Slab("floor", "A", Polygon(box(0, 0, 6, 4).exterior, [slit]), 3.0, "concrete_150"),))
    assert any("floor" in note and "left out" in note for note in portal_graph(prepare_scene(site)).notes)


def test_a_wall_between_two_rooms_has_one_portal_for_its_door(hut):
    inner = Wall("inner", "A", 0, LineString([(3, 0), (3, 4)]), "brick_215")
    hatch = Opening("h1", "inner", "hatch", LineString([(3, 1), (3, 1.5)]), 1.0, 1.4, "timber_door", "shut")
    site = hut(
        walls=(*hut().walls, inner),
        openings=(*hut().openings, hatch),
        rooms=(Room("w", "A", 0, box(0, 0, 3, 4), "silence"), Room("e", "A", 0, box(3, 0, 6, 4), "silence")),
    )
    found = portals(site)
    (index,) = of_kind(found, "hatch")
    assert sorted(found.rooms[index].tolist()) == [0, 1]
