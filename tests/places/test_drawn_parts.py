"""Pieces of wings by themselves: areas and lengths by hand, and the same building at every bearing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapely.geometry import Polygon

from quietwing.sites.frames import Frame
from quietwing.sites.parts import (
    CellSpec,
    Level,
    Parts,
    cell_row,
    corridor_wing,
    fence,
    gallery_wing,
    opening,
    slab_with_void,
    stair_void,
    wall_with,
)

CELL = CellSpec(
    width_m=2.4, depth_m=4.0, outer_wall="brick_215", cell_wall="concrete_150", door="steel_cell_door",
    door_state="shut", window="glass_6", window_state="open", grille="bars", window_width_m=1.0, window_sill_m=1.2,
    window_head_m=2.2,
)  # fmt: skip
GROUND = Level("A", 0, Frame(), "A0-", 3.0)
FIRST = replace(GROUND, storey=1, prefix="A1-")
FOUR = ("1", "2", "3", "4")


def by_id(parts):
    return {one.id: one for one in parts}


def test_a_row_of_three_cells_has_two_walls_two_partitions_and_three_of_all_else():
    row = cell_row(GROUND, "left", CELL, 1.5, 5.5, ("1", "2", "3"))
    lengths = {one.id: one.line.length for one in row.walls}
    assert lengths == {
        "A0-left-outer": pytest.approx(7.2),
        "A0-left-front": pytest.approx(7.2),
        "A0-left-1": pytest.approx(4.0),
        "A0-left-2": pytest.approx(4.0),
    }
    assert [room.outline.area for room in row.rooms] == [pytest.approx(2.4 * 4)] * 3
    openings = by_id(row.openings)
    assert len(openings) == 6
    assert openings["2-door"].line.length == pytest.approx(0.8)
    assert (openings["2-window"].sill_m, openings["2-window"].head_m, openings["2-window"].grille) == (
        1.2,
        2.2,
        "bars",
    )
    assert openings["2-window"].line.centroid.distance(by_id(row.rooms)["2"].outline.centroid) == pytest.approx(2.0)


def test_rows_that_face_each_other_share_the_corridor_and_no_ground():
    wing = corridor_wing(GROUND, CELL, 3.0, FOUR)
    rooms = by_id(wing.rooms)
    assert rooms["A0-landing"].outline.area == pytest.approx(4.8 * 3)
    assert rooms["A0-landing"].weight == 2.0
    everything = [one.outline for one in wing.rooms]
    assert sum(one.area for one in everything) == pytest.approx(4.8 * (3 + 2 * 4))
    assert all(a.intersection(b).area < 1e-9 for k, a in enumerate(everything) for b in everything[:k])
    ends = by_id(wing.walls)["A0-end"].line
    assert ends.length == pytest.approx(11.0)
    assert by_id(wing.openings)["A0-end-window"].kind == "window"
    (hung,) = wing.positions
    assert hung.z_m == pytest.approx(2.6)  # 0.4 m below a ceiling at 3 m


@pytest.mark.parametrize("bearing_deg", [0.0, 90.0, 37.5, 180.0, 271.0])
def test_at_every_bearing_a_wing_has_the_same_areas_and_openings_on_their_walls(bearing_deg):
    level = replace(GROUND, frame=Frame(400_000.0, 300_000.0, bearing_deg))
    wing = corridor_wing(level, CELL, 3.0, FOUR)
    assert sum(one.outline.area for one in wing.rooms) == pytest.approx(4.8 * 11, abs=1e-4)
    walls = by_id(wing.walls)
    for one in wing.openings:
        assert one.line.hausdorff_distance(walls[one.wall].line.intersection(one.line.buffer(1e-4))) < 1e-3
    for one in wing.rooms:
        assert one.outline.exterior.is_ccw


def test_a_gallery_has_one_floor_below_and_landings_with_a_bridge_above():
    below = by_id(gallery_wing(GROUND, CELL, 1.2, 5.0, 1.5, FOUR).rooms)
    above = by_id(gallery_wing(FIRST, CELL, 1.2, 5.0, 1.5, FOUR).rooms)
    assert below["A0-atrium"].outline.area == pytest.approx(4.8 * (5 + 2 * 1.2))
    assert above["A1-landing-left"].outline.area == pytest.approx(4.8 * 1.2)
    assert above["A1-bridge"].outline.area == pytest.approx(1.5 * 5)
    open_m2 = 4.8 * 7.4 - sum(
        above[f"A1-{name}"].outline.area for name in ("landing-left", "landing-right", "bridge")
    )
    assert open_m2 == pytest.approx((4.8 - 1.5) * 5)  # the void: as long as the wing without the bridge, 5 m wide
    entrances = [by_id(gallery_wing(one, CELL, 1.2, 5.0, 1.5, FOUR).openings) for one in (GROUND, FIRST)]
    assert entrances[0]["A0-end-door"].state == "shut"
    assert entrances[1]["A1-end-window"].sill_m == 1.0
    hung = [one.z_m for one in gallery_wing(FIRST, CELL, 1.2, 5.0, 1.5, FOUR).positions]
    assert hung == [pytest.approx(5.6)] * 2  # 3 + 3 − 0.4


def test_a_slab_loses_the_area_of_its_voids_and_the_roof_lies_a_storey_higher():
    outline = GROUND.frame.rectangle(0, 0, 10, 8)
    void = stair_void(GROUND.frame, 1.0, 1.0, 4.0)
    assert void.area == pytest.approx(2.8**2)  # 0.6 m of landing on every side of 4 m
    floor = slab_with_void(FIRST, "floor", outline, "concrete_200", [void])
    roof = slab_with_void(FIRST, "roof", outline, "slate_roof", roof=True)
    assert floor.outline.area == pytest.approx(80 - 2.8**2)
    assert (floor.level_m, floor.kind, roof.level_m, roof.kind) == (3.0, "floor", 6.0, "roof")
    assert not any(hole.is_ccw for hole in floor.outline.interiors)  # RFC 7946: holes run clockwise


def test_floors_of_a_high_storey_are_whole_millimetres():
    assert replace(GROUND, storey=3, height_m=3.05).floor_m == 9.15  # 3 · 3.05 is 9.149999999999999 in binary


def test_parts_join_in_order_and_a_reframed_level_keeps_its_storey():
    cut = opening(GROUND, "w", "d", "door", ((1, 0), (2, 0)), (0.0, 2.0), "timber_door", "shut")
    one = wall_with(GROUND, "w", (0, 0), (5, 0), "brick_215", cut)
    other = wall_with(FIRST, "w", (0, 0), (5, 0), "brick_215")
    assert [wall.id for wall in (one + other).walls] == ["A0-w", "A1-w"]
    assert (one + other).openings == (cut,)
    assert one + Parts() == one
    moved = FIRST.framed(Frame(5.0, 5.0))
    assert (moved.prefix, moved.storey, moved.frame.at(0, 0)) == ("A1-", 1, (5.0, 5.0))
    assert FIRST.framed(Frame(), "B-").prefix == "B-"


@pytest.mark.parametrize(("bearing_deg", "bounds"), [(0.0, (-10, -20, 60, 50)), (90.0, (-20, -60, 50, 10))])
def test_a_fence_keeps_its_distances_on_each_side(bearing_deg, bounds):
    """30 by 10 m of building, 10 m to the west, 20 south, 30 east, 40 north; turned, north becomes east."""
    made = fence(Frame(bearing_deg=bearing_deg), (0, 0, 30, 10), (10, 20, 30, 40), "weld_mesh_fence")
    assert made.outline.bounds == pytest.approx(bounds)
    assert made.outline.area == pytest.approx(70 * 70)
    assert isinstance(made.outline, Polygon)
    assert (made.height_m, made.construction) == (5.2, "weld_mesh_fence")
