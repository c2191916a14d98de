"""Drawings in DXF: layers become walls, doors, windows and rooms; runs in a child process."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from quietwing.sites.errors import SiteError, UnmappedDrawingError
from quietwing.sites.findings import clean
from quietwing.sites.importers.dxf_content import DxfContent, Path, content_of, opened_dxf
from quietwing.sites.importers.dxf_storeys import by_layer, by_view, side_by_side, views_of
from quietwing.sites.importers.plan_mapping import (
    BY_THICKNESS,
    PlanMapping,
    Use,
    is_noise,
    mapping_text,
)
from quietwing.sites.importers.plan_parts import Marker, PlanRoom, Report, Xy, parts_of
from quietwing.sites.importers.plan_site import check_size
from quietwing.sites.importers.plan_storey import Drawn
from quietwing.sites.importers.wall_strips import is_solid, strips_of_faces, strips_of_solid

__all__ = ["UNITS_M", "drawn_of", "drawn_storeys"]

LAYERS_TRIED, LEAST_WALLS_M = 6, 10.0  # layers without a telling name that are looked at; their walls; assumed
LEAF_M = (0.55, 1.4)  # of a door, drawn open or shut; assumed
UNITS_M = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "in": 0.0254, "ft": 0.3048, "dm": 0.1}
# $INSUNITS: AutoCAD 2012 DXF reference, header variables.
_INSUNITS = {1: "in", 2: "ft", 4: "mm", 5: "cm", 6: "m", 14: "dm"}


def drawn_storeys(paths: Sequence[str], mapping: PlanMapping, report: Report) -> tuple[list[Drawn], PlanMapping]:
    """The storeys of one or several drawings, from the lowest up.

    Parameters
    ----------
    paths : sequence of str
        One file for each storey, or one whose layouts show a storey each.
    mapping : PlanMapping
    report : Report

    Returns
    -------
    storeys : list of Drawn
    mapping : PlanMapping
        With every layer and block that was met.

    Raises
    ------
    SiteError
        If a file is no drawing, or its plan has no size a building has.
    """
    found: list[Drawn] = []
    layers: dict[str, Use] = {}
    blocks: dict[str, Use] = {}
    unit_used = mapping.unit
    for number, path in enumerate(paths):
        label = clean(os.path.basename(path))
        document = opened_dxf(path, label)
        content = content_of(document.modelspace(), document, mapping, label)
        if not any(mapping.layer(layer).use == "walls" for layer in content.layers):
            mapping = _with_walls(document, mapping, content, label, report)
            content = content_of(document.modelspace(), document, mapping, label)
        unit = _unit(document, mapping, content, label, report)
        unit_used = unit_used or unit
        scale = UNITS_M[unit]
        _say_what_is_drawn(content, mapping, report, label, layers, blocks)
        by_name = by_layer(content, mapping) if len(paths) == 1 else []
        if by_name:
            what = f"names of layers tell {len(by_name)} storeys; layers that name none belong to all of them"
            report.add("", None, label, what)
        parts = by_name or [content]
        drawn_parts = [drawn_of(part, mapping, scale, _storey_name(number + step)) for step, part in enumerate(parts)]
        extent = [shape for drawn in drawn_parts for shape in drawn.extent]
        if not extent:
            known = ", ".join(clean(layer, 40) for layer, _ in content.layers.most_common(12))
            problem = (
                f"{label}: no layer looks like walls (its layers: {known or 'none'}); say which is one in a mapping: "
                f"quietwing import … --mapping FILE with [layers] in it"
            )
            if not known:
                raise SiteError(problem)
            told = replace(mapping, unit=unit_used).with_entries(layers, blocks, {}, {})
            raise UnmappedDrawingError(problem, mapping_text(told, label))
        check_size(extent, unit, UNITS_M, label)
        found += (
            drawn_parts
            if len(paths) > 1 or by_name
            else _parted(drawn_parts[0], document, content, scale, report, label)
        )
    return found, replace(mapping, unit=unit_used).with_entries(layers, blocks, {}, {})


def _say_what_is_drawn(
    content: DxfContent,
    mapping: PlanMapping,
    report: Report,
    label: str,
    layers: dict[str, Use],
    blocks: dict[str, Use],
) -> None:
    """A line for each layer and block, and what it was taken for."""
    for layer, count in content.layers.items():
        layers[layer] = mapping.layer(layer)
        if layer in content.hidden and layer not in mapping.layers:
            report.add("", None, f"layer {clean(layer, 60)}", f"off or frozen: {count:,} entities ignored")
            layers[layer] = Use("ignore")
        elif layers[layer].use == "ignore":
            report.add("", None, f"layer {clean(layer, 60)}", f"{count:,} entities ignored")
        else:
            report.add("", None, f"layer {clean(layer, 60)}", _said(layers[layer], count))
    for block in content.blocks:
        use = mapping.block(block)
        if use is not None:
            blocks[block] = use
            report.add("", None, f"block {clean(block, 60)}", _said(use, content.blocks[block]))
    if content.broken:
        report.left_out("", label, content.broken, "has no usable coordinates")


def _with_walls(document: Any, mapping: PlanMapping, content: DxfContent, label: str, report: Report) -> PlanMapping:
    """The mapping with the layer that draws most of what looks like walls, where no name of a layer says so."""
    best: tuple[float, str] | None = None
    candidates = [
        layer
        for layer, _ in content.layers.most_common()
        if layer not in mapping.layers and mapping.layer(layer).use == "ignore" and not is_noise(mapping, layer)
    ]
    for layer in candidates[:LAYERS_TRIED]:
        tried = replace(mapping, layers={**mapping.layers, layer: Use("walls", BY_THICKNESS)})
        trial = content_of(document.modelspace(), document, tried, label)
        try:
            drawn = drawn_of(trial, tried, UNITS_M[_unit(document, tried, trial, label, Report())], "G")
            strips = [strip for solid, made in drawn.solids for strip in strips_of_solid(solid, made)]
            strips += [strip for ends, made in drawn.faces for strip in strips_of_faces(ends, made)[0]]
        except SiteError:  # of no size or too large: no plan of walls
            continue
        length_m = sum(strip.length_m for strip in strips)
        if length_m > LEAST_WALLS_M and (best is None or length_m > best[0]):
            best = (length_m, layer)
    if best is None:
        return mapping
    what = f"taken as walls: no layer is named so, and its lines run in pairs over {best[0]:.0f} m"
    report.add("", None, f"layer {clean(best[1], 60)}", what)
    return replace(mapping, layers={**mapping.layers, best[1]: Use("walls", BY_THICKNESS)})


def _said(use: Use, count: int) -> str:
    made = {"open": "", BY_THICKNESS: ", made of what their thickness suggests"}.get(
        use.construction, f" of {use.construction}"
    )
    entities = "entity" if count == 1 else "entities"
    return f"{count:,} {entities} taken as {use.use}{made}"


def _parted(
    drawn: Drawn, document: Any, content: DxfContent, scale: float, report: Report, label: str
) -> list[Drawn]:
    """The storeys of one drawing: by its layouts, else plans side by side, else one."""
    parted = by_view(drawn, views_of(document), scale)
    if len(parted) > 1:
        report.add("", None, label, f"{len(parted)} layouts show a part each: taken as storeys, in their order")
        return parted
    titles = [((x * scale, y * scale), text) for (x, y), text in content.titles]
    return side_by_side(drawn, titles, report, label) or [drawn]


def _storey_name(number: int) -> str:
    """G, 1, 2 … for storeys; the files' own names are in the report."""
    return "G" if number == 0 else str(number)


def _unit(document: Any, mapping: PlanMapping, content: DxfContent, label: str, report: Report) -> str:
    """The unit of the drawing: as asked, as its header says, else the one that gives a building."""
    if mapping.unit:
        if mapping.unit not in UNITS_M:
            raise SiteError(
                f"{label}: --unit {clean(mapping.unit, 20)!r} is unknown; choose one of {', '.join(UNITS_M)}"
            )
        return mapping.unit
    try:
        stated = _INSUNITS.get(int(document.header.get("$INSUNITS", 0)))
    except (TypeError, ValueError):
        stated = None
    if stated is not None:
        report.add("", None, "unit", f"{stated}, as the drawing says ($INSUNITS)")
        return stated
    points = [point for layer, _, path, _ in content.paths if mapping.layer(layer).use == "walls" for point in path]
    if not points:
        return "mm"
    spans = np.ptp(np.array(points), axis=0)
    wide = float(spans.max())
    possible = [unit for unit in ("mm", "m", "cm", "in", "ft") if 8 <= wide * UNITS_M[unit] <= 400]
    if not possible:
        raise SiteError(
            f"{label}: states no unit, and its walls are {wide:,.5g} units wide, which is no building in mm, cm, m, "
            f"in or ft; give --unit"
        )
    leaf = _usual_door(content, mapping)
    fitting = [unit for unit in possible if LEAF_M[0] <= leaf * UNITS_M[unit] <= LEAF_M[1]]
    unit = (fitting or possible)[0]
    doors = f", and its doors {leaf:,.4g}" if fitting else ""
    report.add("", None, "unit", f"{unit} assumed: the drawing states none, and is {wide:,.5g} units wide{doors}")
    return unit


def _usual_door(content: DxfContent, mapping: PlanMapping) -> float:
    """The larger side of the middle one of all symbols of doors, in units of the drawing; 0 without any."""
    symbols = [corners for layer, _, block, corners in content.inserts if _is_door(mapping, layer, block)]
    symbols += [np.array(path) for layer, _, path, _ in content.paths if mapping.layer(layer).use == "doors"]
    return float(np.median([np.ptp(corners, axis=0).max() for corners in symbols])) if symbols else 0.0


def _is_door(mapping: PlanMapping, layer: str, block: str) -> bool:
    return (mapping.block(block) or mapping.layer(layer)).use == "doors"


def drawn_of(content: DxfContent, mapping: PlanMapping, scale: float, name: str) -> Drawn:
    """Lines and outlines by what their layers stand for, in metres."""
    drawn = Drawn(name)
    faces: dict[str, list[list[Xy]]] = {}
    symbols: dict[tuple[str, str], list[tuple[str, Any]]] = {}
    for layer, handle, points, closed in content.paths:
        use = mapping.layer(layer)
        path = [(x * scale, y * scale) for x, y in points]
        outline = _polygon(path) if closed and len(path) > 2 else None
        if use.use == "walls":
            if outline is not None and all(is_solid(part) for part in outline):
                drawn.solids += [(part, use.construction) for part in outline]
            else:
                ring = [*path, path[0]] if closed and path[0] != path[-1] else path
                faces.setdefault(use.construction, []).extend([a, b] for a, b in itertools.pairwise(ring) if a != b)
        elif use.use in ("doors", "windows"):
            symbols.setdefault((use.use, use.construction), []).append((handle, path))
        elif outline is not None and use.use == "rooms":
            drawn.rooms += [PlanRoom(f"{name}-room-{handle}", part, mapping.role) for part in outline[:1]]
        elif outline is not None and use.use == "outline":
            drawn.outline += outline
        elif outline is not None and use.use == "voids":
            drawn.voids += outline
    drawn.faces = [(np.array(pairs, dtype=float), construction) for construction, pairs in sorted(faces.items())]
    drawn.names = [((x * scale, y * scale), clean(" ".join(text.split()), 80)) for (x, y), text, _ in content.texts]
    for number, (layer, handle, block, corners) in enumerate(content.inserts):
        use_of_block = mapping.block(block) or mapping.layer(layer)
        cover = _upright(corners * scale)
        marker = _marker(f"{block} {handle or number}", use_of_block, cover, glazing=use_of_block.use == "windows")
        if marker is not None:
            drawn.markers.append(marker)
    for (use_name, construction), lines in symbols.items():
        drawn.markers += _clusters(Use(use_name, construction), [path for _, path in lines])
    return drawn


def _polygon(path: Path) -> list[Polygon] | None:
    """A closed line as polygons; nothing where it encloses none."""
    try:
        shape = Polygon(path)
    except ValueError:
        return None
    if not shape.is_valid:
        shape = shapely.make_valid(shape)
    parts = [part for part in parts_of(shape) if part.area > 1e-4]
    return parts or None


def _upright(corners: NDArray[np.float64]) -> Any:
    """The smallest rectangle round some corners."""
    return shapely.multipoints(corners).minimum_rotated_rectangle


def _marker(name: str, use: Use, cover: Any, *, glazing: bool) -> Marker | None:
    """What a symbol covers; a line gets a little width."""
    shape = cover if isinstance(cover, Polygon) else cover.buffer(0.02, cap_style="flat")
    if not isinstance(shape, Polygon) or shape.is_empty or shape.length > 60:
        return None
    kind = "door" if use.use == "doors" else "window"
    construction = (
        use.construction if use.construction != "open" else {"door": "timber_door"}.get(kind, "glass_double")
    )
    return Marker(clean(name, 60), kind, shape, construction, None, glazing)


def _clusters(use: Use, paths: Sequence[Path]) -> list[Marker]:
    """Symbols drawn by loose lines: what touches is one of them."""
    lines = [shapely.LineString(path) for path in paths if len(path) > 1]
    if not lines:
        return []
    merged = shapely.union_all([line.buffer(0.05, quad_segs=2) for line in lines])
    tree = shapely.STRtree(lines)
    found = []
    for number, part in enumerate(parts_of(merged), 1):
        members = [lines[index] for index in tree.query(part, predicate="intersects").tolist()]
        cover = shapely.MultiLineString(members).minimum_rotated_rectangle
        marker = _marker(f"{use.use} drawn by lines, {number}", use, cover, glazing=use.use == "windows")
        if marker is not None:
            found.append(marker)
    return found
