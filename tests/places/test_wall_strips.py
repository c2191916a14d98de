"""Faces of walls become mid-lines with a thickness: by hand, and turned to any angle."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate, translate
from shapely.geometry import LineString, Polygon, box

from quietwing.sites.importers.plan_parts import Strip, name_of, parts_of, unique_name
from quietwing.sites.importers.wall_strips import (
    is_solid,
    single_lines,
    strips_of_faces,
    strips_of_solid,
    without_overlaps,
)

ANGLES = st.floats(0, 360)
SHIFTS = st.floats(-1e5, 1e5)


def ends_of(*lines):
    return np.array(lines, dtype=float)


def lengths(strips):
    return sorted(strip.length_m for strip in strips)


def test_a_rectangle_is_one_wall_along_its_longer_side():
    (strip,) = strips_of_solid(box(0, 0, 5, 0.3), "brick_330")
    assert {strip.start, strip.end} == {(0, 0.15), (5, 0.15)}
    assert strip.thickness_m == pytest.approx(0.3)


@settings(max_examples=50, deadline=None)
@given(angle=ANGLES, x=SHIFTS, y=SHIFTS)
def test_a_turned_and_moved_rectangle_is_the_same_wall(angle, x, y):
    plain = box(0, 0, 4, 0.2)
    (strip,) = strips_of_solid(translate(rotate(plain, angle, origin=(0, 0)), x, y), "open")
    assert strip.length_m == pytest.approx(4, abs=1e-3)
    assert strip.thickness_m == pytest.approx(0.2, abs=1e-3)
    middle = translate(rotate(LineString([(0, 0.1), (4, 0.1)]), angle, origin=(0, 0)), x, y)
    assert shapely.hausdorff_distance(strip.line, middle) < 1e-3


def test_a_pier_runs_towards_the_windows_beside_it():
    pier = box(0, 0, 0.6, 0.7)
    alone = strips_of_solid(pier, "open")[0]
    assert alone.unit == pytest.approx((0, 1)) or alone.unit == pytest.approx((0, -1))  # its longer side
    beside = [box(-1.2, 0.3, -0.1, 0.4), box(0.7, 0.3, 1.8, 0.4)]
    between = strips_of_solid(pier, "open", beside)[0]
    assert abs(between.unit[0]) == pytest.approx(1)
    assert between.thickness_m == pytest.approx(0.7)


def test_an_angle_of_two_walls_is_two_mid_lines_that_cover_it():
    corner = Polygon([(0, 0), (4, 0), (4, 0.2), (0.2, 0.2), (0.2, 3), (0, 3)])
    strips = strips_of_solid(corner, "open")
    assert len(strips) == 2
    # By hand: faces facing each other are 3.8 m and 2.8 m long; the corner itself is nobody's.
    assert lengths(strips) == pytest.approx([2.8, 3.8])
    assert {round(strip.thickness_m, 3) for strip in strips} == {0.2}


def test_a_ring_of_walls_has_four_mid_lines():
    ring = box(0, 0, 6, 5).difference(box(0.3, 0.3, 5.7, 4.7))
    strips = strips_of_solid(ring, "open")
    assert lengths(strips) == pytest.approx([4.4, 4.4, 5.4, 5.4])
    assert all(strip.thickness_m == pytest.approx(0.3) for strip in strips)


def test_a_wall_with_wider_heads_is_one_wall_as_long_as_its_heads_reach():
    """The party wall of the duplex: a shaft of 0.44 m between two heads of 0.55 m, 0.275 m each."""
    wall = shapely.union_all([box(0, 0, 0.55, 0.275), box(0.05, 0.2, 0.49, 2), box(0, 1.925, 0.55, 2.2)])
    (strip,) = strips_of_solid(wall, "open")
    assert strip.length_m == pytest.approx(2.2)
    assert strip.thickness_m == pytest.approx(0.44)


def test_a_mass_without_two_near_faces_has_its_outline_as_walls():
    core = Polygon([(0, 0), (4, 0), (4, 2), (2, 2), (2, 4), (0, 4)])
    strips = strips_of_solid(core, "open")
    assert sum(strip.length_m for strip in strips) == pytest.approx(core.length)


@pytest.mark.parametrize(
    ("outline", "solid"),
    [
        (box(0, 0, 5, 0.3), True),  # mean thickness 2·1.5/10.6 = 0.28 m
        (box(0, 0, 1.2, 1.2), True),  # a column: 0.6 m
        (box(0, 0, 2.4, 4.0), False),  # a cell: 1.5 m
        (box(0, 0, 30, 20), False),
    ],
)
def test_a_filled_outline_is_a_wall_up_to_a_mean_thickness_of_70_cm(outline, solid):
    assert is_solid(outline) is solid


def test_two_lines_beside_each_other_are_the_faces_of_one_wall():
    strips, left = strips_of_faces(ends_of([(0, 0), (5, 0)], [(0, 0.2), (5, 0.2)]), "open")
    assert [(strip.start, strip.end) for strip in strips] == [((0, 0.1), (5, 0.1))]
    assert strips[0].thickness_m == pytest.approx(0.2)
    assert left == []


def test_a_face_serves_once_so_three_lines_are_one_wall_and_a_line():
    """At 0, 0.1 and 0.5 m: the nearest two are the wall."""
    strips, left = strips_of_faces(ends_of([(0, 0), (5, 0)], [(0, 0.1), (5, 0.1)], [(0, 0.5), (5, 0.5)]), "open")
    assert [strip.thickness_m for strip in strips] == pytest.approx([0.1])
    assert [math.dist(*ends) for ends in left] == pytest.approx([5])


def test_where_a_face_goes_on_alone_the_rest_is_left():
    strips, left = strips_of_faces(ends_of([(0, 0), (6, 0)], [(1, 0.2), (4, 0.2)]), "open")
    assert lengths(strips) == pytest.approx([3])
    assert sorted(math.dist(*ends) for ends in left) == pytest.approx([1, 2])


def test_lines_drawn_twice_are_one_and_lines_far_apart_are_two():
    twice = ends_of([(0, 0), (5, 0)], [(5, 0), (0, 0)], [(0, 2), (5, 2)])
    strips, left = strips_of_faces(twice, "open")
    assert strips == []
    assert len(left) == 2


def test_a_detail_shorter_than_half_a_metre_is_no_wall():
    _, left = strips_of_faces(ends_of([(0, 0), (0.4, 0)], [(0, 3), (0.6, 3)]), "open")
    assert [math.dist(*ends) for ends in left] == pytest.approx([0.6])
    assert [strip.thickness_m for strip in single_lines(left, 0.1, "open")] == [0.1]


@settings(max_examples=30, deadline=None)
@given(angle=ANGLES)
def test_double_lines_at_any_angle_give_the_same_wall(angle):
    faces = [rotate(LineString([(0, y), (5, y)]), angle, origin=(0, 0)) for y in (0, 0.25)]
    strips, left = strips_of_faces(np.array([line.coords for line in faces]), "open")
    assert lengths(strips) == pytest.approx([5], abs=1e-3)
    assert strips[0].thickness_m == pytest.approx(0.25, abs=1e-3)
    assert left == []


def test_a_wall_drawn_again_upon_another_counts_once():
    one, other = Strip((0, 0), (5, 0), 0.3, "a"), Strip((3, 0.05), (8, 0.05), 0.3, "b")
    kept = without_overlaps([one, other])
    assert [strip.construction for strip in kept] == ["a", "b"]
    assert lengths(kept) == pytest.approx([3, 5])  # of the second the 3 m beyond the first


def test_walls_side_by_side_of_a_model_are_two():
    """Linings of 5 cm, 10 cm apart: a model means both, a drawing is thought to show one wall twice."""
    pair = [Strip((0, 0), (5, 0), 0.05, "a"), Strip((0, 0.08), (5, 0.08), 0.05, "b")]
    assert len(without_overlaps(pair, 0.021)) == 2
    assert len(without_overlaps(pair)) == 1


def test_walls_that_cross_both_stay_whole():
    cross = [Strip((-2, 0), (2, 0), 0.2, "a"), Strip((0, -2), (0, 2), 0.2, "b")]
    assert lengths(without_overlaps(cross)) == [4, 4]


def test_walls_one_above_the_other_both_stay():
    footing = Strip((0, 0), (5, 0), 0.4, "a", base_m=-1.0, top_m=0.0)
    wall = Strip((0, 0), (5, 0), 0.3, "b")
    assert len(without_overlaps([footing, wall], 0.021, (0.0, 3.0))) == 2
    deeper = Strip((0, 0), (5, 0), 0.4, "a", base_m=-1.0, top_m=0.5)
    assert len(without_overlaps([deeper, wall], 0.021, (0.0, 3.0))) == 1


def test_what_a_wall_covers_is_its_length_by_its_thickness():
    strip = Strip((1, 2), (4, 6), 0.3, "a")  # 3-4-5
    assert strip.length_m == 5
    assert strip.area.area == pytest.approx(1.5)
    assert strip.at(2.5) == pytest.approx((2.5, 4))
    assert strip.along((1, 7)) == pytest.approx((4, 3))  # 5 up from the start: 4 along, 3 to the left


def test_a_name_stays_with_its_line_whichever_way_it_is_drawn():
    one = name_of("wall", "G", (0, 0), (5, 0.001), set())
    assert one == name_of("wall", "G", (5, 0), (0, 0), set())
    assert one != name_of("wall", "G", (0, 0), (5, 0.1), set())
    taken: set[str] = set()
    assert [name_of("wall", "G", (0, 0), (5, 0), taken) for _ in range(2)] == [one, f"{one}-2"]


def test_names_that_differ_in_case_alone_are_told_apart():
    taken: set[str] = set()
    assert [unique_name(name, taken) for name in ("Cell", "cell", "CELL")] == ["Cell", "cell-2", "CELL-3"]


def test_the_polygons_of_any_geometry():
    several = shapely.GeometryCollection(
        [box(0, 0, 1, 1), LineString([(0, 0), (1, 1)]), shapely.multipolygons([box(2, 2, 3, 3)])]
    )
    assert [part.area for part in parts_of(several)] == [1, 1]
    assert parts_of(Polygon()) == []


def test_between_two_faces_with_holes_between_them_there_is_no_wall():
    """A lattice seen from above, say: its outer faces are 0.6 m apart, a quarter of what lies between is air."""
    diamonds = [Polygon([(x, 0.1), (x + 0.2, 0.3), (x, 0.5), (x - 0.2, 0.3)]) for x in np.arange(0.5, 5.0, 0.5)]
    lattice = box(0, 0, 5, 0.6) - shapely.union_all(diamonds)
    strips = strips_of_solid(lattice, "brick_215")
    assert strips
    assert max(strip.thickness_m for strip in strips) < 0.5
    (whole,) = strips_of_solid(box(0, 0, 5, 0.6), "brick_215")
    assert whole.thickness_m == pytest.approx(0.6)
