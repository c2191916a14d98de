"""Pieces of the readers of drawings by themselves: storeys of a model, scales of a page, grids of an indoor plan."""

from __future__ import annotations

import math
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from quietwing.sites import SiteError
from quietwing.sites.geojson import parse_layer
from quietwing.sites.importers import archive, drawing_kind, indoor, pdf
from quietwing.sites.importers.dxf_content import DxfContent, _entities_in
from quietwing.sites.importers.ifc_storeys import levels_of
from quietwing.sites.importers.plan_mapping import Use
from quietwing.sites.importers.plan_parts import Report

pytestmark = pytest.mark.usefixtures("forked_readers")
CM_OF_A_POINT = 2.54 / 72


class Element:
    """An entity of a model: its kind and number."""

    def __init__(self, number, kind):
        self.number, self.kind = number, kind

    def id(self):
        return self.number

    def is_a(self, kind=None):
        return self.kind if kind is None else kind == self.kind


def storey(number, name, elevation, walls=(), spaces=()):
    made = Element(number, "IfcBuildingStorey")
    made.Name, made.Elevation = name, elevation
    made.ContainsElements = [SimpleNamespace(RelatedElements=[Element(n, "IfcWall") for n in walls])] if walls else []
    made.IsDecomposedBy = [SimpleNamespace(RelatedObjects=[Element(n, "IfcSpace") for n in spaces])] if spaces else []
    return made


def levels(*storeys, reaches=None, unit_m=1.0, report=None):
    model = SimpleNamespace(by_type=lambda kind: list(storeys) if kind == "IfcBuildingStorey" else [])
    return levels_of(model, unit_m, reaches or {}, report or Report(), "plan.ifc")


def told(found):
    return [(level.name, level.floor_m, level.height_m) for level in found]


def test_storeys_are_those_with_spaces_in_the_order_of_their_height():
    upper = storey(2, "First", 3100.0, walls=[12], spaces=[22])
    lower = storey(1, "Ground", 0.0, walls=[11], spaces=[21])
    assert told(levels(upper, lower, reaches={12: (3.1, 6.0)}, unit_m=1e-3)) == [
        ("Ground", 0, 3.1),
        ("First", 3.1, 2.9),
    ]


def test_foundation_and_roof_belong_to_the_storey_next_to_them_and_are_listed():
    report = Report()
    found = levels(
        storey(1, "T/FDN", -1.25, walls=[11]),
        storey(2, "Level 1", 0.0, walls=[12], spaces=[22]),
        storey(3, "Roof", 3.1, walls=[13]),
        report=report,
    )
    assert told(found) == [("Level 1", 0, 3.1)]  # as high as up to the roof
    assert found[0].ids == {1, 2, 3}
    assert [guess.feature for guess in report.guesses] == ["storey T/FDN at -1.25 m", "storey Roof at 3.10 m"]


def test_without_spaces_every_storey_with_walls_counts():
    found = levels(storey(1, "0", 0.0, walls=[11]), storey(2, "1", 3.0, walls=[12]), reaches={12: (3.0, 5.8)})
    assert told(found) == [("0", 0, 3), ("1", 3, 2.8)]


def test_a_mezzanine_less_than_a_storey_above_is_part_of_the_one_below():
    found = levels(*(storey(n, str(n), z, [n + 10], [n + 20]) for n, z in ((1, 0.0), (2, 1.2), (3, 3.0))))
    assert [level.floor_m for level in found] == [0, 3]
    assert found[0].ids == {1, 2}


def test_a_storey_without_a_height_stands_at_the_foot_of_its_walls():
    found = levels(storey(1, "G", None, walls=[11], spaces=[21]), reaches={11: (0.4, 3.2), 21: (0.4, 3.0)})
    assert told(found) == [("G", 0.4, 2.8)]


def test_a_height_that_is_none_of_a_storey_is_assumed_and_listed():
    report = Report()
    found = levels(storey(1, "G", 0.0, walls=[11]), reaches={11: (0.0, 0.5)}, report=report)
    assert told(found) == [("G", 0, 3)]
    assert "is none of a storey" in report.guesses[0].what


def test_storeys_of_one_name_are_told_apart():
    found = levels(*(storey(n, "Level", z, [n + 10], [n + 20]) for n, z in ((1, 0.0), (2, 3.0))))
    assert [level.name for level in found] == ["Level", "Level-2"]


def test_a_model_without_storeys_is_one_and_one_without_shapes_is_none():
    assert told(levels(reaches={1: (0.0, 2.6), 2: (0.0, 2.7)})) == [("G", 0, 2.7)]
    with pytest.raises(SiteError, match="holds no storeys and no shapes"):
        levels()


class Page:
    """A page that says something."""

    def __init__(self, words=""):
        self.words = words

    def get_textpage(self):
        return SimpleNamespace(get_text_range=lambda: self.words)


@pytest.mark.parametrize(("scale", "ratio"), [("1:100", 100), (" 1 : 50 ", 50), ("1/200", 200), ("1:2.5", 2.5)])
def test_a_point_of_the_page_is_a_72nd_of_an_inch_times_the_scale(scale, ratio):
    assert pdf._metres_of_a_point(scale, Page(), "p.pdf") == pytest.approx(CM_OF_A_POINT / 100 * ratio)


def test_two_points_and_the_metres_between_them_are_a_scale():
    """300 by 400 pt are 500 pt; 25 m over them are 5 cm for each."""
    assert pdf._metres_of_a_point("100,100 400,500 25 m", Page(), "p.pdf") == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ("", "has no scale of its own"),
        ("100", "is none"),
        ("1:0", "expected 1:1 to 1:5000"),
        ("1:99999", "expected 1:1 to 1:5000"),
        ("10,10 11,11 5", "take two far apart"),
        ("1..2,3 4,5 6", "holds no numbers"),
    ],
)
def test_a_scale_that_is_none_is_refused(scale, said):
    with pytest.raises(SiteError, match=said):
        pdf._metres_of_a_point(scale, Page(), "p.pdf")


def test_the_scale_a_page_names_most_often_is_the_one_advised():
    words = "Ground floor 1:100, details 1:20, section 1:100, ratio 1:3"
    with pytest.raises(SiteError, match=r"the page itself says 1:100$"):
        pdf._metres_of_a_point("", Page(words), "p.pdf")


def test_a_quarter_circle_of_bezier_keeps_its_radius():
    """Control points at 0.5523 of the radius: the usual quarter circle, true to 0.03 % of it."""
    k = 0.5522847
    path = pdf._bezier((1, 0), (1, k), (k, 1), (0, 1))
    assert path[-1] == (0, 1)
    assert [math.hypot(*point) for point in path] == pytest.approx([1] * len(path), abs=3e-4)


def test_quarter_circles_of_the_size_of_a_leaf_are_doors():
    metres = 0.05
    leaves = [(0, 0, 18, 18), (0, 0, 4, 4), (0, 0, 100, 100), (0, 0, 18, 9)]  # 0.9 m; too small; too large; flat
    (door,) = pdf._doors(leaves, metres)
    assert (door.kind, door.width_m) == ("door", pytest.approx(0.9))


def pens(**lengths):
    content = DxfContent()
    for name, length in lengths.items():
        pen = {"wide": "pen 0.50 mm #000000", "thin": "pen 0.13 mm #000000", "frame": "pen 2.00 mm #000000"}[name]
        content.layers[pen] += 1
        content.paths.append((pen, "1", [(0.0, 0.0), (length, 0.0)], False))
    return content


def test_the_widest_pen_that_draws_a_good_part_of_the_page_draws_the_walls():
    content = pens(wide=1000.0, thin=3000.0, frame=100.0)
    uses = {name: pdf._proposed(name, content).use for name in content.layers}
    assert uses == {"pen 0.50 mm #000000": "walls", "pen 0.13 mm #000000": "ignore", "pen 2.00 mm #000000": "ignore"}


def test_filled_walls_stand_above_any_pen():
    content = pens(wide=1000.0)
    content.layers["fill #202020"] += 1
    content.layers["fill #e0e0e0"] += 1
    assert pdf._proposed("fill #202020", content).use == "walls"
    assert pdf._proposed("fill #e0e0e0", content) == Use("ignore")
    assert pdf._proposed("pen 0.50 mm #000000", content).use == "ignore"


def plan(*corners, crs=""):
    named = f'"crs": {{"type": "name", "properties": {{"name": "{crs}"}}}},' if crs else ""
    ring = [list(corner) for corner in (*corners, corners[0])]
    return parse_layer(
        f'{{"type": "FeatureCollection", {named} "features": [{{"type": "Feature", "properties": {{"type": "wall"}}, '
        f'"geometry": {{"type": "Polygon", "coordinates": [{ring}]}}}}]}}'
    )


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        (-2.978, 56.46, "EPSG:27700"),
        (13.4, 52.5, "EPSG:32633"),
        (151.2, -33.9, "EPSG:32756"),
        (-74.0, 40.7, "EPSG:32618"),
    ],
)
def test_degrees_are_laid_in_the_british_grid_or_in_utm(lon, lat, crs):
    layer = plan((lon, lat), (lon + 1e-3, lat), (lon + 1e-3, lat + 1e-3))
    project, found = indoor._projection([layer], "", "p.geojson", Report())
    assert found == crs
    x, y = project(np.array([[lon, lat], [lon + 1e-3, lat], [lon, lat + 1e-3]])).T
    # A thousandth of a degree: 111.3 m by the cosine of the latitude to the east, 111.2 m or so to the north.
    assert math.hypot(x[1] - x[0], y[1] - y[0]) == pytest.approx(111.32 * math.cos(math.radians(lat)), rel=5e-3)
    assert math.hypot(x[2] - x[0], y[2] - y[0]) == pytest.approx(111.2, rel=5e-3)


def test_metres_stay_what_they_are_in_the_grid_they_name():
    corners = (400_000, 300_000), (400_020, 300_000), (400_020, 300_010)
    assert indoor._projection([plan(*corners, crs="urn:ogc:def:crs:EPSG::27700")], "", "p", Report()) == (
        None,
        "EPSG:27700",
    )
    assert indoor._projection([plan(*corners)], "", "p", Report()) == (None, "local")
    assert indoor._projection([plan(*corners)], "EPSG:27700", "p", Report()) == (None, "EPSG:27700")


def test_a_small_plan_in_metres_about_its_origin_is_not_taken_for_degrees():
    assert indoor._projection([plan((0, 0), (9, 0), (9, 5))], "", "p", Report()) == (None, "local")


@pytest.mark.parametrize(
    ("names", "holds"),
    [
        (("main.json", "a.geojson"), True),
        (("plan/main.json", "plan/a.geojson"), True),
        (("main.json", "site.toml"), False),  # a site that has such a file too
        (("a/b/main.json",), False),
        (("walls.geojson",), False),
    ],
)
def test_a_zip_of_an_indoor_plan_is_told_from_one_of_a_site_without_unpacking(names, holds, tmp_path):
    with zipfile.ZipFile(tmp_path / "plan.zip", "w") as out:
        for name in names:
            out.writestr(name, "{}")
    assert archive.holds(tmp_path / "plan.zip", "main.json") is holds
    assert drawing_kind(tmp_path / "plan.zip") == ("indoor" if holds else None)


def test_what_is_no_zip_holds_nothing(tmp_path):
    (tmp_path / "plan.zip").write_bytes(b"PK\3\4 cut short")
    assert not archive.holds(tmp_path / "plan.zip", "main.json")


@pytest.mark.parametrize(
    ("ending", "end", "count"),
    [("\n", "  0\nLINE\n 10\n0\n 20\n0\n 70\n     0\n", 1), ("\r\n", "0\nLINE\n8\n0\n0\nLINE\n8\nwall\n", 2)],
)
def test_entities_are_counted_by_group_codes_not_by_values(ending, end, count):
    """Every other line is a code: a value of 0 is none."""
    text = ("  0\nSECTION\n  2\nENTITIES\n" + end + "  0\nENDSEC\n  0\nEOF\n").replace("\n", ending)
    assert _entities_in(text.encode()) == count + 3  # SECTION, ENDSEC, EOF
    assert _entities_in(b"AutoCAD Binary DXF\r\n\x1a\0" + b"0\n" * 50) == 0
    assert _entities_in(b"") == 0
