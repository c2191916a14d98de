"""Drawings as offices make them: faces cut at piers and cavities, storeys in one model space, feet without a unit."""

from __future__ import annotations

import json
import math
from pathlib import Path

import ezdxf
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Polygon, box

from quietwing.sites.errors import SiteError
from quietwing.sites.importers import DrawingChoices, import_drawing
from quietwing.sites.importers.plan_mapping import storey_number
from quietwing.sites.importers.wall_bodies import bodies_of_faces

pytestmark = pytest.mark.usefixtures("forked_readers")

WITHIN_M = 0.05
# A wing of four rooms off a corridor, walls of 36, 24 and 11.5 cm; two windows of the north with a pier of 20 cm.
WALLS = [
    (-0.36, -0.36, 9.36, 0), (-0.36, 6, 9.36, 6.36), (-0.36, 0, 0, 6), (9, 0, 9.36, 6), (0, 2.4, 9, 2.64),
    (0, 4, 9, 4.115), (4, 0, 4.115, 2.4), (5, 4.115, 5.115, 6),
]  # fmt: skip
LINES = [
    ((-0.18, -0.18), (9.18, -0.18)), ((-0.18, 6.18), (9.18, 6.18)), ((-0.18, -0.18), (-0.18, 6.18)),
    ((9.18, -0.18), (9.18, 6.18)), ((-0.18, 2.52), (9.18, 2.52)), ((-0.18, 4.0575), (9.18, 4.0575)),
    ((4.0575, -0.18), (4.0575, 2.52)), ((5.0575, 4.0575), (5.0575, 6.18)),
]  # fmt: skip
ROOMS = [(0, 0, 4, 2.4), (4.115, 0, 9, 2.4), (0, 2.64, 9, 4), (0, 4.115, 5, 6), (5.115, 4.115, 9, 6)]
DOORS = [(1, 2.4, 1.9, 2.64), (6, 2.4, 6.9, 2.64), (2, 4, 2.9, 4.115), (7, 4, 7.9, 4.115), (-0.36, 2.9, 0, 3.8)]
WINDOWS = [(0.9, -0.36, 2.1, 0), (5, -0.36, 6.2, 0), (0.5, 6, 2, 6.36), (2.2, 6, 3.7, 6.36)]


def corners(area):
    west, south, east, north = area
    return [(west, south), (east, south), (east, north), (west, north)]


def drawing(version="R2010", insunits=4):
    document = ezdxf.new(version)
    document.header["$INSUNITS"] = insunits
    return document


def draw(space, *, size=1000.0, shift=(0.0, 0.0), turn=0.0, prefix="A-", leaves=()):
    """The wing by the outline of all its walls; leaves and arcs of doors, three lines for each window."""
    cosine, sine = math.cos(math.radians(turn)), math.sin(math.radians(turn))

    def at(x, y):
        return size * (x * cosine - y * sine + shift[0]), size * (x * sine + y * cosine + shift[1])

    holes = shapely.union_all([box(*area) for area in (*DOORS, *WINDOWS)])
    walls = shapely.union_all([box(*area) for area in WALLS]).difference(holes)
    for part in walls.geoms:
        for ring in (part.exterior, *part.interiors):
            for start, end in zip(ring.coords[:-1], ring.coords[1:], strict=True):
                space.add_line(at(*start), at(*end), dxfattribs={"layer": f"{prefix}WALL"})
    for aside in leaves:
        ring = Polygon(corners((-aside, -aside, 9 + aside, 6 + aside))).exterior
        for part in ring.difference(holes).geoms:
            for start, end in zip(part.coords[:-1], part.coords[1:], strict=True):
                space.add_line(at(*start), at(*end), dxfattribs={"layer": f"{prefix}WALL"})
    for west, south, east, north in DOORS:
        hinge, radius, first = ((west, north), 0.9, 0) if east - west > 0.5 else ((east, south), 0.9, 0)
        space.add_line(at(*hinge), at(hinge[0], hinge[1] + radius), dxfattribs={"layer": f"{prefix}DOOR"})
        arc = (radius * size, first + turn, 90 + turn)
        space.add_arc(at(*hinge), *arc, dxfattribs={"layer": f"{prefix}DOOR"})
    for west, south, east, north in WINDOWS:
        for share in (0.35, 0.5, 0.65):
            y = south + share * (north - south)
            space.add_line(at(west, y), at(east, y), dxfattribs={"layer": f"{prefix}GLAZ"})


def assert_is_the_wing(site, *, storeys=1, shift=(0.0, 0.0), turn=0.0):
    cosine, sine = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    turned = np.array([[cosine, sine], [-sine, cosine]])

    def placed(shape):
        return shapely.transform(shape, lambda xy: xy @ turned + np.array(shift))

    true = placed(shapely.union_all([LineString(ends) for ends in LINES]))
    assert len(site.buildings[0].storeys) == storeys
    for number in range(storeys):
        walls = [wall for wall in site.walls if wall.storey == number]
        assert shapely.hausdorff_distance(shapely.union_all([wall.line for wall in walls]), true) < WITHIN_M
        names = {wall.id for wall in walls}
        kinds = [opening.kind for opening in site.openings if opening.wall in names]
        assert (kinds.count("door"), kinds.count("window")) == (len(DOORS), len(WINDOWS))
        rooms = [room.outline for room in site.rooms if room.storey == number]
        assert len(rooms) == len(ROOMS)
        for area in ROOMS:
            (room,) = [room for room in rooms if room.contains(placed(box(*area)).centroid)]
            assert room.area == pytest.approx(box(*area).area, rel=0.01)


def saved(document, tmp_path: Path) -> Path:
    document.saveas(tmp_path / "wing.dxf")
    return tmp_path / "wing.dxf"


def test_a_pier_between_two_windows_stays_in_its_wall(tmp_path):
    document = drawing("R2004", 2)
    draw(document.modelspace(), size=1 / 0.3048, turn=17)
    assert_is_the_wing(import_drawing([saved(document, tmp_path)]).site, turn=17)


def test_a_cavity_wall_drawn_leaf_by_leaf_is_one_wall(tmp_path):
    document = drawing()
    draw(document.modelspace(), leaves=(0.16, 0.26))
    site = import_drawing([saved(document, tmp_path)]).site
    assert_is_the_wing(site)
    assert {wall.construction for wall in site.walls} == {"brick_330", "brick_215", "stud_partition"}


def test_a_shaft_between_walls_is_no_wall():
    rings = [corners((0, 0, 1.4, 3)), corners((0.1, 0.1, 0.5, 2.9)), corners((0.6, 0.1, 1.3, 2.9))]
    faces = np.array([[a, b] for ring in rings for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)], dtype=float)
    bodies, left = bodies_of_faces(faces)
    assert sum(body.area for body in bodies) == pytest.approx(1.4 * 3 - 0.4 * 2.8 - 0.7 * 2.8)
    assert not len(left)


def test_plans_side_by_side_are_the_storeys_whose_names_stand_beside_them(tmp_path):
    document = drawing()
    space = document.modelspace()
    for place, name in enumerate(("FIRST FLOOR PLAN", "GROUND FLOOR PLAN", "Level 2")):
        draw(space, shift=(25 * place, 0))
        space.add_text(name, dxfattribs={"layer": "A-ANNO", "insert": (25_000 * place + 2000, -3000)})
    brought = import_drawing([saved(document, tmp_path)])
    assert_is_the_wing(brought.site, storeys=3, shift=(25, 0))
    assert "3 plans side by side" in brought.files["import-report.csv"].decode()


def test_plans_side_by_side_without_names_are_buildings_and_the_report_says_what_to_do(tmp_path):
    document = drawing()
    for place in range(2):
        draw(document.modelspace(), shift=(25 * place, 0))
    brought = import_drawing([saved(document, tmp_path)])
    assert len(brought.site.rooms) == 2 * len(ROOMS)
    assert {wall.storey for wall in brought.site.walls} == {0}
    assert "2 plans of one size stand side by side" in brought.files["import-report.csv"].decode()


def test_layers_named_by_storey_are_storeys_and_the_others_belong_to_each(tmp_path):
    document = drawing()
    for prefix in ("L1-", "L0-"):
        draw(document.modelspace(), prefix=prefix)
    document.modelspace().add_lwpolyline(
        [(1000 * x, 1000 * y) for x, y in corners((20, 0, 20.3, 5))], close=True, dxfattribs={"layer": "WALL COMMON"}
    )
    site = import_drawing([saved(document, tmp_path)]).site
    common = [wall for wall in site.walls if wall.line.centroid.x > 15]
    assert sorted(wall.storey for wall in common) == [0, 1]
    doors = [opening for opening in site.openings if opening.kind == "door"]
    assert len(doors) == 2 * len(DOORS)


@pytest.mark.parametrize(("unit", "metres"), [("ft", 0.3048), ("in", 0.0254), ("m", 1.0), ("mm", 0.001)])
def test_where_no_unit_is_stated_the_doors_tell_it(unit, metres, tmp_path):
    document = drawing(insunits=0)
    draw(document.modelspace(), size=1 / metres)
    brought = import_drawing([saved(document, tmp_path)])
    assert_is_the_wing(brought.site)
    assert f"{unit} assumed" in brought.files["import-report.csv"].decode()


def test_rooms_found_between_walls_have_the_names_that_stand_in_them(tmp_path):
    document = drawing()
    space = document.modelspace()
    draw(space)
    for name, at in (("9.60 m²", (500, 2000)), ("Cell 4", (500, 1500)), ("Stair 1", (6000, 5000))):
        space.add_text(name, dxfattribs={"layer": "A-AREA-IDEN", "insert": at})
    space.add_text("Parloir", dxfattribs={"layer": "0_NOMS_PIECES", "insert": (500, 3000)})
    tag = document.blocks.new("ROOM TAG")
    tag.add_attdef("NAME", (0, 0))
    space.add_blockref("ROOM TAG", (2000, 5000), dxfattribs={"layer": "A-AREA-IDEN"}).add_auto_attribs(
        {"NAME": "Office"}
    )
    site = import_drawing([saved(document, tmp_path)]).site
    assert_is_the_wing(site)
    named = {(room.name, room.role) for room in site.rooms if room.name}
    assert named == {("Cell 4", "silence"), ("Stair 1", "ignore"), ("Office", "silence"), ("Parloir", "silence")}


def test_walls_on_a_layer_of_all_and_no_opening_anywhere_are_said(tmp_path):
    document = drawing()
    space = document.modelspace()
    for area in WALLS:
        space.add_lwpolyline(
            [(1000 * x, 1000 * y) for x, y in corners(area)], close=True, dxfattribs={"layer": "A-WALL"}
        )
    report = import_drawing([saved(document, tmp_path)]).files["import-report.csv"].decode()
    assert "no layer or block was taken as doors or windows" in report


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("Ground Floor Plan", 0), ("FIRST FLOOR", 1), ("Level 2 - cells", 2), ("L03-A-WALL", 3), ("2. OG", 2),
        ("EG_Wand", 0), ("KG", -1), ("1er étage", 1), ("R+1", 1), ("2nd floor", 2), ("RDC", 0), ("A-WALL", None),
        ("Cell 12", None), ("Wall 1", None), ("A-FLOR-LEVL", None), ("Store 2", None),
    ],
)  # fmt: skip
def test_storeys_are_told_by_the_names_people_give_them(said, number):
    assert storey_number(said) == number


def model_of(drawn, path: Path, floors, *, wall="IfcWall", layers=True, carved=False, elevations=(0.0,)):
    """The wing as building model: its walls on some floors, each in the storey at the last elevation not above it."""
    model = drawn._Model("IFC2X3", "mm")
    held: dict[int, list] = {}
    walls = []
    for floor, (low, home) in enumerate(floors):
        parts = held.setdefault(home, [])
        bands = [(0, 0.9, True, False), (0.9, 2.0, True, True), (2.0, 2.2, False, True), (2.2, 2.7, False, False)]
        for number, area in enumerate(WALLS):
            pieces: dict[int, list] = {}
            for bottom, top, doors, windows in bands if carved else [(0, 2.7, True, False)]:
                holes = [box(*one) for one in (DOORS if doors else []) + (WINDOWS if windows else [])]
                left = box(*area).difference(shapely.union_all(holes))
                for place, piece in enumerate(getattr(left, "geoms", [left])):
                    body = model.body(corners(piece.bounds), low + bottom, low + top, brep=True)
                    pieces.setdefault(0 if carved else place, []).append(body)
            for place, bodies in pieces.items():
                shown = bodies[0].Representations[0]
                shown.Items = [item for body in bodies for item in body.Representations[0].Items]
                tag = f"{floor}-{number}-{place}"
                named = {"Name": "Group", "ObjectPlacement": model.place(), "Representation": bodies[0], "Tag": tag}
                parts.append(model.root(wall, **named))
        walls += parts if layers else []
        for kind, areas, sill, head in () if carved else (("IfcDoor", DOORS, 0, 2), ("IfcWindow", WINDOWS, 1, 2)):
            for area in areas:
                body = model.body(corners(area), low + sill, low + head, brep=True)
                named = {"Name": kind, "ObjectPlacement": model.place(), "Representation": body, "Tag": str(area)}
                parts.append(model.root(kind, **named))
    if layers:
        make = model.file.create_entity
        sheet = make("IfcMaterialLayer", Material=make("IfcMaterial", Name="Brick"), LayerThickness=200.0)
        held_by = make("IfcMaterialLayerSet", MaterialLayers=[sheet], LayerSetName="Basic Wall:plain")
        model.root("IfcRelAssociatesMaterial", RelatedObjects=walls, RelatingMaterial=held_by)
    storeys = []
    for number, elevation in enumerate(elevations):
        storey = {"Name": f"Level {number}", "Elevation": elevation * model.size, "CompositionType": "ELEMENT"}
        storeys.append(model.root("IfcBuildingStorey", **storey))
        related = {"RelatedElements": held[number], "RelatingStructure": storeys[-1]}
        model.root("IfcRelContainedInSpatialStructure", **related)
    model.root("IfcRelAggregates", RelatingObject=model.building, RelatedObjects=storeys)
    model.file.write(str(path))
    return path


def test_walls_of_a_model_that_end_at_its_doors_are_led_across(drawn_plans, tmp_path):
    path = model_of(drawn_plans, tmp_path / "ends.ifc", [(0.0, 0)])
    assert_is_the_wing(import_drawing([path]).site)


@pytest.mark.parametrize(
    ("floors", "elevations"),
    [([(52.4, 0), (55.4, 1)], (0.0, 3.0)), ([(71.3, 0), (74.3, 1)], (71.3, 74.3))],
    ids=["site placed above sea level", "elevations above sea level"],
)
def test_heights_above_sea_level_are_laid_on_the_ground(floors, elevations, drawn_plans, tmp_path):
    path = model_of(drawn_plans, tmp_path / "high.ifc", floors, elevations=elevations)
    brought = import_drawing([path])
    assert_is_the_wing(brought.site, storeys=2)
    assert [storey.floor_m for storey in brought.site.buildings[0].storeys] == [0, 3]
    assert {opening.sill_m for opening in brought.site.openings} == {0, 1}
    assert "heights above a datum" in brought.files["import-report.csv"].decode()


def test_proxies_carved_with_holes_and_floors_kept_in_one_storey_are_cut_like_a_plan(drawn_plans, tmp_path):
    kind = "IfcBuildingElementProxy"
    path = model_of(drawn_plans, tmp_path / "proxies.ifc", [(0, 0), (3, 0)], wall=kind, layers=False, carved=True)
    brought = import_drawing([path])
    assert_is_the_wing(brought.site, storeys=2)
    assert [storey.floor_m for storey in brought.site.buildings[0].storeys] == [0, 3]
    assert "keeps all in one storey" in brought.files["import-report.csv"].decode()


def features(key, *, line=False, size=1.0, down=1.0):
    """The wing as features that say under some key what they are; walls as lines, if asked, and in pixels."""

    def feature(kind, shape, **others):
        placed = shapely.transform(shape, lambda xy: xy * np.array([size, down * size]))
        return {"type": "Feature", "properties": {key: kind, **others}, "geometry": shapely.geometry.mapping(placed)}

    holes = shapely.union_all([box(*area) for area in (*DOORS, *WINDOWS)])
    walls = [
        piece for area in WALLS for left in [box(*area).difference(holes)] for piece in getattr(left, "geoms", [left])
    ]
    found = [feature("Wall", piece) for piece in walls]
    if line:
        thick = [0.36] * 4 + [0.24, 0.115, 0.115, 0.115]
        found = [feature("Wall", LineString(a), thickness=t) for a, t in zip(LINES, thick, strict=True)]
    for kind, areas in (("Door", DOORS), ("Window", WINDOWS), ("Room", ROOMS)):
        found += [feature(kind, box(*area)) for area in areas]
    return json.dumps({"type": "FeatureCollection", "features": found})


@pytest.mark.parametrize(("key", "line"), [("layer", False), ("kind", True)])
def test_what_a_feature_is_may_stand_under_another_name(key, line, tmp_path):
    (tmp_path / "plan.geojson").write_text(features(key, line=line), "utf-8")
    brought = import_drawing([tmp_path / "plan.geojson"])
    assert_is_the_wing(brought.site)
    assert f"told by their property {key}" in brought.files["import-report.csv"].decode()


def test_a_plan_in_pixels_of_a_picture_is_laid_in_metres_by_two_points(tmp_path):
    from PIL import Image

    Image.new("L", (800, 600), 255).save(tmp_path / "scan.png")
    (tmp_path / "plan.geojson").write_text(features("type", size=50, down=-1), "utf-8")
    both = [tmp_path / "scan.png", tmp_path / "plan.geojson"]
    assert_is_the_wing(import_drawing(both, DrawingChoices(scale="0,0 450,0 9")).site)
    with pytest.raises(SiteError, match="two points in px"):
        import_drawing(both, DrawingChoices(scale="1:100"))


def test_features_that_say_nothing_are_refused_with_what_to_write(tmp_path):
    (tmp_path / "plan.geojson").write_text(features("colour"), "utf-8")
    with pytest.raises(SiteError, match='property "type" of wall, door, window or room'):
        import_drawing([tmp_path / "plan.geojson"])


def test_a_hatch_within_the_outline_of_a_wall_is_the_same_wall(tmp_path):
    document = drawing()
    draw(document.modelspace())
    holes = shapely.union_all([box(*area) for area in (*DOORS, *WINDOWS)])
    for area in WALLS:
        left = box(*area).difference(holes)
        for piece in getattr(left, "geoms", [left]):
            hatch = document.modelspace().add_hatch(dxfattribs={"layer": "A-WALL-PATT"})
            hatch.paths.add_polyline_path([(1000 * x, 1000 * y) for x, y in corners(piece.bounds)], is_closed=True)
    assert_is_the_wing(import_drawing([saved(document, tmp_path)]).site)


def test_a_pier_drawn_by_its_faces_alone_goes_on_from_the_wall(tmp_path):
    """Faces of a wall of 36 cm, open at its ends, and a pier of 20 cm between a window and an open gap."""
    document = drawing()
    for low, high in ((0, 2), (3, 3.2), (4.2, 8)):
        for y in (0, 0.36):
            line = (1000 * low, 1000 * y), (1000 * high, 1000 * y)
            document.modelspace().add_line(*line, dxfattribs={"layer": "A-WALL"})
    for low, high in ((0, 0.36), (7.64, 8)):
        for x in (low, high):
            document.modelspace().add_line((1000 * x, 360), (1000 * x, 5000), dxfattribs={"layer": "A-WALL"})
    for y in (5, 5.36):
        document.modelspace().add_line((0, 1000 * y), (8000, 1000 * y), dxfattribs={"layer": "A-WALL"})
    document.modelspace().add_line((2000, 180), (3000, 180), dxfattribs={"layer": "A-GLAZ"})
    site = import_drawing([saved(document, tmp_path)]).site
    south = [wall.line for wall in site.walls if wall.line.centroid.y < 0.5]
    assert max(abs(y - 0.18) for line in south for _, y in line.coords) < WITHIN_M
    (window,) = site.openings
    assert sorted(x for x, _ in window.line.coords) == pytest.approx([2, 3], abs=WITHIN_M)


def test_an_ink_plan_in_pdf_keeps_its_piers_and_leaves_the_frame_of_the_sheet(tmp_path):
    """Faces of walls and the frame round the sheet by one pen, panes and leaves by a thin one."""
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.figure import Figure
    from matplotlib.patches import Arc
    from matplotlib.patches import Polygon as Outline

    figure = Figure(figsize=(0.42 / 0.0254, 0.297 / 0.0254))  # A3, 1:100
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-6, 36), ylim=(-6, 23.7))
    axes.axis("off")
    holes = shapely.union_all([box(*area) for area in (*DOORS, *WINDOWS)])
    for part in shapely.union_all([box(*area) for area in WALLS]).difference(holes).geoms:
        for ring in (part.exterior, *part.interiors):
            axes.add_patch(Outline(list(ring.coords), fill=False, linewidth=0.7))
    axes.plot([-5.5, 35.5, 35.5, -5.5, -5.5], [-5.5, -5.5, 23.2, 23.2, -5.5], color="black", linewidth=0.7)
    for west, south, east, north in DOORS:
        hinge = (west, north) if east - west > 0.5 else (east, south)
        axes.add_patch(Arc(hinge, 1.8, 1.8, theta1=0, theta2=90, linewidth=0.2))
    for west, south, east, north in WINDOWS:
        for share in (0.4, 0.6):
            axes.plot([west, east], [south + share * (north - south)] * 2, color="black", linewidth=0.2)
    FigureCanvasPdf(figure).print_pdf(tmp_path / "sheet.pdf")
    brought = import_drawing([tmp_path / "sheet.pdf"], DrawingChoices(scale="1:100"))
    assert_is_the_wing(brought.site, shift=(6, 6))
    assert "1 rectangles round the sheet left out" in brought.files["import-report.csv"].decode()
