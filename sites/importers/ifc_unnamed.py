"""Building models whose walls are not called so, as modelling programs write them: cut level by level like a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.sites.importers.ifc_shapes import meshes_of
from quietwing.sites.importers.ifc_storeys import Level
from quietwing.sites.importers.plan_mapping import BY_THICKNESS, PlanMapping, proposed_use
from quietwing.sites.importers.plan_parts import Marker, Report, StoreyPlan, parts_of
from quietwing.sites.importers.plan_storey import Drawn, storey_of
from quietwing.sites.importers.wall_bodies import bodies_of_faces

__all__ = ["cut_storeys", "is_unnamed"]

BELOW_M, AT_M, LINTEL_M = (
    0.3,
    1.3,
    2.35,
)  # above a floor: below a window, through windows and doors, above doors; assumed
NARROWEST_M = 0.35  # of a hole in a wall that is a door or window; assumed
Triangles = NDArray[np.float64]  # shape (triangle, 3, 3)


def is_unnamed(model: Any) -> bool:
    """Whether no wall is called so, or walls have neither layers nor anything in them."""
    if not model.by_type("IfcWall") and not model.by_type("IfcCurtainWall"):
        return bool(model.by_type("IfcBuildingElementProxy"))
    told = ("IfcOpeningElement", "IfcDoor", "IfcWindow", "IfcMaterialLayerSet")
    return not any(model.by_type(kind) for kind in told)


def cut_storeys(
    model: Any, levels: Sequence[Level], lift_m: float, mapping: PlanMapping, report: Report, label: str
) -> list[StoreyPlan]:
    """A plan of each level, as a plane through it shows; empty where there is nothing as thin as a wall.

    Parameters
    ----------
    model : ifcopenshell file
    levels : sequence of Level
    lift_m : float
        What heights in the model have too much. [m]
    mapping : PlanMapping
    report : Report
    label : str
        The file.

    Returns
    -------
    list of StoreyPlan
    """
    elements = [*model.by_type("IfcWall"), *model.by_type("IfcBuildingElementProxy")]
    walls, symbols = [], []
    for element, points, faces in meshes_of(elements, report, label):
        use = proposed_use(f"{element.Name or ''} {element.ObjectType or ''}")
        mesh = points[faces] - np.array([0.0, 0.0, lift_m])
        if use.use in ("doors", "windows"):
            symbols.append((element, use, mesh))
        else:
            walls.append(mesh)
    if not walls:
        return []
    mesh = np.concatenate(walls)
    report.add("", None, label, "its walls are not called so, or hold no openings: cut at 1.3 m above each floor")
    found = []
    for level in levels:
        drawn = Drawn(level.name)
        below, at, lintel = (_cut(mesh, level.floor_m + up_m) for up_m in (BELOW_M, AT_M, LINTEL_M))
        drawn.solids = [(part, BY_THICKNESS) for part in at]
        for number, (element, use, own) in enumerate(symbols):
            low_m, high_m = own[:, :, 2].min(), own[:, :, 2].max()
            if level.floor_m - 0.5 <= (low_m + high_m) / 2 < level.floor_m + level.height_m:
                shape = shapely.multipoints(own[:, :, :2].reshape(-1, 2)).minimum_rotated_rectangle
                shape = shape.buffer(0.02, join_style="mitre")
                door = use.use == "doors"
                drawn.markers.append(_marker(f"{element.Name} {number}", "door" if door else "window", shape))
        for kind, solid, hollow in (("window", below, at), ("door", lintel, [*below, *at])):
            drawn.markers += _holes(kind, solid, hollow, drawn.markers)
        if drawn.solids:
            found.append(storey_of(drawn, level.floor_m, level.height_m, mapping, report))
    return found


def _marker(name: str, kind: str, shape: Any) -> Marker:
    made = "timber_door" if kind == "door" else "glass_double"
    return Marker(name, kind, shape, made)


def _holes(kind: str, solid: Sequence[Any], hollow: Sequence[Any], known: Sequence[Marker]) -> list[Marker]:
    """Where there is wall at one height and none at another, and no door or window is known."""
    left = shapely.union_all(list(solid)).difference(shapely.union_all(list(hollow)).buffer(0.01, join_style="mitre"))
    found = []
    for number, part in enumerate(parts_of(left)):
        box = part.minimum_rotated_rectangle
        x, y = box.exterior.coords.xy
        wide_m = float(np.hypot(np.diff(x)[:2], np.diff(y)[:2]).max())
        if wide_m > NARROWEST_M and not any(one.shape.distance(part) < 0.1 for one in known):
            found.append(_marker(f"{kind} cut in a wall, {number}", kind, box))
    return found


def _cut(mesh: Triangles, height_m: float) -> list[Any]:
    """What is as thin as a wall where a level plane cuts a mesh."""
    away = mesh[:, :, 2] - height_m
    away = np.where(np.abs(away) < 1e-6, 1e-6, away)
    sides = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        crossing = away[:, a] * away[:, b] < 0
        share = away[:, a] / np.where(crossing, away[:, a] - away[:, b], 1.0)
        place = mesh[:, a, :2] + share[:, None] * (mesh[:, b, :2] - mesh[:, a, :2])
        sides.append(np.where(crossing[:, None], place, np.nan))
    places = np.stack(sides, axis=1)
    cut = np.isfinite(places[:, :, 0]).sum(axis=1) == 2
    places = places[cut]
    ends = places[np.isfinite(places[:, :, 0])].reshape(-1, 2, 2)
    ends = ends[np.hypot(*(ends[:, 1] - ends[:, 0]).T) > 1e-4]
    return bodies_of_faces(ends)[0]
