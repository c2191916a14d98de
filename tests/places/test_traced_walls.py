"""Rooms traced by an unsteady hand: 5 cm a pixel, two cells of 4 × 3 m and a corridor, by hand arithmetic."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapely.ops import unary_union

from quietwing.sites.errors import SiteError
from quietwing.sites.importers.traced_walls import (
    TraceChoices,
    TracedOpening,
    TracedRoom,
    cuts_of,
    outlines_of,
    walls_of,
)

SCALE_M, HIGH_PX = 0.05, 200
# Rows of pixels run downwards: y of 100 px lies 5 m up, 40 px 8 m up. Up to 4 px (0.2 m) beside the mark.
WEST = TracedRoom("west", "silence", ((0, 100), (80, 100), (80, 40), (0, 40)))
EAST = TracedRoom("east", "silence", ((82, 101), (160, 99), (161, 40), (80, 43)))
HALL = TracedRoom("hall", "ignore", ((0, 140), (160, 140), (160, 102), (1, 100)))
PLAIN = TraceChoices(windows_for_all=False, doors_for_all=False)


def traced(*rooms):
    outlines = outlines_of(rooms, SCALE_M, HIGH_PX)
    return outlines, walls_of(outlines, unary_union(list(outlines.values())))


def cuts(*openings, choices=PLAIN, rooms=(WEST, EAST, HALL)):
    outlines, walls = traced(*rooms)
    found = cuts_of(rooms, openings, outlines, walls, SCALE_M, HIGH_PX, choices)
    return {cut.name: (cut, walls[cut.wall]) for cut in found}


def test_corners_within_thirty_centimetres_are_put_in_line_and_y_points_up():
    outlines, _ = traced(WEST, EAST, HALL)
    assert outlines["west"].bounds[:3:2] == pytest.approx((0.0125, 4.033), abs=0.03)
    assert outlines["west"].area == pytest.approx(12, abs=0.4)
    assert outlines["west"].bounds[1] == outlines["east"].bounds[1] == outlines["hall"].bounds[3]
    assert outlines["hall"].bounds[1] == pytest.approx(3.0)  # (200 − 140) · 0.05
    for a, b in (("west", "east"), ("west", "hall"), ("east", "hall")):
        assert outlines[a].intersection(outlines[b]).area == 0


def test_a_hand_that_is_a_pixel_too_far_off_draws_two_walls():
    near = replace(EAST, corners_px=((86, 100), (160, 100), (160, 40), (86, 40)))  # 6 px are 0.30 m: still one wall
    far = replace(EAST, corners_px=((87, 100), (160, 100), (160, 40), (87, 40)))
    for room, gap_m in ((near, 0.0), (far, 0.35)):
        outlines, _ = traced(WEST, room)
        assert outlines["west"].distance(outlines["east"]) == pytest.approx(gap_m, abs=1e-9)


def test_every_wall_stands_once_and_is_outer_only_where_one_side_is_open():
    outlines, walls = traced(WEST, EAST, HALL)
    ground = unary_union(list(outlines.values()))
    outer = sum(wall.line.length for wall in walls if wall.outer)
    inner = sum(wall.line.length for wall in walls if not wall.outer)
    assert outer == pytest.approx(ground.exterior.length, abs=1e-6)
    assert outer + 2 * inner == pytest.approx(sum(one.exterior.length for one in outlines.values()), abs=1e-6)
    assert sum(wall.outer for wall in walls) == 4  # straight as long as they go: no joint where a partition meets
    assert len(walls) == 4 + 3  # between the cells, and from either cell to the corridor


def test_an_opening_that_was_clicked_near_a_wall_is_on_it_with_its_width():
    found = cuts(TracedOpening("window", (40, 35), 1.2), TracedOpening("door", (81, 70), 0.9))
    window, outer = found["window-1"]
    assert outer.outer
    assert window.line.length == pytest.approx(1.2, abs=2e-3)
    assert window.line.distance(outer.line) < 1e-3
    door, between = found["door-2"]
    assert not between.outer
    assert door.line.length == pytest.approx(0.9, abs=2e-3)


def test_an_opening_in_the_very_corner_keeps_a_jamb():
    window, outer = cuts(TracedOpening("window", (0, 40), 1.0))["window-1"]
    near = min(window.line.distance(end) for end in outer.line.boundary.geoms)
    assert near == pytest.approx(0.05, abs=2e-3)


@pytest.mark.parametrize(
    ("opening", "told"),
    [
        (TracedOpening("window", (81, 80), 1.0), r"row 1: lies \d\.\d m from the nearest outer wall; click on"),
        (TracedOpening("door", (80, 0), 0.8), r"row 1: lies 2\.0 m from the nearest wall"),  # 10 − 7.96 m
        (TracedOpening("door", (81, 70), 0.1), r"row 1: is 0\.10 m wide in a wall of 2\.9\d m"),
        (TracedOpening("door", (81, 70), 2.95), r"row 1: is 2\.95 m wide in a wall of"),
    ],
)
def test_an_opening_that_fits_no_wall_is_told_by_its_row(opening, told):
    with pytest.raises(SiteError, match=f"Windows and doors, {told}"):
        cuts(opening)


def test_every_cell_gets_the_window_and_door_that_nobody_clicked_and_no_second_one():
    usual = TraceChoices(window_width_m=1.5)
    found = cuts(choices=usual)
    assert set(found) == {"west-window", "west-door", "east-window", "east-door"}  # the corridor has theirs
    assert found["west-window"][0].line.length == pytest.approx(1.5, abs=2e-3)
    outlines, _ = traced(WEST, EAST, HALL)
    for name in ("west-door", "east-door"):  # into the corridor, not into the cell beside it
        assert outlines["hall"].distance(found[name][0].line) < 1e-3
    clicked = cuts(TracedOpening("window", (40, 40), 1.0), choices=usual)
    assert "west-window" not in clicked
    assert "east-window" in clicked


@pytest.mark.parametrize(
    ("corners", "told"),
    [
        (((0, 0), (80, 0), (80, 0), (0, 0)), "Room r: has 2 corners"),
        (((0, 0), (80, 60), (80, 0), (0, 60)), "enclose no proper room"),  # crossed over itself
        (((0, 0), (40, 0), (40, 4), (0, 4)), "enclose no proper room"),  # 0.2 m high: one line
        (((0, 0), (19, 0), (19, 20), (0, 20)), r"no proper room \(0\.9 m²\)"),  # 0.95 m²
    ],
)
def test_corners_that_enclose_no_room_are_refused(corners, told):
    with pytest.raises(SiteError, match=told):
        outlines_of([TracedRoom("r", "silence", corners)], SCALE_M, HIGH_PX)
    with pytest.raises(SiteError, match="Rooms: none is traced"):
        outlines_of([], SCALE_M, HIGH_PX)
