"""From a drawing to flat pieces: nothing lost, nothing doubled."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import LineString, Polygon, box

from quietwing.sites.geometry import facets
from quietwing.sites.model import Building, Opening, Room, Site, Slab, Storey, Wall
from quietwing.sites.openings import opening_places
from quietwing.sites.trial_point_sets import map_grid, trial_points


def area_m2(corner_m: np.ndarray) -> float:
    """Area of one flat quad."""
    return float(np.linalg.norm(np.cross(corner_m[2] - corner_m[0], corner_m[3] - corner_m[1])) / 2)


def areas_by_feature(site: Site) -> dict[str, float]:
    found = facets(site)
    areas: dict[str, float] = {}
    for corner_m, feature in zip(found.corner_m, found.feature, strict=True):
        name = found.feature_ids[feature]
        areas[name] = areas.get(name, 0.0) + area_m2(corner_m)
    return areas


def test_a_wall_keeps_its_area_less_its_openings(hut):
    areas = areas_by_feature(hut())
    assert areas["south"] == pytest.approx(6 * 3 - 1 * 1)
    assert areas["north"] == pytest.approx(6 * 3 - 1 * 2)
    assert areas["east"] == pytest.approx(4 * 3)
    assert areas["w1"] == pytest.approx(1)
    assert areas["d1"] == pytest.approx(2)


def test_an_open_window_without_grille_is_nothing_to_cross(hut):
    """A window stands among the pieces all the same, made of nothing, so that a mesh moves none of them."""
    bare = Opening("w1", "south", "window", LineString([(2, 0), (3, 0)]), 1.0, 2.0, "glass_6", "open")
    door = Opening("d1", "north", "door", LineString([(3, 4), (4, 4)]), 0.0, 2.0, "glass_6", "open")
    site = hut(openings=(bare, door))
    found, areas = facets(site), areas_by_feature(site)
    passed = {found.feature_ids[of]: found.surfaces[at] for of, at in zip(found.feature, found.surface, strict=True)}
    assert (passed["w1"], areas["w1"]) == ((), pytest.approx(1))
    assert "d1" not in areas
    assert all(names for feature, names in passed.items() if feature != "w1")
    assert areas["south"] == pytest.approx(17)


@pytest.mark.parametrize(
    ("kind", "state", "passed"),
    [
        ("window", "open", ("bars",)),
        ("window", "shut", ("bars",)),  # a prisoner opens what is only shut
        ("window", "sealed", ("bars", "glass_6")),
        ("hatch", "shut", ("bars",)),
        ("door", "open", ("bars",)),
        ("door", "shut", ("bars", "glass_6")),
        ("gate", "shut", ("bars", "glass_6")),
    ],
)
def test_windows_count_as_open_unless_sealed(kind, state, passed):
    opening = Opening("o", "south", kind, LineString([(2, 0), (3, 0)]), 1.0, 2.0, "glass_6", state, "bars")
    assert opening.passed_constructions == passed


def test_stacked_and_neighbouring_openings_leave_no_gap_and_no_overlap(hut):
    openings = (
        Opening("hatch", "south", "hatch", LineString([(2.5, 0), (3.5, 0)]), 2.0, 2.5, "glass_6", "sealed"),
        Opening("w1", "south", "window", LineString([(2, 0), (3, 0)]), 0.5, 2.0, "glass_6", "sealed"),
        Opening("w2", "south", "window", LineString([(3, 0), (4, 0)]), 0.5, 1.5, "glass_6", "sealed"),
    )
    areas = areas_by_feature(hut(openings=openings))
    assert areas["hatch"] == pytest.approx(0.5)
    assert areas["w1"] == pytest.approx(1.5)
    assert areas["w2"] == pytest.approx(1.0)
    assert areas["south"] == pytest.approx(18 - 3)


@given(angle_deg=st.floats(0, 360), notch=st.floats(0.5, 3.0), void=st.floats(0.2, 1.5))
def test_slab_pieces_cover_the_slab_once_and_leave_its_voids(hut, angle_deg, notch, void):
    outline = Polygon(
        [(0, 0), (10, 0), (10, 4), (10 - notch, 4), (10 - notch, 7), (0, 7)],
        [[(2, 2), (2 + void, 2), (2 + void, 2 + void), (2, 2 + void)]],
    )
    outline = affinity.rotate(outline, angle_deg, origin=(0, 0))
    found = facets(hut(walls=(), openings=(), slabs=(Slab("s", "A", outline, 2.0, "concrete_200"),)))
    pieces = [Polygon(corner_m[:, :2]) for corner_m in found.corner_m]
    assert sum(piece.area for piece in pieces) == pytest.approx(outline.area)
    assert shapely.union_all(pieces).symmetric_difference(outline).area == pytest.approx(0, abs=1e-6)
    assert found.is_slab.all()


def test_pieces_that_touch_name_the_same_supporting_line_bit_for_bit(hut):
    found = facets(hut())
    south = [k for k in range(len(found)) if found.feature_ids[found.feature[k]] in ("south", "w1")]
    uprights = [edge.tobytes() for k in south for edge in found.edge_m[k] if edge[0, 2] != edge[1, 2]]
    # Four upright lines (ends of the wall, ends of the window) and nothing nearly equal to them.
    assert len(set(uprights)) == 4
    for k in range(len(found)):
        for edge in found.edge_m[k]:
            assert tuple(edge[0]) < tuple(edge[1])


def test_every_corner_lies_on_its_two_supporting_lines(hut):
    found = facets(hut())
    for corner_m, edge_m in zip(found.corner_m, found.edge_m, strict=True):
        for k in range(4):
            a, b = edge_m[k]
            for corner in (corner_m[k], corner_m[(k + 1) % 4]):
                assert np.linalg.norm(np.cross(corner - a, b - a)) == pytest.approx(0, abs=1e-9)


def test_an_outer_window_joins_its_room_and_the_open(hut):
    window, door = opening_places(hut())
    assert window.outer
    assert set(window.rooms) == {0, -1}
    assert window.centre_m == (2.5, 0.0, 1.5)
    assert window.beside_m(0, 0.1) == pytest.approx((2.5, 0.1, 1.5))
    assert window.beside_m(0, -0.3) == pytest.approx((2.5, -0.3, 1.5))
    assert door.outer


def test_a_door_between_two_rooms_is_not_outer(hut):
    rooms = (
        Room("A-01", "A", 0, box(0, 0, 6, 2), "silence"),
        Room("A-02", "A", 0, box(0, 2, 6, 4), "silence"),
    )
    middle = Wall("middle", "A", 0, LineString([(0, 2), (6, 2)]), "stud_partition")
    door = Opening("d2", "middle", "door", LineString([(1, 2), (2, 2)]), 0.0, 2.0, "timber_door", "shut")
    site = hut(rooms=rooms, walls=(*hut().walls, middle), openings=(*hut().openings, door))
    place = opening_places(site)[2]
    assert not place.outer
    assert set(place.rooms) == {0, 1}


def test_trial_points_stand_where_design_says(hut):
    points = trial_points(hut())
    found = {
        kind: [tuple(xyz) for k, xyz in enumerate(points.xyz_m) if points.kind[k] == kind] for kind in points.kind
    }
    assert found["centre"] == [(3, 2, 0.3), (3, 2, 1.5), (3, 2, 2.2)]
    assert found["bunk"] == [(2.75, 1.0, 0.5)]  # half-way between centre (3, 2) and window (2.5, 0)
    assert found["door"] == [(4.5, 3.5, 1.5)]
    assert np.allclose(found["window"], [(2.5, 0.1, 1.5)])
    assert np.allclose(found["window-out"], [(2.5, -0.3, 1.5)])  # a hand holds a phone out between bars


@pytest.mark.parametrize(
    ("state", "grille"), [("sealed", "open"), ("open", "mesh_12"), ("open", "anti_line_mesh_25")]
)
def test_no_phone_is_held_out_of_a_sealed_window_or_through_mesh(hut, state, grille):
    window = Opening("w1", "south", "window", LineString([(2, 0), (3, 0)]), 1.0, 2.0, "glass_6", state, grille)
    assert "window-out" not in trial_points(hut(openings=(window,))).kind


def test_ignored_rooms_have_no_points_and_large_rooms_have_more(hut):
    ignored = Room("A-01", "A", 0, box(0, 0, 6, 4), "ignore")
    assert len(trial_points(hut(rooms=(ignored,)))) == 0
    yard = Room("Y1", None, 0, box(10, 0, 30, 12), "silence")
    points = trial_points(hut(rooms=(*hut().rooms, yard)))
    spread = [k for k in range(len(points)) if points.kind[k] == "spread"]
    assert len(spread) == 4 * 3  # 20 × 12 m at 5 m
    assert all(points.room[k] == 1 and points.building[k] == -1 for k in spread)


@given(angle_deg=st.floats(0, 180), grid_m=st.sampled_from([0.25, 0.5, 1.0]))
def test_the_map_grid_covers_each_room_whatever_way_the_building_points(hut, angle_deg, grid_m):
    def turned(shape):
        return affinity.rotate(shape, angle_deg, origin=(0, 0))

    site = hut(
        buildings=(Building("A", turned(box(0, 0, 6, 4)), (Storey("Ground", 0.0, 3.0),)),),
        rooms=(Room("A-01", "A", 0, turned(box(0, 0, 6, 4)), "silence"),),
    )
    grid = map_grid(site, grid_m)
    covered_m2 = np.count_nonzero(grid.room == 0) * grid_m**2
    assert covered_m2 == pytest.approx(24, abs=0.02 * 24 + 1e-6)
    patch = grid.patches[0]
    assert patch.count_i * patch.count_j == len(grid)
    last = np.array(patch.origin_m) + (patch.count_i - 1) * np.array(patch.step_i_m)
    assert np.array_equal(grid.xyz_m[patch.count_i - 1], last)
