"""What lines enclose is a wall, a shaft or a room: leaves and cavities by hand, turned, moved and in any order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from quietwing.sites.importers.plan_parts import Strip
from quietwing.sites.importers.plan_storey import _once
from quietwing.sites.importers.wall_bodies import bodies_of_faces
from quietwing.sites.importers.wall_strips import piers_in_line, strips_of_solid

# Two rooms of 4 × 4 m within walls of 36 cm, and a wall of 11.5 cm between them: 8.115 × 4 m inside.
OUTER, LEFT, RIGHT = (-0.36, -0.36, 8.475, 4.36), (0, 0, 4, 4), (4.115, 0, 8.115, 4)


def edges(*areas) -> np.ndarray:
    """The sides of rectangles as lines, each drawn once."""
    found = []
    for area in areas:
        ring = shapely.get_coordinates(box(*area)).tolist()
        found += [sorted(pair) for pair in itertools.pairwise(ring)]
    return np.unique(np.array(found), axis=0)


def thicknesses(lines) -> list[float]:
    bodies, _ = bodies_of_faces(lines)
    strips = [strip for body in bodies for strip in strips_of_solid(body, "open")]
    return sorted(strip.thickness_m for strip in strips if strip.length_m > strip.thickness_m)


def area_of(lines) -> float:
    return sum(body.area for body in bodies_of_faces(lines)[0])


# --- What is a wall.


@pytest.mark.parametrize(("thick_m", "walls"), [(0.01, 0), (0.03, 1), (0.36, 1), (0.74, 1), (0.8, 0), (3.0, 0)])
def test_a_rectangle_is_a_wall_where_it_is_as_thin_as_one(thick_m, walls):
    lines = edges((0, 0, 5, thick_m))
    bodies, left = bodies_of_faces(lines)
    assert (len(bodies), len(left)) == (walls, 0 if walls else 4)
    assert sum(body.area for body in bodies) == pytest.approx(walls * 5 * thick_m)


def test_walls_round_two_rooms_are_one_body_with_two_holes_and_no_line_is_left():
    bodies, left = bodies_of_faces(edges(OUTER, LEFT, RIGHT))
    (body,) = bodies
    # 8.835 × 4.72 m within the outer faces, less two rooms of 16 m².
    assert body.area == pytest.approx(8.835 * 4.72 - 32)
    assert [Polygon(hole).area for hole in body.interiors] == pytest.approx([16, 16])
    assert not len(left)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_lines_than_close_are_left_as_they_are(count):
    lines = edges((0, 0, 5, 0.3))[:count]
    bodies, left = bodies_of_faces(lines)
    assert not bodies
    assert left.tolist() == lines.tolist()


def test_faces_open_at_one_end_enclose_nothing():
    lines = np.array([[(0, 0), (5, 0)], [(0, 0.3), (5, 0.3)], [(0, 0), (0, 0.3)]], dtype=float)
    bodies, left = bodies_of_faces(lines)
    assert not bodies
    assert left.tolist() == lines.tolist()


def test_a_gap_of_a_millimetre_is_open_and_one_below_the_grid_is_shut():
    for gap_m, walls in ((1e-3, 0), (2e-5, 1)):
        lines = np.array(
            [[(0, 0), (5, 0)], [(5, 0), (5, 0.3)], [(5, 0.3), (0, 0.3)], [(0, 0.3), (0, gap_m)]], dtype=float
        )
        assert len(bodies_of_faces(lines)[0]) == walls


def test_a_line_that_leads_away_from_a_wall_is_left_and_one_within_it_is_not():
    leads, within = [(5, 0.15), (9, 0.15)], [(1, 0.15), (4, 0.15)]
    lines = np.concatenate([edges((0, 0, 5, 0.3)), np.array([leads, within], dtype=float)])
    bodies, left = bodies_of_faces(lines)
    assert left.tolist() == [[list(end) for end in leads]]
    (body,) = bodies
    assert len(body.exterior.coords) == 5  # the end of the line that leads away is no corner of the wall


def test_two_walls_apart_are_two_bodies():
    assert len(bodies_of_faces(edges((0, 0, 5, 0.3), (0, 2, 5, 2.3)))[0]) == 2


# --- Leaves, cavities and shafts.


@pytest.mark.parametrize("leaves_m", [(0.1,), (0.1, 0.06, 0.1), (0.015, 0.1, 0.05, 0.14), (0.115, 0.19, 0.115)])
def test_leaves_and_cavity_are_one_wall_as_thick_as_all(leaves_m):
    edge = 0.0
    areas = []
    for leaf_m in leaves_m:
        areas.append((0, edge, 6, edge + leaf_m))
        edge += leaf_m
    (found,) = thicknesses(edges(*areas))
    # A layer of plaster below 2 cm is no wall of its own.
    assert found == pytest.approx(sum(leaf_m for leaf_m in leaves_m if leaf_m >= 0.02), abs=1e-3)


@pytest.mark.parametrize(
    ("between_m", "wall"), [(0.12, True), (0.19, True), (0.21, False), (0.4, False), (0.7, False)]
)
def test_what_lies_between_two_walls_is_a_cavity_up_to_20_cm_and_a_shaft_beyond(between_m, wall):
    thick_m = 0.1
    lines = edges(
        (0, 0, 3, thick_m), (0, thick_m, 3, thick_m + between_m), (0, thick_m + between_m, 3, 2 * thick_m + between_m)
    )
    assert area_of(lines) == pytest.approx(3 * (2 * thick_m + (between_m if wall else 0)))


def test_a_wide_wall_with_one_wall_at_its_head_stays_a_wall():
    """Only a space that walls surround is a shaft: 0.5 of 7 m of edge lie along the thinner one."""
    lines = edges((0, 0, 3, 0.5), (3, 0, 3.1, 0.5))
    assert area_of(lines) == pytest.approx(3.1 * 0.5)


# --- Turned, moved, in another order.


@settings(max_examples=40, deadline=None)
@given(angle=st.floats(0, 2 * np.pi), x=st.floats(-5e3, 5e3), y=st.floats(-5e3, 5e3))
def test_turning_and_moving_a_plan_changes_no_thickness(angle, x, y):
    plain = edges(OUTER, LEFT, RIGHT)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    there = thicknesses(plain @ turn + np.array([x, y]))
    assert there == pytest.approx(thicknesses(plain), abs=1e-3)
    # The wall between, two outer ones, and those along both rooms in two pieces each.
    assert there == pytest.approx([0.115, *[0.36] * 6], abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_neither_order_nor_direction_of_the_lines_changes_what_they_enclose(data):
    plain = edges(OUTER, LEFT, RIGHT, (20, 0, 25, 0.3), (20, 0.3, 25, 0.7), (20, 0.7, 25, 0.9))
    plain = np.concatenate([plain, np.array([[(30.0, 0.0), (33.0, 0.0)]])])
    order = data.draw(st.permutations(range(len(plain))))
    turned = data.draw(st.lists(st.booleans(), min_size=len(plain), max_size=len(plain)))
    other = np.array([plain[at][::-1] if back else plain[at] for at, back in zip(order, turned, strict=True)])
    bodies, left = bodies_of_faces(plain)
    there, left_there = bodies_of_faces(other)
    assert shapely.union_all(bodies).symmetric_difference(shapely.union_all(there)).area < 1e-6
    ends, ends_there = ({frozenset(map(tuple, line)) for line in one.tolist()} for one in (left, left_there))
    assert ends == ends_there
    assert len(left) == 3  # both ends of the shaft of 40 cm, and the line by itself


# --- Piers, which have no direction of their own.


def wall(start, end, thickness_m) -> Strip:
    return Strip(start, end, thickness_m, "open")


def test_a_pier_lies_along_the_wall_it_goes_on_from():
    """A pier of 30 × 36 cm, read along its longer side, beyond a window of 1 m in a wall of 36 cm."""
    long = wall((0, 0), (4, 0), 0.36)
    pier = wall((5.15, -0.18), (5.15, 0.18), 0.3)
    _, laid = piers_in_line([long, pier])
    assert sorted([laid.start, laid.end]) == [pytest.approx((5, 0)), pytest.approx((5.3, 0))]
    assert laid.thickness_m == pytest.approx(0.36)
    assert laid.area.symmetric_difference(pier.area).area < 1e-9


@pytest.mark.parametrize(
    "pier",
    [
        wall((5, 0), (5.3, 0), 0.36),  # lies along it already
        wall((7.2, -0.18), (7.2, 0.18), 0.3),  # 3.05 m from its end
        wall((5.15, -0.08), (5.15, 0.28), 0.3),  # 10 cm aside
        wall((5.15, -0.15), (5.15, 0.15), 0.3),  # 30 cm thick, not 36
        wall((5.15, -0.18), (5.15, 0.18), 0.15),  # more than twice as long as thick: it has a direction
    ],
)
def test_a_piece_that_is_no_pier_of_this_wall_stays_as_it_is(pier):
    strips = [wall((0, 0), (4, 0), 0.36), pier]
    assert piers_in_line(strips) == strips


def test_a_pier_between_two_walls_stays_with_the_one_it_runs_along():
    along, across = wall((0, 0), (4, 0), 0.36), wall((5.15, 1), (5.15, 4), 0.3)
    pier = wall((5.15, -0.18), (5.15, 0.18), 0.3)
    assert piers_in_line([along, across, pier])[2] == pier


def test_piers_alone_and_no_walls_stay_as_they_are():
    assert piers_in_line([]) == []
    pier = wall((0, 0), (0, 0.3), 0.3)
    assert piers_in_line([pier]) == [pier]


# --- A hatch and its outline.


def kept(*areas) -> list[str]:
    return [made for _, made in _once([(box(*area), str(number)) for number, area in enumerate(areas)])]


@pytest.mark.parametrize(
    ("areas", "left"),
    [
        ([], []),
        ([(0, 0, 5, 0.3)], ["0"]),
        ([(0, 0, 5, 0.3), (1, 0, 2, 0.3)], ["0"]),  # within, flush with both faces
        ([(1, 0, 2, 0.3), (0, 0, 5, 0.3)], ["1"]),  # whichever comes first
        ([(0, 0, 5, 0.3), (0, 0, 5, 0.3)], ["0"]),  # drawn twice: the first
        ([(0, 0, 5, 0.3), (1, -0.004, 2, 0.304)], ["0"]),  # 4 mm out is flush
        ([(0, 0, 5, 0.3), (1, -0.006, 2, 0.3)], ["0", "1"]),  # 6 mm is not
        ([(0, 0, 5, 0.3), (4, 0, 6, 0.3)], ["0", "1"]),  # overlap, neither within the other
        ([(0, 0, 5, 0.3), (0, 1, 5, 1.3)], ["0", "1"]),
        ([(0, 0, 5, 0.3), (1, 0, 4, 0.3), (2, 0, 3, 0.3)], ["0"]),  # three deep
    ],
)
def test_of_filled_outlines_within_each_other_the_largest_is_the_wall(areas, left):
    assert kept(*areas) == left


def test_a_wall_in_the_hole_of_a_ring_is_not_within_it():
    ring = box(0, 0, 6, 6).difference(box(0.3, 0.3, 5.7, 5.7))
    pier = box(3, 3, 3.3, 3.3)
    assert len(_once([(ring, "ring"), (pier, "pier")])) == 2
