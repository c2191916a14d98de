"""What an import cannot use of a drawing is named in its report, with what the CAD program finds it by."""

from __future__ import annotations

import json

import pytest

from quietwing.sites.importers import DrawingChoices, import_drawing

pytestmark = pytest.mark.usefixtures("forked_readers")


def test_what_of_a_dxf_has_no_coordinates_is_named_by_its_handle(drawn_plans, tmp_path):
    """A wall left out lets the signal in: whoever drew it must find it again."""
    path = drawn_plans.dxf_plan(tmp_path / "a.dxf")
    head, mark, entities = path.read_text("utf-8").partition("ENTITIES")
    path.write_text(head + mark + entities.replace("\n 10\n0.0", "\n 10\nnan", 1), "utf-8")
    handle = entities.partition("\n  5\n")[2].partition("\n")[0].strip()
    report = import_drawing([path]).files["import-report.csv"].decode()
    assert f",LWPOLYLINE {handle} on layer A-WALL,has no usable coordinates and was left out" in report
    assert report.count("left out") == 1


def test_what_of_a_pdf_lies_nowhere_is_listed_and_never_dropped_in_silence(drawn_plans, tmp_path):
    pdfium = pytest.importorskip("pypdfium2")
    raw = pytest.importorskip("pypdfium2.raw")
    document = pdfium.PdfDocument(drawn_plans.pdf_plan(tmp_path / "a.pdf"))
    page = document[0]
    stray = raw.FPDFPageObj_CreateNewPath(0, 0)
    for x in (2e6, 3e6):
        raw.FPDFPath_LineTo(stray, x, 0)
    raw.FPDFPath_SetDrawMode(stray, 0, True)
    raw.FPDFPage_InsertObject(page, stray)
    page.gen_content()
    document.save(tmp_path / "b.pdf")
    report = import_drawing([tmp_path / "b.pdf"], DrawingChoices(scale="1:100")).files["import-report.csv"].decode()
    assert report.count("has no usable coordinates and was left out") == 1


def report_of(paths, choices=None) -> str:
    return import_drawing(paths, choices or DrawingChoices()).files["import-report.csv"].decode()


def test_what_of_a_building_model_has_no_shape_is_named_by_its_tag_or_name(drawn_plans, tmp_path):
    ifcopenshell = pytest.importorskip("ifcopenshell")
    model = ifcopenshell.open(str(drawn_plans.ifc_plan(tmp_path / "a.ifc", storeys=1)))
    for kind, name in (("IfcWall", "Basic Wall:inner"), ("IfcSpace", "left-0")):
        (bare,) = (one for one in model.by_type(kind) if one.Name == name)
        bare.Representation = None
    model.write(str(tmp_path / "b.ifc"))
    report = report_of([tmp_path / "b.ifc"])
    (wall,) = (line for line in report.splitlines() if "this wall has no shape and was left out" in line)
    assert "inner0" in wall
    (space,) = (line for line in report.splitlines() if "this space has no shape and was left out" in line)
    assert "left-0" in space


def test_a_window_of_a_building_model_that_stands_in_no_wall_is_named(drawn_plans, tmp_path):
    ifcopenshell = pytest.importorskip("ifcopenshell")
    model = ifcopenshell.open(str(drawn_plans.ifc_plan(tmp_path / "a.ifc", storeys=1, bare=True)))
    stray = model.by_type("IfcWindow")[0]
    away = model.create_entity("IfcCartesianPoint", (0.0, 1.6, 0.0))
    place = model.create_entity("IfcAxis2Placement3D", Location=away)
    stray.ObjectPlacement = model.create_entity("IfcLocalPlacement", RelativePlacement=place)
    model.write(str(tmp_path / "b.ifc"))
    report = report_of([tmp_path / "b.ifc"])
    (line,) = (line for line in report.splitlines() if "is in no wall; left out" in line)
    assert stray.Tag in line


def test_what_of_an_indoor_plan_has_no_polygon_and_a_level_without_walls_are_named(drawn_plans, tmp_path):
    folder = drawn_plans.indoor_plan(tmp_path / "plan")
    level = folder / "level-0.geojson"
    spoken = json.loads(level.read_text("utf-8"))
    (stairs,) = (one for one in spoken["features"] if one["properties"]["type"] == "stairs")
    stairs["geometry"] = {"type": "Point", "coordinates": [-2.978, 56.46]}
    level.write_text(json.dumps(spoken), "utf-8")
    empty = folder / "level-1.geojson"
    spoken = json.loads(empty.read_text("utf-8"))
    spoken["features"] = [one for one in spoken["features"] if one["properties"]["type"] == "building_outline"]
    empty.write_text(json.dumps(spoken), "utf-8")
    report = report_of([folder])
    (line,) = (line for line in report.splitlines() if "has no usable polygon and was left out" in line)
    assert line.startswith("0,")
    assert f"stairs {stairs['properties']['id']}" in line
    (line,) = (line for line in report.splitlines() if "this level shows no walls and no rooms; left out" in line)
    assert line.startswith("1,")
