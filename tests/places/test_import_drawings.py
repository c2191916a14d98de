"""Drawings made by code become the site they show: walls within 5 cm, areas within 1 %, openings, storeys."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString

from quietwing.sites import load_site, save_site
from quietwing.sites.errors import SiteError, UnmappedDrawingError
from quietwing.sites.importers import DrawingChoices, child, drawing_kind, import_drawing
from quietwing.sites.importers.plan_mapping import parse_mapping

pytestmark = pytest.mark.usefixtures("forked_readers")

WITHIN_M = 0.05
DATA = pytest.mark.skipif("QUIETWING_DATA" not in os.environ, reason="QUIETWING_DATA names no folder of data sets")


@pytest.fixture(scope="module")
def drawn(drawn_plans):
    return drawn_plans


def data(name: str) -> Path:
    return Path(os.environ.get("QUIETWING_DATA", "")) / name


def assert_is_the_plan(site, drawn, *, storeys=1, windows=2, shift=(0.0, 0.0)):
    """Mid-lines, rooms, door and windows of the plan, on every storey."""
    true = shapely.transform(
        shapely.union_all([LineString(ends) for ends in drawn.MIDLINES.values()]), lambda xy: xy + np.array(shift)
    )
    for number in range(storeys):
        walls = [wall for wall in site.walls if wall.storey == number]
        found = shapely.union_all([wall.line for wall in walls])
        covered = [LineString(drawn.MIDLINES[name]) for name in drawn.MIDLINES]
        assert shapely.hausdorff_distance(found, found.intersection(true.buffer(WITHIN_M))) < WITHIN_M
        gaps_m = 0 if windows else sum(math.dist(*ends) for ends in drawn.WINDOWS)
        length = sum(line.length for line in covered)
        assert found.intersection(true.buffer(WITHIN_M)).length == pytest.approx(length - gaps_m, abs=0.3)
        areas = sorted(room.outline.area for room in site.rooms if room.storey == number)
        assert areas == pytest.approx(sorted(drawn.ROOMS_M2), rel=0.01)
        names = {wall.id for wall in walls}
        kinds = sorted(opening.kind for opening in site.openings if opening.wall in names)
        assert kinds == ["door", *["window"] * windows]
    for opening in site.openings:
        ends = [drawn.DOOR] if opening.kind == "door" else drawn.WINDOWS
        moved = [shapely.transform(LineString(one), lambda xy: xy + np.array(shift)) for one in ends]
        assert min(shapely.hausdorff_distance(opening.line, one) for one in moved) < WITHIN_M
    assert len(site.buildings[0].storeys) == storeys


@pytest.mark.parametrize("cut", [True, False], ids=["interrupted", "drawn through"])
@pytest.mark.parametrize("style", ["solid", "hatch", "faces", "jambs", "block"])
def test_walls_of_a_dxf_are_found_however_they_are_drawn(style, cut, drawn, tmp_path):
    brought = import_drawing([drawn.dxf_plan(tmp_path / "plan.dxf", style=style, cut=cut)])
    assert_is_the_plan(brought.site, drawn)
    assert brought.report.ok


def test_outlines_of_building_and_rooms_are_the_faces_of_walls(drawn, tmp_path):
    site = import_drawing([drawn.dxf_plan(tmp_path / "plan.dxf", style="loops")]).site
    assert_is_the_plan(site, drawn)


def test_lines_as_wide_as_the_wall_are_walls_of_that_thickness(drawn, tmp_path):
    site = import_drawing([drawn.dxf_plan(tmp_path / "plan.dxf", style="wide")]).site
    assert_is_the_plan(site, drawn)
    assert {wall.construction for wall in site.walls} == {"brick_330", "stud_partition"}  # 30 and 10 cm


def test_layers_that_are_off_are_left_out_unless_they_are_mapped(drawn, tmp_path):
    import ezdxf

    path = drawn.dxf_plan(tmp_path / "plan.dxf")
    document = ezdxf.readfile(path)
    document.layers.add("Wall of 1974").off()
    document.modelspace().add_line((1000, 2000), (4000, 2000), dxfattribs={"layer": "Wall of 1974"})
    document.saveas(path)
    brought = import_drawing([path])
    assert_is_the_plan(brought.site, drawn)
    assert "off or frozen: 1 entities ignored" in brought.files["import-report.csv"].decode()
    (tmp_path / "mine.toml").write_text('[layers]\n"Wall of 1974" = {as = "walls"}\n', "utf-8")
    with_it = import_drawing([path], DrawingChoices(mapping=tmp_path / "mine.toml"))
    assert len(with_it.site.walls) == len(brought.site.walls) + 1


def test_rooms_are_the_drawings_own_with_the_names_that_stand_in_them(drawn, tmp_path):
    import ezdxf

    path = drawn.dxf_plan(tmp_path / "plan.dxf")
    document = ezdxf.readfile(path)
    space = document.modelspace()
    for box, name in ((drawn.X[1:3], "Cell 7"), (drawn.X[3:5], "Stair")):
        ring = drawn.rectangle(box[0] * 1000, 300, box[1] * 1000, 4300)
        space.add_lwpolyline(ring, close=True, dxfattribs={"layer": "Rooms"})
        space.add_text(name, dxfattribs={"layer": "Rooms", "insert": (box[0] * 1000 + 500, 2000), "height": 200})
    document.saveas(path)
    site = import_drawing([path]).site
    assert_is_the_plan(site, drawn)
    assert sorted((room.name, room.role) for room in site.rooms) == [("Cell 7", "silence"), ("Stair", "ignore")]


def test_a_round_wall_follows_its_arc(drawn, tmp_path):
    """Two half circles of 8.0 and 8.3 m and their chord: the mid-line is 8.15 m from the middle, within 5 cm."""
    import ezdxf

    document = ezdxf.new()
    document.header["$INSUNITS"] = 6
    space = document.modelspace()
    for radius in (8.0, 8.3):
        space.add_arc((0, 0), radius, 0, 180, dxfattribs={"layer": "wall"})
    for y in (-0.3, 0.0):
        space.add_line((-8.3, y), (8.3, y), dxfattribs={"layer": "wall"})
    document.saveas(tmp_path / "round.dxf")
    site = import_drawing([tmp_path / "round.dxf"]).site
    round_ones = [wall.line for wall in site.walls if wall.line.centroid.y > 0.1]
    away_m = [abs(math.hypot(*place) - 8.15) for line in round_ones for place in line.coords]
    assert max(away_m) < WITHIN_M
    assert sum(line.length for line in round_ones) == pytest.approx(math.pi * 8.15, rel=0.03)
    (room,) = site.rooms
    assert room.outline.area == pytest.approx(math.pi * 8**2 / 2, rel=0.01)


@pytest.mark.parametrize("style", ["solid", "faces"])
@pytest.mark.parametrize("layer", ["0", "Layer7"])
def test_where_no_layer_is_named_so_walls_are_the_lines_that_run_in_pairs(layer, style, drawn, tmp_path):
    brought = import_drawing([drawn.dxf_plan(tmp_path / "plan.dxf", style=style, layer=layer)])
    assert_is_the_plan(brought.site, drawn)
    assert "its lines run in pairs" in brought.files["import-report.csv"].decode()
    assert f'"{layer}" = {{as = "walls"' in brought.files["import-mapping.toml"].decode()


def test_a_single_line_is_a_wall_of_the_assumed_thickness_and_is_listed(drawn, tmp_path):
    brought = import_drawing([drawn.dxf_plan(tmp_path / "plan.dxf", style="single")])
    # Rooms reach to 5 cm from the line: 3.9 or so by 4.2 m more than between walls of 30 cm.
    assert sorted(room.outline.area for room in brought.site.rooms) == pytest.approx([4.1 * 4.2, 5.1 * 4.2], rel=0.01)
    assert brought.files["import-report.csv"].decode().count("drawn by one line") == 5


@pytest.mark.parametrize(("unit", "code"), [("mm", 4), ("cm", 5), ("m", 6), ("in", 1)])
def test_the_unit_is_the_one_the_drawing_states(unit, code, drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf", unit=unit, insunits=code)
    assert_is_the_plan(import_drawing([plan]).site, drawn)


@pytest.mark.parametrize("version", ["R2000", "R2004", "R2007", "R2010", "R2018"])
def test_every_version_of_dxf_is_read(version, drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf", version=version)
    assert_is_the_plan(import_drawing([plan]).site, drawn)


def test_a_drawing_without_a_unit_is_taken_in_the_one_that_gives_a_building_and_says_so(drawn, tmp_path):
    brought = import_drawing([drawn.dxf_plan(tmp_path / "plan.dxf", unit="mm", insunits=0)])
    assert_is_the_plan(brought.site, drawn)
    assert "mm assumed: the drawing states none" in brought.files["import-report.csv"].decode()


def test_a_plan_of_ten_kilometres_is_refused_with_the_unit_that_makes_it_a_building(drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf", unit="mm", insunits=6)
    with pytest.raises(SiteError, match=r"9,700 m wide in m .*give --unit mm") as caught:
        import_drawing([plan])
    assert len(caught.value.problems) == 1
    assert_is_the_plan(import_drawing([plan], DrawingChoices(unit="mm")).site, drawn)


def test_a_plan_of_a_centimetre_is_refused(drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf", unit="m", insunits=4)
    with pytest.raises(SiteError, match="give --unit m"):
        import_drawing([plan])


def test_several_files_are_storeys_from_the_lowest_up(drawn, tmp_path):
    plans = [drawn.dxf_plan(tmp_path / f"{name}.dxf") for name in ("ground", "first", "second")]
    brought = import_drawing(plans, DrawingChoices(storey_height_m=2.7))
    assert_is_the_plan(brought.site, drawn, storeys=3)
    assert [storey.floor_m for storey in brought.site.buildings[0].storeys] == [0, 2.7, 5.4]


def test_layouts_that_show_a_plan_each_are_storeys(drawn, tmp_path):
    import ezdxf

    path = drawn.dxf_plan(tmp_path / "plan.dxf")
    document = ezdxf.readfile(path)
    space = document.modelspace()
    for entity in list(space):
        copied = entity.copy()
        space.add_entity(copied)
        copied.translate(30_000, 0, 0)
    for number, middle in enumerate((4850, 34_850)):
        layout = document.layouts.new(f"floor {number}")
        layout.add_viewport((150, 100), (300, 200), (middle, 2300), 10_000)
    document.saveas(path)
    brought = import_drawing([path])
    assert_is_the_plan(brought.site, drawn, storeys=2)
    assert "layouts show a part each" in brought.files["import-report.csv"].decode()


def test_the_mapping_is_kept_and_given_again(drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf")
    first = import_drawing([plan])
    text = first.files["import-mapping.toml"].decode()
    assert '"A-WALL" = {as = "walls", construction = "by thickness"}' in text
    assert '"Furniture" = {as = "ignore"}' in text
    mapping = tmp_path / "mine.toml"
    mapping.write_text(text.replace('construction = "by thickness"', 'construction = "concrete_200"'), "utf-8")
    again = import_drawing([plan], DrawingChoices(mapping=mapping))
    assert {wall.construction for wall in again.site.walls} == {"concrete_200"}
    assert [wall.id for wall in again.site.walls] == [wall.id for wall in first.site.walls]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[layers]\n"A-WALL" = {as = "wals"}', "did you mean 'walls'"),
        ('[layers]\n"A-WALL" = {as = "walls", construction = "brik_215"}', "did you mean 'brick_215'"),
        ('[layers]\n"A-WALL" = "walls"', 'write {as = "walls"'),
        ("storey_height = 3", "did you mean 'storey_height_m'"),
        ("gap_m = 7", "expected a number from 0 to 0.5"),
        ("gap_m = ", "not valid TOML"),
        ('[materials]\n"Brick" = "brik"', "did you mean 'brick'"),
        ("[heights_m]\nwindow = [2, 1]", "write window = [1.0, 2.2]"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused_by_name(text, said, drawn, tmp_path):
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    with pytest.raises(SiteError) as caught:
        import_drawing([drawn.dxf_plan(tmp_path / "plan.dxf")], DrawingChoices(mapping=tmp_path / "mine.toml"))
    assert caught.value.problems[0].startswith("mine.toml: ")
    assert said in caught.value.problems[0]


@pytest.mark.parametrize("schema", ["IFC2X3", "IFC4"])
@pytest.mark.parametrize(("unit", "brep", "layers"), [("m", False, True), ("mm", True, True), ("m", True, False)])
def test_a_building_model_is_read_element_by_element(schema, unit, brep, layers, drawn, tmp_path):
    plan = drawn.ifc_plan(tmp_path / "plan.ifc", schema=schema, unit=unit, brep=brep, layers=layers)
    brought = import_drawing([plan])
    assert_is_the_plan(brought.site, drawn, storeys=2)
    assert len(brought.site.walls) == 10
    assert [room.name for room in brought.site.rooms if room.storey == 0] == ["Cell left", "Cell right"]
    # Walls end below a floor of 20 cm: a site's slab has no thickness, so they reach the floor above.
    assert all(wall.top_m is None for wall in brought.site.walls if wall.storey == 0)
    window = next(opening for opening in brought.site.openings if opening.kind == "window")
    assert (window.sill_m, window.head_m) == pytest.approx((0.9, 2.1))
    made = {own.name: own for own in brought.site.own_constructions}
    if layers:
        outer = [(layer.material, layer.thickness_mm) for layer in made["outer"].layers]
        assert outer == [("brick", 100), ("air", 100), ("concrete", 100)]
        assert [layer.material for layer in made["inner"].layers] == ["plasterboard", "air", "plasterboard"]
    else:
        assert not made


def test_a_model_without_spaces_and_holes_gets_rooms_between_its_walls_and_openings_where_they_stand(drawn, tmp_path):
    plan = drawn.ifc_plan(tmp_path / "plan.ifc", bare=True, brep=True, layers=False)
    brought = import_drawing([plan])
    assert_is_the_plan(brought.site, drawn, storeys=2)
    assert brought.files["import-report.csv"].decode().count("found between walls") == 4


def test_a_material_may_be_mapped_to_another(drawn, tmp_path):
    (tmp_path / "mine.toml").write_text(
        '[materials]\n"Insulation" = "metal"\n[types]\ninner = "concrete_150"\n', "utf-8"
    )
    plan = drawn.ifc_plan(tmp_path / "plan.ifc")
    site = import_drawing([plan], DrawingChoices(mapping=tmp_path / "mine.toml")).site
    outer = next(own for own in site.own_constructions if own.name == "outer")
    assert [layer.material for layer in outer.layers] == ["brick", "metal", "concrete"]
    assert outer.max_loss_db == 40  # metal leaks at its joints
    assert {wall.construction for wall in site.walls} == {"outer", "concrete_150"}


def test_an_indoor_plan_in_degrees_is_laid_in_metres_by_the_order_of_its_levels(drawn, tmp_path):
    brought = import_drawing([drawn.indoor_plan(tmp_path / "indoor")])
    site = brought.site
    assert site.crs == "EPSG:27700"
    assert [storey.name for storey in site.buildings[0].storeys] == ["0", "1"]
    assert sorted(room.outline.area for room in site.rooms) == pytest.approx([16, 16, 20, 20], rel=0.01)
    assert sorted(opening.kind for opening in site.openings) == ["door"] * 2 + ["window"] * 4
    assert {room.role for room in site.rooms if room.name == "stairs"} == {"ignore"}
    assert "storey height of 3 m assumed" in brought.files["import-report.csv"].decode()


def test_an_indoor_plan_may_come_as_a_zip(drawn, tmp_path):
    import zipfile

    folder = drawn.indoor_plan(tmp_path / "indoor", degrees=False)
    with zipfile.ZipFile(tmp_path / "Block A.zip", "w") as out:
        for path in folder.iterdir():
            out.write(path, f"indoor/{path.name}")
    assert drawing_kind(tmp_path / "Block A.zip") == "indoor"
    brought = import_drawing([tmp_path / "Block A.zip"])
    assert_is_the_plan(brought.site, drawn, storeys=2)
    assert brought.site.name == "Block A"


def test_a_zip_that_climbs_out_is_refused(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "plan.zip", "w") as out:
        out.writestr("main.json", "{}")
        out.writestr("../level.geojson", "{}")
    with pytest.raises(SiteError, match="leads out of the folder"):
        import_drawing([tmp_path / "plan.zip"])


@pytest.mark.parametrize("crs", ["27700", "EPSG:1", "EPSG:999999", "http://example.org"])
def test_a_grid_that_is_none_is_refused(crs, drawn, tmp_path):
    with pytest.raises(SiteError) as caught:
        import_drawing([drawn.indoor_plan(tmp_path / "indoor")], DrawingChoices(crs=crs))
    assert len(caught.value.problems) == 1
    assert "EPSG:27700" in caught.value.problems[0]


def test_an_indoor_plan_in_metres_stays_where_it_is(drawn, tmp_path):
    plan = drawn.indoor_plan(tmp_path / "indoor", degrees=False) / "main.json"
    assert_is_the_plan(import_drawing([plan]).site, drawn, storeys=2)


@pytest.mark.parametrize("filled", [True, False])
def test_walls_of_a_pdf_are_read_to_scale(filled, drawn, tmp_path):
    plan = drawn.pdf_plan(tmp_path / "plan.pdf", ratio=50, filled=filled)
    brought = import_drawing([plan], DrawingChoices(scale="1:50"))
    # A page begins 3 m left of and below the plan; a gap without a leaf is no window.
    assert_is_the_plan(brought.site, drawn, windows=0, shift=(3.0, 3.0))
    assert brought.files["import-report.csv"].decode().count("wide without a door") == 2


def test_thin_lines_along_a_gap_of_a_pdf_are_its_window(drawn, tmp_path):
    plan = drawn.pdf_plan(tmp_path / "plan.pdf", ratio=50, panes=True)
    brought = import_drawing([plan], DrawingChoices(scale="1:50"))
    assert_is_the_plan(brought.site, drawn, windows=2, shift=(3.0, 3.0))
    report = brought.files["import-report.csv"].decode()
    assert report.count("taken as a window") == 2
    assert "wide without a door" not in report


def test_two_points_of_a_pdf_give_its_scale(drawn, tmp_path):
    plan = drawn.pdf_plan(tmp_path / "plan.pdf", ratio=100)
    point_m = 0.0254 / 72 * 100  # by hand: a point of the page is 35.28 mm of the building
    scale = f"10,10 {10 + 9.7 / point_m:.3f},10 9.7"
    assert_is_the_plan(import_drawing([plan], DrawingChoices(scale=scale)).site, drawn, windows=0, shift=(3.0, 3.0))


def test_a_pdf_without_a_scale_is_refused_with_the_one_it_names(drawn, tmp_path):
    with pytest.raises(SiteError, match=r"give --scale 1:100.*the page itself says 1:200"):
        import_drawing([drawn.pdf_plan(tmp_path / "plan.pdf", says="Ground floor 1:200")])


def test_a_scan_is_sent_to_tracing(tmp_path):
    from PIL import Image

    Image.new("RGB", (200, 100), "white").save(tmp_path / "scan.pdf", "PDF")
    with pytest.raises(SiteError, match=r"holds a picture and no lines.*trace it in the app"):
        import_drawing([tmp_path / "scan.pdf"], DrawingChoices(scale="1:100"))


def test_kinds_are_told_by_content_first(drawn, tmp_path):
    plans = {
        "dxf": drawn.dxf_plan(tmp_path / "a.txt"),
        "ifc": drawn.ifc_plan(tmp_path / "b.dat", storeys=1),
        "pdf": drawn.pdf_plan(tmp_path / "c.dxf"),
        "indoor": drawn.indoor_plan(tmp_path / "d"),
    }
    assert {kind: drawing_kind(plan) for kind, plan in plans.items()} == {kind: kind for kind in plans}
    assert drawing_kind("houseblock") is None
    assert drawing_kind(tmp_path) is None


def test_edits_made_since_the_import_survive_another_mapping(drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf")
    first = import_drawing([plan])
    folder = tmp_path / "site"
    save_site(first.site, folder, beside=first.files)
    assert import_drawing([plan], again=folder).kept == ()  # nothing was changed: nothing to keep
    rooms = json.loads((folder / "rooms.geojson").read_text("utf-8"))
    rooms["features"][0]["properties"]["name"] = "Reception"
    rooms["features"][0]["properties"]["role"] = "keep"
    (folder / "rooms.geojson").write_text(json.dumps(rooms), "utf-8")
    openings = json.loads((folder / "openings.geojson").read_text("utf-8"))
    gone = openings["features"].pop()["properties"]["id"]
    (folder / "openings.geojson").write_text(json.dumps(openings), "utf-8")
    shutil.copy(Path("sites/examples/houseblock/masts.csv"), folder / "masts.csv")
    (tmp_path / "mine.toml").write_text('[layers]\n"A-WALL" = {as = "walls", construction = "brick_600"}\n', "utf-8")
    again = import_drawing([plan], DrawingChoices(mapping=tmp_path / "mine.toml"), again=folder)
    assert {wall.construction for wall in again.site.walls} == {"brick_600"}
    assert [room.role for room in again.site.rooms if room.name == "Reception"] == ["keep"]
    assert gone not in {opening.id for opening in again.site.openings}
    assert again.site.sectors == load_site("houseblock").sectors
    assert len(again.kept) == 3
    assert any(f"{gone}: stays deleted" in said for said in again.kept)
    save_site(again.site, folder, overwrite=True, beside=again.files)
    third = import_drawing([plan], again=folder)  # the mapping that lies there, the same edits
    assert third.site == again.site
    assert third.kept == again.kept


def test_an_import_that_lacks_the_extra_says_how_to_get_it(drawn, tmp_path, monkeypatch, forked_readers):
    monkeypatch.setattr(child, "_run", forked_readers)  # a child of its own, which looks for its libraries itself
    plan = drawn.dxf_plan(tmp_path / "plan.dxf")
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "ezdxf.py").write_text("raise ModuleNotFoundError('x', name='ezdxf')", "utf-8")
    monkeypatch.setattr("sys.path", [str(tmp_path / "shadow"), *__import__("sys").path])
    with pytest.raises(SiteError, match=r'plan.dxf: .*pip install "quietwing\[plans\]"'):
        import_drawing([plan])


@DATA
def test_the_office_of_the_data_sets_is_read_in_millimetres():
    brought = import_drawing([data("plan-office-dxf/cad.dxf")])
    (storey,) = brought.counts["storeys"]
    assert storey["wall_polygons"] >= 80
    west, south, east, north = brought.site.buildings[0].outline.bounds
    assert (east - west, north - south) == pytest.approx((57.9, 27.9), abs=0.1)
    mapping = brought.files["import-mapping.toml"].decode()
    assert 'unit = "mm"' in mapping
    assert '"Furniture" = {as = "ignore"}' in mapping
    for layer in ("wall", "concr", "Plaster"):
        assert f'"{layer}" = {{as = "walls"' in mapping


@DATA
def test_the_duplex_of_the_data_sets_has_its_elements():
    brought = import_drawing([data("plan-ifc-duplex/Duplex_A_20110907.ifc")])
    site = brought.site
    assert len(site.walls) == 57
    assert sum(opening.kind == "door" for opening in site.openings) == 14
    skylights = sum(slab.construction == "rooflight_glass" for slab in site.slabs)
    assert sum(opening.kind == "window" for opening in site.openings) + skylights == 24
    assert len(site.rooms) == 21
    assert [(storey.name, storey.floor_m) for storey in site.buildings[0].storeys] == [
        ("Level 1", 0.0), ("Level 2", 3.1), ("Roof", 6.0),
    ]  # fmt: skip
    party = next(own for own in site.own_constructions if own.name.startswith("party_wall"))
    blocks = [layer.thickness_mm for layer in party.layers if layer.material == "concrete"]
    assert blocks == pytest.approx([193, 193], abs=1)


@DATA
def test_the_seven_levels_of_westport_house_are_stacked():
    brought = import_drawing([data("plan-westport-house-geojson")])
    storeys = brought.counts["storeys"]
    assert [storey["name"] for storey in storeys] == ["G", "1", "2", "3", "4", "5", "6"]
    assert [storey["wall_polygons"] for storey in storeys] == [39, 44, 43, 41, 41, 10, 7]
    assert [storey["drawn_doors"] for storey in storeys] == [36, 11, 25, 122, 114, 15, 10]
    assert [storey["windows"] for storey in storeys] == [20, 21, 31, 41, 38, 7, 6]
    assert sum(storey["doors"] for storey in storeys) == 333
    areas = {slab.id: slab.outline.area for slab in brought.site.slabs if slab.kind == "floor"}
    for name, area_m2 in {"G": 2462, "3": 1593, "5": 328}.items():
        assert sum(area for slab, area in areas.items() if slab.startswith(f"{name}-floor")) == pytest.approx(
            area_m2, rel=0.01
        )


def test_a_drawing_without_any_wall_comes_with_the_mapping_to_change(drawn, tmp_path):
    """Every layer that was met, so that one of them can be told to be walls; told so, it is read."""
    path = drawn.dxf_plan(tmp_path / "q.dxf", style="single", layer="Q7")
    with pytest.raises(
        UnmappedDrawingError, match=r"q\.dxf: no layer looks like walls \(its layers: Furniture, Q7, "
    ) as caught:
        import_drawing([path])
    mapping = parse_mapping(caught.value.mapping, "m.toml")
    assert mapping.layers["Q7"].use == "ignore"
    (tmp_path / "m.toml").write_text(caught.value.mapping.replace('"Q7" = {as = "ignore"', '"Q7" = {as = "walls"'))
    found = import_drawing([path], DrawingChoices(mapping=tmp_path / "m.toml"))
    assert len(found.site.rooms) == 2


def test_walls_that_enclose_nothing_come_with_their_mapping_too(tmp_path):
    ezdxf = pytest.importorskip("ezdxf")
    document = ezdxf.new("R2010")
    document.header["$INSUNITS"] = 6
    document.modelspace().add_line((0, 0), (12, 0), dxfattribs={"layer": "A-WALL"})
    document.modelspace().add_line((0, 0), (0, 9), dxfattribs={"layer": "A-WALL"})
    document.saveas(tmp_path / "l.dxf")
    with pytest.raises(UnmappedDrawingError, match=r"l\.dxf: ") as caught:
        import_drawing([tmp_path / "l.dxf"])
    assert parse_mapping(caught.value.mapping, "m.toml").layers["A-WALL"].use == "walls"
