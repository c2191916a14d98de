"""Plans in GeoJSON feature by feature, scales by two points, frames of sheets, and what a report says of openings."""

from __future__ import annotations

import json
import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, MultiLineString, box, mapping

from quietwing.sites.errors import SiteError
from quietwing.sites.geojson import Feature, RawLayer
from quietwing.sites.importers.drawing import _of_a_picture
from quietwing.sites.importers.drawings import _without_picture
from quietwing.sites.importers.dxf_content import DxfContent
from quietwing.sites.importers.indoor import _kind_key, _lines, drawn_levels
from quietwing.sites.importers.pdf import _without_frames, two_point_scale
from quietwing.sites.importers.plan_mapping import PlanMapping, Use
from quietwing.sites.importers.plan_parts import Marker, Report
from quietwing.sites.importers.plan_storey import Drawn, _pieces, storey_of

# --- What a feature is.


def layer(*properties) -> RawLayer:
    return RawLayer(tuple(Feature(number, None, told) for number, told in enumerate(properties, 1)), None)


@pytest.mark.parametrize(
    ("properties", "key"),
    [
        ([{"type": "wall"}], "type"),
        ([{"type": "wall", "kind": "room"}], "type"),  # the format's own rules
        ([{"type": "Feature", "kind": "wall"}], "kind"),  # a type that tells nothing
        ([{"type": "door", "layer": "A-WALL"}], "layer"),  # doors alone are no plan
        ([{"class": "Raum"}], "class"),
        ([{"category": "MUR_PORTEUR"}], "category"),
        ([{"element": "room"}], "element"),
        ([{"feature": "wall"}], "feature"),
        ([{"Layer": "A-WALL"}], "Layer"),  # as programs write it that turn DXF into GeoJSON
        ([{"kind": None}, {"kind": ""}, {"kind": "wall"}], "kind"),
        ([{"kind": 7, "layer": "wall"}], "layer"),
        ([{"colour": "wall"}], "type"),
        ([{}], "type"),
        ([], "type"),
    ],
)
def test_the_first_property_that_tells_walls_or_rooms_says_what_features_are(properties, key):
    report = Report()
    assert _kind_key([layer(*properties)], PlanMapping(), report) == key
    said = [f"what they are is told by their property {key}"] if key != "type" else []
    assert [guess.what for guess in report.guesses] == said


def test_what_a_mapping_calls_walls_tells_the_property_too():
    given = PlanMapping(layers={"7": Use("walls", "brick_215")})
    assert _kind_key([layer({"kind": 7})], given, Report()) == "kind"


def test_one_level_that_tells_is_enough():
    assert _kind_key([layer({"kind": "chair"}), layer({"kind": "wall"})], PlanMapping(), Report()) == "kind"


# --- Walls, doors and windows drawn by a line.


def line(geometry, **told) -> Feature:
    return Feature(1, mapping(geometry), told)


@pytest.mark.parametrize(
    ("told", "wide_m"),
    [
        ({}, 0.1),
        ({"thickness": 0.3}, 0.3),
        ({"thickness_m": 0.24, "thickness": 0.3}, 0.24),
        ({"width_m": 0.2}, 0.2),
        ({"width": 0.115}, 0.115),
        ({"thickness": 300}, 0.1),  # millimetres, perhaps: no thickness of a wall in metres
        ({"thickness": 0}, 0.1),
        ({"thickness": math.nan}, 0.1),
        ({"thickness": "0.3"}, 0.1),
        ({"thickness": None, "width": 0.3}, 0.3),
    ],
)
def test_a_wall_drawn_by_a_line_is_as_thick_as_it_says_or_as_assumed(told, wide_m):
    (found,) = _lines(line(LineString([(0, 0), (4, 0)]), **told), None, "walls", 0.1)
    assert shapely.equals(found, box(0, -wide_m / 2, 4, wide_m / 2))


def test_each_straight_piece_of_a_line_is_a_wall():
    bent = LineString([(0, 0), (4, 0), (4, 0), (4, 3)])  # a corner that stands twice makes none more
    assert [piece.area for piece in _lines(line(bent), None, "walls", 0.1)] == pytest.approx([0.4, 0.3])
    apart = MultiLineString([[(0, 0), (4, 0)], [(0, 5), (2, 5)]])
    assert [piece.area for piece in _lines(line(apart), None, "doors", 0.1)] == pytest.approx([0.4, 0.2])


def test_a_line_in_pixels_is_laid_in_metres_before_it_gets_its_thickness():
    (found,) = _lines(
        line(LineString([(0, 0), (400, 0)]), thickness=0.3), _of_a_picture("0,0 100,0 1", "p"), "walls", 1
    )
    assert found.bounds == pytest.approx((0, -0.15, 4, 0.15))


@pytest.mark.parametrize(
    ("geometry", "use"),
    [
        (mapping(LineString([(0, 0), (4, 0)])), "rooms"),
        (mapping(LineString([(0, 0), (4, 0)])), "outline"),
        (mapping(box(0, 0, 4, 0.3)), "walls"),  # a polygon is read as one
        (mapping(shapely.Point(0, 0)), "walls"),
        (None, "walls"),
        ("LineString", "walls"),
        ({"type": "LineString"}, "walls"),
        ({"type": "LineString", "coordinates": []}, "walls"),
        ({"type": "LineString", "coordinates": [[0, 0]]}, "walls"),
        ({"type": "LineString", "coordinates": [[0, 0], ["a", 1]]}, "walls"),
        ({"type": "LineString", "coordinates": [[0, 0], [math.inf, 1]]}, "walls"),
        ({"type": "LineString", "coordinates": [[0, 0], [2e8, 1]]}, "walls"),
        ({"type": "LineString", "coordinates": [[1, 1], [1, 1]]}, "walls"),
    ],
)
def test_what_is_no_line_of_a_wall_door_or_window_is_none(geometry, use):
    assert _lines(Feature(1, geometry, {}), None, use, 0.1) == []


@pytest.mark.parametrize("kind", ["Polygon", "MultiPolygon", "LineString", "MultiLineString"])
def test_a_feature_without_coordinates_is_left_out_and_said(kind, tmp_path):
    walls = [{"type": "Feature", "properties": {"type": "wall"}, "geometry": mapping(box(0, 0, 9, 0.3))}]
    walls.append({"type": "Feature", "properties": {"type": "wall", "id": "w2"}, "geometry": {"type": kind}})
    (tmp_path / "plan.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": walls}), "utf-8")
    report = Report()
    (drawn,), *_ = drawn_levels([str(tmp_path / "plan.geojson")], "EPSG:27700", PlanMapping(), report, lambda xy: xy)
    assert len(drawn.solids) == 1
    assert ("wall w2", "has no usable polygon and was left out") in {
        (one.feature, one.what) for one in report.guesses
    }


# --- Pixels of a picture.


def plan(tmp_path, *features) -> str:
    """A plan of features given by what they are and their shape."""
    held = [{"type": "Feature", "properties": {"type": kind}, "geometry": mapping(shape)} for kind, shape in features]
    (tmp_path / "plan.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": held}), "utf-8")
    return str(tmp_path / "plan.geojson")


def test_pixels_become_metres_and_what_is_low_on_the_picture_lies_south(tmp_path):
    """At 50 px to the metre the north wall is drawn from y = 100 px to 115 px, the room below it to 400 px."""
    path = plan(tmp_path, ("wall", box(100, 100, 500, 115)), ("room", box(100, 115, 500, 400)))
    picture = _of_a_picture("0,0 500,0 10", "plan.geojson")
    (drawn,), _, crs = drawn_levels([path], "", PlanMapping(), Report(), picture)
    ((wall, _),) = drawn.solids
    assert wall.bounds == pytest.approx((2, -2.3, 10, -2))
    assert drawn.rooms[0].outline.bounds == pytest.approx((2, -8, 10, -2.3))
    assert crs == "local"


def test_pixels_below_180_are_no_degrees_where_there_is_a_scale(tmp_path):
    path = plan(tmp_path, ("wall", box(0, 0, 0.9, 0.02)), ("wall", box(0, 0, 0.02, 0.9)))
    (drawn,), _, _ = drawn_levels([path], "", PlanMapping(), Report(), lambda xy: xy * np.array([10, -10]))
    assert shapely.total_bounds(drawn.extent).tolist() == pytest.approx([0, -9, 9, 0])


def test_no_scale_is_no_picture():
    assert _of_a_picture("", "plan.geojson") is None


@pytest.mark.parametrize("scale", ["1:100", "50", "0,0 100,0", "two points"])
def test_a_scale_that_is_none_of_a_picture_is_refused_with_what_to_write(scale):
    said = r"^plan.geojson: --scale .* is none of a picture; give two points in px .*: --scale 'x,y x,y 12.5'$"
    with pytest.raises(SiteError, match=said):
        _of_a_picture(scale, "plan.geojson")


@pytest.mark.parametrize(
    ("scale", "metres"),
    [
        ("0,0 450,0 9", 0.02),
        ("100,100 400,500 25", 0.05),  # 3, 4, 5
        (" 400 , 500   100 , 100  25 m ", 0.05),
        ("-50,0 50,0 10m", 0.1),
        ("0,0 5,0 0.1", 0.02),
        ("1:100", None),
        ("0;0 450;0 9", None),
        ("0,0 450,0 -9", None),
        ("", None),
    ],
)
def test_two_points_and_the_metres_between_them_are_a_scale(scale, metres):
    found = two_point_scale(scale, "p", "px")
    assert found == (None if metres is None else pytest.approx(metres))


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ("0,0 4.9,0 1", r"the two points of --scale are 4.9 px apart for 1 m; take two far apart"),
        ("7,7 7,7 1", "are 0 px apart for 1 m"),
        ("0,0 450,0 0.05", "are 450 px apart for 0.05 m"),
        ("0,0 450,0 5001", "for 5001 m"),
        ("0,0 1.2.3,0 5", "holds no numbers"),
        ("0,0 --5,0 5", "holds no numbers"),
    ],
)
def test_two_points_that_give_no_scale_are_refused(scale, said):
    with pytest.raises(SiteError, match=said):
        two_point_scale(scale, "p", "px")


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["plan.geojson", "scan.png"], ["plan.geojson"]),
        (["scan.JPG", "plan.geojson"], ["plan.geojson"]),
        (["plan.geojson"], ["plan.geojson"]),
        (["scan.png"], ["scan.png"]),
        (["plan.dxf", "scan.png"], ["plan.dxf", "scan.png"]),  # a DXF is drawn over no picture
        (["a.geojson", "b.geojson", "scan.png"], ["a.geojson", "b.geojson", "scan.png"]),
        (["plan.geojson", "scan.png", "detail.png"], ["plan.geojson", "scan.png", "detail.png"]),
    ],
)
def test_the_picture_a_plan_was_drawn_over_is_not_read(names, read, tmp_path):
    for name in names:
        (tmp_path / name).write_text("{}", "utf-8")
    assert _without_picture([tmp_path / name for name in names]) == [tmp_path / name for name in read]


# --- The frame of a sheet.


def ring(west, south, east, north, *, closed=True):
    found = [(west, south), (east, south), (east, north), (west, north)]
    return [*found, found[0]] if closed else found


@pytest.mark.parametrize(
    ("path", "frame"),
    [
        (ring(20, 20, 980, 680), True),
        (ring(20, 20, 980, 680, closed=False), True),
        (ring(20.04, 20, 980, 680.03), True),
        (ring(0, 0, 1000, 700), True),
        (ring(70, 20, 921, 680), True),  # 851 of 1,000 wide
        (ring(70, 20, 919, 680), False),  # 849
        (ring(20, 60, 980, 654), False),  # 594 of 700 high: 0.849
        ([(20, 20), (980, 20), (980, 680), (500, 690), (20, 680)], False),  # no rectangle
        ([(20, 20), (980, 20)], False),
        ([(500, 20), (980, 350), (500, 680), (20, 350)], False),  # stands on a corner
        ([*ring(20, 20, 980, 680), (980, 20)], False),
        ([], False),
    ],
)
def test_a_rectangle_nearly_as_large_as_the_page_is_its_frame(path, frame):
    wall = ("pen", "2", ring(100, 100, 300, 110), True)
    content = DxfContent(paths=[("pen", "1", path, True), wall], layers=Counter())
    assert _without_frames(content, SimpleNamespace(get_size=lambda: (1000.0, 700.0))) == frame
    assert content.paths == ([wall] if frame else [("pen", "1", path, True), wall])


def test_both_lines_of_a_double_frame_are_left_out():
    frames = [("pen", str(edge), ring(edge, edge, 1000 - edge, 700 - edge), True) for edge in (10, 20)]
    content = DxfContent(paths=list(frames), layers=Counter())
    assert _without_frames(content, SimpleNamespace(get_size=lambda: (1000.0, 700.0))) == 2
    assert content.paths == []


# --- What the report says of openings.


def room_with(*markers) -> list[str]:
    """What is said of a room of 5 × 4 m in walls of 30 cm."""
    drawn = Drawn("G", markers=list(markers))
    drawn.solids = [(box(-0.3, -0.3, 5.3, 4.3).difference(box(0, 0, 5, 4)), "brick_330")]
    report = Report()
    storey_of(drawn, 0.0, 3.0, PlanMapping(), report)
    return [guess.what for guess in report.guesses if guess.feature == "openings"]


def test_a_plan_without_a_door_or_window_says_where_to_name_them():
    (said,) = room_with()
    assert said.startswith(
        "no layer or block was taken as doors or windows; if they are drawn, say where in [layers]"
    )


@pytest.mark.parametrize("kind", ["door", "window"])
def test_a_plan_with_a_door_or_window_says_nothing_of_the_kind(kind):
    assert room_with(Marker("1", kind, box(2, -0.3, 3, 0), "timber_door")) == []


def test_each_storey_without_openings_is_named():
    report = Report()
    for number, name in enumerate(("G", "1")):
        drawn = Drawn(name, solids=[(box(-0.3, -0.3, 5.3, 4.3).difference(box(0, 0, 5, 4)), "brick_330")])
        storey_of(drawn, 3.0 * number, 3.0, PlanMapping(), report)
    assert [guess.storey for guess in report.guesses if guess.feature == "openings"] == ["G", "1"]


# --- Windows that are bent: bays and round fronts.


def test_a_straight_window_is_one_piece_and_a_round_one_follows_its_arc():
    assert len(_pieces(Marker("1", "window", box(0, 0, 3, 0.15), "glass_double", filled=True))) == 1
    quarter = LineString([(5 * math.cos(turn), 5 * math.sin(turn)) for turn in np.linspace(0, math.pi / 2, 9)])
    arc = quarter.buffer(0.075, cap_style="flat")
    pieces = _pieces(Marker("2", "window", arc, "glass_double", filled=True))
    assert sum(piece.length_m for piece in pieces) == pytest.approx(math.pi / 2 * 5, rel=0.05)
    assert max(piece.line.hausdorff_distance(piece.line.intersection(arc)) for piece in pieces) < 0.05


def test_a_bay_is_one_opening_and_glass_walls_beside_it_and_nothing_crosses_the_room():
    """A room of 6 × 4 m whose south side is a bay of three panes, 1.5 m deep."""
    walls = box(-0.3, -0.3, 6.3, 4.3).difference(box(0, -1, 6, 4))
    bay = LineString([(0, -0.15), (1.5, -1.65), (4.5, -1.65), (6, -0.15)]).buffer(0.1, cap_style="flat")
    marker = Marker("bay", "window", bay, "glass_double", filled=True)
    plan = storey_of(Drawn("G", [(walls, "brick_330")], markers=[marker]), 0.0, 3.0, PlanMapping(), Report())
    (cut,) = plan.cuts
    assert (cut.kind, math.dist(cut.start, cut.end)) == ("window", pytest.approx(3.0, abs=0.1))
    # What is below and above the pane in the middle is of what stands beside it; the others end in the brick walls.
    glass = [wall for wall in plan.walls if wall.construction == "glass_double"]
    assert [wall.length_m for wall in glass] == pytest.approx([3.0, 2.3, 2.3], abs=0.1)
    assert not any(wall.line.crosses(box(0.5, 0.2, 5.5, 3.8)) for wall in plan.walls)
