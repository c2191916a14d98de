"""Openings find their wall, rooms are what walls enclose, storeys become a site: by hand on small plans."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Polygon, box

from quietwing.sites import SiteError
from quietwing.sites.importers.plan_mapping import PlanMapping
from quietwing.sites.importers.plan_openings import HEIGHTS_M, long_axis, placed
from quietwing.sites.importers.plan_parts import Marker, PlanRoom, PlanSlab, Report, StoreyPlan, Strip
from quietwing.sites.importers.plan_rooms import hull_of, rooms_between
from quietwing.sites.importers.plan_site import SiteFrame, check_size, site_of
from quietwing.sites.importers.plan_storey import Drawn, given_rooms, storey_of
from quietwing.sites.importers.wall_joints import Gap

pytestmark = pytest.mark.usefixtures("forked_readers")
SOUTH = Strip((0, 0), (6, 0), 0.3, "brick_330", "south")


def marker(west, south, east, north, kind="window", **more):
    return Marker("symbol", kind, box(west, south, east, north), "glass_double", **more)


def put(markers, strips=(SOUTH,), gaps=(), report=None):
    return placed(markers, list(strips), list(gaps), "G", report or Report(), dict(HEIGHTS_M), set())


def test_a_window_drawn_upon_a_wall_cuts_it_where_it_stands():
    walls, cuts = put([marker(2, -0.1, 3.2, 0.1)])
    assert walls == [SOUTH]
    (cut,) = cuts
    assert (cut.wall, cut.start, cut.end) == ("south", (2, 0), (3.2, 0))
    assert (cut.sill_m, cut.head_m) == HEIGHTS_M["window"]


def test_a_window_beyond_the_end_of_its_wall_is_cut_to_it():
    _, (cut,) = put([marker(5.5, -0.1, 6.7, 0.1)])
    assert (cut.start, cut.end) == ((5.5, 0), (6, 0))


def test_a_door_in_a_gap_makes_the_gap_a_stretch_of_the_wall():
    gap = Gap((2, 0), (2.9, 0), 0.3, "brick_330")
    strips = [Strip((0, 0), (2, 0), 0.3, "brick_330", "a"), Strip((2.9, 0), (6, 0), 0.3, "brick_330", "b")]
    walls, (cut,) = put([marker(2, 0, 2.9, 0.9, "door")], strips, [gap])
    assert (walls[2].start, walls[2].end, walls[2].construction) == ((2, 0), (2.9, 0), "brick_330")
    assert cut.wall == walls[2].id
    assert (cut.start, cut.end) == ((2, 0), (2.9, 0))


def test_a_leaf_takes_the_gap_of_its_own_width():
    """A leaf of 0.9 m between a gap of 0.9 m and one of 2 m round the corner."""
    gaps = [Gap((2, 0), (2.9, 0), 0.2, "a"), Gap((2, 0.1), (2, 2.1), 0.2, "b")]
    leaf = marker(2.0, 0.0, 2.9, 0.9, "door", width_m=0.9)
    walls, _ = put([leaf], [], gaps)
    assert [wall.construction for wall in walls] == ["a"]


def test_two_windows_of_one_gap_are_two_openings():
    gap = Gap((0, 0), (3, 0), 0.3, "brick_330")
    _, cuts = put([marker(0.2, -0.1, 1.2, 0.1), marker(1.7, -0.1, 2.8, 0.1)], [], [gap])
    assert [(cut.start[0], cut.end[0]) for cut in cuts] == [(0.2, 1.2), (1.7, 2.8)]


def test_a_window_upon_another_is_left_out_and_listed():
    report = Report()
    _, cuts = put([marker(2, -0.1, 3, 0.1), marker(2.05, -0.1, 2.95, 0.1)], report=report)
    assert len(cuts) == 1
    assert "lies upon another" in report.guesses[0].what


def test_windows_that_touch_are_parted_by_a_slit():
    _, cuts = put([marker(2, -0.1, 3, 0.1), marker(3, -0.1, 4, 0.1)])
    assert cuts[1].start[0] - cuts[0].end[0] == pytest.approx(0.05)


def test_a_door_beside_no_wall_is_listed_with_its_place():
    report = Report()
    _, cuts = put([marker(2, 3, 2.9, 3.9, "door")], report=report)
    assert cuts == []
    (guess,) = report.guesses
    assert (guess.x_m, guess.y_m) == (2.45, 3.45)
    assert "beside no wall" in guess.what


def test_what_is_longer_than_three_metres_is_no_door():
    report = Report()
    put([marker(0, -0.1, 5, 0.1, "door")], report=report)
    assert "so no door" in report.guesses[0].what


def test_glazing_away_from_any_wall_is_a_wall_of_glass():
    report = Report()
    walls, cuts = put([marker(0, 5, 4, 5.1, glazing=True)], report=report)
    assert cuts == []
    assert (walls[1].start, walls[1].end, walls[1].construction) == ((0, 5.05), (4, 5.05), "glass_double")
    assert "wall of glass" in report.guesses[0].what


@pytest.mark.parametrize("shape", [box(0, 0, 4, 0.2), Polygon([(0, 0), (4, 0), (4, 0.2), (0, 0.2)])])
def test_the_long_axis_of_a_symbol_is_its_middle(shape):
    strip = long_axis(Marker("m", "window", shape, "glass_6"))
    assert {strip.start, strip.end} == {(0, 0.1), (4, 0.1)}
    assert strip.thickness_m == pytest.approx(0.2)


def square_of_walls(side_m=5.0, thickness_m=0.2):
    corners = [(0, 0), (side_m, 0), (side_m, side_m), (0, side_m), (0, 0)]
    return [Strip(a, b, thickness_m, "brick_215", f"w{n}") for n, (a, b) in enumerate(itertools.pairwise(corners))]


def found_rooms(walls, closed=(), report=None):
    hull = hull_of([wall.area for wall in walls])
    return rooms_between(walls, (), closed, hull, "G", "silence", report or Report(), set())


def test_four_walls_enclose_a_room_up_to_their_faces():
    (room,) = found_rooms(square_of_walls())
    assert room.outline.area == pytest.approx(4.8**2, rel=1e-3)
    assert room.role == "silence"


def test_a_doorway_ends_a_room_only_where_it_is_closed():
    walls = [*square_of_walls(), Strip((2.5, 0), (2.5, 2), 0.1, "a", "x"), Strip((2.5, 3), (2.5, 5), 0.1, "a", "y")]
    assert len(found_rooms(walls)) == 1
    assert len(found_rooms(walls, [Strip((2.5, 2), (2.5, 3), 0.1, "a").area])) == 2


def test_shafts_and_cavities_are_no_rooms():
    walls = [*square_of_walls(), Strip((0, 0.5), (5, 0.5), 0.1, "a", "lining")]  # a cavity of 0.35 m
    assert [round(room.outline.area) for room in found_rooms(walls)] == [21]  # 4.8 × 4.35


def test_every_room_found_is_listed_with_its_place():
    report = Report()
    (room,) = found_rooms(square_of_walls(), report=report)
    (guess,) = report.guesses
    assert guess.feature == room.id
    assert room.outline.contains(box(guess.x_m, guess.y_m, guess.x_m, guess.y_m).centroid)


def test_the_outline_of_a_building_closes_doors_and_fills_courtyards():
    walls = square_of_walls(20)
    south = [Strip((0, 0), (8, 0), 0.2, "a"), Strip((11, 0), (20, 0), 0.2, "a")]  # an entrance of 3 m
    hull = hull_of([wall.area for wall in (*south, *walls[1:])])
    assert hull.area == pytest.approx(20.2**2, rel=0.01)


def test_two_houses_are_two_buildings_the_larger_first():
    walls = [
        *square_of_walls(10),
        *[
            Strip((a + 50, b), (c + 50, d), 0.2, "a", f"x{n}")
            for n, (a, b, c, d) in enumerate([(0, 0, 6, 0), (6, 0, 6, 6), (6, 6, 0, 6), (0, 6, 0, 0)])
        ],
    ]
    hull = hull_of([wall.area for wall in walls])
    rooms = rooms_between(walls, (), (), hull, "G", "silence", Report(), set())
    plan = StoreyPlan("G", 0.0, 3.0, tuple(walls), (), tuple(rooms), hull, "concrete_200", "foil_roof")
    site = site_of([plan], PlanMapping(), SiteFrame("two", "two.dxf"), Report())
    assert [building.id for building in site.buildings] == ["main", "main-2"]
    assert site.buildings[0].outline.area > site.buildings[1].outline.area
    assert {room.building for room in site.rooms} == {"main", "main-2"}
    assert {wall.building for wall in site.walls if wall.line.centroid.x > 40} == {"main-2"}
    assert sorted(slab.kind for slab in site.slabs) == ["floor", "floor", "roof", "roof"]


def plan_of(side_m=10.0, **more):
    walls = square_of_walls(side_m)
    hull = hull_of([wall.area for wall in walls])
    rooms = rooms_between(walls, (), (), hull, "G", "silence", Report(), set())
    values = {
        "name": "G",
        "floor_m": 0.0,
        "height_m": 3.0,
        "walls": tuple(walls),
        "rooms": tuple(rooms),
        "outline": hull,
    }
    return StoreyPlan(cuts=(), floor="concrete_200", roof="foil_roof", **(values | more))


def test_a_roof_lies_where_no_storey_stands_above():
    """10 × 10 m below 5 × 5 m: 75 m² of roof on the lower one, give or take 30 cm along the edge of the upper."""
    upper = plan_of(5.0, name="1", floor_m=3.0)
    site = site_of([plan_of(10.0), upper], PlanMapping(), SiteFrame("s", "s.dxf"), Report())
    roofs = {slab.level_m: slab.outline.area for slab in site.slabs if slab.kind == "roof"}
    assert roofs[3.0] == pytest.approx(10.2**2 - 5.2**2, rel=0.05)
    assert roofs[6.0] == pytest.approx(5.2**2, rel=0.01)
    assert [storey.floor_m for storey in site.buildings[0].storeys] == [0, 3]


def test_voids_are_holes_of_the_floor():
    site = site_of([plan_of(voids=(box(3, 3, 5, 5),))], PlanMapping(), SiteFrame("s", "s.dxf"), Report())
    floor = next(slab for slab in site.slabs if slab.kind == "floor")
    assert len(floor.outline.interiors) == 1
    assert floor.outline.area == pytest.approx(10.2**2 - 4, rel=1e-3)


def test_modelled_slabs_stand_for_the_assumed_ones_and_those_beside_the_building_are_left_out():
    terrace, floor = box(60, 60, 70, 70), box(0, 0, 10, 10)
    slabs = tuple(
        PlanSlab(name, shape, -0.1, "concrete_200", "floor") for name, shape in (("t", terrace), ("f", floor))
    )
    report = Report()
    site = site_of([plan_of(slabs=slabs)], PlanMapping(), SiteFrame("s", "s.ifc"), report)
    assert [(slab.id, slab.level_m) for slab in site.slabs] == [("f", -0.1)]
    assert any(guess.feature == "t" and "beside the building" in guess.what for guess in report.guesses)


def test_the_perimeter_is_a_rectangle_round_the_building():
    site = site_of([plan_of()], PlanMapping(fence_m=25), SiteFrame("s", "s.dxf"), Report())
    west, south, east, north = site.perimeter.outline.bounds
    assert (east - west, north - south) == pytest.approx((60.2, 60.2))


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (plan_of(walls=()), "no wall was found"),
        (plan_of(rooms=()), "no room was found"),
        (plan_of(outline=MultiPolygon()), "no building"),
    ],
)
def test_a_plan_without_walls_rooms_or_outline_is_no_site(plan, said):
    with pytest.raises(SiteError, match=said):
        site_of([plan], PlanMapping(), SiteFrame("s", "plan.dxf"), Report())


@pytest.mark.parametrize(
    ("side", "unit", "fix"),
    [
        (5_000, "m", "give --unit mm"),
        (50_000, "m", "give --unit mm"),
        (0.05, "m", "map only"),
        (50, "m", None),
        (30, "mm", "give --unit m"),
    ],
)
def test_a_plan_has_the_size_of_a_building_or_the_unit_that_gives_it_one(side, unit, fix):
    units = {"mm": 1e-3, "cm": 1e-2, "m": 1.0}
    area = box(0, 0, side * units[unit], 0.01)
    if fix is None:
        check_size([area], unit, units, "plan.dxf")
        return
    with pytest.raises(SiteError, match=fix):
        check_size([area], unit, units, "plan.dxf")


def test_rooms_that_overlap_are_cut_back_the_larger_by_the_smaller():
    report = Report()
    hall, cell = PlanRoom("hall", box(0, 0, 10, 10), "silence"), PlanRoom("cell", box(0, 0, 2, 3), "silence")
    found = {
        room.id: room.outline.area
        for room in given_rooms([hall, cell], MultiPolygon([box(0, 0, 10, 10)]), "G", report)
    }
    assert found["cell"] == 6
    assert found["hall"] == pytest.approx(94, abs=0.02)
    assert [guess.feature for guess in report.guesses] == ["hall"]


def test_rooms_outside_the_building_are_left_out():
    report = Report()
    shed = PlanRoom("shed", box(50, 0, 54, 4), "silence")
    assert given_rooms([shed], MultiPolygon([box(0, 0, 10, 10)]), "G", report) == []
    assert "left out" in report.guesses[0].what


def test_a_door_drawn_filled_is_a_stretch_of_the_wall_beside_it():
    drawn = Drawn("G")
    drawn.solids = [
        (box(0, 0, 2, 0.2), "brick_215"),
        (box(2.9, 0, 6, 0.2), "brick_215"),
        (box(0, 0.2, 0.2, 4), "brick_215"),
    ]
    drawn.solids += [(box(0, 4, 6, 4.2), "brick_215"), (box(5.8, 0.2, 6, 4), "brick_215")]
    drawn.markers = [Marker("door 7", "door", box(2, 0.05, 2.9, 0.15), "steel_cell_door", filled=True)]
    plan = storey_of(drawn, 0.0, 3.0, PlanMapping(), Report())
    (cut,) = plan.cuts
    host = next(wall for wall in plan.walls if wall.id == cut.wall)
    assert host.construction == "brick_215"
    assert cut.construction == "steel_cell_door"
    assert sorted([cut.start, cut.end]) == [(2, 0.1), (2.9, 0.1)]
    (room,) = plan.rooms
    assert room.outline.area == pytest.approx(5.6 * 3.8, rel=0.01)


def test_counts_tell_what_was_drawn_and_what_became_of_it():
    drawn = Drawn("G")
    drawn.solids = [(wall.area, "brick_215") for wall in square_of_walls()]
    drawn.markers = [marker(50, 50, 51, 50.1)]
    report = Report()
    storey_of(drawn, 0.0, 3.0, PlanMapping(), report)
    (told,) = report.counts["storeys"]
    assert (told["wall_polygons"], told["drawn_windows"], told["windows"], told["rooms"]) == (4, 1, 0, 1)


def test_the_extent_of_a_plan_is_that_of_its_walls_and_of_its_rooms_where_it_has_none():
    drawn = Drawn("G", rooms=[PlanRoom("r", box(0, 0, 3, 3), "silence")])
    assert [shape.area for shape in drawn.extent] == [9]
    drawn.faces = [(np.array([[(0, 0), (7, 0)]], dtype=float), "a")]
    assert drawn.extent[0].length == 7


THIN = {"glazing": False, "hint": True}
OPEN = Gap((2, 0), (3.2, 0), 0.3, "brick_330")


@pytest.mark.parametrize(
    ("pane", "is_window"),
    [
        ((2, 0.03, 3.2, 0.05), True),
        ((2, 0.14, 3.2, 0.16), True),  # at the face of the wall
        ((2, 0.4, 3.2, 0.42), False),  # beside it: a radiator or a bench
        ((2.5, 0.03, 2.9, 0.05), False),  # a third of the gap
        ((0, 0.03, 6, 0.05), False),  # a line far beyond both sides: a dimension
        ((2.6, -0.6, 2.62, 0.6), False),  # across
    ],
)
def test_a_thin_line_is_a_pane_where_it_runs_from_side_to_side_of_a_gap(pane, is_window):
    report = Report()
    walls, cuts = put([marker(*pane, **THIN)], (), [OPEN], report)
    assert len(cuts) == len(walls) == is_window
    assert len(report.guesses) == is_window  # lines that are none are not listed: there are thousands
    if is_window:
        assert (cuts[0].kind, cuts[0].start, cuts[0].end) == ("window", (2, 0), (3.2, 0))


def test_two_lines_of_one_pane_are_one_window():
    panes = [marker(2, y, 3.2, y + 0.02, **THIN) for y in (-0.05, 0.05)]
    assert len(put(panes, (), [OPEN])[1]) == 1


def test_a_leaf_in_a_gap_stands_above_the_line_of_its_threshold():
    leaf = Marker("leaf", "door", box(2, 0, 3.2, 1.2), "timber_door", 1.2)
    (cut,) = put([marker(2, 0.03, 3.2, 0.05, **THIN), leaf], (), [OPEN])[1]
    assert cut.kind == "door"


def test_thin_lines_turn_no_pier():
    drawn = Drawn("G")
    drawn.solids = [(box(0, 0, 0.6, 0.7), "brick_457"), *((wall.area, "brick_215") for wall in square_of_walls(12))]
    drawn.markers = [marker(-1.2, 0.3, -0.1, 0.32, **THIN), marker(0.7, 0.3, 1.8, 0.32, **THIN)]
    report = Report()
    plan = storey_of(drawn, 0.0, 3.0, PlanMapping(), report)
    assert report.counts["storeys"][0]["drawn_windows"] == 0
    assert plan.cuts == ()
