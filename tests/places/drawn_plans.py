"""Drawings made by code, with their truth: two rooms, 5 m and 4 m by 4 m inside, a door between, a window each."""

from __future__ import annotations

import json
import math
from pathlib import Path

import ezdxf
import ifcopenshell
import ifcopenshell.guid

OUTER_M, INNER_M = 0.3, 0.1
# Faces of the walls, x and y. Left room 5 × 4 m, right room 4 × 4 m.
X = (0.0, 0.3, 5.3, 5.4, 9.4, 9.7)
Y = (0.0, 0.3, 4.3, 4.6)
ROOMS_M2 = (16.0, 20.0)
MIDLINES = {
    "south": ((0.15, 0.15), (9.55, 0.15)),
    "north": ((0.15, 4.45), (9.55, 4.45)),
    "west": ((0.15, 0.15), (0.15, 4.45)),
    "east": ((9.55, 0.15), (9.55, 4.45)),
    "inner": ((5.35, 0.15), (5.35, 4.45)),
}
DOOR = ((5.35, 1.0), (5.35, 1.9))  # in the inner wall
WINDOWS = (((2.0, 0.15), (3.2, 0.15)), ((6.5, 0.15), (7.7, 0.15)))  # in the south wall


def boxes(*, cut: bool) -> list[tuple[float, float, float, float]]:
    """The walls as rectangles; with `cut` they are interrupted at door and windows, as most plans are drawn."""
    south = [(X[0], X[5])]
    inner = [(Y[1], Y[2])]
    if cut:
        south = [(0.0, 2.0), (3.2, 6.5), (7.7, 9.7)]
        inner = [(0.3, 1.0), (1.9, 4.3)]
    return [
        *((a, Y[0], b, Y[1]) for a, b in south),
        (X[0], Y[2], X[5], Y[3]),
        (X[0], Y[1], X[1], Y[2]),
        (X[4], Y[1], X[5], Y[2]),
        *((X[2], a, X[3], b) for a, b in inner),
    ]


def rectangle(west: float, south: float, east: float, north: float) -> list[tuple[float, float]]:
    return [(west, south), (east, south), (east, north), (west, north)]


def dxf_plan(
    path: Path,
    *,
    style: str = "solid",
    unit: str = "mm",
    insunits: int | None = 4,
    cut: bool = True,
    version: str = "R2010",
    layer: str = "A-WALL",
) -> Path:
    """The plan as DXF: walls filled, hatched, by both faces or by one line; door and windows as blocks."""
    size = {"mm": 1000.0, "cm": 100.0, "m": 1.0, "in": 1 / 0.0254}[unit]
    document = ezdxf.new(version)
    if insunits is not None:
        document.header["$INSUNITS"] = insunits
    space = document.modelspace()

    def at(x: float, y: float) -> tuple[float, float]:
        return x * size, y * size

    for box in boxes(cut=cut) if style in ("solid", "hatch", "faces", "jambs") else ():
        ring = [at(*corner) for corner in rectangle(*box)]
        if style == "solid":
            space.add_lwpolyline(ring, close=True, dxfattribs={"layer": layer})
        elif style == "hatch":
            space.add_hatch(dxfattribs={"layer": layer}).paths.add_polyline_path(ring, is_closed=True)
        else:
            long = (0, 2) if box[2] - box[0] > box[3] - box[1] else (1, 3)
            for side in range(4) if style == "jambs" else long:
                space.add_line(ring[side], ring[(side + 1) % 4], dxfattribs={"layer": layer})
    if style == "single":
        for start, end in MIDLINES.values():
            space.add_line(at(*start), at(*end), dxfattribs={"layer": layer})
    if style == "loops":  # the outline of the building and of each room
        for box in ((X[0], Y[0], X[5], Y[3]), (X[1], Y[1], X[2], Y[2]), (X[3], Y[1], X[4], Y[2])):
            space.add_lwpolyline([at(*corner) for corner in rectangle(*box)], close=True, dxfattribs={"layer": layer})
    if style == "wide":  # mid-lines drawn as thick as the wall
        for name, (start, end) in MIDLINES.items():
            width = INNER_M if name == "inner" else OUTER_M
            wide = {"layer": layer, "const_width": width * size}
            space.add_lwpolyline([at(*start), at(*end)], dxfattribs=wide)
    if style == "block":  # the plan as one block, as a bound reference leaves it
        plan = document.blocks.new("ground floor")
        for box in boxes(cut=cut):
            ring = [at(*corner) for corner in rectangle(*box)]
            plan.add_lwpolyline(ring, close=True, dxfattribs={"layer": layer})
        space.add_blockref("ground floor", (0, 0))
    door = document.blocks.new("Door 900")
    door.add_line((0, 0), (0.9 * size, 0))
    door.add_arc((0, 0), 0.9 * size, 0, 90)
    window = document.blocks.new("Window 1200")
    for y in (-0.05, 0.05):
        window.add_line((0, y * size), (1.2 * size, y * size))
    space.add_blockref("Door 900", at(*DOOR[0]), dxfattribs={"layer": "A-DOOR", "rotation": 90})
    for start, _ in WINDOWS:
        space.add_blockref("Window 1200", at(*start), dxfattribs={"layer": "A-GLAZ"})
    for number in range(50):
        space.add_circle(at(1 + number / 20, 2), 0.1 * size, dxfattribs={"layer": "Furniture"})
    document.saveas(path)
    return path


def pdf_plan(
    path: Path, *, ratio: float = 100.0, filled: bool = True, pages: int = 1, says: str = "", panes: bool = False
) -> Path:
    """The plan as PDF to scale: walls filled, or their faces by a wide pen; furniture by a thin one; one leaf."""
    import matplotlib

    matplotlib.use("pdf")
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure
    from matplotlib.patches import Arc, Polygon

    with PdfPages(path) as out:
        for _ in range(pages):
            wide, high = 0.42, 0.297  # A3
            figure = Figure(figsize=(wide / 0.0254, high / 0.0254))
            axes = figure.add_axes((0, 0, 1, 1))
            axes.set_xlim(-3, wide * ratio - 3)
            axes.set_ylim(-3, high * ratio - 3)
            axes.axis("off")
            for box in boxes(cut=True):
                ring = rectangle(*box)
                if filled:
                    axes.add_patch(Polygon(ring, facecolor="black", edgecolor="none"))
                else:
                    axes.add_patch(Polygon(ring, fill=False, edgecolor="black", linewidth=1.5))
            for number in range(6):
                axes.plot([1 + number / 4, 1 + number / 4], [1, 3], color="0.5", linewidth=0.2)
            for (x0, y0), (x1, y1) in WINDOWS if panes else ():
                for aside in (-0.04, 0.04):
                    axes.plot([x0, x1], [y0 + aside, y1 + aside], color="black", linewidth=0.2)
            axes.add_patch(Arc(DOOR[0], 1.8, 1.8, theta1=90, theta2=180, edgecolor="black", linewidth=0.3))
            if says:
                axes.text(8, 8, says)
            figure.savefig(out, format="pdf")
            figure.clear()
    return path


HEIGHT_M = 2.8


class _Model:
    """A building model entity by entity, so that every schema and kind of body can be made."""

    def __init__(self, schema: str, unit: str) -> None:
        self.file = ifcopenshell.file(schema=schema)
        self.size = {"m": 1.0, "mm": 1000.0}[unit]
        make = self.file.create_entity
        prefix = {"m": None, "mm": "MILLI"}[unit]
        length = make("IfcSIUnit", UnitType="LENGTHUNIT", Prefix=prefix, Name="METRE")
        self.origin = self.axes(0, 0, 0)
        self.context = make(
            "IfcGeometricRepresentationContext",
            ContextType="Model",
            CoordinateSpaceDimension=3,
            Precision=1e-5,
            WorldCoordinateSystem=self.origin,
        )
        self.owner = None
        if schema == "IFC2X3":
            person = make(
                "IfcPersonAndOrganization", make("IfcPerson", FamilyName="x"), make("IfcOrganization", Name="x")
            )
            tool = make("IfcApplication", person.TheOrganization, "1", "x", "x")
            self.owner = make("IfcOwnerHistory", person, tool, None, "ADDED", None, None, None, 0)
        units = make("IfcUnitAssignment", Units=[length])
        self.project = self.root("IfcProject", RepresentationContexts=[self.context], UnitsInContext=units)
        self.building = self.root("IfcBuilding", Name="main", CompositionType="ELEMENT")
        self.relate("IfcRelAggregates", RelatingObject=self.project, RelatedObjects=[self.building])

    def root(self, kind: str, **values):
        return self.file.create_entity(kind, GlobalId=ifcopenshell.guid.new(), OwnerHistory=self.owner, **values)

    def relate(self, kind: str, **values):
        return self.root(kind, **values)

    def point(self, *values):
        return self.file.create_entity(
            "IfcCartesianPoint", Coordinates=[float(value) * self.size for value in values]
        )

    def axes(self, x, y, z):
        return self.file.create_entity("IfcAxis2Placement3D", Location=self.point(x, y, z))

    def place(self):
        return self.file.create_entity("IfcLocalPlacement", RelativePlacement=self.origin)

    def body(self, ring, low, high, brep=False):
        make = self.file.create_entity
        if brep:
            corners = [[self.point(x, y, z) for x, y in ring] for z in (low, high)]
            count = len(ring)
            loops = [corners[0][::-1], corners[1]]
            for i in range(count):
                j = (i + 1) % count
                loops.append([corners[0][i], corners[0][j], corners[1][j], corners[1][i]])
            faces = [
                make(
                    "IfcFace",
                    Bounds=[make("IfcFaceOuterBound", Bound=make("IfcPolyLoop", Polygon=loop), Orientation=True)],
                )
                for loop in loops
            ]
            item = make("IfcFacetedBrep", Outer=make("IfcClosedShell", CfsFaces=faces))
            kind = "Brep"
        else:
            line = make("IfcPolyline", Points=[self.point(x, y) for x, y in [*ring, ring[0]]])
            profile = make("IfcArbitraryClosedProfileDef", ProfileType="AREA", OuterCurve=line)
            up = make("IfcDirection", DirectionRatios=[0.0, 0.0, 1.0])
            item = make("IfcExtrudedAreaSolid", profile, self.axes(0, 0, low), up, float(high - low) * self.size)
            kind = "SweptSolid"
        shape = make("IfcShapeRepresentation", self.context, "Body", kind, [item])
        return make("IfcProductDefinitionShape", Representations=[shape])


def ifc_plan(
    path: Path,
    *,
    schema: str = "IFC4",
    unit: str = "m",
    brep: bool = False,
    layers: bool = True,
    storeys: int = 2,
    bare: bool = False,
) -> Path:
    """The plan as building model, the same on every storey; doors and windows fill holes of their wall.

    Bare, as some programs write it: no spaces, and doors and windows that merely stand in a wall.
    """
    model = _Model(schema, unit)
    make, root = model.file.create_entity, model.root
    wall_kind = "IfcWallStandardCase" if schema == "IFC2X3" and not brep else "IfcWall"
    made = []
    for number in range(storeys):
        low = number * 3.0
        storey = root(
            "IfcBuildingStorey", Name=f"Level {number}", Elevation=low * model.size, CompositionType="ELEMENT"
        )
        made.append(storey)
        parts, walls = [], {}
        for name, box in zip(("south", "north", "west", "east", "inner"), boxes(cut=False), strict=True):
            body = model.body(rectangle(*box), low, low + HEIGHT_M, brep)
            wall = root(
                wall_kind,
                Name=f"Basic Wall:{name}",
                ObjectPlacement=model.place(),
                Representation=body,
                Tag=f"{name}{number}",
            )
            walls[name] = wall
            parts.append(wall)
        if layers:
            for names, material, parted in (
                (
                    ("south", "north", "west", "east"),
                    "outer",
                    (("Brick", 0.1), ("Insulation", 0.1), ("Concrete block", 0.1)),
                ),
                (
                    ("inner",),
                    "inner",
                    (("Plasterboard", 0.0125), ("Metal stud layer", 0.075), ("Plasterboard", 0.0125)),
                ),
            ):
                sheets = [
                    make(
                        "IfcMaterialLayer", Material=make("IfcMaterial", Name=word), LayerThickness=thick * model.size
                    )
                    for word, thick in parted
                ]
                held = make("IfcMaterialLayerSet", MaterialLayers=sheets, LayerSetName=f"Basic Wall:{material}")
                used = make("IfcMaterialLayerSetUsage", held, "AXIS2", "POSITIVE", 0.0)
                own = [walls[name] for name in names]
                root("IfcRelAssociatesMaterial", RelatedObjects=own, RelatingMaterial=used)
        y = (DOOR[0][1], DOOR[1][1])
        holes = [("IfcDoor", "inner", (X[2], y[0], X[3], y[1]), 0.0, 2.0)]
        holes += [("IfcWindow", "south", (a[0], Y[0], b[0], Y[1]), 0.9, 2.1) for a, b in WINDOWS]
        for kind, host, box, sill, head in holes:
            body = model.body(rectangle(*box), low + sill, low + head, brep)
            if bare:
                named = {"Name": kind, "Tag": f"{kind}{number}{box[0]:g}", "Representation": body}
                parts.append(root(kind, ObjectPlacement=model.place(), **named))
                continue
            hole = root("IfcOpeningElement", Name="hole", ObjectPlacement=model.place(), Representation=body)
            root("IfcRelVoidsElement", RelatingBuildingElement=walls[host], RelatedOpeningElement=hole)
            fill = root(
                kind, Name=f"{kind} {box[0]:g}", ObjectPlacement=model.place(), Tag=f"{kind}{number}{box[0]:g}"
            )
            root("IfcRelFillsElement", RelatingOpeningElement=hole, RelatedBuildingElement=fill)
            parts.append(fill)
        slab = model.body(rectangle(X[0], Y[0], X[5], Y[3]), low - 0.2, low, brep)
        parts.append(
            root(
                "IfcSlab",
                Name="Floor",
                ObjectPlacement=model.place(),
                Representation=slab,
                Tag=f"slab{number}",
                PredefinedType="FLOOR",
            )
        )
        root("IfcRelContainedInSpatialStructure", RelatedElements=parts, RelatingStructure=storey)
        spaces = []
        if bare:
            continue
        for name, box in (("left", (X[1], Y[1], X[2], Y[2])), ("right", (X[3], Y[1], X[4], Y[2]))):
            body = model.body(rectangle(*box), low, low + 2.6, brep)
            values = {"Name": f"{name}-{number}", "LongName": f"Cell {name}", "CompositionType": "ELEMENT"}
            if schema == "IFC2X3":
                values["InteriorOrExteriorSpace"] = "INTERNAL"
            spaces.append(root("IfcSpace", ObjectPlacement=model.place(), Representation=body, **values))
        root("IfcRelAggregates", RelatingObject=storey, RelatedObjects=spaces)
    root("IfcRelAggregates", RelatingObject=model.building, RelatedObjects=made)
    model.file.write(str(path))
    return path


def indoor_plan(folder: Path, *, levels: int = 2, degrees: bool = True) -> Path:
    """The plan as an indoor map: one file for each level and an index; z_order against the order of the list."""
    folder.mkdir(exist_ok=True)
    lon, lat = -2.978, 56.46
    east, north = 1 / (111_320 * math.cos(math.radians(lat))), 1 / 111_320

    def feature(number, kind, box, name=None):
        ring = [(lon + x * east, lat + y * north) if degrees else (x, y) for x, y in rectangle(*box)]
        geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        return {"type": "Feature", "properties": {"id": number, "type": kind, "name": name}, "geometry": geometry}

    listed = []
    for level in range(levels):
        south = [((a[0], Y[0], b[0], Y[1]), "window") for a, b in WINDOWS]
        door = ((X[2], DOOR[0][1], X[3], DOOR[1][1]), "door")
        shapes = [(box, "wall") for box in boxes(cut=True)] + south + [door]
        shapes += [((X[0], Y[0], X[5], Y[3]), "building_outline"), ((X[3], Y[1], X[4], Y[2]), "stairs")]
        features = [feature(number, kind, box) for number, (box, kind) in enumerate(shapes, 1)]
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}} if degrees else None
        name = f"level-{level}.geojson"
        text = {"type": "FeatureCollection", "features": features} | ({"crs": crs} if crs else {})
        (folder / name).write_text(json.dumps(text), "utf-8")
        listed.append({"id": name, "name": str(level), "z_order": level, "filename": name})
    (folder / "main.json").write_text(json.dumps({"levels": listed[::-1]}), "utf-8")
    return folder
