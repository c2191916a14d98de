"""Around the readers of drawings: sources that are none, levels of an index, layers, how a child ended."""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Findings
from quietwing.sites.importers import child, drawings, geopackage, indoor
from quietwing.sites.importers.dxf import drawn_of
from quietwing.sites.importers.dxf_content import DxfContent
from quietwing.sites.importers.plan_mapping import PlanMapping, Use
from quietwing.sites.importers.plan_parts import Report
from quietwing.sites.importers.plan_storey import _named

pytestmark = pytest.mark.usefixtures("forked_readers")
MM = 1e-3
SQUARE = [(0.0, 0.0), (4000.0, 0.0), (4000.0, 3000.0), (0.0, 3000.0)]


@pytest.fixture
def files(tmp_path):
    """Sources by name; those of one kind may be given together."""
    for name, content in (
        ("a.dxf", b"  0\nSECTION\n"), ("b.dxf", b"999\nmade by hand\n0\r\nSECTION\r\n"), ("x.pdf", b"%PDF-1.4"),
        ("m.ifc", b"\n ISO-10303-21;"), ("n.ifc", b"ISO-10303-21;"), ("empty.dxf", b""), ("plan.txt", b"walls"),
        ("scan.dxf", b"%PDF-1.7"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "main.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], "give a drawing to import"),
        (["a.dxf"] * 32, r"32 files are given \(limit 31"),
        (["a.dxf", "x.pdf"], "a.dxf, x.pdf: are no drawings of one kind"),
        (["a.dxf", "scan.dxf"], "are no drawings of one kind"),  # a PDF by its first bytes
        (["plan.txt"], "plan.txt: are no drawings of one kind"),
        (["m.ifc", "n.ifc"], "one such file holds all storeys"),
        (["empty.dxf"], "empty.dxf: is empty"),
        (["gone.dxf"], "gone.dxf: does not exist"),
    ],
)
def test_sources_that_are_no_plan_are_refused_before_they_are_opened(files, names, told):
    with pytest.raises(SiteError, match=told):
        drawings._paths([files / name for name in names])


def test_drawings_keep_their_order_and_an_indoor_plan_is_its_index_and_what_lies_beside(files):
    assert drawings._paths([files / "b.dxf", files / "a.dxf"]) == ("dxf", [files / "b.dxf", files / "a.dxf"])
    for name in ("z.geojson", "a.GEOJSON", "notes.txt"):
        (files / "plan" / name).write_text("{}")
    kind, paths = drawings._paths([files / "plan"])
    assert (kind, [path.name for path in paths]) == ("indoor", ["main.json", "a.GEOJSON", "z.geojson"])
    (files / "plan" / "z.geojson").write_text("")
    with pytest.raises(SiteError, match=r"z\.geojson: is empty"):
        drawings._paths([files / "plan"])


@pytest.mark.parametrize(
    ("name", "plain"), [("Block A", "Block A"), (" a\tb\n", "a b"), ("x" * 100, "x" * 80), ("A\ud800", "A")]
)
def test_a_name_of_a_file_becomes_one_a_site_may_have(name, plain):
    assert drawings._plain_name(name) == plain
    with pytest.raises(SiteError, match="is no name for a site; give --name"):
        drawings._plain_name(" \n")


def levels(tmp_path, index):
    (tmp_path / "main.json").write_text(index if isinstance(index, str) else json.dumps(index))
    beside = [str(tmp_path / name) for name in ("main.json", "a.geojson", "b.geojson")]
    return [(name, label) for name, label, _ in indoor._levels(beside)]


def test_levels_stand_in_the_order_of_their_height(tmp_path):
    upper = {"z_order": 1.5, "name": " First ", "filename": "a.geojson"}
    lower = {"z_order": -1, "id": "B", "filename": "b.geojson"}
    assert levels(tmp_path, {"levels": [upper, lower]}) == [("B", "b.geojson"), ("First", "a.geojson")]
    assert levels(tmp_path, {"levels": [{"z_order": 0, "filename": "a.geojson"}]}) == [("1", "a.geojson")]
    assert levels(tmp_path, {"type": "FeatureCollection"}) == [("G", "main.json")]  # one plan with all there is


@pytest.mark.parametrize(
    ("index", "told"),
    [
        ("{", "is no JSON"),
        ({"levels": []}, "expected a list of levels"),
        ({"levels": {"a": 1}}, "expected a list of levels"),
        ({"levels": [3]}, "expected a list of levels"),
        ({"levels": [{"z_order": 0, "filename": "a.geojson"}] * 32}, r"holds 32 levels \(limit 31\)"),
        ({"levels": [{"filename": "a.geojson"}]}, "level 1: z_order is "),
        ({"levels": [{"z_order": True, "filename": "a.geojson"}]}, "level 1: z_order is true"),
        ('{"levels": [{"z_order": 1e999, "filename": "a.geojson"}]}', "level 1: z_order is "),
        ({"levels": [{"z_order": 0, "filename": "c.geojson"}]}, "its plan 'c.geojson' does not lie beside it"),
        ({"levels": [{"z_order": 0, "filename": "../a.geojson"}]}, "does not lie beside it"),
        ({"levels": [{"z_order": 0, "filename": ["a.geojson"]}]}, "does not lie beside it"),
    ],
)
def test_an_index_with_a_fault_is_told_by_its_level(tmp_path, index, told):
    with pytest.raises(SiteError, match=told):
        levels(tmp_path, index)


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        (179.999, 0.0, "EPSG:32660"),
        (-180.0, -0.5, "EPSG:32701"),
        (2.5, 48.0, "EPSG:32631"),
        (-9.0, 53.0, "EPSG:32629"),
    ],
)
def test_the_zone_of_a_plan_in_degrees_is_the_one_it_lies_in(lon, lat, crs):
    """Zones of six degrees from 180° west on; the 61st would begin at 180° east."""
    ring = [[lon, lat], [lon, lat + 1e-3], [lon - 1e-3 if lon > 0 else lon + 1e-3, lat], [lon, lat]]
    layer = geopackage.RawLayer((geopackage.Feature("1", {"type": "Polygon", "coordinates": [ring]}, {}),), None)
    assert indoor._projection([layer], "", "p.geojson", Report())[1] == crs


@pytest.mark.parametrize(
    ("geometry", "areas"),
    [
        ({"type": "Polygon", "coordinates": [SQUARE]}, [12e6]),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [[(x + 9000, y) for x, y in SQUARE]]]}, [12e6, 12e6]),
        ({"type": "Polygon", "coordinates": [[(0, 0), (2, 2), (2, 0), (0, 2)]]}, [1, 1]),  # a bow tie: two halves
        ({"type": "Polygon", "coordinates": [[(0, 0), (1, 0), (2, 0)]]}, []),
        ({"type": "Polygon", "coordinates": [[(0, 0), (1e9, 0), (1e9, 1)]]}, []),
        ({"type": "Polygon", "coordinates": "x"}, []),
        ({"type": "LineString", "coordinates": SQUARE}, []),
        (None, []),
    ],
)
def test_what_is_a_polygon_has_its_area_and_all_else_is_none(geometry, areas):
    assert [part.area for part in indoor._polygons(geometry, None)] == pytest.approx(areas)


def test_lines_of_a_drawing_in_millimetres_are_metres_by_the_use_of_their_layer():
    content = DxfContent()
    content.paths += [
        ("wall", "1", [(0.0, 0.0), (5000.0, 0.0), (5000.0, 0.0), (5000.0, 200.0)], False),
        ("solid", "2", [(0.0, 0.0), (5000.0, 0.0), (5000.0, 200.0), (0.0, 200.0)], True),  # 5 m by 0.2: filled
        ("room", "3", SQUARE, True),
        ("room", "4", SQUARE, False),  # open: encloses nothing
        ("edge", "5", SQUARE, True),
        ("dim", "6", SQUARE, True),
    ]
    content.texts += [((9000.0, 0.0), "outside", "room"), ((1000.0, 1000.0), "Stair  1\n", "room")]
    uses = {"wall": "walls", "solid": "walls", "room": "rooms", "edge": "outline", "dim": "ignore"}
    mapping = PlanMapping(layers={name: Use(use, "brick_215") for name, use in uses.items()})
    drawn = drawn_of(content, mapping, MM, "G")
    ((ends, made),) = drawn.faces
    assert (made, np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).tolist()) == ("brick_215", [5.0, 0.2])
    assert [(solid.area, of) for solid, of in drawn.solids] == [(pytest.approx(1.0), "brick_215")]
    (room,) = _named(drawn.rooms, drawn.names, "silence")
    assert (room.id, room.name, room.role) == ("G-room-3", "Stair 1", "ignore")  # nobody stays on stairs
    assert (room.outline.area, drawn.outline[0].area) == (pytest.approx(12), pytest.approx(12))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (str(-signal.SIGSEGV), "broke down (SIGSEGV)"),
        ("-250", "broke down (signal 250)"),
        ("3", "ended without an answer (code 3)"),
        ("0", "ended without an answer (code 0)"),
    ],
)
def test_how_a_child_died_is_said_by_signal_or_code(code, told):
    assert told in child._death(code)


@pytest.mark.parametrize(
    ("fault", "what", "told"),
    [
        ("memory", "", "needs more than 1.5 GiB"),
        ("depth", "", "nested too deeply"),
        ("absent", "ezdxf.recover", 'pip install "quietwing[plans]"'),
        ("absent", "rasterio", 'pip install "quietwing[terrain]"'),
        ("other", "ValueError\n", "cannot be read (ValueError"),
    ],
)
def test_a_fault_of_a_reader_says_what_to_do(fault, what, told):
    assert told in child._fault({"fault": fault, "what": what}, 3 * 2**29)


def test_columns_of_a_geopackage_keep_whole_numbers_flags_and_gaps():
    columns = geopackage._columns([{"n": 1, "on": True, "ops": ("EE", "Ö2")}, {"x": 1.5}])
    assert columns == {"n": [1, None], "on": [True, None], "ops": ['["EE", "Ö2"]', None], "x": [None, 1.5]}
    assert [geopackage._dtype(values) for values in columns.values()] == ["Int64", "boolean", "object", "Float64"]
    assert geopackage._dtype([1, 1.5]) == "Float64"
    assert geopackage._dtype([True, 1]) == "object"  # a flag is no number


def test_a_geopackage_that_is_none_or_still_open_leaves_every_part_unread(tmp_path):
    path = tmp_path / "s.gpkg"
    for content, log, told in (
        (b"PK\3\4", b"", "its first bytes are not SQLite's"),
        (b"SQLite format 3\0", b"x", "is still being written (s.gpkg-wal beside it)"),
    ):
        path.write_bytes(content)
        (tmp_path / "s.gpkg-wal").write_bytes(log)
        findings = Findings()
        raw = geopackage.read_raw(path, findings)
        (problem,) = findings.problems
        assert told in problem
        assert {"walls", "masts", "site"} <= findings.unread
        assert raw.layers == {}
